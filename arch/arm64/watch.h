/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * CPUs watch each other: one that does not come back from the monitor is asked
 * by an exception that EL2 does not mask, and told of with its registers; one
 * that does not even take that is told of with what another CPU can see.
 */
#ifndef ARCH_WATCH_H
#define ARCH_WATCH_H

#include <stdbool.h>

#include "barrier.h"
#include "cpu.h"
#include "timer.h"

void watch_cpu_init(struct cpu *c);
/* TIMER_WATCH's time has come. */
void watch_timer(struct cpu *c);
/* This CPU gets on with something that takes long. */
void watch_beat(struct cpu *c);
/* Until an interrupt. */
void watch_sleep(struct cpu *c);
/* An FIQ came while it was in the monitor, or in the guest. */
bool watch_asked(struct cpu *c);

static inline void watch_set_away(struct cpu *c, uint32_t away)
{
	__atomic_store_n(&c->away, away, __ATOMIC_RELAXED);
}

/* Around the guest, whose entry and exit may not be asked. */
static inline void watch_open(struct cpu *c)
{
	watch_set_away(c, 0);
	if (c->can_be_asked)
		fiq_unmask();
}

static inline void watch_close(struct cpu *c)
{
	if (c->can_be_asked)
		fiq_mask();
	if (c->timer_put_off)
		timer_recall(c);
	watch_set_away(c, 1);
}

#endif
