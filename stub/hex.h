/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Hexadecimal digits to and from bytes, and a cursor that reads the fields of
 * a packet. Every read is bounded by the cursor's end.
 */
#ifndef STUB_HEX_H
#define STUB_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0..15, or -1. */
int hex_digit(uint8_t c);
/*
 * 2 * n lower-case digits into dst, which must not overlap src except that
 * dst + 2 * n <= src + n. Returns the sum of the digits, modulo 256.
 */
uint8_t hex_encode(uint8_t *dst, const uint8_t *src, size_t n);
/* n bytes out of 2 * n digits; dst may be src. -EINVAL for a non-digit. */
int hex_decode(uint8_t *dst, const uint8_t *src, size_t n);

struct cursor {
	const uint8_t *p;
	const uint8_t *end;
};

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static inline bool cursor_at_end(const struct cursor *c)
{
	return c->p == c->end;
}

/* Skip ch; false (and nothing skipped) if something else is there. */
bool cursor_char(struct cursor *c, char ch);
/* Skip the text; false (and nothing skipped) if something else is there. */
bool cursor_text(struct cursor *c, const char *text);
/*
 * One or more digits, up to 64 bits. False (and nothing skipped) if there is
 * no digit or too many.
 */
bool cursor_hex(struct cursor *c, uint64_t *value);

#endif
