/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See watch.h. When a CPU hangs is for heartbeat.c to say. */
#include "watch.h"

#include "barrier.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "esr.h"
#include "fault.h"
#include "irq/irqchip.h"
#include "log.h"
#include "memory.h"
#include "timer.h"
#include "world.h"

#define STACK_WORDS 12
#define MISSING_US 3000000 /* from CPU_ON to a CPU's first instructions here */

extern char _image_start[], _text_end[];

static bool is_on(const struct cpu *c)
{
	return __atomic_load_n(&c->power, __ATOMIC_ACQUIRE) == CPU_ON;
}

static uint64_t beat_of(struct cpu *c)
{
	return __atomic_load_n(&c->exit_count, __ATOMIC_RELAXED) +
	       __atomic_load_n(&c->beats, __ATOMIC_RELAXED);
}

void watch_cpu_init(struct cpu *c)
{
	c->watched = (struct heartbeat){ 0 };
	c->asked = (struct heartbeat_asked){ 0 };
	c->can_be_asked = irqchip->can_ask();
	watch_set_away(c, 0);
	if (cpu_count() > 1 || c->can_be_asked)
		timer_arm(TIMER_WATCH, HEARTBEAT_TICK_US);
}

void watch_beat(struct cpu *c)
{
	__atomic_store_n(&c->beats, c->beats + 1, __ATOMIC_RELAXED);
}

void watch_sleep(struct cpu *c)
{
	uint64_t daif = fiq_save();

	/* a timer that came as an FIQ since it was last looked for ends it */
	timer_recall(c);
	watch_set_away(c, 1);
	wfi();
	watch_set_away(c, 0);
	watch_beat(c);
	fiq_restore(daif);
}

bool watch_asked(struct cpu *c)
{
	return irqchip->asked(c) &&
	       heartbeat_hangs(&c->asked, beat_of(c), clock_us());
}

/* The next one that is on, in a ring: with two of them each watches the other. */
static struct cpu *neighbour(const struct cpu *c)
{
	for (unsigned int i = 1; i < cpu_count(); i++) {
		struct cpu *n = cpu_get((c->id + i) % cpu_count());

		if (is_on(n))
			return n;
	}
	return NULL;
}

/*
 * What lies on its stack and could be a return address, the outermost first:
 * where its stack ends now only that CPU knows, so some may be left from before.
 */
static void tell_stack(const struct cpu *n)
{
	const uint64_t *top = (const uint64_t *)n->stack_top;
	unsigned int told = 0;

	for (unsigned int i = 1; i < MEMORY_STACK_BLOCK / 16 && told < STACK_WORDS;
	     i++) {
		uint64_t at = top[-(int64_t)i] - (uint64_t)_image_start;

		if (at >= (uint64_t)(_text_end - _image_start) || at & 3)
			continue;
		log_line("  stack -%-4u 0x%llx", i * 8, (unsigned long long)at);
		told++;
	}
}

static void tell(const struct cpu *n)
{
	log_break_lock(n);
	console_break_lock(n);
	fault_take_uart();
	log_line("FAULT in the monitor: CPU %u does not come back, nor answers",
		 n->id);
	log_line("  it came from the guest at pc 0x%llx pstate 0x%llx: %s (ESR 0x%llx FAR 0x%llx)",
		 (unsigned long long)n->vcpu.pc,
		 (unsigned long long)n->vcpu.pstate,
		 esr_ec_name(esr_ec(n->vcpu.esr)),
		 (unsigned long long)n->vcpu.esr,
		 (unsigned long long)n->vcpu.far);
	log_line("  on its stack (for addr2line -e hyperstub.elf, some may be old):");
	tell_stack(n);
}

/* Firmware took the call, but nobody came. */
static void tell_missing(void)
{
	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *t = cpu_get(i);
		uint64_t at = __atomic_load_n(&t->on_at, __ATOMIC_RELAXED);

		if (__atomic_load_n(&t->power, __ATOMIC_ACQUIRE) !=
			    CPU_ON_PENDING ||
		    !at || clock_us() - at < MISSING_US ||
		    !__atomic_compare_exchange_n(&t->on_at, &at, 0, false,
						 __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED))
			continue;
		log_line("CPU %u does not come, though firmware took CPU_ON for it: it has stayed in firmware, or an EL3 without any trapped what EL2 does first (QEMU 7.2: -cpu max with secure=on, natively too)",
			 t->id);
	}
}

void watch_timer(struct cpu *c)
{
	struct cpu *n = neighbour(c);

	timer_arm(TIMER_WATCH, HEARTBEAT_TICK_US);
	tell_missing();
	if (!n)
		return;
	if (n->id != c->watched_cpu)
		c->watched = (struct heartbeat){ 0 };
	c->watched_cpu = n->id;
	switch (heartbeat_look(&c->watched,
			       __atomic_load_n(&n->away, __ATOMIC_RELAXED),
			       beat_of(n))) {
	case HEARTBEAT_IS_FINE:
		break;
	case HEARTBEAT_IS_LATE:
		if (irqchip->can_ask())
			irqchip->ask(n->id);
		break;
	case HEARTBEAT_IS_DEAD:
		tell(n);
		world_cpu_is_dead(n);
		break;
	}
}
