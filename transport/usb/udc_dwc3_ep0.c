/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Endpoint 0 of a DWC3: SETUP, data and status stage. The data stage is started
 * as soon as the core gives it, the status stage when the host asks for it
 * (XferNotReady) and the core has said so. A SETUP packet that comes in the
 * middle ends both, which the controller says by a status of their TRBs.
 */
#include <errno.h>

#include "transport/dma.h"
#include "transport/usb/udc_dwc3_internal.h"

#define EP0_PACKET 64
#define EP0_LAST (DWC3_TRB_LST | DWC3_TRB_IOC | DWC3_TRB_ISP_IMI)

int dwc3_ep0_configure(struct udc_dwc3 *w, bool modify)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < 2; i++) {
		struct dwc3_par p = {
			.p0 = DWC3_DEPCFG_TYPE(UDC_EP_CONTROL) |
			      DWC3_DEPCFG_MAX_PACKET(EP0_PACKET) |
			      (modify ? DWC3_DEPCFG_ACTION_MODIFY :
					DWC3_DEPCFG_ACTION_INIT),
			.p1 = DWC3_DEPCFG_XFER_COMPLETE |
			      DWC3_DEPCFG_XFER_NOT_READY |
			      DWC3_DEPCFG_EP_NUMBER(i),
		};

		err = dwc3_command(w, i, DWC3_DEPCFG, p, NULL);
	}
	return err;
}

/* Physical endpoint of the data stage, and of the status stage. */
static unsigned int data_ep(const struct dwc3_ep0 *e)
{
	return e->in;
}

static unsigned int status_ep(const struct dwc3_ep0 *e)
{
	return !(e->three && e->in);
}

static int start(struct udc_dwc3 *w, unsigned int ep)
{
	return dwc3_start_xfer(w, ep, dma_addr(w->ep0.trb), &w->ep0.resource);
}

void dwc3_ep0_arm(struct udc_dwc3 *w)
{
	struct dwc3_ep0 *e = &w->ep0;

	e->phase = DWC3_EP0_SETUP;
	e->asked = e->host_waits = e->overtaken = false;
	dwc3_trb_set(&e->trb[0], dma_addr(e->setup), 8, DWC3_TRBCTL_SETUP,
		     EP0_LAST);
	start(w, 0);
	dwc3_ep_service(w);
}

static void cancel(struct udc_dwc3 *w)
{
	struct dwc3_ep0 *e = &w->ep0;

	if (!e->x)
		return;
	e->cancelled = e->x;
	e->x = NULL;
}

void dwc3_ep0_restart(struct udc_dwc3 *w)
{
	struct dwc3_ep0 *e = &w->ep0;

	if (e->phase == DWC3_EP0_SETUP)
		return;
	if (e->phase == DWC3_EP0_DATA)
		dwc3_end(w, data_ep(e), e->resource, true);
	else if (e->phase == DWC3_EP0_STATUS)
		dwc3_end(w, status_ep(e), e->resource, true);
	cancel(w);
	/* ends by itself with the next SETUP packet */
	dwc3_command(w, 0, DWC3_DEPSETSTALL, (struct dwc3_par){ 0 }, NULL);
	dwc3_ep0_arm(w);
}

static void complete(struct udc_dwc3 *w, struct udc_transfer *x, int status,
		     uint32_t actual)
{
	x->status = status;
	x->actual = actual;
	usbd_on_complete(w->usbd, w->ep0.in ? UDC_EP_IN : 0, x);
}

void dwc3_ep0_deliver(struct udc_dwc3 *w)
{
	struct udc_transfer *x = w->ep0.cancelled;

	w->ep0.cancelled = NULL;
	if (x)
		complete(w, x, -ECANCELED, 0);
}

static void start_status(struct udc_dwc3 *w)
{
	struct dwc3_ep0 *e = &w->ep0;

	if (!e->asked || !e->host_waits)
		return;
	e->phase = DWC3_EP0_STATUS;
	dwc3_trb_set(&e->trb[0], dma_addr(e->setup), 0,
		     e->three ? DWC3_TRBCTL_STATUS3 : DWC3_TRBCTL_STATUS2,
		     EP0_LAST);
	if (start(w, status_ep(e)))
		dwc3_ep0_restart(w);
}

int dwc3_ep0_data(struct udc *u, struct udc_transfer *x)
{
	struct udc_dwc3 *w = dwc3_of(u);
	struct dwc3_ep0 *e = &w->ep0;
	bool zlp = e->in && x->zlp && x->len && !(x->len % EP0_PACKET);
	uint64_t addr = dma_addr(x->buf);

	if (e->phase != DWC3_EP0_DECIDE || !e->three ||
	    (e->in ? x->len > e->length : !x->len || x->len % EP0_PACKET))
		return -EINVAL;
	e->x = x;
	e->phase = DWC3_EP0_DATA;
	if (zlp)
		dwc3_trb_set(&e->trb[1], dma_addr(e->setup), 0,
			     DWC3_TRBCTL_DATA, EP0_LAST);
	dwc3_trb_set(&e->trb[0], addr, x->len, DWC3_TRBCTL_DATA,
		     zlp ? DWC3_TRB_CHN | DWC3_TRB_ISP_IMI : EP0_LAST);
	if (start(w, data_ep(e)))
		dwc3_ep0_restart(w); /* x is told as cancelled */
	return 0;
}

void dwc3_ep0_status(struct udc *u)
{
	struct udc_dwc3 *w = dwc3_of(u);
	struct dwc3_ep0 *e = &w->ep0;

	if (e->phase != DWC3_EP0_BETWEEN &&
	    (e->phase != DWC3_EP0_DECIDE || e->three))
		return;
	e->asked = true;
	start_status(w);
}

void dwc3_ep0_stall(struct udc *u)
{
	dwc3_ep0_restart(dwc3_of(u));
}

static void got_setup(struct udc_dwc3 *w)
{
	struct dwc3_ep0 *e = &w->ep0;
	uint8_t s[8];

	for (unsigned int i = 0; i < sizeof(s); i++)
		s[i] = e->setup[i];
	e->phase = DWC3_EP0_DECIDE;
	e->length = (uint16_t)(s[6] | s[7] << 8);
	e->three = e->length;
	e->in = e->three && s[0] & UDC_EP_IN;
	usbd_on_setup(w->usbd, s);
}

static bool overtaken(const struct dwc3_ep0 *e)
{
	return DWC3_TRB_STATUS(e->trb[0].size) == DWC3_TRBSTS_SETUP_PENDING;
}

static void got_data(struct udc_dwc3 *w)
{
	struct dwc3_ep0 *e = &w->ep0;
	struct udc_transfer *x = e->x;
	uint32_t left = e->trb[0].size & DWC3_TRB_SIZE_MASK;

	e->x = NULL;
	e->phase = DWC3_EP0_BETWEEN;
	if (overtaken(e)) {
		/* the controller wants its status stage all the same */
		e->asked = e->overtaken = true;
		complete(w, x, -ECANCELED, 0);
		start_status(w);
		return;
	}
	if (left > x->len) {
		w->bad_trbs++;
		complete(w, x, -EIO, 0);
		return;
	}
	complete(w, x, 0, x->len - left);
}

static void got_status(struct udc_dwc3 *w)
{
	bool tell = !w->ep0.overtaken && !overtaken(&w->ep0);

	dwc3_ep0_arm(w);
	if (tell)
		usbd_on_status(w->usbd);
}

static void completed(struct udc_dwc3 *w, unsigned int phys)
{
	struct dwc3_ep0 *e = &w->ep0;

	if (e->trb[0].ctrl & DWC3_TRB_HWO) {
		w->bad_trbs++;
		return; /* it is not: the controller contradicts itself */
	}
	dma_rmb(); /* orders the owner before what it left behind */
	if (e->phase == DWC3_EP0_SETUP && phys == 0)
		got_setup(w);
	else if (e->phase == DWC3_EP0_DATA && phys == data_ep(e))
		got_data(w);
	else if (e->phase == DWC3_EP0_STATUS && phys == status_ep(e))
		got_status(w);
}

void dwc3_ep0_event(struct udc_dwc3 *w, unsigned int phys,
		    const struct dwc3_event *ev)
{
	struct dwc3_ep0 *e = &w->ep0;

	if (ev->kind == DWC3_EVENT_COMPLETE) {
		completed(w, phys);
	} else if (ev->kind != DWC3_EVENT_NOT_READY ||
		   e->phase == DWC3_EP0_SETUP) {
		return;
	} else if (ev->status == DWC3_NOT_READY_STATUS) {
		e->host_waits = true;
		if (e->phase == DWC3_EP0_DECIDE || e->phase == DWC3_EP0_BETWEEN)
			start_status(w);
	} else if (ev->status == DWC3_NOT_READY_DATA &&
		   e->phase == DWC3_EP0_DATA && phys != data_ep(e)) {
		dwc3_ep0_restart(w); /* the host turned round */
	}
}
