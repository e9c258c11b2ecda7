/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* tag.c: which accesses are checked against memory's tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pstate.h"
#include "tag.h"

#define M BIT(0)
#define USER_SYNC (M | 1ull << 38 | BIT(42))
#define KERNEL_ASYNC (M | 2ull << 40 | BIT(43))
#define TBI (BIT(37) | BIT(38))
#define LOW 0x0500000040001000ull
#define HIGH 0xf5ff800040001000ull

static void test_by_exception_level(void **state)
{
	(void)state;
	assert_true(tag_is_checked(USER_SYNC, TBI, PSTATE_M_EL0T, LOW));
	assert_false(tag_is_checked(KERNEL_ASYNC, TBI, PSTATE_M_EL0T, LOW));
	assert_true(tag_is_checked(KERNEL_ASYNC, TBI, PSTATE_M_EL1H, LOW));
	/* LDTR and kin */
	assert_true(tag_is_checked(USER_SYNC, TBI, PSTATE_M_EL1H, LOW));
	assert_false(tag_is_checked(M, TBI, PSTATE_M_EL0T, LOW));
	assert_false(tag_is_checked(M, TBI, PSTATE_M_EL1H, LOW));
}

static void test_every_mode_counts(void **state)
{
	(void)state;
	for (uint64_t tcf = 0; tcf < 4; tcf++) {
		assert_int_equal(tag_is_checked(M | tcf << 38 | BIT(42), TBI,
						PSTATE_M_EL0T, LOW),
				 tcf != 0);
		assert_int_equal(tag_is_checked(M | tcf << 40 | BIT(43), TBI,
						PSTATE_M_EL1H, LOW),
				 tcf != 0);
	}
}

static void test_no_tags_are_allowed(void **state)
{
	(void)state;
	assert_false(tag_is_checked(USER_SYNC & ~BIT(42), TBI, PSTATE_M_EL0T,
				    LOW));
	assert_false(tag_is_checked(KERNEL_ASYNC & ~BIT(43), TBI,
				    PSTATE_M_EL1H, LOW));
	/* with the MMU off memory has none */
	assert_false(tag_is_checked(KERNEL_ASYNC & ~M, TBI, PSTATE_M_EL1H,
				    LOW));
}

static void test_overridden(void **state)
{
	(void)state;
	assert_false(tag_is_checked(KERNEL_ASYNC, TBI,
				    PSTATE_M_EL1H | PSTATE_TCO, LOW));
	/* AArch32 at EL0: mode 0x10 */
	assert_false(tag_is_checked(USER_SYNC, TBI, 0x10, 0x40001000));
}

static void test_by_half(void **state)
{
	(void)state;
	assert_true(tag_is_checked(KERNEL_ASYNC, BIT(37), PSTATE_M_EL1H, LOW));
	assert_false(tag_is_checked(KERNEL_ASYNC, BIT(38), PSTATE_M_EL1H,
				    LOW));
	assert_true(tag_is_checked(KERNEL_ASYNC, BIT(38), PSTATE_M_EL1H,
				   HIGH));
	assert_false(tag_is_checked(KERNEL_ASYNC, BIT(37), PSTATE_M_EL1H,
				    HIGH));
}

static void test_matches_all(void **state)
{
	uint64_t both = TBI | BIT(57) | BIT(58);

	(void)state;
	assert_false(tag_is_checked(KERNEL_ASYNC, both, PSTATE_M_EL1H,
				    0x40001000));
	assert_true(tag_is_checked(KERNEL_ASYNC, both, PSTATE_M_EL1H, LOW));
	assert_false(tag_is_checked(KERNEL_ASYNC, both, PSTATE_M_EL1H,
				    HIGH | 15ull << 56));
	assert_true(tag_is_checked(KERNEL_ASYNC, both, PSTATE_M_EL1H, HIGH));
	/* TCMA1 is not for the low half */
	assert_true(tag_is_checked(KERNEL_ASYNC, TBI | BIT(58), PSTATE_M_EL1H,
				   0x40001000));
	/* nor does 0xf match all there */
	assert_true(tag_is_checked(KERNEL_ASYNC, both, PSTATE_M_EL1H,
				   LOW | 15ull << 56));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_exception_level),
		cmocka_unit_test(test_every_mode_counts),
		cmocka_unit_test(test_no_tags_are_allowed),
		cmocka_unit_test(test_overridden),
		cmocka_unit_test(test_by_half),
		cmocka_unit_test(test_matches_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
