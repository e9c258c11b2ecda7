/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The connection: parser callbacks, what the host is told of the device, and
 * the operations of the controller.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "say.h"
#include "udc_redir.h"

static struct udc_redir *from_udc(struct udc *udc)
{
	return (struct udc_redir *)udc;
}

/* What the host is told. */

/* Descriptors of interfaces at alternate setting 0, and their endpoints. */
void udc_redir_send_endpoints(struct udc_redir *u)
{
	struct usb_redir_interface_info_header interfaces = {0};
	struct usb_redir_ep_info_header eps = {0};
	uint8_t owner[32] = {0}, current = 0;
	unsigned int i;
	size_t at;

	for (at = 0; at + 2 <= u->config_len && u->config[at] >= 2;
	     at += u->config[at]) {
		const uint8_t *p = u->config + at;

		if (at + p[0] > u->config_len)
			break;
		if (p[1] == 4 && p[0] >= 9 && p[3] == 0 &&
		    interfaces.interface_count < 32) {
			i = interfaces.interface_count++;
			interfaces.interface[i] = current = p[2];
			interfaces.interface_class[i] = p[5];
			interfaces.interface_subclass[i] = p[6];
			interfaces.interface_protocol[i] = p[7];
		} else if (p[1] == 5 && p[0] >= 7) {
			owner[udc_redir_index(p[2])] = current;
		}
	}
	for (i = 0; i < 32; i++) {
		const struct udc_redir_ep *ep = &u->eps[i];

		eps.type[i] = i % 16 == 0 ? usb_redir_type_control
			      : ep->open  ? ep->type
					  : usb_redir_type_invalid;
		eps.interface[i] = owner[i];
		eps.interval[i] = ep->open ? ep->interval : 0;
		eps.max_packet_size[i] = i % 16 == 0 ? 64 : ep->max_packet;
	}
	usbredirparser_send_interface_info(u->parser, &interfaces);
	usbredirparser_send_ep_info(u->parser, &eps);
}

void udc_redir_show(struct udc_redir *u)
{
	const uint8_t *d = u->device;
	struct usb_redir_device_connect_header h = {
		.speed = u->udc.max_speed == UDC_SPEED_HIGH
				 ? usb_redir_speed_high
				 : usb_redir_speed_full,
		.device_class = d[4],
		.device_subclass = d[5],
		.device_protocol = d[6],
		.vendor_id = d[8] | d[9] << 8,
		.product_id = d[10] | d[11] << 8,
		.device_version_bcd = d[12] | d[13] << 8,
	};

	udc_redir_send_endpoints(u);
	usbredirparser_send_device_connect(u->parser, &h);
	u->shown = true;
}

/* The bus. */

static void cancel_transfers(struct udc_redir *u)
{
	unsigned int i;

	for (i = 1; i < 32; i++) {
		u->eps[i].halted = u->eps[i].receiving = false;
		udc_redir_flush(u, udc_redir_addr(i));
	}
}

static void bus_reset(struct udc_redir *u)
{
	unsigned int i;

	for (i = 1; i < 32; i++)
		udc_redir_drop_requests(u, udc_redir_addr(i),
					usb_redir_cancelled);
	udc_redir_drop_controls(u);
	cancel_transfers(u);
	u->addressed = false;
	usbd_on_reset(u->usbd);
	usbd_on_connect(u->usbd, u->udc.max_speed);
}

/* The cable is in and the pull-up is on: see what this device is. */
static void plugged(struct udc_redir *u)
{
	if (!u->usbd || !u->hello || u->learning || u->shown)
		return;
	u->learning = true;
	bus_reset(u);
	udc_redir_learn(u);
}

/* Parser callbacks. */

static void on_log(void *priv, int level, const char *text)
{
	struct udc_redir *u = priv;

	if (level <= usbredirparser_warning || u->trace)
		say("%s", text);
}

static int on_read(void *priv, uint8_t *data, int count)
{
	struct udc_redir *u = priv;
	size_t have = u->in_end - u->in_start;
	ssize_t got;

	if (!have) {
		got = recv(u->fd, u->in, sizeof(u->in), MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		if (got == 0)
			return -1;
		u->in_start = 0;
		u->in_end = have = got;
	}
	if ((size_t)count > have)
		count = have;
	memcpy(data, u->in + u->in_start, count);
	u->in_start += count;
	return count;
}

static int on_write(void *priv, uint8_t *data, int count)
{
	struct udc_redir *u = priv;
	ssize_t put = send(u->fd, data, count, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (put < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	return put;
}

static void on_hello(void *priv, struct usb_redir_hello_header *h)
{
	struct udc_redir *u = priv;

	u->hello = true;
	plugged(u);
}

static void on_reset(void *priv)
{
	struct udc_redir *u = priv;

	u->resets++;
	if (u->usbd && u->shown)
		bus_reset(u);
}

static void special(struct udc_redir *u, uint64_t id, uint8_t type,
		    uint8_t request, uint8_t value, uint8_t index)
{
	const uint8_t setup[8] = {
		type, request, value, 0, index, 0, type & UDC_EP_IN ? 1 : 0};

	udc_redir_control(u, id, setup, NULL, false);
}

static void on_set_config(void *priv, uint64_t id,
			  struct usb_redir_set_configuration_header *h)
{
	special(priv, id, 0x00, 9, h->configuration, 0);
}

static void on_get_config(void *priv, uint64_t id)
{
	special(priv, id, 0x80, 8, 0, 0);
}

static void on_set_alt(void *priv, uint64_t id,
		       struct usb_redir_set_alt_setting_header *h)
{
	special(priv, id, 0x01, 11, h->alt, h->interface);
}

static void on_get_alt(void *priv, uint64_t id,
		       struct usb_redir_get_alt_setting_header *h)
{
	special(priv, id, 0x81, 10, 0, h->interface);
}

static void on_control(void *priv, uint64_t id,
		       struct usb_redir_control_packet_header *h, uint8_t *data,
		       int len)
{
	const uint8_t setup[8] = {h->requesttype,   h->request,
				  h->value & 0xff,  h->value >> 8,
				  h->index & 0xff,  h->index >> 8,
				  h->length & 0xff, h->length >> 8};

	udc_redir_control(priv, id, setup, data, true);
}

static void on_bulk(void *priv, uint64_t id,
		    struct usb_redir_bulk_packet_header *h, uint8_t *data,
		    int len)
{
	struct udc_redir *u = priv;
	uint32_t length = (uint32_t)h->length_high << 16 | h->length;
	struct usb_redir_bulk_packet_header no = {.endpoint = h->endpoint,
						  .status = usb_redir_inval};

	if (udc_redir_add_bulk(u, id, h->endpoint & 0x8f, length, data))
		return;
	free(data);
	usbredirparser_send_bulk_packet(u->parser, id, &no, NULL, 0);
}

static void on_interrupt(void *priv, uint64_t id,
			 struct usb_redir_interrupt_packet_header *h,
			 uint8_t *data, int len)
{
	struct udc_redir *u = priv;
	struct usb_redir_interrupt_packet_header no = {
		.endpoint = h->endpoint, .status = usb_redir_inval};

	free(data);
	usbredirparser_send_interrupt_packet(u->parser, id, &no, NULL, 0);
}

static void receive(struct udc_redir *u, uint64_t id, uint8_t addr, bool on)
{
	struct udc_redir_ep *ep = &u->eps[udc_redir_index(addr)];
	struct usb_redir_interrupt_receiving_status_header h = {
		.status = usb_redir_success, .endpoint = addr};

	if (ep->open && ep->type == UDC_EP_INTERRUPT)
		ep->receiving = on;
	else
		h.status = usb_redir_inval;
	usbredirparser_send_interrupt_receiving_status(u->parser, id, &h);
}

static void
on_start_interrupt(void *priv, uint64_t id,
		   struct usb_redir_start_interrupt_receiving_header *h)
{
	receive(priv, id, h->endpoint, true);
}

static void
on_stop_interrupt(void *priv, uint64_t id,
		  struct usb_redir_stop_interrupt_receiving_header *h)
{
	receive(priv, id, h->endpoint, false);
}

static void on_cancel(void *priv, uint64_t id)
{
	struct udc_redir *u = priv;

	/* One that is not there has been answered already. */
	if (!udc_redir_cancel(u, id))
		udc_redir_cancel_control(u, id);
}

/* What this device does not have. */

static void on_start_iso(void *priv, uint64_t id,
			 struct usb_redir_start_iso_stream_header *h)
{
	struct udc_redir *u = priv;
	struct usb_redir_iso_stream_status_header no = {usb_redir_inval,
							h->endpoint};

	usbredirparser_send_iso_stream_status(u->parser, id, &no);
}

static void on_stop_iso(void *priv, uint64_t id,
			struct usb_redir_stop_iso_stream_header *h)
{
}

static void on_iso(void *priv, uint64_t id,
		   struct usb_redir_iso_packet_header *h, uint8_t *data,
		   int len)
{
	free(data);
}

static void on_alloc_streams(void *priv, uint64_t id,
			     struct usb_redir_alloc_bulk_streams_header *h)
{
	struct udc_redir *u = priv;
	struct usb_redir_bulk_streams_status_header no = {
		h->endpoints, h->no_streams, usb_redir_inval};

	usbredirparser_send_bulk_streams_status(u->parser, id, &no);
}

static void on_free_streams(void *priv, uint64_t id,
			    struct usb_redir_free_bulk_streams_header *h)
{
}

static void on_filter(void *priv, struct usbredirfilter_rule *rules, int count)
{
	free(rules);
}

static void on_reject(void *priv)
{
	say("the host rejects the device");
}

static void on_nothing(void *priv)
{
}

static struct usbredirparser *make_parser(struct udc_redir *u)
{
	struct usbredirparser *p = usbredirparser_create();
	uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};

	if (!p)
		abort();
	p->priv = u;
	p->log_func = on_log;
	p->read_func = on_read;
	p->write_func = on_write;
	p->hello_func = on_hello;
	p->reset_func = on_reset;
	p->set_configuration_func = on_set_config;
	p->get_configuration_func = on_get_config;
	p->set_alt_setting_func = on_set_alt;
	p->get_alt_setting_func = on_get_alt;
	p->start_iso_stream_func = on_start_iso;
	p->stop_iso_stream_func = on_stop_iso;
	p->start_interrupt_receiving_func = on_start_interrupt;
	p->stop_interrupt_receiving_func = on_stop_interrupt;
	p->alloc_bulk_streams_func = on_alloc_streams;
	p->free_bulk_streams_func = on_free_streams;
	p->cancel_data_packet_func = on_cancel;
	p->control_packet_func = on_control;
	p->bulk_packet_func = on_bulk;
	p->iso_packet_func = on_iso;
	p->interrupt_packet_func = on_interrupt;
	p->filter_reject_func = on_reject;
	p->filter_filter_func = on_filter;
	p->device_disconnect_ack_func = on_nothing;
	usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_filter);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_device_disconnect_ack);
	usbredirparser_caps_set_cap(caps,
				    usb_redir_cap_ep_info_max_packet_size);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
	usbredirparser_init(p, "hyperstub usbdev", caps, USB_REDIR_CAPS_SIZE,
			    usbredirparser_fl_usb_host);
	return p;
}

/* The connection. */

void udc_redir_attach(struct udc_redir *u, int fd)
{
	u->fd = fd;
	u->hello = u->gone = u->learning = u->shown = false;
	u->in_start = u->in_end = 0;
	u->parser = make_parser(u);
	u->gone = usbredirparser_do_write(u->parser) < 0;
}

static void detach(struct udc_redir *u)
{
	unsigned int i;

	for (i = 1; i < 32; i++)
		udc_redir_drop_requests(u, udc_redir_addr(i),
					usb_redir_cancelled);
	udc_redir_drop_controls(u);
	if (u->usbd) {
		cancel_transfers(u);
		usbd_on_disconnect(u->usbd);
	}
	usbredirparser_destroy(u->parser);
	u->parser = NULL;
	close(u->fd);
	u->fd = -1;
	u->hello = u->learning = u->shown = u->addressed = false;
}

short udc_redir_events(const struct udc_redir *u)
{
	if (u->fd < 0)
		return 0;
	return usbredirparser_has_data_to_write(u->parser) ? POLLIN | POLLOUT
							   : POLLIN;
}

/* The controller's operations. */

static void redir_poll(struct udc *udc)
{
	struct udc_redir *u = from_udc(udc);
	int r;

	if (u->fd < 0)
		return;
	do {
		r = usbredirparser_do_read(u->parser);
		plugged(u);
		udc_redir_pump_control(u);
		udc_redir_pump(u);
	} while (r == usbredirparser_read_parse_error);
	if (r < 0 || usbredirparser_do_write(u->parser) < 0 || u->gone)
		detach(u);
}

static int redir_start(struct udc *udc, struct usbd *d)
{
	from_udc(udc)->usbd = d;
	return 0;
}

static void redir_stop(struct udc *udc)
{
	struct udc_redir *u = from_udc(udc);
	unsigned int i;

	u->usbd = NULL;
	for (i = 0; i < 32; i++) {
		if (u->parser)
			udc_redir_drop_requests(u, udc_redir_addr(i),
						usb_redir_cancelled);
		memset(&u->eps[i], 0, sizeof(u->eps[i]));
	}
	udc_redir_drop_controls(u);
	if (u->shown) {
		usbredirparser_send_device_disconnect(u->parser);
		u->gone = usbredirparser_do_write(u->parser) < 0;
	}
	u->learning = u->shown = u->addressed = false;
}

static void redir_set_address(struct udc *udc, uint8_t address)
{
}

static void redir_set_configured(struct udc *udc, bool configured)
{
}

static int redir_ep_open(struct udc *udc, uint8_t addr, enum udc_ep_type type,
			 uint16_t max_packet, uint8_t interval)
{
	struct udc_redir_ep *ep = &from_udc(udc)->eps[udc_redir_index(addr)];

	if (UDC_EP_NUMBER(addr) == 0 || !max_packet ||
	    (type != UDC_EP_BULK && type != UDC_EP_INTERRUPT))
		return -EINVAL;
	*ep = (struct udc_redir_ep){.open = true,
				    .type = type,
				    .max_packet = max_packet,
				    .interval = interval};
	return 0;
}

static void redir_ep_close(struct udc *udc, uint8_t addr)
{
	struct udc_redir *u = from_udc(udc);

	udc_redir_flush(u, addr);
	udc_redir_drop_requests(u, addr, usb_redir_stall);
	u->eps[udc_redir_index(addr)].open = false;
	u->eps[udc_redir_index(addr)].receiving = false;
}

static int redir_submit(struct udc *udc, uint8_t addr, struct udc_transfer *x)
{
	struct udc_redir_ep *ep = &from_udc(udc)->eps[udc_redir_index(addr)];

	if (!ep->open)
		return -ENODEV;
	if (!(addr & UDC_EP_IN) && (!x->len || x->len % ep->max_packet))
		return -EINVAL;
	if (ep->count == UDC_QUEUE)
		return -EAGAIN;
	ep->queue[(ep->head + ep->count++) % UDC_QUEUE] = x;
	return 0;
}

static void redir_ep_flush(struct udc *udc, uint8_t addr)
{
	udc_redir_flush(from_udc(udc), addr);
}

static void redir_ep_halt(struct udc *udc, uint8_t addr, bool halt)
{
	from_udc(udc)->eps[udc_redir_index(addr)].halted = halt;
}

static int redir_test_mode(struct udc *udc, uint8_t selector)
{
	return -ENOTSUP;
}

static bool redir_idle(struct udc *udc)
{
	struct udc_redir *u = from_udc(udc);
	unsigned int i;

	for (i = 17; i < 32; i++)
		if (u->eps[i].count)
			return false;
	return u->fd < 0 || !usbredirparser_has_data_to_write(u->parser);
}

static const struct udc_ops ops = {
	.name = "usbredir",
	.start = redir_start,
	.stop = redir_stop,
	.poll = redir_poll,
	.set_address = redir_set_address,
	.set_configured = redir_set_configured,
	.ep_open = redir_ep_open,
	.ep_close = redir_ep_close,
	.submit = redir_submit,
	.ep_flush = redir_ep_flush,
	.ep_halt = redir_ep_halt,
	.ep0_data = udc_redir_ep0_data,
	.ep0_status = udc_redir_ep0_status,
	.ep0_stall = udc_redir_ep0_stall,
	.test_mode = redir_test_mode,
	.idle = redir_idle,
};

void udc_redir_init(struct udc_redir *u, enum udc_speed speed)
{
	memset(u, 0, sizeof(*u));
	u->udc.ops = &ops;
	u->udc.max_speed = speed;
	u->fd = -1;
}
