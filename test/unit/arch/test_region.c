/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* What lies around an address, in tables built here: 4K, 48 bits each half. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bits.h"
#include "region.h"

#define TABLES 8
#define LOW 0x40000000u /* of the lower half, then its others */
#define HIGH 0x40001000u
#define UPPER UINT64_C(0xffff000000000000)

#define TABLE 3u
#define PAGE UINT64_C(0x403)
#define BLOCK UINT64_C(0x401)
#define READ_ONLY BIT(7)
#define NO_EXEC (BIT(53) | BIT(54))

static uint64_t table[TABLES][512];

int stage1_read_desc(void *ctx, uint64_t ipa, uint64_t *desc)
{
	if (ipa - LOW >= sizeof(table))
		return -EIO;
	memcpy(desc, (uint8_t *)table + (ipa - LOW), 8);
	return 0;
}

static struct stage1_regime regime;

/* Tables 2, 3 and 4 are levels 1 to 3 of the first 2 MiB of both halves. */
static int setup(void **state)
{
	memset(table, 0, sizeof(table));
	regime = (struct stage1_regime){
		.sctlr = 1,
		.tcr = 16 | 16 << 16 | UINT64_C(2) << 30 | UINT64_C(5) << 32,
		.ttbr0 = LOW,
		.ttbr1 = HIGH,
		.pa_bits = 48,
	};
	table[0][0] = table[1][0] = (LOW + 0x2000) | TABLE;
	table[2][0] = (LOW + 0x3000) | TABLE;
	table[3][0] = (LOW + 0x4000) | TABLE;
	return 0;
}

static void is(uint64_t va, uint64_t start, uint64_t size, const char *rights)
{
	struct target_region r;

	region_find(&regime, va, NULL, &r);
	assert_int_equal(r.start, start);
	assert_int_equal(r.size, size);
	assert_int_equal(r.mapped, *rights != 0);
	assert_int_equal(r.writable, strchr(rights, 'w') != NULL);
	assert_int_equal(r.executable, strchr(rights, 'x') != NULL);
}

static void pages_with_the_same_rights_are_one(void **state)
{
	for (unsigned int i = 3; i < 9; i++)
		table[4][i] = 0x80000000u | i * 8192 | PAGE;
	table[4][9] = 0x90000000u | PAGE | READ_ONLY;
	table[4][10] = 0x90000000u | PAGE | NO_EXEC;
	table[4][11] = 0x90000000u | PAGE | READ_ONLY | BIT(54);
	table[4][12] = 0x90000000u | PAGE | READ_ONLY | NO_EXEC;
	is(0, 0, 0x3000, "");
	is(0x3000, 0x3000, 0x6000, "rwx");
	is(0x5fff, 0x5000, 0x4000, "rwx");
	is(0x9000, 0x9000, 0x1000, "rx");
	is(0xa123, 0xa000, 0x1000, "rw");
	is(0xb000, 0xb000, 0x1000, "rx"); /* EL1 may execute it */
	is(0xc000, 0xc000, 0x1000, "r");
	is(UPPER + 0x3000, UPPER + 0x3000, 0x6000, "rwx");
}

static void a_block_and_what_follows_it_are_one(void **state)
{
	table[3][1] = 0x80000000u | BLOCK;
	table[3][2] = 0x80200000u | BLOCK;
	table[2][1] = 0xc0000000u | BLOCK;
	is(0x201000, 0x201000, 0x3ff000, "rwx");
	is(0x600000, 0x600000, 0x3fa00000, "");
	is(0x40000000, 0x40000000, 0x40000000, "rwx");
}

static void a_long_stretch_comes_in_several(void **state)
{
	struct target_region r;

	for (unsigned int i = 0; i < 512; i++) {
		table[4][i] = 0x80000000u | i << 12 | PAGE;
		table[3][i] = (LOW + 0x4000) | TABLE;
	}
	region_find(&regime, 0, NULL, &r);
	assert_int_equal(r.size, 1024 * 4096);
}

static void gaps_end_at_the_windows_and_between_the_halves(void **state)
{
	uint64_t window = UINT64_C(1) << 48;

	table[0][0] = table[1][0] = 0;
	is(0, 0, TARGET_WINDOW_PHYS, "");
	is(TARGET_WINDOW_PHYS, TARGET_WINDOW_PHYS, window, "rw");
	is(TARGET_WINDOW_PHYS + 0x12345, TARGET_WINDOW_PHYS, window, "rw");
	is(TARGET_WINDOW_PHYS + window, TARGET_WINDOW_PHYS + window, window,
	   "");
	is(TARGET_WINDOW_LIVE, TARGET_WINDOW_LIVE, window, "rw");
	is(TARGET_WINDOW_LIVE + window, TARGET_WINDOW_LIVE + window, 0, "");
	is(~UINT64_C(0), ~UINT64_C(0xfff), 0, "");
}

static void one_after_the_other_they_reach_the_end(void **state)
{
	uint64_t at = 0;
	unsigned int n = 0, mapped = 0;

	table[4][7] = 0x80000000u | PAGE;
	do {
		struct target_region r;

		region_find(&regime, at, NULL, &r);
		assert_int_equal(r.start, at);
		mapped += r.mapped;
		at = r.size ? r.start + r.size : 0;
		assert_true(++n < 1000);
	} while (at);
	assert_int_equal(mapped, 3 + 2);
}

static void with_the_mmu_off_all_is_mapped(void **state)
{
	struct target_region r;

	regime.sctlr = 0;
	region_find(&regime, 0x1234, NULL, &r);
	assert_true(r.mapped && r.writable && r.executable);
	assert_true(r.size >= UINT64_C(1) << 40);
}

static void tables_that_cannot_be_read_are_gaps(void **state)
{
	regime.ttbr0 = 0x123456000;
	is(0, 0, TARGET_WINDOW_PHYS, "");
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pages_with_the_same_rights_are_one),
		T(a_block_and_what_follows_it_are_one),
		T(a_long_stretch_comes_in_several),
		T(gaps_end_at_the_windows_and_between_the_halves),
		T(one_after_the_other_they_reach_the_end),
		T(with_the_mmu_off_all_is_mapped),
		T(tables_that_cannot_be_read_are_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
