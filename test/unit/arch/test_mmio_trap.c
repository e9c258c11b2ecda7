/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Which page of a device traps to whom. One table for all tests, in order. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mmio_trap_table.h"

static int nothing(struct cpu *c, void *ctx, struct mmio_access *a)
{
	return 0;
}

static int add(uint64_t base, uint64_t size, const char *name)
{
	return mmio_trap_register(base, size, nothing, NULL, name);
}

static void finds_what_was_registered(void **state)
{
	assert_null(mmio_trap_find(0));
	assert_int_equal(add(0x09000000, 0x1000, "uart"), 0);
	assert_int_equal(add(0x080a0000, 0x40000, "gicr"), 0);
	assert_int_equal(add(0x0a003000, 0x200, "part of a page"), 0);
	assert_string_equal(mmio_trap_find(0x09000fff)->name, "uart");
	assert_null(mmio_trap_find(0x09001000));
	assert_null(mmio_trap_find(0x08fff000));
	for (uint64_t a = 0x080a0000; a < 0x080e0000; a += 0x1000)
		assert_string_equal(mmio_trap_find(a)->name, "gicr");
	assert_null(mmio_trap_find(0x0809ffff));
	assert_null(mmio_trap_find(0x080e0000));
	assert_string_equal(mmio_trap_find(0x0a003abc)->name, "part of a page");
	assert_null(mmio_trap_find(0x0a004000));
}

static void takes_each_page_once(void **state)
{
	assert_int_equal(add(0x09000000, 0x1000, "again"), -EEXIST);
	assert_int_equal(add(0x08ff0000, 0x20000, "around"), -EEXIST);
	assert_int_equal(add(0x080b0000, 0x1000, "inside"), -EEXIST);
	assert_string_equal(mmio_trap_find(0x080b0000)->name, "gicr");
}

static void refuses_what_is_no_range(void **state)
{
	assert_int_equal(add(0x1234, 0x1000, "odd"), -EINVAL);
	assert_int_equal(add(0x1000, 0, "empty"), -EINVAL);
	assert_int_equal(add(UINT64_MAX - 0xfff, 0x2000, "wraps"), -EINVAL);
}

static void says_when_it_is_full_and_keeps_working(void **state)
{
	uint64_t at = 0x100000000;
	int err = 0;

	assert_int_equal(add(0x200000000, 0x8000000, "too many"), -ENOSPC);
	assert_null(mmio_trap_find(0x200000000));
	for (unsigned int i = 0; !err && i < 1000; i++, at += 0x10000)
		err = add(at, 0x1000, "many");
	assert_int_equal(err, -ENOSPC);
	assert_string_equal(mmio_trap_find(0x09000000)->name, "uart");
	assert_null(mmio_trap_find(0x0fff0000));
}

static void lists_its_ranges(void **state)
{
	unsigned int n = 0;

	assert_string_equal(mmio_trap_range(0)->name, "uart");
	while (mmio_trap_range(n))
		n++;
	assert_int_equal(n, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_registered),
		cmocka_unit_test(takes_each_page_once),
		cmocka_unit_test(refuses_what_is_no_range),
		cmocka_unit_test(says_when_it_is_full_and_keeps_working),
		cmocka_unit_test(lists_its_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
