/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Level interrupts whose line falls before they are taken, and those that
 * software makes pending: what is taken, by number, as text.
 */
#include "gic.h"

#define RTC_IRQ 34 /* SPI 2 */
#define SPARE_IRQ 90
#define TIMER_IRQ 27

#define RTC_IMSC (RTC + 0x10)
#define RTC_ICR (RTC + 0x1c)

static volatile uint64_t taken[1024], spurious;
static volatile bool end_first;

static void clear_rtc(void)
{
	write32(RTC_ICR, 1);
	write32(RTC_IMSC, 0);
	(void)read32(RTC_IMSC);
}

static bool on_interrupt(struct frame *f)
{
	uint64_t intid;

	if ((f->vector & 3) != 1)
		return false;
	intid = gic_ack();
	if (intid >= 1020) {
		spurious++;
		return true;
	}
	taken[intid]++;
	if (end_first) {
		gic_end(intid);
		/* long enough for it to be taken again, were it not masked */
		for (int i = 0; i < 20000; i++)
			asm volatile("yield");
	}
	if (intid == RTC_IRQ)
		clear_rtc();
	if (intid == TIMER_IRQ)
		msr(cntv_ctl_el0, 0);
	if (!end_first)
		gic_end(intid);
	return true;
}

/* Interrupts unmasked for a while; then what came since the last time. */
static void let(const char *what)
{
	asm volatile("msr daifclr, #2\n isb");
	for (int i = 0; i < 20000; i++)
		asm volatile("yield");
	asm volatile("msr daifset, #2\n isb");
	print(what);
	for (uint32_t n = 0; n < 1024; n++)
		for (; taken[n]; taken[n]--) {
			print(" ");
			print_hex(n);
		}
	print(gic_pending(RTC_IRQ) || gic_pending(TIMER_IRQ) ||
			      gic_pending(SPARE_IRQ)
		      ? " and pending\n"
		      : "\n");
}

/* The RTC's line up: its match is now. */
static void raise_rtc(void)
{
	write32(RTC + 4, read32(RTC) + 1);
	write32(RTC_IMSC, 1);
	while (!(read32(RTC + 0x14) & 1))
		asm volatile("yield");
}

static void tell_pending(const char *what, uint32_t intid)
{
	print(what);
	print(gic_pending(intid) ? ": pending\n" : ": not pending\n");
}

static void pause_masked(void)
{
	for (int i = 0; i < 20000; i++)
		asm volatile("yield");
}

int main(void)
{
	exc_hook = on_interrupt;
	wait_for_listener();
	gic_on();
	gic_enable(RTC_IRQ, true);
	gic_enable(TIMER_IRQ, true);
	gic_enable(SPARE_IRQ, true);

	raise_rtc();
	tell_pending("line up", RTC_IRQ);
	let("device cleared, then the end");

	end_first = true;
	raise_rtc();
	let("the end, then the device cleared");
	end_first = false;

	raise_rtc();
	pause_masked();
	clear_rtc();
	tell_pending("line down while masked", RTC_IRQ);
	let("nothing is left of it");

	msr(cntv_cval_el0, mrs(cntvct_el0));
	msr(cntv_ctl_el0, 1);
	pause_masked();
	tell_pending("timer due", TIMER_IRQ);
	msr(cntv_cval_el0, mrs(cntvct_el0) + 62500000ull * 60);
	tell_pending("timer put off", TIMER_IRQ);
	let("no timer interrupt");
	msr(cntv_cval_el0, mrs(cntvct_el0));
	pause_masked();
	let("timer due again");

	gic_set_pending(SPARE_IRQ, true);
	pause_masked();
	tell_pending("set by software", SPARE_IRQ);
	let("taken though no line is up");
	gic_set_pending(SPARE_IRQ, true);
	pause_masked();
	gic_set_pending(SPARE_IRQ, false);
	tell_pending("cleared by software", SPARE_IRQ);
	let("nothing is left of it either");

	gic_set_pending(RTC_IRQ, true);
	raise_rtc();
	pause_masked();
	clear_rtc();
	let("software's lasts beyond the line");

	gic_enable(RTC_IRQ, false);
	raise_rtc();
	pause_masked();
	let("disabled");
	gic_enable(RTC_IRQ, true);
	pause_masked();
	let("enabled");
	print(spurious > 4 ? "many spurious\n" : "few spurious\n");
	return 0;
}

void secondary_main(uint64_t arg)
{
}
