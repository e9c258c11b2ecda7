/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The split virtqueue: descriptor table, available and used ring. Ids come
 * from a private stack, so that nothing the device can write decides where
 * we read or write. Little-endian machines only, as all that it is built for.
 */
#include "transport/virtio_ring.h"

#include <errno.h>
#include <string.h>

#include "transport/dma.h"

#define DESC_F_WRITE 2 /* the device writes */
#define AVAIL_F_NO_INTERRUPT 1
#define USED_F_NO_NOTIFY 1

_Static_assert(sizeof(struct virtio_desc) == 16, "virtio 1.1, 2.6.5");
_Static_assert(sizeof(struct virtio_used_elem) == 8, "virtio 1.1, 2.6.8");
_Static_assert(VIRTIO_RING_MAX * 16 + 6 + 2 * VIRTIO_RING_MAX <=
		       VIRTIO_RING_ALIGN,
	       "the used ring is on the second page for every num");
_Static_assert(VIRTIO_RING_MAX <= 256, "ids fit uint8_t");

static int ring_break(struct virtio_ring *r, const char *why)
{
	r->broken = why;
	return -EIO;
}

int virtio_ring_init(struct virtio_ring *r, void *mem, uint16_t num)
{
	uint8_t *m = mem;

	if (!num || num > VIRTIO_RING_MAX || (num & (num - 1)) ||
	    ((uintptr_t)mem & (VIRTIO_RING_ALIGN - 1)))
		return -EINVAL;
	memset(r, 0, sizeof(*r));
	memset(mem, 0, VIRTIO_RING_BYTES);
	r->desc = (volatile struct virtio_desc *)m;
	r->avail = (volatile uint16_t *)(m + 16 * (size_t)num);
	r->used = (volatile uint16_t *)(m + VIRTIO_RING_ALIGN);
	r->used_ring =
		(volatile struct virtio_used_elem *)(m + VIRTIO_RING_ALIGN + 4);
	r->num = num;
	r->free_count = num;
	for (uint16_t i = 0; i < num; i++)
		r->free[i] = (uint8_t)(num - 1 - i);
	return 0;
}

int virtio_ring_next_id(const struct virtio_ring *r)
{
	if (r->broken)
		return -EIO;
	return r->free_count ? r->free[r->free_count - 1] : -ENOSPC;
}

int virtio_ring_add(struct virtio_ring *r, const void *buf, uint32_t len,
		    bool device_writes)
{
	int id = virtio_ring_next_id(r);

	if (id < 0)
		return id;
	r->free_count--;
	r->in_flight[id] = true;
	r->room[id] = device_writes ? len : 0;
	r->desc[id].addr = dma_addr(buf);
	r->desc[id].len = len;
	r->desc[id].flags = device_writes ? DESC_F_WRITE : 0;
	r->desc[id].next = 0;
	r->avail[2 + (r->avail_idx & (r->num - 1))] = (uint16_t)id;
	r->avail_idx++;
	return id;
}

bool virtio_ring_publish(struct virtio_ring *r)
{
	if (r->broken || r->published == r->avail_idx)
		return false;
	dma_wmb(); /* orders buffers and descriptors before the index */
	r->avail[1] = r->avail_idx;
	r->published = r->avail_idx;
	dma_mb(); /* orders the index before the look at the flag */
	return !(r->used[0] & USED_F_NO_NOTIFY);
}

int virtio_ring_reap(struct virtio_ring *r, uint16_t *id, uint32_t *len)
{
	uint16_t pending, slot;
	uint32_t elem_id, elem_len;

	if (r->broken)
		return -EIO;
	pending = (uint16_t)(r->used[1] - r->used_idx);
	if (!pending)
		return 0;
	if (pending > (uint16_t)(r->published - r->lost - r->used_idx))
		return ring_break(r, "used index ran past what was given");
	dma_rmb(); /* orders the index before the entry and its buffer */
	slot = r->used_idx & (r->num - 1);
	elem_id = r->used_ring[slot].id;
	elem_len = r->used_ring[slot].len;
	if (elem_id >= r->num || !r->in_flight[elem_id])
		return ring_break(r,
				  "used entry for a buffer it does not have");
	/* What a device reports of a buffer that it only reads means nothing.
	 */
	if (!r->room[elem_id])
		elem_len = 0;
	if (elem_len > r->room[elem_id])
		return ring_break(r, "used entry is longer than its buffer");
	r->in_flight[elem_id] = false;
	r->free[r->free_count++] = (uint8_t)elem_id;
	r->used_idx++;
	*id = (uint16_t)elem_id;
	*len = elem_len;
	return 1;
}

void virtio_ring_forget(struct virtio_ring *r, uint16_t id)
{
	if (!r->in_flight[id])
		return;
	r->in_flight[id] = false;
	r->free[r->free_count++] = (uint8_t)id;
	r->lost++;
}

void virtio_ring_set_interrupts(struct virtio_ring *r, bool on)
{
	r->avail[0] = on ? 0 : AVAIL_F_NO_INTERRUPT;
	dma_mb(); /* orders the flag before the next look at the used index */
}

uint16_t virtio_ring_device_idx(const struct virtio_ring *r)
{
	uint16_t idx = r->used[1];

	dma_rmb(); /* orders the index before what the caller reads next */
	return idx;
}

uint16_t virtio_ring_outstanding(const struct virtio_ring *r)
{
	return (uint16_t)(r->published - r->lost - virtio_ring_device_idx(r));
}
