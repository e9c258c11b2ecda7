/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Eight bytes at a time in a 64-bit register: searching and summing. Both the
 * monitor and the hosts that test it are little-endian.
 */
#ifndef STUB_SWAR_H
#define STUB_SWAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SWAR_ONES 0x0101010101010101ull
#define SWAR_HIGHS 0x8080808080808080ull
#define SWAR_LOWS 0x7f7f7f7f7f7f7f7full
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

/*
 * The two below are exact, byte by byte: no lane carries into the next, since t
 * is v without its high bits. The result's high bits say which; those of v must
 * still be looked at.
 */
static inline uint64_t swar_differs(uint64_t t, uint8_t c)
{
	return (t ^ SWAR_ONES * c) + SWAR_LOWS;
}

/* first <= byte <= last, both below 0x7f. */
static inline uint64_t swar_between(uint64_t t, uint8_t first, uint8_t last)
{
	return (t + SWAR_ONES * (0x80u - first)) &
	       ~(t + SWAR_ONES * (0x7fu - last));
}

/* A sum of bytes: all of them as they are, and those in even places apart. */
struct swar_sum {
	uint64_t all, even;
};

static inline void swar_sum_add(struct swar_sum *s, uint64_t v)
{
	s->all += v;
	s->even += v & SWAR_EVEN;
}

/* Of two words that are next to each other in memory. */
static inline void swar_sum_add_two(struct swar_sum *s, uint64_t v, uint64_t w)
{
	s->all += v;
	s->all += w;
	s->even += (v & SWAR_EVEN) + (w & SWAR_EVEN);
}

/* What is asked of bytes that seldom have it. */
static inline bool swar_rarely(uint64_t found)
{
	return __builtin_expect(found != 0, 0);
}

/* The sum of four 16-bit lanes, modulo 256. */
static inline uint8_t swar_sum_lanes(uint64_t lanes)
{
	/* Wider lanes first: the sum of two may not fit in 16 bits. */
	lanes = (lanes & 0x0000ffff0000ffffull) +
		(lanes >> 16 & 0x0000ffff0000ffffull);
	return (uint8_t)(lanes + (lanes >> 32));
}

/*
 * The sum of all bytes that went in, modulo 256. What is odd is what is left
 * of all without the even; its top lane has lost what 256 divides.
 */
static inline uint8_t swar_sum_fold(const struct swar_sum *s)
{
	return swar_sum_lanes(s->even + ((s->all - s->even) >> 8));
}

#endif
