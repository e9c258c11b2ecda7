/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See bulk.h. In gcc's vector types, which become NEON on arm64 and SSE on the
 * hosts that test it; both are little-endian. It is the one file of the image
 * that may use vector registers: it calls nothing, and is kept out of the
 * link-time pass so that nothing of it gets into other functions.
 */
#include "stub/bulk.h"

#include <string.h>

typedef uint8_t block __attribute__((vector_size(BULK_BLOCK)));
typedef uint16_t pairs __attribute__((vector_size(BULK_BLOCK)));
typedef uint8_t half __attribute__((vector_size(BULK_BLOCK / 2)));

static const block places = {0, 1, 2,  3,  4,  5,  6,  7,
			     8, 9, 10, 11, 12, 13, 14, 15};

static inline block load(const uint8_t *p)
{
	block v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void store(uint8_t *p, block v)
{
	memcpy(p, &v, sizeof(v));
}

/* Four bits for each byte of a comparison's result, the first ones lowest. */
static inline uint64_t bits(block found)
{
	half h = __builtin_convertvector((pairs)found >> 4, half);
	uint64_t r;

	memcpy(&r, &h, sizeof(r));
	return r;
}

static inline size_t first(uint64_t found)
{
	return (size_t)__builtin_ctzll(found) / 4;
}

/* Comparisons give vectors of signed lanes. */
static inline block frame_bytes(block v)
{
	return (block)((v - '#') <= '$' - '#');
}

static inline block special_bytes(block v)
{
	return frame_bytes(v) | (block)(v == '*') | (block)(v == '}');
}

static inline uint8_t total(block sums)
{
	uint8_t s = 0;

	for (unsigned int i = 0; i < BULK_BLOCK; i++)
		s += sums[i];
	return s;
}

void bulk_body(struct bulk *b, size_t n, uint8_t *sum)
{
	uint8_t *d = b->dst;
	const uint8_t *p = b->src, *end = p + n / BULK_BLOCK * BULK_BLOCK;
	block sums = {0};

	for (; p != end; p += BULK_BLOCK, d += BULK_BLOCK) {
		block v = load(p);

		if (bits(frame_bytes(v)))
			break;
		store(d, v);
		sums += v;
	}
	*sum += total(sums);
	b->dst = d;
	b->src = p;
}

void bulk_escape(struct bulk *b, size_t times, uint8_t *sum)
{
	uint8_t *d = b->dst;
	const uint8_t *p = b->src;
	block sums = {0};
	unsigned int escapes = 0;

	for (; times; times--) {
		block v = load(p);
		uint64_t found = bits(special_bytes(v));

		store(d, v); /* what is too much is written over */
		if (__builtin_expect(!found, 1)) {
			sums += v;
			p += BULK_BLOCK;
			d += BULK_BLOCK;
		} else {
			size_t plain = first(found);
			uint8_t c = p[plain] ^ 0x20;

			sums += v & (block)(places < (uint8_t)plain);
			escapes += (unsigned int)'}' + c;
			p += plain + 1;
			d += plain;
			*d++ = '}';
			*d++ = c;
		}
	}
	*sum += (uint8_t)(total(sums) + escapes);
	b->dst = d;
	b->src = p;
}

void bulk_unescape(struct bulk *b, const uint8_t *end)
{
	uint8_t *d = b->dst;
	const uint8_t *p = b->src;

	while (end - p > BULK_BLOCK) { /* an escape's second byte is there */
		block v = load(p);
		uint64_t found = bits((block)(v == '}'));

		if (__builtin_expect(!found, 1)) {
			store(d, v);
			p += BULK_BLOCK;
			d += BULK_BLOCK;
		} else {
			size_t plain = first(found);
			uint8_t c = p[plain + 1] ^ 0x20;

			/* Not over what has not been read yet. */
			if (p - d >= BULK_BLOCK)
				store(d, v);
			else
				for (size_t i = 0; i < plain; i++)
					d[i] = p[i];
			p += plain + 2;
			d += plain;
			*d++ = c;
		}
	}
	b->dst = d;
	b->src = p;
}

static inline block digits(block nibbles)
{
	return nibbles + '0' + ((block)(nibbles > 9) & ('a' - '0' - 10));
}

void bulk_hex(struct bulk *b, size_t n, uint8_t *sum)
{
	uint8_t *d = b->dst;
	const uint8_t *p = b->src, *end = p + n / BULK_BLOCK * BULK_BLOCK;
	block sums = {0};

	for (; p != end; p += BULK_BLOCK, d += (size_t)2 * BULK_BLOCK) {
		block v = load(p), high = digits(v >> 4), low = digits(v & 15);

		store(d,
		      __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3,
					      19, 4, 20, 5, 21, 6, 22, 7, 23));
		store(d + BULK_BLOCK,
		      __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26,
					      11, 27, 12, 28, 13, 29, 14, 30,
					      15, 31));
		sums += high + low;
	}
	*sum += total(sums);
	b->dst = d;
	b->src = p;
}
