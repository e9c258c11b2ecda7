/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The line between the serial port that is played for the guest (vpl011) and
 * whoever has its other end: a transport's console channel, or someone who
 * takes output by vpl011_output(). Input that waits for the guest and breaks
 * in it, when output is worth being sent, and what becomes of it where nobody
 * reads. Pure; the caller holds a lock around each call and knows the time.
 *
 * Nobody there: the newest output is kept, as much as the port's ring holds.
 * Somebody there who reads slowly: the guest finds its FIFO full and waits, as
 * with a line that has flow control, unless less than CONSOLE_LINE_RATE bytes
 * went in a second: then the oldest are lost until more is read. Whoever reads
 * next is told how many were lost, where they would have been, by the transport
 * where that can.
 */
#ifndef ARCH_CONSOLE_LINE_H
#define ARCH_CONSOLE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmio_trap.h"
#include "transport/byte_ring.h"
#include "transport/transport.h"
#include "vpl011.h"

#define CONSOLE_LINE_WINDOW_US 1000000
#define CONSOLE_LINE_RATE 4096 /* bytes in that time, or it counts as none */
#define CONSOLE_LINE_FLUSH_US 2000 /* for output that no more comes after */

struct console_line {
	struct vpl011 *port;
	struct transport *t; /* NULL: output is taken from the port */

	/* towards the guest */
	struct byte_ring in;
	bool breaking;
	uint32_t break_at; /* in.head when it came */
	bool left; /* the transport may have more input */

	/* from the guest */
	unsigned int unsent; /* bytes that nobody was told of */
	unsigned int looks; /* at UARTFR since the last byte */
	bool newline; /* among those that nobody was told of */

	bool connected;
	uint32_t epoch;
	bool stalled; /* reads too slowly to be waited for */
	uint64_t window_us; /* how much went since: */
	uint32_t window_bytes;
	uint64_t told, telling; /* lost bytes in notices, in the one under way */
	char notice[64];
	size_t notice_at, notice_len; /* at 0 none is under way */
};

/* in_mem: in_size bytes, a power of two. t: a transport that has a console. */
void console_line_init(struct console_line *l, struct vpl011 *port,
		       struct transport *t, void *in_mem, uint32_t in_size);

/*
 * After an access of the guest's to the port. True: send now; else
 * console_line_wait_us() says when at the latest.
 */
bool console_line_accessed(struct console_line *l, const struct mmio_access *a);

/* Input, all of it or none (false). */
bool console_line_type(struct console_line *l, const uint8_t *buf, size_t len);
/* A break behind the input so far. Breaks in a row are one. */
void console_line_break(struct console_line *l);

/*
 * Output to the channel, as much as it takes. Needs the session's lock too,
 * unless the transport says writes_apart.
 */
void console_line_send(struct console_line *l, uint64_t now_us);
/*
 * Who came or went, and what they sent; then send. Needs the session's lock
 * too.
 */
void console_line_receive(struct console_line *l, uint64_t now_us);
/* The guest made room for input that the transport holds: receive again. */
bool console_line_wants_input(const struct console_line *l);

/* Somebody else was told that there is output to send. */
void console_line_defer(struct console_line *l);

/* Is console_line_send() to be called though nothing happens? */
bool console_line_waits(const struct console_line *l);
/* In how many microseconds, where it waits; never 0. */
uint64_t console_line_wait_us(const struct console_line *l, uint64_t now_us);

#endif
