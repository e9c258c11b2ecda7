/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The debug registers in hardware, and the guest's copies of them. */
#ifndef ARCH_DEBUG_REGS_H
#define ARCH_DEBUG_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"
#include "cpu.h"

#define MDSCR_SS BIT(0)
#define MDSCR_KDE BIT(13)
#define MDSCR_MDE BIT(15)

/* MDCR_EL2.TDOSA: OS lock registers trap */
#define MDCR_TDOSA BIT(10)

#define DBGBCR_E BIT(0)
/* enabled at EL1 and EL0, address match, all of the word */
#define DBGBCR_GDB (DBGBCR_E | 3ull << 1 | 15ull << 5)
#define DBGWCR_E BIT(0)
#define DBGWCR_PAC_EL10 (3ull << 1)
#define DBGWCR_LOAD BIT(3)
#define DBGWCR_STORE BIT(4)

/* A CPU that comes up: all off. */
void debug_regs_reset(void);
/*
 * Hardware as it should be for the next run: regs false gives the registers
 * back to the guest; ss: single step.
 */
void debug_regs_apply(struct cpu *c, bool regs, bool ss);
/* MDSCR_EL1 as the guest has it. */
uint64_t debug_regs_mdscr(struct cpu *c);
/* Would a debug exception be taken where it is, with nobody at EL2? */
bool debug_regs_native(struct cpu *c);
/* Has the guest enabled a breakpoint at pc (or of another kind), a watchpoint? */
bool debug_regs_guest_break(struct cpu *c, uint64_t pc);
bool debug_regs_guest_watch(struct cpu *c);
/* Does one of them look at any of these bytes? */
bool debug_regs_guest_watches(struct cpu *c, uint64_t addr, uint64_t size);
/* Does one of them, or of the debugger's, look at such an access? */
bool debug_regs_watched(struct cpu *c, uint64_t addr, uint64_t size,
			bool write);
/* On a CPU that parks: take note of how many the guest uses. */
void debug_regs_count(struct cpu *c);

#endif
