/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * USB device controllers of a board: nodes "snps,dwc3", by themselves or
 * within a node of the SoC's glue. Bindings: Linux's snps,dwc3.yaml.
 */
#include <libfdt.h>
#include <string.h>

#include "fdt.h"
#include "fdt_node.h"

/* Do devices below see memory elsewhere than the CPU does? */
static bool sees_memory_elsewhere(const void *fdt, int node)
{
	int bus = fdt_parent_offset(fdt, node);

	for (unsigned int i = 0; bus >= 0 && i < 16; i++) {
		int parent = fdt_parent_offset(fdt, bus), len;
		int ac = fdt_address_cells(fdt, bus);
		int sc = fdt_size_cells(fdt, bus);
		int pc = parent < 0 ? ac : fdt_address_cells(fdt, parent);
		int row = ac + pc + sc;
		const fdt32_t *p = fdt_getprop(fdt, bus, "dma-ranges", &len);

		if (p && len && (ac < 1 || ac > 2 || pc < 1 || pc > 2 || sc < 1))
			return true;
		for (; p && len >= row * 4; len -= row * 4, p += row)
			if (fdt_node_cells(p, ac) != fdt_node_cells(p + ac, pc))
				return true;
		bus = parent;
	}
	return false;
}

static bool take(const void *fdt, int node, struct platform_usb *u)
{
	static const char *const names[] = { "peripheral", "dwc_usb3" };

	memset(u, 0, sizeof(*u));
	if (!fdt_node_enabled(fdt, node) ||
	    fdt_node_reg(fdt, node, 0, &u->regs))
		return false;
	u->host_only = fdt_node_says(fdt, node, "dr_mode", "host");
	u->coherent = fdt_getprop(fdt, node, "dma-coherent", NULL);
	u->full_speed = fdt_node_says(fdt, node, "maximum-speed", "full-speed");
	u->elsewhere = sees_memory_elsewhere(fdt, node);
	if (fdt_node_says(fdt, node, "phy_type", "utmi"))
		u->utmi_bits = 8;
	if (fdt_node_says(fdt, node, "phy_type", "utmi_wide"))
		u->utmi_bits = 16;
	for (unsigned int i = 0; i < 2; i++)
		if (fdt_stringlist_search(fdt, node, "interrupt-names",
					  names[i]) >= 0)
			u->irq = fdt_node_irq_named(fdt, node, names[i]);
	if (!u->irq)
		u->irq = fdt_node_irq(fdt, node, 0);
	return true;
}

void fdt_find_usb(const void *fdt, struct platform *p)
{
	int node = -1, len;
	const char *s = fdt_getprop(fdt, 0, "serial-number", &len);

	p->usb_count = 0;
	while (p->usb_count < PLATFORM_MAX_USB &&
	       (node = fdt_node_offset_by_compatible(fdt, node,
						     "snps,dwc3")) >= 0)
		if (take(fdt, node, &p->usb[p->usb_count]))
			p->usb_count++;
	memset(p->serial, 0, sizeof(p->serial));
	if (s && len > 1 && len <= (int)sizeof(p->serial) && !s[len - 1])
		memcpy(p->serial, s, (size_t)len);
}
