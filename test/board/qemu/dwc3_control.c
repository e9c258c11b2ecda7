/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoint 0: SETUP, data and status stages on the physical endpoints 0 (OUT)
 * and 1 (IN), and what happens when a SETUP packet comes in the middle.
 */
#include "qemu/osdep.h"
#include "dwc3.h"
#include "hw/usb/trace.h"

#define REQ_SET_ADDRESS 5

static int data_ep(HsDwc3 *s)
{
	return s->control.in ? 1 : 0;
}

static int status_ep(HsDwc3 *s)
{
	return s->control.three_stages && s->control.in ? 0 : 1;
}

static uint32_t trbctl(HsDwc3 *s, int ep)
{
	return dwc3_trb_get(s, ep) ? TRB_TRBCTL(s->ep[ep].trb.ctrl) : 0;
}

static bool is_status(uint32_t ctl)
{
	return ctl == TRBCTL_STATUS2 || ctl == TRBCTL_STATUS3;
}

/* Store the waiting SETUP packet in the buffer of ep 0's SETUP TRB. */
static void store_setup(HsDwc3 *s)
{
	struct hs_control *c = &s->control;
	struct hs_ep *e = &s->ep[0];

	if (!c->setup_pending || trbctl(s, 0) != TRBCTL_SETUP)
		return;
	c->setup_pending = false;
	c->lost = false;
	/* A stall set while the packet waited was for the one before it. */
	e->stalled = false;
	c->in = c->setup[0] & 0x80;
	c->three_stages = lduw_le_p(c->setup + 6) != 0;
	c->stage = c->three_stages ? STAGE_DATA : STAGE_STATUS;
	c->data_done = false;
	s->ep[0].told = false;
	s->ep[1].told = false;
	if ((e->trb.size & TRB_BUFSIZ_MASK) < 8)
		dwc3_mistake(s, 0, "a SETUP TRB of less than 8 bytes",
			     e->trb.size);
	dwc3_trb_copy(s, 0, c->setup, 8, true);
	dwc3_trb_done(s, 0, 0, 0);
	dwc3_xfer_end(s, 0, DEPEVT_LST | DEPEVT_IOC);
	dwc3_setup_stored(s);
}

/* The TRB of a stage that will not come: a SETUP packet is there instead. */
static void give_back(HsDwc3 *s, int ep)
{
	dwc3_trb_done(s, ep, s->ep[ep].trb.size & TRB_BUFSIZ_MASK,
		      TRBSTS_SETUP_PENDING);
	dwc3_xfer_end(s, ep, DEPEVT_LST);
}

/*
 * A new SETUP packet ends the transfer before it: its data and status TRBs
 * come back with SETUP_PENDING, also those started only now. The driver is led
 * through the status stage all the same.
 */
static void abandon(HsDwc3 *s)
{
	struct hs_control *c = &s->control;

	if (c->stage == STAGE_DATA) {
		int ep = data_ep(s);

		if (!c->data_done) {
			if (trbctl(s, ep) != TRBCTL_DATA)
				return;
			give_back(s, ep);
		}
		c->stage = STAGE_STATUS;
	}
	if (c->stage == STAGE_STATUS) {
		int ep = status_ep(s);

		if (is_status(trbctl(s, ep))) {
			give_back(s, ep);
			c->stage = STAGE_IDLE;
		} else {
			dwc3_not_ready(s, ep, DEPEVT_CONTROL_STATUS);
		}
	}
}

void dwc3_control_setup(HsDwc3 *s, const uint8_t setup[8])
{
	struct hs_control *c = &s->control;

	trace_hsdwc3_setup(setup[0] << 8 | setup[1], lduw_le_p(setup + 2),
			   lduw_le_p(setup + 4), lduw_le_p(setup + 6));
	memcpy(c->setup, setup, 8);
	c->setup_pending = true;
	s->ep[0].stalled = false;
	abandon(s);
	store_setup(s);
}

/* Start Transfer on ep 0 or 1. */
void dwc3_control_started(HsDwc3 *s, int ep)
{
	struct hs_control *c = &s->control;
	uint32_t ctl = trbctl(s, ep);
	bool good;

	switch (ctl) {
	case TRBCTL_SETUP:
		good = ep == 0;
		break;
	case TRBCTL_DATA:
		good = c->stage == STAGE_DATA && ep == data_ep(s);
		break;
	case TRBCTL_STATUS2:
		good = !c->three_stages && ep == status_ep(s);
		break;
	case TRBCTL_STATUS3:
		good = c->three_stages && ep == status_ep(s);
		break;
	default:
		good = false;
	}
	if (!good && !c->lost)
		dwc3_mistake(s, ep, "TRBCTL does not fit the control transfer",
			     ctl);
	if (!c->setup_pending)
		return;
	if (ctl == TRBCTL_SETUP) {
		c->stage = STAGE_IDLE;
		store_setup(s);
	} else {
		abandon(s);
	}
}

/* The status stage's one token. */
static int status_token(HsDwc3 *s)
{
	struct hs_control *c = &s->control;
	int ep = status_ep(s);
	uint32_t ctl = trbctl(s, ep);

	if (ctl != (c->three_stages ? TRBCTL_STATUS3 : TRBCTL_STATUS2)) {
		dwc3_not_ready(s, ep, DEPEVT_CONTROL_STATUS);
		return HS_NAK;
	}
	dwc3_trb_done(s, ep, 0, 0);
	dwc3_xfer_end(s, ep, DEPEVT_LST | DEPEVT_IOC);
	c->stage = STAGE_IDLE;
	if (c->setup[0] == 0 && c->setup[1] == REQ_SET_ADDRESS)
		s->address = DCFG_DEVADDR(REG(s, DCFG));
	return 0;
}

/* The host goes on to the status stage. Less data than the driver wanted to
 * move is no error of the controller's: the TRB says how much is left. */
static void leave_data(HsDwc3 *s)
{
	struct hs_control *c = &s->control;
	int ep = data_ep(s);

	if (!c->data_done && trbctl(s, ep) == TRBCTL_DATA) {
		dwc3_trb_done(s, ep, s->ep[ep].trb.size & TRB_BUFSIZ_MASK, 0);
		dwc3_xfer_end(s, ep, DEPEVT_LST | DEPEVT_SHORT);
	}
	c->data_done = true;
	c->stage = STAGE_STATUS;
}

static bool busy(HsDwc3 *s, int *answer)
{
	*answer = HS_NAK;
	if (s->control.setup_pending)
		return true;
	if (s->ep[0].stalled) {
		s->control.stage = STAGE_IDLE;
		*answer = HS_STALL;
		return true;
	}
	return s->control.stage == STAGE_IDLE;
}

static bool data_ready(HsDwc3 *s)
{
	int ep = data_ep(s);

	if (s->control.data_done)
		return false;
	if (trbctl(s, ep) == TRBCTL_DATA)
		return true;
	dwc3_not_ready(s, ep, DEPEVT_CONTROL_DATA);
	return false;
}

int dwc3_control_in(HsDwc3 *s, uint8_t *data)
{
	struct hs_control *c = &s->control;
	int result;

	if (busy(s, &result))
		return result;
	if (c->stage == STAGE_DATA && c->in) {
		if (!data_ready(s))
			return HS_NAK;
		result = dwc3_packet_in(s, 1, data);
		c->data_done = result >= 0 && !s->ep[1].active;
		return result;
	}
	if (c->stage == STAGE_DATA)
		leave_data(s);
	return status_ep(s) == 1 ? status_token(s) : HS_NAK;
}

int dwc3_control_out(HsDwc3 *s, const uint8_t *data, uint32_t length)
{
	struct hs_control *c = &s->control;
	int result;

	if (busy(s, &result))
		return result;
	if (c->stage == STAGE_DATA && !c->in) {
		if (!data_ready(s))
			return HS_NAK;
		result = dwc3_packet_out(s, 0, data, length);
		c->data_done = result >= 0 && !s->ep[0].active;
		return result;
	}
	if (c->stage == STAGE_DATA)
		leave_data(s);
	return status_ep(s) == 0 ? status_token(s) : HS_NAK;
}
