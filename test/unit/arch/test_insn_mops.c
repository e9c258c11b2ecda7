/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Copies and sets: every form, and what registers say in both formats. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bits.h"
#include "insn_mops.h"
#include "pstate.h"

/* to in x0, from or byte in x1, size in x2 */
#define CPYFP 0x19010440u
#define CPYFM 0x19410440u
#define CPYFE 0x19810440u
#define CPYP 0x1d010440u
#define CPYM 0x1d410440u
#define CPYE 0x1d810440u
#define SETP 0x19c10440u
#define SETM 0x19c14440u
#define SETE 0x19c18440u
#define SETGP 0x1dc10440u

#define A 0u
#define B PSTATE_C
#define B_BACK (PSTATE_C | PSTATE_N)

static const struct {
	uint32_t word;
	const char *asm_text, *want;
} form[] = {
#include "insn_mops_data.h"
};

static void describe(const struct insn_mops *m, char *s, size_t size)
{
	snprintf(s, size, "%d %s%s%s%s%s d%d s%d n%d", m->stage,
		 m->copy ? "copy" : "set", m->forward_only ? " forward" : "",
		 m->tags ? " tags" : "", m->read_unprivileged ? " ur" : "",
		 m->write_unprivileged ? " uw" : "", m->rd, m->rs, m->rn);
}

static void test_every_form(void **state)
{
	struct insn_ldst l;
	struct insn_mops m;
	char s[64];

	assert_int_equal(ARRAY_SIZE(form), 120);
	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		assert_int_equal(insn_mops_decode(form[i].word, &m), 0);
		describe(&m, s, sizeof(s));
		if (strcmp(s, form[i].want))
			print_error("%08x %s\n", form[i].word,
				    form[i].asm_text);
		assert_string_equal(s, form[i].want);
		/* nobody else takes it for one of theirs */
		assert_int_equal(insn_ldst_decode(form[i].word, &l),
				 -EOPNOTSUPP);
	}
}

static void test_what_is_none(void **state)
{
	static const uint32_t word[] = {
		0x19c1c440, /* stage 3 of a set */
		0x59010440, /* size */
		0x19210440, /* bit 21 */
		0x19010040, 0x19010840, 0x19010c40, /* bits 11:10 */
		0x1901045f, 0x191f0440, 0x190107e0, /* register 31 */
		0x19020440, 0x19000440, 0x19010400, /* the same twice */
		0x19c1045f, 0x19c107e0, 0x19c20440,
		0xf9400020, 0xd9010020, 0xd503201f,
	};
	struct insn_mops m;
	uint64_t x = 1;

	for (size_t i = 0; i < ARRAY_SIZE(word); i++)
		assert_int_equal(insn_mops_decode(word[i], &m), -ENOSYS);
	assert_int_equal(insn_mops_decode(0x19df0440, &m), 0); /* xzr */
	for (unsigned int i = 0; i < 200000; i++) {
		struct insn_ldst l;

		x = x * 6364136223846793005 + 1442695040888963407;
		if (insn_mops_decode((uint32_t)(x >> 32), &m))
			continue;
		assert_true(m.rd < 31 && m.rn < 31 && m.rs < 32);
		assert_int_equal(insn_ldst_decode((uint32_t)(x >> 32), &l),
				 -EOPNOTSUPP);
	}
}

static void set_regs(struct insn_regs *r, uint64_t flags, uint64_t to,
		     uint64_t from, uint64_t n)
{
	memset(r, 0x5a, sizeof(*r));
	r->pstate = PSTATE_M_EL1H | flags;
	r->x[0] = to;
	r->x[1] = from;
	r->x[2] = n;
}

static void test_what_is_left(void **state)
{
	static const struct {
		uint32_t word;
		uint64_t flags, x0, x1, x2, far;
		uint64_t to, from, left;
		bool backward;
	} row[] = {
		/* prologues: as the program gave it, whatever the flags */
		{SETP, A, 0x1000, 0x77, 0x300, 0x1000, 0x1000, 0x77, 0x300, 0},
		{SETP, B, 0x1000, 0x77, 0x300, 0x1000, 0x1000, 0x77, 0x300, 0},
		{SETGP, B, 0x1000, 0, 0x300, 0x1000, 0x1000, 0, 0x300, 0},
		{CPYFP, B_BACK, 0x1000, 0x9000, 0x300, 0x1000, 0x1000, 0x9000,
		 0x300, 0},
		{CPYFP, A, 0x1000, 0x1001, 0x300, 0x1000, 0x1000, 0x1001, 0x300,
		 0},
		/* more than it takes at once */
		{SETP, A, 0x1000, 0, ~0ull, 0x1000, 0x1000, 0, BIT(63) - 1, 0},
		{SETGP, A, 0x1000, 0, ~0ull, 0x1000, 0x1000, 0, BIT(63) - 16, 0},
		{CPYFP, A, 0x1000, 0, BIT(63), 0x1000, 0x1000, 0, BIT(63) - 1,
		 0},
		{CPYP, A, 0x1000, 0x900000, BIT(55), 0x1000, 0x1000, 0x900000,
		 BIT(55) - 1, 0},
		/* overlapping: the direction is given */
		{CPYP, A, 0x1000, 0x1001, 0x300, 0x12ff, 0x1000, 0x1001, 0x300,
		 0},
		{CPYP, A, 0x1000, 0xfff, 0x300, 0x1000, 0x1000, 0xfff, 0x300, 1},
		{CPYP, A, 0xab00000000001000, 0xfff, 0x300, 0x1000,
		 0xab00000000001000, 0xfff, 0x300, 1},
		/* not: the core's choice, where it was tells */
		{CPYP, A, 0x1000, 0x9000, 0x300, 0x1000, 0x1000, 0x9000, 0x300,
		 0},
		{CPYP, A, 0x1000, 0x9000, 0x300, 0x12ff, 0x1000, 0x9000, 0x300,
		 1},
		{CPYP, A, 0x1000, 0xd00, 0x300, 0x1000, 0x1000, 0xd00, 0x300, 0},
		{CPYP, A, 0x1000, 0x1300, 0x300, 0x12ff, 0x1000, 0x1300, 0x300,
		 1},
		{CPYP, A, 0x1000, 0x1000, 0x300, 0x12f0, 0x1000, 0x1000, 0x300,
		 1},
		{CPYP, A, 0x1000, 0x9000, 1, 0x1000, 0x1000, 0x9000, 1, 0},
		{CPYP, A, 0x1000, 0x9000, 0, 0x1000, 0x1000, 0x9000, 0, 0},
		/* option A */
		{SETM, A, 0x1300, 0x77, -0x100ull, 0, 0x1200, 0x77 - 0x100ull,
		 0x100, 0},
		{CPYFM, A, 0x1300, 0x9300, -0x100ull, 0, 0x1200, 0x9200, 0x100,
		 0},
		{CPYM, A, 0x1300, 0x9300, -0x100ull, 0, 0x1200, 0x9200, 0x100,
		 0},
		{CPYM, A, 0x1000, 0x9000, 0x100, 0, 0x1000, 0x9000, 0x100, 1},
		{CPYE, A, 0x1000, 0x9000, 0x10, 0, 0x1000, 0x9000, 0x10, 1},
		/* option B */
		{SETE, B, 0x1200, 0x77, 0x100, 0, 0x1200, 0x77, 0x100, 0},
		{CPYFE, B, 0x1200, 0x9200, 0x100, 0, 0x1200, 0x9200, 0x100, 0},
		{CPYM, B, 0x1200, 0x9200, 0x100, 0, 0x1200, 0x9200, 0x100, 0},
		{CPYM, B_BACK, 0x1100, 0x9100, 0x100, 0, 0x1000, 0x9000, 0x100,
		 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct insn_mops_rest rest;
		struct insn_regs r;
		struct insn_mops m;

		set_regs(&r, row[i].flags, row[i].x0, row[i].x1, row[i].x2);
		assert_int_equal(insn_mops_decode(row[i].word, &m), 0);
		insn_mops_rest(&m, &r, row[i].far, true, &rest);
		if (rest.to != row[i].to || rest.left != row[i].left ||
		    (m.copy && rest.from != row[i].from) ||
		    rest.backward != row[i].backward)
			fail_msg("row %zu: to %llx from %llx left %llx %d", i,
				 (unsigned long long)rest.to,
				 (unsigned long long)rest.from,
				 (unsigned long long)rest.left, rest.backward);
	}
}

/* A fault of the reading side counts as well as one of the writing side. */
static void test_direction_by_what_was_read(void **state)
{
	struct insn_mops_rest rest;
	struct insn_regs r;
	struct insn_mops m;

	set_regs(&r, 0, 0x1000, 0x9000, 0x300);
	assert_int_equal(insn_mops_decode(CPYP, &m), 0);
	insn_mops_rest(&m, &r, 0x92ff, false, &rest);
	assert_true(rest.backward);
	insn_mops_rest(&m, &r, 0x9000, false, &rest);
	assert_false(rest.backward);
	/* an address that is in neither is the start's */
	insn_mops_rest(&m, &r, 0x8fff, false, &rest);
	assert_false(rest.backward);
	assert_int_equal(insn_mops_to(&rest), 0x1000);
	assert_int_equal(insn_mops_from(&rest), 0x9000);
}

/*
 * A core of either option as the Arm ARM has it: what its registers are with
 * done of size bytes behind it, after a fault (UpdateCpyRegisters).
 */
static void core(uint32_t word, uint64_t flags, bool backward, uint64_t to,
		 uint64_t from, uint64_t size, uint64_t done,
		 struct insn_regs *r)
{
	bool prologue = word == SETP || word == CPYFP || word == CPYP;
	bool set = (word & 0xc00000) == 0xc00000;
	uint64_t x0, x1, x2;

	if (prologue) {
		x0 = backward ? to : to + done;
		x1 = backward ? from : from + done;
		x2 = size - done;
	} else if (!(flags & PSTATE_C)) {
		x0 = backward ? to : to + size;
		x1 = backward ? from : from + size;
		x2 = backward ? size - done : done - size;
	} else {
		x0 = backward ? to + size - done : to + done;
		x1 = backward ? from + size - done : from + done;
		x2 = size - done;
	}
	set_regs(r, flags, x0, set ? 0x77 : x1, x2);
}

static void test_registers_are_those_of_a_fault(void **state)
{
	static const struct {
		uint32_t word;
		uint64_t flags;
		bool backward;
	} row[] = {
		{SETP, A, 0}, {SETM, A, 0}, {SETE, A, 0}, {SETP, B, 0},
		{SETM, B, 0}, {SETE, B, 0}, {CPYFP, A, 0}, {CPYFM, A, 0},
		{CPYFE, A, 0}, {CPYFM, B, 0}, {CPYFE, B, 0}, {CPYP, A, 0},
		{CPYP, A, 1}, {CPYM, A, 0}, {CPYM, A, 1}, {CPYE, A, 0},
		{CPYE, A, 1}, {CPYM, B, 0}, {CPYM, B_BACK, 1}, {CPYE, B, 0},
		{CPYE, B_BACK, 1},
	};
	const uint64_t to = 0x8123, from = 0x4567, size = 100;

	for (size_t i = 0; i < ARRAY_SIZE(row) * size; i++) {
		uint32_t word = row[i / size].word;
		uint64_t flags = row[i / size].flags, done = i % size;
		bool backward = row[i / size].backward;

		for (uint64_t n = 0; n <= size - done; n++) {
			struct insn_regs got, want;
			struct insn_mops_rest rest;
			struct insn_mops m;
			uint64_t far = backward ? to + size - done - 1 :
						  to + done;

			core(word, flags, backward, to, from, size, done, &got);
			core(word, flags, backward, to, from, size, done + n,
			     &want);
			assert_int_equal(insn_mops_decode(word, &m), 0);
			insn_mops_rest(&m, &got, far, true, &rest);
			/* of one byte no core can tell */
			if (word == CPYP && rest.left == 1)
				rest.backward = backward;
			assert_int_equal(rest.backward, backward);
			assert_int_equal(rest.left, size - done);
			assert_int_equal(insn_mops_to(&rest), far);
			if (m.copy)
				assert_int_equal(insn_mops_from(&rest),
						 far - to + from);
			insn_mops_advance(&m, &got, &rest, n);
			assert_memory_equal(&got, &want, sizeof(got));
		}
	}
}

static unsigned int width(uint64_t to, uint64_t from, uint64_t left,
			  bool backward, bool copy, unsigned int max)
{
	struct insn_mops_rest rest = {
		.to = backward ? to - left + 1 : to,
		.from = backward ? from - left + 1 : from,
		.left = left,
		.backward = backward,
	};

	return insn_mops_width(&rest, copy, max);
}

static void test_widths(void **state)
{
	assert_int_equal(width(0x1000, 0x2000, 64, false, true, 8), 8);
	assert_int_equal(width(0x1000, 0x2000, 64, false, true, 1), 1);
	assert_int_equal(width(0x1000, 0x2000, 7, false, true, 8), 4);
	assert_int_equal(width(0x1000, 0x2000, 1, false, true, 8), 1);
	assert_int_equal(width(0x1004, 0x2000, 64, false, true, 8), 4);
	assert_int_equal(width(0x1000, 0x2006, 64, false, true, 8), 2);
	assert_int_equal(width(0x1000, 0x2001, 64, false, true, 8), 1);
	assert_int_equal(width(0x1000, 0x2001, 64, false, false, 8), 8);
	assert_int_equal(width(0x1ffc, 0x2ffc, 64, false, true, 8), 4);
	/* downwards: the address is that of the last byte */
	assert_int_equal(width(0x1007, 0x2007, 64, true, true, 8), 8);
	assert_int_equal(width(0x1000, 0x2000, 64, true, true, 8), 1);
	assert_int_equal(width(0x1003, 0x2007, 64, true, true, 8), 4);
	assert_int_equal(width(0x1007, 0x2001, 64, true, true, 8), 2);
	assert_int_equal(width(0x1007, 0x2007, 3, true, true, 8), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_what_is_left),
		cmocka_unit_test(test_direction_by_what_was_read),
		cmocka_unit_test(test_registers_are_those_of_a_fault),
		cmocka_unit_test(test_widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
