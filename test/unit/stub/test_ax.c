/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * ax: what gdb compiles gives what gdb prints; each instruction; what the
 * verifier must refuse; and that no bytes at all can harm the interpreter.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ax_samples.h"
#include "fake_target.h"
#include "stub/ax.h"
#include "stub/hex.h"
#include "stub/strbuf.h"

static struct target machine;
static struct fake_agent agent = {&machine, 0};
static uint8_t code[AX_MAX_CODE + 1];
static size_t code_len;

static void load(const char *hex)
{
	code_len = strlen(hex) / 2;
	assert_int_equal(hex_decode(code, (const uint8_t *)hex, code_len), 0);
}

static int verify(const char *hex)
{
	load(hex);
	return ax_verify(code, code_len, NULL);
}

static int eval(const char *hex, uint64_t *value)
{
	assert_int_equal(verify(hex), 0);
	return ax_eval(code, code_len, &agent, value, NULL);
}

#define assert_value(hex, expected)                          \
	do {                                                 \
		uint64_t value_ = ~(uint64_t)(expected);     \
		assert_int_equal(eval(hex, &value_), 0);     \
		assert_true(value_ == (uint64_t)(expected)); \
	} while (0)

static int setup(void **state)
{
	size_t i;

	fake_init(&machine);
	for (i = 0; i < sizeof(ax_sample_regs) / sizeof(*ax_sample_regs); i++)
		machine.cpus[0].regs[i] = ax_sample_regs[i];
	return 0;
}

static void agrees_with_gdb(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(ax_samples) / sizeof(*ax_samples); i++) {
		uint64_t value = 0;

		if (eval(ax_samples[i].code, &value) ||
		    value != ax_samples[i].value)
			fail_msg("%s: 0x%llx", ax_samples[i].expression,
				 (unsigned long long)value);
	}
}

/* $x0 == 5 && *(unsigned int*)($x1+8) > 3, $mmio_wr && $mmio_val > 0xff ... */
static void takes_the_published_samples(void **state)
{
	assert_value("260000164022051320000e21002a26000116402208021640"
		     "1922032a202b1520002521002a220121002c220027",
		     1);
	machine.variables[2] = 7;
	assert_value("2c000222071327", 1);
	/* ($n = $n + 1) == 1000, variable 5 */
	machine.variables[5] = 998;
	assert_value("2c000522010216402d00052303e81327", 0);
	assert_value("2c000522010216402d00052303e81327", 1);
	assert_true(machine.variables[5] == 1000);
}

static void each_instruction_by_itself(void **state)
{
	assert_value("2207220302"
		     "27",
		     10);
	assert_value("22032207"
		     "0327",
		     -4);
	assert_value("22032207"
		     "0427",
		     21);
	assert_value("25ffffffffffffffec2203"
		     "0527",
		     -6);
	assert_value("25ffffffffffffffec2203"
		     "0627",
		     0x555555555555554eull);
	assert_value("25ffffffffffffffec2203"
		     "0727",
		     -2);
	assert_value("25ffffffffffffffec2203"
		     "0827",
		     2);
	assert_value("22012204"
		     "0927",
		     16);
	assert_value("25ffffffffffffff002204"
		     "0a27",
		     -16);
	assert_value("25ffffffffffffff002204"
		     "0b27",
		     0x0ffffffffffffff0ull);
	assert_value("2200"
		     "0e27",
		     1);
	assert_value("2209"
		     "0e27",
		     0);
	assert_value("220c220a"
		     "0f27",
		     8);
	assert_value("220c220a"
		     "1027",
		     14);
	assert_value("220c220a"
		     "1127",
		     6);
	assert_value("2200"
		     "1227",
		     -1);
	assert_value("22052205"
		     "1327",
		     1);
	assert_value("25ffffffffffffffff2201"
		     "1427",
		     1);
	assert_value("25ffffffffffffffff2201"
		     "1527",
		     0);
	assert_value("22ff"
		     "160827",
		     -1);
	assert_value("22ff"
		     "160927",
		     255);
	assert_value("25ffffffffffffffff"
		     "164027",
		     -1);
	assert_value("25ffffffffffffffff"
		     "2a0827",
		     255);
	assert_value("25ffffffffffffffff"
		     "2a4027",
		     -1);
	assert_value("25ffffffffffffffff"
		     "2a0127",
		     1);
	assert_value("25ffffffffffffffff"
		     "160127",
		     -1);
	assert_value("23123427", 0x1234);
	assert_value("24fedcba9827", 0xfedcba98ull);
}

static void moves_cells_as_gdbserver_does(void **state)
{
	assert_value("2205280227", 10);	    /* dup, add */
	assert_value("220522062927", 5);    /* pop */
	assert_value("220722032b0327", -4); /* swap: 3 - 7 */
	assert_value("2201220222033200"
		     "27",
		     3); /* pick 0 is dup */
	assert_value("2201220222033202"
		     "27",
		     1);
	/* rot: 1 2 3 becomes 3 1 2 */
	assert_value("22012202220333"
		     "27",
		     2);
	assert_value("22012202220333"
		     "2927",
		     1);
	assert_value("22012202220333"
		     "292927",
		     3);
}

static void jumps(void **state)
{
	assert_value("22012000082209272207"
		     "27",
		     7);
	assert_value("22002000082209272207"
		     "27",
		     9);
	assert_value("210004"
		     "27"
		     "220927",
		     9);
}

static void faults_and_bounds_are_errors(void **state)
{
	uint64_t value;

	assert_int_equal(eval("22001a27", &value), -EFAULT);
	assert_int_equal(eval("260fff27", &value), -EFAULT);
	assert_int_equal(eval("2c00ff27", &value), -EFAULT);
	assert_int_equal(eval("220122000527", &value), -EDOM);
	assert_int_equal(eval("220122000627", &value), -EDOM);
	assert_int_equal(eval("220122000727", &value), -EDOM);
	assert_int_equal(eval("220122000827", &value), -EDOM);
	/* A loop for ever: 0: const8 1; 2: if_goto 0; 5: const8 0; end */
	assert_int_equal(eval("22012000002200"
			      "27",
			      &value),
			 -ETIMEDOUT);
	/* The one quotient that does not fit. */
	assert_value("25800000000000000025ffffffffffffffff0527", 1ull << 63);
	assert_value("25800000000000000025ffffffffffffffff0727", 0);
	/* Shifts by the width and more. */
	assert_value("220122400927", 0);
	assert_value("25ffffffffffffffff22400b27", 0);
	assert_value("25ffffffffffffffff22ff0a27", -1);
}

static void says_why(void **state)
{
	STRBUF(why, 100);
	uint64_t value;

	load("22001a27");
	assert_int_equal(ax_eval(code, code_len, &agent, &value, &why),
			 -EFAULT);
	assert_string_equal(why.s, "condition cannot read 8 bytes at 0x0");
	strbuf_init(&why, why.s, why.cap);
	load("1d27");
	assert_int_equal(ax_verify(code, code_len, &why), -ENOTSUP);
	assert_non_null(strstr(why.s, "0x1d"));
}

static void the_verifier_refuses(void **state)
{
	static const char *const bad[] = {
		"27",	      /* nothing on the stack */
		"2201",	      /* no end */
		"2201220202", /* no end */
		"22",	      /* operand missing */
		"2300",
		"24000000",
		"25ff",
		"26",
		"2c00",
		"20",
		"2100",
		"16",
		"0027",
		"3127",
		"3527",
		"ff27", /* unknown */
		"0127",
		"22011b27",
		"22011f27", /* floating point */
		"220122010c27",
		"22010d0127",
		"2e000127",
		"22012f27",
		"220130000127",
		"220134000001"
		"0027",	    /* tracing */
		"22010227", /* underflow */
		"2902",
		"2927",
		"2b27",
		"22012b27",
		"2201220133"
		"27",
		"29260002164027", /* what gdb makes of `$x0 , $x2` */
		"2201320127",	  /* pick below the bottom */
		"2201160027",
		"2201164127",
		"22012a0027",
		"22012aff27",
		"2100ff27",
		"22012000ff220127", /* jumps outside */
		"2100012201"
		"27",
		"2100042201"
		"27", /* into an operand */
		"22012000072201"
		"220127", /* depth varies: 1 or 0 */
		"22002000072201"
		"27", /* jump to its very end */
		"210006"
		"2201"
		"2921000327", /* back into dead code */
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (verify(bad[i]) == 0)
			fail_msg("accepted %s", bad[i]);
	}
	assert_int_equal(ax_verify(code, 0, NULL), -EINVAL);
}

static void depth_is_bounded(void **state)
{
	unsigned int cells;

	for (cells = 1; cells < 40; cells++) {
		unsigned int i;

		for (i = 0; i < cells; i++) {
			code[2 * i] = 0x22;
			code[2 * i + 1] = 1;
		}
		code[2 * cells] = 0x27;
		assert_int_equal(ax_verify(code, 2 * cells + 1, NULL) == 0,
				 cells <= AX_MAX_STACK);
	}
}

static void length_is_bounded(void **state)
{
	size_t i;

	code[0] = 0x22;
	code[1] = 1;
	for (i = 2; i < AX_MAX_CODE; i++)
		code[i] = 0x0e;
	code[AX_MAX_CODE - 1] = 0x27;
	assert_int_equal(ax_verify(code, AX_MAX_CODE, NULL), 0);
	code[AX_MAX_CODE - 1] = 0x0e;
	code[AX_MAX_CODE] = 0x27;
	assert_int_equal(ax_verify(code, AX_MAX_CODE + 1, NULL), -EINVAL);
}

/*
 * Whatever the verifier accepts runs without -EINVAL, and even what it never
 * saw runs without harm (the sanitizers watch).
 */
static void no_bytes_do_harm(void **state)
{
	uint32_t random = 12345;
	unsigned int round, accepted = 0;

	for (round = 0; round < 200000; round++) {
		size_t len = 1 + round % 12, i;
		uint64_t value;
		int err;

		for (i = 0; i < len; i++) {
			random = random * 1664525 + 1013904223;
			code[i] = (uint8_t)(random >> 24) % 0x38;
		}
		code[len++] = 0x27;
		err = ax_verify(code, len, NULL);
		if (!err) {
			accepted++;
			assert_int_not_equal(
				ax_eval(code, len, &agent, &value, NULL),
				-EINVAL);
		} else {
			ax_eval(code, len, &agent, &value, NULL);
		}
	}
	assert_true(accepted > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(agrees_with_gdb, setup),
		cmocka_unit_test_setup(takes_the_published_samples, setup),
		cmocka_unit_test_setup(each_instruction_by_itself, setup),
		cmocka_unit_test_setup(moves_cells_as_gdbserver_does, setup),
		cmocka_unit_test_setup(jumps, setup),
		cmocka_unit_test_setup(faults_and_bounds_are_errors, setup),
		cmocka_unit_test_setup(says_why, setup),
		cmocka_unit_test_setup(the_verifier_refuses, setup),
		cmocka_unit_test_setup(depth_is_bounded, setup),
		cmocka_unit_test_setup(length_is_bounded, setup),
		cmocka_unit_test_setup(no_bytes_do_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
