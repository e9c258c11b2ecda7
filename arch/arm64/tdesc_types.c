/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Fields of system registers, for `p $TCR_EL1.T1SZ`. Names as in the Arm ARM.
 * Structs, not flags: gdb cannot dereference those.
 */
#include "bits.h"
#include "tdesc.h"

#define F(name, lo, hi)              \
	{                            \
#name, lo, hi, false \
	}
#define B(name, bit) F(name, bit, bit)

static const struct tdesc_field esr[] = {
	F(ISS, 0, 24), B(IL, 25), {"EC", 26, 31, true}, F(ISS2, 32, 55)};

static const struct tdesc_field spsr[] = {
	{"M", 0, 3, true}, B(nRW, 4),  B(F, 6),		 B(I, 7),
	B(A, 8),	   B(D, 9),    F(BTYPE, 10, 11), B(SSBS, 12),
	B(ALLINT, 13),
	B(IL, 20),	   B(SS, 21),  B(PAN, 22),	 B(UAO, 23),
	B(DIT, 24),	   B(TCO, 25), F(NZCV, 28, 31)};

static const struct tdesc_field sctlr[] = {
	B(M, 0),     B(A, 1),	  B(C, 2),     B(SA, 3),    B(SA0, 4),
	B(nAA, 6),   B(UMA, 9),	  B(I, 12),    B(EnDB, 13), B(DZE, 14),
	B(UCT, 15),  B(nTWI, 16), B(nTWE, 18), B(WXN, 19),  B(IESB, 21),
	B(EIS, 22),  B(SPAN, 23), B(E0E, 24),  B(EE, 25),   B(UCI, 26),
	B(EnDA, 27), B(EnIB, 30), B(EnIA, 31), B(BT0, 35),  B(BT1, 36),
	B(ATA0, 42), B(ATA, 43),  B(DSSBS, 44),
	B(NMI, 61),  B(SPINTMASK, 62)};

static const struct tdesc_field tcr[] = {
	F(T0SZ, 0, 5),	B(EPD0, 7),	  F(IRGN0, 8, 9),   F(ORGN0, 10, 11),
	F(SH0, 12, 13), F(TG0, 14, 15),	  F(T1SZ, 16, 21),  B(A1, 22),
	B(EPD1, 23),	F(IRGN1, 24, 25), F(ORGN1, 26, 27), F(SH1, 28, 29),
	F(TG1, 30, 31), F(IPS, 32, 34),	  B(AS, 36),	    B(TBI0, 37),
	B(TBI1, 38),	B(HA, 39),	  B(HD, 40),	    B(HPD0, 41),
	B(HPD1, 42),	B(TBID0, 51),	  B(TBID1, 52),	    B(E0PD0, 55),
	B(E0PD1, 56),	B(DS, 59)};

static const struct tdesc_field ttbr[] = {B(CnP, 0), F(BADDR, 1, 47),
					  F(ASID, 48, 63)};

static const struct tdesc_field par[] = {B(F, 0),	F(FST, 1, 6),
					 B(PTW, 8),	B(S, 9),
					 F(PA, 12, 51), F(ATTR, 56, 63)};

static const struct tdesc_field cpacr[] = {F(ZEN, 16, 17), F(FPEN, 20, 21),
					   F(SMEN, 24, 25), B(TTA, 28)};

static const struct tdesc_field mdscr[] = {B(SS, 0),   B(ERR, 6),  B(TDCC, 12),
					   B(KDE, 13), B(HDE, 14), B(MDE, 15)};

static const struct tdesc_field dbgbcr[] = {
	B(E, 0),	F(PMC, 1, 2),	F(BAS, 5, 8), B(HMC, 13),
	F(SSC, 14, 15), F(LBN, 16, 19), F(BT, 20, 23)};

static const struct tdesc_field dbgwcr[] = {
	B(E, 0),	F(PAC, 1, 2), F(LSC, 3, 4),
	F(BAS, 5, 12),	B(HMC, 13),   F(SSC, 14, 15),
	F(LBN, 16, 19), B(WT, 20),    F(MASK, 24, 28)};

static const struct tdesc_field timer[] = {B(ENABLE, 0), B(IMASK, 1),
					   B(ISTATUS, 2)};

static const struct tdesc_field ichlr[] = {
	F(vINTID, 0, 31), F(pINTID, 32, 44), F(Priority, 48, 55),
	B(Group, 60),	  B(HW, 61),	     F(State, 62, 63)};

static const struct tdesc_field midr[] = {
	F(Revision, 0, 3), F(PartNum, 4, 15), F(Architecture, 16, 19),
	F(Variant, 20, 23), F(Implementer, 24, 31)};

static const struct tdesc_field mpidr[] = {F(Aff0, 0, 7),   F(Aff1, 8, 15),
					   F(Aff2, 16, 23), B(MT, 24),
					   B(U, 30),	    F(Aff3, 32, 39)};

static const struct tdesc_field ctr[] = {
	F(IminLine, 0, 3), F(L1Ip, 14, 15),    F(DminLine, 16, 19),
	F(ERG, 20, 23),	   F(CWG, 24, 27),     B(IDC, 28),
	B(DIC, 29),	   F(TminLine, 32, 37)};

static const struct tdesc_field pfr0[] = {
	F(EL0, 0, 3),	F(EL1, 4, 7),	    F(EL2, 8, 11),   F(EL3, 12, 15),
	F(FP, 16, 19),	F(AdvSIMD, 20, 23), F(GIC, 24, 27),  F(RAS, 28, 31),
	F(SVE, 32, 35), F(SEL2, 36, 39),    F(MPAM, 40, 43), F(AMU, 44, 47),
	F(DIT, 48, 51), F(CSV2, 56, 59),    F(CSV3, 60, 63)};

static const struct tdesc_field pfr1[] = {F(BT, 0, 3),	  F(SSBS, 4, 7),
					  F(MTE, 8, 11),  F(RAS_frac, 12, 15),
					  F(SME, 24, 27), F(CSV2_frac, 32, 35),
					  F(NMI, 36, 39)};

static const struct tdesc_field dfr0[] = {
	F(DebugVer, 0, 3),	F(TraceVer, 4, 7),     F(PMUVer, 8, 11),
	F(BRPs, 12, 15),	F(WRPs, 20, 23),       F(CTX_CMPs, 28, 31),
	F(PMSVer, 32, 35),	F(DoubleLock, 36, 39), F(TraceFilt, 40, 43),
	F(TraceBuffer, 44, 47), F(MTPMU, 48, 51),      F(BRBE, 52, 55)};

static const struct tdesc_field isar0[] = {
	F(AES, 4, 7),	   F(SHA1, 8, 11), F(SHA2, 12, 15), F(CRC32, 16, 19),
	F(Atomic, 20, 23), F(RDM, 28, 31), F(SHA3, 32, 35), F(SM3, 36, 39),
	F(SM4, 40, 43),	   F(DP, 44, 47),  F(FHM, 48, 51),  F(TS, 52, 55),
	F(TLB, 56, 59),	   F(RNDR, 60, 63)};

static const struct tdesc_field isar1[] = {
	F(DPB, 0, 3),	  F(APA, 4, 7),	      F(API, 8, 11),
	F(JSCVT, 12, 15), F(FCMA, 16, 19),    F(LRCPC, 20, 23),
	F(GPA, 24, 27),	  F(GPI, 28, 31),     F(FRINTTS, 32, 35),
	F(SB, 36, 39),	  F(SPECRES, 40, 43), F(BF16, 44, 47),
	F(DGH, 48, 51),	  F(I8MM, 52, 55),    F(XS, 56, 59),
	F(LS64, 60, 63)};

static const struct tdesc_field mmfr0[] = {
	F(PARange, 0, 3),     F(ASIDBits, 4, 7),    F(BigEnd, 8, 11),
	F(SNSMem, 12, 15),    F(BigEndEL0, 16, 19), F(TGran16, 20, 23),
	F(TGran64, 24, 27),   F(TGran4, 28, 31),    F(TGran16_2, 32, 35),
	F(TGran64_2, 36, 39), F(TGran4_2, 40, 43),  F(ExS, 44, 47),
	F(FGT, 56, 59),	      F(ECV, 60, 63)};

static const struct tdesc_field mmfr1[] = {
	F(HAFDBS, 0, 3), F(VMIDBits, 4, 7), F(VH, 8, 11),	F(HPDS, 12, 15),
	F(LO, 16, 19),	 F(PAN, 20, 23),    F(SpecSEI, 24, 27), F(XNX, 28, 31),
	F(TWED, 32, 35), F(ETS, 36, 39),    F(HCX, 40, 43),	F(AFP, 44, 47)};

static const struct tdesc_field mmfr2[] = {
	F(CnP, 0, 3),	    F(UAO, 4, 7),     F(LSM, 8, 11),  F(IESB, 12, 15),
	F(VARange, 16, 19), F(CCIDX, 20, 23), F(NV, 24, 27),  F(ST, 28, 31),
	F(AT, 32, 35),	    F(IDS, 36, 39),   F(FWB, 40, 43), F(TTL, 48, 51),
	F(BBM, 52, 55),	    F(EVT, 56, 59),   F(E0PD, 60, 63)};

static const struct tdesc_field hcr[] = {
	B(VM, 0),	B(SWIO, 1),  B(PTW, 2),	  B(FMO, 3),  B(IMO, 4),
	B(AMO, 5),	B(VF, 6),    B(VI, 7),	  B(VSE, 8),  B(FB, 9),
	F(BSU, 10, 11), B(DC, 12),   B(TWI, 13),  B(TWE, 14), B(TID0, 15),
	B(TID1, 16),	B(TID2, 17), B(TID3, 18), B(TSC, 19), B(TIDCP, 20),
	B(TACR, 21),	B(TSW, 22),  B(TPCP, 23), B(TPU, 24), B(TTLB, 25),
	B(TVM, 26),	B(TGE, 27),  B(TDZ, 28),  B(HCD, 29), B(TRVM, 30),
	B(RW, 31),	B(CD, 32),   B(ID, 33),	  B(E2H, 34), B(TLOR, 35),
	B(TERR, 36),	B(TEA, 37),  B(APK, 40),  B(API, 41), B(NV, 42),
	B(NV1, 43),	B(AT, 44),   B(FWB, 46),  B(ATA, 56)};

static const struct tdesc_field vttbr[] = {B(CnP, 0), F(BADDR, 1, 47),
					   F(VMID, 48, 63)};

static const struct tdesc_field vtcr[] = {
	F(T0SZ, 0, 5),	F(SL0, 6, 7),	F(IRGN0, 8, 9), F(ORGN0, 10, 11),
	F(SH0, 12, 13), F(TG0, 14, 15), F(PS, 16, 18),	B(VS, 19),
	B(HA, 21),	B(HD, 22)};

static const struct tdesc_field mdcr[] = {
	F(HPMN, 0, 4), B(TPMCR, 5),  B(TPM, 6),	  B(HPME, 7),	   B(TDE, 8),
	B(TDA, 9),     B(TDOSA, 10), B(TDRA, 11), F(E2PB, 12, 13), B(TPMS, 14)};

static const struct tdesc_field hpfar[] = {F(FIPA, 4, 43), B(NS, 63)};

#define E(name, value) "<evalue name=\"" name "\" value=\"" value "\"/>"

static const char ec_enum[] = "<enum id=\"ec\" size=\"1\">" E("UNKNOWN", "0") E(
	"WFx", "1") E("FP", "7") E("PAUTH", "9") E("BTI", "0xd") E("ILL", "0xe")
	E("SVC32", "0x11") E("SVC64", "0x15") E("HVC64", "0x16") E(
		"SMC64", "0x17") E("SYSREG", "0x18") E("SVE", "0x19") E("ERET",
									"0x1a")
		E("FPAC", "0x1c") E("SME", "0x1d") E("IABT_LOW", "0x20") E(
			"IABT_CUR", "0x21") E("PC_ALIGN", "0x22") E("DABT_LOW",
								    "0x24")
			E("DABT_CUR", "0x25") E("SP_ALIGN", "0x26") E(
				"FP64", "0x2c") E("SERROR", "0x2f")
				E("BKPT_LOW", "0x30") E("BKPT_CUR", "0x31") E(
					"STEP_LOW", "0x32") E("STEP_CUR",
							      "0x33")
					E("WATCH_LOW", "0x34") E("WATCH_CUR",
								 "0x35")
						E("BRK64", "0x3c") "</enum>";

static const char mode_enum[] = "<enum id=\"mode\" size=\"1\">" E("EL0t", "0")
	E("EL1t", "4") E("EL1h", "5") E("EL2t", "8") E("EL2h", "9")
		E("EL3t", "0xc") E("EL3h", "0xd") "</enum>";

#define ENUM_T(type, name, of, before) \
	[type] = {#name, #of, name, ARRAY_SIZE(name), before}
#define T(type, name) [type] = {#name, "", name, ARRAY_SIZE(name), NULL}

const struct tdesc_type *tdesc_type(enum sysreg_type type)
{
	static const struct tdesc_type types[SYSREG_TYPES] = {
		ENUM_T(SYSREG_ESR, esr, ec, ec_enum),
		ENUM_T(SYSREG_SPSR, spsr, mode, mode_enum),
		T(SYSREG_SCTLR, sctlr),
		T(SYSREG_TCR, tcr),
		T(SYSREG_TTBR, ttbr),
		T(SYSREG_PAR, par),
		T(SYSREG_CPACR, cpacr),
		T(SYSREG_MDSCR, mdscr),
		T(SYSREG_DBGBCR, dbgbcr),
		T(SYSREG_DBGWCR, dbgwcr),
		T(SYSREG_TIMER_CTL, timer),
		T(SYSREG_ICHLR, ichlr),
		T(SYSREG_MIDR, midr),
		T(SYSREG_MPIDR, mpidr),
		T(SYSREG_CTR, ctr),
		T(SYSREG_PFR0, pfr0),
		T(SYSREG_PFR1, pfr1),
		T(SYSREG_DFR0, dfr0),
		T(SYSREG_ISAR0, isar0),
		T(SYSREG_ISAR1, isar1),
		T(SYSREG_MMFR0, mmfr0),
		T(SYSREG_MMFR1, mmfr1),
		T(SYSREG_MMFR2, mmfr2),
		T(SYSREG_HCR, hcr),
		T(SYSREG_VTTBR, vttbr),
		T(SYSREG_VTCR, vtcr),
		T(SYSREG_MDCR, mdcr),
		T(SYSREG_HPFAR, hpfar),
	};

	if ((unsigned int)type >= SYSREG_TYPES || !types[type].field)
		return NULL;
	return &types[type];
}
