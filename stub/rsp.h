/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The framing of the GDB remote serial protocol (GDB manual, "Overview" of
 * appendix E): frames out of a stream of bytes, and one frame to be sent,
 * with its checksum computed while it is written. Knows no packet.
 */
#ifndef STUB_RSP_H
#define STUB_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- from the client -------------------------------------------------------
 */

enum rsp_event {
	RSP_NONE,     /* all bytes were taken, nothing is complete */
	RSP_PACKET,   /* body[0..len) is a packet; a NUL follows it */
	RSP_TOO_LONG, /* a packet with a good checksum that did not fit */
	RSP_BAD,      /* a packet with a bad checksum */
	RSP_ACK,
	RSP_NACK,
	RSP_BREAK, /* 0x03 outside a frame */
};

enum rsp_state {
	RSP_HUNT,
	RSP_BODY,
	RSP_SUM1,
	RSP_SUM2,
};

struct rsp_rx {
	uint8_t *body;
	size_t cap; /* longest body; body has room for one byte more */
	size_t len;
	enum rsp_state state;
	bool too_long;
	uint8_t sum;  /* of the body as it came */
	uint8_t told; /* first digit of the sum that was sent */
};

/* size is that of buf: longest body + 1. */
void rsp_rx_init(struct rsp_rx *rx, uint8_t *buf, size_t size);
/* Forget a frame that is half there. */
void rsp_rx_reset(struct rsp_rx *rx);
/*
 * Take bytes up to and including the one that makes an event. Returns how many.
 * A body stays valid until the next call.
 */
size_t rsp_rx_feed(struct rsp_rx *rx, const uint8_t *bytes, size_t len,
		   enum rsp_event *event);
/* Undo the escapes of binary data (dst may be src); returns the new length. */
size_t rsp_unescape(uint8_t *dst, const uint8_t *src, size_t len);

/* ---- to the client ---------------------------------------------------------
 */

/* What a frame needs beside its body: "$", "#", two digits. */
#define RSP_FRAME_EXTRA 4
#define RSP_MAX_CONTROL 4

struct rsp_tx {
	uint8_t *buf; /* the frame, from its '$' on */
	size_t cap;   /* longest body */
	size_t len;   /* of the frame; 0: there is none */
	size_t sent;
	uint8_t sum;
	bool open;	   /* between rsp_begin() and rsp_end() */
	bool again;	   /* a nack came before all was sent */
	bool keep;	   /* wait for an ack when all is sent */
	bool from_control; /* what the last rsp_tx_peek() returned */
	uint8_t control[RSP_MAX_CONTROL]; /* '+' and '-' to be sent */
	size_t control_len;
};

/* size is that of buf: longest body + RSP_FRAME_EXTRA. */
void rsp_tx_init(struct rsp_tx *tx, uint8_t *buf, size_t size);
void rsp_tx_reset(struct rsp_tx *tx);

/*
 * A body is written between rsp_begin() and rsp_end(); what does not fit
 * is left out. rsp_begin() again starts anew. With keep, the frame stays to
 * be sent again until rsp_tx_ack(). What was written may be sent before the
 * end is there, where no error can replace it any more.
 */
void rsp_begin(struct rsp_tx *tx);
void rsp_end(struct rsp_tx *tx, bool keep);
size_t rsp_room(const struct rsp_tx *tx);
void rsp_putc(struct rsp_tx *tx, char c);
void rsp_puts(struct rsp_tx *tx, const char *s);
void rsp_put_number(struct rsp_tx *tx, uint64_t v); /* hex, no leading zeros */
/* Bytes as pairs of digits; returns how many bytes fitted. */
size_t rsp_put_hex(struct rsp_tx *tx, const void *bytes, size_t n);
/* Bytes as escaped binary; returns how many bytes fitted. */
size_t rsp_put_binary(struct rsp_tx *tx, const void *bytes, size_t n);

/* Throw away what is being written. */
void rsp_tx_drop(struct rsp_tx *tx);
/* Nothing is being written, sent, or kept for an ack. */
bool rsp_tx_free(const struct rsp_tx *tx);
/* A frame is there of which not all was sent. */
bool rsp_tx_busy(const struct rsp_tx *tx);
/* All was sent; the frame waits for an ack only. */
bool rsp_tx_waits(const struct rsp_tx *tx);
void rsp_tx_ack(struct rsp_tx *tx);
void rsp_tx_nack(struct rsp_tx *tx);
/* Queue a '+' or '-', never inside a frame; false: no room. */
bool rsp_tx_control(struct rsp_tx *tx, char c);

const uint8_t *rsp_tx_peek(struct rsp_tx *tx, size_t *len);
void rsp_tx_done(struct rsp_tx *tx, size_t n);

#endif
