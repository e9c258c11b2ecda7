/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See fake_dwc3.h. */
#include "fake_dwc3.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/usb/dwc3_io.h"

struct fake_dwc3 fake;
struct fake_core core;

static uint32_t *reg(uint32_t offset)
{
	assert(offset < DWC3_REGS_SIZE && !(offset & 3));
	return &fake.reg[offset / 4];
}

uint64_t dwc3_now_us(void)
{
	return fake.now += 5;
}

uint32_t dwc3_read(uint64_t base, uint32_t r)
{
	if (r == DWC3_GEVNTCOUNT0)
		return fake.pending;
	return *reg(r);
}

static void command(unsigned int ep, uint32_t v)
{
	struct fake_command *c = &fake.command[fake.commands++];
	uint32_t back = v & 0xffff;

	assert(fake.commands < FAKE_COMMANDS);
	*c = (struct fake_command){
		.ep = (uint8_t)ep, .cmd = v & 15,
		.par0 = *reg(DWC3_DEPCMDPAR0(ep)),
		.par1 = *reg(DWC3_DEPCMDPAR1(ep)),
		.param = v >> 16, .flags = v & 0xff00,
	};
	if (c->cmd == DWC3_DEPSTARTXFER && !fake.refuse) {
		if (ep == 0 && !(*reg(DWC3_DCTL) & DWC3_DCTL_RUN_STOP))
			fake.running_when_armed = false;
		fake.xfer[ep] = (uint64_t)c->par0 << 32 | c->par1;
		back |= DWC3_DEPCMD_PARAM(ep + 1);
	}
	if (c->cmd == DWC3_DEPENDXFER)
		fake.xfer[ep] = 0;
	if (fake.refuse)
		back |= 1 << 12;
	if (!fake.deaf)
		back &= ~DWC3_DEPCMD_CMDACT;
	*reg(DWC3_DEPCMD(ep)) = back;
}

static void dctl(uint32_t v)
{
	if (v & DWC3_DCTL_CSFTRST && !fake.never_resets)
		v &= ~DWC3_DCTL_CSFTRST;
	*reg(DWC3_DCTL) = v;
	if (v & DWC3_DCTL_RUN_STOP && !fake.never_runs)
		*reg(DWC3_DSTS) &= ~DWC3_DSTS_DEVCTRLHLT;
	else
		*reg(DWC3_DSTS) |= DWC3_DSTS_DEVCTRLHLT;
}

void dwc3_write(uint64_t base, uint32_t r, uint32_t v)
{
	if (r == DWC3_GEVNTCOUNT0) {
		fake.pending -= v > fake.pending ? fake.pending : v;
	} else if (r == DWC3_DCTL) {
		dctl(v);
	} else {
		*reg(r) = v;
		for (unsigned int i = 0; i < DWC3_ENDPOINTS; i++)
			if (r == DWC3_DEPCMD(i))
				command(i, v);
	}
}

/* ---- the core ------------------------------------------------------------------- */

static void note(const char *fmt, ...)
{
	va_list ap;

	assert(core.at < FAKE_LOG);
	va_start(ap, fmt);
	vsnprintf(core.log[core.at], sizeof(core.log[0]), fmt, ap);
	va_end(ap);
	core.at++;
	if (core.react)
		core.react(core.log[core.at - 1]);
}

void usbd_on_reset(struct usbd *d)
{
	note("reset");
}

void usbd_on_connect(struct usbd *d, enum udc_speed speed)
{
	note("connect %s", speed == UDC_SPEED_HIGH ? "high" : "full");
}

void usbd_on_disconnect(struct usbd *d)
{
	note("disconnect");
}

void usbd_on_suspend(struct usbd *d)
{
	note("suspend");
}

void usbd_on_resume(struct usbd *d)
{
	note("resume");
}

void usbd_on_setup(struct usbd *d, const uint8_t s[8])
{
	note("setup %02x%02x%02x%02x%02x%02x%02x%02x", s[0], s[1], s[2], s[3],
	     s[4], s[5], s[6], s[7]);
}

void usbd_on_status(struct usbd *d)
{
	note("status");
}

void usbd_on_complete(struct usbd *d, uint8_t addr, struct udc_transfer *x)
{
	note("done %02x %d %u %s", addr, x->status, x->actual,
	     x->owner ? (const char *)x->owner : "");
}

const char *fake_log(void)
{
	static unsigned int next;

	if (!core.at)
		next = 0;
	return next < core.at ? core.log[next++] : "";
}

/* ---- power ---------------------------------------------------------------------- */

struct udc_dwc3 *fake_power_on(void)
{
	struct udc_dwc3 *w = calloc(1, sizeof(*w));
	struct udc_dwc3_config c = {
		.irq = 77, .max_speed = UDC_SPEED_HIGH,
		.mem = aligned_alloc(UDC_DWC3_ALIGN, UDC_DWC3_MEMORY),
		.memlen = UDC_DWC3_MEMORY,
	};
	STRBUF(why, 200);

	memset(&fake, 0, sizeof(fake));
	memset(&core, 0, sizeof(core));
	fake_log();
	*reg(DWC3_GSNPSID) = 0x5533290a;
	*reg(DWC3_GHWPARAMS0) = 2 | 64 << 8 | 64u << 24;
	*reg(DWC3_GHWPARAMS3) = 16 << 12 | 8 << 18;
	*reg(DWC3_GHWPARAMS7) = 0x800;
	*reg(DWC3_DSTS) = DWC3_DSTS_DEVCTRLHLT;
	*reg(DWC3_GCTL) = 1 << 12 | DWC3_GCTL_SCALEDOWN_MASK;
	*reg(DWC3_GUSB2PHYCFG0) = 0x2540;
	for (unsigned int i = 0; i < 8; i++)
		*reg(DWC3_GTXFIFOSIZ(i)) = i * 0x84u << 16 | 0x84;
	fake.running_when_armed = true;
	assert(udc_dwc3_init(w, &c, &why) == 0);
	return w;
}

struct udc_dwc3 *fake_start(void)
{
	struct udc_dwc3 *w = fake_power_on();

	assert(w->udc.ops->start(&w->udc, NULL) == 0);
	fake_bus_reset(w);
	fake_log();
	fake_log();
	return w;
}

void fake_power_off(struct udc_dwc3 *w)
{
	free(w->mem);
	free(w);
}

/* ---- the controller's and the host's doings ----------------------------------- */

void fake_event(uint32_t raw)
{
	uint32_t *buf = (uint32_t *)(uintptr_t)(
		(uint64_t)*reg(DWC3_GEVNTADRHI0) << 32 |
		*reg(DWC3_GEVNTADRLO0));

	buf[fake.event_at++] = raw;
	fake.event_at %= *reg(DWC3_GEVNTSIZ0) / 4;
	fake.pending += 4;
}

void fake_ep_event(unsigned int phys, unsigned int event, unsigned int status)
{
	fake_event(phys << 1 | event << 6 | status << 12);
}

void fake_device_event(unsigned int type, unsigned int info)
{
	fake_event(1 | type << 8 | info << 16);
}

static volatile struct dwc3_trb *trb_at(uint64_t a)
{
	return (volatile struct dwc3_trb *)(uintptr_t)a;
}

volatile struct dwc3_trb *fake_trb(unsigned int phys)
{
	volatile struct dwc3_trb *t = trb_at(fake.xfer[phys]);

	if (t && t->ctrl & DWC3_TRB_HWO &&
	    (t->ctrl >> 4 & 0x3f) == DWC3_TRBCTL_LINK) {
		fake.xfer[phys] = (uint64_t)t->bph << 32 | t->bpl;
		t = trb_at(fake.xfer[phys]);
	}
	return t && t->ctrl & DWC3_TRB_HWO ? t : NULL;
}

void *fake_buffer(const volatile struct dwc3_trb *t)
{
	return (void *)(uintptr_t)((uint64_t)t->bph << 32 | t->bpl);
}

void fake_trb_done(unsigned int phys, uint32_t left, uint32_t status)
{
	volatile struct dwc3_trb *t = fake_trb(phys);

	assert(t);
	t->size = left | status << 28;
	t->ctrl &= ~DWC3_TRB_HWO;
	fake.xfer[phys] += sizeof(*t);
}

void fake_setup(struct udc_dwc3 *w, const uint8_t s[8])
{
	volatile struct dwc3_trb *t = fake_trb(0);

	assert(t && (t->ctrl >> 4 & 0x3f) == DWC3_TRBCTL_SETUP);
	memcpy(fake_buffer(t), s, 8);
	fake_trb_done(0, 0, 0);
	fake_ep_event(0, 1, 0);
	w->udc.ops->poll(&w->udc);
}

void fake_stage_done(struct udc_dwc3 *w, unsigned int phys, uint32_t left)
{
	fake_trb_done(phys, left, 0);
	fake_ep_event(phys, 1, 0);
	w->udc.ops->poll(&w->udc);
}

void fake_bus_reset(struct udc_dwc3 *w)
{
	fake_device_event(1, 0);
	fake_device_event(2, 0);
	w->udc.ops->poll(&w->udc);
}

const struct fake_command *fake_last(unsigned int cmd)
{
	for (unsigned int i = fake.commands; i-- > 0;)
		if (fake.command[i].cmd == cmd)
			return &fake.command[i];
	return NULL;
}

unsigned int fake_count(unsigned int cmd)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fake.commands; i++)
		n += fake.command[i].cmd == cmd;
	return n;
}
