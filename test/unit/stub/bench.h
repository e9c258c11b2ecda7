/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A stub, the fake machine and a client's end of the line, for tests: asks
 * packets, takes the replies apart, and checks framing on the way.
 */
#ifndef TEST_BENCH_H
#define TEST_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "fake_target.h"
#include "stub/gdbstub.h"

#define BENCH_POINTS 64
#define BENCH_ARENA 1024

struct bench {
	struct gdbstub s;
	struct target *t;
	struct bp_table points;
	void *memory[4];
	uint8_t *out; /* what the stub has sent and nobody has looked at */
	size_t out_len, out_cap;
	char *reply; /* body of the last frame, NUL-terminated */
	size_t reply_len;
	size_t step; /* tx_done() takes so many bytes at a time; 0: all */
};

/* packet: longest body. The client is connected and in ack mode. */
void bench_open(struct bench *b, size_t packet);
/* The same with GDBSTUB_PACKET_SIZE, without acks and with gdb's features. */
void bench_open_gdb(struct bench *b);
void bench_close(struct bench *b);

/* Bytes as they are. */
void bench_send(struct bench *b, const void *bytes, size_t len);
/* A packet in its frame; binary data must be escaped already. */
void bench_put(struct bench *b, const void *body, size_t len);
/* Takes everything that is to be sent. */
void bench_drain(struct bench *b);
/* The next frame's body, or NULL; acks before it are skipped. */
const char *bench_next(struct bench *b);
/* Send a packet; its only reply, or NULL if there is none now. */
const char *bench_ask(struct bench *b, const char *body);
const char *bench_ask_bytes(struct bench *b, const void *body, size_t len);

#define assert_reply(b, body, expected) \
	assert_string_equal(bench_ask(b, body), expected)

#endif
