/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* A ring of bytes: copied in and out in at most two pieces. */
#include "transport/byte_ring.h"

#include <string.h>

void byte_ring_init(struct byte_ring *r, void *mem, uint32_t size)
{
	r->mem = mem;
	r->size = size;
	r->head = 0;
	r->tail = 0;
}

/* From at to the end of the memory, but no more than n. */
static size_t unbroken(const struct byte_ring *r, uint32_t at, size_t n)
{
	uint32_t end = r->size - (at & (r->size - 1));

	return n < end ? n : end;
}

size_t byte_ring_put(struct byte_ring *r, const uint8_t *buf, size_t len)
{
	size_t first;

	if (len > byte_ring_room(r))
		len = byte_ring_room(r);
	first = unbroken(r, r->head, len);
	if (first)
		memcpy(r->mem + (r->head & (r->size - 1)), buf, first);
	if (len > first)
		memcpy(r->mem, buf + first, len - first);
	r->head += (uint32_t)len;
	return len;
}

unsigned int byte_ring_force(struct byte_ring *r, uint8_t byte)
{
	unsigned int lost = 0;

	if (!byte_ring_room(r)) {
		r->tail++;
		lost = 1;
	}
	r->mem[r->head++ & (r->size - 1)] = byte;
	return lost;
}

const uint8_t *byte_ring_peek(const struct byte_ring *r, size_t *len)
{
	*len = unbroken(r, r->tail, byte_ring_used(r));
	return r->mem + (r->tail & (r->size - 1));
}

size_t byte_ring_get(struct byte_ring *r, uint8_t *buf, size_t len)
{
	size_t first;

	if (len > byte_ring_used(r))
		len = byte_ring_used(r);
	first = unbroken(r, r->tail, len);
	if (first)
		memcpy(buf, r->mem + (r->tail & (r->size - 1)), first);
	if (len > first)
		memcpy(buf + first, r->mem, len - first);
	r->tail += (uint32_t)len;
	return len;
}
