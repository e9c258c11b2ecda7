/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* TRB rings, against a controller that is good and one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "transport/usb/dwc3_regs.h"
#include "transport/usb/dwc3_ring.h"

#define LINK (DWC3_RING_TRBS - 1)

struct ctx {
	struct dwc3_ring r;
	struct dwc3_trb *trb;
};

static int setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));

	c->trb = aligned_alloc(64, DWC3_RING_BYTES);
	dwc3_ring_init(&c->r, c->trb);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct ctx *c = *state;

	free(c->trb);
	free(c);
	return 0;
}

static void done(struct ctx *c, unsigned int i, uint32_t left)
{
	c->trb[i].size = left;
	c->trb[i].ctrl &= ~DWC3_TRB_HWO;
}

static void an_empty_ring_is_nobodys_but_for_its_link(void **state)
{
	struct ctx *c = *state;
	uint32_t actual;

	for (unsigned int i = 0; i < LINK; i++)
		assert_int_equal(c->trb[i].ctrl, 0);
	assert_int_equal(c->trb[LINK].ctrl, DWC3_TRB_HWO | 8 << 4);
	assert_ptr_equal((void *)((uint64_t)c->trb[LINK].bph << 32 |
				  c->trb[LINK].bpl),
			 c->trb);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 0);
	assert_int_equal(dwc3_ring_next(&c->r), (uint64_t)c->trb);
}

static void a_transfer_is_one_trb(void **state)
{
	struct ctx *c = *state;
	uint32_t actual;

	assert_int_equal(dwc3_ring_add(&c->r, 0x1234567890, 512, true, false),
			 0);
	assert_int_equal(c->trb[0].bpl, 0x34567890);
	assert_int_equal(c->trb[0].bph, 0x12);
	assert_int_equal(c->trb[0].size, 512);
	assert_int_equal(c->trb[0].ctrl, DWC3_TRB_HWO | DWC3_TRB_IOC | 1 << 4);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 0);
	done(c, 0, 0);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 1);
	assert_int_equal(actual, 512);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 0);
}

static void out_goes_on_after_a_short_packet(void **state)
{
	struct ctx *c = *state;
	uint32_t actual;

	assert_int_equal(dwc3_ring_add(&c->r, 0x1000, 1024, false, false), 0);
	assert_int_equal(dwc3_ring_add(&c->r, 0x2000, 1024, false, false), 0);
	assert_true(c->trb[0].ctrl & DWC3_TRB_CSP);
	done(c, 0, 1024 - 7);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 1);
	assert_int_equal(actual, 7);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 0);
	done(c, 1, 1024);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 1);
	assert_int_equal(actual, 0);
}

static void an_empty_packet_follows_as_a_second_trb(void **state)
{
	struct ctx *c = *state;
	uint32_t actual;

	assert_int_equal(dwc3_ring_add(&c->r, 0x1000, 1024, true, true), 0);
	assert_int_equal(c->trb[0].ctrl, DWC3_TRB_HWO | DWC3_TRB_CHN | 1 << 4);
	assert_int_equal(c->trb[1].ctrl, DWC3_TRB_HWO | DWC3_TRB_IOC | 1 << 4);
	assert_int_equal(c->trb[1].size, 0);
	done(c, 0, 0);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 0);
	assert_int_equal(dwc3_ring_progress(&c->r), 1024);
	done(c, 1, 0);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 1);
	assert_int_equal(actual, 1024);
}

static void it_goes_round_without_the_link(void **state)
{
	struct ctx *c = *state;
	unsigned int at = 0;
	uint32_t actual;

	for (unsigned int i = 0; i < 1000; i++) {
		bool zlp = i % 3 == 0;

		assert_int_equal(dwc3_ring_add(&c->r, 0x1000 * i, i, true, zlp),
				 0);
		assert_int_equal(c->trb[at].bpl, 0x1000 * i);
		for (unsigned int k = zlp ? 2 : 1; k; k--) {
			done(c, at, 0);
			at = (at + 1) % LINK;
		}
		assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 1);
		assert_int_equal(actual, i);
		assert_int_equal(dwc3_ring_next(&c->r), (uint64_t)&c->trb[at]);
	}
	assert_int_equal(c->trb[LINK].ctrl, DWC3_TRB_HWO | 8 << 4);
}

static void a_full_ring_refuses_and_changes_nothing(void **state)
{
	struct ctx *c = *state;
	uint32_t actual, first;

	for (unsigned int i = 0; i < LINK - 1; i++)
		assert_int_equal(dwc3_ring_add(&c->r, i, 1, true, false), 0);
	assert_int_equal(dwc3_ring_add(&c->r, 9, 1, true, true), -ENOSPC);
	assert_int_equal(dwc3_ring_add(&c->r, 9, 1, true, false), 0);
	first = c->trb[0].bpl;
	assert_int_equal(dwc3_ring_add(&c->r, 9, 1, true, false), -ENOSPC);
	assert_int_equal(c->trb[0].bpl, first);
	done(c, 0, 0);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 1);
	assert_int_equal(dwc3_ring_add(&c->r, 9, 1, true, false), 0);
}

static void a_buffer_too_long_for_a_trb_is_refused(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(dwc3_ring_add(&c->r, 0, 0x1000000, true, false),
			 -EINVAL);
	assert_int_equal(dwc3_ring_add(&c->r, 0, DWC3_TRB_MAX, true, false), 0);
}

static void more_left_than_there_was_is_an_error(void **state)
{
	struct ctx *c = *state;
	uint32_t actual = 1;

	assert_int_equal(dwc3_ring_add(&c->r, 0, 64, false, false), 0);
	assert_int_equal(dwc3_ring_add(&c->r, 0, 64, false, false), 0);
	c->trb[0].size = 65;
	assert_int_equal(dwc3_ring_progress(&c->r), 0);
	done(c, 0, 65);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), -EIO);
	assert_int_equal(actual, 0);
	done(c, 1, 64);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 1);
}

static void a_second_trb_done_before_its_first_is_an_error(void **state)
{
	struct ctx *c = *state;
	uint32_t actual;

	assert_int_equal(dwc3_ring_add(&c->r, 0, 64, true, true), 0);
	done(c, 1, 0);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), -EIO);
	assert_int_equal(dwc3_ring_reclaim(&c->r, &actual), 0);
}

static void a_controller_that_writes_at_random_breaks_nothing(void **state)
{
	struct ctx *c = *state;
	uint32_t x = 1, actual, in = 0, out = 0;

	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t *word = (uint32_t *)c->trb;

		x = x * 1664525 + 1013904223;
		word[(x >> 8) % (DWC3_RING_BYTES / 4)] = x;
		if (!dwc3_ring_add(&c->r, x, x >> 12, x & 1, x & 2))
			in++;
		if (dwc3_ring_reclaim(&c->r, &actual)) {
			out++;
			assert_true(actual <= x || actual <= DWC3_TRB_MAX);
		}
	}
	assert_true(out <= in && in - out <= LINK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_empty_ring_is_nobodys_but_for_its_link, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_transfer_is_one_trb, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			out_goes_on_after_a_short_packet, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_empty_packet_follows_as_a_second_trb, setup,
			teardown),
		cmocka_unit_test_setup_teardown(it_goes_round_without_the_link,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_full_ring_refuses_and_changes_nothing, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_buffer_too_long_for_a_trb_is_refused, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			more_left_than_there_was_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_second_trb_done_before_its_first_is_an_error, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_controller_that_writes_at_random_breaks_nothing,
			setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
