/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See debug_step.h. */
#include "debug_step.h"

#include "debug.h"
#include "debug_regs.h"
#include "esr.h"
#include "guest_mem.h"
#include "insn.h"
#include "point.h"
#include "pstate.h"
#include "sysreg.h"
#include "traps.h"

uint32_t debug_step_unseen(struct cpu *c)
{
	uint32_t insn;

	if (guest_fetch(c, c->vcpu.pc, &insn))
		insn = 0;
	c->dbg->unseen = true;
	c->dbg->unseen_eret = insn_is_eret(insn);
	return insn;
}

void debug_step_guests(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;
	uint32_t insn;

	if (!debug_regs_native(c)) {
		c->vcpu.pstate |= PSTATE_SS;
		insn = debug_step_unseen(c);
		/* natively it is not stepped here: an exclusive would fail */
		if (!point_find(c->vcpu.pc) && insn_is_exclusive_load(insn))
			debug_hidden_step(c, VIEW_NORMAL, NULL);
		return;
	}
	if (d->unseen) {
		d->unseen = false;
		/* By an ERET: SS as that would have made it. By an MSR: 0. */
		if (d->unseen_eret &&
		    read_sysreg_el1(spsr_el1, SPSR_EL12) & PSTATE_SS) {
			c->vcpu.pstate |= PSTATE_SS;
			return;
		}
	}
	traps_inject(c,
		     esr_make_step(pstate_el(c->vcpu.pstate) == 0,
				   d->skipped || c->vcpu.esr & ESR_STEP_ISV,
				   c->vcpu.esr & ESR_STEP_EX),
		     NULL);
	d->skipped = false;
}

void debug_step_hide(struct cpu *c)
{
	uint64_t vector = c->vcpu.pc - read_sysreg_el1(vbar_el1, VBAR_EL12);
	uint64_t spsr;

	if (vector & ~0x780ull || debug_regs_mdscr(c) & MDSCR_SS)
		return;
	spsr = read_sysreg_el1(spsr_el1, SPSR_EL12);
	write_sysreg_el1(spsr & ~PSTATE_SS, spsr_el1, SPSR_EL12);
}
