/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Two USB ports, and which of them becomes the debugger's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_udc.h"
#include "transport/usb/usb_choice.h"

#define PORTS 2
#define GDB TRANSPORT_GDB
#define CONSOLE TRANSPORT_CONSOLE

static struct usb_choice choice;
static struct transport *tr = &choice.transport;
static struct usb_transport *port[PORTS];
static struct fake_udc udc[PORTS];
static uint8_t *mem[PORTS];

static int setup(void **state)
{
	const struct cdc_acm_identity id = {0x1209, 0x0001, "1"};

	usb_choice_init(&choice);
	for (int i = 0; i < PORTS; i++) {
		port[i] = malloc(sizeof(*port[i]));
		mem[i] = aligned_alloc(USB_TRANSPORT_ALIGN,
				       (USB_TRANSPORT_MEMORY + 4095) / 4096 *
					       4096);
		fake_udc_init(&udc[i], UDC_SPEED_HIGH);
		assert_int_equal(usb_transport_init(port[i], &udc[i].udc, &id,
						    mem[i],
						    USB_TRANSPORT_MEMORY),
				 0);
		assert_int_equal(usb_transport_start(port[i]), 0);
		assert_int_equal(usb_choice_add(&choice, port[i]), i);
	}
	return 0;
}

static int teardown(void **state)
{
	for (int i = 0; i < PORTS; i++) {
		free(port[i]);
		free(mem[i]);
	}
	return 0;
}

static void open_port(int i, unsigned int ch)
{
	assert_int_equal(fake_control(&udc[i], 0x21, 0x22, 3,
				      (uint16_t)(2 * ch), NULL, 0),
			 0);
	tr->ops->poll(tr);
}

static void with_no_cable_all_stay_and_nobody_is_there(void **state)
{
	uint32_t epoch = 7;
	uint8_t buf[8];

	for (int n = 0; n < 10; n++)
		tr->ops->poll(tr);
	assert_int_equal(usb_choice_look(&choice), -1);
	assert_true(udc[0].started && udc[1].started);
	assert_true(tr->ops->has(tr, GDB));
	assert_false(tr->ops->connected(tr, GDB, &epoch));
	assert_int_equal(epoch, 7);
	assert_int_equal(tr->ops->rx(tr, GDB, buf, sizeof(buf)), 0);
	assert_int_equal(tr->ops->tx(tr, CONSOLE, buf, sizeof(buf)), 0);
	assert_int_equal(tr->ops->events(tr, CONSOLE), 0);
	assert_true(tr->ops->idle(tr));
}

static void wins(int winner)
{
	fake_reset(&udc[winner], UDC_SPEED_HIGH);
	tr->ops->poll(tr);
	assert_int_equal(usb_choice_look(&choice), winner);
	assert_true(udc[winner].started);
	assert_false(udc[1 - winner].started);
}

static void the_first_is_chosen_by_its_cable(void **state)
{
	wins(0);
}

static void the_second_is_chosen_by_its_cable(void **state)
{
	wins(1);
}

static void of_two_at_once_it_is_the_first(void **state)
{
	fake_reset(&udc[1], UDC_SPEED_HIGH);
	wins(0);
}

static void it_stays_the_one_when_its_cable_is_pulled(void **state)
{
	wins(1);
	fake_unplug(&udc[1]);
	tr->ops->poll(tr);
	assert_int_equal(usb_choice_look(&choice), 1);
	assert_true(udc[1].started);
	assert_false(udc[0].started);
}

static void a_cable_that_came_and_went_unseen_does_not_count(void **state)
{
	fake_reset(&udc[0], UDC_SPEED_HIGH);
	fake_unplug(&udc[0]);
	wins(1);
}

static void bytes_go_through_the_one_that_was_chosen(void **state)
{
	uint32_t epoch = 0;
	uint8_t buf[512];
	int n;

	fake_enumerate(&udc[1], UDC_SPEED_HIGH);
	tr->ops->poll(tr);
	open_port(1, GDB);
	assert_true(tr->ops->connected(tr, GDB, &epoch));
	assert_int_equal(epoch, 1);
	assert_int_equal(fake_packet_out(&udc[1], CDC_ACM_OUT(GDB), "$?#3f", 5),
			 5);
	tr->ops->poll(tr);
	assert_int_equal(tr->ops->rx(tr, GDB, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "$?#3f", 5);
	assert_int_equal(tr->ops->tx(tr, GDB, (const uint8_t *)"+", 1), 1);
	assert_false(tr->ops->idle(tr));
	n = fake_packet_in(&udc[1], CDC_ACM_IN(GDB), buf);
	assert_int_equal(n, 1);
	assert_int_equal(buf[0], '+');
}

static void what_was_lost_before_is_told_after(void **state)
{
	uint8_t buf[512] = "";
	bool whole;

	tr->ops->lost(tr, CONSOLE, 40);
	tr->ops->lost(tr, CONSOLE, 2);
	fake_enumerate(&udc[0], UDC_SPEED_HIGH);
	tr->ops->poll(tr);
	open_port(0, CONSOLE);
	assert_int_equal(tr->ops->tx(tr, CONSOLE, (const uint8_t *)"x", 1), 1);
	fake_read(&udc[0], CDC_ACM_IN(CONSOLE), buf, sizeof(buf), &whole);
	assert_non_null(strstr((char *)buf, "[hyperstub: 42 bytes lost here]"));
}

static void all_leave_the_bus_when_it_is_stopped(void **state)
{
	usb_choice_stop(&choice);
	assert_false(udc[0].started || udc[1].started);
}

static void there_is_room_for_four(void **state)
{
	assert_int_equal(usb_choice_add(&choice, port[0]), 2);
	assert_int_equal(usb_choice_add(&choice, port[1]), 3);
	assert_int_equal(usb_choice_add(&choice, port[1]), -ENOSPC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(with_no_cable_all_stay_and_nobody_is_there),
		TEST(the_first_is_chosen_by_its_cable),
		TEST(the_second_is_chosen_by_its_cable),
		TEST(of_two_at_once_it_is_the_first),
		TEST(it_stays_the_one_when_its_cable_is_pulled),
		TEST(a_cable_that_came_and_went_unseen_does_not_count),
		TEST(bytes_go_through_the_one_that_was_chosen),
		TEST(what_was_lost_before_is_told_after),
		TEST(all_leave_the_bus_when_it_is_stopped),
		TEST(there_is_room_for_four),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
