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

/* The eight digits of four bytes, the first one lowest. */
static inline uint64_t digits_of(uint32_t word)
{
	uint64_t v = word, letters;

	v = (v | v << 16) & 0x0000ffff0000ffffull;
	v = (v | v << 8) & SWAR_EVEN;
	v = ((v >> 4) | (v << 8)) & 0x0f0f0f0f0f0f0f0full;
	letters = ((v + 6 * SWAR_ONES) >> 4) & SWAR_ONES;
	return v + '0' * SWAR_ONES + letters * ('a' - '0' - 10);
}

uint8_t hex_encode(uint8_t *dst, const uint8_t *src, size_t n)
{
	uint8_t sum = 0;

	while (n >= 4) {
		size_t words = n / 4;
		uint64_t acc = 0;

		if (words > SWAR_SUM_WORDS)
			words = SWAR_SUM_WORDS;
		n -= words * 4;
		while (words--) {
			uint32_t word;
			uint64_t v;

			memcpy(&word, src, sizeof(word));
			v = digits_of(word);
			swar_store(dst, v);
			acc = swar_sum_add(acc, v);
			src += 4;
			dst += 8;
		}
		sum += swar_sum_fold(acc);
	}
	for (; n; n--) {
		uint64_t v = digits_of(*src++);

		*dst++ = (uint8_t)v;
		*dst++ = (uint8_t)(v >> 8);
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
