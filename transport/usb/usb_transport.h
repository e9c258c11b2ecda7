/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Three serial ports over USB as a transport (transport.h): function n of the
 * device is channel n. DTR is who is connected; a bus that sleeps, a reset and
 * a pulled cable are disconnects. Pure; the controller is given.
 *
 * Of an old client's session a new one sees nothing, save what the console
 * keeps for it on purpose: console bytes wait in their ring, also while nobody
 * is there, until it is full. Of those that a reset or a pulled cable cancels
 * on their way, the ones not known to have arrived are sent again.
 */
#ifndef TRANSPORT_USB_USB_TRANSPORT_H
#define TRANSPORT_USB_USB_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stub/strbuf.h"
#include "transport/transport.h"
#include "transport/usb/cdc_acm.h"

/*
 * From the host: transfers of one packet each (udc.h says why), so many that
 * the bus need not wait for us. Buffers are as long as a high-speed packet.
 */
#define USB_TRANSPORT_OUT_SIZE CDC_ACM_BULK_HIGH
#define USB_TRANSPORT_GDB_OUT UDC_QUEUE
#define USB_TRANSPORT_OTHER_OUT 8
/* To the host: transfers point into a ring, a power of two of bytes. */
#define USB_TRANSPORT_GDB_IN (128u << 10)
#define USB_TRANSPORT_OTHER_IN (64u << 10)
#define USB_TRANSPORT_IN_QUEUE 16
#define USB_TRANSPORT_IN_MAX (64u << 10) /* bytes of one transfer */

/* What usb_transport_init() wants to be given. */
#define USB_TRANSPORT_ALIGN 4096
#define USB_TRANSPORT_MEMORY                                     \
	(USB_TRANSPORT_GDB_IN + 2 * USB_TRANSPORT_OTHER_IN +     \
	 (USB_TRANSPORT_GDB_OUT + 2 * USB_TRANSPORT_OTHER_OUT) * \
		 USB_TRANSPORT_OUT_SIZE +                        \
	 CDC_ACM_MEMORY)

/*
 * Counters run freely. Buffers of the first kind of [read, done) hold bytes,
 * those of [done, posted) are the controller's.
 */
struct usb_out {
	uint16_t count; /* of buffers */
	uint16_t read, done, posted;
	uint32_t off; /* of the one that is read */
	bool broken;  /* there was a break, just before this buffer: */
	uint16_t break_at;
	struct udc_transfer x[USB_TRANSPORT_GDB_OUT];
};

/*
 * [tail, next) is the controller's, [next, head) is to be given to it; between
 * tail and next there may be bytes that were dropped.
 */
struct usb_in {
	uint8_t *mem;
	uint32_t size;
	uint32_t tail, next, head;
	uint16_t first, posted; /* transfers, of those below */
	uint16_t drain; /* cancelled ones that are not back: none is added */
	struct udc_transfer x[USB_TRANSPORT_IN_QUEUE];
	uint32_t start[USB_TRANSPORT_IN_QUEUE]; /* as tail */
};

struct usb_channel {
	struct usb_out out;
	struct usb_in in;
	bool keeps; /* what was not sent is for who comes next */
	bool dtr, connected;
	uint32_t epoch;
	uint64_t lost;	 /* bytes, as lost() told */
	uint64_t untold; /* of them those that no line has told of */
};

struct usb_transport {
	struct transport transport; /* first */
	struct cdc_acm acm;
	struct usb_channel channel[TRANSPORT_CHANNELS];
};

/*
 * mem: USB_TRANSPORT_MEMORY bytes aligned to USB_TRANSPORT_ALIGN that the
 * controller reaches. -EINVAL: it is not that. Nothing is started.
 */
int usb_transport_init(struct usb_transport *t, struct udc *u,
		       const struct cdc_acm_identity *id, void *mem,
		       size_t memlen);
/* Show the device on the bus: 0, or what the controller says. */
int usb_transport_start(struct usb_transport *t);
/* Leave the bus. To be used again it is to be initialised again. */
void usb_transport_stop(struct usb_transport *t);

/* There is a cable with a host at its end: it has reset the bus. */
bool usb_transport_sees_host(const struct usb_transport *t);

/* The state of the bus and of each port, for people; no newline. */
void usb_transport_describe(const struct usb_transport *t, struct strbuf *out);

#endif
