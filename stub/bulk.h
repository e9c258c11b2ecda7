/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The bodies of long packets, sixteen bytes at a time: copied, searched and
 * summed in one go. These do the bulk and leave the rest, fewer than some
 * blocks, to the caller's own loop; in the monitor call them between
 * vregs_take() and vregs_give() only. Sums are of the bytes of a frame's
 * body, modulo 256, and are added to *sum. Pure.
 */
#ifndef STUB_BULK_H
#define STUB_BULK_H

#include <stddef.h>
#include <stdint.h>

#define BULK_BLOCK 16
/* Shorter than this it is not worth it. */
#define BULK_LEAST 128

/* Two places in buffers that a function moves on. */
struct bulk {
	uint8_t *dst;
	const uint8_t *src;
};

/* Copy blocks of at most n bytes as long as none holds '#' or '$'. */
void bulk_body(struct bulk *b, size_t n, uint8_t *sum);

/*
 * So many times a block as escaped binary, or what of it comes before a byte
 * that wants an escape, and that. Writes up to BULK_ESCAPED bytes for each.
 */
#define BULK_ESCAPED (2 * BULK_BLOCK)
void bulk_escape(struct bulk *b, size_t times, uint8_t *sum);

/* Undo escapes, up to some bytes before the end; dst is src or before it. */
void bulk_unescape(struct bulk *b, const uint8_t *end);

/* Two digits for each byte of whole blocks of at most n bytes. */
void bulk_hex(struct bulk *b, size_t n, uint8_t *sum);

#endif
