/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The registers of a virtio device on MMIO (virtio 1.1, section 4.2), both
 * the legacy interface (version 1) and the modern one (version 2).
 */
#ifndef TRANSPORT_VIRTIO_MMIO_H
#define TRANSPORT_VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "stub/strbuf.h"
#include "transport/virtio_ring.h"

struct virtio_mmio {
	uint64_t base;
	uint32_t version;
	uint64_t features; /* agreed upon */
};

/*
 * Is there a device of this kind? -ENODEV if not, without having written
 * anything.
 */
int virtio_mmio_find(struct virtio_mmio *m, uint64_t base, uint32_t device_id);

/*
 * Reset it and agree on those of the wanted features that it has. -EIO, and
 * why, when it does not play along.
 */
int virtio_mmio_begin(struct virtio_mmio *m, uint64_t wanted,
		      struct strbuf *why);

/*
 * Give it a queue in VIRTIO_RING_BYTES at mem, with as many descriptors as
 * both sides can. -ENOENT: it has no such queue. -EIO.
 */
int virtio_mmio_queue(struct virtio_mmio *m, uint32_t queue,
		      struct virtio_ring *r, void *mem);

/* The driver is ready. */
void virtio_mmio_ready(struct virtio_mmio *m);

/* Stop the device; it touches no memory any more if this returns 0. -EIO. */
int virtio_mmio_reset(struct virtio_mmio *m);

void virtio_mmio_notify(const struct virtio_mmio *m, uint32_t queue);

/* Acknowledge its interrupt; whether it is in need of a reset. */
bool virtio_mmio_ack(const struct virtio_mmio *m);

uint32_t virtio_mmio_config32(const struct virtio_mmio *m, uint32_t offset);

#endif
