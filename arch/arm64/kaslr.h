/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Where an arm64 Linux guest runs, against where it was linked. */
#ifndef ARCH_KASLR_H
#define ARCH_KASLR_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

/* For qOffsets. -ENODATA: no Linux that has its MMU on yet. */
int kaslr_slide(uint64_t *slide);

/*
 * KIMAGE_VADDR of a kernel of that version which runs with that TCR_EL1: it
 * lies behind 128 MiB of module space up to 6.4, 2 GiB from 6.5 on. A kernel of
 * 52 bits is linked to where one of VA_BITS_MIN is (asm/memory.h).
 */
static inline uint64_t kaslr_linked(uint64_t tcr, unsigned int major,
				    unsigned int minor)
{
	unsigned int t1sz = (unsigned int)FIELD_GET(GENMASK(21, 16), tcr);
	bool pages_16k = FIELD_GET(GENMASK(31, 30), tcr) == 1;
	unsigned int bits = t1sz >= 16 ? 64 - t1sz : pages_16k ? 47 : 48;
	bool from_6_5 = major > 6 || (major == 6 && minor >= 5);

	return -BIT(bits - 1) + (from_6_5 ? BIT(31) : BIT(27));
}

#endif
