/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A USB host under fuzzing: what it may do to the device, at any time. The
 * input is lines; the first character says what, numbers are hexadecimal:
 *   cSETUP   a whole control transfer, SETUP as its 8 bytes (16 digits)
 *   sSETUP   its SETUP packet alone      dLL  LL bytes of its data, or a read
 *   t        its status stage            p    the monitor polls
 *   rS       bus reset, S: high speed    u    the cable is pulled
 *   z w      suspend, resume             h    enumerate
 *   oCLLL    a packet of LLL bytes out   iC   a packet in, of channel C
 *   xCLLLLL  the monitor sends           yCLLLLL   and receives
 *   eC lCLL  its events, bytes lost      b    cancelled transfers are late
 * What must hold: what the fake controller demands (fake_udc.h); each byte
 * arrives once and in order within a connection, on the console always; in the
 * end the device still enumerates and works.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/usb/fake_udc.h"
#include "transport/usb/usb_transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES 0x20000

struct stream {
	uint32_t epoch;
	uint32_t sent, due; /* bytes; the next one to arrive */
};

struct bench {
	struct fake_udc udc;
	struct usb_transport usb;
	struct stream in[TRANSPORT_CHANNELS], out[TRANSPORT_CHANNELS];
	bool lines[TRANSPORT_CHANNELS]; /* of lost bytes are in the stream */
	uint8_t buf[BYTES];
};

/* The byte at that place of any stream. */
static uint8_t pattern(uint32_t at)
{
	return (uint8_t)(at * 37 + (at >> 8) * 11 + (at >> 16));
}

static uint32_t number(const uint8_t *p, size_t len, size_t at, size_t digits)
{
	uint32_t value = 0;

	for (size_t i = at; i < at + digits && i < len; i++)
		value = value << 4 |
			(p[i] >= 'a' ? p[i] - 'a' + 10u : p[i]) % 16;
	return value;
}

static void fill(struct bench *b, uint32_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		b->buf[i] = pattern(at + (uint32_t)i);
}

static void arrived(struct bench *b, struct stream *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fake_must(b->buf[i] == pattern(s->due++), "stream");
	fake_must(s->due <= s->sent, "stream longer than sent");
}

/* A new client sees nothing from before it. */
static void note_clients(struct bench *b)
{
	struct transport *t = &b->usb.transport;

	for (int ch = 0; ch < TRANSPORT_CHANNELS; ch++) {
		uint32_t epoch = b->out[ch].epoch;

		t->ops->connected(t, (enum transport_channel)ch, &epoch);
		if (epoch == b->out[ch].epoch)
			continue;
		b->out[ch].epoch = epoch;
		b->out[ch].due = b->out[ch].sent;
		if (ch != TRANSPORT_CONSOLE)
			b->in[ch].due = b->in[ch].sent;
	}
}

static void host_sends(struct bench *b, unsigned int ch, uint32_t len)
{
	struct fake_ep *ep = fake_ep(&b->udc, CDC_ACM_OUT(ch));
	int n;

	if (!ep->open)
		return;
	len %= ep->max_packet + 1u;
	fill(b, b->out[ch].sent, len);
	n = fake_packet_out(&b->udc, CDC_ACM_OUT(ch), b->buf, len);
	if (n > 0)
		b->out[ch].sent += (uint32_t)n;
}

static void host_reads(struct bench *b, unsigned int ch)
{
	int n;

	if (!fake_ep(&b->udc, CDC_ACM_IN(ch))->open)
		return;
	n = fake_packet_in(&b->udc, CDC_ACM_IN(ch), b->buf);
	if (n > 0 && !b->lines[ch])
		arrived(b, &b->in[ch], (size_t)n);
}

static void monitor_sends(struct bench *b, enum transport_channel ch,
			  uint32_t len)
{
	struct transport *t = &b->usb.transport;
	size_t n;

	len %= BYTES;
	fill(b, b->in[ch].sent, len);
	n = t->ops->tx(t, ch, b->buf, len);
	fake_must(n <= len, "tx took more");
	b->in[ch].sent += (uint32_t)n;
}

/* Breaks are bytes in gdb's stream: its bytes are not compared. */
static void monitor_reads(struct bench *b, enum transport_channel ch,
			  uint32_t len)
{
	struct transport *t = &b->usb.transport;
	size_t n;

	len %= BYTES;
	n = t->ops->rx(t, ch, b->buf, len);
	fake_must(n <= len, "rx gave more");
	if (ch != TRANSPORT_GDB)
		arrived(b, &b->out[ch], n);
}

static void control(struct bench *b, const uint8_t *p, size_t len)
{
	uint8_t s[8];

	for (size_t i = 0; i < 8; i++)
		s[i] = (uint8_t)number(p, len, 1 + 2 * i, 2);
	memset(b->buf, 0x5a, 0x10000);
	if (p[0] == 's')
		fake_setup(&b->udc, s[0], s[1], ch9_get16(s + 2),
			   ch9_get16(s + 4), ch9_get16(s + 6));
	else
		fake_control(&b->udc, s[0], s[1], ch9_get16(s + 2),
			     ch9_get16(s + 4), b->buf, ch9_get16(s + 6));
}

static void data_stage(struct bench *b, uint32_t len)
{
	if (b->udc.answer != FAKE_DATA)
		return;
	if (b->udc.reads)
		fake_data_in(&b->udc, b->buf);
	else
		fake_data_out(&b->udc, b->buf, len % (b->udc.data->len + 1));
}

static void bus(struct bench *b, uint8_t what, bool high)
{
	struct usbd *d = &b->usb.acm.usbd;
	enum udc_speed speed = high ? UDC_SPEED_HIGH : UDC_SPEED_FULL;

	if (what == 'r')
		fake_reset(&b->udc, speed);
	else if (what == 'h')
		fake_enumerate(&b->udc, speed);
	else if (what == 'u')
		fake_unplug(&b->udc);
	else if (what == 'z')
		usbd_on_suspend(d);
	else
		usbd_on_resume(d);
}

static void line(struct bench *b, const uint8_t *p, size_t len)
{
	struct transport *t = &b->usb.transport;
	enum transport_channel ch = (enum transport_channel)(
		number(p, len, 1, 1) % TRANSPORT_CHANNELS);

	switch (len ? p[0] : 0) {
	case 'c':
	case 's':
		control(b, p, len);
		break;
	case 'd':
		data_stage(b, number(p, len, 1, 2));
		break;
	case 't':
		if (b->udc.answer == FAKE_STATUS)
			fake_status(&b->udc);
		break;
	case 'r':
	case 'h':
	case 'u':
	case 'z':
	case 'w':
		bus(b, p[0], number(p, len, 1, 1) & 1);
		break;
	case 'p':
		t->ops->poll(t);
		break;
	case 'o':
		host_sends(b, ch, number(p, len, 2, 3));
		break;
	case 'i':
		host_reads(b, ch);
		break;
	case 'x':
		monitor_sends(b, ch, number(p, len, 2, 5));
		break;
	case 'y':
		monitor_reads(b, ch, number(p, len, 2, 5));
		break;
	case 'e':
		t->ops->events(t, ch);
		break;
	case 'l':
		t->ops->lost(t, ch, number(p, len, 2, 2));
		b->lines[ch] |= number(p, len, 2, 2) != 0;
		break;
	case 'b':
		b->udc.late = !b->udc.late;
		break;
	}
	note_clients(b);
}

static void survives(struct bench *b)
{
	struct transport *t = &b->usb.transport;

	b->udc.late = false;
	t->ops->poll(t);
	fake_enumerate(&b->udc, UDC_SPEED_HIGH);
	t->ops->poll(t);
	fake_must(fake_control(&b->udc, 0x21, 0x22, 1, 0, NULL, 0) == 0,
		  "DTR is taken");
	t->ops->poll(t);
	fake_must(fake_packet_out(&b->udc, CDC_ACM_OUT(0), "ping", 4) == 4,
		  "takes bytes");
	fake_must(t->ops->rx(t, TRANSPORT_GDB, b->buf, 100) == 4, "receives");
	fake_must(t->ops->tx(t, TRANSPORT_GDB, b->buf, 4) == 4, "sends");
	fake_must(fake_packet_in(&b->udc, CDC_ACM_IN(0), b->buf) == 4 &&
			  memcmp(b->buf, "ping", 4) == 0,
		  "gives bytes");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cdc_acm_identity id = {0x1209, 0x0001, "fuzz"};
	const uint8_t *end = data + size;
	struct bench *b = calloc(1, sizeof(*b));
	uint8_t *mem = aligned_alloc(USB_TRANSPORT_ALIGN,
				     (USB_TRANSPORT_MEMORY + 4095u) & ~4095u);

	fake_udc_init(&b->udc, UDC_SPEED_HIGH);
	b->udc.mem = mem;
	b->udc.mem_len = USB_TRANSPORT_MEMORY;
	usb_transport_init(&b->usb, &b->udc.udc, &id, mem,
			   USB_TRANSPORT_MEMORY);
	usb_transport_start(&b->usb);
	while (data < end) {
		const uint8_t *stop = memchr(data, '\n', (size_t)(end - data));

		if (!stop)
			stop = end;
		line(b, data, (size_t)(stop - data));
		data = stop + 1;
	}
	survives(b);
	free(mem);
	free(b);
	return 0;
}
