/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The standard requests of USB 2.0, section 9.4. Where it leaves the behaviour
 * open (a request in a state that it is not for), the request is stalled.
 */
#include "transport/usb/usbd_standard.h"

#include <errno.h>

/* Endpoint 0 in either direction, from the address state on. */
static bool is_ep0(const struct usbd *d, uint16_t wIndex)
{
	return d->state >= USBD_ADDRESS && !(wIndex & ~UDC_EP_IN);
}

/* 9.4.5 */
static int get_status(struct usbd *d, const struct ch9_setup *s)
{
	const struct usbd_endpoint *ep = NULL;
	uint16_t status = 0;

	if (s->wValue || d->state < USBD_ADDRESS)
		return -EINVAL;
	switch (ch9_recipient(s)) {
	case CH9_RECIPIENT_DEVICE:
		if (s->wIndex)
			return -EINVAL;
		status = CH9_STATUS_SELF_POWERED;
		break;
	case CH9_RECIPIENT_INTERFACE:
		if (!usbd_has_interface(d, s->wIndex))
			return -EINVAL;
		break;
	case CH9_RECIPIENT_ENDPOINT:
		ep = usbd_find_endpoint(d, s->wIndex);
		if (!ep && !is_ep0(d, s->wIndex))
			return -EINVAL;
		status = ep && ep->halted;
		break;
	default:
		return -EINVAL;
	}
	ch9_put16(d->buf, status);
	return 2;
}

/* 9.4.9 and 7.1.20: begins when the status stage is over */
static int set_test_mode(struct usbd *d, const struct ch9_setup *s)
{
	uint8_t selector = (uint8_t)(s->wIndex >> 8);

	if ((s->wIndex & 0xff) || selector < CH9_TEST_FIRST ||
	    selector > CH9_TEST_LAST || d->speed != UDC_SPEED_HIGH ||
	    !d->udc->ops->test_mode)
		return -EINVAL;
	d->test = selector;
	return 0;
}

/*
 * 9.4.1 and 9.4.9. Remote wake-up is declined, and endpoint 0 is never halted,
 * so that there is nothing to clear.
 */
static int change_feature(struct usbd *d, const struct ch9_setup *s)
{
	bool set = s->bRequest == CH9_SET_FEATURE;
	struct usbd_endpoint *ep;

	if (ch9_recipient(s) == CH9_RECIPIENT_DEVICE)
		return set && s->wValue == CH9_TEST_MODE ? set_test_mode(d, s)
							 : -EINVAL;
	if (ch9_recipient(s) != CH9_RECIPIENT_ENDPOINT ||
	    s->wValue != CH9_ENDPOINT_HALT)
		return -EINVAL;
	ep = usbd_find_endpoint(d, s->wIndex);
	if (ep)
		usbd_set_halt(d, ep, set);
	else if (set || !is_ep0(d, s->wIndex))
		return -EINVAL;
	return 0;
}

/* 9.4.6. The controller answers to it once the status stage is over. */
static int set_address(struct usbd *d, const struct ch9_setup *s)
{
	if (s->wIndex || s->wValue > CH9_ADDRESS_MAX ||
	    d->state == USBD_CONFIGURED)
		return -EINVAL;
	d->state = s->wValue ? USBD_ADDRESS : USBD_DEFAULT;
	d->udc->ops->set_address(d->udc, (uint8_t)s->wValue);
	return 0;
}

static int get_qualifier(struct usbd *d)
{
	uint8_t device[CH9_DEVICE_SIZE];
	struct ch9_builder b;
	int n = usbd_device_descriptor(d, CH9_DEVICE, 0, d->speed, device,
				       sizeof(device));

	if (n != CH9_DEVICE_SIZE)
		return -EINVAL;
	ch9_begin(&b, d->buf, USBD_EP0_SIZE);
	ch9_put_qualifier(&b, device);
	return ch9_end(&b);
}

static int get_other_speed(struct usbd *d, uint8_t index)
{
	enum udc_speed other =
		d->speed == UDC_SPEED_HIGH ? UDC_SPEED_FULL : UDC_SPEED_HIGH;
	int n = usbd_device_descriptor(d, CH9_CONFIGURATION, index, other,
				       d->buf, USBD_EP0_SIZE);

	if (n >= CH9_CONFIGURATION_SIZE)
		d->buf[1] = CH9_OTHER_SPEED_CONFIGURATION;
	return n;
}

/* 9.4.3. Text is given in one language, also to who asks for none (0). */
static int get_descriptor(struct usbd *d, const struct ch9_setup *s)
{
	uint8_t type = (uint8_t)(s->wValue >> 8), index = (uint8_t)s->wValue;
	bool two_speeds = d->udc->max_speed == UDC_SPEED_HIGH;

	if (type == CH9_STRING
		    ? index && s->wIndex && s->wIndex != CH9_LANGUAGE_EN_US
		    : s->wIndex)
		return -EINVAL;
	switch (type) {
	case CH9_DEVICE:
	case CH9_CONFIGURATION:
	case CH9_STRING:
		return usbd_device_descriptor(d, type, index, d->speed, d->buf,
					      USBD_EP0_SIZE);
	case CH9_DEVICE_QUALIFIER:
		return two_speeds && !index ? get_qualifier(d) : -EINVAL;
	case CH9_OTHER_SPEED_CONFIGURATION:
		return two_speeds ? get_other_speed(d, index) : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* 9.4.2 */
static int get_configuration(struct usbd *d, const struct ch9_setup *s)
{
	if (s->wValue || s->wIndex || d->state < USBD_ADDRESS)
		return -EINVAL;
	d->buf[0] = d->configuration;
	return 1;
}

/* 9.4.7. The same value again starts all endpoints anew. */
static int set_configuration(struct usbd *d, const struct ch9_setup *s)
{
	if (s->wIndex || s->wValue > 255 || d->state < USBD_ADDRESS)
		return -EINVAL;
	if (s->wValue)
		return usbd_configure(d, (uint8_t)s->wValue);
	usbd_unconfigure(d);
	return 0;
}

/* 9.4.4 */
static int get_interface(struct usbd *d, const struct ch9_setup *s)
{
	if (s->wValue || !usbd_has_interface(d, s->wIndex))
		return -EINVAL;
	d->buf[0] = 0;
	return 1;
}

/* 9.4.10. The one setting there is: halts go, toggles are DATA0 (9.1.1.5). */
static int set_interface(struct usbd *d, const struct ch9_setup *s)
{
	if (s->wValue || !usbd_has_interface(d, s->wIndex))
		return -EINVAL;
	for (unsigned int i = 0; i < d->endpoints; i++)
		if (d->endpoint[i].interface == s->wIndex)
			usbd_set_halt(d, &d->endpoint[i], false);
	return 0;
}

/* SET_DESCRIPTOR and SYNCH_FRAME are not here: both are stalled. */
#define DEVICE (1u << CH9_RECIPIENT_DEVICE)
#define INTERFACE (1u << CH9_RECIPIENT_INTERFACE)
#define ENDPOINT (1u << CH9_RECIPIENT_ENDPOINT)

static const struct {
	uint8_t bRequest;
	bool reads;
	unsigned int recipients;
	int (*handle)(struct usbd *d, const struct ch9_setup *s);
} standard_requests[] = {
	{CH9_GET_STATUS, true, DEVICE | INTERFACE | ENDPOINT, get_status},
	{CH9_CLEAR_FEATURE, false, DEVICE | ENDPOINT, change_feature},
	{CH9_SET_FEATURE, false, DEVICE | ENDPOINT, change_feature},
	{CH9_SET_ADDRESS, false, DEVICE, set_address},
	{CH9_GET_DESCRIPTOR, true, DEVICE, get_descriptor},
	{CH9_GET_CONFIGURATION, true, DEVICE, get_configuration},
	{CH9_SET_CONFIGURATION, false, DEVICE, set_configuration},
	{CH9_GET_INTERFACE, true, INTERFACE, get_interface},
	{CH9_SET_INTERFACE, false, INTERFACE, set_interface},
};

int usbd_standard_request(struct usbd *d, const struct ch9_setup *s)
{
	size_t n = sizeof(standard_requests) / sizeof(standard_requests[0]);

	if (!ch9_is_in(s) && s->wLength)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (standard_requests[i].bRequest == s->bRequest &&
		    standard_requests[i].reads == ch9_is_in(s) &&
		    standard_requests[i].recipients >> ch9_recipient(s) & 1)
			return standard_requests[i].handle(d, s);
	return -EINVAL;
}
