/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * PSTATE as SPSR_ELx holds it, and what an exception that is given to EL1
 * makes of it. Arm ARM: SPSR_EL2, AArch64.TakeException.
 */
#ifndef ARCH_PSTATE_H
#define ARCH_PSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

#define PSTATE_M_MASK GENMASK(3, 0)
#define PSTATE_M_EL0T UINT64_C(0x0)
#define PSTATE_M_EL1T UINT64_C(0x4)
#define PSTATE_M_EL1H UINT64_C(0x5)
#define PSTATE_M_EL2T UINT64_C(0x8)
#define PSTATE_M_EL2H UINT64_C(0x9)
#define PSTATE_NRW BIT(4)
#define PSTATE_F BIT(6)
#define PSTATE_I BIT(7)
#define PSTATE_A BIT(8)
#define PSTATE_D BIT(9)
#define PSTATE_DAIF GENMASK(9, 6)
#define PSTATE_BTYPE GENMASK(11, 10)
#define PSTATE_SSBS BIT(12)
#define PSTATE_ALLINT BIT(13)
#define PSTATE_IL BIT(20)
#define PSTATE_SS BIT(21)
#define PSTATE_PAN BIT(22)
#define PSTATE_UAO BIT(23)
#define PSTATE_DIT BIT(24)
#define PSTATE_TCO BIT(25)
#define PSTATE_V BIT(28)
#define PSTATE_C BIT(29)
#define PSTATE_Z BIT(30)
#define PSTATE_N BIT(31)
#define PSTATE_NZCV GENMASK(31, 28)

/* Bits of SCTLR_EL1 that exception entry looks at. */
#define PSTATE_SCTLR_SPAN BIT(23)
#define PSTATE_SCTLR_DSSBS BIT(44)
#define PSTATE_SCTLR_SPINTMASK BIT(62)

/* Exception level, 0..3, of an SPSR_ELx value; AArch32 modes give 0 or 1. */
static inline unsigned int pstate_el(uint64_t pstate)
{
	if (pstate & PSTATE_NRW)
		return (pstate & PSTATE_M_MASK) == 0 ? 0 : 1;
	return (pstate >> 2) & 3;
}

/* What the core has; each adds a PSTATE field that entry writes. */
struct pstate_features {
	bool pan;
	bool ssbs;
	bool mte;
	bool nmi;
};

enum pstate_vector {
	PSTATE_VECTOR_SYNC = 0x000,
	PSTATE_VECTOR_IRQ = 0x080,
	PSTATE_VECTOR_FIQ = 0x100,
	PSTATE_VECTOR_SERROR = 0x180,
};

struct pstate_entry {
	uint64_t spsr;	 /* for SPSR_EL1 */
	uint64_t elr;	 /* for ELR_EL1 */
	uint64_t pstate; /* to go on with */
	uint64_t pc;
};

/* Where an exception taken from that PSTATE to EL1 goes. */
uint64_t pstate_vector(uint64_t pstate, uint64_t vbar, enum pstate_vector kind);

/*
 * State after an exception is taken from EL0 or EL1 (pstate, pc) to EL1.
 * pstate and sctlr are SPSR_EL2 and the guest's SCTLR_EL1.
 */
void pstate_exception_entry(uint64_t pstate, uint64_t pc, uint64_t vbar,
			    uint64_t sctlr, enum pstate_vector kind,
			    const struct pstate_features *f,
			    struct pstate_entry *out);

#endif
