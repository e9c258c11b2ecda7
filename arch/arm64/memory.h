/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The monitor's own memory: a bump allocator at boot over its part of RAM, and
 * EL2's stage 1 over that and everything else.
 */
#ifndef ARCH_MEMORY_H
#define ARCH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct platform;

/* Boot only; panics when the monitor's share of RAM is used up. Zeroed. */
void *memory_alloc(size_t size, size_t align);
/* The same with whatever is in there, for what is written before it is read. */
void *memory_alloc_dirty(size_t size, size_t align);
/*
 * A CPU's stack; before mmu_init(). The top of an aligned 32 KiB block: the
 * upper half is the stack, below it come an unmapped page and a small stack
 * for the fault that an overflow makes; its first word holds owner, for
 * TPIDR_EL2 (vectors.S).
 */
#define MEMORY_STACK_BLOCK 32768
/* At most so much of the monitor's share is written before the MMU is on. */
#define MEMORY_BEFORE_MMU (8ull * 1024 * 1024)
void *memory_alloc_stack(const void *owner);
/* The unmapped page below stack i, 0 after the last one. */
uint64_t memory_stack_guard(unsigned int i);
void memory_init(uint64_t start, uint64_t end);
size_t memory_left(void);
size_t memory_used(void);

/*
 * Memory for devices that read and write it by themselves: a part of its own,
 * set aside before mmu_init(), of which pieces are given afterwards. Where a
 * device does not snoop the caches (coherent is false) the whole part becomes
 * Non-cacheable with its first piece. NULL: there is no more, or it was not set
 * aside.
 */
void memory_reserve_dma(void);
void *memory_alloc_dma(size_t size, size_t align, bool coherent);
uint64_t memory_dma(void); /* where that part begins, or 0 */

enum mmu_attr {
	MMU_NONE,
	MMU_TEXT, /* read, execute */
	MMU_RODATA,
	MMU_RAM, /* read, write, write-back inner-shareable */
	MMU_RAM_NC, /* read, write, Normal Non-cacheable */
	MMU_DEVICE, /* nGnRnE, read, write */
};

/* EL2's tables, in force on this CPU when it returns. */
void mmu_init(const struct platform *p);
/* As in the tables: for tests and `monitor info mmu`. Returns the descriptor. */
uint64_t mmu_query(uint64_t va);
uint64_t mmu_ttbr(void);
uint64_t mmu_tcr(void);
uint64_t mmu_sctlr(void);
/* 0: write-back, tagged with FEAT_MTE2; 1: nGnRE, 2: nGnRnE, 3: Non-cacheable */
uint64_t mmu_mair(void);

#endif
