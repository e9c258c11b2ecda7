/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The table of system registers in sysregs.def: names, encodings, groups and
 * types. Reads no register. The encoding (op0:op1:CRn:CRm:op2) is gdb's
 * register number; every register is 64 bits wide there.
 *
 * Code that accesses them expands the table again:
 *   #define SYSREG(name, op0, op1, crn, crm, op2, group, type, flags, need) ...
 *   #include "sysregs.def"
 * with S<op0>_<op1>_C<CRn>_C<CRm>_<op2>, or for SYSREG_E2H at EL2 with
 * HCR_EL2.E2H=1 the guest's copy, which has op1 = 5 (sysreg_thunks.S).
 */
#ifndef ARCH_SYSREGS_H
#define ARCH_SYSREGS_H

#include <stddef.h>
#include <stdint.h>

enum sysreg_group {
	SYSREG_EL1_CORE,
	SYSREG_EL1_FAULT,
	SYSREG_EL1_MMU,
	SYSREG_EL1_CTL,
	SYSREG_EL1_PAUTH, /* keys: secrets */
	SYSREG_EL1_DEBUG,
	SYSREG_TIMER,
	SYSREG_GIC,
	SYSREG_GICH,
	SYSREG_PMU,
	SYSREG_ID,
	SYSREG_EL2_CTL,
	SYSREG_EL2_FAULT,
	SYSREG_EL2_OWN,
	SYSREG_GROUPS,
};

/* How gdb prints it: a plain type, or a struct of fields (tdesc_types.c). */
enum sysreg_type {
	SYSREG_UINT64,
	SYSREG_CODE_PTR,
	SYSREG_DATA_PTR,
	SYSREG_ESR,
	SYSREG_SPSR,
	SYSREG_SCTLR,
	SYSREG_TCR,
	SYSREG_TTBR,
	SYSREG_PAR,
	SYSREG_CPACR,
	SYSREG_MDSCR,
	SYSREG_DBGBCR,
	SYSREG_DBGWCR,
	SYSREG_TIMER_CTL,
	SYSREG_ICHLR,
	SYSREG_MIDR,
	SYSREG_MPIDR,
	SYSREG_CTR,
	SYSREG_PFR0,
	SYSREG_PFR1,
	SYSREG_DFR0,
	SYSREG_ISAR0,
	SYSREG_ISAR1,
	SYSREG_MMFR0,
	SYSREG_MMFR1,
	SYSREG_MMFR2,
	SYSREG_HCR,
	SYSREG_VTTBR,
	SYSREG_VTCR,
	SYSREG_MDCR,
	SYSREG_HPFAR,
	SYSREG_TYPES,
};

#define SYSREG_RO 1u	  /* the debugger cannot write it */
#define SYSREG_E2H 2u	  /* with E2H=1 the guest's copy has op1 = 5 */
#define SYSREG_SAVED 4u	  /* changed by the monitor: its saved copy counts */
#define SYSREG_SHADOW 8u  /* virtualised: the guest's value is in memory only \
			   */
#define SYSREG_PSTATE 16u /* a view of the guest's SPSR_EL2 */
#define SYSREG_UNSAFE 32u /* written only with `monitor set unsafe on` */

/* What the core must have; else access is undefined or gives nothing. */
enum sysreg_need {
	SYSREG_ALWAYS,
	SYSREG_IF_PAN,
	SYSREG_IF_UAO,
	SYSREG_IF_DIT,
	SYSREG_IF_SSBS,
	SYSREG_IF_NMI,
	SYSREG_IF_SCXT, /* FEAT_CSV2_2 */
	SYSREG_IF_RAS,
	SYSREG_IF_RAS_RECORD, /* ERRIDR_EL1.NUM > 0 */
	SYSREG_IF_TCR2,
	SYSREG_IF_S1PIE,
	SYSREG_IF_LOR,
	SYSREG_IF_SVE,
	SYSREG_IF_MTE, /* FEAT_MTE2 */
	SYSREG_IF_PAUTH,
	SYSREG_IF_BRP, /* number in CRm, ID_AA64DFR0_EL1.BRPs */
	SYSREG_IF_WRP,
	SYSREG_IF_GIC, /* GICv3 CPU interface */
	SYSREG_IF_PMU,
	SYSREG_IF_PMU_COUNTER, /* number in op2, PMCR_EL0.N */
	SYSREG_IF_HCX,
	SYSREG_IF_FGT,
	SYSREG_IF_VHE,
};

#define SYSREG_NAME 18 /* characters, with the last 0 */

/* Names are held in place: a pointer would cost the image a relocation each. */
struct sysreg_info {
	char name[SYSREG_NAME]; /* as in the Arm ARM */
	uint16_t encoding;
	uint8_t group, type, flags, need;
};

/* All of them, by encoding. */
const struct sysreg_info *sysregs_table(size_t *count);
/* By encoding, or NULL. */
const struct sysreg_info *sysregs_find(uint16_t encoding);
/* By name as in the Arm ARM, or NULL. */
const struct sysreg_info *sysregs_find_name(const char *name);
/* "el1_mmu" and so on; NULL past the last. */
const char *sysregs_group_name(enum sysreg_group group);

#endif
