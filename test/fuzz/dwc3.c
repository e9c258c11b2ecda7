/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The DWC3 driver, with the whole device above it, on a controller that is
 * confused or hostile. The input is a sequence of steps, a letter and its
 * bytes:
 *   e WWWW   an event word             c NN     so many bytes of events more
 *   t I WWWW a word of the TRBs, the event ring, or a SETUP packet, anywhere
 *   r RR VVVV a register reads like that from now on, R back to normal
 *   d E L    the next TRB of a transfer is done, L bytes over, and it says so
 *   s 8      a SETUP packet, as a host sends it; z the stages after it end
 *   b x u    bus reset and ConnectDone, disconnect, suspend
 *   p        poll                       i o    bytes go in and out of a port
 *   w f      commands are answered late (never), or refused
 * What must hold: nothing out of bounds (sanitizers), every call ends soon, and
 * started once more with a controller that is good, a host gets its descriptor.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/usb/dwc3_io.h"
#include "transport/usb/udc_dwc3.h"
#include "transport/usb/usb_transport.h"

#define OVERRIDES 16
#define LONGEST_US 30000000 /* of a poll, where each End Transfer takes long */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	uint32_t reg[DWC3_REGS_SIZE / 4];
	uint64_t now;
	uint32_t pending, event_at;
	uint64_t xfer[DWC3_ENDPOINTS];
	struct {
		uint32_t reg, value;
	} lie[OVERRIDES];
	unsigned int lies;
	bool deaf, refuse;
} hw;

static struct udc_dwc3 udc;
static struct usb_transport port;
static uint8_t udc_mem[UDC_DWC3_MEMORY] __attribute__((aligned(4096)));
static uint8_t port_mem[USB_TRANSPORT_MEMORY] __attribute__((aligned(4096)));

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

/* ---- the controller ------------------------------------------------------- */

uint64_t dwc3_now_us(void)
{
	return hw.now += 7;
}

uint32_t dwc3_read(uint64_t base, uint32_t reg)
{
	must(reg < DWC3_REGS_SIZE && !(reg & 3), "a register that is none");
	for (unsigned int i = 0; i < hw.lies; i++)
		if (hw.lie[i].reg == reg)
			return hw.lie[i].value;
	return reg == DWC3_GEVNTCOUNT0 ? hw.pending : hw.reg[reg / 4];
}

static void command(unsigned int ep, uint32_t v)
{
	uint32_t *r = hw.reg;

	if ((v & 15) == DWC3_DEPSTARTXFER)
		hw.xfer[ep] = (uint64_t)r[DWC3_DEPCMDPAR0(ep) / 4] << 32 |
			      r[DWC3_DEPCMDPAR1(ep) / 4];
	if ((v & 15) == DWC3_DEPENDXFER)
		hw.xfer[ep] = 0;
	r[DWC3_DEPCMD(ep) / 4] = (v & 0xffff & ~(hw.deaf ? 0 : 1u << 10)) |
				 (hw.refuse ? 1u << 12 : 0) | (ep + 1) << 16;
}

void dwc3_write(uint64_t base, uint32_t reg, uint32_t v)
{
	must(reg < DWC3_REGS_SIZE && !(reg & 3), "a register that is none");
	if (reg == DWC3_GEVNTCOUNT0) {
		hw.pending -= v > hw.pending ? hw.pending : v;
		return;
	}
	hw.reg[reg / 4] = v;
	if (reg == DWC3_DCTL) {
		hw.reg[reg / 4] &= ~DWC3_DCTL_CSFTRST;
		hw.reg[DWC3_DSTS / 4] = v & DWC3_DCTL_RUN_STOP ?
						0 :
						DWC3_DSTS_DEVCTRLHLT;
	}
	for (unsigned int i = 0; i < DWC3_ENDPOINTS; i++)
		if (reg == DWC3_DEPCMD(i))
			command(i, v);
}

static void event(uint32_t raw)
{
	((uint32_t *)udc_mem)[hw.event_at++] = raw;
	hw.event_at %= UDC_DWC3_EVENT_BYTES / 4;
	hw.pending += 4;
}

/* A TRB at that bus address, which a damaged link may have made any. */
static struct dwc3_trb *trb_at(uint64_t a)
{
	uint64_t start = (uint64_t)(uintptr_t)udc_mem;

	if (a < start || a - start > sizeof(udc_mem) - sizeof(struct dwc3_trb))
		return NULL;
	return (struct dwc3_trb *)(uintptr_t)(a & ~3ull);
}

static bool is_buffer(const struct dwc3_trb *t, size_t len)
{
	uint64_t a = (uint64_t)t->bph << 32 | t->bpl;
	uint64_t u = (uint64_t)(uintptr_t)udc_mem;
	uint64_t p = (uint64_t)(uintptr_t)port_mem;

	return (a >= u && a - u <= sizeof(udc_mem) - len) ||
	       (a >= p && a - p <= sizeof(port_mem) - len);
}

static struct dwc3_trb *next_trb(unsigned int ep)
{
	struct dwc3_trb *t = trb_at(hw.xfer[ep]);

	if (t && (t->ctrl >> 4 & 0x3f) == DWC3_TRBCTL_LINK) {
		hw.xfer[ep] = (uint64_t)t->bph << 32 | t->bpl;
		t = trb_at(hw.xfer[ep]);
	}
	return t && t->ctrl & DWC3_TRB_HWO ? t : NULL;
}

static void done(unsigned int ep, uint32_t left)
{
	struct dwc3_trb *t = next_trb(ep);

	if (!t)
		return;
	t->size = left;
	t->ctrl &= ~DWC3_TRB_HWO;
	hw.xfer[ep] += sizeof(*t);
	event(ep << 1 | (ep < 2 ? 1u : 2u) << 6 | 4u << 12);
}

static bool setup(const uint8_t s[8])
{
	struct dwc3_trb *t = next_trb(0);

	if (!t || !is_buffer(t, 8))
		return false;
	memcpy((void *)(uintptr_t)((uint64_t)t->bph << 32 | t->bpl), s, 8);
	done(0, 0);
	return true;
}

static void poll(void)
{
	uint64_t start = hw.now;

	port.transport.ops->poll(&port.transport);
	must(hw.now - start < LONGEST_US, "a poll that takes too long");
}

/* The data and status stage that are under way. */
static void stages(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		done(i & 1, 0);
		event((i & 1) << 1 | 3u << 6 | 2u << 12);
		poll();
	}
}

static void bus_reset(void)
{
	event(1 | 1 << 8);
	event(1 | 2 << 8);
	poll();
}

static int start(void)
{
	static const struct cdc_acm_identity id = { 1, 2, "fuzz" };

	must(!usb_transport_init(&port, &udc.udc, &id, port_mem,
				 sizeof(port_mem)),
	     "the transport's memory");
	return usb_transport_start(&port);
}

static void power_on(void)
{
	struct udc_dwc3_config c = {
		.irq = 50, .max_speed = UDC_SPEED_HIGH, .mem = udc_mem,
		.memlen = sizeof(udc_mem),
	};
	STRBUF(why, 100);

	memset(&hw, 0, sizeof(hw));
	hw.reg[DWC3_GSNPSID / 4] = 0x5533330a;
	hw.reg[DWC3_GHWPARAMS0 / 4] = 2 | 64 << 8 | 64u << 24;
	hw.reg[DWC3_GHWPARAMS3 / 4] = 16 << 12 | 8 << 18;
	hw.reg[DWC3_GHWPARAMS7 / 4] = 0x800;
	hw.reg[DWC3_DSTS / 4] = DWC3_DSTS_DEVCTRLHLT;
	must(!udc_dwc3_init(&udc, &c, &why), "the driver's memory");
	must(!start(), "a good controller does not start");
}

/* ---- what the input says ------------------------------------------------------ */

struct input {
	const uint8_t *p;
	size_t left;
};

static uint32_t number(struct input *in, unsigned int bytes)
{
	uint32_t v = 0;

	for (unsigned int i = 0; i < bytes && in->left; i++, in->left--)
		v |= (uint32_t)*in->p++ << 8 * i;
	return v;
}

static void lie(struct input *in)
{
	uint32_t reg = number(in, 2) % DWC3_REGS_SIZE & ~3u;
	uint32_t value = number(in, 4);

	if (hw.lies < OVERRIDES) {
		hw.lie[hw.lies].reg = reg;
		hw.lie[hw.lies++].value = value;
	}
}

static void damage(struct input *in)
{
	uint32_t at = number(in, 2) % (sizeof(udc_mem) / 4);

	((uint32_t *)udc_mem)[at] = number(in, 4);
}

static void move_bytes(struct input *in, bool out)
{
	enum transport_channel ch = number(in, 1) % TRANSPORT_CHANNELS;
	uint8_t buf[600];

	memset(buf, 'x', sizeof(buf));
	if (out)
		port.transport.ops->tx(&port.transport, ch, buf, sizeof(buf));
	else
		port.transport.ops->rx(&port.transport, ch, buf, sizeof(buf));
}

static void step(struct input *in)
{
	uint8_t s[8];

	switch (number(in, 1)) {
	case 'e':
		event(number(in, 4));
		break;
	case 'c':
		hw.pending += number(in, 2);
		break;
	case 't':
		damage(in);
		break;
	case 'r':
		lie(in);
		break;
	case 'R':
		hw.lies = 0;
		break;
	case 'd':
		done(number(in, 1) % DWC3_ENDPOINTS, number(in, 2));
		break;
	case 's':
		for (unsigned int i = 0; i < 8; i++)
			s[i] = (uint8_t)number(in, 1);
		setup(s);
		poll();
		break;
	case 'z':
		stages();
		break;
	case 'b':
		bus_reset();
		break;
	case 'x':
		event(1);
		break;
	case 'u':
		event(1 | 6 << 8 | 3 << 16);
		break;
	case 'i':
		move_bytes(in, false);
		break;
	case 'o':
		move_bytes(in, true);
		break;
	case 'w':
		hw.deaf = !hw.deaf;
		break;
	case 'f':
		hw.refuse = !hw.refuse;
		break;
	default:
		poll();
	}
}

/* Whatever it was through, a restart mends it. */
static void works_again(void)
{
	static const uint8_t get_device[8] = { 0x80, 6, 0, 1, 0, 0, 64, 0 };
	struct dwc3_trb *t;

	usb_transport_stop(&port);
	power_on();
	bus_reset();
	must(setup(get_device), "no TRB for a SETUP packet");
	poll();
	t = next_trb(1);
	must(t && t->size == 18 && is_buffer(t, 18), "no device descriptor");
	stages();
	must(setup(get_device), "no TRB for the next SETUP packet");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	memset(udc_mem, 0, sizeof(udc_mem));
	power_on();
	while (in.left)
		step(&in);
	works_again();
	return 0;
}
