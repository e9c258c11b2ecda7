/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Why the guest came back, and what is done about it. */
#ifndef ARCH_TRAPS_H
#define ARCH_TRAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

/* A synchronous exception from the guest; says what it counts as. */
enum cpu_exit traps_sync(struct cpu *c);
/* Is it one that sends an IPI? That is done; true: and for this CPU as well. */
bool traps_is_ipi(const struct cpu *c);
bool traps_ipi(struct cpu *c);
/* An SError that was the guest's. */
void traps_serror(struct cpu *c);
/* WFI on the guest's behalf: until an interrupt for it, or a stop. */
void traps_wait_for_interrupt(struct cpu *c);

/* The instruction at PC is done (by us): next one, SS and BTYPE cleared. */
void traps_skip(struct cpu *c);
/* Give the guest a synchronous exception at EL1. far: for aborts. */
void traps_inject(struct cpu *c, uint64_t esr, const uint64_t *far);
void traps_inject_undefined(struct cpu *c);
/* A synchronous external data abort at the address of the last exit. */
void traps_inject_abort(struct cpu *c, bool write);
/* A register by its number in an instruction, 31 = XZR. */
uint64_t traps_get_reg(struct cpu *c, unsigned int n);
void traps_set_reg(struct cpu *c, unsigned int n, uint64_t v);

#endif
