/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Eight CPUs: a function that all call, power on and off, SGIs, and timers that
 * tick while the debugger stops and continues. At each checkpoint the test says
 * what comes next.
 */
#include "gic.h"

#define TIMER_INTID 27

struct per_cpu {
	volatile uint64_t sgis, ticks, late, backwards, last, calls, passes;
	volatile uint64_t psci[4], back_by;
} __attribute__((aligned(64)));

struct per_cpu per[MAX_CPUS];
volatile uint64_t command, cpus = 1, ready, go, busy, rounds = 100;
volatile uint64_t period, keep_on = 1, result[16];

__attribute__((noinline, noclone)) void hot(uint64_t n);
void hot(uint64_t n)
{
	per[cpu_id()].calls++;
	asm volatile("" : : "r"(n) : "memory");
}

static void gic_cpu_init(void)
{
	gic_cpu_on();
	write32(GICR_SGI + 0x100, 0xffff | 1u << TIMER_INTID);
}

static bool on_irq(struct frame *f)
{
	struct per_cpu *p = &per[cpu_id()];
	uint64_t id, now;

	if ((f->vector & 3) != 1)
		return false;
	id = gic_ack();
	if (id < 16) {
		p->sgis++;
	} else if (id == TIMER_INTID) {
		now = mrs(cntvct_el0);
		p->ticks++;
		/* how late it is, in periods */
		p->late += (now - mrs(cntv_cval_el0)) / period;
		msr(cntv_cval_el0, mrs(cntv_cval_el0) + period);
	}
	gic_end(id);
	return true;
}

static void watch_clock(struct per_cpu *p)
{
	uint64_t now;

	asm volatile("isb");
	now = mrs(cntvct_el0);
	if (now < p->last) {
		p->backwards++;
		p->back_by = p->last - now;
	}
	p->last = now;
}

/* The task of one CPU. */
static void work(void)
{
	struct per_cpu *p = &per[cpu_id()];

	switch (command) {
	case 1:
		for (uint64_t i = 0; i < rounds; i++)
			hot(i);
		break;
	case 2: /* ticks, for so long as the test wants */
		p->last = mrs(cntvct_el0);
		msr(cntv_cval_el0, mrs(cntvct_el0) + period);
		msr(cntv_ctl_el0, 1);
		while (keep_on) {
			watch_clock(p);
			p->passes++;
		}
		msr(cntv_ctl_el0, 0);
		break;
	case 3: /* until all SGIs are there */
		while (p->sgis < rounds)
			;
		break;
	case 4:
		hot(0);
		if (cpu_id()) {
			atomic_add(&busy, ~0ull);
			atomic_add(&ready, ~0ull);
			hvc(PSCI_CPU_OFF, 0, 0, 0);
		}
		break;
	}
}

void secondary_main(uint64_t arg)
{
	struct per_cpu *p = &per[cpu_id()];
	uint64_t seen;

	p->psci[0] = arg;
	gic_cpu_init();
	msr(daif, 0);
	seen = go;
	atomic_add(&ready, 1);
	for (;;) {
		while (go == seen)
			asm volatile("wfe");
		seen = go;
		work();
		atomic_add(&busy, ~0ull);
	}
}

static void start_all(void)
{
	for (unsigned int i = 1; i < MAX_CPUS; i++) {
		uint64_t r;

		do
			r = hvc(PSCI_CPU_ON, i, (uint64_t)secondary_entry,
				0xabc0 + i);
		while (r == (uint64_t)-4); /* it is still on its way off */
		result[i] = r;
		if (!r)
			cpus = i + 1;
	}
	while (ready != cpus - 1)
		;
}

static void all_work(void)
{
	busy = cpus - 1;
	asm volatile("dsb ish" : : : "memory");
	go++;
	asm volatile("dsb ish\n sev" : : : "memory");
	if (command == 3)
		for (uint64_t i = 0; i < rounds; i++) {
			/* to all others, and to itself */
			uint64_t before = per[0].sgis;

			msr(S3_0_C12_C11_5, 1ull << 40 | (i & 15) << 24);
			msr(S3_0_C12_C11_5, (i & 15) << 24 | 1);
			while (per[0].sgis == before)
				;
			for (unsigned int c = 1; c < cpus; c++)
				while (per[c].sgis <= i)
					;
		}
	work();
	while (busy)
		;
}

/* What PSCI answers to requests that make no sense. */
static void odd_requests(void)
{
	uint64_t e = (uint64_t)secondary_entry;

	result[0] = hvc(PSCI_CPU_ON, 0, e, 0); /* on already */
	result[1] = hvc(PSCI_CPU_ON, 1, e, 0);
	result[2] = hvc(PSCI_CPU_ON, 0x777, e, 0); /* no such */
	result[3] = hvc(PSCI_AFFINITY_INFO, 1, 0, 0);
	result[4] = hvc(PSCI_AFFINITY_INFO, 0x777, 0, 0);
	result[5] = hvc(PSCI_AFFINITY_INFO, 1, 9, 0);
	result[6] = smc(PSCI_VERSION, 0, 0, 0);
	result[7] = hvc(0x8400ffff, 0, 0, 0); /* no function */
	result[8] = hvc(0x80000000, 0, 0, 0); /* SMCCC_VERSION */
	result[9] = hvc(0x8400000a, PSCI_CPU_ON, 0, 0); /* features */
	result[10] = hvc(0x8400000a, 0x8400ffff, 0, 0);
}

static void suspend(void)
{
	uint64_t now = mrs(cntvct_el0), ticks = per[0].ticks;

	period = mrs(cntfrq_el0) / 100;
	msr(cntv_cval_el0, now + period);
	msr(cntv_ctl_el0, 1);
	result[0] = hvc(PSCI_CPU_SUSPEND, 0, 0, 0);
	asm volatile("isb");
	msr(cntv_ctl_el0, 0);
	result[1] = per[0].ticks - ticks;
	result[2] = mrs(cntvct_el0) - now;
	result[3] = period;
}

int main(void)
{
	exc_hook = on_irq;
	period = mrs(cntfrq_el0) / 200;
	gic_distributor_on();
	gic_cpu_init();
	msr(daif, 0);
	start_all();
	for (uint64_t n = 0;; n++) {
		checkpoint(n);
		for (unsigned int i = 0; i < MAX_CPUS; i++)
			per[i].sgis = per[i].ticks = per[i].late =
				per[i].backwards = per[i].calls = 0;
		switch (command) {
		case 1:
		case 2:
		case 3:
			all_work();
			break;
		case 4:
			all_work();
			while (ready)
				;
			for (unsigned int i = 1; i < cpus; i++)
				while (hvc(PSCI_AFFINITY_INFO, i, 0, 0) != 1)
					;
			start_all();
			break;
		case 5:
			odd_requests();
			break;
		case 6:
			suspend();
			break;
		}
	}
}
