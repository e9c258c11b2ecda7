/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * One split virtqueue, driver side (virtio 1.1, section 2.6), over memory
 * that the caller gives. Pure: knows nothing of registers or of what the
 * buffers mean. The device is not trusted: what it writes is checked against
 * a private copy of what it was given, and a ring that does not add up is
 * broken for good. Every buffer is one descriptor.
 */
#ifndef TRANSPORT_VIRTIO_RING_H
#define TRANSPORT_VIRTIO_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_RING_MAX 128    /* descriptors */
#define VIRTIO_RING_ALIGN 4096 /* of the block, and of the used ring in it */
#define VIRTIO_RING_BYTES (2 * VIRTIO_RING_ALIGN) /* enough for any num */

struct virtio_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct virtio_used_elem {
	uint32_t id;
	uint32_t len;
};

struct virtio_ring {
	volatile struct virtio_desc *desc;
	volatile uint16_t *avail; /* flags, idx, ring[num] */
	volatile uint16_t *used;  /* flags, idx */
	volatile struct virtio_used_elem *used_ring;
	uint16_t num;
	/* free-running, as in the rings */
	uint16_t avail_idx; /* of the next buffer that is added */
	uint16_t published; /* the avail_idx that the device was told */
	uint16_t used_idx;  /* of the next buffer that is reaped */
	uint16_t lost;	    /* buffers that were forgotten */
	uint16_t free_count;
	uint8_t free[VIRTIO_RING_MAX];	/* a stack */
	uint32_t room[VIRTIO_RING_MAX]; /* what the device may write */
	bool in_flight[VIRTIO_RING_MAX];
	const char *broken; /* why, or NULL */
};

/*
 * mem: VIRTIO_RING_BYTES, aligned to VIRTIO_RING_ALIGN; is cleared.
 * num: a power of two, 1..VIRTIO_RING_MAX. -EINVAL.
 */
int virtio_ring_init(struct virtio_ring *r, void *mem, uint16_t num);

/* The id that the next virtio_ring_add() will return: as that, or an error. */
int virtio_ring_next_id(const struct virtio_ring *r);

/*
 * Put a buffer into the ring, unseen until virtio_ring_publish(). Returns its
 * id, 0..num-1, -ENOSPC, or -EIO when the ring is broken.
 */
int virtio_ring_add(struct virtio_ring *r, const void *buf, uint32_t len,
		    bool device_writes);

/*
 * Show the device all that was added. True if it wants to be notified (and
 * something was).
 */
bool virtio_ring_publish(struct virtio_ring *r);

/*
 * Take back one buffer that the device is done with: 1 and its id and the
 * number of bytes written to it; 0 if there is none; -EIO when broken.
 */
int virtio_ring_reap(struct virtio_ring *r, uint16_t *id, uint32_t *len);

/*
 * Stop waiting for a buffer that the device will not give back: its id is
 * free again. Only for one that it certainly does not use any more.
 */
void virtio_ring_forget(struct virtio_ring *r, uint16_t id);

/* Ask for interrupts, or for none (the device may send them all the same). */
void virtio_ring_set_interrupts(struct virtio_ring *r, bool on);

/* Where the device is now, in the numbering of r->used_idx. Not checked. */
uint16_t virtio_ring_device_idx(const struct virtio_ring *r);

/* Buffers that the device has and is not done with. Changes nothing. */
uint16_t virtio_ring_outstanding(const struct virtio_ring *r);

#endif
