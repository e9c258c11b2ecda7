/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See fdt.h. Reading; fdt_guest.c does the editing. */
#include "fdt.h"

#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "fdt_node.h"
#include "stub/strbuf.h"

int64_t fdt_check(const void *fdt, size_t max, struct strbuf *why)
{
	int err;

	if (!fdt || ((uintptr_t)fdt & 7)) {
		strbuf_printf(why, "no device tree in x0 (%p)", fdt);
		return -EINVAL;
	}
	err = fdt_check_header(fdt);
	if (!err && fdt_totalsize(fdt) > max)
		err = -FDT_ERR_TRUNCATED;
	if (!err)
		err = fdt_check_full(fdt, fdt_totalsize(fdt));
	if (err) {
		strbuf_printf(why, "device tree at %p: %s", fdt,
			      fdt_strerror(err));
		return -EINVAL;
	}
	return fdt_totalsize(fdt);
}

/* One with 32-bit registers, as Rockchip's, Allwinner's and others' are. */
static uint64_t find_8250(const void *fdt, int node)
{
	int len, wlen;
	const fdt32_t *shift = fdt_getprop(fdt, node, "reg-shift", &len);
	const fdt32_t *width = fdt_getprop(fdt, node, "reg-io-width", &wlen);
	struct platform_range r;

	if ((fdt_node_check_compatible(fdt, node, "snps,dw-apb-uart") &&
	     fdt_node_check_compatible(fdt, node, "ns16550a")) ||
	    !shift || len != 4 || fdt32_ld(shift) != 2 || !width ||
	    wlen != 4 || fdt32_ld(width) != 4 ||
	    fdt_node_reg(fdt, node, 0, &r))
		return 0;
	return r.base;
}

void fdt_find_uart(const void *fdt, size_t max, struct platform *p)
{
	int chosen, node = -1, len;
	char path[128];

	if (!fdt || ((uintptr_t)fdt & 7) || fdt_check_header(fdt) ||
	    fdt_totalsize(fdt) > max)
		return;
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen >= 0) {
		const char *s = fdt_getprop(fdt, chosen, "stdout-path", &len);
		size_t n;

		if (s && len > 0 && s[len - 1] == '\0') {
			/* "serial0:115200n8": options follow a colon */
			for (n = 0; s[n] && s[n] != ':' && n < sizeof(path) - 1; n++)
				path[n] = s[n];
			path[n] = '\0';
			node = fdt_path_offset(fdt, path);
		}
	}
	if (node >= 0)
		p->log_8250 = find_8250(fdt, node);
	if (node < 0 || fdt_node_check_compatible(fdt, node, "arm,pl011"))
		node = fdt_node_offset_by_compatible(fdt, -1, "arm,pl011");
	if (node < 0 || fdt_node_reg(fdt, node, 0, &p->uart))
		return;
	p->uart_kind = UART_PL011;
	p->uart_irq = fdt_node_irq(fdt, node, 0);
}

static int find_ram(const void *fdt, struct platform *p, struct strbuf *why)
{
	int node = -1;

	p->ram_count = 0;
	while ((node = fdt_node_offset_by_prop_value(fdt, node, "device_type",
						     "memory", 7)) >= 0) {
		struct platform_range r;

		for (int i = 0; !fdt_node_bus_reg(fdt, node, i, &r); i++) {
			if (!r.size || r.base + r.size < r.base)
				continue;
			if (p->ram_count == PLATFORM_MAX_RAM)
				break;
			p->ram[p->ram_count++] = r;
		}
	}
	if (p->ram_count)
		return 0;
	strbuf_puts(why, "device tree has no memory node with a valid reg");
	return -EINVAL;
}

static int find_cpus(const void *fdt, struct platform *p, struct strbuf *why)
{
	int cpus = fdt_path_offset(fdt, "/cpus"), node;

	p->cpu_count = 0;
	if (cpus >= 0)
		fdt_for_each_subnode(node, fdt, cpus) {
			const char *t = fdt_getprop(fdt, node, "device_type", NULL);
			struct platform_range r;

			if (!t || strcmp(t, "cpu") ||
			    fdt_node_bus_reg(fdt, node, 0, &r))
				continue;
			if (p->cpu_count == PLATFORM_MAX_CPUS) {
				strbuf_printf(why, "more than %d CPUs",
					      PLATFORM_MAX_CPUS);
				return -E2BIG;
			}
			p->cpu[p->cpu_count++].mpidr = r.base;
		}
	if (p->cpu_count)
		return 0;
	strbuf_puts(why, "device tree has no /cpus with cpu nodes");
	return -EINVAL;
}

static int find_gic(const void *fdt, struct platform *p, struct strbuf *why)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "arm,gic-v3"), its, len;
	const fdt32_t *n;
	unsigned int regions = 1;

	if (node < 0) {
		int v2 = fdt_node_offset_by_compatible(fdt, -1,
						       "arm,cortex-a15-gic");

		strbuf_puts(why, v2 >= 0 ?
			"interrupt controller is a GICv2; a GICv3 is needed (QEMU: -M virt,gic-version=3)" :
			"device tree has no arm,gic-v3 interrupt controller");
		return -ENODEV;
	}
	n = fdt_getprop(fdt, node, "#redistributor-regions", &len);
	if (n && len == 4)
		regions = fdt32_to_cpu(*n);
	if (fdt_node_reg(fdt, node, 0, &p->gicd) || !regions ||
	    regions > PLATFORM_MAX_GICR) {
		strbuf_puts(why, "GICv3 node without a usable reg");
		return -EINVAL;
	}
	for (p->gicr_count = 0; p->gicr_count < regions; p->gicr_count++)
		if (fdt_node_reg(fdt, node, 1 + p->gicr_count, &p->gicr[p->gicr_count])) {
			strbuf_puts(why, "GICv3 node lacks a redistributor region");
			return -EINVAL;
		}
	p->gic_maintenance_irq = fdt_node_irq(fdt, node, 0);
	if (!p->gic_maintenance_irq)
		p->gic_maintenance_irq = 25;
	for (its = -1, p->its_count = 0; p->its_count < PLATFORM_MAX_ITS;) {
		its = fdt_node_offset_by_compatible(fdt, its, "arm,gic-v3-its");
		if (its < 0)
			break;
		if (!fdt_node_reg(fdt, its, 0, &p->its[p->its_count]))
			p->its_count++;
	}
	return 0;
}

int fdt_fill_platform(const void *fdt, struct platform *p, struct strbuf *why)
{
	int node, err, len;
	const char *method;

	fdt_find_uart(fdt, fdt_totalsize(fdt), p);
	err = find_ram(fdt, p, why);
	if (!err)
		err = find_cpus(fdt, p, why);
	if (!err)
		err = find_gic(fdt, p, why);
	if (err)
		return err;

	node = fdt_node_offset_by_compatible(fdt, -1, "arm,armv8-timer");
	p->el2_timer_irq = node >= 0 ? fdt_node_irq(fdt, node, 3) : 0;
	if (!p->el2_timer_irq)
		p->el2_timer_irq = 26;

	node = -1;
	p->virtio_count = 0;
	while (p->virtio_count < PLATFORM_MAX_VIRTIO &&
	       (node = fdt_node_offset_by_compatible(fdt, node,
						     "virtio,mmio")) >= 0)
		if (!fdt_node_reg(fdt, node, 0, &p->virtio[p->virtio_count])) {
			p->virtio_irq[p->virtio_count] = fdt_node_irq(fdt, node, 0);
			p->virtio_count++;
		}

	fdt_find_usb(fdt, p);

	node = fdt_path_offset(fdt, "/psci");
	method = node >= 0 ? fdt_getprop(fdt, node, "method", &len) : NULL;
	p->psci_smc = method && len == 4 && !strcmp(method, "smc");
	return 0;
}

void fdt_bootargs(const void *fdt, char *buf, size_t len)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), n;
	const char *s;

	buf[0] = '\0';
	if (chosen < 0)
		return;
	s = fdt_getprop(fdt, chosen, "bootargs", &n);
	if (!s || n <= 0)
		return;
	if ((size_t)n > len - 1)
		n = (int)len - 1;
	memcpy(buf, s, (size_t)n);
	buf[n] = '\0';
}

/* A module's reg: 2/2 cells where /chosen does not say. */
static int module_reg(const void *fdt, int chosen, int node,
		      struct platform_range *r)
{
	bool said = fdt_getprop(fdt, chosen, "#address-cells", NULL);
	int ac = said ? fdt_address_cells(fdt, chosen) : 2;
	int sc = said ? fdt_size_cells(fdt, chosen) : 2;
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "reg", &len);

	if (!p || ac < 1 || ac > 2 || sc < 1 || sc > 2 || len < (ac + sc) * 4)
		return -EINVAL;
	r->base = fdt_node_cells(p, ac);
	r->size = fdt_node_cells(p + ac, sc);
	return r->size && r->base + r->size > r->base ? 0 : -EINVAL;
}

int fdt_find_modules(const void *fdt, struct fdt_modules *m,
		     struct strbuf *why)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), node, len;

	memset(m, 0, sizeof(*m));
	if (chosen < 0)
		return 0;
	fdt_for_each_subnode(node, fdt, chosen) {
		bool kernel, initrd;
		const char *s;

		kernel = !fdt_node_check_compatible(fdt, node, "multiboot,kernel");
		initrd = !fdt_node_check_compatible(fdt, node,
						    "multiboot,ramdisk");
		if (!kernel && !initrd)
			continue;
		if (module_reg(fdt, chosen, node,
			       kernel ? &m->kernel : &m->initrd)) {
			strbuf_printf(why, "module %s in /chosen has no valid reg",
				      fdt_get_name(fdt, node, NULL));
			return -EINVAL;
		}
		s = fdt_getprop(fdt, node, "bootargs", &len);
		if (kernel && s && len > 0) {
			if ((size_t)len > sizeof(m->bootargs) - 1) {
				strbuf_printf(why, "guest's bootargs: %d bytes, at most %zu",
					      len, sizeof(m->bootargs) - 1);
				return -E2BIG;
			}
			memcpy(m->bootargs, s, (size_t)len);
		}
	}
	return 0;
}
