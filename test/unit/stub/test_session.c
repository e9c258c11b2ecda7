/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The session: acks, damage, order, queries, clients that come and go. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "stub/hex.h"

static struct bench b;

static int setup(void **state)
{
	bench_open(&b, 4096);
	return 0;
}

static int setup_gdb(void **state)
{
	bench_open_gdb(&b);
	return 0;
}

static int teardown(void **state)
{
	bench_close(&b);
	return 0;
}

static void sent(const char *want)
{
	bench_drain(&b);
	if (b.out_len != strlen(want) || memcmp(b.out, want, b.out_len) != 0)
		fail_msg("sent '%.*s', not '%s'", (int)b.out_len, b.out, want);
	b.out_len = 0;
}

static void put(const char *bytes)
{
	bench_send(&b, bytes, strlen(bytes));
}

static void acks_before_it_answers(void **state)
{
	put("$qC#b4");
	sent("+$QC1#c5");
	put("+$qC#b4");
	sent("+$QC1#c5");
	/* No ack for the last: a new packet says as much. */
	put("$qC#b4");
	sent("+$QC1#c5");
}

static void nacks_damage_three_times(void **state)
{
	put("$qC#00");
	sent("-");
	put("$qC#00");
	sent("-");
	put("$qC#00");
	sent("-");
	put("$qC#00");
	sent("");
	put("$qC#b4");
	sent("+$QC1#c5");
	put("+$qC#0z");
	sent("-");
}

static void sends_again_what_was_not_understood(void **state)
{
	put("$qC#b4");
	sent("+$QC1#c5");
	put("-");
	sent("$QC1#c5");
	put("-");
	sent("$QC1#c5");
	put("+-");
	sent("");
}

static void without_acks_none_are_sent(void **state)
{
	put("$QStartNoAckMode#b0");
	sent("+$OK#9a");
	put("+$qC#b4");
	sent("$QC1#c5");
	put("+$qC#b4-");
	sent("$QC1#c5");
	/* Damage is answered once, as nothing else would be. */
	put("$qC#00");
	sent("$E4a#da");
}

static void a_late_ack_after_noack_does_no_harm(void **state)
{
	put("$QStartNoAckMode#b0$qC#b4+++");
	sent("+$OK#9a$QC1#c5");
	put("-$qC#b4");
	sent("$QC1#c5");
}

static void unknown_packets_get_the_empty_reply(void **state)
{
	static const char *const unknown[] = {
		"vMustReplyEmpty",
		"vFoo",
		"qFoo",
		"QFoo",
		"Z7,0,4",
		"z9,0,4",
		"j",
		"",
		"qXfer:auxv:read::0,100",
		"QNonStop:1",
		"vCont",
		"qTStatus",
		"qCRC",
		"b",
		"vRun;",
		"Hx1",
		"Dx",
		"kk",
		"qTfV",
		"?x",
		"qSupportedX",
		"qStructuredDataPlugins",
		"_M1000,r",
		"vFile:setfs:0",
	};
	size_t i;

	for (i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		if (bench_ask(&b, unknown[i]) == NULL || b.reply_len)
			fail_msg("%s: %s", unknown[i], b.reply);
	}
}

static void a_packet_that_is_too_long_is_an_error(void **state)
{
	char packet[5001];

	memset(packet, 'm', 5000);
	packet[5000] = '\0';
	assert_reply(&b, packet, "E5a");
	assert_reply(&b, "qC", "QC1");
}

static void restarts_and_breaks_inside_frames(void **state)
{
	put("$m4000$qC#b4");
	sent("+$QC1#c5");
	put("+\x03\x03$qC#b4\x03");
	sent("+$QC1#c5");
	assert_int_equal(b.t->stops_asked, 0);
	put("+$X40000000,1:\x03#76");
	sent("+$OK#9a");
	assert_int_equal(b.t->ram[0], 3);
	assert_int_equal(b.t->stops_asked, 0);
}

static void takes_no_more_until_the_reply_is_sent(void **state)
{
	static const uint8_t two[] = "$qC#b4$qC#b4+";
	const uint8_t *p;
	size_t n, len;

	n = gdbstub_rx(&b.s, two, 13);
	assert_int_equal(n, 6);
	assert_int_equal(gdbstub_rx(&b.s, two + n, 7), 0);
	p = gdbstub_tx_peek(&b.s, &len);
	assert_int_equal(len, 1);
	assert_int_equal(p[0], '+');
	gdbstub_tx_done(&b.s, 1);
	gdbstub_tx_peek(&b.s, &len);
	assert_int_equal(len, 7);
	gdbstub_tx_done(&b.s, 6);
	assert_int_equal(gdbstub_rx(&b.s, two + n, 7), 0);
	gdbstub_tx_peek(&b.s, &len);
	gdbstub_tx_done(&b.s, len);
	assert_int_equal(gdbstub_rx(&b.s, two + n, 7), 6);
	sent("+$QC1#c5");
}

static void every_way_to_cut_the_line_gives_the_same(void **state)
{
	static const char line[] = "+$qC#b4+$m40000000,8#55+$qC#00$qC#b4+";
	size_t in, out, i;

	for (in = 1; in < sizeof(line); in++) {
		for (out = 0; out < 8; out++) {
			bench_close(&b);
			bench_open(&b, 4096);
			b.step = out;
			for (i = 0; i < sizeof(line) - 1; i += in) {
				size_t n = sizeof(line) - 1 - i;

				bench_send(&b, line + i, n < in ? n : in);
			}
			sent("+$QC1#c5+$0001020304050607#1c-+$QC1#c5");
		}
	}
}

static void tells_what_it_can_do(void **state)
{
	const char *reply = bench_ask(&b, "qSupported:swbreak+;hwbreak+;"
					  "multiprocess+;error-message+");

	assert_ptr_equal(strstr(reply, "PacketSize=1000;"), reply);
	assert_non_null(strstr(reply, ";ConditionalBreakpoints+"));
	assert_non_null(strstr(reply, ";binary-upload+"));
	assert_null(strstr(reply, "multiprocess"));
	assert_null(strstr(reply, "memory-map"));
	assert_true(b.s.client.swbreak && b.s.client.hwbreak &&
		    b.s.client.error_text);
	bench_ask(&b, "qSupported");
	assert_false(b.s.client.swbreak);
	bench_ask(&b, "qSupported:xswbreak+;hwbreak+x;;error-message-");
	assert_false(b.s.client.hwbreak || b.s.client.error_text);
}

static void threads_are_cpus(void **state)
{
	assert_reply(&b, "qC", "QC1");
	assert_reply(&b, "qfThreadInfo", "m1,2,3,4");
	assert_reply(&b, "qsThreadInfo", "l");
	assert_reply(&b, "T1", "OK");
	assert_reply(&b, "T4", "OK");
	assert_reply(&b, "T5", "E03");
	assert_reply(&b, "T0", "E03");
	assert_reply(&b, "T-1", "E03");
	assert_reply(&b, "Hg2", "OK");
	assert_reply(&b, "qC", "QC2");
	assert_reply(&b, "Hg0", "OK");
	assert_reply(&b, "qC", "QC2");
	assert_reply(&b, "Hg5", "E03");
	assert_reply(&b, "Hg-1", "E16");
	assert_reply(&b, "Hgffffffff00000001", "E03");
	assert_reply(&b, "Hg1x", "E03");
	assert_reply(&b, "Hc-1", "OK");
	assert_reply(&b, "Hc0", "OK");
	assert_reply(&b, "qThreadExtraInfo,4", "63707533206f6666");
	assert_reply(&b, "qThreadExtraInfo,5", "E03");
}

static void documents_come_in_pieces(void **state)
{
	char whole[8192], packet[80];
	size_t at = 0;

	do {
		sprintf(packet, "qXfer:features:read:target.xml:%zx,100", at);
		bench_ask(&b, packet);
		assert_true(b.reply[0] == 'm' || b.reply[0] == 'l');
		strcpy(whole + at, b.reply + 1);
		at += b.reply_len - 1;
	} while (b.reply[0] == 'm');
	assert_string_equal(whole + at - 10, "</target>\n");
	sprintf(packet, "qXfer:features:read:target.xml:%zx,100", at);
	assert_reply(&b, packet, "l");
	sprintf(packet, "qXfer:features:read:target.xml:%zx,100", at + 1);
	assert_reply(&b, packet, "E16");
	bench_ask(&b, "qXfer:features:read:target.xml:0,ffffffffffffffff");
	assert_int_equal(b.reply[0], 'l');
	assert_reply(&b, "qXfer:features:read:none.xml:0,100", "E02");
	assert_reply(&b, "qXfer:features:read:target.xml:0", "E16");
	assert_reply(&b, "qXfer:features:read:target.xml", "E16");
	assert_reply(&b, "qXfer:features:write:target.xml:0,1:x", "");
}

static void the_threads_document_fits_together(void **state)
{
	char first[200];

	bench_ask(&b, "qXfer:threads:read::0,40");
	assert_int_equal(b.reply[0], 'm');
	strcpy(first, b.reply + 1);
	/* What the CPUs do meanwhile changes nothing in it. */
	b.t->cpus[0].state = TARGET_CPU_LOST;
	bench_ask(&b, "m40000000,400");
	bench_ask(&b, "qXfer:threads:read::40,1000");
	assert_int_equal(b.reply[0], 'l');
	assert_non_null(strstr(b.reply, "name=\"cpu1\">stopped</thread>"));
	assert_non_null(strstr(b.reply, "<thread id=\"4\" core=\"3\" "
					"name=\"cpu3\">off</thread>"));
	assert_null(strstr(b.reply, "lost"));
	bench_ask(&b, "qXfer:threads:read::0,1000");
	assert_non_null(strstr(b.reply, "lost"));
	assert_memory_equal(b.reply + 1, first, 30);
	assert_reply(&b, "qXfer:threads:read:x:0,1000", "E02");
}

static void small_answers(void **state)
{
	assert_reply(&b, "qAttached", "1");
	assert_reply(&b, "qAttached:1", "1");
	assert_reply(&b, "qSymbol::", "OK");
	assert_reply(&b, "qOffsets",
		     "Text=14e00000;Data=14e00000;Bss=14e00000");
	b.t->no_offsets = true;
	assert_reply(&b, "qOffsets", "");
	assert_reply(&b, "!", "OK");
	assert_reply(&b, "qqemu.sstepbits", "ENABLE=1,NOIRQ=2,NOTIMER=4");
	assert_reply(&b, "qqemu.sstep", "0x7");
	assert_reply(&b, "Qqemu.sstep=5", "OK");
	assert_reply(&b, "qqemu.sstep", "0x5");
	assert_reply(&b, "Qqemu.sstep=0x1", "OK");
	assert_reply(&b, "qqemu.sstep", "0x1");
	assert_reply(&b, "Qqemu.sstep=8", "E16");
	assert_reply(&b, "Qqemu.sstep=", "E16");
}

static const char *monitor(const char *command)
{
	static char text[8192];
	char packet[2048] = "qRcmd,";
	size_t n = strlen(command), i;

	for (i = 0; i < n; i++)
		sprintf(packet + 6 + 2 * i, "%02x", (uint8_t)command[i]);
	bench_ask(&b, packet);
	if (b.reply[0] == 'O' || b.reply[0] == 'E')
		return b.reply;
	assert_int_equal(hex_decode((uint8_t *)text, (uint8_t *)b.reply,
				    b.reply_len / 2),
			 0);
	text[b.reply_len / 2] = '\0';
	return text;
}

static void monitor_commands(void **state)
{
	char long_one[600];

	assert_non_null(strstr(monitor("help"), "echo TEXT"));
	assert_non_null(strstr(monitor(""), "help"));
	assert_string_equal(monitor("echo  a b \n"), "a b\n");
	assert_string_equal(b.t->command, "0:echo:a b");
	assert_string_equal(monitor("quiet"), "OK");
	assert_string_equal(monitor("fail"), "E05");
	assert_non_null(strstr(monitor("nonsense"), "unknown command"));
	assert_string_equal(monitor("set keep on"), "OK");
	assert_true(b.s.keep);
	assert_string_equal(monitor("set keep maybe"), "on or off\n");
	assert_string_equal(monitor("set keep off"), "OK");
	assert_false(b.s.keep);
	memset(long_one, 'x', sizeof(long_one));
	long_one[599] = '\0';
	assert_string_equal(monitor(long_one), "E16");
	assert_reply(&b, "qRcmd,6", "E16");
	assert_reply(&b, "qRcmd,6x", "E16");
	monitor("flood");
	assert_true(b.reply_len > 3900);
	assert_memory_equal(b.reply + b.reply_len - 12, "5b6375745d0a", 12);
}

static void a_client_that_goes_leaves_nothing(void **state)
{
	bench_ask(&b, "Hg2");
	bench_ask(&b, "Z0,40001000,4");
	bench_ask(&b, "Qqemu.PhyMemMode:1");
	put("$m4000");
	gdbstub_disconnect(&b.s);
	assert_int_equal(b.points.used, 0);
	assert_true(fake_is_running(b.t));
	assert_int_equal(b.t->resumed[0].kind, TARGET_CONTINUE);
	gdbstub_connect(&b.s);
	put("0000,4#00");
	sent("");
	put("$qC#b4");
	sent("+$QC1#c5");
	assert_false(b.s.client.phys);
}

static void a_client_that_goes_may_leave_everything(void **state)
{
	bench_ask(&b, "Z0,40001000,4");
	b.s.keep = true;
	gdbstub_disconnect(&b.s);
	assert_false(fake_is_running(b.t));
	assert_int_equal(b.points.wanted, 1);
	gdbstub_connect(&b.s);
	assert_memory_equal(bench_ask(&b, "?"), "T05thread:1;", 12);
}

/* Pulled out in the middle of a long reply. */
static void a_reply_that_is_cut_off_is_forgotten(void **state)
{
	size_t len;

	gdbstub_rx(&b.s, (const uint8_t *)"$m40000000,400#b1", 17);
	gdbstub_tx_peek(&b.s, &len);
	gdbstub_tx_done(&b.s, 1);
	gdbstub_tx_peek(&b.s, &len);
	assert_true(len > 100);
	gdbstub_tx_done(&b.s, 100);
	gdbstub_disconnect(&b.s);
	gdbstub_tx_peek(&b.s, &len);
	assert_int_equal(len, 0);
	gdbstub_connect(&b.s);
	put("$qC#b4");
	sent("+$QC1#c5");
}

/* On a line that does not tell: a second gdb after one without acks. */
static void a_client_that_comes_unnoticed_is_noticed(void **state)
{
	bench_ask(&b, "Z0,40001000,4");
	put("+$qSupported:swbreak+#00"); /* damaged: no matter */
	b.out_len = 0;
	put("+");
	bench_put(&b, "qSupported:hwbreak+", 19);
	assert_int_equal(b.out[0], '+');
	assert_memory_equal(bench_next(&b), "PacketSize=", 11);
	assert_false(b.s.client.noack);
	assert_false(b.s.client.swbreak);
	assert_int_equal(b.points.wanted, 0);
	put("-");
	assert_memory_equal(bench_next(&b), "PacketSize=", 11);
}

/* LLDB ends acks before it asks for features; nothing may be reset there. */
static void features_after_noack_do_not_bring_acks_back(void **state)
{
	put("+");
	assert_reply(&b, "QStartNoAckMode", "OK");
	put("+");
	b.out_len = 0;
	bench_put(&b, "qSupported:xmlRegisters=i386", 28);
	assert_int_equal(b.out[0], '$');
	assert_true(b.s.client.noack);
}

static void lldb_has_its_own_dialect(void **state)
{
	assert_reply(&b, "QThreadSuffixSupported", "OK");
	assert_reply(&b, "QListThreadsInStopReply", "OK");
	assert_reply(&b, "QEnableErrorStrings", "OK");
	assert_reply(&b, "x0,0", "OK");
	assert_reply(&b, "x40000041,2", "AB");
	assert_reply(&b, "m0,1", "E0e;6e6f206d656d6f727920617420307830");
	assert_reply(&b, "p0;thread:2;", "0100000000000000");
	assert_reply(&b, "P0=0500000000000000;thread:3;", "OK");
	assert_true(b.t->cpus[2].regs[0] == 5);
	assert_memory_equal(bench_ask(&b, "g;thread:3;"), "0500", 4);
	assert_int_equal(bench_ask(&b, "g;thread:9;")[0], 'E');
	assert_int_equal(bench_ask(&b, "p20;thread:4;")[0], 'E');
	assert_memory_equal(bench_ask(&b, "?"),
			    "T05thread:1;core:0;"
			    "threads:1,2,3,4;"
			    "reason:signal;",
			    48);
	assert_memory_equal(bench_ask(&b, "qThreadStopInfo2"), "T00thread:2;",
			    12);
	assert_non_null(strstr(bench_ask(&b, "qHostInfo"), "ptrsize:8;"));
	assert_reply(&b, "qGDBServerVersion", "name:hyperstub;");
	assert_reply(&b, "qMemoryRegionInfo:5", "start:0;size:40000000;");
	assert_reply(&b, "qMemoryRegionInfo:40000fff",
		     "start:40000000;size:100000;permissions:rwx;");
	assert_reply(&b, "qMemoryRegionInfo:ffff800000000000",
		     "start:ffff800000000000;size:3000;permissions:r;");
	assert_reply(&b, "qMemoryRegionInfo:ffffffffffffffff",
		     "start:ffff800000003000;size:7fffffffd000;");
	assert_int_equal(bench_ask(&b, "qMemoryRegionInfo:")[0], 'E');
	assert_int_equal(bench_ask(&b, "qMemoryRegionInfo:4x")[0], 'E');
	/* It prints O packets only, and an OK ends them. */
	assert_reply(&b, "qRcmd,6563686f2061", "O610a");
	assert_string_equal(bench_next(&b), "OK");
	assert_null(bench_next(&b));
	assert_reply(&b, "qRcmd,7175696574", "OK");
	assert_null(bench_next(&b));
	assert_reply(&b, "k", "X09");
	assert_true(b.s.running);
}

static void lldb_that_leaves_in_the_middle_gets_no_late_ok(void **state)
{
	bench_ask(&b, "QThreadSuffixSupported");
	bench_send(&b, "+", 1);
	/* With acks the OK waits for the one of the text. */
	assert_reply(&b, "qRcmd,6563686f2061", "O610a");
	assert_null(bench_next(&b));
	gdbstub_disconnect(&b.s);
	gdbstub_connect(&b.s);
	assert_reply(&b, "qAttached", "1");
	bench_send(&b, "+", 1);
	assert_null(bench_next(&b));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_GDB(f) cmocka_unit_test_setup_teardown(f, setup_gdb, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(acks_before_it_answers),
		TEST(nacks_damage_three_times),
		TEST(sends_again_what_was_not_understood),
		TEST(without_acks_none_are_sent),
		TEST(a_late_ack_after_noack_does_no_harm),
		TEST(unknown_packets_get_the_empty_reply),
		TEST(a_packet_that_is_too_long_is_an_error),
		TEST(restarts_and_breaks_inside_frames),
		TEST(takes_no_more_until_the_reply_is_sent),
		TEST(every_way_to_cut_the_line_gives_the_same),
		TEST(tells_what_it_can_do),
		TEST(threads_are_cpus),
		TEST(documents_come_in_pieces),
		TEST(the_threads_document_fits_together),
		TEST(small_answers),
		TEST(monitor_commands),
		TEST(a_client_that_goes_leaves_nothing),
		TEST(a_client_that_goes_may_leave_everything),
		TEST(a_reply_that_is_cut_off_is_forgotten),
		TEST_GDB(a_client_that_comes_unnoticed_is_noticed),
		TEST(features_after_noack_do_not_bring_acks_back),
		TEST_GDB(lldb_has_its_own_dialect),
		TEST(lldb_that_leaves_in_the_middle_gets_no_late_ok),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
