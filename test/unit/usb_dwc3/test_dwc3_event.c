/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Words of an event buffer, good and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "transport/usb/dwc3_event.h"

static void endpoint_events_say_where_and_what(void **state)
{
	/* endpoint 5 (2 IN), XferInProgress, status short */
	struct dwc3_event e = dwc3_event_decode(5 << 1 | 2 << 6 | 2 << 12);

	assert_int_equal(e.kind, DWC3_EVENT_IN_PROGRESS);
	assert_int_equal(e.ep, 5);
	assert_int_equal(e.status, 2);
	e = dwc3_event_decode(1 << 6);
	assert_int_equal(e.kind, DWC3_EVENT_COMPLETE);
	assert_int_equal(e.ep, 0);
	e = dwc3_event_decode(1 << 1 | 3 << 6 | 2 << 12);
	assert_int_equal(e.kind, DWC3_EVENT_NOT_READY);
	assert_int_equal(e.status, DWC3_NOT_READY_STATUS);
}

static void device_events_are_told_apart(void **state)
{
	static const enum dwc3_event_kind kinds[] = {
		DWC3_EVENT_DISCONNECT, DWC3_EVENT_RESET,
		DWC3_EVENT_CONNECT_DONE, DWC3_EVENT_LINK, DWC3_EVENT_WAKEUP,
	};
	struct dwc3_event e;

	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(dwc3_event_decode(1 | i << 8).kind, kinds[i]);
	e = dwc3_event_decode(1 | 6 << 8 | 3 << 16);
	assert_int_equal(e.kind, DWC3_EVENT_SUSPEND);
	assert_int_equal(e.link_state, 3);
	assert_int_equal(dwc3_event_decode(1 | 11 << 8).kind,
			 DWC3_EVENT_OVERFLOW);
}

static void reserved_events_are_none(void **state)
{
	assert_int_equal(dwc3_event_decode(0).kind, DWC3_EVENT_NONE);
	assert_int_equal(dwc3_event_decode(5 << 6).kind, DWC3_EVENT_NONE);
	assert_int_equal(dwc3_event_decode(7 << 6).kind, DWC3_EVENT_NONE);
	assert_int_equal(dwc3_event_decode(1 | 3 << 1 | 1 << 8).kind,
			 DWC3_EVENT_NONE);
	assert_int_equal(dwc3_event_decode(1 | 15 << 8).kind, DWC3_EVENT_NONE);
}

static void no_word_makes_a_field_too_large(void **state)
{
	uint32_t x = 1;

	for (unsigned int i = 0; i < 1000000; i++) {
		struct dwc3_event e;

		x = x * 1664525 + 1013904223;
		e = dwc3_event_decode(x ^ x >> 16);
		assert_true(e.kind <= DWC3_EVENT_OVERFLOW);
		assert_true(e.ep < 32 && e.status < 16 && e.link_state < 16);
	}
}

static void the_ring_is_read_round(void **state)
{
	uint32_t mem[8] = { 10, 11, 12, 13, 14, 15, 16, 17 }, out[8];
	struct dwc3_event_ring r = { mem, 8, 6 };

	assert_int_equal(dwc3_event_take(&r, 12, out, 8), 3);
	assert_int_equal(out[0], 16);
	assert_int_equal(out[1], 17);
	assert_int_equal(out[2], 10);
	assert_int_equal(r.at, 1);
	assert_int_equal(dwc3_event_take(&r, 0, out, 8), 0);
	assert_int_equal(dwc3_event_take(&r, 3, out, 8), 0);
	assert_int_equal(dwc3_event_take(&r, 16, out, 2), 2);
	assert_int_equal(out[1], 12);
}

static void more_than_there_can_be_is_a_full_ring(void **state)
{
	uint32_t mem[8] = { 0 }, out[64];
	struct dwc3_event_ring r = { mem, 8, 0 };

	assert_int_equal(dwc3_event_take(&r, 0xfffc, out, 64), 8);
	assert_int_equal(r.at, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoint_events_say_where_and_what),
		cmocka_unit_test(device_events_are_told_apart),
		cmocka_unit_test(reserved_events_are_none),
		cmocka_unit_test(no_word_makes_a_field_too_large),
		cmocka_unit_test(the_ring_is_read_round),
		cmocka_unit_test(more_than_there_can_be_is_a_full_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
