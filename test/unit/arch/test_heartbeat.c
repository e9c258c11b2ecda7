/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Which CPU counts as hanging, and which does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "heartbeat.h"

static void one_that_beats_is_fine(void **state)
{
	struct heartbeat h = { 0 };

	for (uint64_t beat = 1; beat < 100; beat++)
		assert_int_equal(heartbeat_look(&h, false, beat),
				 HEARTBEAT_IS_FINE);
}

static void one_in_the_guest_is_fine_without_a_beat(void **state)
{
	struct heartbeat h = { 0 };

	for (int i = 0; i < 100; i++)
		assert_int_equal(heartbeat_look(&h, true, 5),
				 HEARTBEAT_IS_FINE);
	/* and what it did not do there does not count when it comes back */
	assert_int_equal(heartbeat_look(&h, false, 5), HEARTBEAT_IS_FINE);
}

static void silence_is_asked_about_then_told_once(void **state)
{
	struct heartbeat h = { 0 };
	unsigned int late = 0, dead = 0;

	heartbeat_look(&h, false, 7);
	for (int i = 1; i < 100; i++) {
		enum heartbeat_verdict v = heartbeat_look(&h, false, 7);

		if (i < HEARTBEAT_ASK)
			assert_int_equal(v, HEARTBEAT_IS_FINE);
		late += v == HEARTBEAT_IS_LATE;
		dead += v == HEARTBEAT_IS_DEAD;
		if (dead)
			assert_true(i >= HEARTBEAT_DEAD);
	}
	assert_int_equal(late, HEARTBEAT_DEAD - HEARTBEAT_ASK);
	assert_int_equal(dead, 1);
	/* enough questions for one that hangs to know it before */
	assert_true(late > HEARTBEAT_QUESTIONS);
}

static void a_beat_ends_the_suspicion(void **state)
{
	struct heartbeat h = { 0 };

	for (int i = 0; i < HEARTBEAT_DEAD; i++)
		heartbeat_look(&h, false, 7);
	assert_int_equal(heartbeat_look(&h, false, 8), HEARTBEAT_IS_FINE);
	assert_int_equal(heartbeat_look(&h, false, 8), HEARTBEAT_IS_FINE);
	assert_int_equal(heartbeat_look(&h, false, 8), HEARTBEAT_IS_LATE);
}

static void one_that_hangs_finds_out(void **state)
{
	struct heartbeat_asked a = { 0 };

	assert_false(heartbeat_hangs(&a, 7, 1000000));
	assert_false(heartbeat_hangs(&a, 7, 2000000));
	assert_true(heartbeat_hangs(&a, 7, 3000000));
}

static void questions_that_come_together_prove_nothing(void **state)
{
	struct heartbeat_asked a = { 0 };

	for (uint64_t i = 0; i < 50; i++)
		assert_false(heartbeat_hangs(&a, 7, 5000000 + i));
}

static void one_that_got_on_since_does_not_hang(void **state)
{
	struct heartbeat_asked a = { 0 };

	for (uint64_t beat = 0; beat < 50; beat++)
		assert_false(heartbeat_hangs(&a, beat, beat * 1000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_beats_is_fine),
		cmocka_unit_test(one_in_the_guest_is_fine_without_a_beat),
		cmocka_unit_test(silence_is_asked_about_then_told_once),
		cmocka_unit_test(a_beat_ends_the_suspicion),
		cmocka_unit_test(one_that_hangs_finds_out),
		cmocka_unit_test(questions_that_come_together_prove_nothing),
		cmocka_unit_test(one_that_got_on_since_does_not_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
