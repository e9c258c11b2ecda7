/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See world.h. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "barrier.h"
#include "clock.h"
#include "cpu.h"
#include "debug.h"
#include "irq/irqchip.h"
#include "lock.h"
#include "point.h"
#include "log.h"
#include "link.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "timer.h"
#include "vregs.h"
#include "watch.h"

#define CALL_IDLE 0 /* who asks may do so */
#define CALL_ASKED 1 /* may be taken back */
#define CALL_RUNS 2
#define CALL_DONE 3
#define CALL_FAULTED 4
#define CALL_US 1000000
#define FAULTS 4 /* then a CPU gives up */
#define FAULT_POLL_US 500
#define LONE_TURNS 4 /* of WORLD_LONE_US, then the others run as well */
#define LONE_STEPS 32 /* in a row, then the others get LONE_REST_US */
#define LONE_REST_US 100

static struct {
	struct spinlock lock;
	uint32_t stopping; /* atomic; a stop is wanted or there */
	uint32_t report; /* atomic; its event is not told yet */
	uint32_t stopped; /* atomic; told */
	uint32_t deferred; /* atomic; CPUs wait for a lone step to end */
	uint64_t deferred_mask;
	struct target_event event;
	uint64_t deadline_us;
	uint64_t stop_ticks;
	unsigned int lone_steps;
	unsigned int faults; /* of the monitor itself */
} world;

bool world_stops_time = true;

static uint32_t flag(uint32_t *f)
{
	return __atomic_load_n(f, __ATOMIC_ACQUIRE);
}

static void set_flag(uint32_t *f, uint32_t v)
{
	__atomic_store_n(f, v, __ATOMIC_RELEASE);
}

static bool is_on(struct cpu *c)
{
	return __atomic_load_n(&c->power, __ATOMIC_ACQUIRE) == CPU_ON;
}

void world_cpu_init(struct cpu *c)
{
	set_flag(&c->parked, 0);
	c->lost = 0;
	c->event_kept = false;
	c->step = STEP_NONE;
	timer_cpu_init(c);
	timer_apply_offset(c);
	watch_cpu_init(c);
	/* One that comes up into a stopped world waits with the others. */
	spin_lock(&world.lock);
	set_flag(&c->halt, flag(&world.stopping));
	spin_unlock(&world.lock);
}

/* world.lock held. How long to wait for those that run. */
static uint64_t patience(const struct cpu *self)
{
	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *c = cpu_get(i);

		if (c != self && is_on(c) && !flag(&c->parked) && !c->lost)
			return WORLD_STOP_US;
	}
	return WORLD_LOST_US;
}

/* world.lock held. */
static void begin_stop(struct cpu *self, const struct target_event *ev)
{
	world.event = *ev;
	world.deadline_us = clock_us() + patience(self);
	world.deferred_mask = 0;
	set_flag(&world.deferred, 0);
	set_flag(&world.stopping, 1);
	set_flag(&world.report, 1);
	for (unsigned int i = 0; i < cpu_count(); i++)
		set_flag(&cpu_get(i)->halt, 1);
	dsb(ish); /* orders the flags before the kicks */
	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *c = cpu_get(i);

		if (c != self && is_on(c) && !flag(&c->parked))
			irqchip->kick(i);
	}
}

/* It stops before its instruction, and does so again when the CPU runs. */
static bool comes_again(const struct target_event *ev)
{
	return ev->reason >= TARGET_STOP_SWBREAK &&
	       ev->reason <= TARGET_STOP_AWATCH;
}

void world_event(struct cpu *c, const struct target_event *ev)
{
	spin_lock(&world.lock);
	/*
	 * With no stop under way one that is to halt was late for the last one,
	 * and now others run by themselves: it is not to stop them.
	 */
	if (!flag(&world.stopping) && !(flag(&c->halt) && comes_again(ev))) {
		begin_stop(c, ev);
	} else if (ev->reason == TARGET_STOP_TRAP) {
		c->event_kept = true;
		c->event = *ev;
	}
	spin_unlock(&world.lock);
}

void world_halt_at_start(struct cpu *c)
{
	struct target_event ev = { .reason = TARGET_STOP_TRAP, .cpu = c->id };

	if (!flag(&world.stopping))
		world_event(c, &ev);
}

bool world_is_stopped(void)
{
	return flag(&world.stopped);
}

static bool all_parked(void)
{
	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *c = cpu_get(i);

		if (is_on(c) && !flag(&c->parked))
			return false;
	}
	return true;
}

/* Microseconds until a stop is told, all parked or not. 0: now. */
static uint64_t report_in(bool *all)
{
	uint64_t now = clock_us();

	*all = all_parked();
	return *all || now >= world.deadline_us ? 0 : world.deadline_us - now;
}

/*
 * On any parked CPU: tell the session when it is time. How many microseconds
 * there are until then, unless the last one to park comes first.
 */
static uint64_t try_report(void)
{
	bool all, told;
	uint64_t left = report_in(&all);

	if (left)
		return left;
	if (!link_trylock())
		return 0;
	/*
	 * Looked at again: this CPU may have had no time for so long that the
	 * stop was told and ended, and this is the next one.
	 */
	told = !flag(&world.report);
	left = told ? 0 : report_in(&all);
	if (!told && !left) {
		for (unsigned int i = 0; !all && i < cpu_count(); i++) {
			struct cpu *c = cpu_get(i);

			if (is_on(c) && !flag(&c->parked)) {
				c->lost = 1;
				log_line("CPU %u does not answer a stop request",
					 i);
			}
		}
		world.stop_ticks = clock_ticks();
		set_flag(&world.report, 0);
		set_flag(&world.stopped, 1);
		link_event(&world.event);
	}
	link_unlock();
	return left;
}

/*
 * Asleep until the others are parked too: the last of them reports. Those that
 * run need this CPU's share of a host, or of a core that has two of them.
 */
static void await_report(void)
{
	uint64_t left = try_report();

	if (!left)
		return;
	timer_arm(TIMER_WORLD, left);
	watch_sleep(this_cpu());
	timer_disarm(TIMER_WORLD);
}

static bool call_moves(struct cpu *c, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&c->call_state, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void serve_call(struct cpu *c)
{
	if (flag(&c->call_state) != CALL_ASKED ||
	    !call_moves(c, CALL_ASKED, CALL_RUNS))
		return;
	c->call_fn(c, c->call_arg);
	set_flag(&c->call_state, CALL_DONE);
}

void world_save_context(struct cpu *c)
{
	struct cpu_context *x = &c->ctx;

	x->sctlr = read_sysreg_el1(sctlr_el1, SCTLR_EL12);
	x->tcr = read_sysreg_el1(tcr_el1, TCR_EL12);
	x->ttbr0 = read_sysreg_el1(ttbr0_el1, TTBR0_EL12);
	x->ttbr1 = read_sysreg_el1(ttbr1_el1, TTBR1_EL12);
	x->mair = read_sysreg_el1(mair_el1, MAIR_EL12);
	x->vbar = read_sysreg_el1(vbar_el1, VBAR_EL12);
	x->cpacr = read_sysreg_el1(cpacr_el1, CPACR_EL12);
	x->elr = read_sysreg_el1(elr_el1, ELR_EL12);
	x->spsr = read_sysreg_el1(spsr_el1, SPSR_EL12);
	x->sp_el0 = read_sysreg(sp_el0);
	x->sp_el1 = read_sysreg(sp_el1);
}

static void restore_context(struct cpu *c)
{
	/* sp is the only one that the debugger writes there */
	write_sysreg(c->ctx.sp_el0, sp_el0);
	write_sysreg(c->ctx.sp_el1, sp_el1);
}

/* One that parks after the stop was told: its clock has run until now. */
static void found(struct cpu *c)
{
	spin_lock(&world.lock);
	if (c->lost && flag(&world.stopped))
		world.stop_ticks = clock_ticks();
	c->lost = 0;
	spin_unlock(&world.lock);
}

/* A CPU that never parked has seen the time that would be hidden from it. */
static bool any_lost(void)
{
	for (unsigned int i = 0; i < cpu_count(); i++)
		if (is_on(cpu_get(i)) && cpu_get(i)->lost)
			return true;
	return false;
}

/*
 * Under the lock that begins a stop: a CPU on its way out that still counted as
 * parked would get no kick, and run the guest in a world that is stopped.
 */
static bool leaves(struct cpu *c)
{
	bool go;

	if (flag(&c->halt))
		return false;
	spin_lock(&world.lock);
	go = !flag(&c->halt);
	if (go)
		set_flag(&c->parked, 0);
	spin_unlock(&world.lock);
	return go;
}

void world_park(struct cpu *c)
{
	world_save_context(c);
	timer_park(c);
	debug_park(c);
	/* a pending virtual interrupt would end each WFI at once */
	irqchip->hold(c, true);
	found(c);
	set_flag(&c->parked, 1);
	dsb(ish); /* orders that before the look at the others' */
	while (!leaves(c)) {
		serve_call(c);
		if (flag(&world.report))
			await_report();
		else if (!link_pending())
			watch_sleep(c);
		watch_beat(c);
		irqchip->handle(c);
		link_serve();
	}
	restore_context(c);
	timer_apply_offset(c);
	timer_unpark(c);
	irqchip->hold(c, c->dbg->held);
	debug_unpark(c);
}

uint64_t world_guest_ticks(void)
{
	uint64_t now = world_stops_time && world_is_stopped() ?
			       world.stop_ticks :
			       clock_ticks();

	return now - timer_offset();
}

int world_call(struct cpu *c, void (*fn)(struct cpu *c, void *arg), void *arg,
	       size_t size)
{
	uint64_t end;
	uint32_t state;

	if (c == this_cpu()) {
		fn(c, arg);
		return 0;
	}
	if (size > sizeof(c->call_arg))
		panic("world_call: %zu bytes", size);
	if (!is_on(c) || !flag(&c->parked))
		return -EBUSY;
	if (flag(&c->call_state) == CALL_RUNS)
		return -ETIMEDOUT; /* an earlier one has not come back */
	c->call_fn = fn;
	memcpy(c->call_arg, arg, size);
	set_flag(&c->call_state, CALL_ASKED);
	dsb(ish); /* orders the request before the kick */
	irqchip->kick(c->id);
	end = clock_us() + CALL_US;
	do {
		state = flag(&c->call_state);
		if (state == CALL_DONE)
			memcpy(arg, c->call_arg, size);
		if (state == CALL_DONE || state == CALL_FAULTED) {
			set_flag(&c->call_state, CALL_IDLE);
			return state == CALL_DONE ? 0 : -EIO;
		}
	} while (clock_us() <= end);
	call_moves(c, CALL_ASKED, CALL_IDLE);
	return -ETIMEDOUT;
}

/* world.lock held: an event of one that runs already must not be undone. */
static void clear_halts(uint64_t mask)
{
	for (unsigned int i = 0; i < cpu_count(); i++)
		if (mask & BIT(i))
			set_flag(&cpu_get(i)->halt, 0);
}

static void wake(uint64_t mask)
{
	dsb(ish); /* orders the flags before the kicks */
	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *c = cpu_get(i);

		if (mask & BIT(i) && c != this_cpu() && is_on(c))
			irqchip->kick(i);
	}
}

void world_release_deferred(void)
{
	uint64_t mask = 0;

	spin_lock(&world.lock);
	if (flag(&world.deferred)) {
		mask = world.deferred_mask;
		set_flag(&world.deferred, 0);
		clear_halts(mask);
	}
	spin_unlock(&world.lock);
	wake(mask);
}

/*
 * A lone step is not over yet. A virtual CPU may have had none of this time from
 * its host, and takes this interrupt before its instruction: some turns are its.
 */
void world_timer(struct cpu *c)
{
	if (flag(&world.deferred) && ++c->lone_turns < LONE_TURNS)
		timer_arm(TIMER_WORLD, WORLD_LONE_US);
	else
		world_release_deferred();
}

/* The one CPU that makes a single step while all others may run, or -1. */
static int lone_stepper(const struct target_action *action)
{
	int lone = -1;

	for (unsigned int i = 0; i < cpu_count(); i++) {
		if (action[i].kind == TARGET_RANGE)
			return -1;
		if (action[i].kind != TARGET_STEP)
			continue;
		if (lone >= 0)
			return -1;
		lone = (int)i;
	}
	return lone;
}

/*
 * An event of a CPU that is to run now: told at once, nobody runs. A step that
 * ended unseen is of interest to who still wants it: gdb takes a CPU whose PC
 * has moved for one that has stepped, and lets it go on.
 */
static bool report_kept(const struct target_action *action)
{
	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *c = cpu_get(i);

		if (!c->event_kept || action[i].kind == TARGET_STAY)
			continue;
		c->event_kept = false;
		if (!is_on(c) || (c->event.step &&
				  action[i].kind == TARGET_CONTINUE))
			continue;
		world.event = c->event;
		set_flag(&world.stopped, 0);
		set_flag(&world.report, 1);
		return true;
	}
	return false;
}

static void set_steps(const struct target_action *action)
{
	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *c = cpu_get(i);

		c->step = action[i].kind == TARGET_STEP	 ? STEP_ONE :
			  action[i].kind == TARGET_RANGE ? STEP_RANGE :
							   STEP_NONE;
		c->range_start = action[i].start;
		c->range_end = action[i].end;
	}
}

int world_resume(const struct target_action *action, struct bp_table *table,
		 struct strbuf *why)
{
	uint64_t mask = 0, now;
	int lone, err;

	if (!world_is_stopped()) {
		strbuf_puts(why, "the guest is not stopped");
		return -EBUSY;
	}
	if (world.faults) {
		strbuf_puts(why, "the monitor has had a fault of its own; read it out, then `monitor reset`");
		return -EIO;
	}
	err = point_sync(table, lone_stepper(action) >= 0, why);
	if (err)
		return err;
	if (report_kept(action))
		return 0;
	set_steps(action);
	for (unsigned int i = 0; i < cpu_count(); i++)
		if (action[i].kind != TARGET_STAY)
			mask |= BIT(i);

	lone = lone_stepper(action);
	spin_lock(&world.lock);
	now = clock_ticks();
	if (world_stops_time && !any_lost())
		timer_set_offset(timer_offset() + now - world.stop_ticks);
	set_flag(&world.stopped, 0);
	set_flag(&world.stopping, 0);
	if (lone >= 0 && mask != BIT(lone) &&
	    ++world.lone_steps % LONE_STEPS) {
		cpu_get((unsigned int)lone)->step_alone = true;
		cpu_get((unsigned int)lone)->lone_turns = 0;
		world.deferred_mask = mask & ~BIT(lone);
		set_flag(&world.deferred, 1);
		mask = BIT(lone);
	} else if (lone >= 0 && mask != BIT(lone)) {
		cpu_get((unsigned int)lone)->step_after_us = LONE_REST_US;
	} else if (lone < 0) {
		world.lone_steps = 0;
	}
	clear_halts(mask);
	spin_unlock(&world.lock);
	wake(mask);
	return 0;
}

/*
 * Where a CPU ends that faulted in the monitor. It looks at the link by itself,
 * since the interrupt that it may have been at will not come again.
 */
static void linger(struct cpu *c) __attribute__((noreturn));
static void linger(struct cpu *c)
{
	for (;;) {
		uint64_t end = clock_us() + FAULT_POLL_US;

		watch_beat(c);
		serve_call(c);
		if (flag(&world.report))
			try_report();
		link_poll();
		while (clock_us() < end)
			cpu_relax();
	}
}

/* As in world_park(), unless it was parked when it happened. */
static void park_faulted(struct cpu *c)
{
	if (flag(&c->parked) || !is_on(c))
		return;
	world_save_context(c);
	timer_park(c);
	debug_park(c);
	set_flag(&c->parked, 1);
}

/* world.stopping may be on: then this is what is told. */
static void tell_fault(struct cpu *c, const char *text)
{
	struct target_event ev = {
		.reason = TARGET_STOP_FAULT,
		.cpu = c->id,
		.text = text,
	};

	if (!flag(&world.stopping)) {
		world_event(c, &ev);
	} else {
		world.event = ev;
		set_flag(&world.report, 1);
	}
}

/* What this CPU was at is not finished: others do not wait for it. */
static void break_locks(struct cpu *c)
{
	spin_break(&world.lock, c);
	link_break_lock(c);
	vregs_break(c);
	if (flag(&c->call_state) == CALL_RUNS)
		set_flag(&c->call_state, CALL_FAULTED);
}

void world_monitor_fault(struct cpu *c, const char *text)
{
	if (!c || __atomic_add_fetch(&world.faults, 1, __ATOMIC_RELAXED) > FAULTS) {
		if (c)
			watch_close(c);
		for (;;)
			wfi(); /* nobody can be told */
	}
	break_locks(c);
	park_faulted(c);
	tell_fault(c, text);
	linger(c);
}

void world_cpu_is_dead(struct cpu *dead)
{
	static const char text[] = "hyperstub: a CPU hangs in the monitor and does not answer; `monitor log' has what is known of it";

	__atomic_add_fetch(&world.faults, 1, __ATOMIC_RELAXED);
	break_locks(dead);
	link_cpu_leaves(dead);
	tell_fault(dead, text);
}
