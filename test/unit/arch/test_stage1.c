/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The stage-1 walk over tables built here, by granule and address size. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bits.h"
#include "stage1.h"

/* Sparse memory: the descriptors that were written; all others read as 0. */
struct memory {
	struct {
		uint64_t addr, desc;
	} word[64];
	unsigned int words;
	uint64_t bad; /* reading here fails */
	unsigned int reads;
};

int stage1_read_desc(void *ctx, uint64_t ipa, uint64_t *desc)
{
	struct memory *m = ctx;

	assert_int_equal(ipa & 7, 0);
	m->reads++;
	if (ipa == m->bad)
		return -EIO;
	*desc = 0;
	for (unsigned int i = 0; i < m->words; i++) {
		if (m->word[i].addr == ipa)
			*desc = m->word[i].desc;
	}
	return 0;
}

static void put(struct memory *m, uint64_t addr, uint64_t desc)
{
	assert_true(m->words < ARRAY_SIZE(m->word));
	m->word[m->words].addr = addr;
	m->word[m->words++].desc = desc;
}

#define MAIR UINT64_C(0x000000000044ff04) /* nGnRE, WB, NC */
#define PAGE UINT64_C(0x407)		  /* valid page, AF, AttrIndx 1 */
#define BLOCK UINT64_C(0x405)
#define TABLE UINT64_C(3)

/* Both halves of 48 bits, 4K, 48-bit PA; a TTBR for each. */
static struct stage1_regime regime_4k(void)
{
	return (struct stage1_regime){
		.sctlr = 1,
		.tcr = 16 | 16 << 16 | UINT64_C(2) << 30 | UINT64_C(5) << 32,
		.ttbr0 = 0x40000000,
		.ttbr1 = 0x50000000 | UINT64_C(0x55) << 48 | 1,
		.mair = MAIR,
		.pa_bits = 48,
	};
}

static void walks_to(const struct stage1_regime *r, struct memory *m,
		     uint64_t va, uint64_t pa, uint64_t left, int level)
{
	struct stage1_result res;

	assert_int_equal(stage1_walk(r, va, m, &res), 0);
	assert_int_equal(res.fault, STAGE1_OK);
	assert_int_equal(res.pa, pa);
	assert_int_equal(res.left, left);
	assert_int_equal(res.level, level);
}

static void faults(const struct stage1_regime *r, struct memory *m, uint64_t va,
		   enum stage1_fault f, int level, uint64_t at)
{
	struct stage1_result res;

	assert_int_equal(stage1_walk(r, va, m, &res), -EFAULT);
	assert_int_equal(res.fault, f);
	assert_int_equal(res.level, level);
	if (at)
		assert_int_equal(res.path[res.depth - 1], at);
	else
		assert_int_equal(res.depth, 0);
}

static void test_4k_four_levels(void **state)
{
	struct stage1_regime r = regime_4k();
	struct memory m = {.bad = ~UINT64_C(0)};
	uint64_t va = 0x8080604567; /* indices 1, 2, 3, 4 */
	struct stage1_result res;

	put(&m, 0x40000008, 0x41000000 | TABLE);
	put(&m, 0x41000010, 0x42000000 | TABLE);
	put(&m, 0x42000018, 0x43000000 | TABLE);
	put(&m, 0x43000020, 0x800001234000 | PAGE);
	put(&m, 0x42000020, 0x12200000 | BLOCK);
	put(&m, 0x41000018, 0xc0000000 | BLOCK);
	walks_to(&r, &m, va, 0x800001234567, 0xa99, 3);
	walks_to(&r, &m, va + (1 << 21), 0x12200000 | 0x4567, 0x200000 - 0x4567,
		 2);
	walks_to(&r, &m, va + (1 << 30), 0xc0000000 | 0x604567,
		 0x40000000 - 0x604567, 1);
	/* The tables on the way, for whoever wants to watch them. */
	assert_int_equal(stage1_walk(&r, va, &m, &res), 0);
	assert_int_equal(res.depth, 4);
	assert_int_equal(res.path[0], 0x40000008);
	assert_int_equal(res.path[1], 0x41000010);
	assert_int_equal(res.path[2], 0x42000018);
	assert_int_equal(res.path[3], 0x43000020);
	assert_int_equal(res.desc, 0x800001234000 | PAGE);
	/* And where it stops. */
	faults(&r, &m, va + 0x1000, STAGE1_TRANSLATION, 3, 0x43000028);
	faults(&r, &m, va + (2 << 21), STAGE1_TRANSLATION, 2, 0x42000028);
	faults(&r, &m, va + (UINT64_C(2) << 30), STAGE1_TRANSLATION, 1,
	       0x41000020);
	faults(&r, &m, 0, STAGE1_TRANSLATION, 0, 0x40000000);
	m.bad = 0x42000018;
	faults(&r, &m, va, STAGE1_EXTERNAL, 2, 0x42000018);
}

static void test_upper_half_and_range(void **state)
{
	struct stage1_regime r = regime_4k();
	struct memory m = {.bad = ~UINT64_C(0)};

	put(&m, 0x50000ff8, 0x51000000 | TABLE);
	put(&m, 0x51000ff8, 0xc0000000 | BLOCK);
	walks_to(&r, &m, 0xffffffffc0000010, 0xc0000010, 0x3ffffff0, 1);
	/* Just below the upper half, and in the hole. */
	faults(&r, &m, 0xfffeffffc0000010, STAGE1_TRANSLATION, 0, 0);
	faults(&r, &m, 0x0001000000000000, STAGE1_TRANSLATION, 0, 0);
	/* A tag is a fault without TBI, and nothing with it. */
	faults(&r, &m, 0x12ffffffc0000010, STAGE1_TRANSLATION, 0, 0);
	r.tcr |= BIT(38);
	put(&m, 0x40000000, 0x52000000 | TABLE);
	put(&m, 0x52000000, 0x80000000 | BLOCK);
	walks_to(&r, &m, 0x12ffffffc0000010, 0xc0000010, 0x3ffffff0, 1);
	faults(&r, &m, 0x1200000000000010, STAGE1_TRANSLATION, 0, 0);
	r.tcr |= BIT(37);
	walks_to(&r, &m, 0x1200000000000010, 0x80000010, 0x3ffffff0, 1);
	/* Bits 55:48 still count. */
	faults(&r, &m, 0x1201000000000010, STAGE1_TRANSLATION, 0, 0);
	/* EPD */
	r.tcr |= BIT(7);
	faults(&r, &m, 0x10, STAGE1_TRANSLATION, 0, 0);
	walks_to(&r, &m, 0xffffffffc0000010, 0xc0000010, 0x3ffffff0, 1);
	r.tcr |= BIT(23);
	faults(&r, &m, 0xffffffffc0000010, STAGE1_TRANSLATION, 0, 0);
}

/*
 * For each granule and each size of the address space: one page at the highest
 * address, through tables at 1M, 2M...; the levels must be as the Arm ARM says.
 */
static void every_size(unsigned int shift, uint64_t tg0, uint64_t tg1,
		       unsigned int max_bits, bool upper)
{
	for (unsigned int bits = 25; bits <= max_bits; bits++) {
		unsigned int stride = shift - 3, levels = 0, low = shift;
		struct stage1_regime r = regime_4k();
		struct memory m = {.bad = ~UINT64_C(0)};
		uint64_t last = BIT(bits) - 1, va, table = 0x100000;
		uint64_t page = UINT64_C(0xabcdef) << shift;

		while (low < bits) {
			levels++;
			low += stride;
		}
		r.tcr = (64 - bits) | (64 - bits) << 16 | tg0 << 14 |
			tg1 << 30 | UINT64_C(6) << 32;
		r.lva = r.lpa2_4k = r.lpa2_16k = bits > 48;
		r.pa_bits = bits > 48 ? 52 : 48;
		if (bits > 48 && shift != 16)
			r.tcr |= BIT(59);
		r.ttbr0 = r.ttbr1 = table;
		for (unsigned int l = levels; l-- > 0;) {
			unsigned int at = shift + l * stride;
			uint64_t index = (last >> at) & (BIT(stride) - 1);

			put(&m, table + index * 8,
			    l ? (table + 0x100000) | TABLE : page | PAGE);
			table += 0x100000;
		}
		va = upper ? ~UINT64_C(0) : last;
		r.ttst = true;
		walks_to(&r, &m, va, page | (BIT(shift) - 1), 1, 3);
		assert_int_equal(m.reads, levels);
		faults(&r, &m, va ^ BIT(bits - 1), STAGE1_TRANSLATION,
		       4 - (int)levels,
		       0x100000 + ((last ^ BIT(bits - 1)) >>
				   (shift + (levels - 1) * stride)) *
					  8);
		if (bits < 55)
			faults(&r, &m, va ^ BIT(bits), STAGE1_TRANSLATION, 0,
			       0);
	}
}

static void test_every_size_4k(void **state)
{
	every_size(12, 0, 2, 52, false);
	every_size(12, 0, 2, 52, true);
}

static void test_every_size_16k(void **state)
{
	every_size(14, 2, 1, 52, false);
	every_size(14, 2, 1, 52, true);
}

static void test_every_size_64k(void **state)
{
	every_size(16, 1, 3, 52, false);
	every_size(16, 1, 3, 52, true);
}

static void test_size_limits(void **state)
{
	struct stage1_regime r = regime_4k();
	struct memory m = {.bad = ~UINT64_C(0)};

	/* T0SZ 12 without LPA2 faults; with it, but DS clear, too. */
	r.tcr = 12 | UINT64_C(5) << 32;
	faults(&r, &m, 0, STAGE1_TRANSLATION, 0, 0);
	r.lpa2_4k = true;
	faults(&r, &m, 0, STAGE1_TRANSLATION, 0, 0);
	r.tcr |= BIT(59);
	faults(&r, &m, 0, STAGE1_TRANSLATION, -1, 0x40000000);
	/* T0SZ 45 without small tables is 39: level 2 is the first. */
	r = regime_4k();
	r.tcr = 45 | UINT64_C(5) << 32;
	faults(&r, &m, 0x1000000, STAGE1_TRANSLATION, 2, 0x40000040);
	r.ttst = true;
	faults(&r, &m, 0x1000000, STAGE1_TRANSLATION, 0, 0);
	faults(&r, &m, 0x3000, STAGE1_TRANSLATION, 3, 0x40000018);
}

static void test_wide_addresses(void **state)
{
	struct stage1_regime r = regime_4k();
	struct memory m = {.bad = ~UINT64_C(0)};

	/* 64K with LPA: bits 51:48 in 15:12 of a descriptor, 5:2 of TTBR. */
	r.pa_bits = 52;
	r.tcr = 22 | UINT64_C(1) << 14 | UINT64_C(6) << 32; /* 42 bits */
	r.ttbr0 = 0x40000000 | 0x5 << 2;
	put(&m, 0x0005000040000000, 0x50000000 | 0x3 << 12 | TABLE);
	put(&m, 0x0003000050000000, 0x60000000 | 0x7 << 12 | PAGE);
	walks_to(&r, &m, 0x1234, 0x0007000060001234, 0xedcc, 3);
	/* A core with 48 bits takes no notice of them. */
	r.pa_bits = 48;
	faults(&r, &m, 0x1234, STAGE1_TRANSLATION, 2, 0x40000000);
	/* LPA2: bits 51:50 in 9:8, 49:48 where they are. */
	r = regime_4k();
	r.pa_bits = 52;
	r.lpa2_4k = true;
	r.tcr = 34 | UINT64_C(6) << 32 | BIT(59); /* 30 bits: level 2 first */
	r.ttbr0 = 0x40000000 | 0xa << 2;
	put(&m, 0x000a000040000000, 0x0002000050000000 | 3 << 8 | TABLE);
	put(&m, 0x000e000050000008, 0x0001000070000000 | 2 << 8 | PAGE);
	walks_to(&r, &m, 0x1234, 0x0009000070000234, 0xdcc, 3);
}

static void test_blocks_by_level(void **state)
{
	static const struct {
		unsigned int t0sz;
		uint64_t tg0;
		bool ds, pa52;
		int level;
		bool ok;
	} row[] = {
		{16, 0, false, false, 0, false},
		{16, 0, true, true, 0, true},
		{12, 0, true, true, -1, false},
		{25, 0, false, false, 1, true},
		{34, 0, false, false, 2, true},
		{16, 2, false, false, 0, false},
		{17, 2, false, false, 1, false},
		{17, 2, true, true, 1, true},
		{28, 2, false, false, 2, true},
		{16, 1, false, false, 1, false},
		{16, 1, false, true, 1, true},
		{22, 1, false, false, 2, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct stage1_regime r = regime_4k();
		struct memory m = {.bad = ~UINT64_C(0)};

		r.tcr = row[i].t0sz | row[i].tg0 << 14 | UINT64_C(5) << 32 |
			(row[i].ds ? BIT(59) : 0);
		r.lpa2_4k = r.lpa2_16k = row[i].ds;
		r.pa_bits = row[i].pa52 ? 52 : 48;
		put(&m, 0x40000000, BLOCK);
		if (row[i].ok) {
			struct stage1_result res;

			assert_int_equal(stage1_walk(&r, 0x10, &m, &res), 0);
			assert_int_equal(res.level, row[i].level);
			assert_int_equal(res.pa, 0x10);
		} else {
			faults(&r, &m, 0x10, STAGE1_TRANSLATION, row[i].level,
			       0x40000000);
		}
	}
}

static void test_attributes(void **state)
{
	struct stage1_regime r = regime_4k();
	struct stage1_result res;
	struct memory m = {.bad = ~UINT64_C(0)};
	uint64_t *table, *leaf;

	r.tcr = 34 | UINT64_C(5) << 32;
	put(&m, 0x40000000, 0x50000000 | TABLE);
	put(&m, 0x50000000, 0);
	table = &m.word[0].desc;
	leaf = &m.word[1].desc;

	*leaf = PAGE | BIT(6);
	assert_int_equal(stage1_walk(&r, 0, &m, &res), 0);
	assert_true(res.el0 && !res.read_only && !res.uxn && !res.pxn &&
		    !res.ng);
	assert_int_equal(res.attr, 0xff);
	*leaf = (PAGE & ~BIT(2)) | BIT(7) | BIT(11) | BIT(53) | BIT(54);
	assert_int_equal(stage1_walk(&r, 0, &m, &res), 0);
	assert_true(!res.el0 && res.read_only && res.uxn && res.pxn && res.ng);
	assert_int_equal(res.attr, 0x04);
	/* Writable once it is written: DBM, where hardware does that. */
	*leaf = PAGE | BIT(7) | BIT(51);
	assert_int_equal(stage1_walk(&r, 0, &m, &res), 0);
	assert_true(res.read_only);
	r.tcr |= BIT(40);
	assert_int_equal(stage1_walk(&r, 0, &m, &res), 0);
	assert_false(res.read_only);
	/* Limits from the table above, unless HPD0. */
	*table |= GENMASK(62, 59);
	*leaf = PAGE | BIT(6);
	assert_int_equal(stage1_walk(&r, 0, &m, &res), 0);
	assert_true(!res.el0 && res.read_only && res.uxn && res.pxn);
	r.tcr |= BIT(41);
	assert_int_equal(stage1_walk(&r, 0, &m, &res), 0);
	assert_true(res.el0 && !res.read_only && !res.uxn && !res.pxn);
	/* Access flag; a reserved leaf; address size. */
	*leaf = PAGE & ~BIT(10);
	faults(&r, &m, 0, STAGE1_ACCESS_FLAG, 3, 0x50000000);
	r.tcr |= BIT(39);
	walks_to(&r, &m, 0, 0, 0x1000, 3);
	*leaf = BLOCK;
	faults(&r, &m, 0, STAGE1_TRANSLATION, 3, 0x50000000);
	r.pa_bits = 40;
	*leaf = PAGE | BIT(40);
	faults(&r, &m, 0, STAGE1_ADDRESS_SIZE, 3, 0x50000000);
	*table |= BIT(41);
	faults(&r, &m, 0, STAGE1_ADDRESS_SIZE, 2, 0x40000000);
	r.ttbr0 |= BIT(45);
	faults(&r, &m, 0, STAGE1_ADDRESS_SIZE, 0, 0);
}

static void test_big_endian_tables(void **state)
{
	struct stage1_regime r = regime_4k();
	struct memory m = {.bad = ~UINT64_C(0)};

	r.sctlr |= BIT(25);
	r.tcr = 25 | UINT64_C(5) << 32;
	put(&m, 0x40000008, __builtin_bswap64(0x80000000 | BLOCK));
	walks_to(&r, &m, 0x40000000, 0x80000000, 0x40000000, 1);
}

static void test_mmu_off_is_flat(void **state)
{
	struct stage1_regime r = regime_4k();
	struct memory m = {.bad = ~UINT64_C(0)};
	struct stage1_result res;

	r.sctlr = 0;
	assert_int_equal(stage1_walk(&r, 0x9000000, &m, &res), 0);
	assert_int_equal(res.pa, 0x9000000);
	assert_int_equal(res.left, BIT(48) - 0x9000000);
	assert_int_equal(res.attr, 0);
	assert_int_equal(res.depth, 0);
	faults(&r, &m, BIT(48), STAGE1_ADDRESS_SIZE, 0, 0);
	faults(&r, &m, 0x1200000009000000, STAGE1_ADDRESS_SIZE, 0, 0);
	r.tcr |= BIT(37);
	walks_to(&r, &m, 0x1200000009000000, 0x9000000, BIT(48) - 0x9000000, 0);
	r.sctlr = 1;
	r.dc = true;
	assert_int_equal(stage1_walk(&r, 0x10, &m, &res), 0);
	assert_int_equal(res.attr, 0xff);
	assert_int_equal(m.reads, 0);
}

static void test_texts(void **state)
{
	assert_string_equal(stage1_fault_text(STAGE1_TRANSLATION, 3),
			    "stage 1 level 3 translation fault");
	assert_string_equal(stage1_fault_text(STAGE1_ADDRESS_SIZE, -1),
			    "stage 1 level -1 address size fault");
	assert_string_equal(stage1_fault_text(STAGE1_EXTERNAL, 4),
			    "stage 1 fault");
	assert_string_equal(stage1_fault_text(STAGE1_OK, 0), "no fault");
	assert_int_equal(stage1_fault_fsc(STAGE1_TRANSLATION, 2), 0x06);
	assert_int_equal(stage1_fault_fsc(STAGE1_TRANSLATION, -1), 0x2b);
	assert_int_equal(stage1_fault_fsc(STAGE1_ACCESS_FLAG, 3), 0x0b);
	assert_int_equal(stage1_fault_fsc(STAGE1_EXTERNAL, 1), 0x15);
	assert_true(stage1_attr_is_device(0x0c));
	assert_false(stage1_attr_is_device(0x44));
	assert_false(stage1_attr_is_cacheable(0x44));
	assert_true(stage1_attr_is_cacheable(0xff));
	assert_false(stage1_attr_is_cacheable(0x04));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4k_four_levels),
		cmocka_unit_test(test_upper_half_and_range),
		cmocka_unit_test(test_every_size_4k),
		cmocka_unit_test(test_every_size_16k),
		cmocka_unit_test(test_every_size_64k),
		cmocka_unit_test(test_size_limits),
		cmocka_unit_test(test_wide_addresses),
		cmocka_unit_test(test_blocks_by_level),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_big_endian_tables),
		cmocka_unit_test(test_mmu_off_is_flat),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
