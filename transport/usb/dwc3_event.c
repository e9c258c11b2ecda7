/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See dwc3_event.h. */
#include "transport/usb/dwc3_event.h"

/* Bits 11:8 of a device event; 6 was the end of a frame before 2.30a. */
static const enum dwc3_event_kind device_events[16] = {
	[0] = DWC3_EVENT_DISCONNECT, [1] = DWC3_EVENT_RESET,
	[2] = DWC3_EVENT_CONNECT_DONE, [3] = DWC3_EVENT_LINK,
	[4] = DWC3_EVENT_WAKEUP, [6] = DWC3_EVENT_SUSPEND,
	[9] = DWC3_EVENT_ERRATIC, [11] = DWC3_EVENT_OVERFLOW,
};

/* Bits 9:6 of an endpoint's event. */
static const enum dwc3_event_kind endpoint_events[16] = {
	[1] = DWC3_EVENT_COMPLETE,
	[2] = DWC3_EVENT_IN_PROGRESS,
	[3] = DWC3_EVENT_NOT_READY,
};

struct dwc3_event dwc3_event_decode(uint32_t raw)
{
	struct dwc3_event e = { .kind = DWC3_EVENT_NONE };

	if (!(raw & 1)) {
		e.kind = endpoint_events[raw >> 6 & 15];
		e.ep = raw >> 1 & 31;
		e.status = raw >> 12 & 15;
	} else if (!(raw >> 1 & 0x7f)) {
		e.kind = device_events[raw >> 8 & 15];
		e.link_state = raw >> 16 & 15;
	}
	return e;
}

unsigned int dwc3_event_take(struct dwc3_event_ring *r, uint32_t bytes,
			     uint32_t *out, unsigned int max)
{
	uint32_t there = bytes / 4;
	unsigned int n;

	if (there > r->words)
		there = r->words;
	for (n = 0; n < max && n < there; n++) {
		out[n] = r->word[r->at];
		r->at = (r->at + 1) & (r->words - 1);
	}
	return n;
}
