/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Uses what the core has beyond the base architecture, and tells what came of
 * it as text: a feature that EL2 has to open is only there if it works.
 */
#include "features.h"
#include "gic.h"

#define PMU_IRQ 23
#define ZCR_EL1 S3_0_C1_C2_0
#define SMCR_EL1 S3_0_C1_C2_6

uint64_t use_fp(uint64_t a, uint64_t b);
uint64_t use_sve(uint64_t n);
uint64_t use_sme(void);
uint64_t sign_ia(uint64_t p, uint64_t m);
uint64_t check_ia(uint64_t p, uint64_t m);
uint64_t sign_db(uint64_t p, uint64_t m);
uint64_t check_db(uint64_t p, uint64_t m);
uint64_t sign_ga(uint64_t p, uint64_t m);
uint64_t strip(uint64_t p);
uint64_t random_tag(uint64_t p);
uint64_t use_lse(volatile uint64_t *p);
uint64_t use_exclusives(volatile uint64_t *p, volatile uint64_t *pair);

static volatile uint64_t place[4] __attribute__((aligned(32)));
static volatile uint64_t last_esr, interrupts;
__attribute__((section(".area"),
	       aligned(65536))) static volatile uint64_t user_page[8192];

static bool on_exception(struct frame *f)
{
	if ((f->vector & 3) == 1) {
		uint64_t intid = gic_ack();

		if (intid == PMU_IRQ) {
			interrupts++;
			msr(S3_3_C9_C12_3, 0xffffffff); /* PMOVSCLR_EL0 */
		}
		if (intid < 1020)
			gic_end(intid);
		return true;
	}
	last_esr = f->esr;
	return false;
}

void tell(const char *what, uint64_t v)
{
	print(what);
	print(" ");
	print_hex(v);
	if (last_esr) {
		print(" faulted ");
		print_hex(last_esr);
	}
	last_esr = 0;
	print("\n");
}

static void vectors(void)
{
	uint64_t pfr0 = mrs(id_aa64pfr0_el1), pfr1 = mrs(id_aa64pfr1_el1);

	msr(cpacr_el1, 0);
	(void)use_fp(10, 3);
	tell("fp off", 0);
	msr(cpacr_el1, 3 << 20);
	tell("fp", use_fp(10, 3));
	msr(fpcr, 0x07c00000);
	tell("fpcr", mrs(fpcr));
	msr(fpcr, 0);
	msr(fpsr, 0);
	if (field(pfr0, 32)) {
		(void)use_sve(5);
		tell("sve off", 0);
		msr(cpacr_el1, 3 << 16 | 3 << 20);
		for (uint64_t len = 0; len < 16; len++) {
			msr(ZCR_EL1, len);
			tell("sve", use_sve(5));
		}
	}
	if (field(pfr1, 24)) {
		(void)use_sme();
		tell("sme off", 0);
		msr(cpacr_el1, 3 << 16 | 3 << 20 | 3 << 24);
		for (uint64_t len = 0; len < 16; len++) {
			msr(SMCR_EL1, len | 1ull << 31);
			tell("sme", use_sme());
		}
		tell("svcr", mrs(S3_3_C4_C2_2));
		msr(S3_3_C13_C0_5, 0x77);
		tell("tpidr2", mrs(S3_3_C13_C0_5));
	}
}

static void pointers(void)
{
	uint64_t isar1 = mrs(id_aa64isar1_el1), pfr1 = mrs(id_aa64pfr1_el1);
	uint64_t p = 0x12345678, was = mrs(sctlr_el1);

	if (isar1 & 0xff0) {
		msr(S3_0_C2_C1_0, 0x1111222233334444);
		msr(S3_0_C2_C1_1, 0x5555666677778888);
		msr(S3_0_C2_C2_2, 0x9999aaaabbbbcccc);
		msr(S3_0_C2_C2_3, 0xddddeeeeffff0000);
		msr(S3_0_C2_C3_0, 0x0123456789abcdef);
		msr(S3_0_C2_C3_1, 0xfedcba9876543210);
		tell("pacia off", sign_ia(p, 5));
		msr(sctlr_el1, was | 1u << 31 | 1 << 13);
		tell("pacia", sign_ia(p, 5));
		tell("pacdb", sign_db(p, 5));
		tell("pacga", sign_ga(p, 5));
		tell("autia", check_ia(sign_ia(p, 5), 5));
		tell("autia wrong", check_ia(sign_ia(p, 5), 6));
		tell("autdb", check_db(sign_db(p, 5), 5));
		tell("xpaci", strip(sign_ia(p, 5)));
	}
	if (field(pfr1, 8)) {
		tell("irg off", random_tag(p));
		msr(sctlr_el1, was | 1ull << 43); /* ATA */
		if (field(pfr1, 8) >= 2) {
			msr(S3_0_C1_C0_6, 0x3ff0);   /* GCR_EL1 */
			msr(S3_0_C1_C0_5, 0xbeef05); /* RGSR_EL1 */
		}
		tell("irg", random_tag(p));
		if (field(pfr1, 8) >= 2)
			tell("rgsr", mrs(S3_0_C1_C0_5));
	}
	msr(sctlr_el1, was);
}

static void atomics(void)
{
	if (field(mrs(id_aa64isar0_el1), 20)) {
		place[0] = 0x100;
		tell("lse", use_lse(place));
		tell("lse memory", place[0]);
	}
	place[0] = 3;
	place[2] = 4;
	place[3] = 9;
	tell("exclusives", use_exclusives(place, place + 2));
	tell("pair", place[2] << 8 | place[3]);
}

/* PSTATE bits, and what PAN and UAO do to a page of EL0. */
static void privileges(void)
{
	static struct mmu mmu;
	uint64_t mmfr1 = mrs(id_aa64mmfr1_el1), mmfr2 = mrs(S3_0_C0_C7_2);
	uint64_t v = 0;

	mmu_init(&mmu, 12, 39);
	mmu_map(&mmu, (uint64_t)user_page, (uint64_t)user_page, 65536,
		MMU_USER);
	mmu_identity(&mmu);
	mmu_map(&mmu, (uint64_t)user_page, (uint64_t)user_page, 65536,
		MMU_USER);
	user_page[1] = 0x600d;
	mmu_on(&mmu, NULL, 0);
	tell("user page", user_page[1]);
	if (field(mmfr1, 20)) {
		msr(S3_0_C4_C2_3, 1 << 22);
		tell("pan", mrs(S3_0_C4_C2_3));
		tell("user page with pan",
		     *(volatile uint64_t *)&user_page[1] & 0xffff);
		asm volatile("ldtr %0, [%1]" : "=r"(v) : "r"(&user_page[1]));
		tell("ldtr with pan", v & 0xffff);
		tell("spsr has pan", exc[0].spsr >> 22 & 1);
		msr(S3_0_C4_C2_3, 0);
	}
	if (field(mmfr2, 4)) {
		msr(S3_0_C4_C2_4, 1 << 23);
		tell("uao", mrs(S3_0_C4_C2_4));
		asm volatile("ldtr %0, [%1]" : "=r"(v) : "r"(place));
		tell("ldtr with uao", v);
		msr(S3_0_C4_C2_4, 0);
	}
	v = 0;
	asm volatile("ldtr %0, [%1]" : "+r"(v) : "r"(place));
	tell("ldtr of a page of EL1", 0);
	mmu_off();
	if (field(mrs(id_aa64pfr0_el1), 48)) {
		msr(S3_3_C4_C2_5, 1 << 24);
		tell("dit", mrs(S3_3_C4_C2_5));
		msr(S3_3_C4_C2_5, 0);
	}
	if (field(mrs(id_aa64pfr1_el1), 4) >= 2) {
		msr(S3_3_C4_C2_6, 1 << 12);
		tell("ssbs", mrs(S3_3_C4_C2_6));
	}
}

static void spin(void)
{
	for (int i = 0; i < 20000; i++)
		asm volatile("yield");
}

/* Counter 0 counts PMSWINC_EL0; 3, 4 and more by software. */
static uint64_t software_events(unsigned int n)
{
	while (n--)
		msr(S3_3_C9_C12_4, 1);
	return mrs(S3_3_C14_C8_0);
}

static void counters(void)
{
	uint64_t a, b;

	if (!field(mrs(id_aa64dfr0_el1), 8))
		return;
	msr(S3_3_C9_C12_0, 7);		  /* PMCR_EL0: E, P, C */
	msr(S3_3_C14_C12_0, 0);		  /* PMEVTYPER0_EL0: SW_INCR */
	msr(S3_3_C9_C12_1, 1 | 1u << 31); /* PMCNTENSET_EL0 */
	tell("software events", software_events(3));
	msr(S3_3_C14_C12_0, 1u << 31); /* not at EL1 */
	tell("left out at EL1", software_events(3));
	msr(S3_3_C14_C12_0, 0);
	msr(S3_3_C9_C12_2, 1); /* PMCNTENCLR_EL0 */
	tell("switched off", software_events(3));
	msr(S3_3_C9_C12_1, 1);
	a = mrs(S3_3_C9_C13_0);
	spin();
	b = mrs(S3_3_C9_C13_0);
	tell("cycles go on", b > a);
	msr(S3_3_C14_C15_7, 1u << 31); /* PMCCFILTR_EL0: not at EL1 */
	a = mrs(S3_3_C9_C13_0);
	spin();
	tell("cycles left out at EL1", mrs(S3_3_C9_C13_0) - a < 100000);
	msr(S3_3_C14_C15_7, 0);
	gic_on();
	gic_enable(PMU_IRQ, true);
	msr(S3_0_C9_C14_1, 1); /* PMINTENSET_EL1 */
	msr(S3_3_C14_C8_0, 0xfffffffe);
	tell("before overflow", software_events(1));
	tell("not pending", gic_pending(PMU_IRQ));
	tell("overflow", software_events(1));
	tell("flags", mrs(S3_3_C9_C14_3) & 0x7fffffff);
	tell("pending", gic_pending(PMU_IRQ));
	asm volatile("msr daifclr, #2\n isb");
	spin();
	asm volatile("msr daifset, #2\n isb");
	tell("interrupts", interrupts);
	tell("not pending any more", gic_pending(PMU_IRQ));
}

int main(void)
{
	exc_hook = on_exception;
	wait_for_listener();
	vectors();
	pointers();
	atomics();
	privileges();
	counters();
	newer();
	nmi();
	return 0;
}

void secondary_main(uint64_t arg)
{
}
