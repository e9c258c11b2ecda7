/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Exception entry to EL1, for exceptions that the monitor passes on. */
#include "pstate.h"

static uint64_t vector_offset(uint64_t pstate)
{
	if (pstate_el(pstate) == 0)
		return pstate & PSTATE_NRW ? 0x600 : 0x400;
	return pstate & 1 ? 0x200 : 0x000;
}

uint64_t pstate_vector(uint64_t pstate, uint64_t vbar, enum pstate_vector kind)
{
	/* VBAR_EL1[10:0] is RES0. */
	return (vbar & ~GENMASK(10, 0)) + vector_offset(pstate) + kind;
}

void pstate_exception_entry(uint64_t pstate, uint64_t pc, uint64_t vbar,
			    uint64_t sctlr, enum pstate_vector kind,
			    const struct pstate_features *f,
			    struct pstate_entry *out)
{
	uint64_t new = PSTATE_M_EL1H | PSTATE_DAIF;

	/* NZCV and DIT are kept; SS, IL, UAO and BTYPE become 0. */
	new |= pstate &(PSTATE_NZCV | PSTATE_DIT);
	if (f->pan) {
		new |= pstate &PSTATE_PAN;
		if (!(sctlr & PSTATE_SCTLR_SPAN))
			new |= PSTATE_PAN;
	}
	if (f->ssbs && (sctlr & PSTATE_SCTLR_DSSBS))
		new |= PSTATE_SSBS;
	if (f->mte)
		new |= PSTATE_TCO;
	if (f->nmi && !(sctlr & PSTATE_SCTLR_SPINTMASK))
		new |= PSTATE_ALLINT;

	out->spsr = pstate;
	out->elr = pc;
	out->pstate = new;
	out->pc = pstate_vector(pstate, vbar, kind);
}
