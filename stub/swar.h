/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Eight bytes at a time in a 64-bit register: searching and summing. Both the
 * monitor and the hosts that test it are little-endian.
 */
#ifndef STUB_SWAR_H
#define STUB_SWAR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SWAR_ONES 0x0101010101010101ull
#define SWAR_HIGHS 0x8080808080808080ull
#define SWAR_EVEN 0x00ff00ff00ff00ffull
/* The lanes of a sum hold 16 bits: at most this many words between folds. */
#define SWAR_SUM_WORDS 128

static inline uint64_t swar_load(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void swar_store(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

/*
 * Not 0 if a byte of v is c. The lowest set bit belongs to the first such
 * byte; those above it may be wrong.
 */
static inline uint64_t swar_find(uint64_t v, uint8_t c)
{
	v ^= SWAR_ONES * c;
	return (v - SWAR_ONES) & ~v & SWAR_HIGHS;
}

static inline size_t swar_index(uint64_t found)
{
	return (size_t)__builtin_ctzll(found) / 8;
}

static inline uint64_t swar_sum_add(uint64_t acc, uint64_t v)
{
	return acc + (v & SWAR_EVEN) + ((v >> 8) & SWAR_EVEN);
}

/* The sum of all bytes that went into acc, modulo 256. */
static inline uint8_t swar_sum_fold(uint64_t acc)
{
	/* Wider lanes first: the sum of two may not fit in 16 bits. */
	acc = (acc & 0x0000ffff0000ffffull) +
	      (acc >> 16 & 0x0000ffff0000ffffull);
	return (uint8_t)(acc + (acc >> 32));
}

#endif
