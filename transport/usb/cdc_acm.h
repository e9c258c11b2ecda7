/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The device that the host sees: three serial ports in one (CDC abstract
 * control model, PSTN 1.2), each two interfaces joined by an association, as
 * the stock drivers of Linux, macOS and Windows want them. Descriptors, class
 * requests and notifications; what is done with the bytes is the business of
 * the cdc_acm_on_*() functions at the end, which the linker binds. Pure.
 */
#ifndef TRANSPORT_USB_CDC_ACM_H
#define TRANSPORT_USB_CDC_ACM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/usb/usbd.h"

/* In the order of enum transport_channel. */
#define CDC_ACM_FUNCTIONS 3
#define CDC_ACM_CONFIGURATION 1

/* pid.codes' identity for tests, until the device has one of its own */
#define CDC_ACM_TEST_VID 0x1209
#define CDC_ACM_TEST_PID 0x0001
#define CDC_ACM_SERIAL_SIZE 64 /* with its NUL; longer ones are cut */

#define CDC_ACM_BULK_FULL 64  /* wMaxPacketSize at full speed */
#define CDC_ACM_BULK_HIGH 512 /* and at high speed */

/* Endpoints of function n: data either way, and notifications. */
#define CDC_ACM_OUT(n) ((uint8_t)(1 + (n)))
#define CDC_ACM_IN(n) ((uint8_t)(UDC_EP_IN | (1 + (n))))
#define CDC_ACM_NOTIFY(n) ((uint8_t)(UDC_EP_IN | (1 + CDC_ACM_FUNCTIONS + (n))))
/* Its interfaces: control (the one with its name), and data after it. */
#define CDC_ACM_INTERFACE(n) ((uint8_t)(2 * (n)))

/* Memory that the controller reaches: control data, notifications. */
#define CDC_ACM_NOTIFY_SIZE UDC_ALIGN
#define CDC_ACM_MEMORY (USBD_EP0_SIZE + CDC_ACM_FUNCTIONS * CDC_ACM_NOTIFY_SIZE)

/* SERIAL_STATE (PSTN 1.2, table 31) */
#define CDC_ACM_STATE_DCD 0x01
#define CDC_ACM_STATE_DSR 0x02
#define CDC_ACM_STATE_OVERRUN 0x40

/* SET_CONTROL_LINE_STATE (PSTN 1.2, table 18) */
#define CDC_ACM_LINE_DTR 0x01
#define CDC_ACM_LINE_RTS 0x02

#define CDC_ACM_LINE_CODING_SIZE 7

struct cdc_acm_identity {
	uint16_t idVendor, idProduct;
	const char *serial; /* of this machine; NULL or empty: none */
};

struct cdc_acm_function {
	/* told by the host, told back to it, of no effect: there is no line */
	uint8_t line_coding[CDC_ACM_LINE_CODING_SIZE];
	uint16_t line_state; /* CDC_ACM_LINE_* */
	/* SERIAL_STATE as it is, as it was sent last, and on its way */
	uint16_t state, told, telling;
	bool busy; /* the controller has the notification */
	struct udc_transfer notify;
};

struct cdc_acm {
	struct usbd usbd; /* first */
	uint16_t idVendor, idProduct;
	char serial[CDC_ACM_SERIAL_SIZE];
	bool open;	     /* configured */
	uint16_t max_packet; /* of the bulk endpoints, while open */
	struct cdc_acm_function function[CDC_ACM_FUNCTIONS];
};

/*
 * mem: CDC_ACM_MEMORY bytes aligned to UDC_ALIGN that the controller reaches.
 * Characters of the serial that hosts do not take are made '-'. Start and stop
 * by usbd_start(), usbd_stop().
 */
void cdc_acm_init(struct cdc_acm *c, struct udc *u,
		  const struct cdc_acm_identity *id, void *mem);

/* Queue a transfer of bytes for the host (in) or from it: as usbd_submit(). */
int cdc_acm_submit(struct cdc_acm *c, unsigned int n, bool in,
		   struct udc_transfer *x);
/* Cancel what is queued: each completes with -ECANCELED, now or later. */
void cdc_acm_flush(struct cdc_acm *c, unsigned int n, bool in);
/* Tell the host this SERIAL_STATE, now or once the last one has been taken. */
void cdc_acm_set_state(struct cdc_acm *c, unsigned int n, uint16_t state);

static inline bool cdc_acm_dtr(const struct cdc_acm *c, unsigned int n)
{
	return c->function[n].line_state & CDC_ACM_LINE_DTR;
}

/* What is done with them. */

/* Configured; transfers may be queued, DTR is off. */
void cdc_acm_on_open(struct cdc_acm *c);
/* No more; what is queued is cancelled after this. */
void cdc_acm_on_close(struct cdc_acm *c);
/* The bus sleeps, or wakes (c->usbd.suspended). */
void cdc_acm_on_suspend(struct cdc_acm *c);
/* DTR went on or off; told of changes only. */
void cdc_acm_on_dtr(struct cdc_acm *c, unsigned int n, bool on);
/* A break begins. */
void cdc_acm_on_break(struct cdc_acm *c, unsigned int n);
/* A transfer of cdc_acm_submit() is over. */
void cdc_acm_on_complete(struct cdc_acm *c, unsigned int n, bool in,
			 struct udc_transfer *x);

#endif
