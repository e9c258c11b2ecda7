/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A byte stream over two virtqueues: buffers kept posted for what arrives, a
 * byte ring that the device reads from for what leaves. Pure; which port this
 * is and who is on the other side is the caller's. The receiving half and the
 * sending half share no state, so that two locks may guard them.
 */
#ifndef TRANSPORT_VIRTIO_STREAM_H
#define TRANSPORT_VIRTIO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/virtio_ring.h"

/*
 * The most that one descriptor sends: what is left over in the device of a
 * client that went away is never more than this.
 */
#define VIRTIO_STREAM_CHUNK 16384

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
	uint8_t *mem;
	uint32_t size; /* a power of two */
	uint32_t head, tail; /* free-running; head is written */
	/* what each descriptor carries, oldest first */
	uint16_t first, count;
	uint8_t chunk_of[VIRTIO_RING_MAX]; /* id -> index below */
	uint32_t chunk_len[VIRTIO_RING_MAX];
	bool chunk_done[VIRTIO_RING_MAX];
};

struct virtio_stream {
	struct virtio_stream_rx rx;
	struct virtio_stream_tx tx;
};

/*
 * rx_mem: rx_count * rx_size bytes; tx_mem: tx_size bytes, a power of two.
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
size_t virtio_stream_tx(struct virtio_stream *s, const uint8_t *buf,
			size_t len, bool *notify);

/*
 * Blank (with NULs) what the device has not sent yet. True if there is any,
 * and the device is to be notified: some hold on to what they began to send.
 */
bool virtio_stream_wipe_tx(struct virtio_stream *s);

#endif
