/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a USB host's software does before anyone uses a device: descriptors
 * read, an address given, announced to the peer; then its configuration and
 * alternate settings. SET_ADDRESS after each reset is done here: usbredir has
 * no message for it.
 */
#include "qemu/osdep.h"
#include "redir.h"
#include "hw/usb/trace.h"
#include "qemu/error-report.h"

#define ADDRESS 1
#define ENUMERATION_NS 5000000000ll
#define ATTEMPTS 3
#define ADDRESS_TRIES 200

enum { REQ_SET_ADDRESS = 5, REQ_GET_DESCRIPTOR = 6, REQ_GET_CONFIGURATION = 8,
       REQ_SET_CONFIGURATION = 9, REQ_GET_INTERFACE = 10,
       REQ_SET_INTERFACE = 11 };
enum { DESC_DEVICE = 1, DESC_CONFIG = 2, DESC_INTERFACE = 4,
       DESC_ENDPOINT = 5 };

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
	redir_send_out(r);
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
		struct hs_request *q = own(r, 0, 0, REQ_SET_ADDRESS, ADDRESS,
					   0, 0, set_address_done);

		/* The peer thinks it done: a slow driver is waited for. */
		q->tries = ADDRESS_TRIES;
		r->host->mps0 = r->device[7];
		host_submit(r->host, q, true);
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
		redir_send_out(r);
	}
	r->announced = false;
	r->current = -1;
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
	redir_send_out(r);
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
	redir_send_out(r);
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

void redir_configuration_callbacks(struct usbredirparser *p)
{
	p->set_configuration_func = on_set_configuration;
	p->get_configuration_func = on_get_configuration;
	p->set_alt_setting_func = on_set_alt;
	p->get_alt_setting_func = on_get_alt;
}

void redir_enumeration_init(struct hs_redir *r)
{
	r->current = -1;
	r->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, retry, r);
}
