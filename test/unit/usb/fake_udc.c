/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See fake_udc.h. */
#include "fake_udc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(x) fake_must(x, #x)

void fake_must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "controller: broken: %s\n", what);
	abort();
}

struct fake_ep *fake_ep(struct fake_udc *f, uint8_t addr)
{
	return &f->ep[UDC_EP_NUMBER(addr) + (addr & UDC_EP_IN ? 16 : 0)];
}

static struct fake_udc *fake_of(struct udc *u)
{
	return (struct fake_udc *)u;
}

static void check_buffer(struct fake_udc *f, const struct udc_transfer *x)
{
	if (!f->mem)
		return;
	MUST(x->buf >= f->mem && x->len <= f->mem_len);
	MUST((size_t)(x->buf - f->mem) <= f->mem_len - x->len);
}

static void complete(struct fake_udc *f, uint8_t addr, struct udc_transfer *x,
		     int status)
{
	x->status = status;
	usbd_on_complete(f->d, addr, x);
}

static struct udc_transfer *take(struct fake_ep *ep)
{
	struct udc_transfer *x = ep->queue[0];

	ep->queued--;
	memmove(ep->queue, ep->queue + 1, ep->queued * sizeof(ep->queue[0]));
	ep->zlp_due = false;
	return x;
}

/* What is queued now; not what is queued by who hears of it. */
static void cancel(struct fake_udc *f, uint8_t addr)
{
	struct fake_ep *ep = fake_ep(f, addr);
	struct udc_transfer *gone[UDC_QUEUE];
	unsigned int n = ep->queued;

	memcpy(gone, ep->queue, sizeof(gone));
	ep->queued = 0;
	ep->zlp_due = false;
	for (unsigned int i = 0; i < n; i++) {
		if (f->late) {
			MUST(f->late_count < FAKE_LATE);
			f->lates[f->late_count++] =
				(struct fake_late){addr, gone[i]};
		} else {
			complete(f, addr, gone[i], -ECANCELED);
		}
	}
}

/* Operations */

static int op_start(struct udc *u, struct usbd *d)
{
	fake_of(u)->d = d;
	fake_of(u)->started = true;
	return 0;
}

static void op_stop(struct udc *u)
{
	fake_of(u)->started = false;
}

static void op_poll(struct udc *u)
{
	struct fake_udc *f = fake_of(u);

	for (unsigned int n = f->late_count; n; n--) {
		struct fake_late first = f->lates[0];

		f->late_count--;
		memmove(f->lates, f->lates + 1,
			f->late_count * sizeof(f->lates[0]));
		complete(f, first.addr, first.x, -ECANCELED);
	}
}

static void op_set_address(struct udc *u, uint8_t address)
{
	fake_of(u)->address = address;
}

static void op_set_configured(struct udc *u, bool configured)
{
	struct fake_udc *f = fake_of(u);

	for (int i = 0; i < FAKE_ENDPOINTS; i++)
		MUST(!f->ep[i].open);
	f->configured = configured;
}

static int op_ep_open(struct udc *u, uint8_t addr, enum udc_ep_type type,
		      uint16_t max_packet, uint8_t interval)
{
	struct fake_udc *f = fake_of(u);
	struct fake_ep *ep = fake_ep(f, addr);

	MUST(f->configured);
	MUST(!ep->open);
	MUST(UDC_EP_NUMBER(addr));
	MUST(max_packet && max_packet <= 1024);
	if (addr == f->refuse)
		return -ENOSPC;
	*ep = (struct fake_ep){
		.open = true,
		.type = type,
		.max_packet = max_packet,
		.interval = interval,
		.opened = ep->opened + 1,
	};
	return 0;
}

static void op_ep_close(struct udc *u, uint8_t addr)
{
	struct fake_udc *f = fake_of(u);

	MUST(fake_ep(f, addr)->open);
	cancel(f, addr);
	fake_ep(f, addr)->open = false;
}

static int op_submit(struct udc *u, uint8_t addr, struct udc_transfer *x)
{
	struct fake_udc *f = fake_of(u);
	struct fake_ep *ep = fake_ep(f, addr);

	if (!ep->open)
		return -ENODEV;
	if (ep->queued == UDC_QUEUE)
		return -EAGAIN;
	for (unsigned int i = 0; i < f->late_count; i++)
		MUST(f->lates[i].x != x);
	for (int e = 0; e < FAKE_ENDPOINTS; e++)
		for (unsigned int i = 0; i < f->ep[e].queued; i++)
			MUST(f->ep[e].queue[i] != x);
	check_buffer(f, x);
	if (!(addr & UDC_EP_IN)) {
		MUST(x->len && x->len % ep->max_packet == 0);
		MUST((uintptr_t)x->buf % UDC_ALIGN == 0);
	}
	ep->queue[ep->queued++] = x;
	return 0;
}

static void op_ep_flush(struct udc *u, uint8_t addr)
{
	MUST(fake_ep(fake_of(u), addr)->open);
	cancel(fake_of(u), addr);
}

static void op_ep_halt(struct udc *u, uint8_t addr, bool halt)
{
	struct fake_ep *ep = fake_ep(fake_of(u), addr);

	MUST(ep->open);
	ep->halted = halt;
	ep->toggles += !halt;
}

static int op_ep0_data(struct udc *u, struct udc_transfer *x)
{
	struct fake_udc *f = fake_of(u);

	MUST(f->in_setup && f->answer == FAKE_NO_ANSWER);
	MUST(f->wLength);
	MUST(f->reads ? x->len <= f->wLength
		      : x->len == (f->wLength + 63u) / 64 * 64);
	check_buffer(f, x);
	f->data = x;
	f->answer = FAKE_DATA;
	return 0;
}

static void op_ep0_status(struct udc *u)
{
	struct fake_udc *f = fake_of(u);

	MUST(f->in_setup && f->answer == FAKE_NO_ANSWER);
	f->answer = FAKE_STATUS;
}

static void op_ep0_stall(struct udc *u)
{
	struct fake_udc *f = fake_of(u);

	MUST(f->in_setup && f->answer == FAKE_NO_ANSWER);
	f->answer = FAKE_STALLED;
}

static int op_test_mode(struct udc *u, uint8_t selector)
{
	fake_of(u)->test_mode = selector;
	return 0;
}

static bool op_idle(struct udc *u)
{
	struct fake_udc *f = fake_of(u);

	for (int i = 16; i < FAKE_ENDPOINTS; i++)
		if (f->ep[i].queued)
			return false;
	return true;
}

static const struct udc_ops fake_ops = {
	.name = "fake",
	.start = op_start,
	.stop = op_stop,
	.poll = op_poll,
	.set_address = op_set_address,
	.set_configured = op_set_configured,
	.ep_open = op_ep_open,
	.ep_close = op_ep_close,
	.submit = op_submit,
	.ep_flush = op_ep_flush,
	.ep_halt = op_ep_halt,
	.ep0_data = op_ep0_data,
	.ep0_status = op_ep0_status,
	.ep0_stall = op_ep0_stall,
	.test_mode = op_test_mode,
	.idle = op_idle,
};

void fake_udc_init(struct fake_udc *f, enum udc_speed max_speed)
{
	memset(f, 0, sizeof(*f));
	f->udc.ops = &fake_ops;
	f->udc.max_speed = max_speed;
	f->test_mode = -1;
	f->refuse = -1;
}

/* The bus */

static void end_control(struct fake_udc *f)
{
	struct udc_transfer *x = f->data;

	f->in_setup = false;
	f->answer = FAKE_NO_ANSWER;
	f->data = NULL;
	if (x)
		complete(f, f->reads ? UDC_EP_IN : 0, x, -ECANCELED);
}

static void end_transfers(struct fake_udc *f)
{
	end_control(f);
	for (uint8_t i = 1; i < 16; i++) {
		cancel(f, i);
		cancel(f, UDC_EP_IN | i);
	}
}

void fake_reset(struct fake_udc *f, enum udc_speed speed)
{
	end_transfers(f);
	f->address = 0;
	usbd_on_reset(f->d);
	usbd_on_connect(f->d, speed);
}

void fake_unplug(struct fake_udc *f)
{
	end_transfers(f);
	usbd_on_disconnect(f->d);
}

/* Control transfers */

enum fake_answer fake_setup(struct fake_udc *f, uint8_t bmRequestType,
			    uint8_t bRequest, uint16_t wValue, uint16_t wIndex,
			    uint16_t wLength)
{
	const uint8_t setup[8] = {
		bmRequestType,	  bRequest,
		(uint8_t)wValue,  (uint8_t)(wValue >> 8),
		(uint8_t)wIndex,  (uint8_t)(wIndex >> 8),
		(uint8_t)wLength, (uint8_t)(wLength >> 8),
	};

	end_control(f);
	f->in_setup = true;
	f->reads = bmRequestType & 0x80;
	f->wLength = wLength;
	usbd_on_setup(f->d, setup);
	MUST(f->answer != FAKE_NO_ANSWER);
	MUST(f->answer != FAKE_STATUS || !wLength);
	return f->answer;
}

static enum fake_answer data_done(struct fake_udc *f, size_t actual, int status)
{
	struct udc_transfer *x = f->data;

	f->data = NULL;
	f->answer = FAKE_NO_ANSWER;
	x->actual = (uint32_t)actual;
	complete(f, f->reads ? UDC_EP_IN : 0, x, status);
	MUST(f->answer == FAKE_STATUS || f->answer == FAKE_STALLED);
	return f->answer;
}

enum fake_answer fake_data_out(struct fake_udc *f, const void *buf, size_t len)
{
	MUST(f->answer == FAKE_DATA && !f->reads);
	MUST(len <= f->data->len);
	memcpy(f->data->buf, buf, len);
	return data_done(f, len, 0);
}

int fake_data_in(struct fake_udc *f, void *buf)
{
	uint32_t len, sent = 0, packet;
	bool zlp;

	MUST(f->answer == FAKE_DATA && f->reads);
	len = f->data->len;
	zlp = f->data->zlp;
	memcpy(buf, f->data->buf, len);
	/* packets until a short one, or until the host has what it asked for */
	do {
		packet = len - sent < 64 ? len - sent : 64;
		/* a host that waits for more would wait for ever */
		MUST(sent < len || zlp || !len);
		sent += packet;
	} while (packet == 64 && sent < f->wLength);
	MUST(data_done(f, len, 0) == FAKE_STATUS);
	return (int)len;
}

void fake_status(struct fake_udc *f)
{
	MUST(f->answer == FAKE_STATUS);
	f->in_setup = false;
	f->answer = FAKE_NO_ANSWER;
	usbd_on_status(f->d);
}

int fake_control(struct fake_udc *f, uint8_t bmRequestType, uint8_t bRequest,
		 uint16_t wValue, uint16_t wIndex, void *buf, uint16_t wLength)
{
	enum fake_answer answer =
		fake_setup(f, bmRequestType, bRequest, wValue, wIndex, wLength);
	int n = 0;

	if (answer == FAKE_DATA && f->reads) {
		n = fake_data_in(f, buf);
		answer = f->answer;
	} else if (answer == FAKE_DATA) {
		answer = fake_data_out(f, buf, wLength);
	}
	if (answer == FAKE_STALLED)
		return FAKE_STALL;
	fake_status(f);
	return n;
}

/* Data */

int fake_packet_out(struct fake_udc *f, uint8_t addr, const void *buf,
		    size_t len)
{
	struct fake_ep *ep = fake_ep(f, addr);
	struct udc_transfer *x;

	MUST(ep->open);
	MUST(len <= ep->max_packet);
	if (ep->halted)
		return FAKE_STALL;
	if (!ep->queued)
		return FAKE_NAK;
	x = ep->queue[0];
	if (len)
		memcpy(x->buf + x->actual, buf, len);
	x->actual += (uint32_t)len;
	if (len < ep->max_packet || x->actual == x->len)
		complete(f, addr, take(ep), 0);
	return (int)len;
}

size_t fake_write(struct fake_udc *f, uint8_t addr, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t done = 0;

	while (done < len) {
		size_t n = len - done, max = fake_ep(f, addr)->max_packet;
		int got = fake_packet_out(f, addr, p + done, n < max ? n : max);

		if (got < 0)
			break;
		done += (size_t)got;
	}
	return done;
}

int fake_packet_in(struct fake_udc *f, uint8_t addr, void *buf)
{
	struct fake_ep *ep = fake_ep(f, addr);
	struct udc_transfer *x;
	uint32_t n;

	MUST(ep->open);
	if (ep->halted)
		return FAKE_STALL;
	if (!ep->queued)
		return FAKE_NAK;
	x = ep->queue[0];
	n = x->len - x->actual;
	if (n > ep->max_packet)
		n = ep->max_packet;
	memcpy(buf, x->buf + x->actual, n);
	x->actual += n;
	if (x->actual < x->len)
		return (int)n;
	if (n == ep->max_packet && x->zlp && !ep->zlp_due)
		ep->zlp_due = true;
	else
		complete(f, addr, take(ep), 0);
	return (int)n;
}

size_t fake_read(struct fake_udc *f, uint8_t addr, void *buf, size_t size,
		 bool *whole)
{
	uint8_t packet[1024], *p = buf;
	size_t done = 0, max = fake_ep(f, addr)->max_packet;

	*whole = false;
	while (!*whole) {
		int n = fake_packet_in(f, addr, packet);

		if (n < 0)
			break;
		MUST((size_t)n <= size - done);
		memcpy(p + done, packet, (size_t)n);
		done += (size_t)n;
		*whole = (size_t)n < max || done == size;
	}
	return done;
}

void fake_enumerate(struct fake_udc *f, enum udc_speed speed)
{
	uint8_t buf[512];

	fake_reset(f, speed);
	MUST(fake_control(f, 0x80, 6, 0x0100, 0, buf, 64) == 18);
	fake_reset(f, speed);
	MUST(fake_control(f, 0x00, 5, 7, 0, NULL, 0) == 0);
	MUST(f->address == 7);
	MUST(fake_control(f, 0x80, 6, 0x0100, 0, buf, 18) == 18);
	MUST(fake_control(f, 0x80, 6, 0x0200, 0, buf, 9) == 9);
	MUST(fake_control(f, 0x00, 9, 1, 0, NULL, 0) == 0);
	MUST(f->configured);
}
