/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Simulation of instructions that touch registers only: what stands under most
 * breakpoints. When in doubt it declines, and the instruction is stepped. Here:
 * branches, hints and what decides; insn_alu.c has the arithmetic.
 */
#include <errno.h>

#include "bits.h"
#include "insn.h"
#include "insn_sim.h"
#include "pstate.h"

void insn_retire(struct insn_regs *r)
{
	r->pc += 4;
	r->pstate &= ~(PSTATE_SS | PSTATE_BTYPE);
}

bool sim_condition(const struct insn_regs *r, unsigned int cond)
{
	bool n = r->pstate & PSTATE_N, z = r->pstate & PSTATE_Z;
	bool c = r->pstate & PSTATE_C, v = r->pstate & PSTATE_V;
	bool t = true;

	switch (cond >> 1) {
	case 0:
		t = z;
		break;
	case 1:
		t = c;
		break;
	case 2:
		t = n;
		break;
	case 3:
		t = v;
		break;
	case 4:
		t = c && !z;
		break;
	case 5:
		t = n == v;
		break;
	case 6:
		t = n == v && !z;
		break;
	}
	if ((cond & 1) && cond != 15)
		return !t;
	return t;
}

static int done(struct insn_regs *r)
{
	insn_retire(r);
	return 0;
}

/* ---- branches, hints
 * ------------------------------------------------------------ */

static int branch_to(struct insn_regs *r, uint64_t target, uint64_t btype)
{
	insn_retire(r);
	r->pc = target;
	r->pstate |= FIELD_PREP(PSTATE_BTYPE, btype);
	return 0;
}

/*
 * BR, BLR, RET. A tagged target depends on TBI. BR other than through
 * x16 and x17 leaves BTYPE 1 or 3, as the page it stands on is guarded or not.
 */
static int sim_branch_reg(uint32_t w, struct insn_regs *r)
{
	unsigned int opc = sim_field(w, 24, 21), n = sim_field(w, 9, 5);
	uint64_t target = insn_reg(r, n), btype = 0;
	int64_t top = (int64_t)target >> 55;

	if ((w & 0xfe1ffc1f) != 0xd61f0000 || opc > 2 ||
	    (top != 0 && top != -1))
		return -ENOSYS;
	if (r->bti && opc == 0) {
		if (n != 16 && n != 17)
			return -ENOSYS;
		btype = 1;
	} else if (r->bti && opc == 1) {
		btype = 2;
	}
	if (opc == 1)
		insn_set_reg(r, 30, r->pc + 4);
	return branch_to(r, target, btype);
}

static int sim_branch_imm(uint32_t w, struct insn_regs *r)
{
	int64_t offset;
	bool taken, sf = w & BIT(31);
	uint64_t v = insn_reg(r, w & 31);

	switch (insn_branch(w, &offset)) {
	case INSN_BRANCH_CALL:
		insn_set_reg(r, 30, r->pc + 4);
		return branch_to(r, r->pc + (uint64_t)offset, 0);
	case INSN_BRANCH_ALWAYS:
		return branch_to(r, r->pc + (uint64_t)offset, 0);
	case INSN_BRANCH_COND:
		break;
	default:
		return -ENOSYS;
	}
	if ((w & 0xff000010) == 0x54000010)
		return -ENOSYS; /* BC.cond is undefined without FEAT_HBC */
	if ((w & 0xff000000) == 0x54000000)
		taken = sim_condition(r, w & 15);
	else if (w & BIT(25))
		taken = (v >> (sf << 5 | sim_field(w, 23, 19)) & 1) ==
			sim_field(w, 24, 24);
	else
		taken = (sim_trim(v, sf) == 0) == !(w & BIT(24));
	if (!taken)
		return done(r);
	return branch_to(r, r->pc + (uint64_t)offset, 0);
}

#define HINT_NOP 0
#define HINT_YIELD 1
#define HINT_PACIASP 25
#define HINT_PACIBSP 27
#define HINT_BTI 32
#define HINT_BTI_C 34
#define HINT_BTI_J 36
#define HINT_BTI_JC 38

/* May an instruction be the target of the branch that set BTYPE? */
static bool lands(uint32_t w, unsigned int btype)
{
	if (btype == 0)
		return true;
	if ((w & 0xfffff01f) != 0xd503201f)
		return false;
	switch (sim_field(w, 11, 5)) {
	case HINT_BTI_C:
	case HINT_PACIASP:
	case HINT_PACIBSP:
		return btype != 3;
	case HINT_BTI_J:
		return btype != 2;
	case HINT_BTI_JC:
		return true;
	}
	return false;
}

static int sim_hint(uint32_t w, struct insn_regs *r)
{
	switch (sim_field(w, 11, 5)) {
	case HINT_NOP:
	case HINT_YIELD:
	case HINT_BTI:
	case HINT_BTI_C:
	case HINT_BTI_J:
	case HINT_BTI_JC:
		return done(r);
	case 8:	 /* PACIA1716 */
	case 10: /* PACIB1716 */
	case 12: /* AUTIA1716 */
	case 14: /* AUTIB1716 */
	case 24: /* PACIAZ */
	case HINT_PACIASP:
	case 26: /* PACIBZ */
	case HINT_PACIBSP:
	case 28: /* AUTIAZ */
	case 29: /* AUTIASP */
	case 30: /* AUTIBZ */
	case 31: /* AUTIBSP */
		return -EKEYREJECTED;
	}
	return -ENOSYS;
}

int insn_simulate(uint32_t insn, struct insn_regs *r)
{
	unsigned int group = sim_field(insn, 28, 25);

	if (r->pstate & (PSTATE_NRW | PSTATE_IL))
		return -ENOSYS;
	if (!lands(insn, (unsigned int)FIELD_GET(PSTATE_BTYPE, r->pstate)))
		return -ENOSYS;
	if ((insn & 0xfffff01f) == 0xd503201f)
		return sim_hint(insn, r);
	if ((group & 14) == 8)
		return sim_immediate(insn, r);
	if ((group & 7) == 5)
		return sim_register(insn, r);
	if ((group & 14) != 10)
		return -ENOSYS;
	if ((insn & 0xfe000000) == 0xd6000000)
		return sim_branch_reg(insn, r);
	return sim_branch_imm(insn, r);
}

bool insn_must_step(uint32_t insn)
{
	unsigned int group = sim_field(insn, 28, 25);

	/* exceptions and system instructions: but hints, and DC by address */
	if (insn >> 25 == 0x6a)
		return (insn & 0xfffff01f) != 0xd503201f &&
		       (insn & 0xfff8f000) != 0xd5087000;
	/* SIMD and FP */
	return (group & 7) == 7;
}
