/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The client's end of the line for tests; see bench.h. Buffers are allocated
 * at their exact sizes, so that the sanitizer sees one byte too many.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s\n", what);
	abort();
}

void bench_open(struct bench *b, size_t packet)
{
	struct gdbstub_memory mem;

	memset(b, 0, sizeof(*b));
	b->t = malloc(sizeof(*b->t));
	fake_init(b->t);
	b->t->stub = &b->s;
	mem.rx_size = packet + 1;
	mem.tx_size = packet + RSP_FRAME_EXTRA;
	mem.scratch_size = GDBSTUB_SCRATCH_SIZE;
	mem.rx = b->memory[0] = malloc(mem.rx_size);
	mem.tx = b->memory[1] = malloc(mem.tx_size);
	mem.scratch = b->memory[2] = malloc(mem.scratch_size);
	b->memory[3] = malloc(bp_table_memory(BENCH_POINTS, BENCH_ARENA));
	bp_table_init(&b->points, b->memory[3], BENCH_POINTS, BENCH_ARENA);
	mem.points = &b->points;
	b->out_cap = 4 * packet + 4096;
	b->out = malloc(b->out_cap);
	b->reply = malloc(packet + 1);
	gdbstub_init(&b->s, b->t, &mem);
	gdbstub_connect(&b->s);
}

void bench_open_gdb(struct bench *b)
{
	bench_open(b, GDBSTUB_PACKET_SIZE);
	bench_ask(b, "qSupported:swbreak+;hwbreak+");
	bench_send(b, "+", 1);
	bench_ask(b, "QStartNoAckMode");
	bench_send(b, "+", 1);
}

void bench_close(struct bench *b)
{
	size_t i;

	for (i = 0; i < 4; i++)
		free(b->memory[i]);
	free(b->out);
	free(b->reply);
	free(b->t);
}

void bench_drain(struct bench *b)
{
	const uint8_t *p;
	size_t n;

	while ((p = gdbstub_tx_peek(&b->s, &n)), n) {
		if (b->step && n > b->step)
			n = b->step;
		check(n <= b->out_cap - b->out_len, "too much was sent");
		memcpy(b->out + b->out_len, p, n);
		b->out_len += n;
		gdbstub_tx_done(&b->s, n);
	}
}

void bench_send(struct bench *b, const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	size_t used = 0;

	memcpy(copy, bytes, len);
	while (used < len) {
		size_t n = gdbstub_rx(&b->s, copy + used, len - used);
		size_t before = b->out_len;

		used += n;
		bench_drain(b);
		check(n || b->out_len != before, "neither takes nor sends");
	}
	bench_drain(b);
	free(copy);
}

void bench_put(struct bench *b, const void *body, size_t len)
{
	uint8_t *frame = malloc(len + 5);
	const uint8_t *p = body;
	uint8_t sum = 0;
	size_t i;

	frame[0] = '$';
	for (i = 0; i < len; i++) {
		frame[1 + i] = p[i];
		sum += p[i];
	}
	snprintf((char *)frame + 1 + len, 4, "#%02x", sum);
	bench_send(b, frame, len + 4);
	free(frame);
}

static void forget(struct bench *b, size_t n)
{
	memmove(b->out, b->out + n, b->out_len - n);
	b->out_len -= n;
}

const char *bench_next(struct bench *b)
{
	size_t start = 0, end;
	uint8_t sum = 0;
	char digits[3];

	bench_drain(b);
	while (start < b->out_len && b->out[start] != '$') {
		check(b->out[start] == '+' || b->out[start] == '-',
		      "something between frames");
		start++;
	}
	forget(b, start);
	if (!b->out_len)
		return NULL;
	for (end = 1; end < b->out_len && b->out[end] != '#'; end++) {
		check(b->out[end] != '$', "'$' inside a frame");
		sum += b->out[end];
	}
	check(end + 2 < b->out_len, "frame is cut short");
	check(end - 1 <= b->s.packet_size, "reply longer than PacketSize");
	snprintf(digits, sizeof(digits), "%02x", sum);
	check(memcmp(digits, b->out + end + 1, 2) == 0, "bad checksum");
	b->reply_len = end - 1;
	memcpy(b->reply, b->out + 1, b->reply_len);
	b->reply[b->reply_len] = '\0';
	forget(b, end + 3);
	return b->reply;
}

const char *bench_ask_bytes(struct bench *b, const void *body, size_t len)
{
	bench_put(b, body, len);
	return bench_next(b);
}

const char *bench_ask(struct bench *b, const char *body)
{
	return bench_ask_bytes(b, body, strlen(body));
}
