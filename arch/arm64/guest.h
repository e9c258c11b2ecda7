/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Putting the guest's image, initrd and device tree in their places. */
#ifndef ARCH_GUEST_H
#define ARCH_GUEST_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

/* What was booted, for `monitor info` and qOffsets. */
struct guest_info {
	const char *kind; /* NULL: no guest */
	uint64_t base, end, entry, fdt;
	uint64_t ram_base, ram_size;
};

extern struct guest_info guest_info;

/*
 * From the board's device tree: load and aim CPU c at the first instruction.
 * A guest that cannot be loaded leaves CPU 0 at the start of RAM, halted,
 * with the reason in the log.
 */
void guest_load(const void *fdt, uint64_t fdt_size, struct cpu *c);
/* The RAM bank that the guest lives in, after the monitor's share. */
void guest_ram(uint64_t *base, uint64_t *size);
/* Is [base, base+size) the guest's RAM, all of it? */
bool guest_owns_ram(uint64_t base, uint64_t size);

#endif
