/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Barriers, cache and TLB maintenance. The only place where they are spelled;
 * each caller says in a comment what it orders before what.
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

#include <stddef.h>
#include <stdint.h>

#define isb() asm volatile("isb" : : : "memory")
#define dsb(opt) asm volatile("dsb " #opt : : : "memory")
#define dmb(opt) asm volatile("dmb " #opt : : : "memory")
#define wfe() asm volatile("wfe" : : : "memory")
#define wfi() asm volatile("wfi" : : : "memory")
#define sev() asm volatile("sev" : : : "memory")
#define cpu_relax() asm volatile("yield" : : : "memory")

static inline size_t cache_line_min(unsigned int shift)
{
	uint64_t ctr;

	asm volatile("mrs %0, ctr_el0" : "=r"(ctr));
	return (size_t)4 << ((ctr >> shift) & 15);
}

/* Clean and invalidate to the point of coherency. */
static inline void dcache_clean_inval_poc(uint64_t start, size_t len)
{
	size_t line = cache_line_min(16);
	uint64_t a = start & ~(uint64_t)(line - 1);

	for (; a < start + len; a += line)
		asm volatile("dc civac, %0" : : "r"(a) : "memory");
	dsb(sy); /* orders the maintenance before what follows */
}

static inline void dcache_clean_poc(uint64_t start, size_t len)
{
	size_t line = cache_line_min(16);
	uint64_t a = start & ~(uint64_t)(line - 1);

	for (; a < start + len; a += line)
		asm volatile("dc cvac, %0" : : "r"(a) : "memory");
	dsb(sy); /* orders the maintenance before what follows */
}

/* After code was written at start: makes it what all CPUs fetch. */
static inline void icache_sync(uint64_t start, size_t len)
{
	size_t dline = cache_line_min(16), iline = cache_line_min(0);
	uint64_t a;

	for (a = start & ~(uint64_t)(dline - 1); a < start + len; a += dline)
		asm volatile("dc cvau, %0" : : "r"(a) : "memory");
	dsb(ish); /* orders the cleaning before the invalidation */
	for (a = start & ~(uint64_t)(iline - 1); a < start + len; a += iline)
		asm volatile("ic ivau, %0" : : "r"(a) : "memory");
	dsb(ish); /* orders the invalidation before the next fetch */
	isb();
}

/* All of EL2's own translations, after an entry of its tables was cleared. */
static inline void tlbi_el2(void)
{
	dsb(ishst); /* orders the cleared entry before the invalidation */
	asm volatile("tlbi alle2is" : : : "memory");
	dsb(ish); /* orders the invalidation before a new entry */
	isb();
}

/* All instruction caches of the inner-shareable domain (aliases included). */
static inline void icache_inval_all(void)
{
	dsb(ish); /* orders writes and cleaning before the invalidation */
	asm volatile("ic ialluis" : : : "memory");
	dsb(ish); /* orders the invalidation before the next fetch */
	isb();
}

/* At EL2 interrupts stay masked, but FIQs need not where only ours is one. */
static inline void fiq_unmask(void)
{
	asm volatile("msr daifclr, #1" : : : "memory");
}

static inline void fiq_mask(void)
{
	asm volatile("msr daifset, #1" : : : "memory");
}

/* Masked; what it was for fiq_restore(). */
static inline uint64_t fiq_save(void)
{
	uint64_t daif;

	asm volatile("mrs %0, daif" : "=r"(daif) : : "memory");
	fiq_mask();
	return daif;
}

static inline void fiq_restore(uint64_t daif)
{
	asm volatile("msr daif, %0" : : "r"(daif) : "memory");
}

#endif
