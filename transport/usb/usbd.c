/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See usbd.h: control transfers, endpoints, and the states of the bus. Section
 * numbers are those of USB 2.0.
 */
#include "transport/usb/usbd.h"

#include <errno.h>
#include <string.h>

#include "transport/dma.h"
#include "transport/usb/usbd_standard.h"

void usbd_init(struct usbd *d, struct udc *u, void *buf)
{
	memset(d, 0, sizeof(*d));
	d->udc = u;
	d->buf = buf;
}

int usbd_start(struct usbd *d)
{
	return d->udc->ops->start(d->udc, d);
}

/* Endpoints and transfers */

struct usbd_endpoint *usbd_find_endpoint(struct usbd *d, uint16_t addr)
{
	for (unsigned int i = 0; i < d->endpoints; i++)
		if (d->endpoint[i].addr == addr)
			return &d->endpoint[i];
	return NULL;
}

int usbd_submit(struct usbd *d, uint8_t addr, struct udc_transfer *x)
{
	if (d->state != USBD_CONFIGURED || !usbd_find_endpoint(d, addr))
		return -ENODEV;
	x->actual = 0;
	x->status = 0;
	dma_for_device(x->buf, x->len);
	return d->udc->ops->submit(d->udc, addr, x);
}

void usbd_flush(struct usbd *d, uint8_t addr)
{
	if (usbd_find_endpoint(d, addr))
		d->udc->ops->ep_flush(d->udc, addr);
}

void usbd_set_halt(struct usbd *d, struct usbd_endpoint *ep, bool halt)
{
	ep->halted = halt;
	d->udc->ops->ep_halt(d->udc, ep->addr, halt);
}

/* Configurations */

static void close_endpoints(struct usbd *d)
{
	/* not found any more by what the controller calls back from here */
	unsigned int n = d->endpoints;

	d->endpoints = 0;
	for (unsigned int i = 0; i < n; i++)
		d->udc->ops->ep_close(d->udc, d->endpoint[i].addr);
	d->interfaces = 0;
	d->configuration = 0;
	d->udc->ops->set_configured(d->udc, false);
}

void usbd_unconfigure(struct usbd *d)
{
	if (d->state != USBD_CONFIGURED)
		return;
	d->state = USBD_ADDRESS;
	usbd_device_closed(d);
	close_endpoints(d);
}

static int open_endpoint(struct usbd *d, uint8_t interface, const uint8_t *desc)
{
	struct usbd_endpoint *ep = &d->endpoint[d->endpoints];
	int err;

	if (d->endpoints == USBD_ENDPOINTS || desc[0] < CH9_ENDPOINT_SIZE)
		return -EINVAL;
	*ep = (struct usbd_endpoint){.addr = desc[2], .interface = interface};
	err = d->udc->ops->ep_open(d->udc, ep->addr,
				   (enum udc_ep_type)(desc[3] & 3),
				   ch9_get16(desc + 4) & 0x7ff, desc[6]);
	if (!err)
		d->endpoints++;
	return err;
}

/* The endpoints that the configuration in d->buf describes. */
static int open_endpoints(struct usbd *d, size_t len)
{
	const uint8_t *desc;
	uint8_t interface = 0;
	size_t at = 0;
	int err = 0;

	while (!err && (desc = ch9_next(d->buf, len, &at))) {
		if (desc[1] == CH9_INTERFACE)
			interface = desc[2];
		else if (desc[1] == CH9_ENDPOINT)
			err = open_endpoint(d, interface, desc);
	}
	return err;
}

/* The descriptor of the configuration of that value in d->buf: its length. */
static int find_configuration(struct usbd *d, uint8_t value)
{
	for (uint8_t i = 0; i < 255; i++) {
		int n = usbd_device_descriptor(d, CH9_CONFIGURATION, i,
					       d->speed, d->buf, USBD_EP0_SIZE);

		if (n < CH9_CONFIGURATION_SIZE)
			return -EINVAL;
		if (d->buf[5] == value)
			return n;
	}
	return -EINVAL;
}

int usbd_configure(struct usbd *d, uint8_t value)
{
	int n = find_configuration(d, value), err;

	if (n < 0)
		return n;
	usbd_unconfigure(d);
	d->udc->ops->set_configured(d->udc, true);
	err = open_endpoints(d, (size_t)n);
	if (err) {
		close_endpoints(d);
		return err;
	}
	d->configuration = value;
	d->interfaces = d->buf[4];
	d->state = USBD_CONFIGURED;
	usbd_device_opened(d);
	return 0;
}

/* Class requests */

bool usbd_has_interface(const struct usbd *d, uint16_t wIndex)
{
	return d->state == USBD_CONFIGURED && wIndex < d->interfaces;
}

/* The interface that a request is for, or negative. */
static int interface_of(struct usbd *d, const struct ch9_setup *s)
{
	const struct usbd_endpoint *ep;

	if (ch9_recipient(s) == CH9_RECIPIENT_INTERFACE)
		return usbd_has_interface(d, s->wIndex) ? s->wIndex : -EINVAL;
	if (ch9_recipient(s) != CH9_RECIPIENT_ENDPOINT)
		return -EINVAL;
	ep = usbd_find_endpoint(d, s->wIndex);
	return ep ? ep->interface : -EINVAL;
}

static int class_request(struct usbd *d, const struct ch9_setup *s)
{
	int interface = interface_of(d, s);

	if (interface < 0 || (!ch9_is_in(s) && s->wLength > USBD_EP0_SIZE))
		return -EINVAL;
	return usbd_device_setup(d, (uint8_t)interface, s, d->buf,
				 USBD_EP0_SIZE);
}

/* Control transfers */

static void stall(struct usbd *d)
{
	d->stage = USBD_NO_REQUEST;
	d->test = 0;
	d->udc->ops->ep0_stall(d->udc);
}

static void status_stage(struct usbd *d)
{
	d->stage = USBD_STATUS_STAGE;
	d->udc->ops->ep0_status(d->udc);
}

static void data_stage(struct usbd *d, uint32_t len, bool zlp)
{
	d->data = (struct udc_transfer){.buf = d->buf, .len = len, .zlp = zlp};
	d->stage = USBD_DATA_STAGE;
	dma_for_device(d->buf, len);
	if (d->udc->ops->ep0_data(d->udc, &d->data))
		stall(d);
}

/* 8.5.3.2: shorter than asked for is told by a packet that is not full. */
static void send_data(struct usbd *d, uint32_t len)
{
	uint16_t wLength = d->setup.wLength;

	if (len > wLength)
		len = wLength;
	data_stage(d, len, len && len < wLength && len % USBD_EP0_PACKET == 0);
}

static void receive_data(struct usbd *d)
{
	uint32_t packets =
		(d->setup.wLength + USBD_EP0_PACKET - 1u) / USBD_EP0_PACKET;

	data_stage(d, packets * USBD_EP0_PACKET, false);
}

static int request(struct usbd *d, const struct ch9_setup *s)
{
	if (d->state == USBD_DETACHED)
		return -ENODEV;
	switch (s->bmRequestType & CH9_TYPE_MASK) {
	case CH9_TYPE_STANDARD:
		return usbd_standard_request(d, s);
	case CH9_TYPE_CLASS:
		return class_request(d, s);
	default:
		return -EINVAL;
	}
}

void usbd_on_setup(struct usbd *d, const uint8_t setup[8])
{
	struct ch9_setup s = ch9_setup_decode(setup);
	int n;

	usbd_on_resume(d); /* nobody talks on a bus that sleeps */
	d->setup = s;
	d->stage = USBD_NO_REQUEST;
	d->test = 0;
	n = request(d, &s);
	if (n < 0)
		stall(d);
	else if (!s.wLength)
		status_stage(d);
	else if (ch9_is_in(&s))
		send_data(d, (uint32_t)n);
	else
		receive_data(d);
}

/* All of a write came: only class requests have one. */
static int take_data(struct usbd *d, uint32_t len)
{
	int interface = interface_of(d, &d->setup);

	if (interface < 0 || len > d->setup.wLength)
		return -EINVAL;
	return usbd_device_data(d, (uint8_t)interface, &d->setup, d->buf, len);
}

static void data_done(struct usbd *d, struct udc_transfer *x)
{
	/* cancelled: a new request, a reset; who did that goes on from there */
	if (x != &d->data || d->stage != USBD_DATA_STAGE ||
	    x->status == -ECANCELED)
		return;
	if (x->status || (!ch9_is_in(&d->setup) && take_data(d, x->actual)))
		stall(d);
	else
		status_stage(d);
}

void usbd_on_complete(struct usbd *d, uint8_t addr, struct udc_transfer *x)
{
	if (x->actual > x->len)
		x->actual = x->len;
	if (!(addr & UDC_EP_IN))
		dma_for_cpu(x->buf, x->actual);
	if (UDC_EP_NUMBER(addr))
		usbd_device_complete(d, addr, x);
	else
		data_done(d, x);
}

void usbd_on_status(struct usbd *d)
{
	uint8_t test = d->test;

	if (d->stage != USBD_STATUS_STAGE)
		return;
	d->stage = USBD_NO_REQUEST;
	d->test = 0;
	if (test)
		d->udc->ops->test_mode(d->udc, test);
}

/* The bus */

static void leave(struct usbd *d, enum usbd_state state)
{
	usbd_unconfigure(d);
	d->state = state;
	d->stage = USBD_NO_REQUEST;
	d->test = 0;
	d->suspended = false;
	d->speed = UDC_SPEED_UNKNOWN;
}

void usbd_on_reset(struct usbd *d)
{
	leave(d, USBD_DEFAULT);
}

void usbd_on_connect(struct usbd *d, enum udc_speed speed)
{
	d->speed = speed;
}

void usbd_on_disconnect(struct usbd *d)
{
	leave(d, USBD_DETACHED);
}

static void set_suspended(struct usbd *d, bool suspended)
{
	if (d->suspended == suspended)
		return;
	d->suspended = suspended;
	if (d->state == USBD_CONFIGURED)
		usbd_device_suspended(d);
}

void usbd_on_suspend(struct usbd *d)
{
	set_suspended(d, true);
}

void usbd_on_resume(struct usbd *d)
{
	set_suspended(d, false);
}

void usbd_stop(struct usbd *d)
{
	leave(d, USBD_DETACHED);
	d->udc->ops->stop(d->udc);
}
