/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Bytes in and out of virtqueues. Sent bytes are copied once, into the buffer
 * that belongs to the descriptor, so buffers may come back in any order.
 */
#include "transport/virtio_stream.h"

#include <string.h>

#include "transport/dma.h"

void virtio_stream_init(struct virtio_stream *s, void *rx_mem,
			uint16_t rx_count, uint32_t rx_size, void *tx_mem,
			uint32_t tx_size)
{
	memset(s, 0, sizeof(*s));
	s->rx.mem = rx_mem;
	s->rx.count = rx_count;
	s->rx.size = rx_size;
	s->tx.mem = tx_mem;
	s->tx.size = tx_size;
}

static void rx_post(struct virtio_stream_rx *rx, uint8_t buffer)
{
	int id = virtio_ring_add(rx->ring, rx->mem + (size_t)buffer * rx->size,
				 rx->size, true);

	if (id < 0)
		return; /* the ring is broken, which its owner sees */
	rx->buffer_of[id] = buffer;
}

/*
 * Show what was given back. The device needs to hear of it only if it may
 * have found its queue empty; not while it still had half of the buffers
 * after these could be seen.
 */
static bool rx_publish(struct virtio_stream_rx *rx)
{
	uint16_t old = rx->ring->published;
	bool notify = virtio_ring_publish(rx->ring);
	int16_t left = (int16_t)(old - virtio_ring_device_idx(rx->ring));

	return notify && left < rx->count / 2;
}

bool virtio_stream_start(struct virtio_stream *s, struct virtio_ring *rx_ring,
			 struct virtio_ring *tx_ring)
{
	s->rx.ring = rx_ring;
	s->tx.ring = tx_ring;
	virtio_ring_set_interrupts(tx_ring, false);
	if (s->rx.count > rx_ring->num)
		s->rx.count = rx_ring->num;
	for (uint16_t i = 0; i < s->rx.count; i++)
		rx_post(&s->rx, (uint8_t)i);
	return virtio_ring_publish(rx_ring);
}

/* Open the next buffer that has arrived. */
static bool rx_next(struct virtio_stream_rx *rx)
{
	uint16_t id;
	uint32_t len;

	if (rx->reading)
		return true;
	if ((int16_t)(rx->limit - rx->ring->used_idx) <= 0)
		return false;
	if (virtio_ring_reap(rx->ring, &id, &len) != 1)
		return false;
	rx->reading = true;
	rx->buffer = rx->buffer_of[id];
	rx->off = 0;
	rx->len = len;
	return true;
}

static void rx_finish(struct virtio_stream_rx *rx)
{
	rx->reading = false;
	rx_post(rx, rx->buffer);
}

void virtio_stream_see_rx(struct virtio_stream *s, uint16_t upto)
{
	s->rx.limit = upto;
}

void virtio_stream_drop_rx(struct virtio_stream *s, uint16_t upto, bool *notify)
{
	struct virtio_stream_rx *rx = &s->rx;

	*notify = false;
	if (rx->reading)
		rx_finish(rx);
	virtio_stream_see_rx(s, upto);
	while (rx_next(rx))
		rx_finish(rx);
	*notify = rx_publish(rx);
}

size_t virtio_stream_rx(struct virtio_stream *s, uint8_t *buf, size_t len,
			bool *notify)
{
	struct virtio_stream_rx *rx = &s->rx;
	size_t done = 0, n;
	uint16_t given;

	*notify = false;
	while (done < len && rx_next(rx)) {
		n = rx->len - rx->off;
		if (n > len - done)
			n = len - done;
		memcpy(buf + done,
		       rx->mem + (size_t)rx->buffer * rx->size + rx->off, n);
		rx->off += (uint32_t)n;
		done += n;
		if (rx->off == rx->len)
			rx_finish(rx);
	}
	/*
	 * Buffers go back in groups; all of them when nothing is left to take,
	 * since no other call need come before the device has sent more.
	 */
	given = (uint16_t)(rx->ring->avail_idx - rx->ring->published);
	if (done < len || given >= (rx->count + 3) / 4)
		*notify = rx_publish(rx);
	return done;
}

/* The device is past all that was for older clients: nothing more comes. */
static void tx_forget(struct virtio_stream_tx *tx)
{
	for (uint16_t id = 0; id < tx->ring->num; id++)
		if (tx->ring->in_flight[id] && tx->client_of[id] != tx->client)
			virtio_ring_forget(tx->ring, id);
	tx->stale = 0;
}

static void tx_reap(struct virtio_stream_tx *tx)
{
	bool current = false;
	uint16_t id;
	uint32_t len;

	while (virtio_ring_reap(tx->ring, &id, &len) == 1) {
		if (tx->client_of[id] == tx->client)
			current = true;
		else if (tx->stale)
			tx->stale--;
	}
	if (current && tx->stale)
		tx_forget(tx);
}

static size_t tx_fill(struct virtio_stream_tx *tx, const uint8_t *buf,
		      size_t len)
{
	size_t done = 0;

	tx_reap(tx);
	while (done < len) {
		size_t n = len - done < tx->size ? len - done : tx->size;
		int id = virtio_ring_next_id(tx->ring);

		if (id < 0)
			break;
		memcpy(tx->mem + (size_t)id * tx->size, buf + done, n);
		virtio_ring_add(tx->ring, tx->mem + (size_t)id * tx->size,
				(uint32_t)n, false);
		tx->client_of[id] = tx->client;
		done += n;
	}
	return done;
}

size_t virtio_stream_tx(struct virtio_stream *s, const uint8_t *buf, size_t len,
			bool *notify)
{
	struct virtio_stream_tx *tx = &s->tx;
	size_t done = tx_fill(tx, buf, len);

	virtio_ring_set_interrupts(tx->ring, done < len);
	if (done < len) /* room that came before the interrupt was asked for */
		done += tx_fill(tx, buf + done, len - done);
	*notify = virtio_ring_publish(tx->ring);
	return done;
}

bool virtio_stream_new_client(struct virtio_stream *s)
{
	struct virtio_stream_tx *tx = &s->tx;

	tx_reap(tx);
	tx->client++;
	tx->stale = 0;
	for (uint16_t id = 0; id < tx->ring->num; id++) {
		if (!tx->ring->in_flight[id])
			continue;
		memset(tx->mem + (size_t)id * tx->size, 0, tx->size);
		tx->stale++;
	}
	dma_wmb(); /* orders the blanks before the notification */
	return tx->stale != 0;
}
