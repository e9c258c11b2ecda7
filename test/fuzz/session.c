/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A whole session under fuzzing. The input is lines; the first character of
 * each says what it is:
 *   $BODY   a packet, in its frame     <BYTES  bytes as they are
 *   !RC     event, reason R on CPU C   .N      run N instructions
 *   oTEXT   console text               ^       the client goes and comes back
 *   /N      send N bytes at a time     -       ... goes, none comes
 * What must hold: every reply is a frame with a good checksum and not longer
 * than PacketSize; one packet has one reply, or none while the guest runs;
 * without acks none are sent; in the end the stub still answers.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/stub/bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

static unsigned int digit(const uint8_t *p, size_t len, size_t i)
{
	return i < len ? p[i] & 15 : 0;
}

/* Frames other than console output. */
static unsigned int count_replies(struct bench *b)
{
	unsigned int n = 0;

	while (bench_next(b)) {
		bool console = b->reply[0] == 'O' && b->reply[1] != 'K';

		n += !console;
		if (!b->s.client.noack)
			bench_send(b, "+", 1);
	}
	return n;
}

static bool is(const uint8_t *body, size_t len, const char *word)
{
	return len >= strlen(word) && memcmp(body, word, strlen(word)) == 0;
}

static void packet(struct bench *b, const uint8_t *body, size_t len)
{
	bool clean = b->s.rx.state == RSP_HUNT, silent;
	bool noack = b->s.client.noack, waited;
	unsigned int replies;

	count_replies(b);
	bench_send(b, "+", 1);
	count_replies(b);
	waited = b->s.waiting;
	b->out_len = 0;
	bench_put(b, body, len);
	if (!clean || memchr(body, '#', len) || memchr(body, '$', len))
		return;
	if (!noack)
		must(b->out_len && b->out[0] == '+', "no ack");
	else if (!is(body, len, "q") && !is(body, len, "Q"))
		must(!b->out_len || b->out[0] == '$', "ack without acks");
	replies = count_replies(b);
	silent = b->s.waiting && !waited;
	silent |= len == 1 && body[0] == 'k';
	silent |= waited && len == 1 && body[0] == '?';
	must(replies <= 1, "more than one reply");
	must(replies == 1 || silent, "no reply");
}

static void line(struct bench *b, const uint8_t *p, size_t len)
{
	unsigned int a = digit(p, len, 1), c = digit(p, len, 2);

	switch (len ? p[0] : 0) {
	case '$':
		packet(b, p + 1, len - 1);
		break;
	case '<':
		bench_send(b, p + 1, len - 1);
		break;
	case '!':
		fake_fire(b->t, a % (TARGET_STOP_EXIT + 1), c, 0x40000000 + a,
			  a & 1 ? "text" : NULL);
		break;
	case '.':
		fake_run(b->t, a * 16 + c);
		break;
	case 'o':
		gdbstub_console(&b->s, p + 1, len - 1);
		break;
	case '/':
		b->step = a;
		break;
	case '^':
	case '-':
		gdbstub_disconnect(&b->s);
		b->out_len = 0;
		if (p[0] == '^')
			gdbstub_connect(&b->s);
		break;
	}
	bench_drain(b);
	if (b->out_len > 8192)
		count_replies(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	struct bench b;

	bench_open(&b, 2048);
	while (data < end) {
		const uint8_t *stop = memchr(data, '\n', (size_t)(end - data));

		if (!stop)
			stop = end;
		line(&b, data, (size_t)(stop - data));
		data = stop + 1;
	}
	gdbstub_disconnect(&b.s);
	gdbstub_connect(&b.s);
	b.out_len = 0;
	must(memcmp(bench_ask(&b, "qC"), "QC", 2) == 0, "did not survive");
	must(b.points.used <= BENCH_POINTS, "table overflow");
	bench_close(&b);
	return 0;
}
