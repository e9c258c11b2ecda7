/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What chapter 9 of USB 2.0 writes down: requests, descriptors, and how they
 * lie in memory. Pure; knows of no device and no controller. Names are the
 * specification's. Interface associations are those of the ECN of 2003.
 */
#ifndef TRANSPORT_USB_CH9_H
#define TRANSPORT_USB_CH9_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* bmRequestType (table 9-2) */
#define CH9_DIR_IN 0x80
#define CH9_TYPE_MASK 0x60
#define CH9_TYPE_STANDARD 0x00
#define CH9_TYPE_CLASS 0x20
#define CH9_TYPE_VENDOR 0x40
#define CH9_RECIPIENT_MASK 0x1f
#define CH9_RECIPIENT_DEVICE 0
#define CH9_RECIPIENT_INTERFACE 1
#define CH9_RECIPIENT_ENDPOINT 2

/* bRequest (table 9-4) */
enum ch9_request {
	CH9_GET_STATUS = 0,
	CH9_CLEAR_FEATURE = 1,
	CH9_SET_FEATURE = 3,
	CH9_SET_ADDRESS = 5,
	CH9_GET_DESCRIPTOR = 6,
	CH9_SET_DESCRIPTOR = 7,
	CH9_GET_CONFIGURATION = 8,
	CH9_SET_CONFIGURATION = 9,
	CH9_GET_INTERFACE = 10,
	CH9_SET_INTERFACE = 11,
	CH9_SYNCH_FRAME = 12,
};

/* Descriptor types (table 9-5) */
enum ch9_type {
	CH9_DEVICE = 1,
	CH9_CONFIGURATION = 2,
	CH9_STRING = 3,
	CH9_INTERFACE = 4,
	CH9_ENDPOINT = 5,
	CH9_DEVICE_QUALIFIER = 6,
	CH9_OTHER_SPEED_CONFIGURATION = 7,
	CH9_INTERFACE_POWER = 8,
	CH9_INTERFACE_ASSOCIATION = 11,
	CH9_CS_INTERFACE = 0x24,
};

/* Feature selectors (table 9-6) */
#define CH9_ENDPOINT_HALT 0
#define CH9_DEVICE_REMOTE_WAKEUP 1
#define CH9_TEST_MODE 2
/* Test selectors (table 9-7): Test_J to Test_Force_Enable. */
#define CH9_TEST_FIRST 1
#define CH9_TEST_LAST 5

/* GET_STATUS of the device */
#define CH9_STATUS_SELF_POWERED 1

#define CH9_ADDRESS_MAX 127
#define CH9_LANGUAGE_EN_US 0x0409

#define CH9_DEVICE_SIZE 18
#define CH9_QUALIFIER_SIZE 10
#define CH9_CONFIGURATION_SIZE 9
#define CH9_INTERFACE_SIZE 9
#define CH9_ENDPOINT_SIZE 7
#define CH9_ASSOCIATION_SIZE 8
#define CH9_STRING_CHARS 126 /* bLength is a byte */

/* bmAttributes of a configuration; bit 7 is reserved and set. */
#define CH9_CONFIG_RESERVED 0x80
#define CH9_CONFIG_SELF_POWERED 0x40

#define CH9_SETUP_SIZE 8

struct ch9_setup {
	uint8_t bmRequestType;
	uint8_t bRequest;
	uint16_t wValue;
	uint16_t wIndex;
	uint16_t wLength;
};

/* The eight bytes of a SETUP packet. */
struct ch9_setup ch9_setup_decode(const uint8_t p[CH9_SETUP_SIZE]);

static inline bool ch9_is_in(const struct ch9_setup *s)
{
	return s->bmRequestType & CH9_DIR_IN;
}

static inline uint8_t ch9_recipient(const struct ch9_setup *s)
{
	return s->bmRequestType & CH9_RECIPIENT_MASK;
}

uint16_t ch9_get16(const uint8_t *p);
uint32_t ch9_get32(const uint8_t *p);
void ch9_put16(uint8_t *p, uint16_t value);
void ch9_put32(uint8_t *p, uint32_t value);

/*
 * Descriptors being built one after the other. What does not fit is left out
 * and overflow is set, once and for all.
 */
struct ch9_builder {
	uint8_t *p;
	size_t len, size;
	bool overflow;
};

struct ch9_device {
	uint16_t bcdUSB;
	uint8_t bDeviceClass, bDeviceSubClass, bDeviceProtocol;
	uint8_t bMaxPacketSize0;
	uint16_t idVendor, idProduct, bcdDevice;
	uint8_t iManufacturer, iProduct, iSerialNumber;
	uint8_t bNumConfigurations;
};

struct ch9_interface {
	uint8_t bInterfaceNumber, bAlternateSetting, bNumEndpoints;
	uint8_t bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol;
	uint8_t iInterface;
};

struct ch9_association {
	uint8_t bFirstInterface, bInterfaceCount;
	uint8_t bFunctionClass, bFunctionSubClass, bFunctionProtocol;
	uint8_t iFunction;
};

struct ch9_endpoint {
	uint8_t bEndpointAddress, bmAttributes;
	uint16_t wMaxPacketSize;
	uint8_t bInterval;
};

void ch9_begin(struct ch9_builder *b, void *buf, size_t size);
/* Its length, or -ENOSPC. */
int ch9_end(const struct ch9_builder *b);
/* A descriptor of any other kind, as it is; len is its bLength. */
void ch9_put(struct ch9_builder *b, const uint8_t *desc, size_t len);
void ch9_put_device(struct ch9_builder *b, const struct ch9_device *d);
/* What a device of two speeds says of the other one, from its descriptor. */
void ch9_put_qualifier(struct ch9_builder *b,
		       const uint8_t device[CH9_DEVICE_SIZE]);
/*
 * The head of a configuration; wTotalLength is 0 until ch9_end_configuration(),
 * which is given where it stands.
 */
size_t ch9_put_configuration(struct ch9_builder *b, uint8_t interfaces,
			     uint8_t value, uint8_t attributes, uint16_t ma);
void ch9_end_configuration(struct ch9_builder *b, size_t at);
void ch9_put_interface(struct ch9_builder *b, const struct ch9_interface *i);
void ch9_put_association(struct ch9_builder *b,
			 const struct ch9_association *a);
void ch9_put_endpoint(struct ch9_builder *b, const struct ch9_endpoint *e);
/* ASCII text as UTF-16LE; CH9_STRING_CHARS at most, the rest is left out. */
void ch9_put_string(struct ch9_builder *b, const char *text);
/* String 0: the one language there is. */
void ch9_put_languages(struct ch9_builder *b, uint16_t language);

/*
 * The next descriptor of several, from *at on, which is moved past it. NULL at
 * the end, and where bLength is less than 2 or says more than there is.
 */
const uint8_t *ch9_next(const uint8_t *buf, size_t len, size_t *at);

#endif
