/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See fdt_node.h. */
#include "fdt_node.h"

#include <errno.h>
#include <libfdt.h>
#include <string.h>

#define GIC_SPI 0
#define GIC_PPI 1
#define DEPTH 16 /* buses above a device */

uint64_t fdt_node_cells(const void *p, int cells)
{
	const fdt32_t *cell = p;
	uint64_t v = 0;

	while (cells-- > 0)
		v = (v << 32) | fdt32_ld(cell++);
	return v;
}

int fdt_node_bus_reg(const void *fdt, int node, int idx,
		     struct platform_range *r)
{
	int parent = fdt_parent_offset(fdt, node);
	int ac = fdt_address_cells(fdt, parent), sc = fdt_size_cells(fdt, parent);
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "reg", &len);

	if (!p || ac < 1 || ac > 2 || sc < 0 || sc > 2)
		return -ENOENT;
	if (len < (idx + 1) * (ac + sc) * 4)
		return -ENOENT;
	p += idx * (ac + sc);
	r->base = fdt_node_cells(p, ac);
	r->size = fdt_node_cells(p + ac, sc);
	return 0;
}

/* An address of a bus's children to one of the bus's parent. */
static int translate(const void *fdt, int bus, struct platform_range *r)
{
	int parent = fdt_parent_offset(fdt, bus);
	int ac = fdt_address_cells(fdt, bus), sc = fdt_size_cells(fdt, bus);
	int pc = parent < 0 ? 0 : fdt_address_cells(fdt, parent);
	int len, row = ac + pc + sc;
	const fdt32_t *p = fdt_getprop(fdt, bus, "ranges", &len);

	if (!p || ac < 1 || ac > 2 || sc < 1 || sc > 2 || pc < 1 || pc > 2)
		return -ENOENT;
	if (!len)
		return 0; /* the same addresses */
	for (; len >= row * 4; len -= row * 4, p += row) {
		uint64_t child = fdt_node_cells(p, ac);
		uint64_t size = fdt_node_cells(p + ac + pc, sc);
		uint64_t at = r->base - child;

		if (r->base < child || at >= size || r->size > size - at)
			continue;
		r->base = fdt_node_cells(p + ac, pc) + at;
		return r->base + r->size < r->base ? -ENOENT : 0;
	}
	return -ENOENT;
}

int fdt_node_reg(const void *fdt, int node, int idx, struct platform_range *r)
{
	int err = fdt_node_bus_reg(fdt, node, idx, r);
	int bus = fdt_parent_offset(fdt, node);

	for (unsigned int i = 0; !err && bus > 0 && i < DEPTH; i++) {
		err = translate(fdt, bus, r);
		bus = fdt_parent_offset(fdt, bus);
	}
	return err || bus > 0 ? -ENOENT : 0;
}

/* Cells of an interrupt, as the node's interrupt parent wants them. */
static int interrupt_cells(const void *fdt, int node)
{
	for (unsigned int i = 0; node >= 0 && i < DEPTH; i++) {
		int len;
		const fdt32_t *p = fdt_getprop(fdt, node, "interrupt-parent",
					       &len);

		if (p && len == 4) {
			node = fdt_node_offset_by_phandle(fdt, fdt32_ld(p));
			p = node < 0 ? NULL :
				       fdt_getprop(fdt, node,
						   "#interrupt-cells", &len);
			return p && len == 4 && fdt32_ld(p) <= 4 ?
				       (int)fdt32_ld(p) :
				       0;
		}
		node = fdt_parent_offset(fdt, node);
	}
	return 3; /* what a GIC has, where nobody says */
}

uint32_t fdt_node_irq(const void *fdt, int node, int idx)
{
	int len, cells = interrupt_cells(fdt, node);
	const fdt32_t *p = fdt_getprop(fdt, node, "interrupts", &len);
	uint32_t type, num;

	if (!p || cells < 3 || len < (idx + 1) * cells * 4)
		return 0;
	type = fdt32_ld(p + idx * cells);
	num = fdt32_ld(p + idx * cells + 1);
	if (type == GIC_SPI && num < 988)
		return num + 32;
	if (type == GIC_PPI && num < 16)
		return num + 16;
	return 0;
}

uint32_t fdt_node_irq_named(const void *fdt, int node, const char *name)
{
	int idx = fdt_stringlist_search(fdt, node, "interrupt-names", name);

	return fdt_node_irq(fdt, node, idx < 0 ? 0 : idx);
}

bool fdt_node_enabled(const void *fdt, int node)
{
	for (unsigned int i = 0; node >= 0 && i < DEPTH; i++) {
		if (fdt_getprop(fdt, node, "status", NULL) &&
		    !fdt_node_says(fdt, node, "status", "okay") &&
		    !fdt_node_says(fdt, node, "status", "ok"))
			return false;
		node = fdt_parent_offset(fdt, node);
	}
	return node < 0;
}

bool fdt_node_says(const void *fdt, int node, const char *prop,
		   const char *value)
{
	int len;
	const char *s = fdt_getprop(fdt, node, prop, &len);

	return s && len == (int)strlen(value) + 1 && !memcmp(s, value, len);
}
