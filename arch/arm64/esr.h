/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * ESR_ELx: what it says, and what is written to ESR_EL1 when the monitor gives
 * the guest an exception. Arm ARM: ESR_EL1, ESR_EL2.
 */
#ifndef ARCH_ESR_H
#define ARCH_ESR_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

#define ESR_EC GENMASK(31, 26)
#define ESR_IL BIT(25)
#define ESR_ISS GENMASK(24, 0)

enum esr_ec {
	EC_UNKNOWN = 0x00,
	EC_WFX = 0x01,
	EC_CP15_32 = 0x03,
	EC_CP15_64 = 0x04,
	EC_CP14_MR = 0x05,
	EC_CP14_LS = 0x06,
	EC_FP = 0x07,
	EC_CP10_ID = 0x08,
	EC_PAUTH = 0x09,
	EC_LS64 = 0x0a,
	EC_CP14_64 = 0x0c,
	EC_BTI = 0x0d,
	EC_ILL = 0x0e,
	EC_SVC32 = 0x11,
	EC_HVC32 = 0x12,
	EC_SMC32 = 0x13,
	EC_SYSREG128 = 0x14,
	EC_SVC64 = 0x15,
	EC_HVC64 = 0x16,
	EC_SMC64 = 0x17,
	EC_SYSREG = 0x18,
	EC_SVE = 0x19,
	EC_ERET = 0x1a,
	EC_FPAC = 0x1c,
	EC_SME = 0x1d,
	EC_IABT_LOW = 0x20,
	EC_IABT_CUR = 0x21,
	EC_PC_ALIGN = 0x22,
	EC_DABT_LOW = 0x24,
	EC_DABT_CUR = 0x25,
	EC_SP_ALIGN = 0x26,
	EC_MOPS = 0x27,
	EC_FP32 = 0x28,
	EC_FP64 = 0x2c,
	EC_GCS = 0x2d,
	EC_SERROR = 0x2f,
	EC_BKPT_LOW = 0x30,
	EC_BKPT_CUR = 0x31,
	EC_STEP_LOW = 0x32,
	EC_STEP_CUR = 0x33,
	EC_WATCH_LOW = 0x34,
	EC_WATCH_CUR = 0x35,
	EC_BKPT32 = 0x38,
	EC_VECTOR32 = 0x3a,
	EC_BRK64 = 0x3c,
};

/* ISS of instruction and data aborts; FSC is IFSC or DFSC. */
#define ESR_FSC GENMASK(5, 0)
#define ESR_ABT_WNR BIT(6)
#define ESR_ABT_S1PTW BIT(7)
#define ESR_ABT_CM BIT(8)
#define ESR_ABT_EA BIT(9)
#define ESR_ABT_FNV BIT(10)
#define ESR_ABT_SET GENMASK(12, 11)
#define ESR_ABT_VNCR BIT(13)
#define ESR_ABT_AR BIT(14)
#define ESR_ABT_SF BIT(15)
#define ESR_ABT_SRT GENMASK(20, 16)
#define ESR_ABT_SSE BIT(21)
#define ESR_ABT_SAS GENMASK(23, 22)
#define ESR_ABT_ISV BIT(24)

/* FSC values; the first four have the level in bits 1:0. */
#define FSC_ADDRESS_SIZE 0x00u
#define FSC_TRANSLATION 0x04u
#define FSC_ACCESS_FLAG 0x08u
#define FSC_PERMISSION 0x0cu
#define FSC_SEA 0x10u
#define FSC_TAG_CHECK 0x11u
#define FSC_SEA_WALK 0x14u
#define FSC_ALIGNMENT 0x21u
#define FSC_DEBUG 0x22u
#define FSC_ADDRESS_SIZE_LM1 0x29u /* level -1, of FEAT_LPA2 */
#define FSC_TRANSLATION_LM1 0x2bu
#define FSC_SEA_WALK_LM1 0x13u
#define FSC_TLB_CONFLICT 0x30u
#define FSC_EXCLUSIVE 0x35u /* unsupported exclusive or atomic */

/* ISS of software step. */
#define ESR_STEP_EX BIT(6)
#define ESR_STEP_ISV BIT(24)

enum esr_fault {
	ESR_FAULT_OTHER,
	ESR_FAULT_ADDRESS_SIZE,
	ESR_FAULT_TRANSLATION,
	ESR_FAULT_ACCESS_FLAG,
	ESR_FAULT_PERMISSION,
	ESR_FAULT_EXTERNAL, /* synchronous external abort */
	ESR_FAULT_ALIGNMENT,
};

/*
 * A data or instruction abort. size, sign_extend, reg, sixty_four and acquire
 * mean something where isv is set; wnr and cm in data aborts only.
 */
struct esr_dabt {
	bool isv;
	uint8_t size; /* bytes: 1, 2, 4 or 8 */
	bool sign_extend;
	uint8_t reg;	 /* 31 is XZR */
	bool sixty_four; /* the register is X, not W */
	bool acquire;	 /* acquire or release semantics */
	bool cm;	 /* cache maintenance or AT */
	bool s1ptw;	 /* stage-2 fault on a stage-1 walk */
	bool wnr;
	bool fnv; /* FAR is not valid (external aborts) */
	uint8_t dfsc;
	int8_t level; /* -1..3; 0 where the fault has none */
	enum esr_fault fault;
};

struct esr_dabt esr_decode_dabt(uint64_t esr);

/* A trapped MSR, MRS or SYS (EC_SYSREG). */
struct esr_sysreg {
	uint16_t encoding; /* op0:op1:CRn:CRm:op2, 2+3+4+4+3 bits */
	uint8_t rt;	   /* 31 is XZR */
	bool read;
};

#define SYSREG_ENCODING(op0, op1, crn, crm, op2) \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

#define ESR_SYSREG_RT GENMASK(9, 5)
/* ESR of a trapped write to one (MSR), but for the register it comes from. */
#define ESR_SYSREG_WRITE(op0, op1, crn, crm, op2) \
	(EC_SYSREG << 26 | 1 << 25 | (op0) << 20 | (op2) << 17 | (op1) << 14 | \
	 (crn) << 10 | (crm) << 1)

static inline bool esr_is_write_to(uint64_t esr, uint32_t write)
{
	return ((uint32_t)esr & ~(uint32_t)ESR_SYSREG_RT) == write;
}

static inline unsigned int esr_sysreg_rt(uint64_t esr)
{
	return (unsigned int)FIELD_GET(ESR_SYSREG_RT, esr);
}

static inline struct esr_sysreg esr_decode_sysreg(uint64_t esr)
{
	unsigned int op0 = (esr >> 20) & 3;
	unsigned int op2 = (esr >> 17) & 7;
	unsigned int op1 = (esr >> 14) & 7;
	unsigned int crn = (esr >> 10) & 15;
	unsigned int crm = (esr >> 1) & 15;
	struct esr_sysreg s = {
		.encoding = (uint16_t)SYSREG_ENCODING(op0, op1, crn, crm, op2),
		.rt = (uint8_t)esr_sysreg_rt(esr),
		.read = esr & 1,
	};

	return s;
}

static inline enum esr_ec esr_ec(uint64_t esr)
{
	return (enum esr_ec)FIELD_GET(ESR_EC, esr);
}

/* Name of an exception class such as "DABT_LOW"; never NULL. */
const char *esr_ec_name(enum esr_ec ec);
/* Text of a fault status code such as "translation fault"; never NULL. */
const char *esr_fsc_name(unsigned int fsc);

/*
 * Values for ESR_EL1. lower: the exception comes from EL0. fsc is a FSC_ value
 * with its level.
 */
uint64_t esr_make_brk(uint16_t imm);
uint64_t esr_make_breakpoint(bool lower);
uint64_t esr_make_watchpoint(bool lower, bool wnr, bool cm);
/* ex: the stepped instruction was a load exclusive. isv: ex is known. */
uint64_t esr_make_step(bool lower, bool isv, bool ex);
uint64_t esr_make_undefined(void);
uint64_t esr_make_iabt(bool lower, unsigned int fsc);
uint64_t esr_make_dabt(bool lower, unsigned int fsc, bool wnr, bool cm);
uint64_t esr_make_pc_align(void);
uint64_t esr_make_illegal_state(void);

#endif
