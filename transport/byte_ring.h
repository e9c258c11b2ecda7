/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A ring of bytes in memory that the caller gives. Pure; one side at a time,
 * locks are the caller's.
 */
#ifndef TRANSPORT_BYTE_RING_H
#define TRANSPORT_BYTE_RING_H

#include <stddef.h>
#include <stdint.h>

struct byte_ring {
	uint8_t *mem;
	uint32_t size;	     /* a power of two */
	uint32_t head, tail; /* free-running; head is written */
};

void byte_ring_init(struct byte_ring *r, void *mem, uint32_t size);

static inline uint32_t byte_ring_used(const struct byte_ring *r)
{
	return r->head - r->tail;
}

static inline uint32_t byte_ring_room(const struct byte_ring *r)
{
	return r->size - byte_ring_used(r);
}

/* Bytes put in, 0..len: as many as there is room for. */
size_t byte_ring_put(struct byte_ring *r, const uint8_t *buf, size_t len);

/* Put one byte in, at the cost of the oldest. Returns how many that cost. */
unsigned int byte_ring_force(struct byte_ring *r, uint8_t byte);

/* The oldest bytes that lie in one piece, *len of them (0: it is empty). */
const uint8_t *byte_ring_peek(const struct byte_ring *r, size_t *len);

/* Take out what was looked at: len is no more than there is. */
static inline void byte_ring_drop(struct byte_ring *r, size_t len)
{
	r->tail += (uint32_t)len;
}

/* Bytes taken out, 0..len. */
size_t byte_ring_get(struct byte_ring *r, uint8_t *buf, size_t len);

#endif
