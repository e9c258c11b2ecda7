/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's own step, MDSCR_EL1.SS. While the debugger has a use for debug
 * exceptions they come to EL2, and there the step is not masked by where the
 * guest is: what it does where it would have no effect is stepped as well, and
 * passed over.
 */
#ifndef ARCH_DEBUG_STEP_H
#define ARCH_DEBUG_STEP_H

#include <stdint.h>

struct cpu;

/* Note the instruction at PC, where the step has no effect; 0: none there. */
uint32_t debug_step_unseen(struct cpu *c);
/* A software step exception that is none of the debugger's. */
void debug_step_guests(struct cpu *c);
/*
 * After a step that the guest must not know of: if the instruction was an
 * exception's, SPSR_EL1 has its SS.
 */
void debug_step_hide(struct cpu *c);

#endif
