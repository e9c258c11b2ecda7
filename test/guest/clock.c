/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A guest that looks at its clocks and nothing else, while the debugger stops
 * and continues it: does any counter go back, on one CPU or from one CPU to the
 * other; does a timer interrupt come too early (or twice), or not at all; do
 * PMU cycles pass that the counter does not know of.
 */
#include "gic.h"

#define VIRTUAL_IRQ 27
#define PHYSICAL_IRQ 30
#define STUCK_SECONDS 5
#define CYCLES_PER_TICK 16 /* QEMU: a PMU of 1 GHz, a counter of 62.5 MHz */

/* CNTV and CNTP differ by their registers' names only. */
enum timer { VIRTUAL, PHYSICAL, TIMERS };

struct per_cpu {
	volatile uint64_t passes, backwards, disorder, cycles_ahead, spurious;
	volatile uint64_t ticks[TIMERS], early[TIMERS], stuck[TIMERS];
	volatile uint64_t late[TIMERS]; /* the most, in ticks of the counter */
	volatile uint64_t first, last, cycles, worst, ended, never;
	volatile uint64_t ticks_seen, cycles_seen;
} __attribute__((aligned(128)));

struct per_cpu per[MAX_CPUS];
volatile uint64_t cpus = 4, ready, keep_on = 1, sleeper = 3, done;
volatile uint64_t keep_never = 1;
volatile uint64_t never[TIMERS] = { ~0ull >> 2, ~0ull };
static volatile uint64_t latest; /* what any CPU has read */
static uint64_t period[TIMERS], due[MAX_CPUS][TIMERS], stuck_after;

static uint64_t count(enum timer t)
{
	asm volatile("isb" : : : "memory");
	return t == VIRTUAL ? mrs(cntvct_el0) : mrs(cntpct_el0);
}

static void set_due(enum timer t, uint64_t at)
{
	due[cpu_id()][t] = at;
	if (t == VIRTUAL)
		msr(cntv_cval_el0, at);
	else
		msr(cntp_cval_el0, at);
}

static void on_timer(struct per_cpu *p, enum timer t)
{
	uint64_t now = count(t), at = due[cpu_id()][t];

	if (now < at) {
		p->early[t]++;
		return;
	}
	p->ticks[t]++;
	if (now - at > p->late[t])
		p->late[t] = now - at;
	set_due(t, at + period[t]);
}

static bool on_interrupt(struct frame *f)
{
	struct per_cpu *p = &per[cpu_id()];
	uint64_t intid;

	if ((f->vector & 3) != 1)
		return false;
	intid = gic_ack();
	if (intid >= 1020) {
		p->spurious++;
		return true;
	}
	if (intid == VIRTUAL_IRQ)
		on_timer(p, VIRTUAL);
	if (intid == PHYSICAL_IRQ)
		on_timer(p, PHYSICAL);
	gic_end(intid);
	return true;
}

/* The greatest that anybody has read, and this CPU's reading after it. */
static uint64_t load_latest(void)
{
	uint64_t v;

	asm volatile("ldar %0, [%1]" : "=r"(v) : "r"(&latest) : "memory");
	return v;
}

static void raise_latest(uint64_t now)
{
	uint64_t v, f;

	asm volatile("1: ldaxr %0, [%2]\n cmp %0, %3\n b.hs 2f\n"
		     " stlxr %w1, %3, [%2]\n cbnz %w1, 1b\n2: clrex"
		     : "=&r"(v), "=&r"(f)
		     : "r"(&latest), "r"(now)
		     : "memory", "cc");
}

static void look(struct per_cpu *p, enum timer t)
{
	uint64_t seen = load_latest(), now = count(t);

	if (now < p->last)
		p->backwards++;
	if (now < seen) {
		p->disorder++;
		if (seen - now > p->worst)
			p->worst = seen - now;
	}
	raise_latest(now);
	p->last = now;
}

/*
 * Since the last look no more cycles than fit: the counter is read before them
 * there, and after them here.
 */
static void look_at_cycles(struct per_cpu *p)
{
	uint64_t cycles = mrs(pmccntr_el0), now = count(VIRTUAL);

	if (cycles - p->cycles_seen >
	    (now - p->ticks_seen + 2) * CYCLES_PER_TICK)
		p->cycles_ahead++;
	p->cycles += cycles - p->cycles_seen;
	p->ticks_seen = count(VIRTUAL);
	p->cycles_seen = mrs(pmccntr_el0);
}

static void look_for_stuck(struct per_cpu *p)
{
	for (enum timer t = VIRTUAL; t < TIMERS; t++)
		if ((int64_t)(count(t) - due[cpu_id()][t]) >
		    (int64_t)stuck_after)
			p->stuck[t]++;
}

/* On, with a deadline that never comes, whatever the debugger does meanwhile. */
static void timers_on(struct per_cpu *p)
{
	for (enum timer t = VIRTUAL; t < TIMERS; t++)
		set_due(t, never[t]);
	msr(cntv_ctl_el0, 1);
	msr(cntp_ctl_el0, 1);
	gic_enable(VIRTUAL_IRQ, true);
	gic_enable(PHYSICAL_IRQ, true);
	asm volatile("msr daifclr, #2" : : : "memory");
	while (keep_never)
		if (mrs(cntv_ctl_el0) != 1 || mrs(cntp_ctl_el0) != 1 ||
		    mrs(cntv_cval_el0) != never[VIRTUAL] ||
		    mrs(cntp_cval_el0) != never[PHYSICAL])
			p->never++;
	asm volatile("msr daifset, #2" : : : "memory");
}

static void pmu_on(void)
{
	msr(pmccfiltr_el0, 0);
	msr(pmcntenset_el0, 1ull << 31);
	msr(pmcr_el0, 1 << 6 | 1 << 0); /* LC, E */
}

/* All that are due by now come, then no more. */
static void finish_ticks(struct per_cpu *p)
{
	p->ended = count(VIRTUAL);
	for (enum timer t = VIRTUAL; t < TIMERS; t++)
		while (*(volatile uint64_t *)&due[cpu_id()][t] <= p->ended)
			look_for_stuck(p);
	asm volatile("msr daifset, #2" : : : "memory");
	msr(cntv_ctl_el0, 0);
	msr(cntp_ctl_el0, 0);
}

/* A deadline that never comes stays what it is and is not met. */
static void try_never(struct per_cpu *p)
{
	msr(cntp_cval_el0, ~0ull);
	msr(cntp_ctl_el0, 1 | 1 << 1);
	if (mrs(cntp_cval_el0) != ~0ull || (mrs(cntp_ctl_el0) & 1 << 2))
		p->never++;
	msr(cntp_tval_el0, -5ll);
	if ((int32_t)mrs(cntp_tval_el0) > -5 || !(mrs(cntp_ctl_el0) & 1 << 2))
		p->never++;
	msr(cntp_tval_el0, 0x7fffffff);
	if ((int32_t)mrs(cntp_tval_el0) <= 0 || (mrs(cntp_ctl_el0) & 1 << 2) ||
	    mrs(cntp_cval_el0) - count(PHYSICAL) > 0x7fffffff)
		p->never++;
	msr(cntp_ctl_el0, 0);
}

static void watch_clocks(void)
{
	struct per_cpu *p = &per[cpu_id()];

	pmu_on();
	timers_on(p);
	p->first = p->last = count(VIRTUAL);
	for (enum timer t = VIRTUAL; t < TIMERS; t++)
		set_due(t, p->first + period[t]);
	p->ticks_seen = count(VIRTUAL);
	p->cycles_seen = mrs(pmccntr_el0);
	asm volatile("msr daifclr, #2" : : : "memory");
	while (keep_on) {
		look(p, VIRTUAL);
		if (p->passes % 16 == 0) {
			look(p, PHYSICAL);
			look_at_cycles(p);
			look_for_stuck(p);
		}
		if (cpu_id() == sleeper)
			asm volatile("wfi");
		p->passes++;
	}
	finish_ticks(p);
	try_never(p);
	atomic_add(&done, 1);
}

void secondary_main(uint64_t arg)
{
	gic_cpu_on();
	ready = arg;
	while (ready != cpus)
		asm volatile("yield");
	watch_clocks();
	for (;;)
		asm volatile("wfi");
}

int main(void)
{
	uint64_t frequency = mrs(cntfrq_el0);

	exc_hook = on_interrupt;
	period[VIRTUAL] = frequency / 500;
	period[PHYSICAL] = frequency / 320;
	stuck_after = frequency * STUCK_SECONDS;
	gic_on();
	for (unsigned int i = 1; i < cpus; i++) {
		hvc(PSCI_CPU_ON, i, (uint64_t)secondary_entry, i);
		while (ready != i)
			asm volatile("yield");
	}
	checkpoint(0);
	ready = cpus;
	watch_clocks();
	while (done != cpus)
		asm volatile("yield");
	return 0;
}
