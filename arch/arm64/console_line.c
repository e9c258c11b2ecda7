/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See console_line.h. */
#include "console_line.h"

#include <string.h>

#include "stub/strbuf.h"
#include "transport/pl011_regs.h"

#define BATCH 64 /* bytes of output that are sent without waiting for more */
#define QUIET 3 /* looks at the flags in a row: the guest has said it all */

void console_line_init(struct console_line *l, struct vpl011 *port,
		       struct transport *t, void *in_mem, uint32_t in_size)
{
	memset(l, 0, sizeof(*l));
	l->port = port;
	l->t = t;
	byte_ring_init(&l->in, in_mem, in_size);
	if (t)
		vpl011_carrier(port, false);
}

/* Towards the guest */

/* Into the FIFO, as far as it has room, and a break in its place. */
static void feed(struct console_line *l)
{
	uint8_t buf[VPL011_FIFO];
	size_t n, room;

	while ((room = vpl011_input_room(l->port))) {
		n = byte_ring_used(&l->in);
		if (l->breaking && n > l->break_at - l->in.tail)
			n = l->break_at - l->in.tail;
		if (!n && !l->breaking)
			return;
		if (!n) {
			vpl011_break(l->port);
			l->breaking = false;
			continue;
		}
		if (n > room)
			n = room;
		if (n > sizeof(buf))
			n = sizeof(buf);
		vpl011_input(l->port, buf, byte_ring_get(&l->in, buf, n));
	}
}

bool console_line_type(struct console_line *l, const uint8_t *buf, size_t len)
{
	if (byte_ring_room(&l->in) < len)
		return false;
	byte_ring_put(&l->in, buf, len);
	feed(l);
	return true;
}

void console_line_break(struct console_line *l)
{
	if (!l->breaking)
		l->break_at = l->in.head;
	l->breaking = true;
	feed(l);
}

static void note_connection(struct console_line *l, uint64_t now)
{
	uint32_t epoch = l->epoch;
	bool now_there = l->t->ops->connected(l->t, TRANSPORT_CONSOLE, &epoch);

	if (now_there == l->connected && epoch == l->epoch)
		return;
	l->connected = now_there;
	l->epoch = epoch;
	l->stalled = false;
	l->window_us = now;
	l->window_bytes = 0;
	l->notice_at = 0; /* one that was cut off is said again */
	vpl011_carrier(l->port, now_there);
}

static bool is_break(struct transport *t)
{
	return t->ops->events && (t->ops->events(t, TRANSPORT_CONSOLE) &
				  TRANSPORT_EVENT_BREAK);
}

void console_line_receive(struct console_line *l, uint64_t now_us)
{
	uint8_t buf[256];
	size_t want, n = 0;

	note_connection(l, now_us);
	do {
		want = byte_ring_room(&l->in);
		if (want > sizeof(buf))
			want = sizeof(buf);
		if (!want || l->breaking)
			break;
		if (is_break(l->t))
			console_line_break(l);
		n = l->t->ops->rx(l->t, TRANSPORT_CONSOLE, buf, want);
		byte_ring_put(&l->in, buf, n);
		feed(l);
	} while (n);
	l->left = n || l->breaking || !want;
	console_line_send(l, now_us);
}

bool console_line_wants_input(const struct console_line *l)
{
	return l->left && !l->breaking &&
	       byte_ring_room(&l->in) >= l->in.size / 2;
}

/* From the guest */

bool console_line_accessed(struct console_line *l, const struct mmio_access *a)
{
	uint64_t reg = a->addr & (VPL011_SIZE - 1);

	feed(l);
	if (a->write && reg == UARTDR) {
		l->unsent++;
		l->looks = 0;
		l->newline |= (uint8_t)a->value == '\n';
	} else if (reg == UARTFR) {
		l->looks++;
	} else {
		l->looks = QUIET; /* done for now: it sets up interrupts */
	}
	if (!l->unsent ||
	    (!l->newline && l->unsent < BATCH && l->looks < QUIET))
		return false;
	l->unsent = 0;
	l->newline = false;
	return true;
}

static void write_notice(struct console_line *l)
{
	struct strbuf text;

	strbuf_init(&text, l->notice, sizeof(l->notice));
	strbuf_printf(&text, "\r\n[hyperstub: %llu bytes lost here]\r\n",
		      (unsigned long long)(l->port->dropped - l->told));
	l->notice_len = text.len;
	l->telling = l->port->dropped;
}

/* What is missing, before what comes after it. False: no room for it now. */
static bool send_notice(struct console_line *l)
{
	const struct transport_ops *ops = l->t->ops;

	if (ops->lost && l->told != l->port->dropped) {
		ops->lost(l->t, TRANSPORT_CONSOLE,
			  (size_t)(l->port->dropped - l->told));
		l->told = l->port->dropped;
	}
	if (!l->notice_at) {
		if (l->told == l->port->dropped)
			return true;
		write_notice(l);
	}
	l->notice_at += ops->tx(l->t, TRANSPORT_CONSOLE,
				(const uint8_t *)l->notice + l->notice_at,
				l->notice_len - l->notice_at);
	if (l->notice_at < l->notice_len)
		return false;
	l->told = l->telling;
	l->notice_at = 0;
	return true;
}

static void send_output(struct console_line *l)
{
	struct transport *t = l->t;
	const uint8_t *p;
	size_t n, k;

	do {
		p = vpl011_output_peek(l->port, &n);
		k = n ? t->ops->tx(t, TRANSPORT_CONSOLE, p, n) : 0;
		vpl011_output_done(l->port, k);
		l->window_bytes += (uint32_t)k;
	} while (k);
}

static bool is_full(const struct console_line *l)
{
	return !byte_ring_room(&l->port->out);
}

/* Who reads next to nothing is not waited for; who reads again is. */
static void judge(struct console_line *l, uint64_t now)
{
	const struct byte_ring *out = &l->port->out;
	bool over = now - l->window_us >= CONSOLE_LINE_WINDOW_US;
	bool behind = byte_ring_used(out) > out->size / 4 * 3;

	if (!behind)
		l->stalled = false;
	else if (over)
		l->stalled = l->window_bytes < CONSOLE_LINE_RATE;
	if (over || !behind) {
		l->window_us = now;
		l->window_bytes = 0;
	}
}

void console_line_defer(struct console_line *l)
{
	l->unsent = 0;
	l->newline = false;
}

void console_line_send(struct console_line *l, uint64_t now_us)
{
	console_line_defer(l);
	if ((l->connected || l->t->ops->keeps_console) && send_notice(l))
		send_output(l);
	judge(l, now_us);
	vpl011_drop_oldest(l->port, !l->connected || l->stalled);
}

bool console_line_waits(const struct console_line *l)
{
	return l->unsent || (l->connected && !l->stalled && is_full(l));
}

uint64_t console_line_wait_us(const struct console_line *l, uint64_t now_us)
{
	uint64_t end = l->window_us + CONSOLE_LINE_WINDOW_US;

	if (l->unsent)
		return CONSOLE_LINE_FLUSH_US;
	return end > now_us ? end - now_us : 1;
}
