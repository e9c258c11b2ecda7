/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Running and stopping: vCont, stop replies, ^C, points, detach, console. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define CODE 0x40001000ull

static struct bench b;

static int setup(void **state)
{
	static const uint32_t program[] = {
		FAKE_NOP,	FAKE_ADD_X0_1, FAKE_STR_X0_X1,
		FAKE_LDR_X2_X1, FAKE_NOP,      FAKE_B(-5),
	};
	unsigned int i;

	bench_open_gdb(&b);
	fake_program(b.t, CODE, program, 6);
	for (i = 0; i < FAKE_CPUS; i++) {
		b.t->cpus[i].regs[0] = 0;
		b.t->cpus[i].regs[1] = 0x40004000 + 0x100 * i;
	}
	return 0;
}

static int teardown(void **state)
{
	bench_close(&b);
	return 0;
}

static void put(const char *bytes)
{
	bench_send(&b, bytes, strlen(bytes));
}

static void starts_with(const char *reply, const char *want)
{
	assert_non_null(reply);
	if (strncmp(reply, want, strlen(want)) != 0)
		fail_msg("%s does not start with %s", reply, want);
}

static void kinds_are(int a, int b_, int c, int d)
{
	assert_int_equal(b.t->resumed[0].kind, a);
	assert_int_equal(b.t->resumed[1].kind, b_);
	assert_int_equal(b.t->resumed[2].kind, c);
	assert_int_equal(b.t->resumed[3].kind, d);
}

static void asks_and_runs(const char *packet)
{
	assert_null(bench_ask(&b, packet));
	assert_true(fake_is_running(b.t));
}

static void stop(void)
{
	put("\x03");
	fake_run(b.t, 100);
	assert_non_null(bench_next(&b));
}

static void offers_what_gdb_wants(void **state)
{
	assert_reply(&b, "vCont?", "vCont;c;C;s;S;t;r");
	assert_reply(&b, "vMustReplyEmpty", "");
}

static void the_stop_reply_is_complete(void **state)
{
	assert_reply(&b, "?",
		     "T05thread:1;core:0;1d:0000000000000000;"
		     "1e:0000000000000000;1f:0080004000000000;"
		     "20:0010004000000000;21:00000000;");
}

static void actions_are_given_to_each_cpu(void **state)
{
	asks_and_runs("vCont;s:2;c");
	kinds_are(TARGET_CONTINUE, TARGET_STEP, TARGET_CONTINUE,
		  TARGET_CONTINUE);
	fake_run(b.t, 10);
	starts_with(bench_next(&b), "T05thread:2;core:1;");
	assert_reply(&b, "qC", "QC2");
	asks_and_runs("vCont;s:1");
	kinds_are(TARGET_STEP, TARGET_STAY, TARGET_STAY, TARGET_STAY);
	fake_run(b.t, 10);
	starts_with(bench_next(&b), "T05thread:1;");
	/* The leftmost counts; signals are dropped; -1 is all. */
	asks_and_runs("vCont;C05:3;S0b:-1;c:3");
	kinds_are(TARGET_STEP, TARGET_STEP, TARGET_CONTINUE, TARGET_STEP);
	fake_run(b.t, 10);
	bench_next(&b);
	asks_and_runs("vCont;t:1;c");
	kinds_are(TARGET_STAY, TARGET_CONTINUE, TARGET_CONTINUE,
		  TARGET_CONTINUE);
	stop();
	/* 0 is any: the selected one. */
	bench_ask(&b, "Hg3");
	asks_and_runs("vCont;s:0");
	kinds_are(TARGET_STAY, TARGET_STAY, TARGET_STEP, TARGET_STAY);
}

static void ranges_reach_the_target(void **state)
{
	asks_and_runs("vCont;r40001000,4000100c:1;c");
	assert_int_equal(b.t->resumed[0].kind, TARGET_RANGE);
	assert_true(b.t->resumed[0].start == 0x40001000);
	assert_true(b.t->resumed[0].end == 0x4000100c);
	fake_run(b.t, 50);
	starts_with(bench_next(&b), "T05thread:1;");
	assert_true(b.t->cpus[0].regs[TARGET_REG_PC] == 0x4000100c);
	/* An empty range is a step. */
	asks_and_runs("vCont;r1000,1000:1");
	assert_int_equal(b.t->resumed[0].kind, TARGET_STEP);
}

static void bad_vConts_do_nothing(void **state)
{
	static const char *const bad[] = {
		"vCont;",	  "vCont;x",	  "vCont;c:",	  "vCont;c:9",
		"vCont;s:1;q",	  "vCont;c;;",	  "vCont;C",	  "vCont;S:1",
		"vCont;r1000",	  "vCont;r1000,", "vCont;c1",	  "vCont;c:1x",
		"vCont;s:4",	  "vCont;c:4",	  "vCont;s:p1.1", "vCont;t",
		"vCont;s:1;c:77",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *reply = bench_ask(&b, bad[i]);

		if (!reply || reply[0] != 'E')
			fail_msg("%s: %s", bad[i], reply ? reply : "(runs)");
	}
	assert_int_equal(b.t->resumes, 0);
	b.t->resume_error = -EIO;
	assert_reply(&b, "vCont;c", "E05");
	assert_reply(&b, "c", "E05");
	assert_reply(&b, "D", "E05");
	b.t->resume_error = 0;
	/* One that is off is no error among others. */
	asks_and_runs("vCont;s:4;c");
}

static void the_old_packets_still_run(void **state)
{
	asks_and_runs("c");
	kinds_are(TARGET_CONTINUE, TARGET_CONTINUE, TARGET_CONTINUE,
		  TARGET_CONTINUE);
	stop();
	asks_and_runs("s");
	kinds_are(TARGET_STEP, TARGET_STAY, TARGET_STAY, TARGET_STAY);
	fake_run(b.t, 10);
	bench_next(&b);
	bench_ask(&b, "Hc2");
	asks_and_runs("s");
	kinds_are(TARGET_STAY, TARGET_STEP, TARGET_STAY, TARGET_STAY);
	fake_run(b.t, 10);
	bench_next(&b);
	asks_and_runs("C05");
	kinds_are(TARGET_STAY, TARGET_CONTINUE, TARGET_STAY, TARGET_STAY);
	stop();
	bench_ask(&b, "Hc-1");
	bench_ask(&b, "Hg1");
	asks_and_runs("S05;40001010");
	fake_run(b.t, 1);
	bench_next(&b);
	assert_true(b.t->cpus[0].regs[TARGET_REG_PC] == 0x40001014);
	asks_and_runs("c40001000");
	assert_true(b.t->cpus[0].regs[TARGET_REG_PC] == 0x40001000);
	stop();
	assert_reply(&b, "cx", "E16");
	assert_reply(&b, "C", "E16");
	assert_reply(&b, "s10000000000000000", "E16");
}

static void break_stops_once(void **state)
{
	asks_and_runs("vCont;c");
	put("\x03\x03");
	assert_int_equal(b.t->stops_asked, 1);
	fake_run(b.t, 100);
	starts_with(bench_next(&b), "T02thread:1;");
	assert_null(bench_next(&b));
	put("\x03");
	assert_null(bench_next(&b));
	fake_run(b.t, 100);
	assert_int_equal(b.t->stops_asked, 1);
	/* A halt that comes too late is not a second stop. */
	fake_fire(b.t, TARGET_STOP_HALT, 0, 0, NULL);
	assert_null(bench_next(&b));
	starts_with(bench_ask(&b, "?"), "T02thread:1;");
	asks_and_runs("vCont;c");
	assert_reply(&b, "vCtrlC", "OK");
	fake_run(b.t, 100);
	starts_with(bench_next(&b), "T02");
}

static void a_stop_that_beats_the_break_is_the_answer(void **state)
{
	asks_and_runs("vCont;c");
	put("\x03");
	fake_fire(b.t, TARGET_STOP_TRAP, 1, 0, NULL);
	starts_with(bench_next(&b), "T05thread:2;");
	fake_run(b.t, 100);
	assert_null(bench_next(&b));
}

/* gdb may not show that stop, and never sends its ^C again. */
static void a_break_that_was_beaten_stops_the_next_run(void **state)
{
	unsigned int resumes;

	asks_and_runs("vCont;c");
	put("\x03");
	fake_fire(b.t, TARGET_STOP_TRAP, 1, 0, NULL);
	starts_with(bench_next(&b), "T05thread:2;");
	resumes = b.t->resumes;
	starts_with(bench_ask(&b, "vCont;s:2"), "T02thread:2;");
	assert_int_equal(b.t->resumes, resumes);
	asks_and_runs("vCont;s:2");
	fake_fire(b.t, TARGET_STOP_TRAP, 1, 0, NULL);
	starts_with(bench_next(&b), "T05thread:2;");
	/* the same where it crosses the stop reply */
	put("\x03");
	assert_null(bench_next(&b));
	starts_with(bench_ask(&b, "vCont;c"), "T02thread:1;");
	asks_and_runs("vCont;c");
}

/* gdb 13 does that while it inserts breakpoints. */
static void a_break_ahead_of_its_resume_stops_it(void **state)
{
	asks_and_runs("vCont;c");
	put("\x03");
	fake_run(b.t, 100);
	starts_with(bench_next(&b), "T02thread:1;");
	bench_ask(&b, "qC");
	put("\x03");
	assert_null(bench_next(&b));
	starts_with(bench_ask(&b, "vCont;c"), "T02thread:1;");
	asks_and_runs("vCont;c");
}

static void question_stops_a_running_guest(void **state)
{
	asks_and_runs("vCont;c");
	gdbstub_disconnect(&b.s);
	gdbstub_connect(&b.s);
	bench_ask(&b, "QStartNoAckMode");
	assert_null(bench_ask(&b, "?"));
	assert_int_equal(b.t->stops_asked, 1);
	fake_run(b.t, 100);
	starts_with(bench_next(&b), "T05thread:1;");
	assert_null(bench_next(&b));
	starts_with(bench_ask(&b, "?"), "T05thread:1;");
}

/* interrupt-on-connect: nobody waits yet, so nothing is sent unasked. */
static void a_break_before_the_question_waits_for_it(void **state)
{
	bench_ask(&b, "D");
	put("\x03");
	fake_run(b.t, 100);
	assert_null(bench_next(&b));
	starts_with(bench_ask(&b, "?"), "T02thread:1;");
}

static void reasons_and_signals(void **state)
{
	static const struct {
		enum target_stop_reason reason;
		const char *want;
	} cases[] = {
		{TARGET_STOP_TRAP, "T05thread:3;core:2;1d:"},
		{TARGET_STOP_SWBREAK, "T05swbreak:;thread:3;"},
		{TARGET_STOP_HWBREAK, "T05hwbreak:;thread:3;"},
		{TARGET_STOP_WATCH, "T05watch:ffff000000001234;thread:3;"},
		{TARGET_STOP_RWATCH, "T05rwatch:ffff000000001234;thread:3;"},
		{TARGET_STOP_AWATCH, "T05awatch:ffff000000001234;thread:3;"},
		{TARGET_STOP_FAULT, "T06thread:3;"},
		{TARGET_STOP_EXIT, "T05thread:3;"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		asks_and_runs("vCont;c");
		fake_fire(b.t, cases[i].reason, 2, 0xffff000000001234, NULL);
		starts_with(bench_next(&b), cases[i].want);
		assert_null(bench_next(&b));
	}
	bench_ask(&b, "!");
	asks_and_runs("vCont;c");
	fake_fire(b.t, TARGET_STOP_EXIT, 0, 0, NULL);
	assert_string_equal(bench_next(&b), "W00");
}

static void reasons_only_for_those_who_know_them(void **state)
{
	bench_ask(&b, "qSupported");
	b.s.client.noack = true;
	asks_and_runs("vCont;c");
	fake_fire(b.t, TARGET_STOP_SWBREAK, 0, 0, NULL);
	starts_with(bench_next(&b), "T05thread:1;");
	asks_and_runs("vCont;c");
	fake_fire(b.t, TARGET_STOP_HWBREAK, 0, 0, NULL);
	starts_with(bench_next(&b), "T05thread:1;");
}

static void two_events_of_one_stop_are_both_told(void **state)
{
	struct target_event second = {TARGET_STOP_HWBREAK, 1, 0, NULL, false};
	struct target_event third = {TARGET_STOP_TRAP, 2, 0, NULL, false};

	asks_and_runs("vCont;c");
	fake_fire(b.t, TARGET_STOP_SWBREAK, 0, 0, NULL);
	gdbstub_event(&b.s, &second);
	gdbstub_event(&b.s, &third);
	starts_with(bench_next(&b), "T05swbreak:;thread:1;");
	assert_null(bench_next(&b));
	/* A step of CPU 0 alone does not concern the others. */
	asks_and_runs("vCont;s:1");
	fake_run(b.t, 1);
	starts_with(bench_next(&b), "T05thread:1;");
	starts_with(bench_ask(&b, "vCont;c"), "T05hwbreak:;thread:2;");
	assert_false(fake_is_running(b.t));
	/* What stopped CPU 2 is gone when its PC is changed. */
	bench_ask(&b, "Hg3");
	bench_ask(&b, "P20=0010004000000000");
	asks_and_runs("vCont;c");
}

static void packets_while_it_runs(void **state)
{
	asks_and_runs("vCont;c");
	assert_reply(&b, "m40000000,2", "0001");
	assert_reply(&b, "x40000041,1", "bA");
	assert_reply(&b, "M40000000,1:00", "OK");
	assert_reply(&b, "g", "E10");
	assert_reply(&b, "p0", "E10");
	assert_reply(&b, "P0=0000000000000000", "E10");
	assert_reply(&b, "Z0,40001000,4", "E10");
	assert_reply(&b, "z0,40001000,4", "E10");
	assert_reply(&b, "c", "E10");
	assert_reply(&b, "s", "E10");
	assert_reply(&b, "vCont;c", "E10");
	assert_reply(&b, "vCont;s:1;c", "E10");
	assert_reply(&b, "qC", "QC1");
	assert_int_equal(b.t->resumes, 1);
	put("\x03");
	fake_run(b.t, 10);
	starts_with(bench_next(&b), "T02");
	assert_null(bench_next(&b));
}

static void a_running_guest_can_be_waited_for(void **state)
{
	bench_ask(&b, "D");
	assert_null(bench_ask(&b, "c"));
	assert_int_equal(b.t->resumes, 1);
	assert_int_equal(b.t->stops_asked, 0);
	fake_fire(b.t, TARGET_STOP_TRAP, 0, 0, NULL);
	starts_with(bench_next(&b), "T05thread:1;");
}

/* ---- points
 * -------------------------------------------------------------------- */

static void breakpoints_hit(void **state)
{
	assert_reply(&b, "Z0,40001008,4", "OK");
	assert_reply(&b, "Z0,40001008,4", "OK");
	asks_and_runs("vCont;c");
	fake_run(b.t, 100);
	starts_with(bench_next(&b), "T05swbreak:;thread:1;");
	assert_true(b.t->cpus[0].regs[TARGET_REG_PC] == 0x40001008);
	assert_reply(&b, "z0,40001008,4", "OK");
	assert_reply(&b, "z0,40001008,4", "OK");
	assert_reply(&b, "Z1,4000100c,4", "OK");
	asks_and_runs("vCont;c");
	fake_run(b.t, 100);
	starts_with(bench_next(&b), "T05hwbreak:;thread:1;");
	assert_int_equal(b.points.used, 1);
}

static void watchpoints_hit(void **state)
{
	assert_reply(&b, "Z2,40004100,8", "OK");
	asks_and_runs("vCont;c");
	fake_run(b.t, 100);
	starts_with(bench_next(&b), "T05watch:40004100;thread:2;");
	assert_reply(&b, "z2,40004100,8", "OK");
	assert_reply(&b, "Z3,40004000,1000", "OK");
	asks_and_runs("vCont;c");
	fake_run(b.t, 100);
	starts_with(bench_next(&b), "T05rwatch:40004000;thread:1;");
}

static void conditions_decide(void **state)
{
	/* $x0 == 20 */
	assert_reply(&b, "Z0,40001008,4;X7,26000022141327", "OK");
	asks_and_runs("vCont;c:1");
	fake_run(b.t, 1000);
	starts_with(bench_next(&b), "T05swbreak:;thread:1;");
	assert_true(b.t->cpus[0].regs[0] == 20);
	/* Two of them, one true; then replaced by none. */
	assert_reply(&b, "Z0,40001008,4;X7,26000022141327X7,26000022181327",
		     "OK");
	asks_and_runs("vCont;c:1");
	fake_run(b.t, 1000);
	assert_non_null(bench_next(&b));
	assert_true(b.t->cpus[0].regs[0] == 24);
	assert_reply(&b, "Z0,40001008,4", "OK");
	asks_and_runs("vCont;c:1");
	fake_run(b.t, 1000);
	assert_non_null(bench_next(&b));
	assert_true(b.t->cpus[0].regs[0] == 25);
	/* One that faults counts as true, and says so before the stop. */
	assert_reply(&b, "Z0,40001008,4;X4,22001a27", "OK");
	asks_and_runs("vCont;c:1");
	fake_run(b.t, 1000);
	starts_with(bench_next(&b), "O636f6e646974696f6e20");
	starts_with(bench_next(&b), "T05swbreak:;thread:1;");
}

static void bad_points_are_refused(void **state)
{
	static const char *const bad[] = {
		"Z0,40001000",
		"Z0,40001000,",
		"Z0,,4",
		"Z0",
		"Z0,",
		"Z0,40001000,3",
		"Z0,40001002,4",
		"Z1,40001000,0",
		"Z2,40001000,0",
		"Z2,40001000,8000000000000000",
		"Z2,fffffffffffffff8,9",
		"Z2,40001000,10000000000000000",
		"Z0,40001000,4;X",
		"Z0,40001000,4;X3",
		"Z0,40001000,4;X3,2201",
		"Z0,40001000,4;X3,22012g",
		"Z0,40001000,4;X2,2201",
		"Z0,40001000,4;X1,1d",
		"Z0,40001000,4;Y",
		"Z0,40001000,4X",
		"Z0,40001000,4;Xffffffff,22",
		"Z0,40001000,4;cmds:1,X3,220127",
		"Z0,40001000,4;X3,220127;cmds:0,X3,220127",
		"Z2,40001000,8;X3,220127",
		"z0,40001000",
		"z2,40001000,0",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *reply = bench_ask(&b, bad[i]);

		if (!reply || reply[0] != 'E')
			fail_msg("%s: %s", bad[i], reply);
	}
	assert_int_equal(b.points.wanted, 0);
	assert_reply(&b, "Z5,40001000,4", "");
	assert_reply(&b, "z5,40001000,4", "");
	assert_reply(&b, "Z3,40001000,77", "");
	b.t->refuse_addr = 0x40001000;
	assert_reply(&b, "Z1,40001000,4", "E16");
	bench_ask(&b, "qSupported:error-message+");
	b.s.client.noack = true;
	assert_reply(&b, "Z1,40001000,4",
		     "E.not there: .phys .1 .p {int}0");
	assert_int_equal(b.points.wanted, 0);
	b.t->refuse_addr = 0;
	/* Lengths of watches are the target's to judge. */
	assert_reply(&b, "Z2,40001000,3", "OK");
	assert_reply(&b, "Z2,40001001,7", "OK");
	assert_reply(&b, "Z2,40001002,9", "OK");
	assert_reply(&b, "Z4,40001000,1000", "OK");
	assert_reply(&b, "Z1,9000001,4", "OK");
}

static void the_table_is_bounded(void **state)
{
	char packet[9000];
	unsigned int i;

	for (i = 0; i < BENCH_POINTS; i++) {
		sprintf(packet, "Z0,%x,4", 0x40000000 + 4 * i);
		assert_reply(&b, packet, "OK");
	}
	assert_reply(&b, "Z0,50000000,4", "E1c");
	assert_reply(&b, "Z0,40000000,4", "OK");
	/* 4 KiB of bytecode is more than one condition may have. */
	strcpy(packet, "Z0,40000000,4;X1000,");
	for (i = 0; i < 4096; i++)
		strcat(packet + 20 + 2 * (size_t)i, "27");
	assert_reply(&b, packet, "E1c");
}

/* ---- leaving
 * ------------------------------------------------------------------- */

static void detach_takes_everything_out(void **state)
{
	assert_reply(&b, "Z0,40001008,4", "OK");
	assert_reply(&b, "Z2,40004100,8", "OK");
	assert_reply(&b, "D", "OK");
	assert_true(fake_is_running(b.t));
	assert_int_equal(b.points.used, 0);
	fake_run(b.t, 1000);
	assert_true(fake_is_running(b.t));
	assert_null(bench_next(&b));
	assert_false(b.s.client.noack);
}

static void kill_is_a_detach(void **state)
{
	assert_reply(&b, "Z0,40001008,4", "OK");
	assert_null(bench_ask(&b, "k"));
	assert_true(fake_is_running(b.t));
	assert_int_equal(b.points.used, 0);
	assert_null(bench_ask(&b, "?"));
	fake_run(b.t, 10);
	assert_non_null(bench_next(&b));
	assert_reply(&b, "vKill;1", "OK");
	assert_true(fake_is_running(b.t));
}

/* Points can be taken out of a stopped machine only. */
static void leaving_while_it_runs_stops_it_for_a_moment(void **state)
{
	assert_reply(&b, "Z0,40002000,4", "OK");
	asks_and_runs("vCont;c");
	gdbstub_disconnect(&b.s);
	assert_int_equal(b.t->stops_asked, 1);
	fake_run(b.t, 100);
	assert_true(fake_is_running(b.t));
	assert_int_equal(b.t->resumes, 2);
	assert_int_equal(b.points.used, 0);
	/* With nothing to take out it is left alone. */
	gdbstub_connect(&b.s);
	gdbstub_disconnect(&b.s);
	assert_int_equal(b.t->stops_asked, 1);
}

/* It interrupts, and is gone before the guest has stopped. */
static void a_stop_for_nobody_goes_on(void **state)
{
	asks_and_runs("vCont;c");
	put("\x03");
	gdbstub_disconnect(&b.s);
	fake_run(b.t, 100);
	assert_int_equal(b.t->stops_asked, 1);
	assert_true(fake_is_running(b.t));
}

/* A point of the last client is hit before it could be taken out. */
static void a_new_client_never_sees_points_of_the_last(void **state)
{
	assert_reply(&b, "Z0,40001008,4", "OK");
	asks_and_runs("vCont;c");
	gdbstub_disconnect(&b.s);
	gdbstub_connect(&b.s);
	bench_ask(&b, "qSupported:swbreak+");
	assert_null(bench_ask(&b, "?"));
	fake_fire(b.t, TARGET_STOP_SWBREAK, 0, 0, NULL);
	starts_with(bench_next(&b), "T05thread:1;");
	assert_false(fake_is_running(b.t));
}

static void a_fault_without_a_client_is_kept(void **state)
{
	bench_ask(&b, "D");
	gdbstub_disconnect(&b.s);
	fake_fire(b.t, TARGET_STOP_FAULT, 1, 0, "it broke");
	assert_null(bench_next(&b));
	gdbstub_connect(&b.s);
	starts_with(bench_ask(&b, "?"), "T06thread:2;");
	starts_with(bench_ask(&b, "?"), "T06thread:2;");
}

/* ---- the console
 * ----------------------------------------------------------------- */

static void console_text_comes_while_it_runs(void **state)
{
	gdbstub_console(&b.s, "early", 5);
	assert_null(bench_next(&b));
	asks_and_runs("vCont;c");
	gdbstub_console(&b.s, "hi\n", 3);
	assert_string_equal(bench_next(&b), "O68690a");
	assert_reply(&b, "qC", "QC1");
	gdbstub_console(&b.s, "a", 1);
	gdbstub_console(&b.s, "bc", 2);
	fake_fire(b.t, TARGET_STOP_FAULT, 0, 0, "why");
	assert_string_equal(bench_next(&b), "O61");
	assert_string_equal(bench_next(&b), "O62637768790a");
	starts_with(bench_next(&b), "T06thread:1;");
	gdbstub_console(&b.s, "late", 4);
	assert_null(bench_next(&b));
}

static void no_console_text_comes_before_the_answer_to_a_question(void **state)
{
	assert_null(bench_ask(&b, "vCont;c"));
	/* a client that attaches anew */
	assert_null(bench_ask(&b, "?"));
	gdbstub_console(&b.s, "a", 1);
	fake_fire(b.t, TARGET_STOP_TRAP, 0, 0, "why");
	assert_memory_equal(bench_next(&b), "T", 1);
	assert_null(bench_next(&b));
	assert_reply(&b, "vCont;c", "O7768790a");
}

static void console_text_is_acknowledged_too(void **state)
{
	b.s.client.noack = false;
	asks_and_runs("vCont;c");
	gdbstub_console(&b.s, "a", 1);
	gdbstub_console(&b.s, "b", 1);
	fake_fire(b.t, TARGET_STOP_TRAP, 0, 0, NULL);
	assert_string_equal(bench_next(&b), "O61");
	assert_null(bench_next(&b));
	put("-");
	assert_string_equal(bench_next(&b), "O61");
	put("+");
	assert_string_equal(bench_next(&b), "O62");
	put("+");
	starts_with(bench_next(&b), "T05thread:1;");
	put("+");
	assert_null(bench_next(&b));
}

static void too_much_console_text_loses_the_oldest(void **state)
{
	char text[100];
	unsigned int i;
	size_t n = 0;

	memset(text, 'x', sizeof(text));
	asks_and_runs("vCont;c");
	gdbstub_console(&b.s, "1", 1);
	for (i = 0; i < 50; i++)
		gdbstub_console(&b.s, text, sizeof(text));
	assert_string_equal(bench_next(&b), "O31");
	starts_with(bench_next(&b), "O5b393034206279746573206c6f73745d78");
	n = (b.reply_len - 1) / 2 - 16;
	while (bench_next(&b))
		n += (b.reply_len - 1) / 2;
	assert_int_equal(n, GDBSTUB_CONSOLE_SIZE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(offers_what_gdb_wants),
		TEST(the_stop_reply_is_complete),
		TEST(actions_are_given_to_each_cpu),
		TEST(ranges_reach_the_target),
		TEST(bad_vConts_do_nothing),
		TEST(the_old_packets_still_run),
		TEST(break_stops_once),
		TEST(a_stop_that_beats_the_break_is_the_answer),
		TEST(a_break_that_was_beaten_stops_the_next_run),
		TEST(a_break_ahead_of_its_resume_stops_it),
		TEST(question_stops_a_running_guest),
		TEST(a_break_before_the_question_waits_for_it),
		TEST(reasons_and_signals),
		TEST(reasons_only_for_those_who_know_them),
		TEST(two_events_of_one_stop_are_both_told),
		TEST(packets_while_it_runs),
		TEST(a_running_guest_can_be_waited_for),
		TEST(breakpoints_hit),
		TEST(watchpoints_hit),
		TEST(conditions_decide),
		TEST(bad_points_are_refused),
		TEST(the_table_is_bounded),
		TEST(detach_takes_everything_out),
		TEST(kill_is_a_detach),
		TEST(leaving_while_it_runs_stops_it_for_a_moment),
		TEST(a_stop_for_nobody_goes_on),
		TEST(a_new_client_never_sees_points_of_the_last),
		TEST(a_fault_without_a_client_is_kept),
		TEST(console_text_comes_while_it_runs),
		TEST(no_console_text_comes_before_the_answer_to_a_question),
		TEST(console_text_is_acknowledged_too),
		TEST(too_much_console_text_loses_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
