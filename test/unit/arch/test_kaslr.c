/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Where Linux is linked: by its version, and the size of its addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kaslr.h"

#define TG1_16K UINT64_C(1)
#define TG1_4K UINT64_C(2)
#define TG1_64K UINT64_C(3)

static uint64_t linked(uint64_t tg1, unsigned int bits, unsigned int major,
		       unsigned int minor)
{
	/* What stands beside the two fields is all ones. */
	uint64_t others = ~(GENMASK(21, 16) | GENMASK(31, 30));

	return kaslr_linked(others | tg1 << 30 | (uint64_t)(64 - bits) << 16,
			    major, minor);
}

static void module_space_grew_in_6_5(void **state)
{
	assert_int_equal(linked(TG1_4K, 48, 5, 10), 0xffff800008000000);
	assert_int_equal(linked(TG1_4K, 48, 6, 1), 0xffff800008000000);
	assert_int_equal(linked(TG1_4K, 48, 6, 4), 0xffff800008000000);
	assert_int_equal(linked(TG1_4K, 48, 6, 5), 0xffff800080000000);
	assert_int_equal(linked(TG1_4K, 48, 6, 12), 0xffff800080000000);
	assert_int_equal(linked(TG1_4K, 48, 7, 0), 0xffff800080000000);
}

static void smaller_addresses_end_higher(void **state)
{
	assert_int_equal(linked(TG1_16K, 48, 6, 12), 0xffff800080000000);
	assert_int_equal(linked(TG1_16K, 47, 6, 12), 0xffffc00080000000);
	assert_int_equal(linked(TG1_64K, 42, 6, 12), 0xfffffe0080000000);
	assert_int_equal(linked(TG1_4K, 39, 6, 12), 0xffffffc080000000);
}

static void a_kernel_of_52_bits_is_linked_as_one_of_fewer(void **state)
{
	assert_int_equal(linked(TG1_4K, 52, 6, 12), 0xffff800080000000);
	assert_int_equal(linked(TG1_64K, 52, 6, 12), 0xffff800080000000);
	assert_int_equal(linked(TG1_64K, 52, 6, 1), 0xffff800008000000);
	assert_int_equal(linked(TG1_16K, 52, 6, 12), 0xffffc00080000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(module_space_grew_in_6_5),
		cmocka_unit_test(smaller_addresses_end_higher),
		cmocka_unit_test(a_kernel_of_52_bits_is_linked_as_one_of_fewer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
