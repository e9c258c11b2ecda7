/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Text into a buffer that the caller owns: always NUL-terminated, never past
 * its end; what does not fit is cut and counted. Includes the project's
 * own small printf, since EL2 has no other.
 */
#ifndef STUB_STRBUF_H
#define STUB_STRBUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf {
	char *s;
	size_t len; /* without the NUL */
	size_t cap; /* with the NUL; at least 1 */
	size_t lost; /* characters that did not fit */
};

void strbuf_init(struct strbuf *sb, char *buf, size_t cap);
void strbuf_putc(struct strbuf *sb, char c);
void strbuf_puts(struct strbuf *sb, const char *s);
void strbuf_putn(struct strbuf *sb, const char *s, size_t n);
/*
 * %s %.*s %c %d %u %x %lx %llx %lu %llu %ld %lld %zu %p %%, with a width, '-' and '0'
 * flags. Anything else is printed as it stands.
 */
void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list ap);
void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A strbuf on the stack: STRBUF(why, 160); */
#define STRBUF(name, size)                                              \
	char name##_room[size];                                         \
	struct strbuf name = { name##_room, 0, (size), 0 };             \
	name##_room[0] = '\0'

#endif
