/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DEPCMD with its parameters for each physical endpoint, and DGCMD. A command
 * works at once, CMDACT reads as 1 for a while longer; it stays 1 where the
 * controller could not go on: the PHY suspended, a SETUP packet not stored.
 */
#include "qemu/osdep.h"
#include "dwc3.h"
#include "hw/usb/trace.h"

#define COMMAND_NS 500
/* Transfer resources that this configuration of the core has. */
#define RESOURCES HSDWC3_EPS
#define TX_FIFOS 8
#define FIFO_WORD 8 /* bytes, MDWIDTH */

static bool is_in(int n)
{
	return n & 1;
}

static void check_fifo(HsDwc3 *s, int n)
{
	uint32_t par0 = s->ep[n].par0, fifo = DEPCFG_FIFO(par0), words;
	int other;

	if (!is_in(n)) {
		if (fifo)
			dwc3_mistake(s, n, "an OUT endpoint has RX FIFO 0",
				     fifo);
		return;
	}
	if (fifo >= TX_FIFOS) {
		dwc3_mistake(s, n, "no such TX FIFO", fifo);
		return;
	}
	words = REG(s, GTXFIFOSIZ(fifo)) & 0xffff;
	if (words < DEPCFG_MPS(par0) / FIFO_WORD + 1)
		dwc3_mistake(s, n, "the TX FIFO holds no packet", words);
	for (other = 1; other < HSDWC3_EPS; other += 2)
		if (other != n && s->ep[other].configured &&
		    REG(s, DALEPENA) & BIT(other) &&
		    DEPCFG_FIFO(s->ep[other].par0) == fifo)
			dwc3_mistake(s, n, "the TX FIFO is another's", other);
}

static int set_ep_config(HsDwc3 *s, int n)
{
	struct hs_ep *e = &s->ep[n];
	uint32_t par0 = e->par[0], par1 = e->par[1];

	if ((n < 2) != (DEPCFG_EP_TYPE(par0) == EP_CONTROL))
		dwc3_mistake(s, n, "endpoint type", DEPCFG_EP_TYPE(par0));
	if ((DEPCFG_EP_NUMBER(par1) & 1) != is_in(n))
		dwc3_mistake(s, n, "direction of the endpoint number",
			     DEPCFG_EP_NUMBER(par1));
	if (!DEPCFG_MPS(par0) || DEPCFG_MPS(par0) > HSDWC3_LARGEST_PACKET)
		dwc3_mistake(s, n, "maximum packet size", DEPCFG_MPS(par0));
	if (DEPCFG_ACTION(par0) != DEPCFG_ACTION_MODIFY) {
		if (e->active)
			dwc3_mistake(s, n, "configured during a transfer", 0);
		e->stalled = false;
		e->told = false;
	} else if (!e->configured) {
		dwc3_mistake(s, n, "Modify before the first configuration", 0);
	}
	e->configured = true;
	e->par0 = par0;
	e->par1 = par1;
	check_fifo(s, n);
	return 0;
}

static int set_resource(HsDwc3 *s, int n)
{
	struct hs_ep *e = &s->ep[n];

	if ((e->par[0] & 0xffff) != 1)
		dwc3_mistake(s, n, "number of transfer resources", e->par[0]);
	if (e->has_resource)
		dwc3_mistake(s, n, "a second transfer resource", e->resource);
	if (s->next_resource >= RESOURCES) {
		dwc3_mistake(s, n, "no transfer resource is left", 0);
		return CMD_NO_RESOURCE;
	}
	e->has_resource = true;
	e->resource = s->next_resource++;
	return 0;
}

static int start_config(HsDwc3 *s, int n, uint32_t cmd)
{
	uint32_t first = CMD_PARAM(cmd);
	int i;

	if (n != 0)
		dwc3_mistake(s, n, "Start New Configuration not on ep 0", 0);
	if (first != 0 && first != 2)
		dwc3_mistake(s, n, "Start New Configuration index", first);
	s->next_resource = first;
	for (i = first; i < HSDWC3_EPS; i++)
		s->ep[i].has_resource = false;
	return 0;
}

static int start_transfer(HsDwc3 *s, int n)
{
	struct hs_ep *e = &s->ep[n];
	uint64_t at = (uint64_t)e->par[0] << 32 | e->par[1];

	if (!e->configured || !e->has_resource) {
		dwc3_mistake(s, n, "Start Transfer before configuration", 0);
		return CMD_NO_RESOURCE;
	}
	if (e->active) {
		dwc3_mistake(s, n, "Start Transfer during a transfer", 0);
		return CMD_NO_RESOURCE;
	}
	if (!(REG(s, DALEPENA) & BIT(n)))
		dwc3_mistake(s, n, "Start Transfer on an endpoint that "
			     "DALEPENA has off", REG(s, DALEPENA));
	if (at & (TRB_SIZE_OF - 1)) {
		dwc3_mistake(s, n, "a TRB's address is no multiple of 16", at);
		at &= ~(uint64_t)(TRB_SIZE_OF - 1);
	}
	e->active = true;
	e->have_trb = false;
	e->starved = false;
	e->told = false;
	e->next = at;
	if (n < 2)
		dwc3_control_started(s, n);
	else
		dwc3_trb_get(s, n);
	return 0;
}

static bool right_transfer(HsDwc3 *s, int n, uint32_t cmd, const char *what)
{
	struct hs_ep *e = &s->ep[n];

	if (e->active && (CMD_PARAM(cmd) & 0x7f) == e->resource)
		return true;
	dwc3_mistake(s, n, what, cmd);
	return false;
}

static int update_transfer(HsDwc3 *s, int n, uint32_t cmd)
{
	struct hs_ep *e = &s->ep[n];

	if (!right_transfer(s, n, cmd, "Update Transfer of no transfer"))
		return 0;
	e->starved = false;
	e->told = false;
	dwc3_trb_get(s, n);
	return 0;
}

static int end_transfer(HsDwc3 *s, int n, uint32_t cmd)
{
	struct hs_ep *e = &s->ep[n];

	if (!right_transfer(s, n, cmd, "End Transfer of no transfer"))
		return 0;
	if (e->have_trb && !(cmd & CMD_HIPRI_FORCERM))
		dwc3_trb_done(s, n, e->trb.size & TRB_BUFSIZ_MASK,
			      TRBSTS_IN_PROGRESS);
	e->active = false;
	e->have_trb = false;
	e->starved = false;
	e->told = false;
	return 0;
}

static int set_stall(HsDwc3 *s, int n)
{
	if (n == 1)
		dwc3_mistake(s, n, "Set Stall of a control endpoint is for "
			     "ep 0", 0);
	else
		s->ep[n].stalled = true;
	return 0;
}

static int run(HsDwc3 *s, int n, uint32_t cmd)
{
	switch (CMD_TYPE(cmd)) {
	case DEPCMD_SETEPCONFIG:
		return set_ep_config(s, n);
	case DEPCMD_SETTRANSFRESOURCE:
		return set_resource(s, n);
	case DEPCMD_GETEPSTATE:
		s->ep[n].par[2] = s->ep[n].active;
		return 0;
	case DEPCMD_SETSTALL:
		return set_stall(s, n);
	case DEPCMD_CLEARSTALL:
		s->ep[n].stalled = false;
		return 0;
	case DEPCMD_STARTTRANSFER:
		return start_transfer(s, n);
	case DEPCMD_UPDATETRANSFER:
		return update_transfer(s, n, cmd);
	case DEPCMD_ENDTRANSFER:
		return end_transfer(s, n, cmd);
	case DEPCMD_DEPSTARTCFG:
		return start_config(s, n, cmd);
	}
	dwc3_mistake(s, n, "no such endpoint command", cmd);
	return 0;
}

static void execute(HsDwc3 *s, int n, uint32_t cmd)
{
	struct hs_ep *e = &s->ep[n];
	uint32_t type = CMD_TYPE(cmd), result = cmd & ~(CMD_STATUS(15) | CMD_ACT);
	int status;

	trace_hsdwc3_command(n, cmd, e->par[0], e->par[1]);
	e->cmd = cmd & ~CMD_STATUS(15);
	status = run(s, n, cmd);
	if (type == DEPCMD_STARTTRANSFER)
		result = (result & 0xffff) |
			 (status ? 0 : (uint32_t)e->resource << 16);
	e->cmd = result | CMD_STATUS(status);
	if (cmd & CMD_IOC && cmd & CMD_ACT)
		dwc3_event(s, DEPEVT(n, DEPEVT_EPCMDCMPLT, status,
				     type << 8 | e->resource));
	host_kick(s->host);
}

/* With the PHY asleep its clock is off, and nothing is done. */
static bool phy_asleep(HsDwc3 *s)
{
	return REG(s, GUSB2PHYCFG0) & GUSB2PHYCFG_SUSPHY &&
	       (s->link == LINK_U2 || s->link == LINK_U3 ||
		s->link == LINK_DISCONNECTED);
}

static bool still_active(struct hs_ep *e)
{
	return e->cmd_blocked || e->end_waits || dwc3_now() < e->busy_until;
}

static void command(HsDwc3 *s, int n, uint32_t cmd)
{
	struct hs_ep *e = &s->ep[n];

	if (still_active(e)) {
		dwc3_mistake(s, n, "DEPCMD written while CMDACT is set", cmd);
		if (e->cmd_blocked || e->end_waits)
			return;
	}
	if (!(cmd & CMD_ACT) && CMD_TYPE(cmd) != DEPCMD_UPDATETRANSFER) {
		dwc3_mistake(s, n, "DEPCMD written without CMDACT", cmd);
		return;
	}
	if (REG(s, GUSB2PHYCFG0) & (GUSB2PHYCFG_SUSPHY | GUSB2PHYCFG_ENBLSLPM))
		dwc3_mistake(s, n, "a command with SUSPHY or ENBLSLPM set",
			     REG(s, GUSB2PHYCFG0));
	if (phy_asleep(s)) {
		e->cmd = cmd;
		e->cmd_blocked = true;
		return;
	}
	if (CMD_TYPE(cmd) == DEPCMD_ENDTRANSFER && s->control.setup_pending) {
		e->cmd = cmd;
		e->end_cmd = cmd;
		e->end_waits = true;
		return;
	}
	execute(s, n, cmd);
	if (cmd & CMD_ACT)
		e->busy_until = dwc3_now() + COMMAND_NS;
}

/* GUSB2PHYCFG was written: commands that waited for it go on. */
void dwc3_phy_awake(HsDwc3 *s)
{
	int n;

	for (n = 0; n < HSDWC3_EPS; n++)
		if (s->ep[n].cmd_blocked && !phy_asleep(s)) {
			s->ep[n].cmd_blocked = false;
			execute(s, n, s->ep[n].cmd);
		}
}

/* A SETUP packet has been stored: End Transfers that waited go on. */
void dwc3_setup_stored(HsDwc3 *s)
{
	int n;

	for (n = 0; n < HSDWC3_EPS; n++)
		if (s->ep[n].end_waits) {
			s->ep[n].end_waits = false;
			execute(s, n, s->ep[n].end_cmd);
		}
}

uint64_t dwc3_ep_read(HsDwc3 *s, uint32_t offset)
{
	uint32_t n = (offset - DEP_START) / 16;
	struct hs_ep *e;

	if (n >= HSDWC3_EPS)
		return 0;
	e = &s->ep[n];
	switch (offset & 0xc) {
	case DEP_PAR0:
		return e->par[0];
	case DEP_PAR1:
		return e->par[1];
	case DEP_PAR2:
		return e->par[2];
	}
	return (e->cmd & ~CMD_ACT) | (still_active(e) ? CMD_ACT : 0);
}

void dwc3_ep_write(HsDwc3 *s, uint32_t offset, uint32_t value)
{
	uint32_t n = (offset - DEP_START) / 16;
	struct hs_ep *e;

	if (n >= HSDWC3_EPS) {
		dwc3_mistake(s, n, "no such physical endpoint", value);
		return;
	}
	e = &s->ep[n];
	switch (offset & 0xc) {
	case DEP_PAR0:
		e->par[0] = value;
		break;
	case DEP_PAR1:
		e->par[1] = value;
		break;
	case DEP_PAR2:
		e->par[2] = value;
		break;
	default:
		command(s, n, value);
	}
}

void dwc3_generic_command(HsDwc3 *s, uint32_t value)
{
	uint32_t type = DGCMD_TYPE(value), status = 0;

	trace_hsdwc3_command(-1, value, REG(s, DGCMDPAR), 0);
	if (!(value & CMD_ACT)) {
		dwc3_mistake(s, -1, "DGCMD written without CMDACT", value);
		return;
	}
	switch (type) {
	case 0x02: /* Set Periodic Parameters */
	case 0x03: /* Transmit Function Address */
	case DGCMD_SELECTED_FIFO_FLUSH:
	case DGCMD_ALL_FIFO_FLUSH:
	case 0x0c: /* Set Endpoint NRDY */
	case 0x10: /* Run SoC Bus LoopBack Test */
		break;
	default:
		dwc3_mistake(s, -1, "no such generic command", value);
		status = 1;
	}
	REG(s, DGCMD) = (value & ~(CMD_ACT | CMD_STATUS(15))) |
			CMD_STATUS(status);
	if (value & CMD_IOC)
		dwc3_device_event(s, DEVT_CMD_CMPL, type | status << 4);
}
