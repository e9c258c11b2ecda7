/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* What the files of the DWC3 driver share. */
#ifndef TRANSPORT_USB_UDC_DWC3_INTERNAL_H
#define TRANSPORT_USB_UDC_DWC3_INTERNAL_H

#include "transport/usb/dwc3_io.h"
#include "transport/usb/udc_dwc3.h"

static inline struct udc_dwc3 *dwc3_of(struct udc *u)
{
	return (struct udc_dwc3 *)u;
}

static inline uint32_t dwc3_get(const struct udc_dwc3 *w, uint32_t reg)
{
	return dwc3_read(w->base, reg);
}

static inline void dwc3_put(const struct udc_dwc3 *w, uint32_t reg, uint32_t v)
{
	dwc3_write(w->base, reg, v);
}

/* Clear some bits, then set some. */
static inline void dwc3_change(const struct udc_dwc3 *w, uint32_t reg,
			       uint32_t clear, uint32_t set)
{
	dwc3_put(w, reg, (dwc3_get(w, reg) & ~clear) | set);
}

/* DCTL asks for a link state by its field: none where nothing else is said. */
static inline void dwc3_change_dctl(const struct udc_dwc3 *w, uint32_t clear,
				    uint32_t set)
{
	dwc3_change(w, DWC3_DCTL, clear | DWC3_DCTL_ULSTCHNGREQ_MASK, set);
}

/* Wait until (reg & mask) == want. -ETIMEDOUT. */
int dwc3_wait(struct udc_dwc3 *w, uint32_t reg, uint32_t mask, uint32_t want,
	      uint32_t us);

struct dwc3_par {
	uint32_t p0, p1, p2;
};

/*
 * A command to a physical endpoint; waits for its end. 0, -ETIMEDOUT, -EIO:
 * the controller refuses. *resource, where not NULL: the transfer's index.
 */
int dwc3_command(struct udc_dwc3 *w, unsigned int ep, uint32_t cmd,
		 struct dwc3_par par, uint8_t *resource);
/* Update Transfer, which wants no answer. */
void dwc3_update(struct udc_dwc3 *w, unsigned int ep, uint8_t resource);
/* End Transfer, and until the controller lets go of its memory. */
void dwc3_end(struct udc_dwc3 *w, unsigned int ep, uint8_t resource,
	      bool force);
int dwc3_start_xfer(struct udc_dwc3 *w, unsigned int ep, uint64_t trb,
		    uint8_t *resource);

/* End Transfer would not be heard while a SETUP packet waits for its TRB. */
static inline bool dwc3_may_end(const struct udc_dwc3 *w)
{
	return w->ep0.phase == DWC3_EP0_SETUP ||
	       w->ep0.phase == DWC3_EP0_DECIDE;
}

/* ---- udc_dwc3_ep.c ---- */

int dwc3_ep_open(struct udc *u, uint8_t addr, enum udc_ep_type type,
		 uint16_t max_packet, uint8_t interval);
void dwc3_ep_close(struct udc *u, uint8_t addr);
int dwc3_ep_submit(struct udc *u, uint8_t addr, struct udc_transfer *x);
void dwc3_ep_flush(struct udc *u, uint8_t addr);
void dwc3_ep_halt(struct udc *u, uint8_t addr, bool halt);
/* The controller did something on a physical endpoint, 2..31. */
void dwc3_ep_event(struct udc_dwc3 *w, unsigned int phys,
		   const struct dwc3_event *e);
/* What was put off until now, on all endpoints. */
void dwc3_ep_service(struct udc_dwc3 *w);
/* Tell the core of transfers that ended without the controller. */
void dwc3_ep_deliver(struct udc_dwc3 *w);
/* All are closed, their transfers are cancelled but not told yet. */
void dwc3_ep_close_all(struct udc_dwc3 *w);
/* Nothing is queued for the host. */
bool dwc3_ep_idle(const struct udc_dwc3 *w);

/* ---- udc_dwc3_ep0.c ---- */

int dwc3_ep0_configure(struct udc_dwc3 *w, bool modify);
void dwc3_ep0_event(struct udc_dwc3 *w, unsigned int phys,
		    const struct dwc3_event *e);
/* Wait for a SETUP packet. */
void dwc3_ep0_arm(struct udc_dwc3 *w);
/* Whatever it is at, back to waiting for one; its transfer is cancelled. */
void dwc3_ep0_restart(struct udc_dwc3 *w);
void dwc3_ep0_deliver(struct udc_dwc3 *w);
int dwc3_ep0_data(struct udc *u, struct udc_transfer *x);
void dwc3_ep0_status(struct udc *u);
void dwc3_ep0_stall(struct udc *u);

/* ---- udc_dwc3_fifo.c ---- */

/* Give each IN endpoint a FIFO that holds a packet, where they have none. */
void dwc3_fifo_setup(struct udc_dwc3 *w);
/* Does the FIFO of that IN endpoint hold a packet of that size? */
bool dwc3_fifo_holds(const struct udc_dwc3 *w, unsigned int number,
		     uint16_t max_packet);

#endif
