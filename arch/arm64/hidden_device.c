/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See hidden_device.h. */
#include "hidden_device.h"

#include <errno.h>

#include "bits.h"
#include "mmio_shadow.h"
#include "mmio_trap.h"

#define MAX 4

int guarded_read(uint64_t addr, unsigned int size, uint64_t *value);
int guarded_write(uint64_t addr, unsigned int size, uint64_t value);

static struct platform_range ranges[MAX];
static unsigned int count;

static int neighbour(struct mmio_access *a)
{
	int err = a->write ? guarded_write(a->addr, a->size, a->value) :
			     guarded_read(a->addr, a->size, &a->value);

	if (!err)
		mmio_shadow_put(a->addr, a->size, a->value);
	return err;
}

static int access(struct cpu *c, void *ctx, struct mmio_access *a)
{
	const struct platform_range *r = ctx;

	if (a->addr + a->size <= r->base || a->addr - r->base >= r->size)
		return neighbour(a);
	if (!a->write)
		a->value = 0;
	return 0;
}

int hidden_device_add(const struct platform_range *r)
{
	uint64_t start = ALIGN_DOWN(r->base, 4096);

	if (count == MAX)
		return -ENOSPC;
	ranges[count] = *r;
	return mmio_trap_register(start, r->base + r->size - start, access,
				  &ranges[count++], "the debugger's device");
}
