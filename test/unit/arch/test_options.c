/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The monitor's command line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "options.h"
#include "stub/strbuf.h"

static struct options o;
static char text[400];

static int parse(const char *line)
{
	struct strbuf why;

	strbuf_init(&why, text, sizeof(text));
	return options_parse(&o, line, &why);
}

static void has_defaults(void **state)
{
	assert_int_equal(parse(""), 0);
	assert_int_equal(o.share, 64 << 20);
	assert_true(o.vhe);
	assert_false(o.wait);
	assert_false(o.no_guest);
	assert_int_equal(o.gdb, GDB_AUTO);
	assert_int_equal(o.serial, SERIAL_AUTO);
	assert_int_equal(o.granule, 0);
	assert_true(o.blocks);
}

static void takes_every_option(void **state)
{
	assert_int_equal(parse("hyperstub.share=0x6000000 hyperstub.wait "
			       "hyperstub.guest=none hyperstub.vhe=off "
			       "hyperstub.gdb=uart hyperstub.granule=16K "
			       "hyperstub.blocks=off "
			       "hyperstub.serial=channel "
			       "hyperstub.shadow-pages=10000 "
			       "hyperstub.list-registers=4"),
			 0);
	assert_int_equal(o.share, 96 << 20);
	assert_true(o.wait);
	assert_true(o.no_guest);
	assert_false(o.vhe);
	assert_int_equal(o.gdb, GDB_UART);
	assert_int_equal(o.serial, SERIAL_CHANNEL);
	assert_int_equal(o.granule, 16);
	assert_false(o.blocks);
	assert_int_equal(o.shadow_pages, 10000);
	assert_int_equal(o.list_registers, 4);
}

static void takes_a_usb_controller_by_its_address(void **state)
{
	assert_int_equal(parse("hyperstub.gdb=usb"), 0);
	assert_int_equal(o.gdb, GDB_USB);
	assert_true(o.usb == OPTION_USB_ANY);
	assert_int_equal(parse("hyperstub.gdb=usb@fe800000"), 0);
	assert_int_equal(o.gdb, GDB_USB);
	assert_int_equal(o.usb, 0xfe800000);
	assert_int_equal(parse("hyperstub.gdb=usb@0xFC000000"), 0);
	assert_int_equal(o.usb, 0xfc000000);
	assert_int_equal(parse("hyperstub.gdb=usb@"), -EINVAL);
	assert_int_equal(o.gdb, GDB_AUTO);
	assert_int_equal(parse("hyperstub.gdb=usb@12x"), -EINVAL);
	assert_int_equal(parse("hyperstub.gdb=usb@1234567890abcdef"), -EINVAL);
	assert_int_equal(parse("hyperstub.gdb=usbx"), -EINVAL);
}

static void leaves_other_words_alone(void **state)
{
	assert_int_equal(parse("  console=ttyAMA0  hyperstub quiet "
			       "nohyperstub.wait=1 hyperstubwait "),
			 0);
	assert_false(o.wait);
}

static void reads_sizes(void **state)
{
	assert_int_equal(parse("hyperstub.share=128M"), 0);
	assert_int_equal(o.share, 128 << 20);
	assert_int_equal(parse("hyperstub.share=1G"), 0);
	assert_int_equal(o.share, 1 << 30);
	assert_int_equal(parse("hyperstub.share=65536K"), 0);
	assert_int_equal(o.share, 64 << 20);
}

static void names_what_is_wrong_and_keeps_the_default(void **state)
{
	static const char *const lines[] = {
		"hyperstub.share=",
		"hyperstub.share=x",
		"hyperstub.share=12Q",
		"hyperstub.share=M",
		"hyperstub.share=0x",
		"hyperstub.share=1MM",
		"hyperstub.share=99999999999999999999999",
		"hyperstub.share=18446744073709551615G",
		"hyperstub.wait=perhaps",
		"hyperstub.gdb=usb1",
		"hyperstub.gdb",
		"hyperstub.guest=linux",
		"hyperstub.granule=8K",
		"hyperstub.blocks=some",
		"hyperstub.list-registers=5000",
		"hyperstub.nonsense",
		"hyperstub.nonsense=1",
		"hyperstub.=1",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i]), -EINVAL);
		assert_non_null(strstr(text, lines[i]));
		assert_int_equal(o.share, 64 << 20);
		assert_false(o.wait);
		assert_false(o.no_guest);
		assert_int_equal(o.gdb, GDB_AUTO);
		assert_int_equal(o.granule, 0);
	}
}

static void goes_on_behind_what_is_wrong(void **state)
{
	assert_int_equal(parse("hyperstub.a=1 hyperstub.wait hyperstub.b "
			       "hyperstub.gdb=none"),
			 -EINVAL);
	assert_true(o.wait);
	assert_int_equal(o.gdb, GDB_NONE);
	assert_non_null(strstr(text, "hyperstub.a=1 is not an option"));
	assert_non_null(strstr(text, "hyperstub.b is not an option"));
}

static void text_of_any_length_is_cut(void **state)
{
	static char line[4000];

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "hyperstub.", 10);
	assert_int_equal(parse(line), -EINVAL);
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(takes_every_option),
		cmocka_unit_test(takes_a_usb_controller_by_its_address),
		cmocka_unit_test(leaves_other_words_alone),
		cmocka_unit_test(reads_sizes),
		cmocka_unit_test(names_what_is_wrong_and_keeps_the_default),
		cmocka_unit_test(goes_on_behind_what_is_wrong),
		cmocka_unit_test(text_of_any_length_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
