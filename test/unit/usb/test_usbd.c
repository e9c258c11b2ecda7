/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The device core on a controller of fakes, with a made-up device: every
 * standard request in every state, control transfers cut short, the bus.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "fake_udc.h"
#include "transport/usb/usbd.h"

#define CONFIG 3
#define BULK_OUT 0x01
#define BULK_IN 0x82
#define INTERRUPT_IN 0x83

/* 2 + 2 * 31: one packet of 64 bytes; 2 + 2 * 63: two. */
#define TEXT_64 "one packet: 31 characters, 64 ."
#define TEXT_128 TEXT_64 " " TEXT_64

struct made_up {
	struct usbd usbd; /* first */
	_Alignas(UDC_ALIGN) uint8_t ep0[USBD_EP0_SIZE];
	unsigned int opened, closed, suspended, resumed;
	unsigned int requests;
	struct ch9_setup last;
	uint8_t interface;
	uint8_t got[USBD_EP0_SIZE];
	size_t got_len;
	int answer; /* to a class request, and to its data */
	int data_answer;
	unsigned int completed;
	int status;
	struct udc_transfer *reuse; /* is queued again when it completes */
};

static struct made_up dev;
static struct fake_udc udc;
static uint8_t buf[65536];

static struct made_up *made_up(struct usbd *d)
{
	return (struct made_up *)d;
}

static void put_endpoint(struct ch9_builder *b, uint8_t addr, uint8_t type,
			 uint16_t size)
{
	struct ch9_endpoint e = {addr, type, size, 9};

	ch9_put_endpoint(b, &e);
}

static void put_configuration(struct ch9_builder *b, enum udc_speed speed)
{
	struct ch9_interface i = {.bNumEndpoints = 2, .bInterfaceClass = 0xff};
	uint16_t size = speed == UDC_SPEED_HIGH ? 512 : 64;
	size_t at = ch9_put_configuration(b, 2, CONFIG, 0xc0, 2);
	uint8_t functional[] = {5, CH9_CS_INTERFACE, 0, 0, 0};

	ch9_put_interface(b, &i);
	ch9_put(b, functional, sizeof(functional));
	put_endpoint(b, BULK_OUT, UDC_EP_BULK, size);
	put_endpoint(b, BULK_IN, UDC_EP_BULK, size);
	i.bInterfaceNumber = 1;
	i.bNumEndpoints = 1;
	ch9_put_interface(b, &i);
	put_endpoint(b, INTERRUPT_IN, UDC_EP_INTERRUPT, 16);
	ch9_end_configuration(b, at);
}

int usbd_device_descriptor(struct usbd *d, uint8_t type, uint8_t index,
			   enum udc_speed speed, uint8_t *p, size_t size)
{
	static const char *const text[] = {"", "x", TEXT_64, TEXT_128};
	struct ch9_device device = {
		.bcdUSB = 0x0200,
		.bDeviceClass = 0xef,
		.bDeviceSubClass = 2,
		.bDeviceProtocol = 1,
		.bMaxPacketSize0 = 64,
		.idVendor = 0x1209,
		.idProduct = 0x0001,
		.bNumConfigurations = 1,
	};
	struct ch9_builder b;

	ch9_begin(&b, p, size);
	if (type == CH9_DEVICE && !index)
		ch9_put_device(&b, &device);
	else if (type == CH9_CONFIGURATION && !index)
		put_configuration(&b, speed);
	else if (type == CH9_STRING && !index)
		ch9_put_languages(&b, CH9_LANGUAGE_EN_US);
	else if (type == CH9_STRING && index < 4)
		ch9_put_string(&b, text[index]);
	else
		return -EINVAL;
	return ch9_end(&b);
}

int usbd_device_setup(struct usbd *d, uint8_t interface,
		      const struct ch9_setup *s, uint8_t *p, size_t size)
{
	struct made_up *m = made_up(d);

	m->requests++;
	m->last = *s;
	m->interface = interface;
	memset(p, 0xa5, size);
	return m->answer;
}

int usbd_device_data(struct usbd *d, uint8_t interface,
		     const struct ch9_setup *s, const uint8_t *p, size_t len)
{
	struct made_up *m = made_up(d);

	assert_true(len <= sizeof(m->got));
	memcpy(m->got, p, len);
	m->got_len = len;
	m->interface = interface;
	return m->data_answer;
}

void usbd_device_opened(struct usbd *d)
{
	made_up(d)->opened++;
}

void usbd_device_closed(struct usbd *d)
{
	made_up(d)->closed++;
}

void usbd_device_suspended(struct usbd *d)
{
	if (d->suspended)
		made_up(d)->suspended++;
	else
		made_up(d)->resumed++;
}

void usbd_device_complete(struct usbd *d, uint8_t addr, struct udc_transfer *x)
{
	struct made_up *m = made_up(d);

	m->completed++;
	m->status = x->status;
	if (m->reuse == x) {
		m->reuse = NULL;
		assert_int_equal(usbd_submit(d, addr, x), -ENODEV);
	}
}

/* States */

static int power_up(void **state)
{
	memset(&dev, 0, sizeof(dev));
	fake_udc_init(&udc, UDC_SPEED_HIGH);
	usbd_init(&dev.usbd, &udc.udc, dev.ep0);
	assert_int_equal(usbd_start(&dev.usbd), 0);
	udc.mem = dev.ep0;
	udc.mem_len = sizeof(dev.ep0);
	return 0;
}

static int to_default(void **state)
{
	power_up(state);
	fake_reset(&udc, UDC_SPEED_HIGH);
	return 0;
}

static int get(uint8_t type, uint8_t request, uint16_t value, uint16_t index,
	       uint16_t len)
{
	memset(buf, 0xee, sizeof(buf));
	return fake_control(&udc, 0x80 | type, request, value, index, buf, len);
}

static int set(uint8_t type, uint8_t request, uint16_t value, uint16_t index)
{
	return fake_control(&udc, type, request, value, index, NULL, 0);
}

#define GET_STATUS 0
#define CLEAR_FEATURE 1
#define SET_FEATURE 3
#define SET_ADDRESS 5
#define GET_DESCRIPTOR 6
#define SET_DESCRIPTOR 7
#define GET_CONFIGURATION 8
#define SET_CONFIGURATION 9
#define GET_INTERFACE 10
#define SET_INTERFACE 11
#define SYNCH_FRAME 12
#define TO_DEVICE 0
#define TO_INTERFACE 1
#define TO_ENDPOINT 2

static int to_address(void **state)
{
	to_default(state);
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 12, 0), 0);
	return 0;
}

static int to_configured(void **state)
{
	to_address(state);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0), 0);
	return 0;
}

static void nothing_is_answered_before_a_reset(void **state)
{
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 18),
			 FAKE_STALL);
	fake_reset(&udc, UDC_SPEED_FULL);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 18), 18);
	fake_unplug(&udc);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 18),
			 FAKE_STALL);
}

/* Of GET_DESCRIPTOR, SET_ADDRESS and test mode there are tests of their own. */
static void default_state_stalls_what_needs_an_address(void **state)
{
	assert_int_equal(get(TO_DEVICE, GET_STATUS, 0, 0, 2), FAKE_STALL);
	assert_int_equal(get(TO_INTERFACE, GET_STATUS, 0, 0, 2), FAKE_STALL);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, 0, 2), FAKE_STALL);
	assert_int_equal(set(TO_ENDPOINT, CLEAR_FEATURE, 0, 0), FAKE_STALL);
	assert_int_equal(set(TO_ENDPOINT, SET_FEATURE, 0, BULK_IN), FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, GET_CONFIGURATION, 0, 0, 1),
			 FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0),
			 FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, 0, 0), FAKE_STALL);
	assert_int_equal(get(TO_INTERFACE, GET_INTERFACE, 0, 0, 1), FAKE_STALL);
	assert_int_equal(set(TO_INTERFACE, SET_INTERFACE, 0, 0), FAKE_STALL);
	assert_int_equal(get(0x21, 1, 0, 0, 7), FAKE_STALL);
	assert_int_equal(dev.requests, 0);
}

static void addresses_are_taken_and_given_back(void **state)
{
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 0, 0), 0);
	assert_int_equal(dev.usbd.state, USBD_DEFAULT);
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 127, 0), 0);
	assert_int_equal(udc.address, 127);
	assert_int_equal(dev.usbd.state, USBD_ADDRESS);
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 3, 0), 0);
	assert_int_equal(udc.address, 3);
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 0, 0), 0);
	assert_int_equal(udc.address, 0);
	assert_int_equal(dev.usbd.state, USBD_DEFAULT);
}

static void wrong_addresses_stall(void **state)
{
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 128, 0), FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 5, 1), FAKE_STALL);
	assert_int_equal(set(TO_INTERFACE, SET_ADDRESS, 5, 0), FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, SET_ADDRESS, 5, 0, 0), FAKE_STALL);
	assert_int_equal(fake_control(&udc, 0, SET_ADDRESS, 5, 0, buf, 1),
			 FAKE_STALL);
	assert_int_equal(udc.address, 0);
	to_configured(state);
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 5, 0), FAKE_STALL);
	assert_int_equal(udc.address, 12);
}

static void address_state_knows_no_interfaces(void **state)
{
	assert_int_equal(get(TO_DEVICE, GET_STATUS, 0, 0, 2), 2);
	assert_int_equal(buf[0], 1);
	assert_int_equal(buf[1], 0);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, 0, 2), 2);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, 0x80, 2), 2);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, BULK_IN, 2),
			 FAKE_STALL);
	assert_int_equal(get(TO_INTERFACE, GET_STATUS, 0, 0, 2), FAKE_STALL);
	assert_int_equal(set(TO_ENDPOINT, CLEAR_FEATURE, 0, 0), 0);
	assert_int_equal(set(TO_ENDPOINT, CLEAR_FEATURE, 0, BULK_IN),
			 FAKE_STALL);
	assert_int_equal(set(TO_ENDPOINT, SET_FEATURE, 0, BULK_IN), FAKE_STALL);
	assert_int_equal(get(TO_INTERFACE, GET_INTERFACE, 0, 0, 1), FAKE_STALL);
	assert_int_equal(set(TO_INTERFACE, SET_INTERFACE, 0, 0), FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, GET_CONFIGURATION, 0, 0, 1), 1);
	assert_int_equal(buf[0], 0);
	assert_int_equal(get(0x21, 1, 0, 0, 7), FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, 0, 0), 0);
	assert_int_equal(dev.usbd.state, USBD_ADDRESS);
	assert_int_equal(dev.opened, 0);
}

static void a_configuration_opens_its_endpoints(void **state)
{
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0), 0);
	assert_int_equal(dev.usbd.state, USBD_CONFIGURED);
	assert_int_equal(dev.opened, 1);
	assert_true(fake_ep(&udc, BULK_OUT)->open);
	assert_int_equal(fake_ep(&udc, BULK_IN)->max_packet, 512);
	assert_int_equal(fake_ep(&udc, BULK_IN)->type, UDC_EP_BULK);
	assert_int_equal(fake_ep(&udc, INTERRUPT_IN)->max_packet, 16);
	assert_int_equal(fake_ep(&udc, INTERRUPT_IN)->interval, 9);
	assert_int_equal(get(TO_DEVICE, GET_CONFIGURATION, 0, 0, 1), 1);
	assert_int_equal(buf[0], CONFIG);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, 0, 0), 0);
	assert_int_equal(dev.usbd.state, USBD_ADDRESS);
	assert_int_equal(dev.closed, 1);
	assert_false(fake_ep(&udc, BULK_OUT)->open);
	assert_false(udc.configured);
}

static void wrong_configurations_stall_and_change_nothing(void **state)
{
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG + 1, 0),
			 FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, 0x100 | CONFIG, 0),
			 FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 1),
			 FAKE_STALL);
	assert_int_equal(
		fake_control(&udc, 0, SET_CONFIGURATION, CONFIG, 0, buf, 2),
		FAKE_STALL);
	assert_int_equal(dev.usbd.state, USBD_CONFIGURED);
	assert_int_equal(dev.closed, 0);
	assert_int_equal(fake_ep(&udc, BULK_IN)->opened, 1);
}

static void the_same_configuration_starts_endpoints_anew(void **state)
{
	assert_int_equal(set(TO_ENDPOINT, SET_FEATURE, 0, BULK_IN), 0);
	assert_true(fake_ep(&udc, BULK_IN)->halted);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0), 0);
	assert_int_equal(dev.closed, 1);
	assert_int_equal(dev.opened, 2);
	assert_int_equal(fake_ep(&udc, BULK_IN)->opened, 2);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, BULK_IN, 2), 2);
	assert_int_equal(buf[0], 0);
}

static void an_endpoint_that_the_controller_lacks_refuses(void **state)
{
	udc.refuse = INTERRUPT_IN;
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0),
			 FAKE_STALL);
	assert_int_equal(dev.usbd.state, USBD_ADDRESS);
	assert_int_equal(dev.opened, 0);
	assert_false(fake_ep(&udc, BULK_IN)->open);
	assert_false(udc.configured);
	udc.refuse = -1;
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0), 0);
}

static void status_is_of_what_is_there(void **state)
{
	assert_int_equal(get(TO_DEVICE, GET_STATUS, 0, 0, 2), 2);
	assert_int_equal(get(TO_DEVICE, GET_STATUS, 1, 0, 2), FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, GET_STATUS, 0, 1, 2), FAKE_STALL);
	assert_int_equal(get(TO_INTERFACE, GET_STATUS, 0, 1, 2), 2);
	assert_int_equal(buf[0] | buf[1], 0);
	assert_int_equal(get(TO_INTERFACE, GET_STATUS, 0, 2, 2), FAKE_STALL);
	assert_int_equal(get(TO_INTERFACE, GET_STATUS, 0, 0x100, 2),
			 FAKE_STALL);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, BULK_IN, 2), 2);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, 0x81, 2), FAKE_STALL);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, 0x100 | BULK_IN, 2),
			 FAKE_STALL);
	assert_int_equal(get(3, GET_STATUS, 0, 0, 2), FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, GET_STATUS, 0, 0, 1), 1);
	assert_int_equal(get(TO_DEVICE, GET_STATUS, 0, 0, 0), 0);
}

static void halts_are_set_told_and_cleared(void **state)
{
	unsigned int toggles = fake_ep(&udc, BULK_IN)->toggles;

	assert_int_equal(set(TO_ENDPOINT, SET_FEATURE, 0, BULK_IN), 0);
	assert_true(fake_ep(&udc, BULK_IN)->halted);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, BULK_IN, 2), 2);
	assert_int_equal(buf[0], 1);
	assert_int_equal(set(TO_ENDPOINT, CLEAR_FEATURE, 0, BULK_IN), 0);
	assert_false(fake_ep(&udc, BULK_IN)->halted);
	assert_int_equal(get(TO_ENDPOINT, GET_STATUS, 0, BULK_IN, 2), 2);
	assert_int_equal(buf[0], 0);
	/* also where there was none: the toggle is DATA0 afterwards */
	assert_int_equal(set(TO_ENDPOINT, CLEAR_FEATURE, 0, BULK_IN), 0);
	assert_int_equal(fake_ep(&udc, BULK_IN)->toggles, toggles + 2);
}

static void features_that_are_not_there_stall(void **state)
{
	assert_int_equal(set(TO_DEVICE, SET_FEATURE, 1, 0), FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, CLEAR_FEATURE, 1, 0), FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_FEATURE, 0, 0), FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, CLEAR_FEATURE, 2, 0x100), FAKE_STALL);
	assert_int_equal(set(TO_INTERFACE, SET_FEATURE, 0, 0), FAKE_STALL);
	assert_int_equal(set(TO_ENDPOINT, SET_FEATURE, 1, BULK_IN), FAKE_STALL);
	assert_int_equal(set(TO_ENDPOINT, SET_FEATURE, 0, 0), FAKE_STALL);
	assert_int_equal(set(TO_ENDPOINT, SET_FEATURE, 0, 0x84), FAKE_STALL);
	assert_int_equal(fake_control(&udc, 2, SET_FEATURE, 0, BULK_IN, buf, 1),
			 FAKE_STALL);
	assert_false(fake_ep(&udc, BULK_IN)->halted);
}

static void test_mode_begins_after_the_status_stage(void **state)
{
	assert_int_equal(fake_setup(&udc, 0, SET_FEATURE, 2, 0x400, 0),
			 FAKE_STATUS);
	assert_int_equal(udc.test_mode, -1);
	fake_status(&udc);
	assert_int_equal(udc.test_mode, 4);
	udc.test_mode = -1;
	assert_int_equal(set(TO_DEVICE, SET_FEATURE, 2, 0), FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_FEATURE, 2, 0x600), FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_FEATURE, 2, 0x401), FAKE_STALL);
	/* given up before its status stage */
	fake_setup(&udc, 0, SET_FEATURE, 2, 0x100, 0);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 18), 18);
	fake_reset(&udc, UDC_SPEED_FULL);
	assert_int_equal(set(TO_DEVICE, SET_FEATURE, 2, 0x100), FAKE_STALL);
	assert_int_equal(udc.test_mode, -1);
}

static void interfaces_have_one_setting(void **state)
{
	unsigned int out = fake_ep(&udc, BULK_OUT)->toggles;
	unsigned int other = fake_ep(&udc, INTERRUPT_IN)->toggles;

	assert_int_equal(get(TO_INTERFACE, GET_INTERFACE, 0, 1, 1), 1);
	assert_int_equal(buf[0], 0);
	assert_int_equal(get(TO_INTERFACE, GET_INTERFACE, 0, 2, 1), FAKE_STALL);
	assert_int_equal(get(TO_INTERFACE, GET_INTERFACE, 1, 0, 1), FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, GET_INTERFACE, 0, 0, 1), FAKE_STALL);
	assert_int_equal(set(TO_ENDPOINT, SET_FEATURE, 0, BULK_IN), 0);
	assert_int_equal(set(TO_INTERFACE, SET_INTERFACE, 0, 0), 0);
	assert_false(fake_ep(&udc, BULK_IN)->halted);
	assert_int_equal(fake_ep(&udc, BULK_OUT)->toggles, out + 1);
	assert_int_equal(fake_ep(&udc, INTERRUPT_IN)->toggles, other);
	assert_int_equal(set(TO_INTERFACE, SET_INTERFACE, 1, 0), FAKE_STALL);
	assert_int_equal(set(TO_INTERFACE, SET_INTERFACE, 0, 2), FAKE_STALL);
}

static void set_descriptor_and_synch_frame_stall(void **state)
{
	assert_int_equal(
		fake_control(&udc, 0, SET_DESCRIPTOR, 0x100, 0, buf, 18),
		FAKE_STALL);
	assert_int_equal(set(TO_DEVICE, SET_DESCRIPTOR, 0x100, 0), FAKE_STALL);
	assert_int_equal(get(TO_ENDPOINT, SYNCH_FRAME, 0, BULK_IN, 2),
			 FAKE_STALL);
	for (unsigned int r = 0; r < 256; r++)
		if (r == 2 || r == 4 || r > SYNCH_FRAME) {
			assert_int_equal(get(TO_DEVICE, (uint8_t)r, 0, 0, 2),
					 FAKE_STALL);
			assert_int_equal(set(TO_DEVICE, (uint8_t)r, 0, 0),
					 FAKE_STALL);
		}
}

static void descriptors_are_given_in_each_state(void **state)
{
	for (int i = 0; i < 3; i++) {
		if (i == 1)
			assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 9, 0), 0);
		if (i == 2)
			set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0);
		assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 64),
				 18);
		assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 8),
				 8);
		assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x200, 0, 9),
				 9);
		assert_int_equal(buf[2], 9 + 9 + 5 + 7 + 7 + 9 + 7);
		assert_int_equal(
			get(TO_DEVICE, GET_DESCRIPTOR, 0x200, 0, 65535),
			buf[2]);
		assert_int_equal(buf[1], 2);
		assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x300, 0, 255),
				 4);
		assert_int_equal(
			get(TO_DEVICE, GET_DESCRIPTOR, 0x301, 0x409, 255), 4);
		assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x301, 0, 0),
				 0);
	}
}

static void descriptors_that_are_not_there_stall(void **state)
{
	static const uint16_t none[] = {
		0x000, 0x101, 0x201, 0x304, 0x3ee, 0x400,  0x500,
		0x601, 0x701, 0x800, 0xb00, 0xf00, 0x2400, 0xff00,
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(
			get(TO_DEVICE, GET_DESCRIPTOR, none[i], 0, 255),
			FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x301, 0x407, 255),
			 FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 1, 18),
			 FAKE_STALL);
	assert_int_equal(get(TO_INTERFACE, GET_DESCRIPTOR, 0x2200, 0, 64),
			 FAKE_STALL);
}

static void the_other_speed_is_described(void **state)
{
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x600, 0, 64), 10);
	assert_memory_equal(buf, "\x0a\x06\x00\x02\xef\x02\x01\x40\x01\x00",
			    10);
	assert_true(get(TO_DEVICE, GET_DESCRIPTOR, 0x700, 0, 255) > 9);
	assert_int_equal(buf[1], 7);
	assert_int_equal(buf[9 + 9 + 5 + 4], 64); /* wMaxPacketSize */
	assert_int_equal(buf[9 + 9 + 5 + 5], 0);
	fake_reset(&udc, UDC_SPEED_FULL);
	assert_true(get(TO_DEVICE, GET_DESCRIPTOR, 0x700, 0, 255) > 9);
	assert_int_equal(buf[9 + 9 + 5 + 5], 2); /* 512 */
	assert_true(get(TO_DEVICE, GET_DESCRIPTOR, 0x200, 0, 255) > 9);
	assert_int_equal(buf[9 + 9 + 5 + 4], 64);
	udc.udc.max_speed = UDC_SPEED_FULL;
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x600, 0, 64),
			 FAKE_STALL);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x700, 0, 64),
			 FAKE_STALL);
}

/* The fake host ends the program where it would wait for a packet for ever. */
static void reads_end_with_a_short_packet(void **state)
{
	static const uint16_t asked[] = {1,   63,  64,	65,  126,   127,
					 128, 129, 192, 255, 65535, 2};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		uint16_t n = asked[i];

		assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x302, 0, n),
				 n < 64 ? n : 64);
		assert_int_equal(buf[n < 64 ? n : 64], 0xee);
		assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x303, 0, n),
				 n < 128 ? n : 128);
	}
	fake_setup(&udc, 0x80, GET_DESCRIPTOR, 0x302, 0, 255);
	assert_true(udc.data->zlp);
	fake_setup(&udc, 0x80, GET_DESCRIPTOR, 0x302, 0, 64);
	assert_false(udc.data->zlp);
	fake_setup(&udc, 0x80, GET_DESCRIPTOR, 0x303, 0, 64);
	assert_false(udc.data->zlp);
}

static void class_requests_go_to_their_interface(void **state)
{
	dev.answer = 7;
	assert_int_equal(get(0x21, 0x21, 0x1234, 1, 20), 7);
	assert_int_equal(dev.interface, 1);
	assert_int_equal(dev.last.wValue, 0x1234);
	assert_int_equal(dev.last.wLength, 20);
	assert_int_equal(get(0x21, 0x21, 0, 1, 3), 3);
	assert_int_equal(get(0x21, 0x21, 0, 1, 0), 0);
	assert_int_equal(get(0x22, 1, 0, INTERRUPT_IN, 7), 7);
	assert_int_equal(dev.interface, 1);
	assert_int_equal(get(0x22, 1, 0, BULK_OUT, 7), 7);
	assert_int_equal(dev.interface, 0);
	assert_int_equal(dev.requests, 5);
}

static void class_requests_to_nobody_stall(void **state)
{
	dev.answer = 7;
	assert_int_equal(get(0x21, 0x21, 0, 2, 7), FAKE_STALL);
	assert_int_equal(get(0x21, 0x21, 0, 0x101, 7), FAKE_STALL);
	assert_int_equal(get(0x20, 0x21, 0, 0, 7), FAKE_STALL);
	assert_int_equal(get(0x22, 0x21, 0, 0x84, 7), FAKE_STALL);
	assert_int_equal(get(0x23, 0x21, 0, 0, 7), FAKE_STALL);
	assert_int_equal(get(0x41, 0x21, 0, 0, 7), FAKE_STALL);
	assert_int_equal(get(0x61, 0x21, 0, 0, 7), FAKE_STALL);
	assert_int_equal(dev.requests, 0);
	dev.answer = -EINVAL;
	assert_int_equal(get(0x21, 0x21, 0, 1, 7), FAKE_STALL);
	assert_int_equal(dev.requests, 1);
}

static void class_writes_arrive_whole(void **state)
{
	static const uint16_t lengths[] = {1, 7, 63, 64, 65, 128, 511, 512};

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		dev.got_len = 0;
		assert_int_equal(
			fake_control(&udc, 0x21, 0x20, 0, 1, buf, lengths[i]),
			0);
		assert_int_equal(dev.got_len, lengths[i]);
		assert_memory_equal(dev.got, buf, lengths[i]);
	}
	dev.got_len = 0;
	assert_int_equal(fake_control(&udc, 0x21, 0x20, 0, 1, buf, 513),
			 FAKE_STALL);
	assert_int_equal(fake_control(&udc, 0x21, 0x20, 0, 1, buf, 65535),
			 FAKE_STALL);
	dev.data_answer = -EINVAL;
	assert_int_equal(fake_control(&udc, 0x21, 0x20, 0, 1, buf, 7),
			 FAKE_STALL);
}

static void a_write_of_other_length_than_said(void **state)
{
	fake_setup(&udc, 0x21, 0x20, 0, 1, 7);
	assert_int_equal(fake_data_out(&udc, buf, 3), FAKE_STATUS);
	assert_int_equal(dev.got_len, 3);
	dev.got_len = 0;
	fake_setup(&udc, 0x21, 0x20, 0, 1, 7);
	assert_int_equal(fake_data_out(&udc, buf, 8), FAKE_STALLED);
	assert_int_equal(dev.got_len, 0);
}

static void a_new_setup_ends_the_one_before(void **state)
{
	dev.answer = 7;
	/* in the data stage, either way, and before the status stage */
	fake_setup(&udc, 0x80, GET_DESCRIPTOR, 0x303, 0, 255);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 18), 18);
	fake_setup(&udc, 0x21, 0x20, 0, 1, 7);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 18), 18);
	assert_int_equal(dev.got_len, 0);
	fake_setup(&udc, 0, SET_CONFIGURATION, 0, 0, 0);
	assert_int_equal(get(TO_DEVICE, GET_DESCRIPTOR, 0x100, 0, 18), 18);
	assert_int_equal(dev.usbd.state, USBD_ADDRESS);
}

static void a_completion_that_comes_late_is_no_answer(void **state)
{
	struct udc_transfer *old;

	fake_setup(&udc, 0x80, GET_DESCRIPTOR, 0x303, 0, 255);
	old = udc.data;
	udc.data = NULL; /* kept back by the controller */
	assert_int_equal(fake_setup(&udc, 0x80, GET_DESCRIPTOR, 0x100, 0, 18),
			 FAKE_DATA);
	old->status = -ECANCELED;
	usbd_on_complete(&dev.usbd, UDC_EP_IN, old);
	usbd_on_status(&dev.usbd);
	assert_int_equal(udc.answer, FAKE_DATA);
	assert_int_equal(fake_data_in(&udc, buf), 18);
	fake_status(&udc);
}

static void a_lost_data_stage_stalls(void **state)
{
	fake_setup(&udc, 0x80, GET_DESCRIPTOR, 0x100, 0, 18);
	udc.answer = FAKE_NO_ANSWER;
	udc.data->status = -EIO;
	usbd_on_complete(&dev.usbd, UDC_EP_IN, udc.data);
	udc.data = NULL;
	assert_int_equal(udc.answer, FAKE_STALLED);
}

static void a_reset_in_a_transfer_starts_over(void **state)
{
	fake_setup(&udc, 0x80, GET_DESCRIPTOR, 0x303, 0, 255);
	fake_reset(&udc, UDC_SPEED_FULL);
	assert_int_equal(dev.usbd.state, USBD_DEFAULT);
	assert_int_equal(dev.closed, 1);
	assert_false(udc.configured);
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 4, 0), 0);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0), 0);
	assert_int_equal(fake_ep(&udc, BULK_IN)->max_packet, 64);
}

static void transfers_need_a_configuration(void **state)
{
	struct udc_transfer x = {.buf = dev.ep0, .len = 8};

	assert_int_equal(usbd_submit(&dev.usbd, BULK_IN, &x), -ENODEV);
	to_configured(state);
	assert_int_equal(usbd_submit(&dev.usbd, 0x81, &x), -ENODEV);
	assert_int_equal(usbd_submit(&dev.usbd, UDC_EP_IN, &x), -ENODEV);
	assert_int_equal(usbd_submit(&dev.usbd, BULK_IN, &x), 0);
	assert_int_equal(fake_packet_in(&udc, BULK_IN, buf), 8);
	assert_int_equal(dev.completed, 1);
	assert_int_equal(dev.status, 0);
}

static void what_is_queued_is_cancelled(void **state)
{
	struct udc_transfer x = {.buf = dev.ep0, .len = 8};

	for (int late = 0; late < 2; late++) {
		to_configured(state);
		udc.late = late;
		usbd_submit(&dev.usbd, BULK_IN, &x);
		usbd_flush(&dev.usbd, BULK_IN);
		usbd_flush(&dev.usbd, 0x81);
		udc.udc.ops->poll(&udc.udc);
		assert_int_equal(dev.completed, 1);
		assert_int_equal(dev.status, -ECANCELED);
		usbd_submit(&dev.usbd, BULK_IN, &x);
		dev.reuse = &x;
		set(TO_DEVICE, SET_CONFIGURATION, 0, 0);
		udc.udc.ops->poll(&udc.udc);
		assert_int_equal(dev.completed, 2);
		assert_null(dev.reuse);
	}
}

static void more_than_was_asked_for_is_not_believed(void **state)
{
	struct udc_transfer x = {.buf = dev.ep0, .len = 512};

	usbd_submit(&dev.usbd, BULK_OUT, &x);
	x.actual = 5000;
	usbd_on_complete(&dev.usbd, BULK_OUT, &x);
	assert_int_equal(x.actual, 512);
}

static void suspend_and_resume_are_told_once(void **state)
{
	usbd_on_suspend(&dev.usbd);
	usbd_on_suspend(&dev.usbd);
	assert_int_equal(dev.suspended, 1);
	usbd_on_resume(&dev.usbd);
	usbd_on_resume(&dev.usbd);
	assert_int_equal(dev.resumed, 1);
	usbd_on_suspend(&dev.usbd);
	/* a host that talks has woken the bus */
	assert_int_equal(get(TO_DEVICE, GET_STATUS, 0, 0, 2), 2);
	assert_int_equal(dev.resumed, 2);
	usbd_on_suspend(&dev.usbd);
	fake_reset(&udc, UDC_SPEED_HIGH);
	assert_false(dev.usbd.suspended);
	assert_int_equal(dev.resumed, 2);
	usbd_on_suspend(&dev.usbd);
	assert_int_equal(dev.suspended, 3);
}

static void unplugged_and_plugged_in_again(void **state)
{
	fake_unplug(&udc);
	assert_int_equal(dev.usbd.state, USBD_DETACHED);
	assert_int_equal(dev.closed, 1);
	fake_unplug(&udc);
	assert_int_equal(dev.closed, 1);
	fake_reset(&udc, UDC_SPEED_HIGH);
	assert_int_equal(set(TO_DEVICE, SET_ADDRESS, 4, 0), 0);
	assert_int_equal(set(TO_DEVICE, SET_CONFIGURATION, CONFIG, 0), 0);
	assert_int_equal(dev.opened, 2);
	usbd_stop(&dev.usbd);
	assert_int_equal(dev.closed, 2);
	assert_false(udc.started);
}

#define IN_STATE(state, test) cmocka_unit_test_setup(test, to_##state)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_answered_before_a_reset,
				       power_up),
		IN_STATE(default, default_state_stalls_what_needs_an_address),
		IN_STATE(default, addresses_are_taken_and_given_back),
		IN_STATE(default, wrong_addresses_stall),
		IN_STATE(default, test_mode_begins_after_the_status_stage),
		IN_STATE(default, descriptors_are_given_in_each_state),
		IN_STATE(default, descriptors_that_are_not_there_stall),
		IN_STATE(default, the_other_speed_is_described),
		IN_STATE(default, reads_end_with_a_short_packet),
		IN_STATE(default, transfers_need_a_configuration),
		IN_STATE(address, address_state_knows_no_interfaces),
		IN_STATE(address, a_configuration_opens_its_endpoints),
		IN_STATE(address,
			 an_endpoint_that_the_controller_lacks_refuses),
		IN_STATE(configured,
			 wrong_configurations_stall_and_change_nothing),
		IN_STATE(configured,
			 the_same_configuration_starts_endpoints_anew),
		IN_STATE(configured, status_is_of_what_is_there),
		IN_STATE(configured, halts_are_set_told_and_cleared),
		IN_STATE(configured, features_that_are_not_there_stall),
		IN_STATE(configured, interfaces_have_one_setting),
		IN_STATE(configured, set_descriptor_and_synch_frame_stall),
		IN_STATE(configured, descriptors_that_are_not_there_stall),
		IN_STATE(configured, class_requests_go_to_their_interface),
		IN_STATE(configured, class_requests_to_nobody_stall),
		IN_STATE(configured, class_writes_arrive_whole),
		IN_STATE(configured, a_write_of_other_length_than_said),
		IN_STATE(configured, a_new_setup_ends_the_one_before),
		IN_STATE(configured, a_completion_that_comes_late_is_no_answer),
		IN_STATE(configured, a_lost_data_stage_stalls),
		IN_STATE(configured, a_reset_in_a_transfer_starts_over),
		IN_STATE(configured, what_is_queued_is_cancelled),
		IN_STATE(configured, more_than_was_asked_for_is_not_believed),
		IN_STATE(configured, suspend_and_resume_are_told_once),
		IN_STATE(configured, unplugged_and_plugged_in_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
