/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See options.h. */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "stub/strbuf.h"

static const char prefix[] = "hyperstub.";

/* Decimal or 0x, with K, M, G; the whole of s[0..n). */
static int parse_size(const char *s, size_t n, uint64_t *v)
{
	uint64_t r = 0;
	unsigned int base = 10;
	size_t i = 0;

	if (n > 2 && s[0] == '0' && s[1] == 'x') {
		base = 16;
		i = 2;
	}
	if (i == n)
		return -EINVAL;
	for (; i < n; i++) {
		unsigned int d;

		if (s[i] >= '0' && s[i] <= '9')
			d = (unsigned int)(s[i] - '0');
		else if (base == 16 && (s[i] | 32) >= 'a' && (s[i] | 32) <= 'f')
			d = (unsigned int)((s[i] | 32) - 'a') + 10;
		else if (i + 1 == n && i > 0 && strchr("KMG", s[i]))
			break;
		else
			return -EINVAL;
		if (r > (UINT64_MAX >> 5) / base)
			return -ERANGE;
		r = r * base + d;
	}
	if (i < n) {
		unsigned int shift = s[i] == 'K' ? 10 : s[i] == 'M' ? 20 : 30;

		if (r > UINT64_MAX >> shift)
			return -ERANGE;
		r <<= shift;
	}
	*v = r;
	return 0;
}

static bool is(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && !memcmp(s, word, n);
}

static int parse_bool(const char *s, size_t n, bool *v)
{
	if (!n || is(s, n, "on") || is(s, n, "yes") || is(s, n, "1"))
		*v = true;
	else if (is(s, n, "off") || is(s, n, "no") || is(s, n, "0"))
		*v = false;
	else
		return -EINVAL;
	return 0;
}

static int parse_small(const char *s, size_t n, unsigned int *v)
{
	uint64_t x;

	if (parse_size(s, n, &x) || x > 1024)
		return -EINVAL;
	*v = (unsigned int)x;
	return 0;
}

/* As in a device tree: hexadecimal, with or without 0x; the whole of it. */
static int parse_unit_address(const char *s, size_t n, uint64_t *v)
{
	uint64_t r = 0;

	if (n > 2 && s[0] == '0' && s[1] == 'x') {
		s += 2;
		n -= 2;
	}
	if (!n || n > 15)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		char c = s[i] | 32;

		if (s[i] >= '0' && s[i] <= '9')
			r = r << 4 | (uint64_t)(s[i] - '0');
		else if (c >= 'a' && c <= 'f')
			r = r << 4 | (uint64_t)(c - 'a' + 10);
		else
			return -EINVAL;
	}
	*v = r;
	return 0;
}

/* Which device carries the debugger. */
static int parse_gdb(struct options *o, const char *s, size_t n)
{
	static const char at[] = "usb@";
	uint64_t usb = OPTION_USB_ANY;

	if (n >= sizeof(at) - 1 && !memcmp(s, at, sizeof(at) - 1)) {
		if (parse_unit_address(s + sizeof(at) - 1, n - (sizeof(at) - 1),
				       &usb))
			return -EINVAL;
		o->gdb = GDB_USB;
	} else if (is(s, n, "virtio")) {
		o->gdb = GDB_VIRTIO;
	} else if (is(s, n, "usb")) {
		o->gdb = GDB_USB;
	} else if (is(s, n, "uart")) {
		o->gdb = GDB_UART;
	} else if (is(s, n, "none")) {
		o->gdb = GDB_NONE;
	} else {
		return -EINVAL;
	}
	o->usb = usb;
	return 0;
}

static int parse_serial(struct options *o, const char *s, size_t n)
{
	if (is(s, n, "guest"))
		o->serial = SERIAL_GUEST;
	else if (is(s, n, "channel"))
		o->serial = SERIAL_CHANNEL;
	else if (is(s, n, "gdb"))
		o->serial = SERIAL_GDB;
	else
		return -EINVAL;
	return 0;
}

static int parse_one(struct options *o, const char *name, size_t nn,
		     const char *s, size_t n)
{
	if (is(name, nn, "share"))
		return parse_size(s, n, &o->share);
	if (is(name, nn, "wait"))
		return parse_bool(s, n, &o->wait);
	if (is(name, nn, "vhe"))
		return parse_bool(s, n, &o->vhe);
	if (is(name, nn, "blocks"))
		return parse_bool(s, n, &o->blocks);
	if (is(name, nn, "shadow-pages"))
		return parse_size(s, n, &o->shadow_pages);
	if (is(name, nn, "list-registers"))
		return parse_small(s, n, &o->list_registers);
	if (is(name, nn, "granule")) {
		if (parse_size(s, n, &(uint64_t){ 0 }))
			return -EINVAL;
		if (is(s, n, "4K") || is(s, n, "4"))
			o->granule = 4;
		else if (is(s, n, "16K") || is(s, n, "16"))
			o->granule = 16;
		else if (is(s, n, "64K") || is(s, n, "64"))
			o->granule = 64;
		else
			return -EINVAL;
		return 0;
	}
	if (is(name, nn, "guest")) {
		o->no_guest = is(s, n, "none");
		return o->no_guest ? 0 : -EINVAL;
	}
	if (is(name, nn, "gdb"))
		return parse_gdb(o, s, n);
	if (is(name, nn, "serial"))
		return parse_serial(o, s, n);
	return -ENOENT;
}

int options_parse(struct options *o, const char *p, struct strbuf *why)
{
	int bad = 0;

	*o = (struct options){ .share = 64ull << 20, .vhe = true,
			       .blocks = true,
			       .usb = OPTION_USB_ANY };
	while (*p) {
		size_t n = 0, eq;
		int err;

		while (*p == ' ')
			p++;
		while (p[n] && p[n] != ' ')
			n++;
		if (n < sizeof(prefix) || memcmp(p, prefix, sizeof(prefix) - 1)) {
			p += n;
			continue;
		}
		for (eq = sizeof(prefix) - 1; eq < n && p[eq] != '='; eq++)
			;
		err = parse_one(o, p + sizeof(prefix) - 1,
				eq - (sizeof(prefix) - 1),
				p + eq + (eq < n), n - eq - (eq < n));
		if (err) {
			strbuf_printf(why, err == -ENOENT ?
				"%s%.*s is not an option of the monitor" :
				"%s%.*s has a value that is not allowed",
				bad ? "; " : "", (int)n, p);
			bad = -EINVAL;
		}
		p += n;
	}
	return bad;
}
