/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Hexadecimal digits to and from bytes, and the cursor over the fields of a
 * packet.
 */
#include "stub/hex.h"

#include <errno.h>
#include <string.h>

#include "stub/bulk.h"
#include "stub/vregs.h"

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

uint8_t hex_encode(uint8_t *dst, const uint8_t *src, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *end = src + n;
	struct bulk b = {.dst = dst, .src = src};
	uint8_t sum = 0;

	if (n >= BULK_LEAST && vregs_take()) {
		bulk_hex(&b, n, &sum);
		vregs_give();
	}
	for (; b.src < end; b.src++, b.dst += 2) {
		b.dst[0] = (uint8_t)digits[*b.src >> 4];
		b.dst[1] = (uint8_t)digits[*b.src & 15];
		sum += (uint8_t)(b.dst[0] + b.dst[1]);
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
