/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See ch9.h. Everything on the wire is little endian. */
#include "transport/usb/ch9.h"

#include <errno.h>
#include <string.h>

uint16_t ch9_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t ch9_get32(const uint8_t *p)
{
	return ch9_get16(p) | (uint32_t)ch9_get16(p + 2) << 16;
}

void ch9_put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

void ch9_put32(uint8_t *p, uint32_t value)
{
	ch9_put16(p, (uint16_t)value);
	ch9_put16(p + 2, (uint16_t)(value >> 16));
}

struct ch9_setup ch9_setup_decode(const uint8_t p[CH9_SETUP_SIZE])
{
	return (struct ch9_setup){
		.bmRequestType = p[0],
		.bRequest = p[1],
		.wValue = ch9_get16(p + 2),
		.wIndex = ch9_get16(p + 4),
		.wLength = ch9_get16(p + 6),
	};
}

void ch9_begin(struct ch9_builder *b, void *buf, size_t size)
{
	*b = (struct ch9_builder){.p = buf, .size = size};
}

int ch9_end(const struct ch9_builder *b)
{
	return b->overflow ? -ENOSPC : (int)b->len;
}

void ch9_put(struct ch9_builder *b, const uint8_t *desc, size_t len)
{
	if (b->overflow || len > b->size - b->len) {
		b->overflow = true;
		return;
	}
	memcpy(b->p + b->len, desc, len);
	b->len += len;
}

void ch9_put_device(struct ch9_builder *b, const struct ch9_device *d)
{
	uint8_t p[CH9_DEVICE_SIZE] = {
		[0] = sizeof(p),	  [1] = CH9_DEVICE,
		[4] = d->bDeviceClass,	  [5] = d->bDeviceSubClass,
		[6] = d->bDeviceProtocol, [7] = d->bMaxPacketSize0,
		[14] = d->iManufacturer,  [15] = d->iProduct,
		[16] = d->iSerialNumber,  [17] = d->bNumConfigurations,
	};

	ch9_put16(p + 2, d->bcdUSB);
	ch9_put16(p + 8, d->idVendor);
	ch9_put16(p + 10, d->idProduct);
	ch9_put16(p + 12, d->bcdDevice);
	ch9_put(b, p, sizeof(p));
}

void ch9_put_qualifier(struct ch9_builder *b,
		       const uint8_t device[CH9_DEVICE_SIZE])
{
	uint8_t p[CH9_QUALIFIER_SIZE] = {
		[0] = sizeof(p),
		[1] = CH9_DEVICE_QUALIFIER,
		[8] = device[17],
	};

	memcpy(p + 2, device + 2, 6); /* bcdUSB to bMaxPacketSize0 */
	ch9_put(b, p, sizeof(p));
}

size_t ch9_put_configuration(struct ch9_builder *b, uint8_t interfaces,
			     uint8_t value, uint8_t attributes, uint16_t ma)
{
	size_t at = b->len;
	uint8_t p[CH9_CONFIGURATION_SIZE] = {
		[0] = sizeof(p),  [1] = CH9_CONFIGURATION,
		[4] = interfaces, [5] = value,
		[7] = attributes, [8] = (uint8_t)(ma / 2),
	};

	ch9_put(b, p, sizeof(p));
	return at;
}

void ch9_end_configuration(struct ch9_builder *b, size_t at)
{
	if (!b->overflow)
		ch9_put16(b->p + at + 2, (uint16_t)(b->len - at));
}

void ch9_put_interface(struct ch9_builder *b, const struct ch9_interface *i)
{
	uint8_t p[CH9_INTERFACE_SIZE] = {
		sizeof(p),
		CH9_INTERFACE,
		i->bInterfaceNumber,
		i->bAlternateSetting,
		i->bNumEndpoints,
		i->bInterfaceClass,
		i->bInterfaceSubClass,
		i->bInterfaceProtocol,
		i->iInterface,
	};

	ch9_put(b, p, sizeof(p));
}

void ch9_put_association(struct ch9_builder *b, const struct ch9_association *a)
{
	uint8_t p[CH9_ASSOCIATION_SIZE] = {
		sizeof(p),
		CH9_INTERFACE_ASSOCIATION,
		a->bFirstInterface,
		a->bInterfaceCount,
		a->bFunctionClass,
		a->bFunctionSubClass,
		a->bFunctionProtocol,
		a->iFunction,
	};

	ch9_put(b, p, sizeof(p));
}

void ch9_put_endpoint(struct ch9_builder *b, const struct ch9_endpoint *e)
{
	uint8_t p[CH9_ENDPOINT_SIZE] = {
		[0] = sizeof(p),	   [1] = CH9_ENDPOINT,
		[2] = e->bEndpointAddress, [3] = e->bmAttributes,
		[6] = e->bInterval,
	};

	ch9_put16(p + 4, e->wMaxPacketSize);
	ch9_put(b, p, sizeof(p));
}

void ch9_put_string(struct ch9_builder *b, const char *text)
{
	uint8_t p[2 + 2 * CH9_STRING_CHARS] = {[1] = CH9_STRING};
	size_t n = 0;

	for (; text[n] && n < CH9_STRING_CHARS; n++)
		p[2 + 2 * n] = (uint8_t)text[n];
	p[0] = (uint8_t)(2 + 2 * n);
	ch9_put(b, p, p[0]);
}

void ch9_put_languages(struct ch9_builder *b, uint16_t language)
{
	uint8_t p[4] = {sizeof(p), CH9_STRING};

	ch9_put16(p + 2, language);
	ch9_put(b, p, sizeof(p));
}

const uint8_t *ch9_next(const uint8_t *buf, size_t len, size_t *at)
{
	const uint8_t *p = buf + *at;

	if (*at > len || len - *at < 2 || p[0] < 2 || p[0] > len - *at)
		return NULL;
	*at += p[0];
	return p;
}
