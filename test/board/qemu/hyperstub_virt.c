/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine hyperstub-virt: QEMU's virt with one DWC3 USB device controller on
 * the bus and in the device tree, or two. Nothing of virt is changed; the
 * windows and the interrupts are ones that virt leaves free.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "hw/arm/fdt.h"
#include "hw/arm/virt.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "sysemu/device_tree.h"
#include "dwc3.h"

/* Of the first; the second has the next ones. */
#define HSVIRT_DWC3_BASE 0x0b000000
#define HSVIRT_DWC3_STEP 0x00100000
#define HSVIRT_DWC3_SPI 96
#define HSVIRT_DWC3S 2

#define TYPE_HSVIRT MACHINE_TYPE_NAME("hyperstub-virt")

struct HsVirt {
	VirtMachineState parent;
	char *usbredir[HSVIRT_DWC3S];
	char *role[HSVIRT_DWC3S]; /* dr_mode */
	char *speed;
	bool coherent;
};
OBJECT_DECLARE_SIMPLE_TYPE(HsVirt, HSVIRT)

static void (*virt_init)(MachineState *ms);

/* The PHY is one that needs no driver: usb-nop-xceiv, as boards have it whose
 * PHY the boot loader left running. */
static uint32_t hsvirt_add_phy(void *fdt, int index)
{
	g_autofree char *node = index ? g_strdup_printf("/usb-phy-%d", index)
				      : g_strdup("/usb-phy");
	uint32_t phy = qemu_fdt_alloc_phandle(fdt);

	qemu_fdt_add_subnode(fdt, node);
	qemu_fdt_setprop_string(fdt, node, "compatible", "usb-nop-xceiv");
	qemu_fdt_setprop_cell(fdt, node, "#phy-cells", 0);
	qemu_fdt_setprop_cell(fdt, node, "phandle", phy);
	return phy;
}

static void hsvirt_add_node(HsVirt *hs, int index, hwaddr base)
{
	MachineState *ms = MACHINE(hs);
	VirtMachineState *vms = VIRT_MACHINE(hs);
	void *fdt = ms->fdt;
	uint32_t phy = hsvirt_add_phy(fdt, index);
	g_autofree char *node = g_strdup_printf("/usb@%" PRIx64, base);

	qemu_fdt_add_subnode(fdt, node);
	qemu_fdt_setprop_string(fdt, node, "compatible", "snps,dwc3");
	qemu_fdt_setprop_sized_cells(fdt, node, "reg", 2, base, 2,
				     HSDWC3_SIZE);
	qemu_fdt_setprop_cells(fdt, node, "interrupts", GIC_FDT_IRQ_TYPE_SPI,
			       HSVIRT_DWC3_SPI + index,
			       GIC_FDT_IRQ_FLAGS_LEVEL_HI);
	qemu_fdt_setprop_cells(fdt, node, "clocks", vms->clock_phandle,
			       vms->clock_phandle, vms->clock_phandle);
	qemu_fdt_setprop(fdt, node, "clock-names", "ref\0bus_early\0suspend",
			 sizeof("ref\0bus_early\0suspend"));
	qemu_fdt_setprop_cell(fdt, node, "usb-phy", phy);
	qemu_fdt_setprop_string(fdt, node, "phy_type", "utmi_wide");
	if (*hs->role[index])
		qemu_fdt_setprop_string(fdt, node, "dr_mode",
					hs->role[index]);
	qemu_fdt_setprop_string(fdt, node, "maximum-speed",
				strcmp(hs->speed, "full") ? "high-speed"
							  : "full-speed");
	if (hs->coherent)
		qemu_fdt_setprop(fdt, node, "dma-coherent", NULL, 0);
}

static void hsvirt_add_dwc3(HsVirt *hs, int index)
{
	MachineState *ms = MACHINE(hs);
	hwaddr base = HSVIRT_DWC3_BASE + index * HSVIRT_DWC3_STEP;
	DeviceState *dev = qdev_new(TYPE_HSDWC3);

	object_property_add_child(OBJECT(ms), index ? "dwc3-2" : "dwc3",
				  OBJECT(dev));
	object_property_set_link(OBJECT(dev), "dma",
				 OBJECT(get_system_memory()), &error_fatal);
	qdev_prop_set_string(dev, "speed", hs->speed);
	if (hs->usbredir[index])
		object_property_set_str(OBJECT(dev), "chardev",
					hs->usbredir[index], &error_fatal);
	sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
	sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, base);
	sysbus_connect_irq(SYS_BUS_DEVICE(dev), 0,
			   qdev_get_gpio_in(VIRT_MACHINE(ms)->gic,
					    HSVIRT_DWC3_SPI + index));
	hsvirt_add_node(hs, index, base);
}

/* A node is put before those that are there: the last one made is the first
 * in the device tree. */
static void hsvirt_init(MachineState *ms)
{
	HsVirt *hs = HSVIRT(ms);

	virt_init(ms);
	if (hs->usbredir[1])
		hsvirt_add_dwc3(hs, 1);
	hsvirt_add_dwc3(hs, 0);
}

static char *hsvirt_get_usbredir(Object *obj, Error **errp)
{
	return g_strdup(HSVIRT(obj)->usbredir[0]);
}

static void hsvirt_set_usbredir(Object *obj, const char *value, Error **errp)
{
	g_free(HSVIRT(obj)->usbredir[0]);
	HSVIRT(obj)->usbredir[0] = g_strdup(value);
}

static char *hsvirt_get_usbredir2(Object *obj, Error **errp)
{
	return g_strdup(HSVIRT(obj)->usbredir[1]);
}

static void hsvirt_set_usbredir2(Object *obj, const char *value, Error **errp)
{
	g_free(HSVIRT(obj)->usbredir[1]);
	HSVIRT(obj)->usbredir[1] = g_strdup(value);
}

static char *hsvirt_get_role(Object *obj, Error **errp)
{
	return g_strdup(HSVIRT(obj)->role[0]);
}

static void hsvirt_set_role(Object *obj, const char *value, Error **errp)
{
	g_free(HSVIRT(obj)->role[0]);
	HSVIRT(obj)->role[0] = g_strdup(value);
}

static char *hsvirt_get_role2(Object *obj, Error **errp)
{
	return g_strdup(HSVIRT(obj)->role[1]);
}

static void hsvirt_set_role2(Object *obj, const char *value, Error **errp)
{
	g_free(HSVIRT(obj)->role[1]);
	HSVIRT(obj)->role[1] = g_strdup(value);
}

static char *hsvirt_get_speed(Object *obj, Error **errp)
{
	return g_strdup(HSVIRT(obj)->speed);
}

static void hsvirt_set_speed(Object *obj, const char *value, Error **errp)
{
	if (strcmp(value, "high") && strcmp(value, "full")) {
		error_setg(errp, "usb-speed is high or full");
		return;
	}
	g_free(HSVIRT(obj)->speed);
	HSVIRT(obj)->speed = g_strdup(value);
}

static bool hsvirt_get_coherent(Object *obj, Error **errp)
{
	return HSVIRT(obj)->coherent;
}

static void hsvirt_set_coherent(Object *obj, bool value, Error **errp)
{
	HSVIRT(obj)->coherent = value;
}

static void hsvirt_instance_init(Object *obj)
{
	HsVirt *hs = HSVIRT(obj);

	hs->role[0] = g_strdup("peripheral");
	hs->role[1] = g_strdup("peripheral");
	hs->speed = g_strdup("high");
	hs->coherent = true;
}

static void hsvirt_class_init(ObjectClass *oc, void *data)
{
	MachineClass *mc = MACHINE_CLASS(oc);

	mc->desc = "virt with a DWC3 USB device controller";
	/* These came with the parent's class. */
	mc->alias = NULL;
	mc->is_default = false;
	virt_init = mc->init;
	mc->init = hsvirt_init;
	object_class_property_add_str(oc, "usbredir", hsvirt_get_usbredir,
				      hsvirt_set_usbredir);
	object_class_property_set_description(
		oc, "usbredir", "chardev on which the USB device appears");
	object_class_property_add_str(oc, "usbredir2", hsvirt_get_usbredir2,
				      hsvirt_set_usbredir2);
	object_class_property_set_description(
		oc, "usbredir2", "the same for a second controller");
	object_class_property_add_str(oc, "usb-role", hsvirt_get_role,
				      hsvirt_set_role);
	object_class_property_set_description(
		oc, "usb-role", "dr_mode in the device tree; empty: none");
	object_class_property_add_str(oc, "usb-role2", hsvirt_get_role2,
				      hsvirt_set_role2);
	object_class_property_set_description(
		oc, "usb-role2", "the same of the second controller");
	object_class_property_add_str(oc, "usb-speed", hsvirt_get_speed,
				      hsvirt_set_speed);
	object_class_property_set_description(oc, "usb-speed",
					      "the host's port: high or full");
	object_class_property_add_bool(oc, "usb-coherent", hsvirt_get_coherent,
				       hsvirt_set_coherent);
	object_class_property_set_description(
		oc, "usb-coherent", "say dma-coherent in the device tree");
}

static const TypeInfo hsvirt_info = {
	.name = TYPE_HSVIRT,
	.parent = MACHINE_TYPE_NAME("virt-7.2"),
	.instance_size = sizeof(HsVirt),
	.instance_init = hsvirt_instance_init,
	.class_init = hsvirt_class_init,
};

static void hsvirt_register(void)
{
	type_register_static(&hsvirt_info);
}

type_init(hsvirt_register)
