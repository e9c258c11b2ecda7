/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Sessions that go on: over a reset, and after a fault in a packet. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "bench.h"

static struct bench before, after;

static int setup(void **state)
{
	bench_open_gdb(&before);
	bench_open(&after, 4096);
	return 0;
}

static int teardown(void **state)
{
	bench_close(&before);
	bench_close(&after);
	return 0;
}

static void goes_on_without_acks(void **state)
{
	assert_true(before.s.client.noack);
	gdbstub_restore(&after.s, &before.s.client, false);
	assert_string_equal(bench_ask(&after, "qC"), "QC1");
	bench_drain(&after);
	assert_int_equal(after.out_len, 0);
	assert_true(after.s.client.swbreak);
}

static void answers_the_command_that_reset_the_machine(void **state)
{
	gdbstub_restore(&after.s, &before.s.client, false);
	fake_fire(after.t, TARGET_STOP_TRAP, 0, 0, NULL);
	gdbstub_answer(&after.s, "hi\n");
	assert_string_equal(bench_next(&after), "68690a");
	assert_null(bench_next(&after));
	/* the stop was told by the reply: to continue is to continue */
	assert_null(bench_ask(&after, "vCont;c"));
	assert_true(fake_is_running(after.t));
}

static void acknowledges_it_too_where_there_are_acks(void **state)
{
	struct gdbstub_client client = before.s.client;

	client.noack = false;
	gdbstub_restore(&after.s, &client, false);
	gdbstub_answer(&after.s, "");
	bench_drain(&after);
	assert_int_equal(after.out_len, 5);
	assert_memory_equal(after.out, "+$#00", 5);
}

static void tells_who_waited_of_the_stop(void **state)
{
	gdbstub_restore(&after.s, &before.s.client, true);
	fake_fire(after.t, TARGET_STOP_TRAP, 0, 0, "reset");
	assert_string_equal(bench_next(&after), "O72657365740a");
	assert_memory_equal(bench_next(&after), "T05", 3);
}

static void threads_that_are_no_more_are_not_selected(void **state)
{
	struct gdbstub_client client = before.s.client;

	client.g_cpu = 40;
	client.c_cpu = 40;
	gdbstub_restore(&after.s, &client, false);
	assert_string_equal(bench_ask(&after, "qC"), "QC1");
	assert_int_equal(after.s.client.c_cpu, -1);
}

/* As a fault in the middle of a packet leaves it. */
static void half_a_packet(struct bench *b)
{
	b->s.packet_ready = true;
	rsp_begin(&b->s.tx);
	rsp_puts(&b->s.tx, "half a re");
}

static void answers_a_packet_that_faulted_with_an_error(void **state)
{
	half_a_packet(&before);
	gdbstub_abandon(&before.s, "a fault");
	assert_memory_equal(bench_next(&before), "E", 1);
	assert_string_equal(bench_ask(&before, "qC"), "QC1");
	before.s.client.error_text = true;
	half_a_packet(&before);
	gdbstub_abandon(&before.s, "a fault");
	assert_string_equal(bench_next(&before), "E.a fault");
	/* nothing was under way: nothing is said */
	gdbstub_abandon(&before.s, "a fault");
	assert_null(bench_next(&before));
}

static void tells_who_waits_that_the_machine_ends(void **state)
{
	gdbstub_exit(&before.s);
	assert_null(bench_next(&before));
	assert_null(bench_ask(&before, "vCont;c"));
	gdbstub_exit(&before.s);
	assert_string_equal(bench_next(&before), "W00");
	gdbstub_exit(&before.s);
	assert_null(bench_next(&before));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(goes_on_without_acks),
		T(answers_the_command_that_reset_the_machine),
		T(acknowledges_it_too_where_there_are_acks),
		T(tells_who_waited_of_the_stop),
		T(threads_that_are_no_more_are_not_selected),
		T(answers_a_packet_that_faulted_with_an_error),
		T(tells_who_waits_that_the_machine_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
