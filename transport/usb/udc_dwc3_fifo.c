/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * TX FIFOs of a DWC3: parts of RAM1, in words of the master bus's width. What
 * the core was built with is left as it is where each FIFO holds a packet of a
 * bulk endpoint, since somebody thought about it; else RAM1 is dealt out anew.
 */
#include "transport/usb/udc_dwc3_internal.h"

#define BULK_PACKET 512
#define LARGEST 3 /* packets, where there is room */

static uint32_t width(const struct udc_dwc3 *w)
{
	uint32_t bits = DWC3_GHWPARAMS0_MDWIDTH(dwc3_get(w, DWC3_GHWPARAMS0));

	return bits >= 32 ? bits / 8 : 4;
}

static bool is_usb3(const struct udc_dwc3 *w)
{
	return w->core == DWC3_CORE_USB3;
}

static uint32_t depth(const struct udc_dwc3 *w, unsigned int i)
{
	uint32_t v = dwc3_get(w, DWC3_GTXFIFOSIZ(i));

	return is_usb3(w) ? DWC3_GTXFIFOSIZ_DEPTH(v) :
			    DWC31_GTXFIFOSIZ_DEPTH(v);
}

/* Words for so many packets, by the formula for 2.90a and later. */
static uint32_t words_for(const struct udc_dwc3 *w, uint32_t packet,
			  uint32_t packets)
{
	uint32_t bytes = width(w);

	return packets * ((packet + bytes) / bytes) + 1;
}

bool dwc3_fifo_holds(const struct udc_dwc3 *w, unsigned int number,
		     uint16_t max_packet)
{
	/* the older cores want, and were built with, a little less */
	return depth(w, number) * width(w) >= max_packet;
}

void dwc3_fifo_setup(struct udc_dwc3 *w)
{
	uint32_t ram = DWC3_GHWPARAMS7_RAM1_DEPTH(dwc3_get(w, DWC3_GHWPARAMS7));
	uint32_t first = dwc3_get(w, DWC3_GTXFIFOSIZ(0));
	uint32_t at = DWC3_GTXFIFOSIZ_START(first) + depth(w, 0), size;
	uint32_t least = words_for(w, BULK_PACKET, 1);
	unsigned int n = w->num_in_eps;
	bool all = true;

	for (unsigned int i = 1; i < n; i++)
		all = all && dwc3_fifo_holds(w, i, BULK_PACKET);
	if (all || n < 2 || at >= ram)
		return;
	size = (ram - at) / (n - 1);
	if (size < least)
		size = least;
	if (size > words_for(w, BULK_PACKET, LARGEST))
		size = words_for(w, BULK_PACKET, LARGEST);
	for (unsigned int i = 1; i < n; i++) {
		uint32_t keep = is_usb3(w) ? 0 :
					     dwc3_get(w, DWC3_GTXFIFOSIZ(i)) &
						     DWC31_GTXFIFOSIZ_TXFRAMNUM;
		uint32_t take = at + size <= ram ? size : 0;

		dwc3_put(w, DWC3_GTXFIFOSIZ(i), at << 16 | take | keep);
		at += take;
	}
}
