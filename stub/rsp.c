/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Frames of the remote serial protocol. What is long goes through bulk.c: at
 * 30 MB/s over USB this is the monitor's hottest code.
 */
#include "stub/rsp.h"

#include <string.h>

#include "stub/bulk.h"
#include "stub/hex.h"
#include "stub/vregs.h"

/* ---- from the client -------------------------------------------------------
 */

void rsp_rx_init(struct rsp_rx *rx, uint8_t *buf, size_t size)
{
	memset(rx, 0, sizeof(*rx));
	rx->body = buf;
	rx->cap = size - 1;
}

void rsp_rx_reset(struct rsp_rx *rx)
{
	rx->state = RSP_HUNT;
	rx->len = 0;
}

static void rx_start(struct rsp_rx *rx)
{
	rx->state = RSP_BODY;
	rx->len = 0;
	rx->sum = 0;
	rx->too_long = false;
}

/* Blocks that hold neither '#' nor '$'; returns the bytes taken. */
static size_t rx_body_bulk(struct rsp_rx *rx, const uint8_t *p, size_t n)
{
	struct bulk b = {.dst = rx->body + rx->len, .src = p};

	if (n > rx->cap - rx->len)
		n = rx->cap - rx->len;
	if (n < BULK_LEAST || !vregs_take())
		return 0;
	bulk_body(&b, n, &rx->sum);
	vregs_give();
	rx->len += (size_t)(b.src - p);
	return (size_t)(b.src - p);
}

static size_t rx_body(struct rsp_rx *rx, const uint8_t *p, size_t n)
{
	size_t i = rx_body_bulk(rx, p, n);

	for (; i < n && p[i] != '#' && p[i] != '$'; i++) {
		rx->sum += p[i];
		if (rx->len < rx->cap)
			rx->body[rx->len++] = p[i];
		else
			rx->too_long = true;
	}
	return i;
}

static enum rsp_event rx_outside(struct rsp_rx *rx, uint8_t c)
{
	switch (c) {
	case '$':
		rx_start(rx);
		return RSP_NONE;
	case '+':
		return RSP_ACK;
	case '-':
		return RSP_NACK;
	case 0x03:
		return RSP_BREAK;
	default:
		return RSP_NONE;
	}
}

static enum rsp_event rx_finish(struct rsp_rx *rx, uint8_t second)
{
	int hi = hex_digit(rx->told), lo = hex_digit(second);

	rx->state = RSP_HUNT;
	if (hi < 0 || lo < 0 || (hi << 4 | lo) != rx->sum)
		return RSP_BAD;
	if (rx->too_long)
		return RSP_TOO_LONG;
	rx->body[rx->len] = '\0';
	return RSP_PACKET;
}

/* One byte that is not part of a run of body bytes. */
static enum rsp_event rx_byte(struct rsp_rx *rx, uint8_t c)
{
	if (rx->state == RSP_HUNT)
		return rx_outside(rx, c);
	if (c == '$') {
		rx_start(rx); /* the rest of the last frame was lost */
		return RSP_NONE;
	}
	switch (rx->state) {
	case RSP_BODY: /* '#': all else went through rx_body() */
		rx->state = RSP_SUM1;
		return RSP_NONE;
	case RSP_SUM1:
		rx->told = c;
		rx->state = RSP_SUM2;
		return RSP_NONE;
	default:
		return rx_finish(rx, c);
	}
}

size_t rsp_rx_feed(struct rsp_rx *rx, const uint8_t *bytes, size_t len,
		   enum rsp_event *event)
{
	size_t i = 0;

	*event = RSP_NONE;
	while (i < len && *event == RSP_NONE) {
		if (rx->state == RSP_BODY) {
			i += rx_body(rx, bytes + i, len - i);
			if (i == len)
				break;
		}
		*event = rx_byte(rx, bytes[i++]);
	}
	return i;
}

/* In place, or dst before src. */
size_t rsp_unescape(uint8_t *dst, const uint8_t *src, size_t len)
{
	struct bulk b = {.dst = dst, .src = src};
	const uint8_t *end = src + len;

	if (len >= BULK_LEAST && vregs_take()) {
		bulk_unescape(&b, end);
		vregs_give();
	}
	for (; b.src < end; b.src++) {
		if (*b.src != '}')
			*b.dst++ = *b.src;
		else if (++b.src < end)
			*b.dst++ = *b.src ^ 0x20;
	}
	return (size_t)(b.dst - dst);
}

/* ---- to the client ---------------------------------------------------------
 */

void rsp_tx_init(struct rsp_tx *tx, uint8_t *buf, size_t size)
{
	memset(tx, 0, sizeof(*tx));
	tx->buf = buf;
	tx->cap = size - RSP_FRAME_EXTRA;
}

void rsp_tx_reset(struct rsp_tx *tx)
{
	tx->len = 0;
	tx->sent = 0;
	tx->open = false;
	tx->again = false;
	tx->control_len = 0;
	tx->from_control = false;
}

void rsp_begin(struct rsp_tx *tx)
{
	tx->buf[0] = '$';
	tx->len = 1;
	tx->sent = 0;
	tx->sum = 0;
	tx->open = true;
	tx->again = false;
}

void rsp_end(struct rsp_tx *tx, bool keep)
{
	tx->buf[tx->len++] = '#';
	hex_encode(tx->buf + tx->len, &tx->sum, 1);
	tx->len += 2;
	tx->keep = keep;
	tx->open = false;
}

size_t rsp_room(const struct rsp_tx *tx)
{
	return tx->cap + 1 - tx->len;
}

void rsp_putc(struct rsp_tx *tx, char c)
{
	if (!rsp_room(tx))
		return;
	tx->buf[tx->len++] = (uint8_t)c;
	tx->sum += (uint8_t)c;
}

void rsp_puts(struct rsp_tx *tx, const char *s)
{
	while (*s)
		rsp_putc(tx, *s++);
}

void rsp_put_number(struct rsp_tx *tx, uint64_t v)
{
	unsigned int shift = 60;

	while (shift && !(v >> shift))
		shift -= 4;
	for (;; shift -= 4) {
		rsp_putc(tx, "0123456789abcdef"[v >> shift & 15]);
		if (!shift)
			break;
	}
}

size_t rsp_put_hex(struct rsp_tx *tx, const void *bytes, size_t n)
{
	if (n > rsp_room(tx) / 2)
		n = rsp_room(tx) / 2;
	tx->sum += hex_encode(tx->buf + tx->len, bytes, n);
	tx->len += 2 * n;
	return n;
}

/* What there is room for in any case; returns where the next byte is. */
static const uint8_t *put_bulk(struct rsp_tx *tx, const uint8_t *p,
			       const uint8_t *end)
{
	struct bulk b = {.dst = tx->buf + tx->len, .src = p};

	if (end - p < BULK_LEAST || !vregs_take())
		return p;
	for (;;) {
		size_t times = (size_t)(end - b.src) / BULK_BLOCK;
		size_t room = rsp_room(tx) / BULK_ESCAPED;

		if (!times || !room)
			break;
		bulk_escape(&b, times < room ? times : room, &tx->sum);
		tx->len = (size_t)(b.dst - tx->buf);
	}
	vregs_give();
	return b.src;
}

/* One byte as it must be sent; false: no room. */
static bool put_escaped(struct rsp_tx *tx, uint8_t c)
{
	bool escape = c == '}' || c == '#' || c == '$' || c == '*';

	if (rsp_room(tx) < (escape ? 2u : 1u))
		return false;
	if (escape)
		rsp_putc(tx, '}');
	rsp_putc(tx, (char)(c ^ (escape ? 0x20 : 0)));
	return true;
}

size_t rsp_put_binary(struct rsp_tx *tx, const void *bytes, size_t n)
{
	const uint8_t *p = bytes, *end = p + n;

	p = put_bulk(tx, p, end);
	while (p < end && put_escaped(tx, *p))
		p++;
	return n - (size_t)(end - p);
}

void rsp_tx_drop(struct rsp_tx *tx)
{
	tx->len = tx->sent = 0;
	tx->open = false;
}

bool rsp_tx_free(const struct rsp_tx *tx)
{
	return tx->len == 0;
}

bool rsp_tx_busy(const struct rsp_tx *tx)
{
	return tx->sent < tx->len;
}

bool rsp_tx_waits(const struct rsp_tx *tx)
{
	return tx->len && tx->sent == tx->len && !tx->open;
}

void rsp_tx_ack(struct rsp_tx *tx)
{
	if (rsp_tx_waits(tx))
		tx->len = tx->sent = 0;
}

void rsp_tx_nack(struct rsp_tx *tx)
{
	if (rsp_tx_waits(tx))
		tx->sent = 0;
	else if (tx->sent && tx->keep)
		tx->again = true;
}

bool rsp_tx_control(struct rsp_tx *tx, char c)
{
	if (tx->control_len == RSP_MAX_CONTROL)
		return false;
	tx->control[tx->control_len++] = (uint8_t)c;
	return true;
}

const uint8_t *rsp_tx_peek(struct rsp_tx *tx, size_t *len)
{
	bool inside = tx->sent && (tx->open || tx->sent < tx->len);

	tx->from_control = tx->control_len && !inside;
	*len = tx->from_control ? tx->control_len : tx->len - tx->sent;
	return tx->from_control ? tx->control : tx->buf + tx->sent;
}

static void control_done(struct rsp_tx *tx, size_t n)
{
	if (n > tx->control_len)
		n = tx->control_len;
	tx->control_len -= n;
	memmove(tx->control, tx->control + n, tx->control_len);
}

void rsp_tx_done(struct rsp_tx *tx, size_t n)
{
	if (tx->from_control) {
		control_done(tx, n);
		return;
	}
	if (n > tx->len - tx->sent)
		n = tx->len - tx->sent;
	tx->sent += n;
	if (!n || tx->sent < tx->len || tx->open)
		return;
	if (tx->again) {
		tx->again = false;
		tx->sent = 0;
	} else if (!tx->keep) {
		tx->len = tx->sent = 0;
	}
}
