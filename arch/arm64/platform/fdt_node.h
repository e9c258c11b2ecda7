/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What is read of one node of a device tree, whatever it is: addresses as the
 * CPU sees them, interrupts, whether it is to be used. Checks everything.
 */
#ifndef ARCH_PLATFORM_FDT_NODE_H
#define ARCH_PLATFORM_FDT_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform.h"

/* A number of so many 32-bit cells (1 or 2), big-endian, at p. */
uint64_t fdt_node_cells(const void *p, int cells);

/* Entry idx of reg in the parent's own addresses. 0 or -ENOENT. */
int fdt_node_bus_reg(const void *fdt, int node, int idx,
		     struct platform_range *r);
/*
 * The same through the ranges of all buses above. -ENOENT: no such entry, or
 * one that the CPU does not reach.
 */
int fdt_node_reg(const void *fdt, int node, int idx, struct platform_range *r);

/* GIC INTID of interrupt idx; 0 where there is none. */
uint32_t fdt_node_irq(const void *fdt, int node, int idx);
/* The one of that name in interrupt-names, else the first. */
uint32_t fdt_node_irq_named(const void *fdt, int node, const char *name);

/* Is neither it nor a node above it disabled? */
bool fdt_node_enabled(const void *fdt, int node);

/* A property that is one string: is it this one? */
bool fdt_node_says(const void *fdt, int node, const char *prop,
		   const char *value);

#endif
