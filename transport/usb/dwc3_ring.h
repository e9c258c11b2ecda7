/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A ring of TRBs (transfer request blocks) of one endpoint of a DWC3, closed
 * by a link TRB. Pure. A transfer is one TRB, or two where a zero-length
 * packet follows. The controller is not trusted: what it writes is compared
 * with a private copy of what it was given, and nothing else in a TRB is read.
 */
#ifndef TRANSPORT_USB_DWC3_RING_H
#define TRANSPORT_USB_DWC3_RING_H

#include <stdbool.h>
#include <stdint.h>

/* TRBs with the link: twice UDC_QUEUE fit. */
#define DWC3_RING_TRBS 256
#define DWC3_RING_BYTES (DWC3_RING_TRBS * 16)
#define DWC3_RING_ALIGN 16
/* Bytes of a TRB's buffer, at the most. */
#define DWC3_TRB_MAX 0x00ffff00u

struct dwc3_trb {
	uint32_t bpl, bph; /* buffer */
	uint32_t size;	   /* bytes; written back: bytes that are left; status */
	uint32_t ctrl;
};

struct dwc3_ring {
	volatile struct dwc3_trb *trb;
	uint8_t put, take; /* indices below DWC3_RING_TRBS - 1 */
	uint8_t used;	   /* TRBs that are the controller's */
	/* bytes of each, and whether it is the last one of its transfer */
	uint32_t given[DWC3_RING_TRBS];
};

/* mem: DWC3_RING_BYTES; is cleared but for the link. */
void dwc3_ring_init(struct dwc3_ring *r, volatile void *mem);

/* As if new, where the controller certainly uses it no more. */
void dwc3_ring_reset(struct dwc3_ring *r);

/*
 * Hand over a transfer of len bytes at bus address addr. A zlp follows as a
 * packet of its own. 0; -ENOSPC; -EINVAL: too long.
 */
int dwc3_ring_add(struct dwc3_ring *r, uint64_t addr, uint32_t len, bool in,
		  bool zlp);

/*
 * Take back the oldest transfer if the controller is done with it: 1 and how
 * many bytes were moved; 0: none is done; -EIO: it is done, and what the
 * controller says of it cannot be (*actual is 0).
 */
int dwc3_ring_reclaim(struct dwc3_ring *r, uint32_t *actual);

/*
 * How far the oldest transfer got, after End Transfer: bytes moved of it, no
 * more than it has; 0 where that is not known.
 */
uint32_t dwc3_ring_progress(const struct dwc3_ring *r);

/* Bus address of the next TRB that the controller is to look at. */
uint64_t dwc3_ring_next(const struct dwc3_ring *r);

/* Fill one TRB, its owner last. type: DWC3_TRBCTL_*; flags: DWC3_TRB_*. */
void dwc3_trb_set(volatile struct dwc3_trb *t, uint64_t addr, uint32_t len,
		  unsigned int type, uint32_t flags);

#endif
