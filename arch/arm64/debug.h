/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Debug exceptions: breakpoints, watchpoints, steps, of gdb's and of the guest's
 * own, which keeps its debug registers.
 */
#ifndef ARCH_DEBUG_H
#define ARCH_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

struct bp_table;
struct strbuf;

void debug_init(void);
void debug_cpu_init(struct cpu *c);
/* Around each run of the guest. */
void debug_enter(struct cpu *c);
void debug_leave(struct cpu *c);
/* When a CPU parks and when it goes on. */
void debug_park(struct cpu *c);
void debug_unpark(struct cpu *c);
/* World stopped: arm what the table wants. */
int debug_sync(struct bp_table *table, struct strbuf *why);
/* A debug exception of the guest. */
enum cpu_exit debug_trap(struct cpu *c);
/* A trapped debug register; -ENOENT: another register. */
int debug_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *v);

#endif
