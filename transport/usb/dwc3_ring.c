/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See dwc3_ring.h. */
#include "transport/usb/dwc3_ring.h"

#include <errno.h>
#include <stddef.h>

#include "transport/dma.h"
#include "transport/usb/dwc3_regs.h"
#include "transport/usb/udc.h"

#define LINK (DWC3_RING_TRBS - 1)
#define LAST (1u << 31) /* in given[] */

_Static_assert(LINK >= 2 * UDC_QUEUE && LINK <= UINT8_MAX, "indices");
_Static_assert(sizeof(struct dwc3_trb) == 16, "as the controller reads it");

void dwc3_trb_set(volatile struct dwc3_trb *t, uint64_t addr, uint32_t len,
		  unsigned int type, uint32_t flags)
{
	t->bpl = (uint32_t)addr;
	t->bph = (uint32_t)(addr >> 32);
	t->size = len & DWC3_TRB_SIZE_MASK;
	dma_wmb(); /* orders what the TRB says before who owns it */
	t->ctrl = DWC3_TRB_TYPE(type) | flags | DWC3_TRB_HWO;
}

void dwc3_ring_reset(struct dwc3_ring *r)
{
	for (unsigned int i = 0; i < LINK; i++) {
		r->trb[i].ctrl = 0;
		r->trb[i].size = 0;
		r->trb[i].bpl = r->trb[i].bph = 0;
	}
	/* the controller never takes the owner's bit of a link TRB away */
	dwc3_trb_set(&r->trb[LINK], dma_addr(r->trb), 0, DWC3_TRBCTL_LINK, 0);
	dma_wmb(); /* orders the empty ring before the command that starts it */
	r->put = r->take = r->used = 0;
}

void dwc3_ring_init(struct dwc3_ring *r, volatile void *mem)
{
	r->trb = mem;
	dwc3_ring_reset(r);
}

static uint8_t after(uint8_t i)
{
	return i + 1 == LINK ? 0 : i + 1;
}

static uint32_t flags_of(bool in, bool last)
{
	/* OUT: a short packet ends its TRB, and the next packet has the next */
	return (last ? DWC3_TRB_IOC : DWC3_TRB_CHN) | (in ? 0 : DWC3_TRB_CSP);
}

int dwc3_ring_add(struct dwc3_ring *r, uint64_t addr, uint32_t len, bool in,
		  bool zlp)
{
	unsigned int need = zlp ? 2 : 1;
	uint8_t first = r->put;

	if (len > DWC3_TRB_MAX)
		return -EINVAL;
	if (r->used + need > LINK)
		return -ENOSPC;
	r->given[first] = len | (zlp ? 0 : LAST);
	r->put = after(first);
	if (zlp) {
		/* from the end, so that the pair is seen whole */
		r->given[r->put] = LAST;
		dwc3_trb_set(&r->trb[r->put], addr, 0, DWC3_TRBCTL_NORMAL,
			     flags_of(in, true));
		dma_wmb(); /* orders the second TRB before the first */
		r->put = after(r->put);
	}
	dwc3_trb_set(&r->trb[first], addr, len, DWC3_TRBCTL_NORMAL,
		     flags_of(in, !zlp));
	r->used = (uint8_t)(r->used + need);
	return 0;
}

/* Bytes moved by a TRB, or -EIO. */
static int64_t moved(const struct dwc3_ring *r, uint8_t i)
{
	uint32_t left = r->trb[i].size & DWC3_TRB_SIZE_MASK;
	uint32_t len = r->given[i] & ~LAST;

	return left > len ? -EIO : (int64_t)(len - left);
}

int dwc3_ring_reclaim(struct dwc3_ring *r, uint32_t *actual)
{
	uint8_t i = r->take, n = 1;
	uint32_t sum = 0;
	int64_t k;
	int err = 0;

	*actual = 0;
	if (!r->used)
		return 0;
	while (!(r->given[i] & LAST)) {
		i = after(i);
		n++;
	}
	if (r->trb[i].ctrl & DWC3_TRB_HWO)
		return 0;
	dma_rmb(); /* orders the owner before what it left behind */
	for (uint8_t j = r->take, m = n; m; m--, j = after(j)) {
		k = moved(r, j);
		if (k < 0 || r->trb[j].ctrl & DWC3_TRB_HWO)
			err = -EIO;
		else
			sum += (uint32_t)k;
	}
	r->take = after(i);
	r->used = (uint8_t)(r->used - n);
	*actual = err ? 0 : sum;
	return err ? err : 1;
}

uint32_t dwc3_ring_progress(const struct dwc3_ring *r)
{
	int64_t k = r->used ? moved(r, r->take) : 0;

	return k > 0 ? (uint32_t)k : 0;
}

uint64_t dwc3_ring_next(const struct dwc3_ring *r)
{
	return dma_addr(&r->trb[r->take]);
}
