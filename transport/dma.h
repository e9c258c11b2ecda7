/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Memory that a device reads and writes by itself: its addresses and the
 * ordering of accesses to it. The one place to change for a board whose
 * device sees memory at other addresses; here it is mapped one to one.
 *
 * No driver does cache maintenance. Memory for a device that snoops the caches
 * is mapped as all other; memory for one that does not is mapped Normal
 * Non-cacheable at EL2 (memory_alloc_dma()), so that nothing can be forgotten,
 * by drivers or by what fills their buffers.
 *
 * The barriers are of the outer shareable domain, where such a device is an
 * observer (dma.c; tests on a host bring their own).
 */
#ifndef TRANSPORT_DMA_H
#define TRANSPORT_DMA_H

#include <stddef.h>
#include <stdint.h>

/* What the device calls this memory. */
static inline uint64_t dma_addr(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* Orders writes before it before writes after it, as the device sees them. */
void dma_wmb(void);
/* Orders reads of what the device wrote: before it before after it. */
void dma_rmb(void);
/* Orders our writes before it before our reads after it. */
void dma_mb(void);

/*
 * A buffer goes to the device: what we wrote there is seen by it, and no line
 * of ours is written back over what it writes. Before it is told of the buffer.
 */
static inline void dma_for_device(const volatile void *p, size_t len)
{
	(void)p;
	(void)len;
}

/* A buffer is ours again: what the device wrote there is what we read. */
static inline void dma_for_cpu(const volatile void *p, size_t len)
{
	(void)p;
	(void)len;
}

#endif
