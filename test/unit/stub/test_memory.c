/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* m M x X qSearch qCRC g G p P, with holes, devices and every byte value. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static struct bench b;

static int setup(void **state)
{
	bench_open_gdb(&b);
	return 0;
}

static int teardown(void **state)
{
	bench_close(&b);
	return 0;
}

static void reads_and_writes_hex(void **state)
{
	assert_reply(&b, "m40000000,4", "00010203");
	assert_reply(&b, "M40000000,4:DEADbeef", "OK");
	assert_reply(&b, "m40000000,4", "deadbeef");
	assert_reply(&b, "m40000000,0", "");
	assert_reply(&b, "M40000000,0:", "OK");
}

static void a_read_into_a_hole_is_short(void **state)
{
	assert_reply(&b, "m400ffffe,8", "0100");
	assert_reply(&b, "mffff800000002ffc,1000", "fcfdfeff");
	assert_reply(&b, "m40100000,4", "E0e");
	assert_reply(&b, "M400ffffe,4:01020304", "E0e");
	assert_reply(&b, "m0,1", "E0e");
}

static void errors_have_text_for_those_who_want_it(void **state)
{
	bench_ask(&b, "qSupported:error-message+");
	assert_reply(&b, "m0,1", "E.no memory at 0x0");
	b.s.client.noack = true;
	assert_reply(&b, "p1234", "E.cannot read register 4660");
}

static void bad_numbers_are_refused(void **state)
{
	static const char *const bad[] = {
		"m",
		"m,",
		"m40000000",
		"m40000000,",
		"mg,4",
		"m40000000,4x",
		"m10000000000000000,4",
		"m40000000,10000000000000000",
		"mffffffffffffffff,2",
		"M40000000,4",
		"M40000000,4:0102",
		"M40000000,2:010203",
		"M40000000,2:01g2",
		"M40000000,1:0",
		"X40000000,4:abc",
		"X40000000,4:abcde",
		"X40000000,4",
		"x40000000",
		"xffffffffffffffff,2",
		"X1:2",
		"M1:2",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (bench_ask(&b, bad[i])[0] != 'E')
			fail_msg("%s: %s", bad[i], b.reply);
	}
	assert_reply(&b, "mffffffffffffffff,1", "E0e");
}

static size_t escape(uint8_t *out, const uint8_t *in, size_t n)
{
	size_t len = 0;

	while (n--) {
		if (strchr("}#$*", *in) && *in) {
			out[len++] = '}';
			out[len++] = *in++ ^ 0x20;
		} else {
			out[len++] = *in++;
		}
	}
	return len;
}

static void binary_carries_every_byte(void **state)
{
	uint8_t data[1024], packet[3000], want[3000];
	size_t i, n, start;

	for (start = 0; start < 16; start++) {
		for (i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)(i + i / 256 + start);
		n = (size_t)sprintf((char *)packet, "X%x,400:",
				    (unsigned int)(0x40000100 + start));
		n += escape(packet + n, data, sizeof(data));
		assert_string_equal(bench_ask_bytes(&b, packet, n), "OK");
		assert_memory_equal(b.t->ram + 0x100 + start, data,
				    sizeof(data));
		n = (size_t)sprintf((char *)packet, "x%x,400",
				    (unsigned int)(0x40000100 + start));
		bench_ask_bytes(&b, packet, n);
		assert_int_equal(b.reply[0], 'b');
		n = escape(want, data, sizeof(data));
		assert_int_equal(b.reply_len, n + 1);
		assert_memory_equal(b.reply + 1, want, n);
	}
	assert_reply(&b, "X40000000,0:", "OK");
	assert_reply(&b, "x40000000,0", "b");
	assert_reply(&b, "x40100000,4", "E0e");
	bench_ask(&b, "x400fffff,4");
	assert_int_equal(b.reply_len, 2);
}

static void large_reads_fill_the_packet_and_no_more(void **state)
{
	size_t i;

	bench_ask(&b, "m40000000,20000");
	assert_int_equal(b.reply_len, 0x40000);
	for (i = 0; i < 0x20000; i += 0x777) {
		char want[3];

		sprintf(want, "%02x", (uint8_t)(i ^ i >> 8));
		assert_memory_equal(b.reply + 2 * i, want, 2);
	}
	bench_ask(&b, "m40000000,80000");
	assert_int_equal(b.reply_len, 0x40000);
	bench_ask(&b, "x40000000,80000");
	assert_true(b.reply_len >= 0x40000 - 1);
	bench_ask(&b, "mffffffff,ffffffffffff");
	assert_int_equal(b.reply[0], 'E');
	memset(b.t->ram, '#', FAKE_RAM_SIZE);
	bench_ask(&b, "x40000000,40000");
	assert_true(b.reply_len >= 0x40000 - 1);
}

static void device_accesses_keep_their_width(void **state)
{
	assert_reply(&b, "m9000000,4", "00000000");
	assert_int_equal(b.t->device_reads, 1);
	assert_int_equal(b.t->last_width, 4);
	bench_ask(&b, "x9000008,8");
	assert_int_equal(b.t->device_reads, 2);
	assert_int_equal(b.t->last_width, 8);
	assert_reply(&b, "M9000000,2:0102", "OK");
	assert_int_equal(b.t->last_width, 2);
}

static void physical_mode_adds_the_window(void **state)
{
	assert_reply(&b, "qqemu.PhyMemMode", "0");
	assert_reply(&b, "m1000,2", "E0e");
	assert_reply(&b, "m72000000001000,2", "0001");
	assert_reply(&b, "Qqemu.PhyMemMode:1", "OK");
	assert_reply(&b, "qqemu.PhyMemMode", "1");
	assert_reply(&b, "m1000,2", "0001");
	assert_reply(&b, "M1000,2:aabb", "OK");
	assert_reply(&b, "Qqemu.PhyMemMode:0", "OK");
	assert_reply(&b, "m40000000,2", "aabb");
	assert_reply(&b, "Qqemu.PhyMemMode:", "E16");
}

static void searches(void **state)
{
	assert_reply(&b, "qSearch:memory:40000000;1000;\xfe\xff", "1,400000fe");
	assert_reply(&b, "qSearch:memory:40000000;100000;nowhere to be", "0");
	memcpy(b.t->ram + GDBSTUB_SCRATCH_SIZE / 2 - 3, "needle", 6);
	assert_reply(&b, "qSearch:memory:40000000;100000;needle", "1,40003ffd");
	assert_reply(&b, "qSearch:memory:40000000;4002;needle", "0");
	assert_reply(&b, "qSearch:memory:40000000;4003;needle", "1,40003ffd");
	memcpy(b.t->ram + 0x60000, "a}#$*b", 6);
	assert_reply(&b, "qSearch:memory:40000000;100000;a}]}\x03}\x04}\nb",
		     "1,40060000");
	assert_reply(&b, "qSearch:memory:40000000;2;abc", "0");
	assert_reply(&b, "qSearch:memory:40000000;0;abc", "0");
	assert_reply(&b, "qSearch:memory:400fff00;1000;nowhere", "E0e");
	assert_reply(&b, "qSearch:memory:40000000;100;", "E16");
	assert_reply(&b, "qSearch:memory:40000000;100", "E16");
	assert_reply(&b, "qSearch:memory:0;ffffffffffff;x", "E07");
}

static uint32_t slow_crc(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	while (n--) {
		int i;

		crc ^= (uint32_t)*p++ << 24;
		for (i = 0; i < 8; i++)
			crc = crc & 0x80000000 ? crc << 1 ^ 0x04c11db7
					       : crc << 1;
	}
	return crc;
}

static void sums_memory(void **state)
{
	char want[20];

	sprintf(want, "C%x", slow_crc(b.t->ram + 3, 0x5001));
	assert_reply(&b, "qCRC:40000003,5001", want);
	assert_reply(&b, "qCRC:400ffff0,100", "E0e");
	assert_reply(&b, "qCRC:40000003", "E16");
}

static void registers_read_and_write(void **state)
{
	assert_reply(&b, "p20", "0010004000000000");
	assert_reply(&b, "P5=1122334455667788", "OK");
	assert_reply(&b, "p5", "1122334455667788");
	assert_reply(&b, "p21", "00000000");
	assert_reply(&b, "p44", "4400000000000000");
	bench_ask(&b, "g");
	assert_int_equal(b.reply_len, 33 * 16 + 8);
	assert_memory_equal(b.reply + 5 * 16, "1122334455667788", 16);
}

static void odd_registers_are_told_apart(void **state)
{
	assert_reply(&b, "p45", "xxxxxxxxxxxxxxxx");
	assert_reply(&b, "p46", "E02");
	assert_reply(&b, "P44=0000000000000000", "E01");
	assert_reply(&b, "P46=00", "E02");
	assert_reply(&b, "P5=11", "E16");
	assert_reply(&b, "P5=11223344556677889", "E16");
	assert_reply(&b, "P5=xxxxxxxxxxxxxxxx", "E3d");
	assert_reply(&b, "pffffffffff", "E16");
	assert_reply(&b, "p", "E16");
}

static void g_comes_back_as_G(void **state)
{
	char packet[600];

	strcpy(packet, "G");
	strcat(packet, bench_ask(&b, "g"));
	memcpy(packet + 1, "8877665544332211", 16);
	memcpy(packet + 1 + 16, "xxxxxxxxxxxxxxxx", 16);
	assert_reply(&b, packet, "OK");
	assert_true(b.t->cpus[0].regs[0] == 0x1122334455667788);
	assert_true(b.t->cpus[0].regs[1] == 0);
	memcpy(packet + 1, "0000000000000000", 16);
	packet[strlen(packet) - 1] = 'q';
	assert_reply(&b, packet, "E16");
	assert_true(b.t->cpus[0].regs[0] == 0x1122334455667788);
	assert_reply(&b, "G00", "E16");
	assert_reply(&b, "G", "E16");
}

static void registers_of_a_cpu_that_is_off_are_unavailable(void **state)
{
	assert_reply(&b, "Hg4", "OK");
	bench_ask(&b, "g");
	assert_int_equal(b.reply_len, 33 * 16 + 8);
	assert_int_equal(strspn(b.reply, "x"), b.reply_len);
	assert_reply(&b, "P5=1122334455667788", "E10");
}

/* Sends a packet and takes nothing; how much is there to be sent at first. */
static size_t ask_and_wait(const char *frame)
{
	size_t n = 0;

	gdbstub_rx(&b.s, (const uint8_t *)frame, strlen(frame));
	gdbstub_tx_peek(&b.s, &n);
	return n;
}

#define LONG_READ "$m40000000,8000#e5" /* twice a piece, and ends there */

static void a_long_reply_is_on_its_way_before_it_is_whole(void **state)
{
	uint8_t want[] = "00010203";
	const char *reply;

	assert_int_equal(ask_and_wait(LONG_READ), 1 + 2 * 0x4000);
	assert_true(b.s.tx.open);
	/* nothing else is taken before its end */
	assert_int_equal(gdbstub_rx(&b.s, (const uint8_t *)"$qC#b4", 6), 0);
	reply = bench_next(&b);
	assert_non_null(reply);
	assert_int_equal(b.reply_len, 2 * 0x8000);
	assert_memory_equal(reply, want, 8);
	assert_false(b.s.tx.open);
	assert_reply(&b, "qC", "QC1");
}

static void with_acks_it_is_sent_whole(void **state)
{
	b.s.client.noack = false;
	assert_true(ask_and_wait(LONG_READ) > 0);
	assert_false(b.s.tx.open);
	assert_int_equal(b.s.tx.len, 2 * 0x8000 + 4);
}

static void a_long_read_into_a_hole_is_short(void **state)
{
	assert_int_equal(ask_and_wait("$m400fb000,8000#4d"), 1 + 2 * 0x4000);
	assert_non_null(bench_next(&b));
	assert_int_equal(b.reply_len, 2 * 0x5000);
	assert_reply(&b, "qC", "QC1");
}

static void a_client_that_goes_ends_a_long_reply(void **state)
{
	size_t n;

	ask_and_wait(LONG_READ);
	gdbstub_disconnect(&b.s);
	gdbstub_tx_peek(&b.s, &n);
	assert_int_equal(n, 0);
	gdbstub_connect(&b.s);
	assert_null(bench_next(&b));
	assert_reply(&b, "qC", "QC1");
}

static void a_fault_within_a_long_reply_makes_it_short(void **state)
{
	ask_and_wait(LONG_READ);
	gdbstub_abandon(&b.s, "a fault");
	assert_non_null(bench_next(&b));
	assert_int_equal(b.reply_len, 2 * 0x4000);
	assert_reply(&b, "qC", "QC1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_and_writes_hex),
		TEST(a_read_into_a_hole_is_short),
		TEST(errors_have_text_for_those_who_want_it),
		TEST(bad_numbers_are_refused),
		TEST(binary_carries_every_byte),
		TEST(large_reads_fill_the_packet_and_no_more),
		TEST(a_long_reply_is_on_its_way_before_it_is_whole),
		TEST(with_acks_it_is_sent_whole),
		TEST(a_long_read_into_a_hole_is_short),
		TEST(a_client_that_goes_ends_a_long_reply),
		TEST(a_fault_within_a_long_reply_makes_it_short),
		TEST(device_accesses_keep_their_width),
		TEST(physical_mode_adds_the_window),
		TEST(searches),
		TEST(sums_memory),
		TEST(registers_read_and_write),
		TEST(odd_registers_are_told_apart),
		TEST(g_comes_back_as_G),
		TEST(registers_of_a_cpu_that_is_off_are_unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
