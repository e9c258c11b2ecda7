/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The feature table: which ID field, which EL2 register, which value. Rows with
 * a field of zero are always done.
 */
#include "feature.h"

#include "barrier.h"
#include "sysreg.h"

#define HCRX_EL2 S3_4_C1_C2_2
#define HFGRTR_EL2 S3_4_C1_C1_4
#define HFGWTR_EL2 S3_4_C1_C1_5
#define HFGITR_EL2 S3_4_C1_C1_6
#define HDFGRTR_EL2 S3_4_C3_C1_4
#define HDFGWTR_EL2 S3_4_C3_C1_5
#define HAFGRTR_EL2 S3_4_C3_C1_6
#define ZCR_EL2 S3_4_C1_C2_0
#define SMCR_EL2 S3_4_C1_C2_6
#define SMPRIMAP_EL2 S3_4_C1_C2_5
#define ID_AA64ZFR0 S3_0_C0_C4_4
#define ID_AA64SMFR0 S3_0_C0_C4_5
#define ID_AA64MMFR3 S3_0_C0_C7_3
#define TRFCR_EL2 S3_4_C1_C2_1
#define LORC_EL1 S3_0_C10_C4_3

static uint64_t id_field(uint64_t reg, unsigned int shift)
{
	return (reg >> shift) & 15;
}

bool feature_tags(void)
{
	return id_field(read_sysreg(id_aa64pfr1_el1), 8) >= 2;
}

uint64_t feature_hcr(void)
{
	uint64_t pfr0 = read_sysreg(id_aa64pfr0_el1);
	uint64_t isar1 = read_sysreg(id_aa64isar1_el1);
	uint64_t isar2 = read_sysreg(S3_0_C0_C6_2);
	uint64_t hcr = HCR_RW | HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO |
		       HCR_AMO | HCR_TSC;

	/* APA, API, GPA, GPI; APA3, GPA3 */
	if (isar1 & (GENMASK(11, 4) | GENMASK(31, 24)) ||
	    isar2 & GENMASK(15, 8))
		hcr |= HCR_APK | HCR_API;
	if (feature_tags()) /* for EL1 */
		hcr |= BIT(56);
	if (id_field(pfr0, 56)) /* CSV2_2: SCXTNUM; RAZ bit where it is not */
		hcr |= BIT(53);
	if (id_field(pfr0, 28) >= 2) /* RASv1p1: fault injection registers */
		hcr |= BIT(47);
	if (cpu_e2h)
		hcr |= HCR_E2H;
	return hcr;
}

uint64_t feature_mdcr(void)
{
	uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);
	uint64_t pmu = id_field(dfr0, 8), mdcr = 0;

	if (pmu && pmu != 15) /* all event counters are EL1's */
		mdcr |= FIELD_GET(GENMASK(15, 11), read_sysreg(pmcr_el0));
	if (id_field(dfr0, 32)) /* SPE: its buffer is EL1's */
		mdcr |= 3ull << 12;
	if (id_field(dfr0, 44)) /* TRBE likewise */
		mdcr |= 3ull << 24;
	return mdcr;
}

static void open_fgt(void)
{
	uint64_t pfr0 = read_sysreg(id_aa64pfr0_el1);
	uint64_t rd;

	if (!id_field(read_sysreg(id_aa64mmfr0_el1), 56))
		return;
	/* the bits that trap when 0: nAMAIR2 ... nTPIDR2, nSMPRI, nACCDATA */
	rd = GENMASK(63, 52) | BIT(50);
	write_sysreg(rd, HFGRTR_EL2);
	write_sysreg(rd, HFGWTR_EL2);
	write_sysreg(GENMASK(59, 55), HFGITR_EL2);
	write_sysreg(GENMASK(62, 59), HDFGRTR_EL2);
	write_sysreg(GENMASK(62, 60), HDFGWTR_EL2);
	if (id_field(pfr0, 44))
		write_sysreg(0, HAFGRTR_EL2);
}

static void open_vectors(void)
{
	uint64_t sve = id_field(read_sysreg(id_aa64pfr0_el1), 32);
	uint64_t sme = id_field(read_sysreg(id_aa64pfr1_el1), 24);

	/*
	 * FP, SVE and SME do not trap. With E2H=1 CPTR_EL2 has CPACR's form:
	 * FPEN, ZEN, SMEN are enables; else TFP, TZ, TSM are traps.
	 */
	if (cpu_e2h)
		write_sysreg((3ull << 20) | (sve ? 3ull << 16 : 0) |
				     (sme ? 3ull << 24 : 0),
			     cptr_el2);
	else
		write_sysreg(0x33ffull & ~(sve ? BIT(8) : 0) &
				     ~(sme ? BIT(12) : 0),
			     cptr_el2);
	isb(); /* orders the enables before ZCR and SMCR */
	if (sve)
		write_sysreg(15, ZCR_EL2); /* LEN: the largest there is */
	if (sme) {
		uint64_t fa64 = read_sysreg(ID_AA64SMFR0) & BIT(63);

		write_sysreg(15 | (fa64 ? BIT(31) : 0), SMCR_EL2);
		write_sysreg(0, SMPRIMAP_EL2);
	}
}

/* Extensions that HCRX_EL2 must enable: LS64, MOPS, TCR2, SCTLR2. */
static uint64_t hcrx(void)
{
	uint64_t ls64 = id_field(read_sysreg(id_aa64isar1_el1), 60);
	uint64_t isar2 = read_sysreg(S3_0_C0_C6_2);
	uint64_t mmfr3 = read_sysreg(ID_AA64MMFR3);

	return (ls64 >= 1 ? BIT(1) : 0) | (ls64 >= 2 ? BIT(2) : 0) |
	       (ls64 >= 3 ? BIT(0) : 0) |
	       (id_field(isar2, 16) ? BIT(11) : 0) |
	       (id_field(mmfr3, 0) ? BIT(14) : 0) |
	       (id_field(mmfr3, 4) ? BIT(15) : 0);
}

void feature_open(void)
{
	uint64_t dfr0 = read_sysreg(id_aa64dfr0_el1);
	uint64_t mmfr1 = read_sysreg(id_aa64mmfr1_el1);

	/*
	 * Counters and timers, layout by E2H: EL1PCTEN and EL1PCEN (EL1PTEN).
	 * ECV is 0: CNTPOFF_EL2 has no effect. It is left alone, since EL3 need
	 * not let EL2 at it (SCR_EL3.ECVEn).
	 */
	write_sysreg(cpu_e2h ? BIT(10) | BIT(11) : 3, cnthctl_el2);
	write_sysreg(0, cntvoff_el2);
	write_sysreg(0, hstr_el2);
	write_sysreg(read_sysreg(midr_el1), vpidr_el2);
	write_sysreg(read_sysreg(mpidr_el1), vmpidr_el2);
	write_sysreg(feature_mdcr(), mdcr_el2);
	open_vectors();
	open_fgt();
	if (id_field(mmfr1, 40))
		write_sysreg(hcrx(), HCRX_EL2);
	if (id_field(mmfr1, 16)) /* LOR: no regions of EL2's own */
		write_sysreg(0, LORC_EL1);
	if (id_field(dfr0, 40)) /* self-hosted trace filter */
		write_sysreg(0, TRFCR_EL2);
}
