/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Between insn_sim.c and insn_alu.c only. */
#ifndef ARCH_INSN_SIM_H
#define ARCH_INSN_SIM_H

#include <stdbool.h>
#include <stdint.h>

struct insn_regs;

static inline uint32_t sim_field(uint32_t w, unsigned int hi, unsigned int lo)
{
	return (w >> lo) & ((2u << (hi - lo)) - 1);
}

static inline uint64_t sim_trim(uint64_t v, bool sf)
{
	return sf ? v : (uint32_t)v;
}

/* Does a condition code hold with these flags? */
bool sim_condition(const struct insn_regs *r, unsigned int cond);
/* Data processing with an immediate, with registers: as insn_simulate(). */
int sim_immediate(uint32_t w, struct insn_regs *r);
int sim_register(uint32_t w, struct insn_regs *r);

#endif
