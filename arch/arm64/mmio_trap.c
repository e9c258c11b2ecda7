/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See mmio_trap.h: open addressing by 4K page, filled at boot, then constant. */
#include "mmio_trap.h"

#include <errno.h>
#include <stddef.h>

#include "mmio_trap_table.h"

#define SLOTS 4096 /* pages; GICD 16 + GICR 32 a CPU + ITS 16 + others */
#define MAX_RANGES 64

static struct mmio_range ranges[MAX_RANGES];
static unsigned int range_count;
static struct {
	uint64_t page; /* +1; 0 is empty */
	uint8_t range;
} slots[SLOTS];

static unsigned int hash(uint64_t page)
{
	return (unsigned int)((page * 0x9e3779b97f4a7c15ull) >> 52) % SLOTS;
}

const struct mmio_range *mmio_trap_find(uint64_t addr)
{
	uint64_t page = addr >> 12;

	for (unsigned int i = hash(page);; i = (i + 1) % SLOTS) {
		if (!slots[i].page)
			return NULL;
		if (slots[i].page == page + 1)
			return &ranges[slots[i].range];
	}
}

int mmio_trap_register(uint64_t base, uint64_t size, mmio_trap_fn fn,
		       void *ctx, const char *name)
{
	uint64_t first = base >> 12, last = (base + size - 1) >> 12;
	static unsigned int used;

	if (range_count == MAX_RANGES || last < first ||
	    used + (last - first + 1) > SLOTS - SLOTS / 4)
		return -ENOSPC;
	for (uint64_t p = first; p <= last; p++)
		if (mmio_trap_find(p << 12))
			return -EEXIST;
	for (uint64_t p = first; p <= last; p++, used++) {
		unsigned int i = hash(p);

		while (slots[i].page)
			i = (i + 1) % SLOTS;
		slots[i].page = p + 1;
		slots[i].range = (uint8_t)range_count;
	}
	ranges[range_count++] =
		(struct mmio_range){ base, size, fn, ctx, name };
	return 0;
}

const struct mmio_range *mmio_trap_range(unsigned int i)
{
	return i < range_count ? &ranges[i] : NULL;
}
