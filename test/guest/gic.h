/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The GICv3 of QEMU's virt board, all interrupts in group 1. Private interrupts
 * are those of the CPU that asks.
 */
#ifndef TEST_GUEST_GIC_H
#define TEST_GUEST_GIC_H

#include "guest.h"

#define GICD 0x08000000ull
#define GICR_OF(cpu) (0x080a0000ull + (cpu) * 0x20000ull)
#define GICR GICR_OF(cpu_id())
#define GICR_SGI (GICR + 0x10000)

static inline void gic_distributor_on(void)
{
	write32(GICD, 1 << 4); /* ARE before the groups */
	write32(GICD, 1 << 4 | 1 << 1 | 1 << 0);
	for (uint64_t n = 4; n < 16; n += 4)
		write32(GICD + 0x80 + n, 0xffffffff);
	for (uint64_t n = 32; n < 128; n += 4)
		write32(GICD + 0x400 + n, 0xa0a0a0a0);
}

static inline void gic_cpu_on(void)
{
	uint64_t r = GICR;

	write32(r + 0x14, read32(r + 0x14) & ~2u);
	while (read32(r + 0x14) & 4)
		asm volatile("yield");
	write32(GICR_SGI + 0x80, 0xffffffff);
	for (uint64_t n = 0; n < 32; n += 4)
		write32(GICR_SGI + 0x400 + n, 0xa0a0a0a0);
	msr(S3_0_C12_C12_5, 7);	 /* ICC_SRE_EL1 */
	msr(S3_0_C4_C6_0, 0xf0); /* ICC_PMR_EL1 */
	msr(S3_0_C12_C12_7, 1);	 /* ICC_IGRPEN1_EL1 */
}

static inline void gic_on(void)
{
	gic_distributor_on();
	gic_cpu_on();
}

static inline uint64_t gic_word(uint32_t intid, uint64_t reg)
{
	return (intid < 32 ? GICR_SGI : GICD) + reg + intid / 32 * 4;
}

static inline void gic_enable(uint32_t intid, bool on)
{
	write32(gic_word(intid, on ? 0x100 : 0x180), 1u << intid % 32);
}

static inline unsigned int gic_pending(uint32_t intid)
{
	return read32(gic_word(intid, 0x200)) >> intid % 32 & 1;
}

static inline void gic_set_pending(uint32_t intid, bool on)
{
	write32(gic_word(intid, on ? 0x200 : 0x280), 1u << intid % 32);
}

static inline uint64_t gic_ack(void)
{
	uint64_t intid = mrs(S3_0_C12_C12_0) & 0xffffff;

	asm volatile("dsb sy");
	return intid;
}

static inline void gic_end(uint64_t intid)
{
	msr(S3_0_C12_C12_1, intid);
}

#endif
