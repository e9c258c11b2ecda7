/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable as a usbredir stream, this end being the "usb host" of that
 * protocol (usbredir-protocol.txt 0.7): the stream itself, and control, bulk
 * and interrupt transfers.
 */
#include "qemu/osdep.h"
#include "redir.h"
#include "qemu/error-report.h"

void redir_send_out(struct hs_redir *r)
{
	if (r->parser)
		usbredirparser_do_write(r->parser);
}

/* ---- what the peer asks ---- */

static void request_done(struct hs_redir *r, struct hs_request *q, int status)
{
	bool in = q->ep & 0x80;
	uint8_t *data = in && q->actual ? q->data : NULL;
	int length = data ? q->actual : 0;

	if (!r->parser || !r->announced)
		return;
	if (q->kind == KIND_CONTROL) {
		struct usb_redir_control_packet_header c = {
			.endpoint = q->ep,
			.request = q->setup[1],
			.requesttype = q->setup[0],
			.status = status,
			.value = lduw_le_p(q->setup + 2),
			.index = lduw_le_p(q->setup + 4),
			.length = q->actual,
		};

		usbredirparser_send_control_packet(r->parser, q->id, &c, data,
						   length);
	} else if (q->kind == KIND_BULK) {
		struct usb_redir_bulk_packet_header b = {
			.endpoint = q->ep,
			.status = status,
			.length = q->actual,
			.length_high = q->actual >> 16,
		};

		usbredirparser_send_bulk_packet(r->parser, q->id, &b, data,
						length);
	} else {
		struct usb_redir_interrupt_packet_header i = {
			.endpoint = q->ep,
			.status = status,
			.length = q->actual,
		};

		usbredirparser_send_interrupt_packet(r->parser, q->id, &i,
						     data, length);
	}
	redir_send_out(r);
}

static void submit(struct hs_redir *r, struct hs_request *q, uint8_t kind,
		   uint8_t *data, int data_len)
{
	q->kind = kind;
	q->done = request_done;
	if (data)
		memcpy(q->data, data, MIN((uint32_t)data_len, q->length));
	usbredirparser_free_packet_data(r->parser, data);
	if (r->announced) {
		host_submit(r->host, q, false);
	} else {
		g_free(q->data);
		g_free(q);
	}
}

static void on_control(void *priv, uint64_t id,
		       struct usb_redir_control_packet_header *c,
		       uint8_t *data, int data_len)
{
	struct hs_redir *r = priv;
	struct hs_request *q = host_request(id, c->requesttype & 0x80,
					    c->length);

	q->setup[0] = c->requesttype;
	q->setup[1] = c->request;
	stw_le_p(q->setup + 2, c->value);
	stw_le_p(q->setup + 4, c->index);
	stw_le_p(q->setup + 6, c->length);
	submit(r, q, KIND_CONTROL, data, data_len);
}

static void on_bulk(void *priv, uint64_t id,
		    struct usb_redir_bulk_packet_header *b, uint8_t *data,
		    int data_len)
{
	uint32_t length = (uint32_t)b->length_high << 16 | b->length;

	submit(priv, host_request(id, b->endpoint & 0x8f, length), KIND_BULK,
	       data, data_len);
}

static void on_interrupt(void *priv, uint64_t id,
			 struct usb_redir_interrupt_packet_header *i,
			 uint8_t *data, int data_len)
{
	submit(priv, host_request(id, i->endpoint & 0x8f, i->length),
	       KIND_INTERRUPT, data, data_len);
}

static void on_iso(void *priv, uint64_t id,
		   struct usb_redir_iso_packet_header *i, uint8_t *data,
		   int data_len)
{
	struct hs_redir *r = priv;

	usbredirparser_free_packet_data(r->parser, data);
}

static void on_cancel(void *priv, uint64_t id)
{
	struct hs_redir *r = priv;

	host_cancel(r->host, id);
}

static void on_reset(void *priv)
{
	struct hs_redir *r = priv;

	if (r->announced)
		host_reset_port(r->host);
}

static void on_hello(void *priv, struct usb_redir_hello_header *h)
{
	struct hs_redir *r = priv;

	host_peer(r->host, true);
}

static void on_nothing(void *priv)
{
}

static void on_filter(void *priv, struct usbredirfilter_rule *rules, int count)
{
	free(rules);
}

/* ---- the stream ---- */

static void on_log(void *priv, int level, const char *message)
{
	if (level <= usbredirparser_warning)
		warn_report("hyperstub-dwc3: %s", message);
}

static int stream_read(void *priv, uint8_t *data, int count)
{
	struct hs_redir *r = priv;
	int n = MIN(count, r->in_length);

	memcpy(data, r->in, n);
	r->in += n;
	r->in_length -= n;
	return n;
}

static gboolean writable(void *do_not_use, GIOCondition cond, void *opaque)
{
	struct hs_redir *r = opaque;

	r->watch = 0;
	redir_send_out(r);
	return FALSE;
}

static int stream_write(void *priv, uint8_t *data, int count)
{
	struct hs_redir *r = priv;
	CharBackend *chr = &r->host->dev->chr;
	int n = qemu_chr_fe_write(chr, data, count);

	if (n < count && !r->watch)
		r->watch = qemu_chr_fe_add_watch(chr, G_IO_OUT | G_IO_HUP,
						 writable, r);
	return MAX(n, 0);
}

static void open_parser(struct hs_redir *r)
{
	static const int caps[] = {
		usb_redir_cap_connect_device_version, usb_redir_cap_filter,
		usb_redir_cap_device_disconnect_ack,
		usb_redir_cap_ep_info_max_packet_size,
		usb_redir_cap_64bits_ids, usb_redir_cap_32bits_bulk_length,
		usb_redir_cap_bulk_receiving,
	};
	uint32_t bits[USB_REDIR_CAPS_SIZE] = { 0 };
	struct usbredirparser *p = usbredirparser_create();
	size_t i;

	p->priv = r;
	p->log_func = on_log;
	p->read_func = stream_read;
	p->write_func = stream_write;
	p->hello_func = on_hello;
	p->reset_func = on_reset;
	redir_configuration_callbacks(p);
	redir_receive_callbacks(p);
	p->cancel_data_packet_func = on_cancel;
	p->filter_reject_func = on_nothing;
	p->filter_filter_func = on_filter;
	p->device_disconnect_ack_func = on_nothing;
	p->control_packet_func = on_control;
	p->bulk_packet_func = on_bulk;
	p->iso_packet_func = on_iso;
	p->interrupt_packet_func = on_interrupt;
	for (i = 0; i < ARRAY_SIZE(caps); i++)
		usbredirparser_caps_set_cap(bits, caps[i]);
	usbredirparser_init(p, "hyperstub-virt DWC3", bits,
			    USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
	r->parser = p;
	redir_send_out(r);
}

static void close_parser(struct hs_redir *r)
{
	struct usbredirparser *p = r->parser;

	/* Nothing more is sent from here on. */
	r->parser = NULL;
	host_peer(r->host, false);
	if (r->watch)
		g_source_remove(r->watch);
	r->watch = 0;
	if (p)
		usbredirparser_destroy(p);
}

static int can_read(void *opaque)
{
	struct hs_redir *r = opaque;

	return r->parser ? 1 << 20 : 0;
}

static void on_read(void *opaque, const uint8_t *data, int length)
{
	struct hs_redir *r = opaque;

	r->in = data;
	r->in_length = length;
	while (r->in_length)
		if (usbredirparser_do_read(r->parser) ==
		    usbredirparser_read_io_error)
			break;
	redir_send_out(r);
}

static void on_event(void *opaque, QEMUChrEvent event)
{
	struct hs_redir *r = opaque;

	if (event == CHR_EVENT_OPENED && !r->parser)
		open_parser(r);
	else if (event == CHR_EVENT_CLOSED)
		close_parser(r);
}

struct hs_redir *redir_new(struct hs_host *h)
{
	struct hs_redir *r = g_new0(struct hs_redir, 1);

	r->host = h;
	redir_enumeration_init(r);
	if (qemu_chr_fe_backend_connected(&h->dev->chr))
		qemu_chr_fe_set_handlers(&h->dev->chr, can_read, on_read,
					 on_event, NULL, r, NULL, true);
	return r;
}
