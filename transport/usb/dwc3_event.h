/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The words that a DWC3 writes into its event buffer. Pure. Nothing that the
 * buffer may hold makes a field go beyond what is said here.
 */
#ifndef TRANSPORT_USB_DWC3_EVENT_H
#define TRANSPORT_USB_DWC3_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum dwc3_event_kind {
	DWC3_EVENT_NONE, /* of no interest, reserved, or not understood */
	/* of an endpoint */
	DWC3_EVENT_COMPLETE,	 /* the transfer is over */
	DWC3_EVENT_IN_PROGRESS,	 /* a TRB of it is */
	DWC3_EVENT_NOT_READY,	 /* the host asks for what is not there */
	/* of the device */
	DWC3_EVENT_DISCONNECT,
	DWC3_EVENT_RESET,
	DWC3_EVENT_CONNECT_DONE,
	DWC3_EVENT_LINK,	 /* link_state is the new one */
	DWC3_EVENT_SUSPEND,	 /* so it is here, L1 included */
	DWC3_EVENT_WAKEUP,
	DWC3_EVENT_ERRATIC,
	DWC3_EVENT_OVERFLOW,	 /* events after this one were lost */
};

struct dwc3_event {
	enum dwc3_event_kind kind;
	uint8_t ep;	    /* physical endpoint, 0..31 */
	uint8_t status;	    /* of an endpoint's event, 0..15 */
	uint8_t link_state; /* 0..15 */
};

/* NOT_READY's status on a control endpoint says of which stage. */
#define DWC3_NOT_READY_DATA 1
#define DWC3_NOT_READY_STATUS 2

struct dwc3_event dwc3_event_decode(uint32_t raw);

/*
 * Where events are taken from: a ring of words whose fill the controller
 * tells in bytes.
 */
struct dwc3_event_ring {
	volatile uint32_t *word;
	uint32_t words; /* a power of two */
	uint32_t at;	/* the next to be read, below words */
};

/*
 * Copy up to max events out, of those that bytes (GEVNTCOUNT) says are there;
 * how many. More bytes than the ring has count as a full ring.
 */
unsigned int dwc3_event_take(struct dwc3_event_ring *r, uint32_t bytes,
			     uint32_t *out, unsigned int max);

#endif
