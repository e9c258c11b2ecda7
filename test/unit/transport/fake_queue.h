/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The device's side of a virtqueue, as plain as can be, with doors to do
 * what no device should.
 */
#ifndef TEST_FAKE_QUEUE_H
#define TEST_FAKE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/virtio_ring.h"

struct fake_queue {
	struct virtio_ring *r;
	uint16_t last_avail, used_idx;
};

struct fake_buffer {
	uint16_t id;
	uint8_t *mem;
	uint32_t len;
	bool device_writes;
};

static inline uint16_t fake_avail(const struct fake_queue *q)
{
	return (uint16_t)(q->r->avail[1] - q->last_avail);
}

static inline bool fake_pop(struct fake_queue *q, struct fake_buffer *b)
{
	if (!fake_avail(q))
		return false;
	b->id = q->r->avail[2 + (q->last_avail & (q->r->num - 1))];
	b->mem = (uint8_t *)(uintptr_t)q->r->desc[b->id].addr;
	b->len = q->r->desc[b->id].len;
	b->device_writes = q->r->desc[b->id].flags & 2;
	q->last_avail++;
	return true;
}

static inline void fake_push(struct fake_queue *q, uint32_t id, uint32_t len)
{
	q->r->used_ring[q->used_idx & (q->r->num - 1)].id = id;
	q->r->used_ring[q->used_idx & (q->r->num - 1)].len = len;
	q->r->used[1] = ++q->used_idx;
}

/* Bytes into the buffers that the driver posted; how many found room. */
static inline size_t fake_send(struct fake_queue *q, const void *data,
			       size_t len)
{
	struct fake_buffer b;
	size_t done = 0;

	while (done < len && fake_pop(q, &b)) {
		uint32_t n =
			(uint32_t)(len - done < b.len ? len - done : b.len);

		memcpy(b.mem, (const uint8_t *)data + done, n);
		fake_push(q, b.id, n);
		done += n;
	}
	return done;
}

static inline void *fake_memory(size_t len)
{
	return aligned_alloc(VIRTIO_RING_ALIGN, (len + 4095) & ~4095ul);
}

#endif
