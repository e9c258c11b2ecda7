/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Endpoints of a DWC3 other than 0: one ring of TRBs each, in one transfer that
 * is started when the endpoint is opened and never ends by itself, so that
 * each further TRB costs one command without an answer. What cannot be done at
 * once (a transfer ends only while endpoint 0 expects a SETUP packet) is noted
 * and done by dwc3_ep_service().
 */
#include <errno.h>

#include "transport/dma.h"
#include "transport/usb/udc_dwc3_internal.h"

static struct dwc3_ep *find(struct udc_dwc3 *w, uint8_t addr,
			    unsigned int *i)
{
	unsigned int n = UDC_EP_NUMBER(addr);

	*i = 2 * n + (addr & UDC_EP_IN ? 1 : 0);
	return n ? &w->ep[*i] : NULL;
}

static uint8_t address(unsigned int i)
{
	return (uint8_t)(i / 2 | (i & 1 ? UDC_EP_IN : 0));
}

/*
 * A physical endpoint, for as long as the controller runs: of the same number,
 * as everybody does it, or any that is free where the core has none of that
 * number (an RK3399 has 13, and ours go to 0x86, which would be the 14th).
 */
static int take_physical(struct udc_dwc3 *w, unsigned int i)
{
	unsigned int p = i;

	if (w->ep[i].phys)
		return 0;
	if (p >= w->num_eps || w->ep_of[p])
		for (p = w->num_eps - 1u; p >= 2 && w->ep_of[p];)
			p--;
	if (p < 2)
		return -ENOSPC;
	w->ep[i].phys = (uint8_t)p;
	w->ep_of[p] = (uint8_t)i;
	return 0;
}

static struct udc_transfer *nth(const struct dwc3_ep *ep, unsigned int i)
{
	return ep->fifo[(ep->at + i) % UDC_DWC3_FIFO];
}

/* The oldest one that is not finished yet is, with this result. */
static void finish(struct dwc3_ep *ep, int status, uint32_t actual)
{
	struct udc_transfer *x = nth(ep, ep->finished);

	if (ep->cancelled) {
		ep->cancelled--;
		status = -ECANCELED;
	}
	x->status = status;
	x->actual = actual;
	ep->finished++;
}

/* Those that the controller is done with. */
static void reap(struct udc_dwc3 *w, struct dwc3_ep *ep)
{
	while (ep->on_ring) {
		uint32_t actual;
		int r = dwc3_ring_reclaim(&ep->ring, &actual);

		if (!r)
			return;
		if (r < 0)
			w->bad_trbs++;
		ep->on_ring--;
		finish(ep, r < 0 ? r : 0, r < 0 ? 0 : actual + ep->first_done);
		ep->first_done = 0;
	}
}

/* Those that end without the controller. */
static void reap_others(struct dwc3_ep *ep)
{
	while (ep->cancelled && !ep->running)
		finish(ep, -ECANCELED, 0);
	while (ep->failed && ep->finished < ep->count)
		finish(ep, -EIO, 0);
}

static void service(struct udc_dwc3 *w, unsigned int i);

/* Tell the core; it may call anything of ours from there. */
static void deliver(struct udc_dwc3 *w, unsigned int i)
{
	struct dwc3_ep *ep = &w->ep[i];

	for (unsigned int n = 0; n < 2 * UDC_DWC3_FIFO; n++) {
		struct udc_transfer *x = nth(ep, 0);

		reap_others(ep);
		if (!ep->finished)
			break;
		ep->at = (ep->at + 1) % UDC_DWC3_FIFO;
		ep->count--;
		ep->finished--;
		usbd_on_complete(w->usbd, address(i), x);
	}
	service(w, i);
}

/* ---- putting transfers on the ring ---------------------------------------- */

static int put_on_ring(struct dwc3_ep *ep, unsigned int i)
{
	struct udc_transfer *x = nth(ep, ep->finished + ep->on_ring);
	bool in = i & 1;
	uint32_t skip = ep->on_ring ? 0 : ep->first_done;
	bool zlp = in && x->zlp && x->len && !(x->len % ep->max_packet);
	int err = dwc3_ring_add(&ep->ring, dma_addr(x->buf) + skip,
				x->len - skip, in, zlp && x->len > skip);

	if (!err)
		ep->on_ring++;
	return err;
}

static bool takes(const struct dwc3_ep *ep)
{
	return ep->running && !ep->stop_due;
}

/* ---- states ------------------------------------------------------------------ */

static int configure(struct udc_dwc3 *w, unsigned int i)
{
	struct dwc3_ep *ep = &w->ep[i];
	uint8_t interval = ep->interval > 14 ? 13 :
			   ep->interval	     ? ep->interval - 1 :
					       0;
	struct dwc3_par p = {
		.p0 = DWC3_DEPCFG_TYPE(ep->type) |
		      DWC3_DEPCFG_MAX_PACKET(ep->max_packet) |
		      (i & 1 ? DWC3_DEPCFG_FIFO(i / 2) : 0) |
		      DWC3_DEPCFG_ACTION_INIT,
		.p1 = DWC3_DEPCFG_XFER_IN_PROGRESS |
		      DWC3_DEPCFG_INTERVAL_M1(interval) |
		      DWC3_DEPCFG_EP_NUMBER(i),
	};
	int err = dwc3_command(w, ep->phys, DWC3_DEPCFG, p, NULL);

	if (err)
		return err;
	dwc3_change(w, DWC3_DALEPENA, 0, 1u << ep->phys);
	ep->configured = true;
	return 0;
}

/* Everything that is queued and not cancelled, on a new ring. */
static int start(struct udc_dwc3 *w, unsigned int i)
{
	struct dwc3_ep *ep = &w->ep[i];
	int err;

	dwc3_ring_reset(&ep->ring);
	ep->on_ring = 0;
	while (ep->finished + ep->on_ring < ep->count)
		if (put_on_ring(ep, i))
			return -EIO;
	err = dwc3_start_xfer(w, ep->phys, dwc3_ring_next(&ep->ring),
			      &ep->resource);
	ep->running = !err;
	return err;
}

/* What the transfer did is known, and what of it is kept. */
static void stop(struct udc_dwc3 *w, unsigned int i)
{
	struct dwc3_ep *ep = &w->ep[i];
	uint32_t done;

	/* cancelled: nobody asks how far it got */
	dwc3_end(w, ep->phys, ep->resource, ep->cancelled);
	ep->running = ep->stop_due = false;
	reap(w, ep);
	if (ep->on_ring && !ep->cancelled) {
		done = dwc3_ring_progress(&ep->ring);
		if (!(done % ep->max_packet))
			ep->first_done += done;
	} else {
		ep->first_done = 0;
	}
	ep->on_ring = 0;
}

/*
 * A controller that ran out of TRBs looks again when it is told to. Once for
 * many: each command costs a write that a busy bus makes slow.
 */
static void tell(struct udc_dwc3 *w, struct dwc3_ep *ep)
{
	if (ep->update_due && ep->running)
		dwc3_update(w, ep->phys, ep->resource);
	ep->update_due = false;
}

static void service(struct udc_dwc3 *w, unsigned int i)
{
	struct dwc3_ep *ep = &w->ep[i];

	tell(w, ep);
	if (ep->stop_due && dwc3_may_end(w))
		stop(w, i);
	if (ep->stop_due || ep->failed)
		return;
	if (ep->clear_due) {
		ep->clear_due = ep->halted = false;
		dwc3_command(w, ep->phys, DWC3_DEPCLEARSTALL,
			     (struct dwc3_par){ 0 }, NULL);
	}
	/* those that were cancelled are told first */
	if (!ep->open || ep->running || ep->cancelled)
		return;
	if ((!ep->configured && configure(w, i)) || start(w, i))
		ep->failed = true;
}

void dwc3_ep_service(struct udc_dwc3 *w)
{
	for (unsigned int i = 2; i < DWC3_ENDPOINTS; i++)
		service(w, i);
}

void dwc3_ep_deliver(struct udc_dwc3 *w)
{
	for (unsigned int i = 2; i < DWC3_ENDPOINTS; i++)
		if (w->ep[i].count || w->ep[i].open)
			deliver(w, i);
}

/* ---- the core's calls ---------------------------------------------------------- */

int dwc3_ep_open(struct udc *u, uint8_t addr, enum udc_ep_type type,
		 uint16_t max_packet, uint8_t interval)
{
	struct udc_dwc3 *w = dwc3_of(u);
	unsigned int i;
	struct dwc3_ep *ep = find(w, addr, &i);

	if (!max_packet || max_packet > 1024 ||
	    (type != UDC_EP_BULK && type != UDC_EP_INTERRUPT))
		return -EINVAL;
	if (!ep || (i & 1 && (i / 2 >= w->num_in_eps ||
				 !dwc3_fifo_holds(w, i / 2, max_packet))))
		return -ENOSPC;
	if (ep->open)
		return -EINVAL;
	if (take_physical(w, i))
		return -ENOSPC;
	ep->type = (uint8_t)type;
	ep->max_packet = max_packet;
	ep->interval = interval;
	ep->open = true;
	ep->configured = ep->failed = false;
	service(w, i);
	return ep->failed ? -ENOSPC : 0;
}

static void cancel_all(struct udc_dwc3 *w, unsigned int i)
{
	struct dwc3_ep *ep = &w->ep[i];

	ep->cancelled = ep->count - ep->finished;
	ep->stop_due = ep->running;
	service(w, i);
}

static void close(struct udc_dwc3 *w, unsigned int i)
{
	struct dwc3_ep *ep = &w->ep[i];

	if (!ep->open)
		return;
	ep->open = false;
	ep->clear_due = ep->halted;
	dwc3_change(w, DWC3_DALEPENA, 1u << ep->phys, 0);
	cancel_all(w, i);
}

void dwc3_ep_close(struct udc *u, uint8_t addr)
{
	unsigned int i;

	if (find(dwc3_of(u), addr, &i))
		close(dwc3_of(u), i);
}

void dwc3_ep_close_all(struct udc_dwc3 *w)
{
	for (unsigned int i = 2; i < DWC3_ENDPOINTS; i++)
		close(w, i);
}

int dwc3_ep_submit(struct udc *u, uint8_t addr, struct udc_transfer *x)
{
	struct udc_dwc3 *w = dwc3_of(u);
	unsigned int i;
	struct dwc3_ep *ep = find(w, addr, &i);

	if (!ep || !ep->open || ep->failed)
		return -ENODEV;
	if (x->len > DWC3_TRB_MAX ||
	    (!(i & 1) && (!x->len || x->len % ep->max_packet)))
		return -EINVAL;
	if (ep->count - ep->finished - ep->cancelled >= UDC_QUEUE ||
	    ep->count == UDC_DWC3_FIFO) {
		tell(w, ep);
		return -EAGAIN;
	}
	ep->fifo[(ep->at + ep->count) % UDC_DWC3_FIFO] = x;
	ep->count++;
	if (!takes(ep))
		return 0; /* with the others, when it starts again */
	if (put_on_ring(ep, i)) {
		ep->count--;
		tell(w, ep);
		return -EAGAIN;
	}
	ep->update_due = true;
	if (!x->more)
		tell(w, ep);
	return 0;
}

void dwc3_ep_flush(struct udc *u, uint8_t addr)
{
	unsigned int i;
	struct dwc3_ep *ep = find(dwc3_of(u), addr, &i);

	if (ep && ep->open)
		cancel_all(dwc3_of(u), i);
}

void dwc3_ep_halt(struct udc *u, uint8_t addr, bool halt)
{
	struct udc_dwc3 *w = dwc3_of(u);
	unsigned int i;
	struct dwc3_ep *ep = find(w, addr, &i);

	if (!ep || !ep->open)
		return;
	if (halt) {
		ep->halted = true;
		dwc3_command(w, ep->phys, DWC3_DEPSETSTALL, (struct dwc3_par){ 0 },
			     NULL);
		return;
	}
	ep->clear_due = true;
	ep->stop_due = ep->running;
	service(w, i);
}

void dwc3_ep_event(struct udc_dwc3 *w, unsigned int phys,
		   const struct dwc3_event *e)
{
	unsigned int i = w->ep_of[phys];
	struct dwc3_ep *ep = &w->ep[i];

	if (!i)
		return;
	if (e->kind != DWC3_EVENT_IN_PROGRESS && e->kind != DWC3_EVENT_COMPLETE)
		return;
	reap(w, ep);
	/* not asked for: no TRB says that it is the last one */
	if (e->kind == DWC3_EVENT_COMPLETE && ep->running) {
		ep->stop_due = true;
		service(w, i);
	}
	deliver(w, i);
}

bool dwc3_ep_idle(const struct udc_dwc3 *w)
{
	for (unsigned int i = 3; i < DWC3_ENDPOINTS; i += 2)
		if (w->ep[i].open && w->ep[i].count)
			return false;
	return true;
}
