/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A byte stream over two virtqueues: buffers kept posted for what arrives, one
 * buffer a descriptor for what leaves. Pure; which port this is and who is on
 * the other side is the caller's. The receiving half and the sending half
 * share no state, so that two locks may guard them.
 */
#ifndef TRANSPORT_VIRTIO_STREAM_H
#define TRANSPORT_VIRTIO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/virtio_ring.h"

struct virtio_stream_rx {
	struct virtio_ring *ring;
	uint8_t *mem; /* count buffers of size bytes */
	uint32_t size;
	uint16_t count;
	uint8_t buffer_of[VIRTIO_RING_MAX]; /* id -> buffer */
	/* the buffer that is being read */
	bool reading;
	uint8_t buffer;
	uint32_t off, len;
	uint16_t limit; /* receive no further, in the ring's numbering */
};

struct virtio_stream_tx {
	struct virtio_ring *ring;
	uint8_t *mem; /* VIRTIO_RING_MAX buffers of size bytes, by id */
	uint32_t size;
	uint8_t client; /* counts up; for whom a buffer was filled: */
	uint8_t client_of[VIRTIO_RING_MAX];
	uint16_t stale; /* buffers of older clients that are not back */
};

struct virtio_stream {
	struct virtio_stream_rx rx;
	struct virtio_stream_tx tx;
};

/*
 * rx_mem: rx_count * rx_size bytes; tx_mem: VIRTIO_RING_MAX * tx_size bytes.
 * Nothing is posted yet.
 */
void virtio_stream_init(struct virtio_stream *s, void *rx_mem,
			uint16_t rx_count, uint32_t rx_size, void *tx_mem,
			uint32_t tx_size);

/*
 * Bind to the queues of a port and post the receive buffers, as many as the
 * queue has room for. True: notify the receive queue.
 */
bool virtio_stream_start(struct virtio_stream *s, struct virtio_ring *rx_ring,
			 struct virtio_ring *tx_ring);

/*
 * What the device had finished when its index was upto, as
 * virtio_ring_device_idx() told it, may be received from now on.
 */
void virtio_stream_see_rx(struct virtio_stream *s, uint16_t upto);

/* Drop what the device had finished by then. *notify as below. */
void virtio_stream_drop_rx(struct virtio_stream *s, uint16_t upto,
			   bool *notify);

/*
 * Bytes taken of what was seen: 0..len. *notify: tell the device that buffers
 * came back.
 */
size_t virtio_stream_rx(struct virtio_stream *s, uint8_t *buf, size_t len,
			bool *notify);

/*
 * Bytes accepted: 0..len, all in one notification. When that is less than
 * len, an interrupt is asked for.
 */
size_t virtio_stream_tx(struct virtio_stream *s, const uint8_t *buf, size_t len,
			bool *notify);

/*
 * A new client is there: blank (with NULs) what was for an older one and is
 * not sent yet. True: notify the device, some hold on to what they began to
 * send until then. Others forget it (QEMU 7.2, when a client goes that did not
 * read): once it has sent something for the new client, older buffers that
 * did not come back are taken as lost, since a stream has but one order.
 */
bool virtio_stream_new_client(struct virtio_stream *s);

#endif
