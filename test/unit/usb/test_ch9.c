/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Descriptors built byte by byte and walked, and SETUP packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "transport/usb/ch9.h"

static void setup_packets_are_little_endian(void **state)
{
	const uint8_t p[8] = {0xa1, 0x21, 0x34, 0x12, 0x78, 0x56, 0xbc, 0x9a};
	struct ch9_setup s = ch9_setup_decode(p);

	assert_int_equal(s.bmRequestType, 0xa1);
	assert_int_equal(s.bRequest, 0x21);
	assert_int_equal(s.wValue, 0x1234);
	assert_int_equal(s.wIndex, 0x5678);
	assert_int_equal(s.wLength, 0x9abc);
	assert_true(ch9_is_in(&s));
	assert_int_equal(ch9_recipient(&s), 1);
}

static void numbers_go_there_and_back(void **state)
{
	uint8_t p[4];

	ch9_put32(p, 0x89abcdef);
	assert_memory_equal(p, "\xef\xcd\xab\x89", 4);
	assert_int_equal(ch9_get32(p), 0x89abcdef);
	assert_int_equal(ch9_get16(p + 1), 0xabcd);
}

static void a_device_descriptor_is_as_in_table_9_8(void **state)
{
	static const uint8_t expect[18] = {
		18,   1,    0x00, 0x02, 0xef, 2, 1, 64, 0x09,
		0x12, 0x01, 0x00, 0x34, 0x12, 1, 2, 3,	5,
	};
	struct ch9_device d = {0x0200, 0xef,   2, 1, 64, 0x1209,
			       0x0001, 0x1234, 1, 2, 3,	 5};
	uint8_t buf[64];
	struct ch9_builder b;

	ch9_begin(&b, buf, sizeof(buf));
	ch9_put_device(&b, &d);
	assert_int_equal(ch9_end(&b), 18);
	assert_memory_equal(buf, expect, 18);
	ch9_begin(&b, buf, sizeof(buf));
	ch9_put_qualifier(&b, expect);
	assert_int_equal(ch9_end(&b), 10);
	assert_memory_equal(buf, "\x0a\x06\x00\x02\xef\x02\x01\x40\x05\x00",
			    10);
}

static void a_configuration_knows_its_length(void **state)
{
	struct ch9_association a = {0, 2, 2, 2, 0, 4};
	struct ch9_interface i = {1, 0, 1, 10, 0, 0, 6};
	struct ch9_endpoint e = {0x81, 2, 512, 0};
	uint8_t buf[64];
	struct ch9_builder b;
	size_t at;

	ch9_begin(&b, buf, sizeof(buf));
	ch9_put_languages(&b, 0x0409); /* so that it does not stand at 0 */
	at = ch9_put_configuration(&b, 2, 1, 0xc0, 100);
	ch9_put_association(&b, &a);
	ch9_put_interface(&b, &i);
	ch9_put_endpoint(&b, &e);
	ch9_end_configuration(&b, at);
	assert_int_equal(ch9_end(&b), 4 + 33);
	assert_memory_equal(buf,
			    "\x04\x03\x09\x04"
			    "\x09\x02\x21\x00\x02\x01\x00\xc0\x32"
			    "\x08\x0b\x00\x02\x02\x02\x00\x04"
			    "\x09\x04\x01\x00\x01\x0a\x00\x00\x06"
			    "\x07\x05\x81\x02\x00\x02\x00",
			    37);
}

static void strings_are_utf_16(void **state)
{
	char text[200];
	uint8_t buf[256];
	struct ch9_builder b;

	ch9_begin(&b, buf, sizeof(buf));
	ch9_put_string(&b, "ab");
	assert_int_equal(ch9_end(&b), 6);
	assert_memory_equal(buf,
			    "\x06\x03"
			    "a\0b\0",
			    6);
	memset(text, 'x', sizeof(text));
	text[199] = 0;
	ch9_begin(&b, buf, sizeof(buf));
	ch9_put_string(&b, text);
	assert_int_equal(ch9_end(&b), 254);
	assert_int_equal(buf[0], 254);
	assert_int_equal(buf[252], 'x');
}

static void what_does_not_fit_is_said(void **state)
{
	uint8_t buf[10] = {[8] = 0xee, [9] = 0xee};
	struct ch9_builder b;

	ch9_begin(&b, buf, 8);
	ch9_put_string(&b, "ab");
	ch9_put_languages(&b, 0x0409);
	ch9_put_string(&b, "");
	ch9_end_configuration(&b, 0);
	assert_int_equal(ch9_end(&b), -ENOSPC);
	assert_int_equal(b.len, 6);
	assert_int_equal(buf[8], 0xee);
}

static void a_walk_ends_at_the_end_and_at_nonsense(void **state)
{
	const uint8_t good[] = {2, 1, 3, 2, 0, 4, 3, 9, 9};
	const uint8_t zero[] = {2, 1, 0, 2, 0};
	const uint8_t longer[] = {2, 1, 4, 2, 0};
	size_t at = 0;

	assert_ptr_equal(ch9_next(good, sizeof(good), &at), good);
	assert_ptr_equal(ch9_next(good, sizeof(good), &at), good + 2);
	assert_ptr_equal(ch9_next(good, sizeof(good), &at), good + 5);
	assert_null(ch9_next(good, sizeof(good), &at));
	assert_int_equal(at, sizeof(good));
	at = 2;
	assert_null(ch9_next(zero, sizeof(zero), &at));
	assert_null(ch9_next(longer, sizeof(longer), &at));
	at = 4; /* one byte is no head */
	assert_null(ch9_next(longer, sizeof(longer), &at));
	at = 100;
	assert_null(ch9_next(longer, sizeof(longer), &at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup_packets_are_little_endian),
		cmocka_unit_test(numbers_go_there_and_back),
		cmocka_unit_test(a_device_descriptor_is_as_in_table_9_8),
		cmocka_unit_test(a_configuration_knows_its_length),
		cmocka_unit_test(strings_are_utf_16),
		cmocka_unit_test(what_does_not_fit_is_said),
		cmocka_unit_test(a_walk_ends_at_the_end_and_at_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
