/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Guest accesses to device pages that the monitor plays or filters: looked up
 * by physical page in constant time.
 */
#ifndef ARCH_MMIO_TRAP_H
#define ARCH_MMIO_TRAP_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

struct mmio_access {
	uint64_t addr; /* guest physical */
	uint8_t size; /* 1, 2, 4 or 8 */
	bool write;
	uint64_t value; /* zero-extended; in for writes, out for reads */
};

/*
 * 0: done (reads: value is filled in). -Exxx: the guest gets an external abort.
 * Runs on the accessing CPU with no lock held.
 */
typedef int (*mmio_trap_fn)(struct cpu *c, void *ctx, struct mmio_access *a);

/*
 * Trap [base, base + size): page aligned to 4K; a larger stage-2 granule passes
 * neighbours through. Before the guest runs only. -ENOSPC, -EEXIST.
 */
int mmio_trap_register(uint64_t base, uint64_t size, mmio_trap_fn fn,
		       void *ctx, const char *name);

#endif
