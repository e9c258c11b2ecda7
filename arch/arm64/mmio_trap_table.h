/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The look-up side of mmio_trap.h. */
#ifndef ARCH_MMIO_TRAP_TABLE_H
#define ARCH_MMIO_TRAP_TABLE_H

#include "mmio_trap.h"

struct mmio_range {
	uint64_t base, size;
	mmio_trap_fn fn;
	void *ctx;
	const char *name;
};

/* The range that the page of addr belongs to, or NULL. Constant time. */
const struct mmio_range *mmio_trap_find(uint64_t addr);
/* Range number i, NULL after the last. */
const struct mmio_range *mmio_trap_range(unsigned int i);

#endif
