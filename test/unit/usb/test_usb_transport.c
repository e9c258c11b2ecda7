/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The transport over three serial ports, with a host on the other side that
 * comes, goes, reads or does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake_udc.h"
#include "transport/usb/usb_transport.h"

#define GDB TRANSPORT_GDB
#define CONSOLE TRANSPORT_CONSOLE
#define TRACE TRANSPORT_TRACE
#define OUT(ch) CDC_ACM_OUT(ch)
#define IN(ch) CDC_ACM_IN(ch)

static struct usb_transport *usb;
static struct transport *tr;
static struct fake_udc udc;
static uint8_t *mem;
static uint8_t buf[1 << 20], expect[1 << 20];

static int power_up(void **state)
{
	const struct cdc_acm_identity id = {0x1209, 0x0001, "1"};

	usb = malloc(sizeof(*usb));
	mem = aligned_alloc(USB_TRANSPORT_ALIGN,
			    (USB_TRANSPORT_MEMORY + 4095) / 4096 * 4096);
	fake_udc_init(&udc, UDC_SPEED_HIGH);
	udc.mem = mem;
	udc.mem_len = USB_TRANSPORT_MEMORY;
	assert_int_equal(usb_transport_init(usb, &udc.udc, &id, mem,
					    USB_TRANSPORT_MEMORY),
			 0);
	tr = &usb->transport;
	assert_int_equal(usb_transport_start(usb), 0);
	return 0;
}

static int power_down(void **state)
{
	free(mem);
	free(usb);
	return 0;
}

static void poll_it(void)
{
	tr->ops->poll(tr);
}

static void plug(enum udc_speed speed)
{
	fake_enumerate(&udc, speed);
	poll_it();
}

static int setup(void **state)
{
	power_up(state);
	plug(UDC_SPEED_HIGH);
	return 0;
}

static void dtr(unsigned int ch, bool on)
{
	assert_int_equal(fake_control(&udc, 0x21, 0x22, on ? 3 : 0,
				      (uint16_t)(2 * ch), NULL, 0),
			 0);
	poll_it();
}

static void send_break(unsigned int ch)
{
	assert_int_equal(fake_control(&udc, 0x21, 0x23, 0xffff,
				      (uint16_t)(2 * ch), NULL, 0),
			 0);
}

static uint32_t epoch(enum transport_channel ch)
{
	uint32_t e = 0;

	return tr->ops->connected(tr, ch, &e) ? e : 0;
}

static size_t rx(enum transport_channel ch, size_t len)
{
	return tr->ops->rx(tr, ch, buf, len);
}

static size_t tx(enum transport_channel ch, const void *p, size_t len)
{
	return tr->ops->tx(tr, ch, p, len);
}

/* All that there is for the host now, as one host's transfer after another. */
static size_t host_reads(unsigned int ch)
{
	size_t done = 0, n;
	bool whole = true;

	while (whole) {
		n = fake_read(&udc, IN(ch), buf + done, 16384, &whole);
		done += n;
		poll_it();
	}
	return done;
}

static void fill(uint8_t *p, size_t len, unsigned int seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)((i >> 8) * 31 + i * 7 + seed);
}

/* Setting up */

static void memory_must_be_right(void **state)
{
	const struct cdc_acm_identity id = {1, 2, NULL};

	assert_int_equal(usb_transport_init(usb, &udc.udc, &id, mem,
					    USB_TRANSPORT_MEMORY - 1),
			 -EINVAL);
	assert_int_equal(usb_transport_init(usb, &udc.udc, &id, mem + 64,
					    USB_TRANSPORT_MEMORY),
			 -EINVAL);
}

static void all_buffers_are_queued_when_configured(void **state)
{
	assert_int_equal(fake_ep(&udc, OUT(GDB))->queued, 64);
	assert_int_equal(fake_ep(&udc, OUT(CONSOLE))->queued, 8);
	assert_int_equal(fake_ep(&udc, OUT(GDB))->queue[0]->len, 512);
	assert_int_equal(fake_ep(&udc, IN(GDB))->queued, 0);
	assert_true(tr->ops->has(tr, GDB) && tr->ops->has(tr, TRACE));
	plug(UDC_SPEED_FULL);
	assert_int_equal(fake_ep(&udc, OUT(GDB))->queued, 64);
	assert_int_equal(fake_ep(&udc, OUT(GDB))->queue[0]->len, 64);
}

/* Clients */

static void dtr_is_a_client(void **state)
{
	assert_int_equal(epoch(GDB), 0);
	dtr(GDB, true);
	assert_int_equal(epoch(GDB), 1);
	assert_int_equal(epoch(CONSOLE), 0);
	dtr(GDB, true);
	assert_int_equal(epoch(GDB), 1);
	dtr(GDB, false);
	assert_int_equal(epoch(GDB), 0);
	dtr(GDB, true);
	assert_int_equal(epoch(GDB), 2);
	/* gone and back between two looks */
	fake_control(&udc, 0x21, 0x22, 0, 0, NULL, 0);
	fake_control(&udc, 0x21, 0x22, 1, 0, NULL, 0);
	assert_int_equal(epoch(GDB), 3);
}

static void what_ends_the_bus_ends_the_client(void **state)
{
	dtr(GDB, true);
	usbd_on_suspend(&usb->acm.usbd);
	assert_int_equal(epoch(GDB), 0);
	usbd_on_resume(&usb->acm.usbd);
	assert_int_equal(epoch(GDB), 2);
	fake_reset(&udc, UDC_SPEED_HIGH);
	assert_int_equal(epoch(GDB), 0);
	plug(UDC_SPEED_HIGH);
	assert_int_equal(epoch(GDB), 0);
	dtr(GDB, true);
	assert_int_equal(epoch(GDB), 3);
	fake_unplug(&udc);
	assert_int_equal(epoch(GDB), 0);
	plug(UDC_SPEED_FULL);
	dtr(GDB, true);
	assert_int_equal(epoch(GDB), 4);
	fake_control(&udc, 0, 9, 0, 0, NULL, 0);
	assert_int_equal(epoch(GDB), 0);
	fake_control(&udc, 0, 9, 1, 0, NULL, 0);
	assert_int_equal(epoch(GDB), 0);
}

static void nobody_is_sent_nothing(void **state)
{
	assert_int_equal(tx(GDB, "x", 1), 0);
	assert_int_equal(tx(TRACE, "x", 1), 0);
	dtr(GDB, true);
	assert_int_equal(tx(GDB, "x", 1), 1);
	dtr(GDB, false);
	assert_int_equal(tx(GDB, "x", 1), 0);
	usb_transport_stop(usb);
	assert_int_equal(tx(GDB, "x", 1), 0);
}

/* From the host */

static void bytes_arrive_as_they_were_sent(void **state)
{
	dtr(GDB, true);
	assert_int_equal(fake_write(&udc, OUT(GDB), "$qC#b4", 6), 6);
	assert_int_equal(rx(GDB, 3), 3);
	assert_int_equal(fake_write(&udc, OUT(GDB), "+", 1), 1);
	assert_memory_equal(buf, "$qC", 3);
	assert_int_equal(rx(GDB, 100), 4);
	assert_memory_equal(buf, "#b4+", 4);
	assert_int_equal(rx(GDB, 100), 0);
}

/* Linux ends no write with an empty packet. */
static void a_write_of_full_packets_arrives_at_once(void **state)
{
	static const size_t sizes[] = {512, 1024, 10240, 32768};

	dtr(GDB, true);
	for (size_t i = 0; i < 4; i++) {
		fill(expect, sizes[i], (unsigned int)i);
		assert_int_equal(fake_write(&udc, OUT(GDB), expect, sizes[i]),
				 sizes[i]);
		assert_int_equal(rx(GDB, sizeof(buf)), sizes[i]);
		assert_memory_equal(buf, expect, sizes[i]);
	}
	/* and others may send some */
	assert_int_equal(fake_packet_out(&udc, OUT(GDB), "", 0), 0);
	assert_int_equal(fake_packet_out(&udc, OUT(GDB), "a", 1), 1);
	assert_int_equal(rx(GDB, sizeof(buf)), 1);
}

static void a_host_that_is_faster_waits_and_loses_nothing(void **state)
{
	size_t sent = 0, got = 0, n;
	unsigned int round = 0;

	dtr(GDB, true);
	fill(expect, sizeof(expect), 1);
	while (got < sizeof(expect)) {
		n = fake_write(&udc, OUT(GDB), expect + sent,
			       sizeof(expect) - sent);
		sent += n;
		assert_true(sent - got <= 64 * 512);
		n = tr->ops->rx(tr, GDB, buf + got, 1 + round++ % 3000);
		assert_true(n > 0);
		got += n;
	}
	assert_int_equal(sent, got);
	assert_memory_equal(buf, expect, got);
	/* full, and not read: not acknowledged */
	assert_int_equal(fake_write(&udc, OUT(GDB), expect, 65536), 32768);
	assert_int_equal(fake_packet_out(&udc, OUT(GDB), "a", 1), FAKE_NAK);
	poll_it();
	assert_int_equal(fake_packet_out(&udc, OUT(GDB), "a", 1), FAKE_NAK);
	assert_int_equal(rx(GDB, 512), 512);
	assert_int_equal(fake_packet_out(&udc, OUT(GDB), "a", 1), 1);
}

static void empty_packets_hold_nothing_up(void **state)
{
	dtr(CONSOLE, true);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(fake_packet_out(&udc, OUT(CONSOLE), "", 0), 0);
		poll_it();
	}
	assert_int_equal(fake_packet_out(&udc, OUT(CONSOLE), "a", 1), 1);
	assert_int_equal(rx(CONSOLE, 10), 1);
}

static void an_old_clients_bytes_are_not_the_new_ones(void **state)
{
	/* before there was one */
	for (int i = 0; i < 200; i++) {
		assert_int_equal(fake_write(&udc, OUT(GDB), "junk", 4), 4);
		poll_it();
	}
	dtr(GDB, true);
	assert_int_equal(rx(GDB, 100), 0);
	fake_write(&udc, OUT(GDB), "one", 3);
	assert_int_equal(rx(GDB, 1), 1);
	fake_write(&udc, OUT(GDB), "two", 3);
	send_break(GDB);
	dtr(GDB, false);
	assert_int_equal(rx(GDB, 100), 0);
	dtr(GDB, true);
	fake_write(&udc, OUT(GDB), "new", 3);
	assert_int_equal(rx(GDB, 100), 3);
	assert_memory_equal(buf, "new", 3);
	/* without a look in between */
	fake_write(&udc, OUT(GDB), "old", 3);
	fake_control(&udc, 0x21, 0x22, 0, 0, NULL, 0);
	fake_control(&udc, 0x21, 0x22, 1, 0, NULL, 0);
	fake_write(&udc, OUT(GDB), "NEW", 3);
	assert_int_equal(rx(GDB, 100), 3);
	assert_memory_equal(buf, "NEW", 3);
}

/* Breaks */

static void a_break_to_gdb_is_an_interrupt_in_its_place(void **state)
{
	send_break(GDB); /* nobody's */
	dtr(GDB, true);
	assert_int_equal(rx(GDB, 100), 0);
	send_break(GDB);
	assert_int_equal(rx(GDB, 100), 1);
	assert_int_equal(buf[0], 3);
	assert_int_equal(rx(GDB, 100), 0);
	fake_write(&udc, OUT(GDB), "ab", 2);
	send_break(GDB);
	send_break(GDB);
	fake_write(&udc, OUT(GDB), "c", 1);
	assert_int_equal(rx(GDB, 2), 2);
	assert_int_equal(tr->ops->events(tr, GDB), 0);
	assert_int_equal(rx(GDB, 100), 2);
	assert_memory_equal(buf,
			    "\x03"
			    "c",
			    2);
}

static void a_break_on_the_console_is_an_event_in_its_place(void **state)
{
	dtr(CONSOLE, true);
	fake_write(&udc, OUT(CONSOLE), "ab", 2);
	fake_packet_out(&udc, OUT(CONSOLE), "", 0);
	send_break(CONSOLE);
	fake_packet_out(&udc, OUT(CONSOLE), "", 0);
	fake_write(&udc, OUT(CONSOLE), "c", 1);
	assert_int_equal(tr->ops->events(tr, CONSOLE), 0);
	assert_int_equal(rx(CONSOLE, 100), 2);
	assert_int_equal(tr->ops->events(tr, CONSOLE), TRANSPORT_EVENT_BREAK);
	assert_int_equal(tr->ops->events(tr, CONSOLE), 0);
	assert_int_equal(rx(CONSOLE, 100), 1);
	assert_int_equal(buf[0], 'c');
	/* with no bytes at all */
	send_break(CONSOLE);
	assert_int_equal(tr->ops->events(tr, CONSOLE), TRANSPORT_EVENT_BREAK);
	/* who does not ask is not held up */
	fake_write(&udc, OUT(CONSOLE), "d", 1);
	send_break(CONSOLE);
	fake_write(&udc, OUT(CONSOLE), "e", 1);
	assert_int_equal(rx(CONSOLE, 100), 1);
	assert_int_equal(rx(CONSOLE, 100), 1);
	assert_int_equal(tr->ops->events(tr, CONSOLE), 0);
}

/* To the host */

static void a_transfer_of_full_packets_ends_with_an_empty_one(void **state)
{
	bool whole;

	dtr(GDB, true);
	fill(expect, 2048, 0);
	for (size_t n = 1; n <= 1537; n += n == 1 ? 510 : n % 512 ? 1 : 511) {
		assert_int_equal(tx(GDB, expect, n), n);
		assert_int_equal(fake_read(&udc, IN(GDB), buf, 4096, &whole),
				 n);
		assert_true(whole);
		assert_memory_equal(buf, expect, n);
		assert_int_equal(fake_packet_in(&udc, IN(GDB), buf), FAKE_NAK);
	}
	plug(UDC_SPEED_FULL);
	dtr(GDB, true);
	assert_int_equal(tx(GDB, expect, 128), 128);
	assert_int_equal(fake_read(&udc, IN(GDB), buf, 4096, &whole), 128);
	assert_true(whole);
}

static void no_empty_packet_where_more_follows(void **state)
{
	struct udc_transfer *x;
	bool whole;

	dtr(GDB, true);
	fill(expect, sizeof(expect), 3);
	assert_int_equal(tx(GDB, expect, 65536 + 100), 65536 + 100);
	x = fake_ep(&udc, IN(GDB))->queue[0];
	assert_int_equal(x->len, 65536);
	assert_false(x->zlp);
	assert_true(x->buf >= mem && x->buf < mem + USB_TRANSPORT_MEMORY);
	assert_int_equal(fake_ep(&udc, IN(GDB))->queued, 2);
	assert_int_equal(fake_read(&udc, IN(GDB), buf, 1 << 17, &whole),
			 65536 + 100);
	assert_true(whole);
	assert_memory_equal(buf, expect, 65536 + 100);
}

static void small_writes_are_gathered(void **state)
{
	struct fake_ep *ep = fake_ep(&udc, IN(GDB));

	dtr(GDB, true);
	fill(expect, 8000, 5);
	for (size_t i = 0; i < 3000; i++)
		assert_int_equal(tx(GDB, expect + i, 1), 1);
	assert_int_equal(ep->queued, 2);
	assert_int_equal(tx(GDB, expect + 3000, 3000), 3000);
	assert_int_equal(ep->queued, 3);
	assert_int_equal(ep->queue[2]->len, 5998);
	assert_int_equal(host_reads(GDB), 6000);
	assert_memory_equal(buf, expect, 6000);
}

static void a_host_that_does_not_read_is_waited_for(void **state)
{
	dtr(GDB, true);
	fill(expect, sizeof(expect), 9);
	assert_int_equal(tx(GDB, expect, sizeof(expect)), USB_TRANSPORT_GDB_IN);
	assert_int_equal(tx(GDB, expect, 1), 0);
	assert_false(tr->ops->idle(tr));
	assert_int_equal(host_reads(GDB), USB_TRANSPORT_GDB_IN);
	assert_memory_equal(buf, expect, USB_TRANSPORT_GDB_IN);
	assert_true(tr->ops->idle(tr));
	assert_int_equal(tx(GDB, expect, 1), 1);
}

/* Both ways at once, in pieces of any size, over the ends of all rings. */
static void streams_stay_streams(void **state)
{
	static uint8_t up[1 << 19], down[1 << 19];
	size_t put = 0, read = 0, sent = 0, got = 0;
	uint32_t seed = 7;
	bool whole;

	dtr(GDB, true);
	fill(up, sizeof(up), 1);
	fill(down, sizeof(down), 2);
	while (read < sizeof(up) || got < sizeof(down)) {
		size_t n;

		seed = seed * 1664525 + 1013904223;
		n = 1 + (seed >> 8) % ((seed & 7) ? 700 : 70000);
		if (n > sizeof(up) - put)
			n = sizeof(up) - put;
		put += tx(GDB, up + put, n);
		if (seed >> 30) {
			n = fake_read(&udc, IN(GDB), buf, 1024, &whole);
			assert_memory_equal(buf, up + read, n);
			read += n;
		}
		n = (seed >> 12) % 2000;
		if (n > sizeof(down) - sent)
			n = sizeof(down) - sent;
		sent += fake_write(&udc, OUT(GDB), down + sent, n);
		n = rx(GDB, (seed >> 10) % 3000);
		assert_memory_equal(buf, down + got, n);
		got += n;
		poll_it();
	}
	assert_int_equal(read, put);
	assert_int_equal(got, sent);
}

static void an_old_clients_replies_are_dropped(void **state)
{
	for (int late = 0; late < 2; late++) {
		plug(UDC_SPEED_HIGH);
		dtr(GDB, true);
		fill(expect, 100000, 0);
		assert_int_equal(tx(GDB, expect, 100000), 100000);
		/* in the midst of a transfer */
		assert_int_equal(fake_packet_in(&udc, IN(GDB), buf), 512);
		udc.late = late;
		fake_control(&udc, 0x21, 0x22, 0, 0, NULL, 0);
		assert_int_equal(fake_ep(&udc, IN(GDB))->queued, 0);
		fake_control(&udc, 0x21, 0x22, 1, 0, NULL, 0);
		/* taken, and sent as soon as the controller has let go */
		assert_int_equal(tx(GDB, "new", 3), 3);
		poll_it();
		poll_it();
		assert_int_equal(host_reads(GDB), 3);
		assert_memory_equal(buf, "new", 3);
	}
}

static void room_for_dropped_bytes_is_room_again(void **state)
{
	fill(expect, 200000, 0);
	for (int late = 0; late < 2; late++) {
		udc.late = late;
		dtr(GDB, true);
		assert_int_equal(tx(GDB, expect, 200000), USB_TRANSPORT_GDB_IN);
		dtr(GDB, false);
		dtr(GDB, true);
		poll_it();
		assert_int_equal(tx(GDB, expect, 200000), USB_TRANSPORT_GDB_IN);
		assert_int_equal(host_reads(GDB), USB_TRANSPORT_GDB_IN);
		assert_memory_equal(buf, expect, USB_TRANSPORT_GDB_IN);
	}
}

static void a_transfer_called_back_may_have_been_over(void **state)
{
	struct udc_transfer *x;

	dtr(GDB, true);
	assert_int_equal(tx(GDB, "old", 3), 3);
	udc.late = true;
	fake_control(&udc, 0x21, 0x22, 0, 0, NULL, 0);
	x = udc.lates[0].x;
	udc.late_count = 0;
	x->actual = x->len;
	x->status = 0;
	usbd_on_complete(&usb->acm.usbd, IN(GDB), x);
	dtr(GDB, true);
	assert_int_equal(tx(GDB, "new", 3), 3);
	assert_int_equal(host_reads(GDB), 3);
	assert_memory_equal(buf, "new", 3);
}

/* The controller lets go of old transfers when new ones could be queued. */
static void the_console_waits_for_what_is_cancelled(void **state)
{
	assert_int_equal(tx(CONSOLE, "first ", 6), 6);
	udc.late = true;
	fake_unplug(&udc);
	fake_enumerate(&udc, UDC_SPEED_HIGH);
	assert_int_equal(tx(CONSOLE, "second", 6), 6);
	assert_int_equal(fake_ep(&udc, IN(CONSOLE))->queued, 0);
	poll_it();
	assert_int_equal(host_reads(CONSOLE), 12);
	assert_memory_equal(buf, "first second", 12);
}

static void a_client_from_before_the_sleep_is_a_new_one(void **state)
{
	dtr(GDB, true);
	assert_int_equal(tx(GDB, "old", 3), 3);
	fake_write(&udc, OUT(GDB), "old", 3);
	usbd_on_suspend(&usb->acm.usbd);
	poll_it();
	assert_int_equal(tx(GDB, "x", 1), 0);
	/* nothing new is given to a controller that may be asleep too */
	assert_int_equal(tx(CONSOLE, "kept", 4), 4);
	assert_int_equal(fake_ep(&udc, IN(CONSOLE))->queued, 0);
	assert_int_equal(fake_ep(&udc, OUT(GDB))->queued, 63);
	usbd_on_resume(&usb->acm.usbd);
	poll_it();
	assert_int_equal(fake_ep(&udc, IN(CONSOLE))->queued, 1);
	assert_int_equal(fake_ep(&udc, OUT(GDB))->queued, 64);
	assert_int_equal(epoch(GDB), 2);
	assert_int_equal(tx(GDB, "new", 3), 3);
	assert_int_equal(host_reads(GDB), 3);
	assert_memory_equal(buf, "new", 3);
}

static void a_cleared_halt_goes_on_where_it_was(void **state)
{
	dtr(GDB, true);
	fill(expect, 5000, 0);
	assert_int_equal(tx(GDB, expect, 5000), 5000);
	assert_int_equal(fake_packet_in(&udc, IN(GDB), buf), 512);
	assert_int_equal(fake_control(&udc, 2, 3, 0, IN(GDB), NULL, 0), 0);
	assert_int_equal(fake_control(&udc, 2, 3, 0, OUT(GDB), NULL, 0), 0);
	assert_int_equal(fake_packet_in(&udc, IN(GDB), buf), FAKE_STALL);
	assert_int_equal(fake_packet_out(&udc, OUT(GDB), "a", 1), FAKE_STALL);
	assert_int_equal(fake_control(&udc, 2, 1, 0, IN(GDB), NULL, 0), 0);
	assert_int_equal(fake_control(&udc, 2, 1, 0, OUT(GDB), NULL, 0), 0);
	assert_int_equal(host_reads(GDB), 5000 - 512);
	assert_memory_equal(buf, expect + 512, 5000 - 512);
	assert_int_equal(fake_packet_out(&udc, OUT(GDB), "a", 1), 1);
	assert_int_equal(rx(GDB, 10), 1);
}

/* The console */

static void the_console_keeps_what_was_said_before(void **state)
{
	assert_int_equal(tx(CONSOLE, "early ", 6), 6);
	poll_it();
	plug(UDC_SPEED_HIGH);
	assert_int_equal(tx(CONSOLE, "later", 5), 5);
	assert_int_equal(epoch(CONSOLE), 0);
	dtr(CONSOLE, true);
	assert_int_equal(host_reads(CONSOLE), 11);
	assert_memory_equal(buf, "early later", 11);
	dtr(CONSOLE, false);
	assert_int_equal(tx(CONSOLE, "between", 7), 7);
	assert_true(tr->ops->idle(tr));
	dtr(CONSOLE, true);
	assert_int_equal(host_reads(CONSOLE), 7);
}

/* Reset, cable and sleep at any packet: each byte once, in order. */
static void the_console_loses_nothing_to_the_bus(void **state)
{
	for (unsigned int round = 0; round < 24; round++) {
		size_t read = 0, n;
		bool whole;

		plug(round & 4 ? UDC_SPEED_FULL : UDC_SPEED_HIGH);
		udc.late = round & 8;
		dtr(CONSOLE, true);
		fill(expect, 60000, round);
		assert_int_equal(tx(CONSOLE, expect, 30000), 30000);
		assert_int_equal(tx(CONSOLE, expect + 30000, 30000), 30000);
		for (unsigned int i = 0; i < round * 5; i++) {
			int k = fake_packet_in(&udc, IN(CONSOLE), buf + read);

			assert_true(k >= 0);
			read += (size_t)k;
		}
		if (round % 3 == 0)
			fake_reset(&udc, UDC_SPEED_HIGH);
		else if (round % 3 == 1)
			fake_unplug(&udc);
		else
			fake_control(&udc, 0, 9, 0, 0, NULL, 0);
		if (round & 1)
			poll_it();
		plug(UDC_SPEED_HIGH);
		do {
			n = fake_read(&udc, IN(CONSOLE), buf + read, 512,
				      &whole);
			read += n;
			poll_it();
		} while (n);
		assert_int_equal(read, 60000);
		assert_memory_equal(buf, expect, 60000);
		udc.late = false;
	}
}

static void what_did_not_fit_is_said_at_its_place(void **state)
{
	size_t n;

	fill(expect, 100000, 4);
	n = tx(CONSOLE, expect, 100000);
	assert_int_equal(n, USB_TRANSPORT_OTHER_IN);
	tr->ops->lost(tr, CONSOLE, 100000 - n);
	assert_int_equal(tx(CONSOLE, "x", 1), 0);
	tr->ops->lost(tr, CONSOLE, 1);
	plug(UDC_SPEED_HIGH);
	n = host_reads(CONSOLE);
	assert_int_equal(n, USB_TRANSPORT_OTHER_IN +
				    strlen("\r\n[hyperstub: 34465 bytes lost "
					   "here]\r\n"));
	assert_memory_equal(buf, expect, USB_TRANSPORT_OTHER_IN);
	assert_memory_equal(buf + USB_TRANSPORT_OTHER_IN,
			    "\r\n[hyperstub: 34465 bytes lost here]\r\n",
			    n - USB_TRANSPORT_OTHER_IN);
	assert_int_equal(usb->channel[CONSOLE].lost, 34465);
	tx(CONSOLE, "on", 2);
	assert_int_equal(host_reads(CONSOLE), 2);
}

static void a_trace_with_nobody_is_not_told_of_later(void **state)
{
	tr->ops->lost(tr, TRACE, 5);
	dtr(TRACE, true);
	assert_int_equal(host_reads(TRACE), 0);
	tr->ops->lost(tr, TRACE, 7);
	poll_it();
	assert_int_equal(host_reads(TRACE), strlen("\r\n[hyperstub: 7 bytes "
						   "lost here]\r\n"));
	assert_int_equal(usb->channel[TRACE].lost, 12);
}

static void bytes_that_the_controller_lost_are_counted(void **state)
{
	struct udc_transfer *x;

	assert_int_equal(tx(CONSOLE, "12345", 5), 5);
	x = fake_ep(&udc, IN(CONSOLE))->queue[0];
	fake_ep(&udc, IN(CONSOLE))->queued = 0;
	x->status = -EIO;
	usbd_on_complete(&usb->acm.usbd, IN(CONSOLE), x);
	assert_int_equal(usb->channel[CONSOLE].lost, 5);
	poll_it();
	assert_true(host_reads(CONSOLE) > 5);
}

static void surprise_removal_in_transfers_both_ways(void **state)
{
	for (int late = 0; late < 2; late++) {
		for (unsigned int ch = 0; ch < TRANSPORT_CHANNELS; ch++) {
			plug(UDC_SPEED_HIGH);
			udc.late = late;
			dtr(ch, true);
			tx((enum transport_channel)ch, expect, 50000);
			fake_packet_in(&udc, IN(ch), buf);
			fake_packet_out(&udc, OUT(ch), expect, 512);
			fake_setup(&udc, 0x21, 0x20, 0, 0, 7);
			fake_unplug(&udc);
			assert_int_equal(epoch((enum transport_channel)ch), 0);
			assert_int_equal(rx((enum transport_channel)ch, 9), 0);
			poll_it();
			poll_it();
			udc.late = false;
		}
	}
	plug(UDC_SPEED_HIGH);
	dtr(GDB, true);
	assert_int_equal(tx(GDB, "ok", 2), 2);
	assert_int_equal(host_reads(GDB), 2);
	assert_int_equal(fake_ep(&udc, OUT(GDB))->queued, 64);
}

static void channels_do_not_wait_for_each_other(void **state)
{
	dtr(GDB, true);
	dtr(TRACE, true);
	assert_int_equal(tx(TRACE, expect, 100000), USB_TRANSPORT_OTHER_IN);
	assert_int_equal(tx(CONSOLE, expect, 100000), USB_TRANSPORT_OTHER_IN);
	while (fake_packet_out(&udc, OUT(CONSOLE), "x", 1) == 1)
		;
	fake_write(&udc, OUT(GDB), "ping", 4);
	assert_int_equal(rx(GDB, 10), 4);
	assert_int_equal(tx(GDB, "pong", 4), 4);
	assert_int_equal(host_reads(GDB), 4);
}

static void it_says_how_it_is(void **state)
{
	STRBUF(text, 200);

	dtr(GDB, true);
	tr->ops->lost(tr, CONSOLE, 3);
	usb_transport_describe(usb, &text);
	assert_string_equal(text.s, "configured, high speed; gdb open; console "
				    "closed (3 bytes lost); trace closed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, power_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_must_be_right),
		TEST(all_buffers_are_queued_when_configured),
		TEST(dtr_is_a_client),
		TEST(what_ends_the_bus_ends_the_client),
		TEST(nobody_is_sent_nothing),
		TEST(bytes_arrive_as_they_were_sent),
		TEST(a_write_of_full_packets_arrives_at_once),
		TEST(a_host_that_is_faster_waits_and_loses_nothing),
		TEST(empty_packets_hold_nothing_up),
		TEST(an_old_clients_bytes_are_not_the_new_ones),
		TEST(a_break_to_gdb_is_an_interrupt_in_its_place),
		TEST(a_break_on_the_console_is_an_event_in_its_place),
		TEST(a_transfer_of_full_packets_ends_with_an_empty_one),
		TEST(no_empty_packet_where_more_follows),
		TEST(small_writes_are_gathered),
		TEST(a_host_that_does_not_read_is_waited_for),
		TEST(streams_stay_streams),
		TEST(an_old_clients_replies_are_dropped),
		TEST(room_for_dropped_bytes_is_room_again),
		TEST(a_transfer_called_back_may_have_been_over),
		TEST(the_console_waits_for_what_is_cancelled),
		TEST(a_client_from_before_the_sleep_is_a_new_one),
		TEST(a_cleared_halt_goes_on_where_it_was),
		cmocka_unit_test_setup_teardown(
			the_console_keeps_what_was_said_before, power_up,
			power_down),
		TEST(the_console_loses_nothing_to_the_bus),
		cmocka_unit_test_setup_teardown(
			what_did_not_fit_is_said_at_its_place, power_up,
			power_down),
		TEST(a_trace_with_nobody_is_not_told_of_later),
		TEST(bytes_that_the_controller_lost_are_counted),
		TEST(surprise_removal_in_transfers_both_ways),
		TEST(channels_do_not_wait_for_each_other),
		TEST(it_says_how_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
