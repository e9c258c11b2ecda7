/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* ESR_ELx decoded and built. */
#include "esr.h"

const char *esr_ec_name(enum esr_ec ec)
{
	static const char *const name[64] = {
		[EC_UNKNOWN] = "UNKNOWN",
		[EC_WFX] = "WFx",
		[EC_CP15_32] = "CP15_32",
		[EC_CP15_64] = "CP15_64",
		[EC_CP14_MR] = "CP14_MR",
		[EC_CP14_LS] = "CP14_LS",
		[EC_FP] = "FP",
		[EC_CP10_ID] = "CP10_ID",
		[EC_PAUTH] = "PAUTH",
		[EC_LS64] = "LS64",
		[EC_CP14_64] = "CP14_64",
		[EC_BTI] = "BTI",
		[EC_ILL] = "ILL",
		[EC_SVC32] = "SVC32",
		[EC_HVC32] = "HVC32",
		[EC_SMC32] = "SMC32",
		[EC_SYSREG128] = "SYSREG128",
		[EC_SVC64] = "SVC64",
		[EC_HVC64] = "HVC64",
		[EC_SMC64] = "SMC64",
		[EC_SYSREG] = "SYSREG",
		[EC_SVE] = "SVE",
		[EC_ERET] = "ERET",
		[EC_FPAC] = "FPAC",
		[EC_SME] = "SME",
		[EC_IABT_LOW] = "IABT_LOW",
		[EC_IABT_CUR] = "IABT_CUR",
		[EC_PC_ALIGN] = "PC_ALIGN",
		[EC_DABT_LOW] = "DABT_LOW",
		[EC_DABT_CUR] = "DABT_CUR",
		[EC_SP_ALIGN] = "SP_ALIGN",
		[EC_MOPS] = "MOPS",
		[EC_FP32] = "FP32",
		[EC_FP64] = "FP64",
		[EC_GCS] = "GCS",
		[EC_SERROR] = "SERROR",
		[EC_BKPT_LOW] = "BKPT_LOW",
		[EC_BKPT_CUR] = "BKPT_CUR",
		[EC_STEP_LOW] = "STEP_LOW",
		[EC_STEP_CUR] = "STEP_CUR",
		[EC_WATCH_LOW] = "WATCH_LOW",
		[EC_WATCH_CUR] = "WATCH_CUR",
		[EC_BKPT32] = "BKPT32",
		[EC_VECTOR32] = "VECTOR32",
		[EC_BRK64] = "BRK64",
	};

	if ((unsigned int)ec >= ARRAY_SIZE(name) || !name[ec])
		return "?";
	return name[ec];
}

static enum esr_fault fsc_fault(unsigned int fsc)
{
	switch (fsc) {
	case FSC_ADDRESS_SIZE_LM1:
		return ESR_FAULT_ADDRESS_SIZE;
	case FSC_TRANSLATION_LM1:
		return ESR_FAULT_TRANSLATION;
	case FSC_ALIGNMENT:
		return ESR_FAULT_ALIGNMENT;
	case FSC_SEA:
	case FSC_SEA_WALK_LM1:
		return ESR_FAULT_EXTERNAL;
	}
	switch (fsc & ~3u) {
	case FSC_ADDRESS_SIZE:
		return ESR_FAULT_ADDRESS_SIZE;
	case FSC_TRANSLATION:
		return ESR_FAULT_TRANSLATION;
	case FSC_ACCESS_FLAG:
		return ESR_FAULT_ACCESS_FLAG;
	case FSC_PERMISSION:
		return ESR_FAULT_PERMISSION;
	case FSC_SEA_WALK:
		return ESR_FAULT_EXTERNAL;
	}
	return ESR_FAULT_OTHER;
}

static int8_t fsc_level(unsigned int fsc)
{
	if (fsc < FSC_SEA || (fsc & ~3u) == FSC_SEA_WALK)
		return (int8_t)(fsc & 3);
	if (fsc == FSC_ADDRESS_SIZE_LM1 || fsc == FSC_TRANSLATION_LM1 ||
	    fsc == FSC_SEA_WALK_LM1)
		return -1;
	return 0;
}

const char *esr_fsc_name(unsigned int fsc)
{
	fsc &= 0x3f;
	switch (fsc_fault(fsc)) {
	case ESR_FAULT_ADDRESS_SIZE:
		return "address size fault";
	case ESR_FAULT_TRANSLATION:
		return "translation fault";
	case ESR_FAULT_ACCESS_FLAG:
		return "access flag fault";
	case ESR_FAULT_PERMISSION:
		return "permission fault";
	case ESR_FAULT_EXTERNAL:
		return fsc == FSC_SEA ? "external abort"
				      : "external abort on a table walk";
	case ESR_FAULT_ALIGNMENT:
		return "alignment fault";
	case ESR_FAULT_OTHER:
		break;
	}
	switch (fsc) {
	case FSC_TAG_CHECK:
		return "tag check fault";
	case FSC_DEBUG:
		return "debug exception";
	case FSC_TLB_CONFLICT:
		return "TLB conflict abort";
	case FSC_EXCLUSIVE:
		return "unsupported exclusive or atomic access";
	}
	return "fault";
}

struct esr_dabt esr_decode_dabt(uint64_t esr)
{
	struct esr_dabt d = {
		.isv = esr & ESR_ABT_ISV,
		.size = (uint8_t)(1u << FIELD_GET(ESR_ABT_SAS, esr)),
		.sign_extend = esr & ESR_ABT_SSE,
		.reg = (uint8_t)FIELD_GET(ESR_ABT_SRT, esr),
		.sixty_four = esr & ESR_ABT_SF,
		.acquire = esr & ESR_ABT_AR,
		.cm = esr & ESR_ABT_CM,
		.s1ptw = esr & ESR_ABT_S1PTW,
		.wnr = esr & ESR_ABT_WNR,
		.fnv = esr & ESR_ABT_FNV,
		.dfsc = (uint8_t)FIELD_GET(ESR_FSC, esr),
	};

	/* Bits 24:14 have other meanings in an instruction abort. */
	if (esr_ec(esr) != EC_DABT_LOW && esr_ec(esr) != EC_DABT_CUR) {
		d.isv = false;
		d.cm = false;
		d.wnr = false;
	}
	d.fault = fsc_fault(d.dfsc);
	d.level = fsc_level(d.dfsc);
	return d;
}

static uint64_t make(enum esr_ec ec, uint64_t iss)
{
	return FIELD_PREP(ESR_EC, ec) | ESR_IL | iss;
}

/* EC of an exception that has a form for lower and one for the same level. */
static uint64_t make_from(enum esr_ec low, bool lower, uint64_t iss)
{
	return make((enum esr_ec)(low + (lower ? 0 : 1)), iss);
}

uint64_t esr_make_brk(uint16_t imm)
{
	return make(EC_BRK64, imm);
}

uint64_t esr_make_breakpoint(bool lower)
{
	return make_from(EC_BKPT_LOW, lower, FSC_DEBUG);
}

uint64_t esr_make_watchpoint(bool lower, bool wnr, bool cm)
{
	return make_from(EC_WATCH_LOW, lower,
			 FSC_DEBUG | (wnr ? ESR_ABT_WNR : 0) |
				 (cm ? ESR_ABT_CM : 0));
}

uint64_t esr_make_step(bool lower, bool isv, bool ex)
{
	return make_from(EC_STEP_LOW, lower,
			 FSC_DEBUG | (isv ? ESR_STEP_ISV : 0) |
				 (isv && ex ? ESR_STEP_EX : 0));
}

uint64_t esr_make_undefined(void)
{
	return make(EC_UNKNOWN, 0);
}

uint64_t esr_make_iabt(bool lower, unsigned int fsc)
{
	return make_from(EC_IABT_LOW, lower, fsc & ESR_FSC);
}

uint64_t esr_make_dabt(bool lower, unsigned int fsc, bool wnr, bool cm)
{
	return make_from(EC_DABT_LOW, lower,
			 (fsc & ESR_FSC) | (wnr ? ESR_ABT_WNR : 0) |
				 (cm ? ESR_ABT_CM : 0));
}

uint64_t esr_make_pc_align(void)
{
	return make(EC_PC_ALIGN, 0);
}

uint64_t esr_make_illegal_state(void)
{
	return make(EC_ILL, 0);
}
