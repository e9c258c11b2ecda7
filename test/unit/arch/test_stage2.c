/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Stage-2 tables against a walker of the test's own, which knows VTCR_EL2 and
 * the root only, and against a flat model under random changes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bits.h"
#include "stage2.h"

/* ---- the independent walker ---------------------------------------------- */

struct walked {
	bool mapped;
	uint64_t pa, desc;
	int level;
};

static struct walked hardware_walk(uint64_t vtcr, uint64_t root, uint64_t ipa)
{
	struct walked w = {0};
	unsigned int tg0 = vtcr >> 14 & 3, sl0 = vtcr >> 6 & 3;
	unsigned int page = tg0 == 0 ? 12 : tg0 == 1 ? 16 : 14;
	unsigned int per = page - 3, ia = 64 - (vtcr & 63);
	int level = tg0 == 0 ? 2 - (int)sl0 : 3 - (int)sl0;
	uint64_t table = root, index;

	assert_int_equal(ipa >> ia, 0);
	/* Initial lookup: at most 16 concatenated tables, at least one bit. */
	index = ipa >> (page + per * (3 - level));
	assert_in_range(ia - (page + per * (3 - level)), 1, per + 4);
	for (;;) {
		unsigned int low = page + per * (3 - level);

		w.level = level;
		w.desc = ((uint64_t *)(uintptr_t)table)[index];
		if (!(w.desc & 1))
			return w;
		if (level == 3 || !(w.desc & 2)) {
			/* A block only where the granule has them. */
			assert_true(level != 3 || (w.desc & 2));
			assert_true(level >= 2 || (level == 1 && page == 12));
			w.mapped = true;
			assert_int_equal(
				w.desc & GENMASK(47, 12) & (BIT(low) - 1), 0);
			w.pa = (w.desc & GENMASK(47, 12)) +
			       (ipa & (BIT(low) - 1));
			return w;
		}
		table = w.desc & GENMASK(47, 12);
		assert_int_equal(table & (BIT(page) - 1), 0);
		level++;
		index = ipa >> (low - per) & (BIT(per) - 1);
	}
}

/* ---- a tree and its memory -------------------------------------------------
 */

struct fixture {
	void *memory, *root;
	struct stage2_pool pool;
	struct stage2 s;
	uint64_t vtcr;
	struct stage2_change change[64];
	struct stage2_log log;
};

static void setup(struct fixture *f, unsigned int shift, unsigned int ia_bits,
		  unsigned int pages)
{
	uint64_t root = stage2_root_size(shift, ia_bits);
	size_t size = (size_t)pages << shift;

	f->memory = aligned_alloc(BIT(shift), size);
	f->root = aligned_alloc(root, root);
	assert_non_null(f->memory);
	assert_non_null(f->root);
	stage2_pool_init(&f->pool, shift, (uintptr_t)f->memory,
			 (uintptr_t)f->memory + size);
	assert_int_equal(stage2_init(&f->s, shift, ia_bits, (uintptr_t)f->root,
				     &f->pool),
			 0);
	f->vtcr = stage2_vtcr(&f->s, 48);
	f->log = (struct stage2_log){f->change, 0, ARRAY_SIZE(f->change)};
}

static void teardown(struct fixture *f)
{
	free(f->memory);
	free(f->root);
}

/* What the privileged caller does; every entry is as the log thinks. */
static void apply(struct fixture *f)
{
	for (size_t i = 0; i < f->log.count; i++) {
		struct stage2_change *c = &f->log.change[i];

		assert_int_equal(*c->entry, c->old);
		assert_int_not_equal(c->old, c->new);
		*c->entry = 0;
		*c->entry = c->new;
	}
	stage2_log_done(&f->s, &f->log);
	assert_int_equal(f->log.count, 0);
}

static struct walked walk(struct fixture *f, uint64_t ipa)
{
	return hardware_walk(f->vtcr, f->s.root, ipa);
}

static void maps(struct fixture *f, uint64_t ipa, uint64_t pa, int level)
{
	struct walked w = walk(f, ipa);

	assert_true(w.mapped);
	assert_int_equal(w.pa, pa);
	assert_int_equal(w.level, level);
}

/* ---- tests -----------------------------------------------------------------
 */

static void test_every_size_and_granule(void **state)
{
	static const unsigned int shifts[] = {12, 14, 16};

	for (size_t i = 0; i < 3; i++) {
		unsigned int shift = shifts[i];

		for (unsigned int ia = 32; ia <= 48; ia++) {
			uint64_t last = BIT(ia) - BIT(shift), mid = BIT(ia - 1);
			struct fixture f;

			setup(&f, shift, ia, 16);
			assert_false(walk(&f, 0).mapped);
			assert_false(walk(&f, last).mapped);
			/* First, last and a middle page, crosswise. */
			assert_int_equal(stage2_map(&f.s, 0, last, BIT(shift),
						    STAGE2_RWX, NULL),
					 0);
			assert_int_equal(stage2_map(&f.s, last, 0, BIT(shift),
						    STAGE2_RWX, NULL),
					 0);
			assert_int_equal(stage2_map(&f.s, mid, mid, BIT(shift),
						    STAGE2_RWX, NULL),
					 0);
			maps(&f, 0x123, last + 0x123, 3);
			maps(&f, last + 8, 8, 3);
			maps(&f, mid, mid, 3);
			assert_false(walk(&f, BIT(shift)).mapped);
			assert_false(walk(&f, mid - 1).mapped);
			assert_false(walk(&f, mid + BIT(shift)).mapped);
			assert_int_equal(stage2_map(&f.s, last, 0,
						    BIT(shift) * 2, STAGE2_RWX,
						    NULL),
					 -EINVAL);
			teardown(&f);
		}
	}
}

static void test_vtcr(void **state)
{
	struct fixture f;

	setup(&f, 12, 40, 1);
	/* RES1, PS 40, 4K, IS, WB WB, SL0 1, T0SZ 24: as KVM has it. */
	assert_int_equal(stage2_vtcr(&f.s, 40), 0x80023558);
	assert_int_equal(stage2_vtcr(&f.s, 52), 0x80053558);
	assert_int_equal(stage2_vtcr(&f.s, 36), 0x80013558);
	assert_int_equal(stage2_root_size(12, 40), 8192);
	teardown(&f);
	setup(&f, 14, 36, 1);
	assert_int_equal(stage2_vtcr(&f.s, 36), 0x8001b55c);
	assert_int_equal(stage2_root_size(14, 36), 16384);
	teardown(&f);
	setup(&f, 12, 48, 1);
	assert_int_equal(stage2_vtcr(&f.s, 48) >> 6 & 3, 2);
	teardown(&f);
}

static void test_refused(void **state)
{
	struct fixture f;
	struct stage2 s;

	setup(&f, 12, 40, 1);
	assert_int_equal(stage2_init(&s, 13, 40, f.s.root, &f.pool), -EINVAL);
	assert_int_equal(stage2_init(&s, 12, 31, f.s.root, &f.pool), -EINVAL);
	assert_int_equal(stage2_init(&s, 12, 49, f.s.root, &f.pool), -EINVAL);
	assert_int_equal(stage2_init(&s, 14, 40, f.s.root, &f.pool), -EINVAL);
	assert_int_equal(stage2_init(&s, 12, 40, f.s.root + 4096, &f.pool),
			 -EINVAL);
	assert_int_equal(stage2_map(&f.s, 1, 0, 4096, STAGE2_RWX, NULL),
			 -EINVAL);
	assert_int_equal(stage2_map(&f.s, 0, 1, 4096, STAGE2_RWX, NULL),
			 -EINVAL);
	assert_int_equal(stage2_map(&f.s, 0, 0, 1, STAGE2_RWX, NULL), -EINVAL);
	assert_int_equal(stage2_map(&f.s, 0, BIT(48), 4096, STAGE2_RWX, NULL),
			 -EINVAL);
	assert_int_equal(
		stage2_map(&f.s, 4096, 0, ~UINT64_C(0xfff), STAGE2_RWX, NULL),
		-EINVAL);
	assert_int_equal(
		stage2_map(&f.s, BIT(63), 0, BIT(63), STAGE2_RWX, NULL),
		-EINVAL);
	assert_int_equal(stage2_merge(&f.s, BIT(40), NULL), -EINVAL);
	/* One page of tables is not enough for level 2 and 3. */
	assert_int_equal(stage2_map(&f.s, 0, 0, 4096, STAGE2_RWX, NULL),
			 -ENOMEM);
	teardown(&f);
}

static void test_attributes(void **state)
{
	static const struct {
		unsigned int attrs;
		uint64_t desc; /* page at 0x1000 */
	} row[] = {
		{STAGE2_RWX, 0x10007ff},
		{STAGE2_RO, 0x100077f},
		{STAGE2_XO, 0x100073f},
		{STAGE2_READ, 0x4000000100077f},
		{STAGE2_DEVICE, 0x400000010007c7},
		{STAGE2_READ | STAGE2_WRITE | STAGE2_DEVICE_nGnRnE,
		 0x400000010007c3},
		{STAGE2_RWX | STAGE2_NC, 0x10007d7},
		{STAGE2_RWX | STAGE2_SW(0) | STAGE2_SW(3), 0x4800000010007ff},
	};
	struct fixture f;

	setup(&f, 12, 40, 4);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct stage2_entry e;

		assert_int_equal(stage2_map(&f.s, 0x5000, 0x1000000, 0x1000,
					    row[i].attrs, NULL),
				 0);
		assert_int_equal(walk(&f, 0x5000).desc, row[i].desc);
		stage2_query(&f.s, 0x5010, NULL, &e);
		assert_int_equal(e.attrs, row[i].attrs);
		assert_int_equal(e.pa, 0x1000010);
		assert_int_equal(e.size, 0x1000);
		assert_int_equal(e.level, 3);
		assert_int_equal(*e.entry, row[i].desc);
	}
	teardown(&f);
}

static void test_largest_blocks(void **state)
{
	struct fixture f;

	setup(&f, 12, 40, 8);
	/* 1G + 2M + 4K from 0x3fffff000 on: page, blocks up, page. */
	assert_int_equal(stage2_map(&f.s, 0x3fdff000, 0x3fdff000,
				    0x1000 + 0x200000 + 0x40000000 + 0x201000,
				    STAGE2_RWX, NULL),
			 0);
	maps(&f, 0x3fdff000, 0x3fdff000, 3);
	maps(&f, 0x3fe00000, 0x3fe00000, 2);
	maps(&f, 0x40000000, 0x40000000, 1);
	maps(&f, 0x7fffffff, 0x7fffffff, 1);
	maps(&f, 0x80000000, 0x80000000, 2);
	maps(&f, 0x80200000, 0x80200000, 3);
	assert_false(walk(&f, 0x80201000).mapped);
	assert_false(walk(&f, 0x3fdfe000).mapped);
	/* Not alike modulo the block size: pages only. */
	assert_int_equal(stage2_map(&f.s, 0x100000000, 0x1000, 0x200000,
				    STAGE2_RWX, NULL),
			 0);
	maps(&f, 0x1001ff000, 0x200000, 3);
	teardown(&f);
	setup(&f, 14, 40, 8);
	assert_int_equal(stage2_map(&f.s, 0, 0, 0x40000000, STAGE2_RWX, NULL),
			 0);
	maps(&f, 0x3fffffff, 0x3fffffff, 2);
	teardown(&f);
	setup(&f, 16, 40, 8);
	assert_int_equal(stage2_map(&f.s, 0, 0, 0x40000000, STAGE2_RWX, NULL),
			 0);
	maps(&f, 0x3fffffff, 0x3fffffff, 2);
	assert_int_equal(f.pool.used, 0);
	teardown(&f);
}

static void test_live_tables_change_only_when_applied(void **state)
{
	struct stage2_entry e;
	struct fixture f;

	setup(&f, 12, 40, 8);
	assert_int_equal(stage2_map(&f.s, 0x40000000, 0x40000000, 0x40000000,
				    STAGE2_RWX, NULL),
			 0);
	assert_int_equal(f.pool.used, 0);
	/* Two pages out of one 1G block: one change, of that block. */
	assert_int_equal(stage2_map(&f.s, 0x40001000, 0x90000000, 0x1000,
				    STAGE2_XO, &f.log),
			 0);
	assert_int_equal(stage2_map(&f.s, 0x40005000, 0x90001000, 0x1000,
				    STAGE2_XO, &f.log),
			 0);
	assert_int_equal(f.log.count, 1);
	assert_int_equal(f.log.change[0].ipa, 0x40000000);
	assert_int_equal(f.log.change[0].size, 0x40000000);
	assert_int_equal(f.log.change[0].level, 1);
	maps(&f, 0x40001000, 0x40001000, 1);
	stage2_query(&f.s, 0x40001000, NULL, &e);
	assert_int_equal(e.level, 1);
	stage2_query(&f.s, 0x40001000, &f.log, &e);
	assert_int_equal(e.level, 3);
	assert_int_equal(e.attrs, STAGE2_XO);
	apply(&f);
	maps(&f, 0x40001000, 0x90000000, 3);
	maps(&f, 0x40005010, 0x90001010, 3);
	maps(&f, 0x40002000, 0x40002000, 3);
	maps(&f, 0x40200000, 0x40200000, 2);
	assert_int_equal(f.pool.used, 2);
	/* Now each is a change of its page alone. */
	assert_int_equal(stage2_map(&f.s, 0x40001000, 0x40001000, 0x1000,
				    STAGE2_RWX, &f.log),
			 0);
	assert_int_equal(f.log.count, 1);
	assert_int_equal(f.log.change[0].level, 3);
	assert_int_equal(f.log.change[0].size, 0x1000);
	/* Changed back before it was applied: nothing to do. */
	assert_int_equal(stage2_map(&f.s, 0x40001000, 0x90000000, 0x1000,
				    STAGE2_XO, &f.log),
			 0);
	assert_int_equal(f.log.count, 0);
	/* Both back, and merged: again one change, and no table is left. */
	assert_int_equal(stage2_map(&f.s, 0x40001000, 0x40001000, 0x1000,
				    STAGE2_RWX, &f.log),
			 0);
	assert_int_equal(stage2_merge(&f.s, 0x40001000, &f.log), 0);
	assert_int_equal(f.log.count, 1);
	assert_int_equal(stage2_map(&f.s, 0x40005000, 0x40005000, 0x1000,
				    STAGE2_RWX, &f.log),
			 0);
	assert_int_equal(stage2_merge(&f.s, 0x40001000, &f.log), 0);
	assert_int_equal(f.log.count, 1);
	assert_int_equal(f.log.change[0].level, 1);
	assert_int_equal(f.pool.used, 2);
	apply(&f);
	assert_int_equal(f.pool.used, 0);
	maps(&f, 0x40001000, 0x40001000, 1);
	teardown(&f);
}

static void test_abort_leaves_no_trace(void **state)
{
	struct fixture f;

	setup(&f, 12, 40, 3);
	assert_int_equal(stage2_map(&f.s, 0x40000000, 0x40000000, 0x80000000,
				    STAGE2_RWX, NULL),
			 0);
	assert_int_equal(
		stage2_map(&f.s, 0x40001000, 0, 0x1000, STAGE2_NONE, &f.log),
		0);
	assert_int_equal(
		stage2_map(&f.s, 0x80001000, 0, 0x1000, STAGE2_NONE, &f.log),
		-ENOMEM);
	stage2_log_abort(&f.s, &f.log);
	assert_int_equal(f.pool.used, 0);
	maps(&f, 0x40001000, 0x40001000, 1);
	maps(&f, 0x80001000, 0x80001000, 1);
	/* A full log. */
	f.log.max = 0;
	assert_int_equal(
		stage2_map(&f.s, 0x40001000, 0, 0x1000, STAGE2_NONE, &f.log),
		-ENOSPC);
	assert_int_equal(f.pool.used, 0);
	teardown(&f);
}

/* A split that a later call in the same log makes void gives its tables back.
 */
static void test_changes_of_mind_in_one_log(void **state)
{
	struct fixture f;

	setup(&f, 12, 40, 8);
	assert_int_equal(stage2_map(&f.s, 0, 0, 0x40000000, STAGE2_RWX, NULL),
			 0);
	/* Split, back and merged: the entry itself is as it was. */
	assert_int_equal(
		stage2_map(&f.s, 0x1000, 0, 0x1000, STAGE2_NONE, &f.log), 0);
	assert_int_equal(f.pool.used, 2);
	assert_int_equal(
		stage2_map(&f.s, 0x1000, 0x1000, 0x1000, STAGE2_RWX, &f.log),
		0);
	assert_int_equal(stage2_merge(&f.s, 0x1000, &f.log), 0);
	assert_int_equal(f.log.count, 0);
	assert_int_equal(f.pool.used, 0);
	/* A split below a live table, then all of it replaced. */
	assert_int_equal(stage2_map(&f.s, 0x1000, 0, 0x1000, STAGE2_NONE, NULL),
			 0);
	assert_int_equal(
		stage2_map(&f.s, 0x400000, 0, 0x1000, STAGE2_NONE, &f.log), 0);
	assert_int_equal(f.log.count, 1);
	assert_int_equal(f.log.change[0].level, 2);
	assert_int_equal(f.pool.used, 3);
	assert_int_equal(stage2_map(&f.s, 0, 0, 0x40000000, STAGE2_RO, &f.log),
			 0);
	assert_int_equal(f.log.count, 1);
	assert_int_equal(f.log.change[0].level, 1);
	assert_int_equal(f.pool.used, 2);
	apply(&f);
	assert_int_equal(f.pool.used, 0);
	maps(&f, 0x400000, 0x400000, 1);
	teardown(&f);
}

static void test_merge_needs_alignment(void **state)
{
	struct fixture f;

	setup(&f, 12, 40, 8);
	assert_int_equal(
		stage2_map(&f.s, 0, 0x1000, 0x200000, STAGE2_RWX, NULL), 0);
	assert_int_equal(stage2_merge(&f.s, 0, NULL), 0);
	maps(&f, 0, 0x1000, 3);
	maps(&f, 0x1ff000, 0x200000, 3);
	teardown(&f);
}

/* RAM page by page: nothing maps or merges it to more; devices have blocks. */
static void test_no_blocks_for_memory(void **state)
{
	struct fixture f;

	setup(&f, 12, 40, 1100);
	f.s.pages = true;
	assert_int_equal(stage2_map(&f.s, 0, 0, BIT(40), STAGE2_DEVICE, NULL),
			 0);
	assert_int_equal(f.pool.used, 0);
	assert_int_equal(stage2_map(&f.s, 0x40001000, 0x40001000, 0x5fe000,
				    STAGE2_RWX, NULL),
			 0);
	maps(&f, 0x40000fff, 0x40000fff, 3);
	maps(&f, 0x40001000, 0x40001000, 3);
	maps(&f, 0x40200000, 0x40200000, 3);
	maps(&f, 0x405fefff, 0x405fefff, 3);
	maps(&f, 0x40600000, 0x40600000, 2);
	assert_int_equal(f.pool.used, 4); /* of level 2, and three of level 3 */
	/* One page and back, by log as when it is live. */
	assert_int_equal(stage2_map(&f.s, 0x40200000, 0x1000, 0x1000, STAGE2_XO,
				    &f.log),
			 0);
	assert_int_equal(f.log.count, 1);
	apply(&f);
	maps(&f, 0x40200000, 0x1000, 3);
	assert_int_equal(stage2_map(&f.s, 0x40200000, 0x40200000, 0x1000,
				    STAGE2_RWX, &f.log),
			 0);
	apply(&f);
	assert_int_equal(stage2_merge(&f.s, 0x40200000, NULL), 0);
	maps(&f, 0x40200000, 0x40200000, 3);
	assert_int_equal(f.pool.used, 4);
	/* What is not memory merges as ever. */
	assert_int_equal(stage2_map(&f.s, 0x40000000, 0x40000000, 0x600000,
				    STAGE2_DEVICE, NULL),
			 0);
	for (uint64_t at = 0x40000000; at < 0x40600000; at += 0x200000)
		assert_int_equal(stage2_merge(&f.s, at, NULL), 0);
	maps(&f, 0x40200000, 0x40200000, 1);
	assert_int_equal(f.pool.used, 0);
	teardown(&f);
}

/*
 * Random maps, unmaps and merges of a window that spans two blocks of the
 * highest level, applied or aborted; every page is compared with a flat array.
 */
#define WINDOW_PAGES 256

struct model {
	uint64_t pa[WINDOW_PAGES];
	unsigned int attrs[WINDOW_PAGES];
};

static uint64_t rnd(uint64_t *x)
{
	*x = *x * 6364136223846793005 + 1442695040888963407;
	return *x >> 33;
}

static void compare(struct fixture *f, const struct model *m, uint64_t base)
{
	for (unsigned int i = 0; i < WINDOW_PAGES; i++) {
		uint64_t ipa = base + ((uint64_t)i << f->s.shift);
		struct walked w = walk(f, ipa);
		struct stage2_entry e;

		stage2_query(&f->s, ipa, NULL, &e);
		assert_int_equal(w.mapped, m->attrs[i] != STAGE2_NONE);
		assert_int_equal(e.attrs, m->attrs[i]);
		if (w.mapped) {
			assert_int_equal(w.pa, m->pa[i]);
			assert_int_equal(e.pa, m->pa[i]);
		}
	}
}

static void change(struct fixture *f, struct model *m, uint64_t base,
		   uint64_t *x, struct stage2_log *log)
{
	static const unsigned int attrs[] = {STAGE2_NONE, STAGE2_RWX,
					     STAGE2_RWX, STAGE2_XO};
	unsigned int first = rnd(x) % WINDOW_PAGES;
	unsigned int n = 1 + rnd(x) % (rnd(x) % 4 ? 4 : WINDOW_PAGES);
	unsigned int a = attrs[rnd(x) % 4];
	uint64_t ipa, pa;

	if (n > WINDOW_PAGES - first)
		n = WINDOW_PAGES - first;
	ipa = base + ((uint64_t)first << f->s.shift);
	pa = rnd(x) % 4 ? ipa : ipa ^ BIT(f->s.shift + 4);
	if (rnd(x) % 4 == 0) {
		assert_int_equal(stage2_merge(&f->s, ipa, log), 0);
		return;
	}
	assert_int_equal(
		stage2_map(&f->s, ipa, pa, (uint64_t)n << f->s.shift, a, log),
		0);
	for (unsigned int i = 0; i < n; i++) {
		m->pa[first + i] = pa + ((uint64_t)i << f->s.shift);
		m->attrs[first + i] = a;
	}
}

static void random_changes(unsigned int shift, bool logged, bool pages)
{
	uint64_t block = BIT(shift + 2 * (shift - 3));
	uint64_t base = block - (BIT(shift) * WINDOW_PAGES / 2);
	uint64_t x = shift, all = pages ? 2 * block : 4 * block;
	static struct model m, before;
	struct fixture f;

	setup(&f, shift, 48, pages ? 64 + 2 * 513 : 64);
	f.s.pages = pages;
	f.log.max = ARRAY_SIZE(f.change);
	assert_int_equal(stage2_map(&f.s, 0, 0, all, STAGE2_RWX, NULL), 0);
	for (unsigned int i = 0; i < WINDOW_PAGES; i++) {
		m.pa[i] = base + ((uint64_t)i << shift);
		m.attrs[i] = STAGE2_RWX;
	}
	for (unsigned int round = 0; round < 400; round++) {
		struct stage2_change big[600];

		f.log = (struct stage2_log){big, 0, ARRAY_SIZE(big)};
		before = m;
		for (unsigned int k = rnd(&x) % 4; k-- > 0;)
			change(&f, &m, base, &x, logged ? &f.log : NULL);
		if (logged) {
			compare(&f, &before, base);
			if (rnd(&x) % 5 == 0) {
				stage2_log_abort(&f.s, &f.log);
				m = before;
			} else {
				apply(&f);
			}
		}
		compare(&f, &m, base);
		maps(&f, base - 1, base - 1, walk(&f, base - 1).level);
		maps(&f, all - 1, all - 1, walk(&f, all - 1).level);
		if (pages && walk(&f, base).mapped)
			assert_int_equal(walk(&f, base).level, 3);
	}
	/* Everything as it was, merged: as many tables as at first. */
	assert_int_equal(stage2_map(&f.s, 0, 0, all, STAGE2_NONE, NULL), 0);
	for (uint64_t at = 0; at < all; at += block)
		assert_int_equal(stage2_merge(&f.s, at, NULL), 0);
	assert_int_equal(f.pool.used, 0);
	assert_false(walk(&f, base).mapped);
	teardown(&f);
}

static void test_random_changes_before_use(void **state)
{
	random_changes(12, false, false);
	random_changes(12, false, true);
	random_changes(14, false, false);
	random_changes(16, false, false);
}

static void test_random_changes_by_log(void **state)
{
	random_changes(12, true, false);
	random_changes(12, true, true);
	random_changes(14, true, false);
	random_changes(16, true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_and_granule),
		cmocka_unit_test(test_vtcr),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_largest_blocks),
		cmocka_unit_test(test_live_tables_change_only_when_applied),
		cmocka_unit_test(test_abort_leaves_no_trace),
		cmocka_unit_test(test_changes_of_mind_in_one_log),
		cmocka_unit_test(test_merge_needs_alignment),
		cmocka_unit_test(test_no_blocks_for_memory),
		cmocka_unit_test(test_random_changes_before_use),
		cmocka_unit_test(test_random_changes_by_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
