/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The seam between the USB device core (usbd) and a device controller: whole
 * transfers go down, events come up. The controller cuts transfers into
 * packets and knows nothing of descriptors or requests; the core knows nothing
 * of registers, rings or caches. Nothing here waits but start() and stop(),
 * which are bounded. Terms are USB 2.0's (chapters 5, 8 and 9).
 *
 * All calls for one controller are serialised by the caller, and poll() is the
 * only one from within which the core is called back. From there the core
 * calls down again: what ep_close() and ep_flush() cancel may complete within
 * that call or later, in order in either case.
 */
#ifndef TRANSPORT_USB_UDC_H
#define TRANSPORT_USB_UDC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum udc_speed { UDC_SPEED_UNKNOWN, UDC_SPEED_FULL, UDC_SPEED_HIGH };

/* Transfer types as in bmAttributes of an endpoint descriptor. */
enum udc_ep_type {
	UDC_EP_CONTROL,
	UDC_EP_ISOCHRONOUS,
	UDC_EP_BULK,
	UDC_EP_INTERRUPT,
};

/* An endpoint's address as in bEndpointAddress: bit 7 is set for IN. */
#define UDC_EP_IN 0x80
#define UDC_EP_NUMBER(addr) ((addr) & 0x0f)

/*
 * One transfer, owned by the controller from submit() until on_complete() names
 * it. Several may be queued on an endpoint (UDC_QUEUE); they complete in order.
 *
 * IN: the len bytes at buf; a zero-length packet follows if zlp is set and the
 * last packet was full. OUT: len is a multiple of the endpoint's
 * wMaxPacketSize; the transfer ends when it is full or with a short packet
 * (which may be empty), and actual says how many bytes came.
 *
 * A serial port's OUT transfers are of one packet each: Linux's cdc_acm ends a
 * write of full packets without an empty one, so that a longer transfer would
 * hold its bytes back. Hence a queue of so many.
 *
 * buf lies in memory that the controller can reach (its dma area), aligned to
 * UDC_ALIGN for OUT, with no byte of another's in the same UDC_ALIGN lines.
 * Cache maintenance of buf is the core's, of rings and TRBs the controller's
 * (dma.h).
 */
#define UDC_ALIGN 64
#define UDC_QUEUE 64

struct udc_transfer {
	uint8_t *buf;
	uint32_t len;
	bool zlp;
	/* another submit() there follows at once: the controller is told then */
	bool more;
	/*
	 * Set before on_complete(). actual: the bytes that came, or were sent;
	 * of a cancelled IN transfer those that are known to have been, or 0.
	 */
	uint32_t actual;
	int status; /* 0; -ECANCELED: flushed, closed, reset; -EIO: lost */
	void *owner; /* the core's */
};

struct udc;
struct usbd;

struct udc_ops {
	const char *name;
	/*
	 * Reset the controller, get endpoint 0 ready and show the device on
	 * the bus (pull-up). 0, or -ETIMEDOUT, -ENXIO: it does not work.
	 */
	int (*start)(struct udc *u, struct usbd *d);
	/* Leave the bus; nothing is completed any more. */
	void (*stop)(struct udc *u);
	/* Take the events that are there, in order. Bounded; never waits. */
	void (*poll)(struct udc *u);
	/* The address of SET_ADDRESS, called before its status stage. */
	void (*set_address)(struct udc *u, uint8_t address);
	/*
	 * The core took SET_CONFIGURATION (true) or left the configured state.
	 * Endpoints are opened after the first and closed before the second.
	 */
	void (*set_configured)(struct udc *u, bool configured);
	/*
	 * Endpoints other than 0. open(): 0, -EINVAL, or -ENOSPC where the
	 * controller has no such endpoint or FIFO. close() completes what was
	 * queued with -ECANCELED.
	 */
	int (*ep_open)(struct udc *u, uint8_t addr, enum udc_ep_type type,
		       uint16_t max_packet, uint8_t interval);
	void (*ep_close)(struct udc *u, uint8_t addr);
	/* 0; -EAGAIN: UDC_QUEUE are queued; -EINVAL; -ENODEV: not open. */
	int (*submit)(struct udc *u, uint8_t addr, struct udc_transfer *x);
	/* Everything queued there completes with -ECANCELED. */
	void (*ep_flush)(struct udc *u, uint8_t addr);
	/*
	 * STALL every token (true), or no more (false: the data toggle starts
	 * at DATA0; what was queued is still queued).
	 */
	void (*ep_halt)(struct udc *u, uint8_t addr, bool halt);
	/*
	 * Endpoint 0, after on_setup(): exactly one of ep0_data() (the data
	 * stage, in the direction that bmRequestType said; x completes with
	 * address 0 or UDC_EP_IN), ep0_status() (the status stage, whose end is
	 * told by on_status()) and ep0_stall(). After the data stage
	 * ep0_status() or ep0_stall(). A new SETUP packet ends all that: a data
	 * stage under way completes with -ECANCELED before on_setup().
	 * IN: at most wLength bytes; x->zlp is set for a data stage that is
	 * shorter than wLength and ends on a packet boundary. OUT: len is
	 * wLength rounded up to whole packets of 64.
	 */
	int (*ep0_data)(struct udc *u, struct udc_transfer *x);
	void (*ep0_status)(struct udc *u);
	void (*ep0_stall)(struct udc *u);
	/* SET_FEATURE(TEST_MODE), after its status stage. -ENOTSUP. */
	int (*test_mode)(struct udc *u, uint8_t selector);
	/* Everything that was queued has left for the host (before a reset). */
	bool (*idle)(struct udc *u);
};

struct udc {
	const struct udc_ops *ops;
	uint32_t irq; /* GIC INTID, 0 = none */
	enum udc_speed max_speed;
};

/*
 * What the core does with events; called from within poll() only. Transfers
 * that a reset or a disconnect ends complete first, with -ECANCELED.
 */
void usbd_on_reset(struct usbd *d); /* bus reset begins: address 0 */
void usbd_on_connect(struct usbd *d, enum udc_speed speed); /* reset is over */
void usbd_on_disconnect(struct usbd *d); /* no cable, or the host has gone */
void usbd_on_suspend(struct usbd *d);
void usbd_on_resume(struct usbd *d);
void usbd_on_setup(struct usbd *d, const uint8_t setup[8]);
void usbd_on_status(struct usbd *d);
void usbd_on_complete(struct usbd *d, uint8_t addr, struct udc_transfer *x);

#endif
