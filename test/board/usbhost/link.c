/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The packets: parser callbacks, transfers under way, and how they end.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "link.h"
#include "say.h"
#include "socket.h"

static struct request *take(struct link *l, uint64_t id)
{
	struct request **p, *q;

	for (p = &l->under_way; (q = *p); p = &q->next) {
		if (q->id != id)
			continue;
		*p = q->next;
		q->next = NULL;
		q->under_way = false;
		return q;
	}
	return NULL;
}

static void add(struct link *l, struct request *q)
{
	struct request **p = &l->under_way;

	while (*p)
		p = &(*p)->next;
	q->next = NULL;
	q->id = ++l->last_id;
	q->status = usb_redir_success;
	q->data = NULL;
	q->actual = 0;
	q->under_way = true;
	*p = q;
}

static void finish(struct link *l, uint64_t id, uint8_t ep, int status,
		   uint32_t actual, uint8_t *data)
{
	struct request *q = take(l, id);

	if (q && (q->ep ^ ep) & 0x8f) {
		say("the answer to %d on endpoint %02x came on %02x", (int)id,
		    q->ep, ep);
		status = usb_redir_inval;
	}
	if (!q) {
		usbredirparser_free_packet_data(l->parser, data);
		return;
	}
	q->status = status;
	q->actual = actual;
	q->data = data;
	if (q->actual > q->len) {
		q->actual = q->len;
		q->status = usb_redir_babble;
	}
	if (q->done)
		q->done(q);
}

/* Parser callbacks. */

static void on_log(void *priv, int level, const char *text)
{
	struct link *l = priv;

	if (level <= usbredirparser_warning || l->trace)
		say("%s", text);
}

static int on_read(void *priv, uint8_t *data, int count)
{
	struct link *l = priv;
	size_t have = l->in_end - l->in_start;
	ssize_t got;

	if (!have) {
		got = recv(l->fd, l->in, sizeof(l->in), MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		if (got == 0)
			return -1;
		l->in_start = 0;
		l->in_end = have = got;
	}
	if ((size_t)count > have)
		count = have;
	memcpy(data, l->in + l->in_start, count);
	l->in_start += count;
	return count;
}

static int on_write(void *priv, uint8_t *data, int count)
{
	struct link *l = priv;
	ssize_t put = send(l->fd, data, count, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (put < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	return put;
}

static void on_hello(void *priv, struct usb_redir_hello_header *h)
{
	struct link *l = priv;

	l->hello = true;
	if (l->trace)
		say("connected to %.63s", h->version);
}

static void on_connect(void *priv, struct usb_redir_device_connect_header *h)
{
	struct link *l = priv;

	l->who = *h;
	l->present = true;
	l->arrived = true;
}

static void cancel_all(struct link *l)
{
	struct request *q;

	l->ending = true;
	while ((q = l->under_way)) {
		take(l, q->id);
		q->status = usb_redir_cancelled;
		if (q->done)
			q->done(q);
	}
	l->ending = false;
}

static void on_disconnect(void *priv)
{
	struct link *l = priv;

	l->present = false;
	l->arrived = false;
	cancel_all(l);
}

static void on_control(void *priv, uint64_t id,
		       struct usb_redir_control_packet_header *h, uint8_t *data,
		       int len)
{
	finish(priv, id, h->endpoint, h->status,
	       h->endpoint & USB_DIR_IN ? (uint32_t)len : h->length, data);
}

static void on_bulk(void *priv, uint64_t id,
		    struct usb_redir_bulk_packet_header *h, uint8_t *data,
		    int len)
{
	uint32_t actual = (uint32_t)h->length_high << 16 | h->length;

	finish(priv, id, h->endpoint, h->status,
	       h->endpoint & USB_DIR_IN ? (uint32_t)len : actual, data);
}

static void on_interrupt(void *priv, uint64_t id,
			 struct usb_redir_interrupt_packet_header *h,
			 uint8_t *data, int len)
{
	struct link *l = priv;

	if (h->endpoint & USB_DIR_IN && l->on_interrupt)
		l->on_interrupt(l->owner, h->endpoint, h->status, data, len);
	usbredirparser_free_packet_data(l->parser, data);
}

static void
on_interrupt_status(void *priv, uint64_t id,
		    struct usb_redir_interrupt_receiving_status_header *h)
{
	struct link *l = priv;

	if (h->status != usb_redir_success && l->on_interrupt)
		l->on_interrupt(l->owner, h->endpoint, h->status, NULL, 0);
}

static void on_configuration(void *priv, uint64_t id,
			     struct usb_redir_configuration_status_header *h)
{
	struct link *l = priv;
	struct request *q;

	for (q = l->under_way; q && q->id != id;)
		q = q->next;
	if (q)
		q->value = h->configuration;
	finish(l, id, q ? q->ep : 0, h->status, q ? q->len : 0, NULL);
}

static void on_alt_setting(void *priv, uint64_t id,
			   struct usb_redir_alt_setting_status_header *h)
{
	struct link *l = priv;
	struct request *q;

	for (q = l->under_way; q && q->id != id;)
		q = q->next;
	if (q)
		q->value = h->alt;
	finish(l, id, q ? q->ep : 0, h->status, q ? q->len : 0, NULL);
}

/* What tells nothing that is not read from descriptors, or never comes. */

static void on_interfaces(void *priv, struct usb_redir_interface_info_header *h)
{
}

static void on_endpoints(void *priv, struct usb_redir_ep_info_header *h)
{
}

static void on_iso_status(void *priv, uint64_t id,
			  struct usb_redir_iso_stream_status_header *h)
{
}

static void on_streams_status(void *priv, uint64_t id,
			      struct usb_redir_bulk_streams_status_header *h)
{
}

static void on_iso(void *priv, uint64_t id,
		   struct usb_redir_iso_packet_header *h, uint8_t *data,
		   int len)
{
	struct link *l = priv;

	usbredirparser_free_packet_data(l->parser, data);
}

static void on_filter(void *priv, struct usbredirfilter_rule *rules, int count)
{
	free(rules);
}

static void on_nothing(void *priv)
{
}

static int make_parser(struct link *l)
{
	uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
	struct usbredirparser *p = usbredirparser_create();

	if (!p)
		return -ENOMEM;
	p->priv = l;
	p->log_func = on_log;
	p->read_func = on_read;
	p->write_func = on_write;
	p->hello_func = on_hello;
	p->device_connect_func = on_connect;
	p->device_disconnect_func = on_disconnect;
	p->interface_info_func = on_interfaces;
	p->ep_info_func = on_endpoints;
	p->configuration_status_func = on_configuration;
	p->alt_setting_status_func = on_alt_setting;
	p->iso_stream_status_func = on_iso_status;
	p->interrupt_receiving_status_func = on_interrupt_status;
	p->bulk_streams_status_func = on_streams_status;
	p->control_packet_func = on_control;
	p->bulk_packet_func = on_bulk;
	p->iso_packet_func = on_iso;
	p->interrupt_packet_func = on_interrupt;
	p->filter_filter_func = on_filter;
	p->filter_reject_func = on_nothing;
	p->device_disconnect_ack_func = on_nothing;
	usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_device_disconnect_ack);
	usbredirparser_caps_set_cap(caps,
				    usb_redir_cap_ep_info_max_packet_size);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
	l->parser = p;
	l->hello = l->present = l->arrived = false;
	l->in_start = l->in_end = 0;
	usbredirparser_init(p, "hyperstub usbhost", caps, USB_REDIR_CAPS_SIZE,
			    0);
	return 0;
}

int link_listen(struct link *l)
{
	l->listener = socket_listen(l->address);
	return l->listener < 0 ? l->listener : 0;
}

void link_unlisten(struct link *l)
{
	socket_unlisten(l->listener, l->address);
	l->listener = -1;
}

int link_up(struct link *l, unsigned int ms)
{
	int fd;

	if (l->fd >= 0)
		return 0;
	/* Somebody else's descriptor is there once. */
	if (strcmp(l->address, "fd:") == 0)
		return -ENOTCONN;
	fd = l->listens ? socket_accept(l->listener, ms)
			: socket_connect(l->address, ms);
	if (fd < 0)
		return fd;
	if (strncmp(l->address, "fd:", 3) == 0)
		l->address = "fd:";
	l->fd = fd;
	return make_parser(l);
}

void link_down(struct link *l)
{
	if (l->fd < 0)
		return;
	on_disconnect(l);
	usbredirparser_destroy(l->parser);
	l->parser = NULL;
	close(l->fd);
	l->fd = -1;
}

short link_events(const struct link *l)
{
	if (l->fd < 0)
		return 0;
	return usbredirparser_has_data_to_write(l->parser) ? POLLIN | POLLOUT
							   : POLLIN;
}

int link_serve(struct link *l, short revents)
{
	int r;

	if (l->fd < 0)
		return -ENODEV;
	r = usbredirparser_do_read(l->parser);
	while (r == usbredirparser_read_parse_error)
		r = usbredirparser_do_read(l->parser);
	if (r < 0 || usbredirparser_do_write(l->parser) < 0)
		return -ENODEV;
	return 0;
}

bool link_take_arrival(struct link *l)
{
	bool came = l->arrived;

	l->arrived = false;
	return came;
}

uint32_t link_max_transfer(const struct link *l, uint32_t wanted)
{
	/* Without this capability lengths have 16 bits. */
	const uint32_t small = 127 * 512;

	if (wanted > small && l->parser && l->hello &&
	    !usbredirparser_peer_has_cap(l->parser,
					 usb_redir_cap_32bits_bulk_length))
		return small;
	return wanted;
}

static bool standard(const struct setup *s, uint8_t type, uint8_t request)
{
	return s->bmRequestType == type && s->bRequest == request;
}

void link_control(struct link *l, struct request *q, const struct setup *s,
		  uint8_t *data)
{
	struct usb_redir_control_packet_header h = {
		.endpoint = s->bmRequestType & USB_DIR_IN,
		.request = s->bRequest,
		.requesttype = s->bmRequestType,
		.value = s->wValue,
		.index = s->wIndex,
		.length = s->wLength,
	};
	struct usb_redir_set_configuration_header config = {s->wValue};
	struct usb_redir_set_alt_setting_header set = {s->wIndex, s->wValue};
	struct usb_redir_get_alt_setting_header get = {s->wIndex};

	q->ep = h.endpoint;
	q->len = s->wLength;
	add(l, q);
	/* These four have packets of their own. */
	if (standard(s, 0x00, 9))
		usbredirparser_send_set_configuration(l->parser, q->id,
						      &config);
	else if (standard(s, 0x80, 8))
		usbredirparser_send_get_configuration(l->parser, q->id);
	else if (standard(s, 0x01, 11))
		usbredirparser_send_set_alt_setting(l->parser, q->id, &set);
	else if (standard(s, 0x81, 10))
		usbredirparser_send_get_alt_setting(l->parser, q->id, &get);
	else if (h.endpoint)
		usbredirparser_send_control_packet(l->parser, q->id, &h, NULL,
						   0);
	else
		usbredirparser_send_control_packet(l->parser, q->id, &h, data,
						   s->wLength);
	usbredirparser_do_write(l->parser);
}

void link_bulk(struct link *l, struct request *q, uint8_t ep, uint8_t *data,
	       uint32_t len)
{
	struct usb_redir_bulk_packet_header h = {
		.endpoint = ep,
		.length = len,
		.length_high = len >> 16,
	};

	q->ep = ep;
	q->len = len;
	add(l, q);
	if (ep & USB_DIR_IN)
		usbredirparser_send_bulk_packet(l->parser, q->id, &h, NULL, 0);
	else
		usbredirparser_send_bulk_packet(l->parser, q->id, &h, data,
						len);
	usbredirparser_do_write(l->parser);
}

void link_cancel(struct link *l, struct request *q)
{
	if (!q->under_way)
		return;
	usbredirparser_send_cancel_data_packet(l->parser, q->id);
	usbredirparser_do_write(l->parser);
}

void link_forget(struct link *l, struct request *q)
{
	if (q->under_way)
		take(l, q->id);
}

void link_free_data(struct link *l, struct request *q)
{
	/* The library's data comes from malloc(), and may outlive a parser. */
	free(q->data);
	q->data = NULL;
}

void link_interrupt(struct link *l, uint8_t ep, bool on)
{
	struct usb_redir_start_interrupt_receiving_header start = {ep};
	struct usb_redir_stop_interrupt_receiving_header stop = {ep};

	if (on)
		usbredirparser_send_start_interrupt_receiving(l->parser, 0,
							      &start);
	else
		usbredirparser_send_stop_interrupt_receiving(l->parser, 0,
							     &stop);
	usbredirparser_do_write(l->parser);
}

void link_reset(struct link *l)
{
	cancel_all(l);
	usbredirparser_send_reset(l->parser);
	usbredirparser_do_write(l->parser);
}

int link_raw(struct link *l, const uint8_t *data, size_t len)
{
	if (usbredirparser_has_data_to_write(l->parser))
		return -EAGAIN;
	if (send(l->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -ENODEV;
	return 0;
}

const char *link_status_name(int status)
{
	static const char *const names[] = {
		"success", "cancelled", "inval",  "ioerror",
		"stall",   "timeout",	"babble",
	};

	if (status < 0 || (size_t)status >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[status];
}
