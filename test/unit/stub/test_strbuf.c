/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* strbuf: what fits, what is cut, and the formats, against the C library's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "stub/strbuf.h"

static void cuts_and_counts_what_does_not_fit(void **state)
{
	char room[8];
	struct strbuf sb;

	strbuf_init(&sb, room, sizeof(room));
	strbuf_puts(&sb, "hello");
	strbuf_puts(&sb, "world");
	assert_string_equal(sb.s, "hellowo");
	assert_int_equal(sb.len, 7);
	assert_int_equal(sb.lost, 3);
	strbuf_putc(&sb, 'x');
	assert_int_equal(sb.lost, 4);
}

static void a_buffer_of_one_holds_nothing(void **state)
{
	char room[1];
	struct strbuf sb;

	strbuf_init(&sb, room, 1);
	strbuf_printf(&sb, "%d", 5);
	assert_string_equal(sb.s, "");
	assert_int_equal(sb.lost, 1);
}

#define SAME(...)                                          \
	do {                                               \
		char want[256], room[256];                 \
		struct strbuf sb;                          \
		snprintf(want, sizeof(want), __VA_ARGS__); \
		strbuf_init(&sb, room, sizeof(room));      \
		strbuf_printf(&sb, __VA_ARGS__);           \
		assert_string_equal(sb.s, want);           \
	} while (0)

static void formats_as_the_c_library_does(void **state)
{
	SAME("%s|%10s|%-10s|%.2s|%.*s", "abc", "abc", "abc", "abc", 1, "abc");
	SAME("%c%5c%-5c|", 'a', 'b', 'c');
	SAME("%d %d %d %5d|%-5d|%05d", 0, -1, 2147483647, -42, -42, -42);
	SAME("%d", (int)-2147483647 - 1);
	SAME("%lld %lld", -9223372036854775807ll - 1, 9223372036854775807ll);
	SAME("%ld %lu %lx", -5l, 5ul, 0xabcul);
	SAME("%u %x %08x %-8x|", 4294967295u, 0xdeadbeefu, 0xbeefu, 0xbeefu);
	SAME("%llx %llu %016llx", ~0ull, ~0ull, 0x123ull);
	SAME("%zu %zx", (size_t)77, (size_t)0x77);
	SAME("100%% %s", "sure");
	SAME("%p", (void *)0x1234);
}

static void unknown_formats_stay_as_they_are(void **state)
{
	char room[32];
	struct strbuf sb;
	const char *unknown = "%q %5", *one = "%s";

	strbuf_init(&sb, room, sizeof(room));
	strbuf_printf(&sb, one, unknown);
	assert_string_equal(sb.s, "%q %5");
	strbuf_init(&sb, room, sizeof(room));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	strbuf_printf(&sb, unknown);
	assert_string_equal(sb.s, "%q %5");
#pragma GCC diagnostic pop
}

static void a_missing_string_is_named(void **state)
{
	char room[32];
	struct strbuf sb;
	const char *volatile none = NULL;

	strbuf_init(&sb, room, sizeof(room));
	strbuf_printf(&sb, "%s", none);
	assert_string_equal(sb.s, "(null)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_and_counts_what_does_not_fit),
		cmocka_unit_test(a_buffer_of_one_holds_nothing),
		cmocka_unit_test(formats_as_the_c_library_does),
		cmocka_unit_test(unknown_formats_stay_as_they_are),
		cmocka_unit_test(a_missing_string_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
