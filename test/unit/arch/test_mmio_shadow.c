/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The last values that went over the bus. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "mmio_shadow.h"

#define PAGE 0x9000000ull

static void *mem;

static int setup(void **state)
{
	mem = calloc(1, mmio_shadow_memory());
	mmio_shadow_init(mem);
	return mem ? 0 : -1;
}

static int teardown(void **state)
{
	free(mem);
	return 0;
}

static void knows_nothing_at_first(void **state)
{
	uint64_t v;

	assert_int_equal(mmio_shadow_get(PAGE, 4, &v), -ENODATA);
	assert_int_equal(mmio_shadow_add(PAGE + 0x18), 0);
	assert_int_equal(mmio_shadow_get(PAGE, 4, &v), -ENODATA);
	assert_int_equal(mmio_shadow_get(0, 1, &v), -ENODATA);
}

static void remembers_each_byte(void **state)
{
	uint64_t v = 0;

	mmio_shadow_add(PAGE);
	mmio_shadow_put(PAGE + 4, 4, 0x44332211);
	assert_int_equal(mmio_shadow_get(PAGE + 4, 4, &v), 0);
	assert_int_equal(v, 0x44332211);
	assert_int_equal(mmio_shadow_get(PAGE + 6, 1, &v), 0);
	assert_int_equal(v, 0x33);
	assert_int_equal(mmio_shadow_get(PAGE + 4, 8, &v), -ENODATA);
	assert_int_equal(mmio_shadow_get(PAGE + 3, 2, &v), -ENODATA);
	mmio_shadow_put(PAGE + 8, 4, 0x88776655);
	assert_int_equal(mmio_shadow_get(PAGE + 4, 8, &v), 0);
	assert_int_equal(v, 0x8877665544332211);
}

static void ends_with_the_page(void **state)
{
	uint64_t v = 0;

	mmio_shadow_add(PAGE);
	mmio_shadow_put(PAGE + 0xffc, 8, 0x1122334455667788);
	assert_int_equal(mmio_shadow_get(PAGE + 0xffc, 4, &v), 0);
	assert_int_equal(v, 0x55667788);
	assert_int_equal(mmio_shadow_get(PAGE + 0xffc, 8, &v), -ENODATA);
	assert_int_equal(mmio_shadow_get(PAGE + 0xfff, 9, &v), -ENODATA);
}

static void forgets_when_the_last_user_goes(void **state)
{
	uint64_t v;

	mmio_shadow_add(PAGE);
	mmio_shadow_add(PAGE);
	mmio_shadow_put(PAGE, 1, 7);
	mmio_shadow_remove(PAGE);
	assert_int_equal(mmio_shadow_get(PAGE, 1, &v), 0);
	mmio_shadow_remove(PAGE);
	assert_int_equal(mmio_shadow_get(PAGE, 1, &v), -ENODATA);
	mmio_shadow_remove(PAGE);
	assert_int_equal(mmio_shadow_add(PAGE), 0);
	assert_int_equal(mmio_shadow_get(PAGE, 1, &v), -ENODATA);
}

static void has_room_for_so_many(void **state)
{
	for (uint64_t i = 0; i < MMIO_SHADOW_PAGES; i++)
		assert_int_equal(mmio_shadow_add(i << 12), 0);
	assert_int_equal(mmio_shadow_add(PAGE), -ENOSPC);
	assert_int_equal(mmio_shadow_add(0), 0);
	mmio_shadow_remove(0x5000);
	assert_int_equal(mmio_shadow_add(PAGE), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(knows_nothing_at_first),	   T(remembers_each_byte),
		T(ends_with_the_page),		   T(has_room_for_so_many),
		T(forgets_when_the_last_user_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
