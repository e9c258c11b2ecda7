/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Memory that a device reads and writes by itself: its addresses and the
 * ordering of accesses to it. The one place to change for a board whose
 * device does not snoop the caches, or sees memory at other addresses: here
 * memory is coherent and mapped one to one. Builds on any machine.
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
static inline void dma_wmb(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* Orders reads of what the device wrote: before it before after it. */
static inline void dma_rmb(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* Orders our writes before it before our reads after it. */
static inline void dma_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

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
