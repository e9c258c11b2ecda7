/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Extensions of Armv8.6 to 8.8: copies and fills by one instruction, waits with
 * an end, clocks that synchronise themselves, TLBIs that do not wait for slow
 * accesses, wide event counters.
 */
#include "features.h"

void use_copy(void *to, const void *from, uint64_t n);
void use_copy_forward(void *to, const void *from, uint64_t n);
void use_fill(void *to, uint64_t byte, uint64_t n);
uint64_t use_hinted_branch(uint64_t n);
void use_wfit(uint64_t until);
void use_wfet(uint64_t until);
void use_nxs(uint64_t page);

#define ROOM 20000

static uint8_t source[ROOM], target[ROOM];

static uint64_t sum_of(const uint8_t *p)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < ROOM; i++)
		sum = sum * 31 + p[i];
	return sum;
}

static void copies(void)
{
	for (uint64_t i = 0; i < ROOM; i++)
		source[i] = (uint8_t)(i * 7 + i / 256);
	use_fill(target, 0x5a, ROOM);
	tell("set", sum_of(target));
	use_copy(target + 3, source + 100, 16000);
	tell("cpy", sum_of(target));
	use_copy(target + 500, target + 3, 15000); /* overlapping */
	tell("cpy backward", sum_of(target));
	use_copy_forward(target + 1, source, 19999);
	tell("cpyf", sum_of(target));
}

/* Each of the three is between its neighbours. */
static void clocks(void)
{
	uint64_t a, b, c, bad = 0;

	for (int i = 0; i < 200; i++) {
		a = mrs(S3_3_C14_C0_5); /* CNTPCTSS_EL0 */
		b = mrs(S3_3_C14_C0_6); /* CNTVCTSS_EL0 */
		c = mrs(S3_3_C14_C0_5);
		bad += a > b || b > c;
	}
	tell("self-synchronised clocks out of order", bad);
}

static void waits(void)
{
	uint64_t until = mrs(cntvct_el0) + mrs(cntfrq_el0) / 1000;

	use_wfit(until);
	tell("wfit", 0);
	use_wfet(until);
	tell("wfet", 0);
}

static void wide_counters(void)
{
	msr(S3_3_C9_C12_0, 7 | 1 << 7); /* PMCR_EL0: LP */
	tell("pmcr", mrs(S3_3_C9_C12_0) & 0xff);
	msr(S3_3_C14_C12_0, 0);
	msr(S3_3_C9_C12_1, 1);
	msr(S3_3_C14_C8_0, 0xffffffff);
	msr(S3_3_C9_C12_4, 1); /* PMSWINC_EL0 */
	tell("beyond 32 bits", mrs(S3_3_C14_C8_0));
	msr(S3_3_C9_C12_2, 1);
	msr(S3_3_C9_C12_0, 0);
}

void newer(void)
{
	uint64_t isar1 = mrs(id_aa64isar1_el1), isar2 = mrs(S3_0_C0_C6_2);
	uint64_t pmu = field(mrs(id_aa64dfr0_el1), 8);

	if (field(isar2, 16))
		copies();
	if (field(isar2, 20))
		tell("hinted branches", use_hinted_branch(10));
	if (field(mrs(id_aa64mmfr0_el1), 60))
		clocks();
	if (field(isar2, 0))
		waits();
	if (field(isar1, 56)) {
		use_nxs((uint64_t)target >> 12);
		tell("nxs", 0);
	}
	if (pmu >= 6 && pmu != 15)
		wide_counters();
}
