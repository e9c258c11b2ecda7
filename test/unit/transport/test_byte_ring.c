/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The byte ring, over its end and when full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "transport/byte_ring.h"

static void bytes_come_out_as_they_went_in_across_the_end(void **state)
{
	uint8_t mem[16], in = 0, expect = 0, buf[16];
	struct byte_ring r;

	byte_ring_init(&r, mem, sizeof(mem));
	for (size_t round = 0; round < 1000; round++) {
		size_t want = round % 17, n;

		for (size_t i = 0; i < want; i++)
			buf[i % sizeof(buf)] = (uint8_t)(in + i);
		n = want > sizeof(buf) ? 0 : byte_ring_put(&r, buf, want);
		in = (uint8_t)(in + n);
		n = byte_ring_get(&r, buf, (round * 7) % 17);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(buf[i], expect++);
	}
	assert_int_equal(byte_ring_used(&r), (uint8_t)(in - expect));
}

static void a_full_ring_takes_what_fits(void **state)
{
	uint8_t mem[8], buf[8];
	struct byte_ring r;

	byte_ring_init(&r, mem, sizeof(mem));
	assert_int_equal(byte_ring_put(&r, (const uint8_t *)"abcdef", 6), 6);
	assert_int_equal(byte_ring_put(&r, (const uint8_t *)"ghij", 4), 2);
	assert_int_equal(byte_ring_put(&r, (const uint8_t *)"x", 1), 0);
	assert_int_equal(byte_ring_room(&r), 0);
	assert_int_equal(byte_ring_get(&r, buf, 100), 8);
	assert_memory_equal(buf, "abcdefgh", 8);
	assert_int_equal(byte_ring_get(&r, buf, 8), 0);
}

static void what_is_looked_at_stays_until_dropped(void **state)
{
	uint8_t mem[8], buf[8];
	struct byte_ring r;
	size_t n;

	byte_ring_init(&r, mem, sizeof(mem));
	byte_ring_peek(&r, &n);
	assert_int_equal(n, 0);
	byte_ring_put(&r, (const uint8_t *)"abcdef", 6);
	byte_ring_get(&r, buf, 5);
	byte_ring_put(&r, (const uint8_t *)"ghij", 4);
	for (int i = 0; i < 2; i++) {
		assert_memory_equal(byte_ring_peek(&r, &n), "fgh", 3);
		assert_int_equal(n, 3); /* up to the end of the memory */
	}
	byte_ring_drop(&r, 3);
	assert_memory_equal(byte_ring_peek(&r, &n), "ij", 2);
	assert_int_equal(n, 2);
}

static void force_costs_the_oldest(void **state)
{
	uint8_t mem[4], buf[4];
	struct byte_ring r;

	byte_ring_init(&r, mem, sizeof(mem));
	assert_int_equal(byte_ring_force(&r, '1'), 0);
	byte_ring_put(&r, (const uint8_t *)"234", 3);
	assert_int_equal(byte_ring_force(&r, '5'), 1);
	assert_int_equal(byte_ring_get(&r, buf, 4), 4);
	assert_memory_equal(buf, "2345", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_as_they_went_in_across_the_end),
		cmocka_unit_test(a_full_ring_takes_what_fits),
		cmocka_unit_test(what_is_looked_at_stays_until_dropped),
		cmocka_unit_test(force_costs_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
