/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device as QEMU sees it (memory, interrupt, properties), and the bus side
 * of the controller: reset, suspend, connection, and which endpoint a token
 * reaches.
 */
#include "qemu/osdep.h"
#include "dwc3.h"
#include "dwc3_reg.h"
#include "hw/qdev-properties-system.h"
#include "hw/qdev-properties.h"
#include "hw/usb/trace.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/log.h"

int64_t dwc3_now(void)
{
	return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

void dwc3_mistake(HsDwc3 *s, int ep, const char *what, uint32_t value)
{
	s->mistakes++;
	trace_hsdwc3_mistake(ep, what, value);
	qemu_log_mask(LOG_GUEST_ERROR, "dwc3: ep %d: %s (0x%x)\n", ep, what,
		      value);
}

/* ---- the bus ---- */

static void set_link(HsDwc3 *s, uint32_t state)
{
	if (s->link == state)
		return;
	trace_hsdwc3_link(s->link, state);
	s->link = state;
	dwc3_device_event(s, DEVT_LINK_STATE, state);
}

bool dwc3_pulled_up(HsDwc3 *s)
{
	return REG(s, DCTL) & DCTL_RUN_STOP &&
	       !(REG(s, GCTL) & GCTL_CORESOFTRESET) &&
	       !(REG(s, GUSB2PHYCFG0) & GUSB2PHYCFG_PHYSOFTRST) &&
	       GCTL_PRTCAP(REG(s, GCTL)) == GCTL_PRTCAP_DEVICE;
}

static void control_reset(HsDwc3 *s)
{
	/* The driver learns of it later, and may start a stage until then. */
	s->control.lost |= s->control.stage != STAGE_IDLE;
	s->control.stage = STAGE_IDLE;
	s->control.setup_pending = false;
	s->ep[0].told = false;
	s->ep[1].told = false;
}

void dwc3_bus_reset(HsDwc3 *s)
{
	control_reset(s);
	set_link(s, LINK_RESET);
	dwc3_device_event(s, DEVT_RESET, 0);
	dwc3_setup_stored(s);
}

void dwc3_connect_done(HsDwc3 *s, bool full_speed)
{
	bool full = full_speed || DCFG_SPEED(REG(s, DCFG)) == DCFG_SPEED_FULL;

	s->connected_speed = full ? DCFG_SPEED_FULL : 0;
	set_link(s, LINK_U0);
	dwc3_device_event(s, DEVT_CONNECT_DONE, 0);
}

void dwc3_bus_suspend(HsDwc3 *s)
{
	set_link(s, LINK_U3);
	dwc3_device_event(s, DEVT_SUSPEND, LINK_U3);
}

void dwc3_bus_resume(HsDwc3 *s)
{
	set_link(s, LINK_RESUME);
	set_link(s, LINK_U0);
	dwc3_device_event(s, DEVT_WAKEUP, 0);
	dwc3_phy_awake(s);
}

void dwc3_bus_disconnect(HsDwc3 *s)
{
	control_reset(s);
	set_link(s, LINK_DISCONNECTED);
	dwc3_device_event(s, DEVT_DISCONNECT, 0);
	dwc3_setup_stored(s);
}

static bool answers(HsDwc3 *s, uint8_t address)
{
	return dwc3_pulled_up(s) && s->link == LINK_U0 && address == s->address;
}

/* The physical endpoint that a number and direction were given to, or -1. */
static int find(HsDwc3 *s, uint8_t number, bool in)
{
	int n;

	for (n = 0; n < HSDWC3_EPS; n++)
		if (s->ep[n].configured && REG(s, DALEPENA) & BIT(n) &&
		    DEPCFG_EP_NUMBER(s->ep[n].par1) == number * 2 + in)
			return n;
	return -1;
}

int dwc3_setup(HsDwc3 *s, uint8_t address, const uint8_t setup[8])
{
	if (!answers(s, address) || find(s, 0, false) != 0)
		return HS_SILENT;
	dwc3_control_setup(s, setup);
	return 8;
}

int dwc3_in(HsDwc3 *s, uint8_t address, uint8_t number, uint8_t *data)
{
	int n = find(s, number, true), result;

	if (!answers(s, address) || n < 0)
		return HS_SILENT;
	if (number == 0)
		return dwc3_control_in(s, data);
	if (s->ep[n].stalled)
		return HS_STALL;
	result = dwc3_packet_in(s, n, data);
	if (result == HS_NAK)
		dwc3_not_ready(s, n, 0);
	return result;
}

int dwc3_out(HsDwc3 *s, uint8_t address, uint8_t number, const uint8_t *data,
	     uint32_t length)
{
	int n = find(s, number, false), result;

	if (!answers(s, address) || n < 0)
		return HS_SILENT;
	if (number == 0)
		return dwc3_control_out(s, data, length);
	if (s->ep[n].stalled)
		return HS_STALL;
	result = dwc3_packet_out(s, n, data, length);
	if (result == HS_NAK)
		dwc3_not_ready(s, n, 0);
	return result;
}

/* ---- the device ---- */

static void hsdwc3_reset(DeviceState *dev)
{
	HsDwc3 *s = HSDWC3(dev);

	dwc3_core_reset(s, true);
	host_device_changed(s->host);
}

static void hsdwc3_realize(DeviceState *dev, Error **errp)
{
	HsDwc3 *s = HSDWC3(dev);

	if (!s->dma_mr) {
		error_setg(errp, "the DWC3 has no memory to reach (dma)");
		return;
	}
	address_space_init(&s->dma, s->dma_mr, "dwc3-dma");
	memory_region_init_io(&s->mmio, OBJECT(s), &dwc3_mmio_ops, s, "dwc3",
			      HSDWC3_SIZE);
	sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(dev), &s->irq);
	s->imod_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, dwc3_imod_timer, s);
	s->host = host_new(s);
}

static bool get_suspended(Object *obj, Error **errp)
{
	return host_suspended(HSDWC3(obj)->host);
}

static void set_suspended(Object *obj, bool value, Error **errp)
{
	if (!host_set_suspended(HSDWC3(obj)->host, value))
		error_setg(errp, "the bus is not up");
}

static bool get_plugged(Object *obj, Error **errp)
{
	return HSDWC3(obj)->plugged;
}

static void set_plugged(Object *obj, bool value, Error **errp)
{
	HSDWC3(obj)->plugged = value;
	if (HSDWC3(obj)->host)
		host_set_plugged(HSDWC3(obj)->host, value);
}

static bool get_pulled_up(Object *obj, Error **errp)
{
	return dwc3_pulled_up(HSDWC3(obj));
}

static char *get_inject(Object *obj, Error **errp)
{
	return host_injected(HSDWC3(obj)->host);
}

static void set_inject(Object *obj, const char *value, Error **errp)
{
	if (!host_inject(HSDWC3(obj)->host, value))
		error_setg(errp, "babble, lost, setup-again or early-status, "
			   "and how often");
}

static bool get_interrupt(Object *obj, Error **errp)
{
	return HSDWC3(obj)->line;
}

/* Slots: opaque is 0 to 3, ready in bit 0, IN in bit 1. */
static void get_slots(Object *obj, Visitor *v, const char *name, void *opaque,
		      Error **errp)
{
	uintptr_t which = (uintptr_t)opaque;
	uint64_t value = host_slots(HSDWC3(obj)->host, which & 2, which & 1);

	visit_type_uint64(v, name, &value, errp);
}

static void hsdwc3_init(Object *obj)
{
	HsDwc3 *s = HSDWC3(obj);

	s->plugged = true;
	object_property_add_uint64_ptr(obj, "mistakes", &s->mistakes,
				       OBJ_PROP_FLAG_READ);
}

static Property hsdwc3_props[] = {
	DEFINE_PROP_CHR("chardev", HsDwc3, chr),
	DEFINE_PROP_STRING("speed", HsDwc3, speed),
	DEFINE_PROP_UINT32("snpsid", HsDwc3, snpsid, 0x5533330a),
	DEFINE_PROP_BOOL("pace", HsDwc3, pace, false),
	DEFINE_PROP_LINK("dma", HsDwc3, dma_mr, TYPE_MEMORY_REGION,
			 MemoryRegion *),
	DEFINE_PROP_END_OF_LIST(),
};

static void hsdwc3_class_init(ObjectClass *oc, void *data)
{
	static const char *const slots[] = { "slots-out-waited",
					     "slots-out-ready",
					     "slots-in-waited",
					     "slots-in-ready" };
	DeviceClass *dc = DEVICE_CLASS(oc);
	uintptr_t i;

	dc->realize = hsdwc3_realize;
	dc->reset = hsdwc3_reset;
	dc->user_creatable = false;
	dc->desc = "DWC3 in device mode, its USB cable on a chardev";
	device_class_set_props(dc, hsdwc3_props);
	object_class_property_add_bool(oc, "suspended", get_suspended,
				       set_suspended);
	object_class_property_add_bool(oc, "plugged", get_plugged,
				       set_plugged);
	object_class_property_add_str(oc, "inject", get_inject, set_inject);
	object_class_property_add_bool(oc, "pulled-up", get_pulled_up, NULL);
	object_class_property_add_bool(oc, "interrupt", get_interrupt, NULL);
	for (i = 0; i < ARRAY_SIZE(slots); i++)
		object_class_property_add(oc, slots[i], "uint64", get_slots,
					  NULL, NULL, (void *)i);
}

static const TypeInfo hsdwc3_info = {
	.name = TYPE_HSDWC3,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(HsDwc3),
	.instance_init = hsdwc3_init,
	.class_init = hsdwc3_class_init,
};

static void hsdwc3_register(void)
{
	type_register_static(&hsdwc3_info);
}

type_init(hsdwc3_register)
