/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The part of <string.h> that a freestanding build (and libfdt) needs. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;
/* Two registers: LDP and STP. */
typedef unsigned __int128 __attribute__((may_alias, aligned(1))) pair_t;

bool string_unaligned;

/* May these addresses (or'ed) be accessed by words? */
static inline bool words(uintptr_t addresses)
{
	return string_unaligned || !(addresses & 7);
}

/* Also right where dst lies below an overlapping src. */
static inline void copy_up(uint8_t *d, const uint8_t *s, size_t n)
{
	bool wide = words((uintptr_t)d | (uintptr_t)s);

	for (; wide && n >= 64; n -= 64, d += 64, s += 64) {
		pair_t a = ((const pair_t *)s)[0], b = ((const pair_t *)s)[1];
		pair_t e = ((const pair_t *)s)[2], f = ((const pair_t *)s)[3];

		((pair_t *)d)[0] = a;
		((pair_t *)d)[1] = b;
		((pair_t *)d)[2] = e;
		((pair_t *)d)[3] = f;
	}
	for (; wide && n >= 8; n -= 8, d += 8, s += 8)
		*(word_t *)d = *(const word_t *)s;
	while (n--)
		*d++ = *s++;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= n) {
		copy_up(d, s, n);
		return dst;
	}
	for (; n >= 32 && words((uintptr_t)(d + n) | (uintptr_t)(s + n));
	     n -= 32) {
		pair_t a = ((const pair_t *)(s + n))[-1];
		pair_t b = ((const pair_t *)(s + n))[-2];

		((pair_t *)(d + n))[-1] = a;
		((pair_t *)(d + n))[-2] = b;
	}
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint8_t *d = dst;
	uint64_t w = 0x0101010101010101ull * (uint8_t)c;

	pair_t pair = (pair_t)w << 64 | w;
	bool wide = words((uintptr_t)d);

	for (; wide && n >= 64; n -= 64, d += 64)
		for (unsigned int i = 0; i < 4; i++)
			((pair_t *)d)[i] = pair;
	for (; wide && n >= 8; n -= 8, d += 8)
		*(word_t *)d = w;
	while (n--)
		*d++ = (uint8_t)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const uint8_t *p = s;

	for (; n; n--, p++)
		if (*p == (uint8_t)c)
			return (void *)p;
	return NULL;
}

void *memrchr(const void *s, int c, size_t n)
{
	const uint8_t *p = s;

	while (n--)
		if (p[n] == (uint8_t)c)
			return (void *)(p + n);
	return NULL;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; a++, b++, n--)
		;
	return n ? (uint8_t)*a - (uint8_t)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)last;
	}
}

char *strcpy(char *restrict dst, const char *restrict src)
{
	memcpy(dst, src, strlen(src) + 1);
	return dst;
}

char *strstr(const char *hay, const char *needle)
{
	size_t n = strlen(needle);

	for (; *hay; hay++)
		if (!strncmp(hay, needle, n))
			return (char *)hay;
	return n ? NULL : (char *)hay;
}

unsigned long strtoul(const char *s, char **end, int base)
{
	unsigned long v = 0;

	/* libfdt parses unit addresses only: base 16 or 10, no sign. */
	for (;; s++) {
		int c = *s, d;

		if (c >= '0' && c <= '9')
			d = c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'z')
			d = (c | 32) - 'a' + 10;
		else
			break;
		if (d >= base)
			break;
		v = v * (unsigned int)base + (unsigned int)d;
	}
	if (end)
		*end = (char *)s;
	return v;
}
