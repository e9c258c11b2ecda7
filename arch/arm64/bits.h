/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Bit and field helpers, all 64-bit. */
#ifndef ARCH_BITS_H
#define ARCH_BITS_H

#ifdef __ASSEMBLER__
#define BIT(n) (1 << (n))
#else
#include <stdint.h>

#define BIT(n) (UINT64_C(1) << (n))
#define GENMASK(h, l) \
	((~UINT64_C(0) >> (63 - (h))) & ~((UINT64_C(1) << (l)) - 1))
/* Fields by mask, as in Linux: FIELD_GET(GENMASK(31, 26), esr). */
#define FIELD_SHIFT(mask) (__builtin_ctzll(mask))
#define FIELD_GET(mask, v) ((((uint64_t)(v)) & (mask)) >> FIELD_SHIFT(mask))
#define FIELD_PREP(mask, v) ((((uint64_t)(v)) << FIELD_SHIFT(mask)) & (mask))
#define ALIGN_DOWN(v, a) ((v) & ~((uint64_t)(a) - 1))
#define ALIGN_UP(v, a) ALIGN_DOWN((v) + (uint64_t)(a) - 1, a)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

#endif
