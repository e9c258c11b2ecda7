/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TRB rings of all endpoints, and packets of bulk and interrupt endpoints:
 * link, chain, LST, CSP, ISP, IOC, HWO, short and zero-length packets. One
 * TRB is held in the controller's cache, fetched as soon as the one before it
 * is done; one whose HWO was 0 is not looked at again before an Update
 * Transfer.
 */
#include "qemu/osdep.h"
#include "dwc3.h"
#include "hw/usb/trace.h"
#include "sysemu/dma.h"

/* Links in a row before it is called a loop. */
#define LINKS 4

static bool trb_read(HsDwc3 *s, int ep, uint64_t at, struct hs_trb *trb)
{
	uint32_t w[4];

	if (dma_memory_read(&s->dma, at, w, sizeof(w),
			    MEMTXATTRS_UNSPECIFIED) != MEMTX_OK) {
		REG(s, GSTS) |= GSTS_BUS_ERR_ADDR_VLD;
		REG(s, GBUSERRADDR0) = at;
		REG(s, GBUSERRADDR1) = at >> 32;
		dwc3_mistake(s, ep, "a TRB is in no memory", at);
		return false;
	}
	trb->at = at;
	trb->buffer = (uint64_t)le32_to_cpu(w[1]) << 32 | le32_to_cpu(w[0]);
	trb->size = le32_to_cpu(w[2]);
	trb->ctrl = le32_to_cpu(w[3]);
	return true;
}

/* Is there a TRB to work on? Fetches the next one where there may be one. */
bool dwc3_trb_get(HsDwc3 *s, int ep)
{
	struct hs_ep *e = &s->ep[ep];
	struct hs_trb trb;
	int links = 0;

	if (e->have_trb)
		return true;
	if (!e->active || e->starved)
		return false;
	for (;;) {
		if (!trb_read(s, ep, e->next, &trb)) {
			e->starved = true;
			return false;
		}
		if (!(trb.ctrl & TRB_HWO)) {
			e->starved = true;
			return false;
		}
		if (TRB_TRBCTL(trb.ctrl) != TRBCTL_LINK)
			break;
		if (++links > LINKS || trb.buffer & (TRB_SIZE_OF - 1)) {
			dwc3_mistake(s, ep, "a Link TRB leads nowhere", trb.at);
			e->starved = true;
			return false;
		}
		e->next = trb.buffer;
	}
	trace_hsdwc3_trb(ep, trb.at, trb.size, trb.ctrl);
	if (ep > 1 && TRB_TRBCTL(trb.ctrl) != TRBCTL_NORMAL) {
		dwc3_mistake(s, ep, "TRBCTL is not for this endpoint",
			     TRB_TRBCTL(trb.ctrl));
		e->starved = true;
		return false;
	}
	e->trb = trb;
	e->have_trb = true;
	e->next = trb.at + TRB_SIZE_OF;
	return true;
}

/*
 * Write the TRB in the cache back: what is left of its buffer, its status,
 * HWO off. The buffer's address is not written: a SETUP packet may have been
 * stored where the TRB itself is.
 */
void dwc3_trb_done(HsDwc3 *s, int ep, uint32_t left, uint32_t status)
{
	struct hs_ep *e = &s->ep[ep];
	uint32_t size = (e->trb.size & ~(TRB_BUFSIZ_MASK | TRB_STS(15))) |
			left | TRB_STS(status);
	uint32_t ctrl = e->trb.ctrl & ~TRB_HWO;
	uint32_t w[2] = { cpu_to_le32(size), cpu_to_le32(ctrl) };

	trace_hsdwc3_trb_done(ep, e->trb.at, size, ctrl);
	dma_memory_write(&s->dma, e->trb.at + 8, w, sizeof(w),
			 MEMTXATTRS_UNSPECIFIED);
	e->trb.size = size;
	e->have_trb = false;
}

/* Between a TRB's buffer and the FIFO. */
bool dwc3_trb_copy(HsDwc3 *s, int ep, uint8_t *data, uint32_t length,
		   bool to_memory)
{
	struct hs_ep *e = &s->ep[ep];
	MemTxResult result;

	if (!length)
		return true;
	result = dma_memory_rw(&s->dma, e->trb.buffer, data, length,
			       to_memory ? DMA_DIRECTION_FROM_DEVICE
					 : DMA_DIRECTION_TO_DEVICE,
			       MEMTXATTRS_UNSPECIFIED);
	if (result == MEMTX_OK)
		return true;
	REG(s, GSTS) |= GSTS_BUS_ERR_ADDR_VLD;
	REG(s, GBUSERRADDR0) = e->trb.buffer;
	REG(s, GBUSERRADDR1) = e->trb.buffer >> 32;
	dwc3_mistake(s, ep, "a TRB's buffer is no memory", e->trb.buffer);
	e->bus_error = true;
	return false;
}

/* The transfer is over: Start Transfer comes before anything else. */
void dwc3_xfer_end(HsDwc3 *s, int ep, uint32_t status)
{
	struct hs_ep *e = &s->ep[ep];

	e->active = false;
	e->have_trb = false;
	e->starved = false;
	e->told = false;
	if (e->bus_error)
		status |= DEPEVT_BUSERR;
	e->bus_error = false;
	if (e->par1 & DEPCFG_XFER_COMPLETE_EN)
		dwc3_event(s, DEPEVT(ep, DEPEVT_XFERCOMPLETE, status, 0));
}

static void in_progress(HsDwc3 *s, int ep, uint32_t status)
{
	struct hs_ep *e = &s->ep[ep];

	if (e->bus_error)
		status |= DEPEVT_BUSERR;
	e->bus_error = false;
	if (e->par1 & DEPCFG_XFER_IN_PROGRESS_EN)
		dwc3_event(s, DEPEVT(ep, DEPEVT_XFERINPROGRESS, status, 0));
}

/* A token came and there is nothing for it: told once. */
void dwc3_not_ready(HsDwc3 *s, int ep, uint32_t status)
{
	struct hs_ep *e = &s->ep[ep];

	if (e->told || !(e->par1 & DEPCFG_XFER_NOT_READY_EN))
		return;
	e->told = true;
	if (e->active)
		status |= DEPEVT_TRANSFER_ACTIVE;
	dwc3_event(s, DEPEVT(ep, DEPEVT_XFERNOTREADY, status,
			     dwc3_frame(s) & 0xffff));
}

/* The TRB in the cache is used up; its events. */
static void trb_finish(HsDwc3 *s, int ep, uint32_t left)
{
	uint32_t ctrl = s->ep[ep].trb.ctrl;

	dwc3_trb_done(s, ep, left, 0);
	if (ctrl & TRB_LST)
		dwc3_xfer_end(s, ep, DEPEVT_LST |
				     (ctrl & TRB_IOC ? DEPEVT_IOC : 0));
	else if (ctrl & TRB_IOC)
		in_progress(s, ep, DEPEVT_IOC);
	dwc3_trb_get(s, ep);
}

/*
 * Is the rest of the TD there for one packet of up to `wanted` bytes? A packet
 * is not begun before its last byte can be had.
 */
static bool packet_ready(HsDwc3 *s, int ep, uint32_t wanted)
{
	struct hs_trb trb = s->ep[ep].trb;
	uint32_t have = trb.size & TRB_BUFSIZ_MASK;
	int links = 0;

	while (have < wanted && trb.ctrl & TRB_CHN && !(trb.ctrl & TRB_LST)) {
		uint64_t at = trb.at + TRB_SIZE_OF;

		do {
			if (!trb_read(s, ep, at, &trb) ||
			    !(trb.ctrl & TRB_HWO) || ++links > 64) {
				s->ep[ep].starved = true;
				return false;
			}
			at = trb.buffer;
		} while (TRB_TRBCTL(trb.ctrl) == TRBCTL_LINK);
		have += trb.size & TRB_BUFSIZ_MASK;
	}
	return true;
}

/*
 * One packet of an IN endpoint. It is short where the TD ends; a TD that ends
 * on a packet's edge is followed by no empty packet unless it has an empty TRB
 * at its end.
 */
int dwc3_packet_in(HsDwc3 *s, int ep, uint8_t *data)
{
	struct hs_ep *e = &s->ep[ep];
	uint32_t mps = DEPCFG_MPS(e->par0), got = 0;
	int trbs;

	if (!dwc3_trb_get(s, ep))
		return HS_NAK;
	if (e->starved || !packet_ready(s, ep, mps))
		return HS_NAK;
	for (trbs = 0; trbs < HSDWC3_TRBS_A_PACKET; trbs++) {
		uint32_t left = e->trb.size & TRB_BUFSIZ_MASK;
		uint32_t part = MIN(left, mps - got);
		uint32_t ctrl = e->trb.ctrl;

		dwc3_trb_copy(s, ep, data + got, part, false);
		got += part;
		e->trb.buffer += part;
		e->trb.size -= part;
		if (part < left)
			return got;
		trb_finish(s, ep, 0);
		if (got == mps || !(ctrl & TRB_CHN) || ctrl & TRB_LST)
			return got;
		if (!dwc3_trb_get(s, ep))
			break;
	}
	return got;
}

/* After a short packet: over the rest of the TD, whose TRBs stay as they are.
 * Returns the control word of its last TRB. */
static uint32_t skip_chain(HsDwc3 *s, int ep, uint32_t ctrl)
{
	struct hs_ep *e = &s->ep[ep];
	int count = 0;

	while (ctrl & TRB_CHN && !(ctrl & TRB_LST) && count++ < HSDWC3_TRBS_A_PACKET) {
		if (!dwc3_trb_get(s, ep)) {
			dwc3_mistake(s, ep, "a chain without an end", e->next);
			return ctrl;
		}
		ctrl = e->trb.ctrl;
		e->have_trb = false;
	}
	return ctrl;
}

static void short_packet(HsDwc3 *s, int ep, uint32_t left)
{
	uint32_t first = s->ep[ep].trb.ctrl, last;
	uint32_t status = DEPEVT_SHORT;

	dwc3_trb_done(s, ep, left, 0);
	last = skip_chain(s, ep, first);
	if (last & TRB_IOC)
		status |= DEPEVT_IOC;
	if (last & TRB_LST || !(first & TRB_CSP))
		dwc3_xfer_end(s, ep, status | (last & TRB_LST ? DEPEVT_LST : 0));
	else if ((first | last) & TRB_ISP || last & TRB_IOC)
		in_progress(s, ep, status);
	dwc3_trb_get(s, ep);
}

/* One packet of an OUT endpoint. */
int dwc3_packet_out(HsDwc3 *s, int ep, const uint8_t *data, uint32_t length)
{
	struct hs_ep *e = &s->ep[ep];
	uint32_t mps = DEPCFG_MPS(e->par0), done = 0;
	int trbs;

	if (length > mps)
		return HS_SILENT; /* babble */
	if (!dwc3_trb_get(s, ep))
		return HS_NAK;
	if (e->starved || !packet_ready(s, ep, length))
		return HS_NAK;
	for (trbs = 0; trbs < HSDWC3_TRBS_A_PACKET; trbs++) {
		uint32_t room = e->trb.size & TRB_BUFSIZ_MASK;
		uint32_t part = MIN(room, length - done);
		uint32_t ctrl = e->trb.ctrl;

		dwc3_trb_copy(s, ep, (uint8_t *)data + done, part, true);
		done += part;
		e->trb.buffer += part;
		e->trb.size -= part;
		if (done == length && length < mps) {
			short_packet(s, ep, room - part);
			return length;
		}
		if (part < room)
			return length;
		if (done < length && (!(ctrl & TRB_CHN) || ctrl & TRB_LST)) {
			dwc3_mistake(s, ep, "an OUT buffer is no multiple of "
				     "the packet size; data lost", length - done);
			e->bus_error = true;
			done = length;
		}
		trb_finish(s, ep, 0);
		if (done == length || !dwc3_trb_get(s, ep))
			break;
	}
	return length;
}
