/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* hex: both ways, all bytes, all lengths, overlap, and hostile numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub/hex.h"
#include "fake_target.h"

static void encodes_every_byte_at_every_length(void **state)
{
	size_t len, i;

	for (len = 0; len <= 1200; len += len < 40 ? 1 : 129) {
		uint8_t *src = malloc(len + 1), *dst = malloc(2 * len + 1);
		char *want = malloc(2 * len + 1);
		uint8_t sum = 0;

		for (i = 0; i < len; i++) {
			src[i] = (uint8_t)(i * 37 + len);
			snprintf(want + 2 * i, 3, "%02x", src[i]);
		}
		for (i = 0; i < 2 * len; i++)
			sum += (uint8_t)want[i];
		dst[2 * len] = 0x55;
		assert_int_equal(hex_encode(dst, src, len), sum);
		assert_memory_equal(dst, want, 2 * len);
		assert_int_equal(dst[2 * len], 0x55);
		src[len] = 0;
		assert_int_equal(hex_decode(dst, (uint8_t *)want, len), 0);
		assert_memory_equal(dst, src, len);
		free(src);
		free(dst);
		free(want);
	}
}

static void encodes_text_into_the_room_before_it(void **state)
{
	uint8_t buf[3000];
	size_t n = 1000, i;

	for (i = 0; i < n; i++)
		buf[n + i] = (uint8_t)i;
	hex_encode(buf, buf + n, n);
	for (i = 0; i < n; i++) {
		char want[3];

		snprintf(want, 3, "%02x", (uint8_t)i);
		assert_memory_equal(buf + 2 * i, want, 2);
	}
}

static void refuses_what_is_no_digit(void **state)
{
	uint8_t out[2];
	unsigned int c;

	for (c = 0; c < 256; c++) {
		uint8_t in[2] = {'0', (uint8_t)c};
		int digit = strchr("0123456789abcdefABCDEF", (int)c) && c;

		assert_int_equal(hex_decode(out, in, 1) == 0, digit);
		assert_int_equal(hex_digit((uint8_t)c) >= 0, digit);
	}
}

static struct cursor over(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;

	return (struct cursor){p, p + strlen(text)};
}

static void numbers_are_bounded(void **state)
{
	struct cursor c = over("ffffffffffffffff,1");
	uint64_t v = 0;

	assert_true(cursor_hex(&c, &v));
	assert_true(v == ~0ull);
	assert_true(cursor_char(&c, ','));
	assert_false(cursor_char(&c, ','));
	assert_true(cursor_hex(&c, &v) && v == 1 && cursor_at_end(&c));
	assert_false(cursor_hex(&c, &v));
	c = over("10000000000000000");
	assert_false(cursor_hex(&c, &v));
	assert_int_equal(cursor_left(&c), 17);
	c = over("00000000000000000001g");
	assert_true(cursor_hex(&c, &v) && v == 1);
	c = over("-1");
	assert_false(cursor_hex(&c, &v));
	assert_false(cursor_text(&c, "-12"));
	assert_true(cursor_text(&c, "-1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_every_byte_at_every_length),
		FAKE_WITHOUT_VREGS(encodes_every_byte_at_every_length),
		cmocka_unit_test(encodes_text_into_the_room_before_it),
		FAKE_WITHOUT_VREGS(encodes_text_into_the_room_before_it),
		cmocka_unit_test(refuses_what_is_no_digit),
		cmocka_unit_test(numbers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
