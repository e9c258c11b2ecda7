/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Hexadecimal digits to and from bytes, four bytes at a time on the way out,
 * and the cursor over the fields of a packet.
 */
#include "stub/hex.h"

#include <errno.h>
#include <string.h>

#include "stub/swar.h"

int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#define TO_LETTER ('a' - '0' - 10)
/* Rounds of two words of digits, until the sums fill their bytes. */
#define ROUNDS 7
/* A lane of 16 bits that another round might overflow has one of these. */
#define NEARLY_FULL 0x8000800080008000ull

_Static_assert(TO_LETTER == 32 + 8 - 1, "as digits_of() adds it");
_Static_assert(ROUNDS * 2 * 16 < 256, "a sum does not fit");

/* Of digits: their values, and 16 for each that is a letter. */
struct digit_sum {
	uint64_t values, letters;
};

/* The eight digits of four bytes, the first one lowest. */
static inline uint64_t digits_of(uint32_t word, struct digit_sum *sum)
{
	uint64_t v = word, letters;

	v = (v | v << 16) & 0x0000ffff0000ffffull;
	v = (v | v << 8) & SWAR_EVEN;
	v = ((v >> 4) | (v << 8)) & 0x0f0f0f0f0f0f0f0full;
	letters = (v + 6 * SWAR_ONES) & 16 * SWAR_ONES;
	sum->values += v;
	sum->letters += letters;
	return v + '0' * SWAR_ONES + (letters << 1) + (letters >> 1) -
	       (letters >> 4);
}

/* All bytes of a word into lanes of 16 bits. */
static inline uint64_t widen(uint64_t v)
{
	return (v & SWAR_EVEN) + (v >> 8 & SWAR_EVEN);
}

uint8_t hex_encode(uint8_t *dst, const uint8_t *src, size_t n)
{
	uint8_t sum = (uint8_t)(n / 8 * 16 * '0');
	uint64_t values = 0, letters = 0;

	while (n >= 8) {
		size_t rounds = n / 8 < ROUNDS ? n / 8 : ROUNDS;
		struct digit_sum s = {0, 0};

		n -= rounds * 8;
		for (; rounds; rounds--, src += 8, dst += 16) {
			uint64_t v = swar_load(src);

			swar_store(dst, digits_of((uint32_t)v, &s));
			swar_store(dst + 8, digits_of((uint32_t)(v >> 32), &s));
		}
		values += widen(s.values);
		letters += widen(s.letters) >> 4;
		if ((values | letters) & NEARLY_FULL || n < 8) {
			sum += (uint8_t)(swar_sum_lanes(values) +
					 swar_sum_lanes(letters) * TO_LETTER);
			values = letters = 0;
		}
	}
	for (; n; n--, dst += 2) {
		struct digit_sum s = {0, 0};
		uint64_t v = digits_of(*src++, &s);

		dst[0] = (uint8_t)v;
		dst[1] = (uint8_t)(v >> 8);
		sum += (uint8_t)(v + (v >> 8));
	}
	return sum;
}

int hex_decode(uint8_t *dst, const uint8_t *src, size_t n)
{
	for (; n; n--, src += 2) {
		int hi = hex_digit(src[0]), lo = hex_digit(src[1]);

		if (hi < 0 || lo < 0)
			return -EINVAL;
		*dst++ = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

bool cursor_char(struct cursor *c, char ch)
{
	if (cursor_at_end(c) || *c->p != (uint8_t)ch)
		return false;
	c->p++;
	return true;
}

bool cursor_text(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if (cursor_left(c) < n || memcmp(c->p, text, n) != 0)
		return false;
	c->p += n;
	return true;
}

bool cursor_hex(struct cursor *c, uint64_t *value)
{
	const uint8_t *p = c->p;
	uint64_t v = 0;

	for (; p < c->end && hex_digit(*p) >= 0; p++) {
		if (v >> 60)
			return false;
		v = v << 4 | (uint64_t)hex_digit(*p);
	}
	if (p == c->p)
		return false;
	c->p = p;
	*value = v;
	return true;
}
