/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* breakpoint: the table against a plain list, its limits, and conditions. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_target.h"
#include "stub/breakpoint.h"
#include "stub/strbuf.h"

#define CAPACITY 200
#define ARENA 1000

static struct bp_table t;
static struct target machine;
static struct fake_agent agent = {&machine, 0};

static int setup(void **state)
{
	*state = malloc(bp_table_memory(CAPACITY, ARENA));
	memset(*state, 0xa5, bp_table_memory(CAPACITY, ARENA));
	bp_table_init(&t, *state, CAPACITY, ARENA);
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static struct bp *add(enum bp_kind kind, uint64_t addr, uint64_t len)
{
	struct bp *bp;

	assert_int_equal(bp_insert(&t, kind, addr, len, NULL, 0, &bp), 0);
	return bp;
}

static void finds_by_address_and_kind(void **state)
{
	struct bp *soft = add(BP_SOFTWARE, 0x1000, 4);
	struct bp *hard = add(BP_HARDWARE, 0x1000, 4);
	struct bp *watch = add(BP_WATCH, 0x1000, 8);

	assert_ptr_equal(bp_lookup(&t, BP_MASK(BP_SOFTWARE), 0x1000), soft);
	assert_ptr_equal(bp_lookup(&t, BP_MASK(BP_HARDWARE), 0x1000), hard);
	assert_ptr_equal(bp_lookup(&t, BP_MASK_WATCH, 0x1000), watch);
	assert_null(bp_lookup(&t, BP_MASK_ALL, 0x1004));
	assert_null(bp_find(&t, BP_WATCH, 0x1000, 4));
	assert_ptr_equal(bp_find(&t, BP_WATCH, 0x1000, 8), watch);
}

static void a_removed_one_comes_back_as_itself(void **state)
{
	struct bp *bp = add(BP_SOFTWARE, 0x1000, 4);

	bp_table_commit(&t);
	bp->armed = 7;
	bp_remove(&t, BP_SOFTWARE, 0x1000, 4);
	assert_null(bp_lookup(&t, BP_MASK_ALL, 0x1000));
	assert_int_equal(t.wanted, 0);
	assert_ptr_equal(add(BP_SOFTWARE, 0x1000, 4), bp);
	assert_int_equal(bp->armed, 7);
	assert_int_equal(t.used, 1);
	bp_remove(&t, BP_SOFTWARE, 0x1000, 4);
	bp_remove(&t, BP_SOFTWARE, 0x1000, 4);
	bp_remove(&t, BP_SOFTWARE, 0x2000, 4);
	bp_table_commit(&t);
	assert_int_equal(t.used, 0);
	bp = add(BP_SOFTWARE, 0x1000, 4);
	assert_int_equal(bp->armed, 0);
}

static void tells_what_has_changed(void **state)
{
	struct bp *a = add(BP_SOFTWARE, 0x1000, 4), *b, *i;
	unsigned int n = 0;

	bp_table_commit(&t);
	assert_null(bp_next_changed(&t, NULL));
	b = add(BP_WATCH, 0x2000, 8);
	bp_remove(&t, BP_SOFTWARE, 0x1000, 4);
	for (i = bp_next_changed(&t, NULL); i; i = bp_next_changed(&t, i)) {
		assert_true(i == a || i == b);
		assert_int_equal(i->wanted, i == b);
		n++;
	}
	assert_int_equal(n, 2);
	bp_remove_all(&t);
	bp_table_commit(&t);
	assert_null(bp_next(&t, NULL));
}

static void is_full_at_its_capacity(void **state)
{
	struct bp *bp;
	uint64_t i;

	for (i = 0; i < CAPACITY; i++)
		add(BP_SOFTWARE, i * 4, 4);
	assert_int_equal(bp_insert(&t, BP_SOFTWARE, 0x9999, 4, NULL, 0, &bp),
			 -ENOSPC);
	assert_null(bp);
	bp_remove(&t, BP_SOFTWARE, 40, 4);
	bp_table_commit(&t);
	add(BP_SOFTWARE, 0x9999, 4);
	for (i = 0; i < CAPACITY; i++)
		assert_int_equal(!bp_lookup(&t, BP_MASK_ALL, i * 4), i == 10);
}

static void watches_cover_ranges(void **state)
{
	struct bp *w = add(BP_WATCH, 0x1000, 0x100);
	struct bp *a = add(BP_AWATCH, 0xfffffffffffffff8ull, 8);

	assert_ptr_equal(bp_lookup_watch(&t, BP_MASK_WATCH, 0x1000, 1), w);
	assert_ptr_equal(bp_lookup_watch(&t, BP_MASK_WATCH, 0x10ff, 8), w);
	assert_ptr_equal(bp_lookup_watch(&t, BP_MASK_WATCH, 0xff9, 8), w);
	assert_null(bp_lookup_watch(&t, BP_MASK_WATCH, 0xff8, 8));
	assert_null(bp_lookup_watch(&t, BP_MASK_WATCH, 0x1100, 8));
	assert_null(bp_lookup_watch(&t, BP_MASK(BP_RWATCH), 0x1000, 1));
	assert_ptr_equal(
		bp_lookup_watch(&t, BP_MASK_WATCH, 0xffffffffffffffffull, 1),
		a);
	bp_remove(&t, BP_WATCH, 0x1000, 0x100);
	assert_null(bp_lookup_watch(&t, BP_MASK_WATCH, 0x1000, 1));
	bp_table_commit(&t);
	assert_ptr_equal(bp_next_watch(&t, NULL), a);
	assert_null(bp_next_watch(&t, a));
}

/* Random inserts, removals and commits against an array of what is there. */
static void agrees_with_a_plain_list(void **state)
{
	bool there[128] = {false};
	uint32_t random = 1;
	unsigned int round, i;

	for (round = 0; round < 20000; round++) {
		uint64_t addr;

		random = random * 1664525 + 1013904223;
		i = random >> 20 & 127;
		addr = 0xffff000000000000ull + i % 64 * 0x1000;
		if (random >> 28 < 7) {
			add(i < 64 ? BP_SOFTWARE : BP_WATCH, addr, 4);
			there[i] = true;
		} else if (random >> 28 < 15) {
			bp_remove(&t, i < 64 ? BP_SOFTWARE : BP_WATCH, addr, 4);
			there[i] = false;
		} else {
			bp_table_commit(&t);
			assert_int_equal(t.used, t.wanted);
		}
		for (i = 0; i < 128; i += 1 + round % 7) {
			unsigned int mask =
				i < 64 ? BP_MASK_BREAK : BP_MASK_WATCH;

			addr = 0xffff000000000000ull + i % 64 * 0x1000;
			assert_int_equal(!!bp_lookup(&t, mask, addr), there[i]);
		}
	}
}

static const uint8_t is_true[] = {3, 0, 0x22, 1, 0x27};
static const uint8_t is_false[] = {3, 0, 0x22, 0, 0x27};
static const uint8_t faults[] = {4, 0, 0x22, 0, 0x1a, 0x27};

static struct bp *add_if(uint64_t addr, const uint8_t *a, size_t a_len,
			 const uint8_t *b, size_t b_len)
{
	uint8_t cond[100];
	struct bp *bp;

	memcpy(cond, a, a_len);
	memcpy(cond + a_len, b, b_len);
	assert_int_equal(
		bp_insert(&t, BP_SOFTWARE, addr, 4, cond, a_len + b_len, &bp),
		0);
	return bp;
}

static void any_true_condition_stops(void **state)
{
	STRBUF(why, 100);
	struct bp *bp = add(BP_SOFTWARE, 0x1000, 4);

	assert_true(bp_should_stop(&t, bp, &agent, &why));
	bp = add_if(0x1000, is_false, sizeof(is_false), is_false,
		    sizeof(is_false));
	assert_false(bp_should_stop(&t, bp, &agent, &why));
	bp = add_if(0x1000, is_false, sizeof(is_false), is_true,
		    sizeof(is_true));
	assert_true(bp_should_stop(&t, bp, &agent, &why));
	assert_int_equal(why.len, 0);
	bp = add_if(0x1000, is_false, sizeof(is_false), faults, sizeof(faults));
	assert_true(bp_should_stop(&t, bp, &agent, &why));
	assert_int_not_equal(why.len, 0);
	bp = add(BP_SOFTWARE, 0x1000, 4);
	assert_true(bp_should_stop(&t, bp, &agent, &why));
}

static void the_arena_is_used_again(void **state)
{
	uint8_t cond[402] = {0x90, 1}, other[402] = {0x90, 1};
	struct bp *a, *b, *c;
	unsigned int i;
	size_t len;

	cond[2] = 'a';
	other[2] = 'b';
	assert_int_equal(bp_insert(&t, BP_SOFTWARE, 0, 4, cond, 402, &a), 0);
	assert_int_equal(bp_insert(&t, BP_SOFTWARE, 4, 4, other, 402, &b), 0);
	assert_int_equal(bp_insert(&t, BP_SOFTWARE, 8, 4, cond, 402, &c),
			 -ENOSPC);
	assert_null(bp_lookup(&t, BP_MASK_ALL, 8));
	/* The same again takes no room; a change gives the old room back. */
	for (i = 0; i < 50; i++) {
		other[5] = (uint8_t)(i / 2);
		assert_int_equal(
			bp_insert(&t, BP_SOFTWARE, 4, 4, other, 402, &b), 0);
		assert_int_equal(bp_condition(&t, a, 0, &len)[0], 'a');
		assert_int_equal(bp_condition(&t, b, 0, &len)[0], 'b');
		assert_int_equal(bp_condition(&t, b, 0, &len)[3], i / 2);
		assert_int_equal(len, 400);
		assert_null(bp_condition(&t, b, 1, &len));
	}
	bp_remove(&t, BP_SOFTWARE, 0, 4);
	bp_table_commit(&t);
	assert_int_equal(bp_insert(&t, BP_SOFTWARE, 8, 4, cond, 402, &c), 0);
	assert_int_equal(bp_condition(&t, b, 0, &len)[0], 'b');
	bp_remove_all(&t);
	bp_table_commit(&t);
	assert_int_equal(t.arena_used, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_by_address_and_kind),
		TEST(a_removed_one_comes_back_as_itself),
		TEST(tells_what_has_changed),
		TEST(is_full_at_its_capacity),
		TEST(watches_cover_ranges),
		TEST(agrees_with_a_plain_list),
		TEST(any_true_condition_stops),
		TEST(the_arena_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
