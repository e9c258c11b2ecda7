/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See cdc_acm.h. "CDC" is Class Definitions for Communication Devices 1.2,
 * "PSTN" its subclass document of the same number.
 */
#include "transport/usb/cdc_acm.h"

#include <errno.h>
#include <string.h>

/* Classes (CDC tables 2 to 7, and the association's ECN) */
#define CLASS_MISC 0xef
#define MISC_SUBCLASS_COMMON 2
#define MISC_PROTOCOL_ASSOCIATION 1
#define CLASS_COMM 2
#define CLASS_DATA 0x0a
#define SUBCLASS_ACM 2
/*
 * Not 1 (AT commands): there is no modem, and who sees 1 may try to dial.
 * Linux, macOS and Windows bind their drivers to either.
 */
#define PROTOCOL_NONE 0

/* Functional descriptors (CDC table 13; PSTN 5.3) */
#define HEADER 0
#define CALL_MANAGEMENT 1
#define ABSTRACT_CONTROL 2
#define UNION 6
#define BCD_CDC 0x0110
/* Set_Line_Coding and its like with Serial_State; Send_Break */
#define ACM_CAPABILITIES (0x02 | 0x04)

/* Requests and notifications (PSTN tables 13 and 30) */
#define SET_LINE_CODING 0x20
#define GET_LINE_CODING 0x21
#define SET_CONTROL_LINE_STATE 0x22
#define SEND_BREAK 0x23
#define SERIAL_STATE 0x20
#define SERIAL_STATE_REQUEST_TYPE 0xa1
#define SERIAL_STATE_BYTES 10

#define NOTIFY_PACKET 16
#define NOTIFY_MS_FULL 32 /* bInterval is in ms */
#define NOTIFY_HIGH 9	  /* and here 2^(9-1) microframes: 32 ms too */

#define BCD_USB 0x0200
#define BCD_DEVICE 0x0100
#define CURRENT_MA 2 /* it has power of its own */

enum string {
	STRING_LANGUAGES,
	STRING_MANUFACTURER,
	STRING_PRODUCT,
	STRING_SERIAL,
	STRING_FUNCTION, /* and one for each of the functions */
};

/* Known to udev rules: not to be changed. */
static const char *const function_name[CDC_ACM_FUNCTIONS] = {
	"hyperstub gdb",
	"hyperstub console",
	"hyperstub trace",
};

static const uint8_t initial_line_coding[CDC_ACM_LINE_CODING_SIZE] = {
	0x00, 0xc2, 0x01, 0x00, /* 115200 bit/s */
	0,    0,    8,		/* one stop bit, no parity, 8 data bits */
};

static struct cdc_acm *acm_of(struct usbd *d)
{
	return (struct cdc_acm *)d;
}

/* What Windows takes in a serial number, but for the space. */
static char serial_char(char c)
{
	return c > ' ' && c < 0x7f && c != ',' ? c : '-';
}

void cdc_acm_init(struct cdc_acm *c, struct udc *u,
		  const struct cdc_acm_identity *id, void *mem)
{
	uint8_t *at = mem;

	memset(c, 0, sizeof(*c));
	usbd_init(&c->usbd, u, at);
	at += USBD_EP0_SIZE;
	c->idVendor = id->idVendor;
	c->idProduct = id->idProduct;
	for (size_t i = 0;
	     id->serial && id->serial[i] && i < CDC_ACM_SERIAL_SIZE - 1; i++)
		c->serial[i] = serial_char(id->serial[i]);
	for (unsigned int n = 0; n < CDC_ACM_FUNCTIONS; n++) {
		struct cdc_acm_function *f = &c->function[n];

		memcpy(f->line_coding, initial_line_coding,
		       sizeof(f->line_coding));
		f->notify.buf = at;
		at += CDC_ACM_NOTIFY_SIZE;
	}
}

/* Descriptors */

static void put_device(const struct cdc_acm *c, struct ch9_builder *b)
{
	struct ch9_device d = {
		.bcdUSB = BCD_USB,
		.bDeviceClass = CLASS_MISC,
		.bDeviceSubClass = MISC_SUBCLASS_COMMON,
		.bDeviceProtocol = MISC_PROTOCOL_ASSOCIATION,
		.bMaxPacketSize0 = USBD_EP0_PACKET,
		.idVendor = c->idVendor,
		.idProduct = c->idProduct,
		.bcdDevice = BCD_DEVICE,
		.iManufacturer = STRING_MANUFACTURER,
		.iProduct = STRING_PRODUCT,
		.iSerialNumber = c->serial[0] ? STRING_SERIAL : 0,
		.bNumConfigurations = 1,
	};

	ch9_put_device(b, &d);
}

static void put_functional(struct ch9_builder *b, uint8_t control, uint8_t data)
{
	uint8_t header[] = {5, CH9_CS_INTERFACE, HEADER, 0, 0};
	/* capabilities 0: calls are not managed here */
	uint8_t call[] = {5, CH9_CS_INTERFACE, CALL_MANAGEMENT, 0, data};
	uint8_t acm[] = {4, CH9_CS_INTERFACE, ABSTRACT_CONTROL,
			 ACM_CAPABILITIES};
	uint8_t both[] = {5, CH9_CS_INTERFACE, UNION, control, data};

	ch9_put16(header + 3, BCD_CDC);
	ch9_put(b, header, sizeof(header));
	ch9_put(b, call, sizeof(call));
	ch9_put(b, acm, sizeof(acm));
	ch9_put(b, both, sizeof(both));
}

static void put_endpoint(struct ch9_builder *b, uint8_t addr,
			 enum udc_ep_type type, uint16_t size, uint8_t interval)
{
	struct ch9_endpoint e = {addr, (uint8_t)type, size, interval};

	ch9_put_endpoint(b, &e);
}

static uint16_t bulk_packet(enum udc_speed speed)
{
	return speed == UDC_SPEED_HIGH ? CDC_ACM_BULK_HIGH : CDC_ACM_BULK_FULL;
}

static void put_function(struct ch9_builder *b, uint8_t n, enum udc_speed speed)
{
	uint8_t control = CDC_ACM_INTERFACE(n), data = (uint8_t)(control + 1);
	uint8_t name = (uint8_t)(STRING_FUNCTION + n);
	uint16_t size = bulk_packet(speed);
	struct ch9_association a = {
		control, 2, CLASS_COMM, SUBCLASS_ACM, PROTOCOL_NONE, name};
	struct ch9_interface comm = {
		control, 0, 1, CLASS_COMM, SUBCLASS_ACM, PROTOCOL_NONE, name};
	struct ch9_interface bytes = {data, 0, 2, CLASS_DATA, 0, 0, name};

	ch9_put_association(b, &a);
	ch9_put_interface(b, &comm);
	put_functional(b, control, data);
	put_endpoint(b, CDC_ACM_NOTIFY(n), UDC_EP_INTERRUPT, NOTIFY_PACKET,
		     speed == UDC_SPEED_HIGH ? NOTIFY_HIGH : NOTIFY_MS_FULL);
	ch9_put_interface(b, &bytes);
	put_endpoint(b, CDC_ACM_OUT(n), UDC_EP_BULK, size, 0);
	put_endpoint(b, CDC_ACM_IN(n), UDC_EP_BULK, size, 0);
}

static void put_configuration(struct ch9_builder *b, enum udc_speed speed)
{
	size_t at = ch9_put_configuration(
		b, 2 * CDC_ACM_FUNCTIONS, CDC_ACM_CONFIGURATION,
		CH9_CONFIG_RESERVED | CH9_CONFIG_SELF_POWERED, CURRENT_MA);

	for (uint8_t n = 0; n < CDC_ACM_FUNCTIONS; n++)
		put_function(b, n, speed);
	ch9_end_configuration(b, at);
}

/* NULL: there is no such string. */
static const char *string_of(const struct cdc_acm *c, uint8_t index)
{
	switch (index) {
	case STRING_MANUFACTURER:
		return "hyperstub";
	case STRING_PRODUCT:
		return "hyperstub debugger";
	case STRING_SERIAL:
		return c->serial[0] ? c->serial : NULL;
	default:
		return index >= STRING_FUNCTION &&
				       index < STRING_FUNCTION +
						       CDC_ACM_FUNCTIONS
			       ? function_name[index - STRING_FUNCTION]
			       : NULL;
	}
}

int usbd_device_descriptor(struct usbd *d, uint8_t type, uint8_t index,
			   enum udc_speed speed, uint8_t *buf, size_t size)
{
	struct cdc_acm *c = acm_of(d);
	const char *text = string_of(c, index);
	struct ch9_builder b;

	ch9_begin(&b, buf, size);
	if (type == CH9_STRING && index == STRING_LANGUAGES)
		ch9_put_languages(&b, CH9_LANGUAGE_EN_US);
	else if (type == CH9_STRING && text)
		ch9_put_string(&b, text);
	else if (type == CH9_DEVICE && !index)
		put_device(c, &b);
	else if (type == CH9_CONFIGURATION && !index)
		put_configuration(&b, speed);
	else
		return -EINVAL;
	return ch9_end(&b);
}

/* Notifications */

/* The last one must have been taken: there is one buffer. */
static void tell_state(struct cdc_acm *c, unsigned int n)
{
	struct cdc_acm_function *f = &c->function[n];
	uint8_t *p = f->notify.buf;

	if (!c->open || f->busy || f->state == f->told)
		return;
	p[0] = SERIAL_STATE_REQUEST_TYPE;
	p[1] = SERIAL_STATE;
	ch9_put16(p + 2, 0);
	ch9_put16(p + 4, CDC_ACM_INTERFACE(n));
	ch9_put16(p + 6, 2);
	ch9_put16(p + 8, f->state);
	f->notify.len = SERIAL_STATE_BYTES;
	f->telling = f->state;
	/* before it is queued: it may be over when submit() returns */
	f->busy = true;
	if (usbd_submit(&c->usbd, CDC_ACM_NOTIFY(n), &f->notify))
		f->busy = false;
}

void cdc_acm_set_state(struct cdc_acm *c, unsigned int n, uint16_t state)
{
	c->function[n].state = state;
	tell_state(c, n);
}

/* One that was lost is not sent again by itself: a dead endpoint stays so. */
static void notified(struct cdc_acm *c, unsigned int n)
{
	struct cdc_acm_function *f = &c->function[n];

	f->busy = false;
	if (f->notify.status != -ECANCELED)
		f->told = f->telling;
	tell_state(c, n);
}

/* Requests */

static void set_line_state(struct cdc_acm *c, unsigned int n, uint16_t state)
{
	struct cdc_acm_function *f = &c->function[n];
	bool changed = (f->line_state ^ state) & CDC_ACM_LINE_DTR;

	f->line_state = state;
	if (changed)
		cdc_acm_on_dtr(c, n, state & CDC_ACM_LINE_DTR);
}

/*
 * All are for the control interface. That a device need not understand is
 * stalled: encapsulated commands (there is no command set), comm features.
 */
int usbd_device_setup(struct usbd *d, uint8_t interface,
		      const struct ch9_setup *s, uint8_t *buf, size_t size)
{
	struct cdc_acm *c = acm_of(d);
	unsigned int n = interface / 2;

	if (ch9_recipient(s) != CH9_RECIPIENT_INTERFACE ||
	    interface != CDC_ACM_INTERFACE(n) || n >= CDC_ACM_FUNCTIONS)
		return -EINVAL;
	if (ch9_is_in(s)) {
		if (s->bRequest != GET_LINE_CODING || s->wValue)
			return -EINVAL;
		memcpy(buf, c->function[n].line_coding,
		       CDC_ACM_LINE_CODING_SIZE);
		return CDC_ACM_LINE_CODING_SIZE;
	}
	if (s->bRequest == SET_LINE_CODING)
		return !s->wValue && s->wLength == CDC_ACM_LINE_CODING_SIZE
			       ? 0
			       : -EINVAL;
	if (s->wLength)
		return -EINVAL;
	if (s->bRequest == SET_CONTROL_LINE_STATE)
		set_line_state(c, n, s->wValue);
	else if (s->bRequest != SEND_BREAK)
		return -EINVAL;
	else if (s->wValue) /* ms, 0xffff: until 0 ends it */
		cdc_acm_on_break(c, n);
	return 0;
}

/* SET_LINE_CODING is the only one with data. */
int usbd_device_data(struct usbd *d, uint8_t interface,
		     const struct ch9_setup *s, const uint8_t *buf, size_t len)
{
	if (len != CDC_ACM_LINE_CODING_SIZE)
		return -EINVAL;
	memcpy(acm_of(d)->function[interface / 2].line_coding, buf, len);
	return 0;
}

/* States and transfers */

void usbd_device_opened(struct usbd *d)
{
	struct cdc_acm *c = acm_of(d);

	c->open = true;
	c->max_packet = bulk_packet(d->speed);
	for (unsigned int n = 0; n < CDC_ACM_FUNCTIONS; n++) {
		c->function[n].line_state = 0;
		c->function[n].told = 0;
		cdc_acm_set_state(c, n, CDC_ACM_STATE_DCD | CDC_ACM_STATE_DSR);
	}
	cdc_acm_on_open(c);
}

void usbd_device_closed(struct usbd *d)
{
	struct cdc_acm *c = acm_of(d);

	c->open = false;
	for (unsigned int n = 0; n < CDC_ACM_FUNCTIONS; n++)
		c->function[n].line_state = 0;
	cdc_acm_on_close(c);
}

void usbd_device_suspended(struct usbd *d)
{
	cdc_acm_on_suspend(acm_of(d));
}

void usbd_device_complete(struct usbd *d, uint8_t addr, struct udc_transfer *x)
{
	struct cdc_acm *c = acm_of(d);
	unsigned int n = UDC_EP_NUMBER(addr) - 1u;
	bool in = addr & UDC_EP_IN;

	if (n < CDC_ACM_FUNCTIONS)
		cdc_acm_on_complete(c, n, in, x);
	else if (in && n < 2 * CDC_ACM_FUNCTIONS)
		notified(c, n - CDC_ACM_FUNCTIONS);
}

static uint8_t data_endpoint(unsigned int n, bool in)
{
	return in ? CDC_ACM_IN(n) : CDC_ACM_OUT(n);
}

int cdc_acm_submit(struct cdc_acm *c, unsigned int n, bool in,
		   struct udc_transfer *x)
{
	return usbd_submit(&c->usbd, data_endpoint(n, in), x);
}

void cdc_acm_flush(struct cdc_acm *c, unsigned int n, bool in)
{
	usbd_flush(&c->usbd, data_endpoint(n, in));
}
