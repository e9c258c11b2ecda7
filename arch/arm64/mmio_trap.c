/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See mmio_trap.h. Open addressing, filled at boot and then constant; keys are
 * 64K chunks where a range covers one, else 4K pages: a look-up is two
 * probes at most, however many ranges there are.
 */
#include "mmio_trap.h"

#include <errno.h>
#include <stddef.h>

#include "mmio_trap_table.h"

#define SLOTS 2048
#define MAX_RANGES 64
#define PAGE_SHIFT 12
#define CHUNK_SHIFT 16

static struct mmio_range ranges[MAX_RANGES];
static unsigned int range_count, used;
static struct {
	uint64_t key; /* 0 is empty */
	uint8_t range;
} slots[SLOTS];

/* Never 0; chunks and pages differ. */
static uint64_t make_key(uint64_t addr, unsigned int shift)
{
	return (addr >> shift) << 6 | shift;
}

static unsigned int probe(uint64_t key)
{
	unsigned int i = (unsigned int)((key * 0x9e3779b97f4a7c15ull) >> 53);

	while (slots[i].key && slots[i].key != key)
		i = (i + 1) % SLOTS;
	return i;
}

const struct mmio_range *mmio_trap_find(uint64_t addr)
{
	unsigned int i = probe(make_key(addr, CHUNK_SHIFT));

	if (!slots[i].key)
		i = probe(make_key(addr, PAGE_SHIFT));
	return slots[i].key ? &ranges[slots[i].range] : NULL;
}

static uint64_t step_of(uint64_t at, uint64_t end)
{
	uint64_t chunk = 1ull << CHUNK_SHIFT;

	return !(at & (chunk - 1)) && end - at >= chunk ? chunk :
							  1ull << PAGE_SHIFT;
}

int mmio_trap_register(uint64_t base, uint64_t size, mmio_trap_fn fn,
		       void *ctx, const char *name)
{
	uint64_t page = 1ull << PAGE_SHIFT, end, at;
	unsigned int need = 0;

	size = (size + page - 1) & ~(page - 1);
	end = base + size;
	if (base & (page - 1) || end <= base)
		return -EINVAL;
	for (at = base; at < end; at += step_of(at, end), need++)
		if (mmio_trap_find(at) ||
		    mmio_trap_find(at + step_of(at, end) - 1))
			return -EEXIST;
	if (range_count == MAX_RANGES || used + need > SLOTS - SLOTS / 4)
		return -ENOSPC;
	for (at = base; at < end; at += step_of(at, end)) {
		uint64_t key = make_key(at, step_of(at, end) == page ?
						    PAGE_SHIFT :
						    CHUNK_SHIFT);
		unsigned int i = probe(key);

		slots[i].key = key;
		slots[i].range = (uint8_t)range_count;
	}
	used += need;
	ranges[range_count++] =
		(struct mmio_range){ base, size, fn, ctx, name };
	return 0;
}

const struct mmio_range *mmio_trap_range(unsigned int i)
{
	return i < range_count ? &ranges[i] : NULL;
}
