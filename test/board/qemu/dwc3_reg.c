/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers: reset values, what reads back, what a write does. What is
 * not named here stores and reads back.
 */
#include "qemu/osdep.h"
#include "dwc3.h"
#include "dwc3_reg.h"
#include "hw/usb/trace.h"

#define CORE_RESET_NS 5000
#define MICROFRAME_NS 125000

/*
 * Reset values: of a device-only core without SuperSpeed PHY, 16 physical
 * endpoints, 8 of them IN, one event buffer, 64-bit bus, UTMI. FIFO depths are
 * in words of 8 bytes.
 */
static const struct {
	uint16_t offset;
	bool kept; /* by DCTL.CSFTRST */
	uint32_t value;
} reset_values[] = {
	{ GSBUSCFG0, false, 0x00000001 },
	{ GCTL, true, 0x30c12004 },
	{ GSTS, true, 0x3e800000 | GSTS_DEVICE_IP },
	{ GUCTL1, false, 0x0104018a },
	{ GUID, true, 0x12345678 },
	{ GUCTL, true, 0x02000010 },
	{ GHWPARAMS0, false, 0x40404048 },
	{ GHWPARAMS0 + 0x04, false, 0x0160c93b },
	{ GHWPARAMS0 + 0x08, false, 0x12345678 },
	{ GHWPARAMS0 + 0x0c, false, 0x04210084 },
	{ GHWPARAMS0 + 0x10, false, 0x47822004 },
	{ GHWPARAMS0 + 0x14, false, 0x04202088 },
	{ GHWPARAMS0 + 0x18, false, 0x07840c20 },
	{ GHWPARAMS7, false, 0x03850632 },
	{ GUCTL2, false, 0x0000040d },
	{ GUSB2PHYCFG0, true, 0x40102540 },
	{ GUSB3PIPECTL0, true, 0x010c0002 },
	{ GTXFIFOSIZ(0), false, 0x00000042 },
	{ GTXFIFOSIZ(1), false, 0x004200d2 },
	{ GTXFIFOSIZ(2), false, 0x011400d2 },
	{ GTXFIFOSIZ(3), false, 0x01e600d2 },
	{ GTXFIFOSIZ(4), false, 0x02b800d2 },
	{ GTXFIFOSIZ(5), false, 0x038a00d2 },
	{ GTXFIFOSIZ(6), false, 0x045c00d2 },
	{ GTXFIFOSIZ(7), false, 0x052e00d2 },
	{ GRXFIFOSIZ(0), false, 0x00000385 },
	{ GRXFIFOSIZ(1), false, 0x03850000 },
	{ GRXFIFOSIZ(2), false, 0x03850000 },
	{ GHWPARAMS8, false, 0x00000632 },
	{ GFLADJ, false, 0x0c800020 },
	{ DCFG, true, 0x00080804 },
	{ DCTL, true, 0x00f00000 },
};

static const uint16_t kept_registers[] = { DEVTEN };

void dwc3_core_reset(HsDwc3 *s, bool power_on)
{
	uint32_t kept[ARRAY_SIZE(kept_registers)];
	uint32_t *old = g_memdup2(s->regs, sizeof(s->regs));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept); i++)
		kept[i] = REG(s, kept_registers[i]);
	memset(s->regs, 0, sizeof(s->regs));
	for (i = 0; i < ARRAY_SIZE(reset_values); i++) {
		uint16_t offset = reset_values[i].offset;

		REG(s, offset) = !power_on && reset_values[i].kept
					 ? old[offset / 4]
					 : reset_values[i].value;
	}
	for (i = 0; !power_on && i < ARRAY_SIZE(kept); i++)
		REG(s, kept_registers[i]) = kept[i];
	g_free(old);
	REG(s, GSNPSID) = s->snpsid;
	memset(s->ep, 0, sizeof(s->ep));
	memset(&s->control, 0, sizeof(s->control));
	s->next_resource = 0;
	s->address = 0;
	s->link = LINK_DISCONNECTED;
	s->connected_speed = 4;
	s->reset_until = 0;
	dwc3_events_reset(s);
}

/* SOF counts (micro)frames of virtual time while the bus is up. */
uint32_t dwc3_frame(HsDwc3 *s)
{
	uint32_t micro = dwc3_now() / MICROFRAME_NS;

	return s->connected_speed == DCFG_SPEED_FULL ? micro & ~7u : micro;
}

/*
 * Halted: Run/Stop is off and the driver has taken all events. Without a
 * link there is no clock to count frames.
 */
static uint32_t read_dsts(HsDwc3 *s)
{
	uint32_t value = s->connected_speed | DSTS_RXFIFOEMPTY | s->link << 18;

	if (s->control.setup_pending)
		value &= ~DSTS_RXFIFOEMPTY;
	if (s->link == LINK_U0)
		value |= (dwc3_frame(s) & 0x3fff) << 3;
	if (!(REG(s, DCTL) & DCTL_RUN_STOP) && !s->ev_count)
		value |= DSTS_DEVCTRLHLT | DSTS_COREIDLE;
	return value;
}

static uint32_t read_register(HsDwc3 *s, uint32_t offset)
{
	switch (offset) {
	case DEP_START ... DEP_END:
		return dwc3_ep_read(s, offset);
	case DSTS:
		return read_dsts(s);
	case DCTL:
		return REG(s, DCTL) |
		       (dwc3_now() < s->reset_until ? DCTL_CSFTRST : 0);
	case GEVNTCOUNT:
		return s->ev_count | (s->ehb ? GEVNTCOUNT_EHB : 0);
	case GDBGFIFOSPACE:
		/* The FIFOs of a TX or RX select: they are always empty. */
		return (REG(s, GDBGFIFOSPACE) & 0xffff) | 0x00420000;
	case GDBGLTSSM:
		return s->link << 22;
	}
	return REG(s, offset);
}

static bool read_only(uint32_t offset)
{
	return offset == GSNPSID || offset == DSTS ||
	       (offset >= GHWPARAMS0 && offset <= GHWPARAMS7) ||
	       offset == GHWPARAMS8 || offset == GBUSERRADDR0 ||
	       offset == GBUSERRADDR1 || offset == GDBGLTSSM;
}

static void write_dctl(HsDwc3 *s, uint32_t value)
{
	uint32_t old = REG(s, DCTL), i;
	bool run = value & DCTL_RUN_STOP;

	REG(s, DCTL) = value & ~(DCTL_CSFTRST | DCTL_ULSTCHNGREQ_MASK);
	if (value & DCTL_CSFTRST) {
		REG(s, DCTL) &= ~DCTL_RUN_STOP;
		dwc3_core_reset(s, false);
		s->reset_until = dwc3_now() + CORE_RESET_NS;
		host_device_changed(s->host);
		return;
	}
	if (run && !(old & DCTL_RUN_STOP) &&
	    GCTL_PRTCAP(REG(s, GCTL)) != GCTL_PRTCAP_DEVICE)
		dwc3_mistake(s, -1, "Run/Stop while GCTL.PRTCAPDIR is not "
			     "device", REG(s, GCTL));
	for (i = 2; !run && old & DCTL_RUN_STOP && i < HSDWC3_EPS; i++)
		if (s->ep[i].active)
			dwc3_mistake(s, i, "stopped during a transfer", 0);
	if (!run && old & DCTL_RUN_STOP)
		s->link = LINK_DISCONNECTED;
	if ((old ^ value) & DCTL_RUN_STOP)
		host_device_changed(s->host);
	if (DCTL_ULSTCHNGREQ(value) == 8 && s->link == LINK_U3)
		host_remote_wakeup(s->host);
}

static void write_dcfg(HsDwc3 *s, uint32_t value)
{
	if (REG(s, DCTL) & DCTL_RUN_STOP &&
	    DCFG_SPEED(value ^ REG(s, DCFG)))
		dwc3_mistake(s, -1, "DCFG.DEVSPD changed while running", value);
	REG(s, DCFG) = value;
	/* During SET_ADDRESS the old one holds until its status stage. */
	if (s->control.stage == STAGE_IDLE)
		s->address = DCFG_DEVADDR(value);
}

static void write_register(HsDwc3 *s, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case DEP_START ... DEP_END:
		dwc3_ep_write(s, offset, value);
		return;
	case GSTS:
		REG(s, GSTS) &= ~(value & (GSTS_BUS_ERR_ADDR_VLD |
					   GSTS_CSR_TIMEOUT));
		return;
	case GCTL:
		REG(s, GCTL) = value;
		host_device_changed(s->host);
		return;
	case GUSB2PHYCFG0:
		REG(s, GUSB2PHYCFG0) = value;
		dwc3_phy_awake(s);
		host_device_changed(s->host);
		return;
	case GEVNTADRLO:
	case GEVNTADRHI:
		REG(s, offset) = value;
		s->ev_pos = 0;
		return;
	case GEVNTSIZ:
		REG(s, GEVNTSIZ) = value & (GEVNTSIZ_INTMASK | 0xffff);
		if (value & 3)
			dwc3_mistake(s, -1, "GEVNTSIZ is no multiple of 4",
				     value);
		dwc3_irq_update(s);
		return;
	case GEVNTCOUNT:
		dwc3_event_count_write(s, value);
		return;
	case DCFG:
		write_dcfg(s, value);
		return;
	case DCTL:
		write_dctl(s, value);
		return;
	case DGCMD:
		dwc3_generic_command(s, value);
		return;
	case DALEPENA:
		REG(s, DALEPENA) = value;
		host_kick(s->host);
		return;
	case DEV_IMOD0:
		REG(s, DEV_IMOD0) = value;
		dwc3_irq_update(s);
		return;
	}
	REG(s, offset) = value;
}

static bool there(uint32_t offset)
{
	return (offset >= GLOBALS_START && offset <= GLOBALS_END) ||
	       (offset >= DEVICE_START && offset <= DEVICE_END);
}

static uint64_t mmio_read(void *opaque, hwaddr offset, unsigned size)
{
	HsDwc3 *s = opaque;
	uint32_t value = there(offset) ? read_register(s, offset) : 0;

	trace_hsdwc3_read(offset, value);
	return value;
}

static void mmio_write(void *opaque, hwaddr offset, uint64_t value,
		       unsigned size)
{
	HsDwc3 *s = opaque;

	trace_hsdwc3_write(offset, value);
	if (!there(offset))
		dwc3_mistake(s, -1, "a write where no register is", offset);
	else if (dwc3_now() < s->reset_until)
		dwc3_mistake(s, -1, "a write during the core's reset", offset);
	else if (!read_only(offset))
		write_register(s, offset, value);
}

const MemoryRegionOps dwc3_mmio_ops = {
	.read = mmio_read,
	.write = mmio_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 4 },
	.impl = { .min_access_size = 4, .max_access_size = 4 },
};
