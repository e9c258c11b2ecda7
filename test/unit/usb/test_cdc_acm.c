/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The three serial ports: descriptors walked as a host's driver does, class
 * requests right and wrong, notifications.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "fake_udc.h"
#include "transport/usb/cdc_acm.h"

struct port {
	unsigned int on, off, breaks, completed;
	bool last_in;
	int status;
};

static struct cdc_acm acm;
static struct fake_udc udc;
static struct port port[CDC_ACM_FUNCTIONS];
static unsigned int opened, closed, suspends;
static _Alignas(UDC_ALIGN) uint8_t mem[CDC_ACM_MEMORY + 512];
static uint8_t buf[65536];

void cdc_acm_on_open(struct cdc_acm *c)
{
	opened++;
}

void cdc_acm_on_close(struct cdc_acm *c)
{
	closed++;
}

void cdc_acm_on_suspend(struct cdc_acm *c)
{
	suspends++;
}

void cdc_acm_on_dtr(struct cdc_acm *c, unsigned int n, bool on)
{
	assert_int_equal(on, cdc_acm_dtr(c, n));
	if (on)
		port[n].on++;
	else
		port[n].off++;
}

void cdc_acm_on_break(struct cdc_acm *c, unsigned int n)
{
	port[n].breaks++;
}

void cdc_acm_on_complete(struct cdc_acm *c, unsigned int n, bool in,
			 struct udc_transfer *x)
{
	port[n].completed++;
	port[n].last_in = in;
	port[n].status = x->status;
}

static void power_up(const char *serial)
{
	const struct cdc_acm_identity id = {0x1209, 0x0001, serial};

	memset(port, 0, sizeof(port));
	opened = closed = suspends = 0;
	fake_udc_init(&udc, UDC_SPEED_HIGH);
	udc.mem = mem;
	udc.mem_len = sizeof(mem);
	cdc_acm_init(&acm, &udc.udc, &id, mem);
	assert_int_equal(usbd_start(&acm.usbd), 0);
}

static int setup(void **state)
{
	power_up("M1-0123");
	fake_enumerate(&udc, UDC_SPEED_HIGH);
	return 0;
}

static int get(uint8_t type, uint8_t request, uint16_t value, uint16_t index,
	       uint16_t len)
{
	return fake_control(&udc, 0x80 | type, request, value, index, buf, len);
}

static int set(uint8_t type, uint8_t request, uint16_t value, uint16_t index)
{
	return fake_control(&udc, type, request, value, index, NULL, 0);
}

/* A string descriptor as text, or NULL. */
static const char *text(uint8_t index)
{
	static char s[128];
	int n = get(0, 6, 0x300 | index, 0x409, 255);

	if (n < 2)
		return NULL;
	assert_int_equal(buf[0], n);
	assert_int_equal(buf[1], 3);
	for (int i = 2; i < n; i += 2) {
		s[(i - 2) / 2] = (char)buf[i];
		assert_int_equal(buf[i + 1], 0);
	}
	s[(n - 2) / 2] = 0;
	return s;
}

static void the_device_is_composite_with_associations(void **state)
{
	assert_int_equal(get(0, 6, 0x100, 0, 18), 18);
	assert_memory_equal(buf,
			    "\x12\x01\x00\x02\xef\x02\x01\x40"
			    "\x09\x12\x01\x00\x00\x01\x01\x02\x03\x01",
			    18);
}

static void names_are_those_of_the_udev_rules(void **state)
{
	assert_int_equal(get(0, 6, 0x300, 0, 255), 4);
	assert_memory_equal(buf, "\x04\x03\x09\x04", 4);
	assert_string_equal(text(1), "hyperstub");
	assert_string_equal(text(2), "hyperstub debugger");
	assert_string_equal(text(3), "M1-0123");
	assert_string_equal(text(4), "hyperstub gdb");
	assert_string_equal(text(5), "hyperstub console");
	assert_string_equal(text(6), "hyperstub trace");
	assert_null(text(7));
	assert_null(text(255));
}

static void a_serial_is_made_fit(void **state)
{
	char longer[200];

	memset(longer, 's', sizeof(longer));
	longer[199] = 0;
	power_up("a b,c\xff\n");
	fake_enumerate(&udc, UDC_SPEED_HIGH);
	assert_string_equal(text(3), "a-b-c--");
	power_up(longer);
	fake_enumerate(&udc, UDC_SPEED_HIGH);
	assert_int_equal(strlen(text(3)), CDC_ACM_SERIAL_SIZE - 1);
	power_up(NULL);
	fake_enumerate(&udc, UDC_SPEED_HIGH);
	assert_null(text(3));
	assert_int_equal(get(0, 6, 0x100, 0, 18), 18);
	assert_int_equal(buf[16], 0);
}

/* The first function at high speed, from the specifications by hand. */
static const uint8_t first_function[66] = {
	8, 0x0b, 0,    2,    2,	   2,	 0, 4,	  /* association */
	9, 4,	 0,    0,    1,	   2,	 2, 0, 4, /* interface 0 */
	5, 0x24, 0,    0x10, 0x01,		  /* header 1.10 */
	5, 0x24, 1,    0,    1,			  /* calls */
	4, 0x24, 2,    6,			  /* ACM */
	5, 0x24, 6,    0,    1,			  /* union */
	7, 5,	 0x84, 3,    16,   0,	 9,	  /* notifications */
	9, 4,	 1,    0,    2,	   0x0a, 0, 0, 4, /* interface 1 */
	7, 5,	 0x01, 2,    0,	   2,	 0,	  /* bulk OUT */
	7, 5,	 0x81, 2,    0,	   2,	 0,	  /* bulk IN */
};

static void the_first_function_byte_by_byte(void **state)
{
	int n = get(0, 6, 0x200, 0, 65535);

	assert_int_equal(n, 9 + 3 * 66);
	assert_memory_equal(buf, "\x09\x02\xcf\x00\x06\x01\x00\xc0\x01", 9);
	assert_memory_equal(buf + 9, first_function, sizeof(first_function));
}

/* A driver's way through a configuration: what it binds to. */
struct walk {
	unsigned int interfaces, functions, endpoints;
	uint8_t addr[32];
	const uint8_t *interface, *association;
	unsigned int left; /* endpoints of this interface to come */
	unsigned int members;
	unsigned int kinds; /* functional descriptors seen: bits */
};

static void walk_endpoint(struct walk *w, const uint8_t *p, bool high)
{
	uint16_t size = (uint16_t)(p[4] | p[5] << 8);

	assert_int_equal(p[0], 7);
	assert_true(w->left--);
	assert_true((p[2] & 15) != 0);
	assert_int_equal(p[2] & 0x70, 0);
	for (unsigned int i = 0; i < w->endpoints; i++)
		assert_int_not_equal(w->addr[i], p[2]);
	w->addr[w->endpoints++] = p[2];
	if (w->interface[5] == 2) {
		assert_int_equal(p[3], 3);
		assert_true(p[2] & 0x80);
		assert_true(size >= 10 && size <= 64 && !(size & 7));
		assert_in_range(p[6], 1, high ? 16 : 255);
	} else {
		assert_int_equal(p[3], 2);
		assert_int_equal(size, high ? 512 : 64);
	}
}

static void walk_functional(struct walk *w, const uint8_t *p)
{
	uint8_t control = w->interface[2];

	assert_int_equal(w->interface[5], 2);
	assert_false(w->kinds >> p[2] & 1);
	if (!w->kinds)
		assert_int_equal(p[2], 0); /* the header comes first */
	w->kinds |= 1u << p[2];
	if (p[2] == 1) {
		assert_int_equal(p[0], 5);
		assert_int_equal(p[4], control + 1);
	} else if (p[2] == 6) {
		assert_int_equal(p[0], 5);
		assert_int_equal(p[3], control);
		assert_int_equal(p[4], control + 1);
	}
}

static void walk_interface(struct walk *w, const uint8_t *p)
{
	const uint8_t *a = w->association;

	assert_int_equal(w->left, 0);
	assert_int_equal(p[0], 9);
	assert_int_equal(p[2], w->interfaces++);
	assert_int_equal(p[3], 0);
	assert_non_null(a);
	assert_in_range(p[2], a[2], a[2] + a[3] - 1);
	if (p[2] == a[2]) {
		assert_int_equal(p[5], a[4]);
		assert_int_equal(p[6], a[5]);
		assert_int_equal(p[8], a[7]);
		w->kinds = 0;
	} else {
		assert_int_equal(p[5], 0x0a);
		/* header, call management, ACM and union were there */
		assert_int_equal(w->kinds, 0x47);
	}
	w->interface = p;
	w->left = p[4];
	w->members++;
}

static void walk_configuration(const uint8_t *p, int len, uint8_t type,
			       bool high)
{
	struct walk w = {0};
	int at = 9;

	assert_int_equal(p[1], type);
	assert_int_equal(p[2] | p[3] << 8, len);
	while (at < len) {
		const uint8_t *d = p + at;

		assert_in_range(d[0], 2, len - at);
		if (d[1] == 0x0b) {
			assert_int_equal(d[0], 8);
			assert_int_equal(w.members, 2 * w.functions);
			w.functions++;
			w.association = d;
		} else if (d[1] == 4) {
			walk_interface(&w, d);
		} else if (d[1] == 5) {
			walk_endpoint(&w, d, high);
		} else {
			assert_int_equal(d[1], 0x24);
			walk_functional(&w, d);
		}
		at += d[0];
	}
	assert_int_equal(at, len);
	assert_int_equal(w.left, 0);
	assert_int_equal(w.interfaces, p[4]);
	assert_int_equal(w.functions, 3);
	assert_int_equal(w.endpoints, 9);
}

static void drivers_find_three_ports_at_either_speed(void **state)
{
	walk_configuration(buf, get(0, 6, 0x200, 0, 65535), 2, true);
	walk_configuration(buf, get(0, 6, 0x700, 0, 65535), 7, false);
	fake_enumerate(&udc, UDC_SPEED_FULL);
	walk_configuration(buf, get(0, 6, 0x200, 0, 65535), 2, false);
	walk_configuration(buf, get(0, 6, 0x700, 0, 65535), 7, true);
	assert_int_equal(acm.max_packet, 64);
	assert_int_equal(fake_ep(&udc, 0x81)->max_packet, 64);
}

static void line_coding_is_kept_for_each(void **state)
{
	static const uint8_t coding[7] = {0x80, 0x25, 0, 0, 2, 1, 7};

	assert_int_equal(
		fake_control(&udc, 0x21, 0x20, 0, 2, (void *)coding, 7), 0);
	assert_int_equal(get(0x21, 0x21, 0, 2, 7), 7);
	assert_memory_equal(buf, coding, 7);
	assert_int_equal(get(0x21, 0x21, 0, 0, 7), 7);
	assert_memory_equal(buf, "\x00\xc2\x01\x00\x00\x00\x08", 7);
	assert_int_equal(get(0x21, 0x21, 0, 2, 3), 3);
	assert_int_equal(get(0x21, 0x21, 0, 2, 255), 7);
	assert_int_equal(get(0x21, 0x21, 0, 2, 0), 0);
}

static void line_coding_of_wrong_length_stalls(void **state)
{
	memset(buf, 0x55, 512);
	for (uint16_t n = 0; n < 600; n++)
		if (n != 7)
			assert_int_equal(
				fake_control(&udc, 0x21, 0x20, 0, 0, buf, n),
				FAKE_STALL);
	assert_int_equal(fake_control(&udc, 0x21, 0x20, 0, 0, buf, 65535),
			 FAKE_STALL);
	/* cut short on the way */
	fake_setup(&udc, 0x21, 0x20, 0, 0, 7);
	assert_int_equal(fake_data_out(&udc, buf, 6), FAKE_STALLED);
	assert_int_equal(get(0x21, 0x21, 0, 0, 7), 7);
	assert_int_equal(buf[6], 8);
}

static void dtr_is_told_when_it_changes(void **state)
{
	assert_int_equal(set(0x21, 0x22, 2, 0), 0);
	assert_int_equal(port[0].on + port[0].off, 0);
	assert_int_equal(set(0x21, 0x22, 3, 0), 0);
	assert_int_equal(set(0x21, 0x22, 1, 0), 0);
	assert_int_equal(port[0].on, 1);
	assert_int_equal(set(0x21, 0x22, 1, 4), 0);
	assert_int_equal(port[2].on, 1);
	assert_int_equal(port[1].on, 0);
	assert_int_equal(set(0x21, 0x22, 0, 0), 0);
	assert_int_equal(port[0].off, 1);
	assert_int_equal(port[2].off, 0);
	assert_int_equal(fake_control(&udc, 0x21, 0x22, 1, 0, buf, 1),
			 FAKE_STALL);
	assert_int_equal(port[0].on, 1);
	/* a new configuration begins without DTR, and says so by open */
	assert_int_equal(set(0, 9, 1, 0), 0);
	assert_false(cdc_acm_dtr(&acm, 2));
	assert_int_equal(closed, 1);
	assert_int_equal(opened, 2);
	assert_int_equal(set(0x21, 0x22, 1, 4), 0);
	assert_int_equal(port[2].on, 2);
}

static void a_break_is_told_when_it_begins(void **state)
{
	assert_int_equal(set(0x21, 0x23, 0xffff, 0), 0);
	assert_int_equal(port[0].breaks, 1);
	assert_int_equal(set(0x21, 0x23, 0, 0), 0);
	assert_int_equal(port[0].breaks, 1);
	assert_int_equal(set(0x21, 0x23, 250, 2), 0);
	assert_int_equal(port[1].breaks, 1);
	assert_int_equal(fake_control(&udc, 0x21, 0x23, 1, 0, buf, 2),
			 FAKE_STALL);
}

static void wrong_interfaces_and_requests_stall(void **state)
{
	for (uint16_t i = 0; i < 300; i++) {
		if (i == 0 || i == 2 || i == 4)
			continue;
		assert_int_equal(get(0x21, 0x21, 0, i, 7), FAKE_STALL);
		assert_int_equal(set(0x21, 0x22, 1, i), FAKE_STALL);
		assert_int_equal(set(0x21, 0x23, 1, i), FAKE_STALL);
		assert_int_equal(fake_control(&udc, 0x21, 0x20, 0, i, buf, 7),
				 FAKE_STALL);
	}
	for (unsigned int r = 0; r < 256; r++) {
		if (r != 0x21)
			assert_int_equal(get(0x21, (uint8_t)r, 0, 0, 7),
					 FAKE_STALL);
		if (r != 0x22 && r != 0x23)
			assert_int_equal(set(0x21, (uint8_t)r, 1, 0),
					 FAKE_STALL);
		/* to an endpoint of it, to the device */
		assert_int_equal(get(0x22, (uint8_t)r, 0, 0x81, 7), FAKE_STALL);
		assert_int_equal(get(0x20, (uint8_t)r, 0, 0, 7), FAKE_STALL);
	}
	assert_int_equal(get(0x21, 0x21, 1, 0, 7), FAKE_STALL);
	for (int n = 0; n < CDC_ACM_FUNCTIONS; n++)
		assert_int_equal(port[n].on + port[n].breaks, 0);
}

static void class_requests_need_a_configuration(void **state)
{
	fake_reset(&udc, UDC_SPEED_HIGH);
	assert_int_equal(set(0x21, 0x22, 1, 0), FAKE_STALL);
	assert_int_equal(set(0, 5, 9, 0), 0);
	assert_int_equal(set(0x21, 0x22, 1, 0), FAKE_STALL);
	assert_int_equal(get(0x21, 0x21, 0, 0, 7), FAKE_STALL);
	assert_int_equal(port[0].on, 0);
}

static void serial_state_is_notified(void **state)
{
	/* carrier and ready, once the host looks */
	assert_int_equal(fake_packet_in(&udc, 0x85, buf), 10);
	assert_memory_equal(buf, "\xa1\x20\x00\x00\x02\x00\x02\x00\x03\x00",
			    10);
	assert_int_equal(fake_packet_in(&udc, 0x85, buf), FAKE_NAK);
	/* changes while one is under way: the last one is told after it */
	cdc_acm_set_state(&acm, 1, 0);
	cdc_acm_set_state(&acm, 1, 1);
	cdc_acm_set_state(&acm, 1, CDC_ACM_STATE_OVERRUN);
	assert_int_equal(fake_packet_in(&udc, 0x85, buf), 10);
	assert_int_equal(buf[8], 0);
	assert_int_equal(fake_packet_in(&udc, 0x85, buf), 10);
	assert_int_equal(buf[8], 0x40);
	assert_int_equal(fake_packet_in(&udc, 0x85, buf), FAKE_NAK);
	assert_int_equal(fake_packet_in(&udc, 0x86, buf), 10);
	assert_int_equal(buf[4], 4);
}

static void serial_state_is_told_again_after_a_reset(void **state)
{
	for (int late = 0; late < 2; late++) {
		setup(state);
		udc.late = late;
		assert_int_equal(fake_packet_in(&udc, 0x84, buf), 10);
		fake_enumerate(&udc, UDC_SPEED_FULL);
		udc.udc.ops->poll(&udc.udc);
		assert_int_equal(fake_packet_in(&udc, 0x84, buf), 10);
		assert_int_equal(fake_packet_in(&udc, 0x86, buf), 10);
		assert_int_equal(fake_packet_in(&udc, 0x86, buf), FAKE_NAK);
	}
}

static void transfers_find_their_function(void **state)
{
	struct udc_transfer in = {.buf = mem + CDC_ACM_MEMORY, .len = 5};
	struct udc_transfer out = {.buf = mem + CDC_ACM_MEMORY, .len = 512};

	assert_int_equal(cdc_acm_submit(&acm, 1, false, &out), 0);
	assert_int_equal(cdc_acm_submit(&acm, 2, true, &in), 0);
	assert_int_equal(fake_packet_out(&udc, 0x02, "abc", 3), 3);
	assert_int_equal(port[1].completed, 1);
	assert_false(port[1].last_in);
	assert_int_equal(out.actual, 3);
	assert_int_equal(fake_packet_in(&udc, 0x83, buf), 5);
	assert_int_equal(port[2].completed, 1);
	assert_true(port[2].last_in);
	assert_int_equal(cdc_acm_submit(&acm, 2, true, &in), 0);
	cdc_acm_flush(&acm, 2, true);
	assert_int_equal(port[2].status, -ECANCELED);
	fake_unplug(&udc);
	assert_int_equal(cdc_acm_submit(&acm, 2, true, &in), -ENODEV);
}

static void a_cleared_halt_goes_on_where_it_was(void **state)
{
	struct udc_transfer in = {.buf = mem + CDC_ACM_MEMORY, .len = 5};

	assert_int_equal(cdc_acm_submit(&acm, 0, true, &in), 0);
	assert_int_equal(set(2, 3, 0, 0x81), 0);
	assert_int_equal(fake_packet_in(&udc, 0x81, buf), FAKE_STALL);
	assert_int_equal(set(2, 1, 0, 0x81), 0);
	assert_int_equal(fake_packet_in(&udc, 0x81, buf), 5);
	assert_int_equal(port[0].completed, 1);
}

static void sleep_is_passed_on(void **state)
{
	usbd_on_suspend(&acm.usbd);
	assert_int_equal(suspends, 1);
	usbd_on_resume(&acm.usbd);
	assert_int_equal(suspends, 2);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_device_is_composite_with_associations),
		TEST(names_are_those_of_the_udev_rules),
		TEST(a_serial_is_made_fit),
		TEST(the_first_function_byte_by_byte),
		TEST(drivers_find_three_ports_at_either_speed),
		TEST(line_coding_is_kept_for_each),
		TEST(line_coding_of_wrong_length_stalls),
		TEST(dtr_is_told_when_it_changes),
		TEST(a_break_is_told_when_it_begins),
		TEST(wrong_interfaces_and_requests_stall),
		TEST(class_requests_need_a_configuration),
		TEST(serial_state_is_notified),
		TEST(serial_state_is_told_again_after_a_reset),
		TEST(transfers_find_their_function),
		TEST(a_cleared_halt_goes_on_where_it_was),
		TEST(sleep_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
