/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's device tree: the board's with the monitor's share of memory, its
 * device and what belongs to EL2 taken out.
 */
#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "fdt.h"
#include "fdt_node.h"
#include "stub/strbuf.h"

static void put_cells(fdt32_t *p, int cells, uint64_t v)
{
	for (int i = cells - 1; i >= 0; i--, v >>= 32)
		p[i] = cpu_to_fdt32((uint32_t)v);
}

/* The entry of the memory node that starts at g->ram_base gets g->ram_size. */
static int set_memory(void *fdt, const struct fdt_guest *g)
{
	int node = -1, len;

	while ((node = fdt_node_offset_by_prop_value(fdt, node, "device_type",
						     "memory", 7)) >= 0) {
		int ac = fdt_address_cells(fdt, 0), sc = fdt_size_cells(fdt, 0);
		fdt32_t *p = fdt_getprop_w(fdt, node, "reg", &len);

		if (!p || ac < 1 || ac > 2 || sc < 1 || sc > 2)
			continue;
		for (; len >= (ac + sc) * 4; len -= (ac + sc) * 4, p += ac + sc) {
			uint64_t base = fdt32_to_cpu(p[0]);

			if (ac == 2)
				base = base << 32 | fdt32_to_cpu(p[1]);
			if (base != g->ram_base)
				continue;
			put_cells(p + ac, sc, g->ram_size);
			return 0;
		}
	}
	return -FDT_ERR_NOTFOUND;
}

static int delete_modules(void *fdt)
{
	int chosen, node;

again:
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen < 0)
		return 0;
	fdt_for_each_subnode(node, fdt, chosen)
		if (!fdt_node_check_compatible(fdt, node, "multiboot,module")) {
			int err = fdt_del_node(fdt, node);

			if (err)
				return err;
			goto again;
		}
	return 0;
}

static int set_chosen(void *fdt, const struct fdt_guest *g)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), err;

	if (chosen < 0)
		chosen = fdt_add_subnode(fdt, 0, "chosen");
	if (chosen < 0)
		return chosen;
	/* What is there is the monitor's own. */
	if (g->bootargs && g->bootargs[0])
		err = fdt_setprop_string(fdt, chosen, "bootargs", g->bootargs);
	else
		err = fdt_delprop(fdt, chosen, "bootargs");
	if (err && err != -FDT_ERR_NOTFOUND)
		return err;
	if (!g->initrd.size) {
		fdt_delprop(fdt, chosen, "linux,initrd-start");
		fdt_delprop(fdt, chosen, "linux,initrd-end");
		return 0;
	}
	err = fdt_setprop_u64(fdt, chosen, "linux,initrd-start", g->initrd.base);
	if (!err)
		err = fdt_setprop_u64(fdt, chosen, "linux,initrd-end",
				      g->initrd.base + g->initrd.size);
	return err;
}

/* PSCI by HVC, the functions with their architected numbers. */
static int set_psci(void *fdt)
{
	static const char compat[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";
	int node = fdt_path_offset(fdt, "/psci"), err, cpus, cpu;

	if (node < 0)
		node = fdt_add_subnode(fdt, 0, "psci");
	if (node < 0)
		return node;
	err = fdt_setprop(fdt, node, "compatible", compat, sizeof(compat));
	if (!err)
		err = fdt_setprop_string(fdt, node, "method", "hvc");
	if (err)
		return err;
	cpus = fdt_path_offset(fdt, "/cpus");
	if (cpus < 0)
		return 0;
	fdt_for_each_subnode(cpu, fdt, cpus) {
		if (!fdt_getprop(fdt, cpu, "reg", NULL) ||
		    !fdt_getprop(fdt, cpu, "device_type", NULL))
			continue;
		fdt_delprop(fdt, cpu, "cpu-release-addr");
		err = fdt_setprop_string(fdt, cpu, "enable-method", "psci");
		if (err)
			return err;
	}
	return 0;
}

/*
 * The GIC's maintenance interrupt goes, and EL2's virtual timer (5th entry).
 * EL2's physical timer stays: boards name it without an EL2 as well, and there are
 * programs that refuse a node with fewer than four.
 */
static int hide_el2(void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "arm,armv8-timer");
	int len, err = 0;
	fdt32_t keep[12];
	const fdt32_t *p;

	if (node >= 0) {
		p = fdt_getprop(fdt, node, "interrupts", &len);
		if (p && len > (int)sizeof(keep)) {
			memcpy(keep, p, sizeof(keep));
			err = fdt_setprop(fdt, node, "interrupts", keep,
					  sizeof(keep));
		}
		if (err)
			return err;
	}
	node = fdt_node_offset_by_compatible(fdt, -1, "arm,gic-v3");
	if (node >= 0 && fdt_getprop(fdt, node, "interrupts", NULL))
		err = fdt_delprop(fdt, node, "interrupts");
	return err;
}

#define PHYS 4

/*
 * PHYs that the node names and that serve nobody else: a driver of the guest
 * would find them unused, and turn them off. How many phandles were found.
 */
static unsigned int find_phys(const void *fdt, int node, uint32_t phandle[PHYS])
{
	unsigned int n = 0;
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "phys", &len);

	while (p && len >= 4 && n < PHYS) {
		int phy = fdt_node_offset_by_phandle(fdt, fdt32_ld(p)), l;
		const fdt32_t *c = phy < 0 ? NULL :
					     fdt_getprop(fdt, phy,
							 "#phy-cells", &l);

		if (!c || l != 4 || fdt32_ld(c) > 3)
			break;
		if (!fdt32_ld(c))
			phandle[n++] = fdt32_ld(p);
		len -= 4 * (1 + (int)fdt32_ld(c));
		p += 1 + fdt32_ld(c);
	}
	return n;
}

/* A node of glue that has nothing within it any more; not a bus. */
static bool is_empty_glue(const void *fdt, int node)
{
	return node > 0 && fdt_first_subnode(fdt, node) < 0 &&
	       fdt_getprop(fdt, node, "ranges", NULL) &&
	       fdt_node_check_compatible(fdt, node, "simple-bus");
}

static int hide_node(void *fdt, int node)
{
	uint32_t phandle[PHYS];
	unsigned int phys = find_phys(fdt, node, phandle);
	int parent = fdt_parent_offset(fdt, node);
	int err = fdt_del_node(fdt, node);

	/* a parent lies before its children: its offset still holds */
	if (!err && is_empty_glue(fdt, parent))
		err = fdt_del_node(fdt, parent);
	for (unsigned int i = 0; !err && i < phys; i++) {
		node = fdt_node_offset_by_phandle(fdt, phandle[i]);
		if (node >= 0)
			err = fdt_setprop_string(fdt, node, "status",
						 "disabled");
	}
	return err;
}

static int hide_device(void *fdt, uint64_t base)
{
	int node;

	for (node = fdt_next_node(fdt, -1, NULL); node >= 0;
	     node = fdt_next_node(fdt, node, NULL)) {
		struct platform_range r;

		if (fdt_getprop(fdt, node, "compatible", NULL) &&
		    !fdt_node_reg(fdt, node, 0, &r) && r.base == base)
			return hide_node(fdt, node);
	}
	return 0;
}

int fdt_make_guest(void *buf, size_t len, const struct platform *p,
		   const struct fdt_guest *g, struct strbuf *why)
{
	uint32_t room = fdt_totalsize(buf);
	int err = fdt_open_into(buf, buf, (int)len);

	if (!err)
		err = set_memory(buf, g);
	if (!err)
		err = delete_modules(buf);
	if (!err)
		err = set_chosen(buf, g);
	if (!err)
		err = set_psci(buf);
	if (!err)
		err = hide_el2(buf);
	for (unsigned int i = 0; !err && i < g->hidden_count; i++)
		err = hide_device(buf, g->hidden[i]);
	if (!err)
		err = fdt_pack(buf);
	/* as much room as the board's: programs edit it, or begin behind it */
	if (!err && fdt_totalsize(buf) < room && room <= len) {
		memset((uint8_t *)buf + fdt_totalsize(buf), 0,
		       room - fdt_totalsize(buf));
		fdt_set_totalsize(buf, room);
	}
	if (!err)
		return 0;
	strbuf_printf(why, "editing the guest's device tree: %s",
		      fdt_strerror(err));
	return -EINVAL;
}
