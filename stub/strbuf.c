/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Text into a bounded buffer and the project's small printf. Knows nothing of
 * where the text goes.
 */
#include "stub/strbuf.h"

#include <stdbool.h>
#include <string.h>

void strbuf_init(struct strbuf *sb, char *buf, size_t cap)
{
	sb->s = buf;
	sb->len = 0;
	sb->cap = cap;
	sb->lost = 0;
	buf[0] = '\0';
}

void strbuf_putn(struct strbuf *sb, const char *s, size_t n)
{
	size_t room = sb->cap - 1 - sb->len;
	size_t fits = n < room ? n : room;

	memcpy(sb->s + sb->len, s, fits);
	sb->len += fits;
	sb->s[sb->len] = '\0';
	sb->lost += n - fits;
}

void strbuf_putc(struct strbuf *sb, char c)
{
	strbuf_putn(sb, &c, 1);
}

void strbuf_puts(struct strbuf *sb, const char *s)
{
	strbuf_putn(sb, s, strlen(s));
}

struct spec {
	bool left, zero, has_precision;
	unsigned int width, precision;
	unsigned int longs; /* 0 int, 1 long, 2 long long, 3 size_t */
};

static void put_fill(struct strbuf *sb, char c, unsigned int n)
{
	while (n--)
		strbuf_putc(sb, c);
}

static void put_padded(struct strbuf *sb, const struct spec *sp, const char *s,
		       size_t n)
{
	unsigned int fill = n < sp->width ? sp->width - (unsigned int)n : 0;

	if (!sp->left)
		put_fill(sb, ' ', fill);
	strbuf_putn(sb, s, n);
	if (sp->left)
		put_fill(sb, ' ', fill);
}

static void put_number(struct strbuf *sb, const struct spec *sp, uint64_t v,
		       unsigned int base, const char *sign)
{
	char digits[24];
	size_t n = sizeof(digits), sign_len = strlen(sign);
	unsigned int fill;

	do {
		digits[--n] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (!sp->zero || sp->left) {
		while (sign_len)
			digits[--n] = sign[--sign_len];
		put_padded(sb, sp, digits + n, sizeof(digits) - n);
		return;
	}
	fill = (unsigned int)(sizeof(digits) - n + sign_len);
	fill = fill < sp->width ? sp->width - fill : 0;
	strbuf_putn(sb, sign, sign_len);
	put_fill(sb, '0', fill);
	strbuf_putn(sb, digits + n, sizeof(digits) - n);
}

static unsigned int parse_count(const char **f, va_list *ap)
{
	unsigned int n = 0;

	if (**f == '*') {
		int arg = va_arg(*ap, int);

		(*f)++;
		return arg > 0 ? (unsigned int)arg : 0;
	}
	while (**f >= '0' && **f <= '9' && n < 10000)
		n = n * 10 + (unsigned int)(*(*f)++ - '0');
	return n;
}

static const char *parse_spec(const char *f, struct spec *sp, va_list *ap)
{
	memset(sp, 0, sizeof(*sp));
	for (; *f == '-' || *f == '0'; f++) {
		sp->left |= *f == '-';
		sp->zero |= *f == '0';
	}
	sp->width = parse_count(&f, ap);
	if (*f == '.') {
		f++;
		sp->has_precision = true;
		sp->precision = parse_count(&f, ap);
	}
	if (*f == 'z') {
		sp->longs = 3;
		return f + 1;
	}
	for (; *f == 'l' && sp->longs < 2; f++)
		sp->longs++;
	return f;
}

static uint64_t arg_unsigned(const struct spec *sp, va_list *ap)
{
	switch (sp->longs) {
	case 0:
		return va_arg(*ap, unsigned int);
	case 1:
		return va_arg(*ap, unsigned long);
	case 2:
		return va_arg(*ap, unsigned long long);
	default:
		return va_arg(*ap, size_t);
	}
}

static int64_t arg_signed(const struct spec *sp, va_list *ap)
{
	switch (sp->longs) {
	case 0:
		return va_arg(*ap, int);
	case 1:
		return va_arg(*ap, long);
	case 2:
		return va_arg(*ap, long long);
	default:
		return (int64_t)va_arg(*ap, size_t);
	}
}

static void put_string(struct strbuf *sb, const struct spec *sp, const char *s)
{
	size_t n = 0;

	if (!s)
		s = "(null)";
	while ((!sp->has_precision || n < sp->precision) && s[n])
		n++;
	put_padded(sb, sp, s, n);
}

static bool put_one(struct strbuf *sb, const struct spec *sp, char conversion,
		    va_list *ap)
{
	int64_t v;
	char c;

	switch (conversion) {
	case 's':
		put_string(sb, sp, va_arg(*ap, const char *));
		return true;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_padded(sb, sp, &c, 1);
		return true;
	case 'd':
		v = arg_signed(sp, ap);
		put_number(sb, sp, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10,
			   v < 0 ? "-" : "");
		return true;
	case 'u':
		put_number(sb, sp, arg_unsigned(sp, ap), 10, "");
		return true;
	case 'x':
		put_number(sb, sp, arg_unsigned(sp, ap), 16, "");
		return true;
	case 'p':
		put_number(sb, sp, (uintptr_t)va_arg(*ap, void *), 16, "0x");
		return true;
	case '%':
		strbuf_putc(sb, '%');
		return true;
	default:
		return false;
	}
}

void strbuf_vprintf(struct strbuf *sb, const char *fmt, va_list ap)
{
	struct spec sp;
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		size_t plain = 0;
		const char *f;

		while (fmt[plain] && fmt[plain] != '%')
			plain++;
		strbuf_putn(sb, fmt, plain);
		fmt += plain;
		if (!*fmt)
			break;
		f = parse_spec(fmt + 1, &sp, &args);
		if (*f && put_one(sb, &sp, *f, &args)) {
			fmt = f + 1;
			continue;
		}
		strbuf_putn(sb, fmt, (size_t)(f - fmt) + (*f ? 1 : 0));
		fmt = *f ? f + 1 : f;
	}
	va_end(args);
}

void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(sb, fmt, ap);
	va_end(ap);
}
