/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's clocks: CNTVOFF_EL2 takes the time it stood still out of the
 * virtual counter; after a first such stop CNTPCT and CNTP_* are trapped and
 * shifted alike.
 */
#ifndef ARCH_TIMER_H
#define ARCH_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

/* Guest's timers quiet while it is parked, as they were when it goes on. */
void timer_park(struct cpu *c);
void timer_unpark(struct cpu *c);
/* What has been taken out of the guest's time so far, in ticks. */
uint64_t timer_offset(void);
void timer_set_offset(uint64_t ticks);
/* This CPU's CNTVOFF_EL2 and traps as timer_offset() says. */
void timer_apply_offset(struct cpu *c);
/* A trapped CNTPCT_EL0 or CNTP_*; -ENOENT: another register. */
int timer_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *v);

/*
 * EL2's own timer on this CPU, for each user apart: irq_own() with its INTID
 * after us microseconds, where timer_take() says whose time has come.
 */
void timer_cpu_init(struct cpu *c);
void timer_arm(enum timer_user user, uint64_t us);
void timer_disarm(enum timer_user user);
bool timer_take(enum timer_user user);
/*
 * Where it comes as an FIQ, perhaps amid something else: not before us have
 * passed or what was to be done then is, or timer_recall().
 */
void timer_put_off(struct cpu *c, uint64_t us);
/* True: it had been put off, and fires again if it is still due. */
bool timer_recall(struct cpu *c);

#endif
