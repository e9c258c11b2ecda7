/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffered input of interrupt and bulk endpoints, and the requests that are
 * refused: isochronous streams, bulk streams.
 */
#include "qemu/osdep.h"
#include "redir.h"

#define LARGEST_TRANSFER (1u << 20)

void redir_received(struct hs_redir *r, uint8_t ep, int status,
		    const uint8_t *data, uint32_t length)
{
	bool interrupt = r->host->pipe[EP_INDEX(ep)].type == EP_INTERRUPT;
	struct usb_redir_interrupt_packet_header i = {
		.endpoint = ep, .status = status, .length = length,
	};
	struct usb_redir_buffered_bulk_packet_header b = {
		.endpoint = ep, .status = status, .length = length,
	};

	if (!r->parser)
		return;
	if (interrupt && status != usb_redir_success) {
		struct usb_redir_interrupt_receiving_status_header s = {
			.endpoint = ep, .status = status,
		};

		usbredirparser_send_interrupt_receiving_status(r->parser, 0,
							       &s);
	} else if (interrupt) {
		usbredirparser_send_interrupt_packet(r->parser,
						     r->receive_id++, &i,
						     (uint8_t *)data, length);
	} else if (status != usb_redir_success) {
		struct usb_redir_bulk_receiving_status_header s = {
			.endpoint = ep, .status = status,
		};

		usbredirparser_send_bulk_receiving_status(r->parser, 0, &s);
	} else {
		usbredirparser_send_buffered_bulk_packet(r->parser,
							 r->receive_id++, &b,
							 (uint8_t *)data,
							 length);
	}
	redir_send_out(r);
}

static int receive(struct hs_redir *r, uint8_t ep, uint8_t type,
		   uint32_t bytes)
{
	struct hs_pipe *p = &r->host->pipe[EP_INDEX(ep)];

	if (!(ep & 0x80) || !(ep & 0x0f) || p->type != type ||
	    bytes > LARGEST_TRANSFER)
		return usb_redir_inval;
	host_receive(r->host, ep, bytes ? MAX(bytes, p->mps) : 0);
	return usb_redir_success;
}

static void interrupt_receiving(struct hs_redir *r, uint64_t id, uint8_t ep,
				uint32_t bytes)
{
	struct usb_redir_interrupt_receiving_status_header s = {
		.endpoint = ep,
		.status = receive(r, ep, EP_INTERRUPT, bytes),
	};

	usbredirparser_send_interrupt_receiving_status(r->parser, id, &s);
	redir_send_out(r);
}

static void on_start_interrupt(
	void *priv, uint64_t id,
	struct usb_redir_start_interrupt_receiving_header *s)
{
	interrupt_receiving(priv, id, s->endpoint, 1);
}

static void on_stop_interrupt(
	void *priv, uint64_t id,
	struct usb_redir_stop_interrupt_receiving_header *s)
{
	interrupt_receiving(priv, id, s->endpoint, 0);
}

static void bulk_receiving(struct hs_redir *r, uint64_t id, uint8_t ep,
			   uint32_t bytes)
{
	struct usb_redir_bulk_receiving_status_header s = {
		.endpoint = ep, .status = receive(r, ep, EP_BULK, bytes),
	};

	usbredirparser_send_bulk_receiving_status(r->parser, id, &s);
	redir_send_out(r);
}

static void on_start_bulk(void *priv, uint64_t id,
			  struct usb_redir_start_bulk_receiving_header *s)
{
	bulk_receiving(priv, id, s->endpoint, MAX(s->bytes_per_transfer, 1));
}

static void on_stop_bulk(void *priv, uint64_t id,
			 struct usb_redir_stop_bulk_receiving_header *s)
{
	bulk_receiving(priv, id, s->endpoint, 0);
}

/* ---- not there: isochronous endpoints, bulk streams ---- */

static void on_start_iso(void *priv, uint64_t id,
			 struct usb_redir_start_iso_stream_header *i)
{
	struct hs_redir *r = priv;
	struct usb_redir_iso_stream_status_header s = {
		.status = usb_redir_inval, .endpoint = i->endpoint,
	};

	usbredirparser_send_iso_stream_status(r->parser, id, &s);
	redir_send_out(r);
}

static void on_stop_iso(void *priv, uint64_t id,
			struct usb_redir_stop_iso_stream_header *i)
{
}

static void on_alloc_streams(void *priv, uint64_t id,
			     struct usb_redir_alloc_bulk_streams_header *a)
{
	struct hs_redir *r = priv;
	struct usb_redir_bulk_streams_status_header s = {
		.endpoints = a->endpoints, .status = usb_redir_inval,
	};

	usbredirparser_send_bulk_streams_status(r->parser, id, &s);
	redir_send_out(r);
}

static void on_free_streams(void *priv, uint64_t id,
			    struct usb_redir_free_bulk_streams_header *f)
{
}

void redir_receive_callbacks(struct usbredirparser *p)
{
	p->start_interrupt_receiving_func = on_start_interrupt;
	p->stop_interrupt_receiving_func = on_stop_interrupt;
	p->start_bulk_receiving_func = on_start_bulk;
	p->stop_bulk_receiving_func = on_stop_bulk;
	p->start_iso_stream_func = on_start_iso;
	p->stop_iso_stream_func = on_stop_iso;
	p->alloc_bulk_streams_func = on_alloc_streams;
	p->free_bulk_streams_func = on_free_streams;
}
