/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable as a usbredir stream, this end being the "usb host" of that
 * protocol (usbredir-protocol.txt 0.7): enumerates the device far enough to
 * announce it, then does what the peer asks. SET_ADDRESS after each reset is
 * done here: the protocol has no such message.
 */
#include "qemu/osdep.h"
#include "host.h"
#include "hw/usb/trace.h"
#include "qemu/error-report.h"
#include <usbredirparser.h>

#define ADDRESS 1
#define ENUMERATION_NS 5000000000ll
#define ATTEMPTS 3
#define CONFIGURATIONS 8

enum { KIND_OWN, KIND_CONTROL, KIND_BULK, KIND_INTERRUPT };
enum { REQ_SET_ADDRESS = 5, REQ_GET_DESCRIPTOR = 6, REQ_GET_CONFIGURATION = 8,
       REQ_SET_CONFIGURATION = 9, REQ_GET_INTERFACE = 10,
       REQ_SET_INTERFACE = 11 };
enum { DESC_DEVICE = 1, DESC_CONFIG = 2, DESC_INTERFACE = 4,
       DESC_ENDPOINT = 5 };

struct hs_redir {
	struct hs_host *host;
	struct usbredirparser *parser;
	const uint8_t *in;
	int in_length;
	guint watch;
	bool hello;
	bool announced; /* device_connect was sent */
	QEMUTimer *timer;
	int attempts;
	uint8_t device[18];
	int configs; /* read so far */
	GByteArray *config[CONFIGURATIONS];
	int current; /* index in config, -1: not configured */
	uint8_t alt[32];
	uint64_t receive_id;
};

static void send_out(struct hs_redir *r)
{
	if (r->parser)
		usbredirparser_do_write(r->parser);
}

/* ---- descriptors ---- */

typedef void each_descriptor(struct hs_redir *r, const uint8_t *d,
			     uint8_t interface, uint8_t alt, void *opaque);

static void walk(struct hs_redir *r, GByteArray *config, each_descriptor *each,
		 void *opaque)
{
	uint8_t interface = 0xff, alt = 0;
	guint at = 0;

	while (config && at + 2 <= config->len) {
		const uint8_t *d = config->data + at;

		if (d[0] < 2 || at + d[0] > config->len)
			return;
		if (d[1] == DESC_INTERFACE && d[0] >= 9) {
			interface = d[2] & 31;
			alt = d[3];
		}
		each(r, d, interface, alt, opaque);
		at += d[0];
	}
}

static GByteArray *current_config(struct hs_redir *r)
{
	return r->current >= 0 ? r->config[r->current] : NULL;
}

static void take_endpoint(struct hs_redir *r, const uint8_t *d,
			  uint8_t interface, uint8_t alt, void *opaque)
{
	struct hs_pipe *p;

	if (d[1] != DESC_ENDPOINT || d[0] < 7 || interface == 0xff ||
	    alt != r->alt[interface] || !(d[2] & 0x0f))
		return;
	p = &r->host->pipe[EP_INDEX(d[2])];
	p->type = d[3] & 3;
	p->interval = d[6];
	p->interface = interface;
	p->mps = lduw_le_p(d + 4) & 0x7ff;
	if (!p->mps || p->mps > HSDWC3_LARGEST_PACKET)
		p->type = 255;
}

static void take_interface(struct hs_redir *r, const uint8_t *d,
			   uint8_t interface, uint8_t alt, void *opaque)
{
	struct usb_redir_interface_info_header *info = opaque;
	uint32_t n = info->interface_count;

	if (d[1] != DESC_INTERFACE || d[0] < 9 || alt != r->alt[interface] ||
	    n >= 32)
		return;
	info->interface[n] = d[2];
	info->interface_class[n] = d[5];
	info->interface_subclass[n] = d[6];
	info->interface_protocol[n] = d[7];
	info->interface_count++;
}

/* The pipes and the peer's idea of them, as configured now. */
static void send_info(struct hs_redir *r, GByteArray *config)
{
	struct usb_redir_interface_info_header interfaces = { 0 };
	struct usb_redir_ep_info_header eps = { 0 };
	int i;

	for (i = 0; i < 32; i++)
		r->host->pipe[i].type = i & 15 ? 255 : EP_CONTROL;
	r->host->pipe[0].mps = r->host->pipe[16].mps = r->host->mps0;
	walk(r, current_config(r), take_endpoint, NULL);
	walk(r, config, take_interface, &interfaces);
	for (i = 0; i < 32; i++) {
		struct hs_pipe *p = &r->host->pipe[i];

		eps.type[i] = p->type;
		if (p->type == 255)
			continue;
		eps.interval[i] = p->interval;
		eps.interface[i] = p->interface;
		eps.max_packet_size[i] = p->mps;
	}
	usbredirparser_send_interface_info(r->parser, &interfaces);
	usbredirparser_send_ep_info(r->parser, &eps);
}

/* ---- own requests ---- */

static struct hs_request *own(struct hs_redir *r, uint64_t id, uint8_t type,
			      uint8_t request, uint16_t value, uint16_t index,
			      uint16_t length, hs_done *done)
{
	struct hs_request *q = host_request(id, type & 0x80, length);

	q->kind = KIND_OWN;
	q->setup[0] = type;
	q->setup[1] = request;
	stw_le_p(q->setup + 2, value);
	stw_le_p(q->setup + 4, index);
	stw_le_p(q->setup + 6, length);
	q->done = done;
	return q;
}

static void submit_own(struct hs_redir *r, uint64_t id, uint8_t type,
		       uint8_t request, uint16_t value, uint16_t index,
		       uint16_t length, hs_done *done)
{
	host_submit(r->host, own(r, id, type, request, value, index, length,
				 done), false);
}

/* ---- enumeration ---- */

static void retry(void *opaque)
{
	struct hs_redir *r = opaque;

	if (r->announced)
		return;
	trace_hsdwc3_host("enumeration failed, attempt", r->attempts);
	if (r->attempts++ < ATTEMPTS)
		host_reset_port(r->host);
	else
		warn_report("hyperstub-dwc3: the USB device does not "
			    "enumerate");
}

/* Later, not from within a request's end. */
static void retry_soon(struct hs_redir *r)
{
	timer_mod(r->timer, dwc3_now() + 1000000);
}

static void announce(struct hs_redir *r)
{
	struct usb_redir_device_connect_header connect = {
		.speed = r->host->full_speed ? usb_redir_speed_full
					     : usb_redir_speed_high,
		.device_class = r->device[4],
		.device_subclass = r->device[5],
		.device_protocol = r->device[6],
		.vendor_id = lduw_le_p(r->device + 8),
		.product_id = lduw_le_p(r->device + 10),
		.device_version_bcd = lduw_le_p(r->device + 12),
	};

	timer_del(r->timer);
	r->announced = true;
	trace_hsdwc3_host("announced", connect.vendor_id);
	send_info(r, r->config[0]);
	usbredirparser_send_device_connect(r->parser, &connect);
	send_out(r);
}

static void got_config(struct hs_redir *r, struct hs_request *q, int status);

static void next_config(struct hs_redir *r)
{
	if (r->configs >= MIN(r->device[17], CONFIGURATIONS)) {
		announce(r);
		return;
	}
	submit_own(r, 0, 0x80, REQ_GET_DESCRIPTOR,
		   DESC_CONFIG << 8 | r->configs, 0, 9, got_config);
}

static void got_config(struct hs_redir *r, struct hs_request *q, int status)
{
	uint16_t total = q->actual >= 9 ? lduw_le_p(q->data + 2) : 0;

	if (r->host->port != PORT_UP)
		return;
	if (status != usb_redir_success || total < 9 ||
	    q->data[1] != DESC_CONFIG) {
		retry_soon(r);
		return;
	}
	if (q->length == 9 && total > 9) {
		submit_own(r, 0, 0x80, REQ_GET_DESCRIPTOR,
			   DESC_CONFIG << 8 | r->configs, 0, total,
			   got_config);
		return;
	}
	if (r->config[r->configs])
		g_byte_array_unref(r->config[r->configs]);
	r->config[r->configs] = g_byte_array_new();
	g_byte_array_append(r->config[r->configs], q->data, q->actual);
	r->configs++;
	next_config(r);
}

static void got_device(struct hs_redir *r, struct hs_request *q, int status)
{
	if (r->host->port != PORT_UP)
		return;
	if (status != usb_redir_success || q->actual < 18 ||
	    q->data[1] != DESC_DEVICE) {
		retry_soon(r);
		return;
	}
	memcpy(r->device, q->data, 18);
	r->configs = 0;
	next_config(r);
}

static void set_address_done(struct hs_redir *r, struct hs_request *q,
			     int status)
{
	if (r->host->port != PORT_UP)
		return;
	if (status == usb_redir_success)
		r->host->address = ADDRESS;
	if (r->announced)
		return;
	if (status != usb_redir_success)
		retry_soon(r);
	else
		submit_own(r, 0, 0x80, REQ_GET_DESCRIPTOR, DESC_DEVICE << 8, 0,
			   18, got_device);
}

/* As Linux does it: the first eight bytes say endpoint 0's packet size. */
static void got_mps0(struct hs_redir *r, struct hs_request *q, int status)
{
	uint8_t mps0 = q->actual >= 8 ? q->data[7] : 0;

	if (r->host->port != PORT_UP)
		return;
	if (status != usb_redir_success || q->data[1] != DESC_DEVICE ||
	    (mps0 != 8 && mps0 != 16 && mps0 != 32 && mps0 != 64)) {
		retry_soon(r);
		return;
	}
	r->device[7] = mps0;
	r->host->mps0 = mps0;
	submit_own(r, 0, 0, REQ_SET_ADDRESS, ADDRESS, 0, 0, set_address_done);
}

/* The port is enabled after a reset. */
void redir_port_up(struct hs_redir *r)
{
	r->current = -1;
	memset(r->alt, 0, sizeof(r->alt));
	if (r->announced) {
		r->host->mps0 = r->device[7];
		host_submit(r->host, own(r, 0, 0, REQ_SET_ADDRESS, ADDRESS, 0,
					 0, set_address_done), true);
		return;
	}
	timer_mod(r->timer, dwc3_now() + ENUMERATION_NS);
	submit_own(r, 0, 0x80, REQ_GET_DESCRIPTOR, DESC_DEVICE << 8, 0, 64,
		   got_mps0);
}

void redir_port_off(struct hs_redir *r)
{
	timer_del(r->timer);
	r->attempts = 0;
	if (r->announced && r->parser) {
		usbredirparser_send_device_disconnect(r->parser);
		send_out(r);
	}
	r->announced = false;
	r->current = -1;
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
	send_out(r);
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

	r->hello = true;
	host_peer(r->host, true);
}

/* ---- configuration and alternate settings ---- */

static uint8_t config_value(struct hs_redir *r)
{
	GByteArray *config = current_config(r);

	return config && config->len > 5 ? config->data[5] : 0;
}

static void configured(struct hs_redir *r, struct hs_request *q, int status)
{
	struct usb_redir_configuration_status_header s = { .status = status };
	uint8_t wanted = q->setup[2];
	int i;

	if (!r->parser || !r->announced)
		return;
	if (status == usb_redir_success && q->setup[1] == REQ_SET_CONFIGURATION) {
		r->current = -1;
		for (i = 0; i < r->configs; i++)
			if (wanted && r->config[i]->data[5] == wanted)
				r->current = i;
		memset(r->alt, 0, sizeof(r->alt));
		send_info(r, current_config(r));
	}
	s.configuration = status == usb_redir_success &&
			  q->setup[1] == REQ_GET_CONFIGURATION
				  ? q->data[0] : config_value(r);
	usbredirparser_send_configuration_status(r->parser, q->id, &s);
	send_out(r);
}

static void on_set_configuration(void *priv, uint64_t id,
				 struct usb_redir_set_configuration_header *c)
{
	submit_own(priv, id, 0, REQ_SET_CONFIGURATION, c->configuration, 0, 0,
		   configured);
}

static void on_get_configuration(void *priv, uint64_t id)
{
	submit_own(priv, id, 0x80, REQ_GET_CONFIGURATION, 0, 0, 1, configured);
}

static void alt_set(struct hs_redir *r, struct hs_request *q, int status)
{
	uint8_t interface = q->setup[4] & 31;
	struct usb_redir_alt_setting_status_header s = {
		.status = status, .interface = interface,
	};

	if (!r->parser || !r->announced)
		return;
	if (status == usb_redir_success && q->setup[1] == REQ_SET_INTERFACE) {
		r->alt[interface] = q->setup[2];
		send_info(r, current_config(r));
	}
	s.alt = q->setup[1] == REQ_GET_INTERFACE ? q->data[0]
						 : r->alt[interface];
	usbredirparser_send_alt_setting_status(r->parser, q->id, &s);
	send_out(r);
}

static void on_set_alt(void *priv, uint64_t id,
		       struct usb_redir_set_alt_setting_header *a)
{
	submit_own(priv, id, 1, REQ_SET_INTERFACE, a->alt, a->interface, 0,
		   alt_set);
}

static void on_get_alt(void *priv, uint64_t id,
		       struct usb_redir_get_alt_setting_header *a)
{
	submit_own(priv, id, 0x81, REQ_GET_INTERFACE, 0, a->interface, 1,
		   alt_set);
}

/* ---- buffered input ---- */

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
	send_out(r);
}

static int receive(struct hs_redir *r, uint8_t ep, uint8_t type,
		   uint32_t bytes)
{
	struct hs_pipe *p = &r->host->pipe[EP_INDEX(ep)];

	if (!(ep & 0x80) || !(ep & 0x0f) || p->type != type ||
	    bytes > 1 << 20)
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
	send_out(r);
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
	send_out(r);
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
	send_out(r);
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
	send_out(r);
}

static void on_free_streams(void *priv, uint64_t id,
			    struct usb_redir_free_bulk_streams_header *f)
{
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
	send_out(r);
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
	p->set_configuration_func = on_set_configuration;
	p->get_configuration_func = on_get_configuration;
	p->set_alt_setting_func = on_set_alt;
	p->get_alt_setting_func = on_get_alt;
	p->start_iso_stream_func = on_start_iso;
	p->stop_iso_stream_func = on_stop_iso;
	p->start_interrupt_receiving_func = on_start_interrupt;
	p->stop_interrupt_receiving_func = on_stop_interrupt;
	p->start_bulk_receiving_func = on_start_bulk;
	p->stop_bulk_receiving_func = on_stop_bulk;
	p->alloc_bulk_streams_func = on_alloc_streams;
	p->free_bulk_streams_func = on_free_streams;
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
	send_out(r);
}

static void close_parser(struct hs_redir *r)
{
	struct usbredirparser *p = r->parser;

	/* Nothing more is sent from here on. */
	r->parser = NULL;
	r->hello = false;
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
	send_out(r);
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
	r->current = -1;
	r->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, retry, r);
	if (qemu_chr_fe_backend_connected(&h->dev->chr))
		qemu_chr_fe_set_handlers(&h->dev->chr, can_read, on_read,
					 on_event, NULL, r, NULL, true);
	return r;
}
