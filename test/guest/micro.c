/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What single things cost, in ticks of the counter for many of each: a call of
 * firmware, device registers, an SGI to itself, one to another CPU and back, a
 * timer's interrupt, the end of one. Beside itself natively, with -icount.
 */
#include "gic.h"

#define TIMES 2000
#define TIMER_IRQ 27
#define SELF 1
#define PING 2
#define PONG 3

static volatile uint64_t there, pongs;

static void print_line(const char *what, uint64_t ticks)
{
	print(what);
	print(": ");
	print_hex(ticks);
	print("\n");
}

static bool on_interrupt(struct frame *f)
{
	uint64_t intid;

	if ((f->vector & 3) != 1)
		return false;
	intid = gic_ack();
	if (intid == PING)
		msr(S3_0_C12_C11_5, (uint64_t)PONG << 24 | 1);
	if (intid == PONG)
		pongs++;
	if (intid < 1020)
		gic_end(intid);
	return true;
}

void secondary_main(uint64_t arg)
{
	gic_cpu_on();
	write32(GICR_SGI + 0x100, 0xffff);
	asm volatile("msr daifclr, #2");
	there = arg;
	for (;;)
		asm volatile("wfi");
}

static void call(void)
{
	hvc(PSCI_VERSION, 0, 0, 0);
}

static void read_gic(void)
{
	read32(GICD + 4);
}

static void read_device(void)
{
	read32(UART + 0x18);
}

static void end_nothing(void)
{
	gic_end(1023);
}

static void take(uint64_t intid)
{
	while (gic_ack() != intid)
		;
	gic_end(intid);
}

static void sgi(void)
{
	msr(S3_0_C12_C11_5, (uint64_t)SELF << 24 | 1);
	take(SELF);
}

static void timer(void)
{
	msr(cntv_cval_el0, 0);
	msr(cntv_ctl_el0, 1);
	while (gic_ack() != TIMER_IRQ)
		;
	msr(cntv_ctl_el0, 0);
	gic_end(TIMER_IRQ);
}

static void ping(void)
{
	uint64_t had = pongs;

	msr(S3_0_C12_C11_5, (uint64_t)PING << 24 | 2);
	asm volatile("msr daifclr, #2");
	while (pongs == had)
		asm volatile("wfi");
	asm volatile("msr daifset, #2");
}

static void measure(const char *what, void (*one)(void))
{
	uint64_t start;

	one();
	start = mrs(cntvct_el0);
	for (unsigned int i = 0; i < TIMES; i++)
		one();
	asm volatile("isb");
	print_line(what, mrs(cntvct_el0) - start);
}

static void nothing(void)
{
}

int main(void)
{
	exc_hook = on_interrupt;
	wait_for_listener();
	gic_on();
	write32(GICR_SGI + 0x100, 0xffff);
	gic_enable(TIMER_IRQ, true);
	measure("nothing", nothing);
	measure("hypercall", call);
	measure("GIC register", read_gic);
	measure("device register", read_device);
	measure("EOI", end_nothing);
	measure("SGI to itself", sgi);
	measure("timer interrupt", timer);
	hvc(PSCI_CPU_ON, 1, (uint64_t)secondary_entry, 1);
	while (!there)
		asm volatile("yield");
	measure("IPI and back", ping);
	return 0;
}
