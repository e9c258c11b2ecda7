/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Bulk and interrupt endpoints: the host's requests on one side, the device's
 * transfers on the other, packets between them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "udc_redir.h"

struct host_request {
	struct host_request *next;
	uint64_t id;
	uint8_t ep;
	uint32_t len;  /* of OUT data; wanted by IN */
	uint32_t done; /* bytes that went by */
	uint8_t *data;
};

unsigned int udc_redir_index(uint8_t addr)
{
	return UDC_EP_NUMBER(addr) | (addr & UDC_EP_IN) >> 3;
}

uint8_t udc_redir_addr(unsigned int index)
{
	return (index & 15) | (index & 16) << 3;
}

static struct udc_redir_ep *endpoint(struct udc_redir *u, uint8_t addr)
{
	return &u->eps[udc_redir_index(addr)];
}

/* Requests of the host. */

static void answer(struct udc_redir *u, struct host_request *r, int status)
{
	bool in = r->ep & UDC_EP_IN;
	struct usb_redir_bulk_packet_header h = {
		.endpoint = r->ep,
		.status = status,
		.length = r->done,
		.length_high = r->done >> 16,
	};

	usbredirparser_send_bulk_packet(u->parser, r->id, &h,
					in ? r->data : NULL, in ? r->done : 0);
	free(r->data);
	free(r);
}

static void answer_first(struct udc_redir *u, struct udc_redir_ep *ep,
			 int status)
{
	struct host_request *r = ep->requests;

	ep->requests = r->next;
	answer(u, r, status);
}

bool udc_redir_add_bulk(struct udc_redir *u, uint64_t id, uint8_t addr,
			uint32_t len, uint8_t *data)
{
	struct udc_redir_ep *ep = endpoint(u, addr);
	struct host_request **p = &ep->requests, *r;

	if (!ep->open || ep->type != UDC_EP_BULK || len > UDC_REDIR_BUFFER)
		return false;
	r = calloc(1, sizeof(*r));
	if (!r)
		return false;
	*r = (struct host_request){NULL, id, addr, len, 0, data};
	if (addr & UDC_EP_IN)
		r->data = malloc(len ? len : 1);
	while (*p)
		p = &(*p)->next;
	*p = r;
	return true;
}

bool udc_redir_cancel(struct udc_redir *u, uint64_t id)
{
	struct host_request **p, *r;
	unsigned int i;

	for (i = 0; i < 32; i++)
		for (p = &u->eps[i].requests; (r = *p); p = &r->next)
			if (r->id == id) {
				*p = r->next;
				answer(u, r, usb_redir_cancelled);
				return true;
			}
	return false;
}

void udc_redir_drop_requests(struct udc_redir *u, uint8_t addr, int status)
{
	struct udc_redir_ep *ep = endpoint(u, addr);

	while (ep->requests)
		answer_first(u, ep, status);
}

/* Transfers of the device. */

static void complete(struct udc_redir *u, uint8_t addr, int status)
{
	struct udc_redir_ep *ep = endpoint(u, addr);
	struct udc_transfer *x = ep->queue[ep->head];

	ep->head = (ep->head + 1) % UDC_QUEUE;
	ep->count--;
	x->actual = ep->progress;
	x->status = status;
	ep->progress = 0;
	ep->data_sent = false;
	usbd_on_complete(u->usbd, addr, x);
}

void udc_redir_flush(struct udc_redir *u, uint8_t addr)
{
	struct udc_redir_ep *ep = endpoint(u, addr);
	unsigned int n;

	/* Those that were there: one that completes may submit another. */
	for (n = ep->count; n && ep->count; n--)
		complete(u, addr, -ECANCELED);
}

/* Packets. */

/* The next one that the device sends: its length, or -1: none is ready. */
static int next_in(struct udc_redir_ep *ep)
{
	struct udc_transfer *x = ep->queue[ep->head];
	uint32_t left;

	if (!ep->count)
		return -1;
	left = x->len - ep->progress;
	return left < ep->max_packet ? left : ep->max_packet;
}

/* It was taken: on to the next transfer where this was the last one's. */
static void sent(struct udc_redir *u, uint8_t addr, uint32_t len)
{
	struct udc_redir_ep *ep = endpoint(u, addr);
	struct udc_transfer *x = ep->queue[ep->head];

	ep->progress += len;
	if (ep->progress < x->len)
		return;
	if (x->zlp && len == ep->max_packet) {
		ep->data_sent = true;
		return;
	}
	complete(u, addr, 0);
}

static bool pump_in(struct udc_redir *u, uint8_t addr)
{
	struct udc_redir_ep *ep = endpoint(u, addr);
	struct host_request *r = ep->requests;
	int len = next_in(ep);

	if (!r || len < 0)
		return false;
	if ((uint32_t)len > r->len - r->done) {
		/* The host stops listening within the packet: not taken. */
		answer_first(u, ep, usb_redir_babble);
		return true;
	}
	if (len)
		memcpy(r->data + r->done,
		       ep->queue[ep->head]->buf + ep->progress, len);
	r->done += len;
	sent(u, addr, len);
	if (len < ep->max_packet || r->done == r->len)
		answer_first(u, ep, usb_redir_success);
	return true;
}

static bool pump_out(struct udc_redir *u, uint8_t addr)
{
	struct udc_redir_ep *ep = endpoint(u, addr);
	struct host_request *r = ep->requests;
	struct udc_transfer *x = ep->queue[ep->head];
	uint32_t len;

	if (!r || !ep->count)
		return false;
	len = r->len - r->done;
	if (len > ep->max_packet)
		len = ep->max_packet;
	if (len > x->len - ep->progress) {
		complete(u, addr, -EIO);
		return true;
	}
	if (len)
		memcpy(x->buf + ep->progress, r->data + r->done, len);
	r->done += len;
	ep->progress += len;
	if (len < ep->max_packet || ep->progress == x->len)
		complete(u, addr, 0);
	if (r->done == r->len)
		answer_first(u, ep, usb_redir_success);
	return true;
}

static bool pump_interrupt(struct udc_redir *u, uint8_t addr)
{
	struct udc_redir_ep *ep = endpoint(u, addr);
	struct usb_redir_interrupt_packet_header h = {.endpoint = addr};
	int len = next_in(ep);

	if (!ep->receiving || len < 0)
		return false;
	h.length = len;
	usbredirparser_send_interrupt_packet(
		u->parser, 0, &h, ep->queue[ep->head]->buf + ep->progress, len);
	sent(u, addr, len);
	return true;
}

static bool pump_one(struct udc_redir *u, uint8_t addr)
{
	struct udc_redir_ep *ep = endpoint(u, addr);

	if (!ep->open)
		return false;
	if (ep->halted) {
		udc_redir_drop_requests(u, addr, usb_redir_stall);
		return false;
	}
	if (ep->type == UDC_EP_INTERRUPT && addr & UDC_EP_IN)
		return pump_interrupt(u, addr);
	if (ep->type != UDC_EP_BULK)
		return false;
	return addr & UDC_EP_IN ? pump_in(u, addr) : pump_out(u, addr);
}

void udc_redir_pump(struct udc_redir *u)
{
	unsigned int i;
	bool moved;

	/* Ends: each packet uses up bytes of requests that came from outside.
	 */
	do {
		moved = false;
		for (i = 1; i < 32; i++)
			if (i != 16)
				while (u->usbd &&
				       pump_one(u, udc_redir_addr(i)))
					moved = true;
	} while (moved);
}
