/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The virtio console driver: queues set up, control messages carried, ports
 * joined with streams. What is decided is decided in vcon_proto.c and
 * virtio_stream.c.
 *
 * Sending on a channel touches that channel's sending queue and nothing else,
 * since console and trace writes come under locks of their own.
 */
#include "transport/virtio_console.h"

#include <errno.h>
#include <string.h>

#include "clock.h"

#define DEVICE_ID_CONSOLE 3
#define VIRTIO_CONSOLE_F_MULTIPORT (UINT64_C(1) << 1)
#define CONFIG_MAX_NR_PORTS 4

#define CTRL_RX_QUEUE 2
#define CTRL_TX_QUEUE 3
#define CTRL_TX_SLOTS 64

/* Clients that come and go faster than we look; then it is done next time. */
#define POLL_ROUNDS 8

#define SETTLE_FIRST_US 100000 /* until the first message */
#define SETTLE_QUIET_US 5000   /* after the last one */
#define SETTLE_POLLS 1000      /* in either: time may pass while we do not run */
#define SETTLE_LIMIT_US 1000000

_Static_assert(CTRL_TX_SLOTS * sizeof(struct vcon_msg) <= 4096,
	       "as counted in VIRTIO_CONSOLE_MEMORY");

static struct virtio_console *console_of(struct transport *t)
{
	return (struct virtio_console *)t;
}

static uint32_t rx_queue(int port)
{
	return port ? 2 + 2 * (uint32_t)port : 0;
}

static void notify(struct virtio_console *v, bool wanted, uint32_t queue)
{
	if (wanted)
		virtio_mmio_notify(&v->mmio, queue);
}

/* Control messages */

static void ctrl_post(struct virtio_console *v, uint8_t buffer)
{
	int id = virtio_ring_add(&v->ring[CTRL_RX_QUEUE],
				 v->ctrl_rx + (size_t)buffer *
						      VIRTIO_CONSOLE_CTRL_SIZE,
				 VIRTIO_CONSOLE_CTRL_SIZE, true);

	if (id >= 0)
		v->ctrl_rx_of[id] = buffer;
}

static void ctrl_start(struct virtio_console *v)
{
	for (uint8_t i = 0; i < VIRTIO_CONSOLE_CTRL_RX; i++)
		ctrl_post(v, i);
	notify(v, virtio_ring_publish(&v->ring[CTRL_RX_QUEUE]), CTRL_RX_QUEUE);
	virtio_ring_set_interrupts(&v->ring[CTRL_TX_QUEUE], false);
}

/* Send what the protocol has to say, as far as the queue has room. */
static void ctrl_flush(struct virtio_console *v)
{
	struct virtio_ring *r = &v->ring[CTRL_TX_QUEUE];
	struct vcon_msg msg;
	uint32_t len;
	uint16_t id;

	while (virtio_ring_reap(r, &id, &len) == 1)
		;
	while (r->free_count && r->num - r->free_count < CTRL_TX_SLOTS &&
	       vcon_proto_next(&v->proto, &msg)) {
		struct vcon_msg *slot =
			&v->ctrl_tx[v->ctrl_tx_next++ % CTRL_TX_SLOTS];

		*slot = msg;
		virtio_ring_add(r, slot, sizeof(*slot), false);
	}
	notify(v, virtio_ring_publish(r), CTRL_TX_QUEUE);
}

static void channel_start(struct virtio_console *v, enum transport_channel ch)
{
	uint32_t q = rx_queue(v->proto.port_of[ch]);

	notify(v,
	       virtio_stream_start(&v->stream[ch], &v->ring[q],
				   &v->ring[q + 1]),
	       q);
	v->bound[ch] = true;
}

/* What became of a channel in this round of control messages. */
#define OPENED 1u
#define CLOSED 2u

static void ctrl_message(struct virtio_console *v, const uint8_t *msg,
			 uint32_t len, uint8_t *changes)
{
	enum transport_channel ch;

	switch (vcon_proto_rx(&v->proto, msg, len, &ch)) {
	case VCON_BOUND:
		channel_start(v, ch);
		break;
	case VCON_OPENED:
		changes[ch] |= OPENED;
		break;
	case VCON_CLOSED:
		changes[ch] |= CLOSED;
		break;
	case VCON_NONE:
		break;
	}
}

/*
 * The port was opened after its buffers were offered: the device is told of them
 * again. QEMU's main loop may sleep until then with a client's bytes unread.
 */
static void rx_kick(struct virtio_console *v)
{
	for (int ch = 0; ch < TRANSPORT_CHANNELS; ch++)
		if (v->bound[ch])
			notify(v, true, rx_queue(v->proto.port_of[ch]));
}

/* Returns the number of messages handled; no more than there are buffers. */
static unsigned int ctrl_poll(struct virtio_console *v, uint8_t *changes)
{
	struct virtio_ring *r = &v->ring[CTRL_RX_QUEUE];
	unsigned int n = 0;
	uint16_t id;
	uint32_t len;

	ctrl_flush(v);
	while (vcon_proto_ready(&v->proto) &&
	       virtio_ring_reap(r, &id, &len) == 1) {
		uint8_t buffer = v->ctrl_rx_of[id];

		ctrl_message(v,
			     v->ctrl_rx +
				     (size_t)buffer * VIRTIO_CONSOLE_CTRL_SIZE,
			     len, changes);
		ctrl_post(v, buffer);
		n++;
	}
	notify(v, virtio_ring_publish(r), CTRL_RX_QUEUE);
	ctrl_flush(v);
	if (n)
		rx_kick(v);
	return n;
}

/* Channels */

/*
 * A new client: what is still queued was for the old one. Done by the side
 * that sends, under its lock. The device is told since it may hold on to a
 * buffer until it is.
 */
static void tx_sync(struct virtio_console *v, enum transport_channel ch,
		    uint32_t epoch)
{
	if (v->tx_epoch[ch] == epoch)
		return;
	v->tx_epoch[ch] = epoch;
	notify(v, virtio_stream_new_client(&v->stream[ch]),
	       rx_queue(v->proto.port_of[ch]) + 1);
}

static void rx_drop(struct virtio_console *v, enum transport_channel ch,
		    uint16_t upto)
{
	bool wanted;

	virtio_stream_drop_rx(&v->stream[ch], upto, &wanted);
	notify(v, wanted, rx_queue(v->proto.port_of[ch]));
}

static void console_fail(struct virtio_console *v, const char *why)
{
	if (!v->failed)
		v->failed = why;
}

static void console_check(struct virtio_console *v)
{
	for (int ch = 0; ch < TRANSPORT_CHANNELS; ch++) {
		const struct virtio_stream *s = &v->stream[ch];

		if (v->bound[ch] && s->rx.ring->broken)
			console_fail(v, s->rx.ring->broken);
		if (v->bound[ch] && s->tx.ring->broken)
			console_fail(v, s->tx.ring->broken);
	}
	if (v->multiport && v->ring[CTRL_RX_QUEUE].broken)
		console_fail(v, v->ring[CTRL_RX_QUEUE].broken);
	if (v->multiport && v->ring[CTRL_TX_QUEUE].broken)
		console_fail(v, v->ring[CTRL_TX_QUEUE].broken);
}

static void rx_look(struct virtio_console *v, uint16_t *idx)
{
	for (int ch = 0; ch < TRANSPORT_CHANNELS; ch++)
		if (v->bound[ch])
			idx[ch] = virtio_ring_device_idx(v->stream[ch].rx.ring);
}

/*
 * Whose bytes are those that arrived? Data and control messages come through
 * different queues, so idx, the place in the data, was read first and the
 * control messages then: what is before idx came before any client that was
 * not heard of by now. False: look again.
 */
static bool rx_sort(struct virtio_console *v, enum transport_channel ch,
		    uint16_t idx, uint8_t change)
{
	struct virtio_stream *s = &v->stream[ch];
	uint32_t epoch;

	bool there = vcon_proto_connected(&v->proto, ch, &epoch);

	if (change & OPENED) {
		/*
		 * All that was handed out or could be was an older client's,
		 * but for the first, who may have sent before we heard of him.
		 */
		if (epoch > 1)
			rx_drop(v, ch, s->rx.limit);
		v->closing[ch] = false;
	}
	if ((change & CLOSED) && !there)
		v->closing[ch] = true;
	if (change)
		return false;
	if (v->closing[ch])
		rx_drop(v, ch, idx);
	else
		virtio_stream_see_rx(s, idx);
	v->closing[ch] = false;
	return true;
}

static bool poll_round(struct virtio_console *v)
{
	uint8_t changes[TRANSPORT_CHANNELS] = {0};
	uint16_t idx[TRANSPORT_CHANNELS] = {0};
	bool settled = true;

	rx_look(v, idx);
	if (v->multiport)
		ctrl_poll(v, changes);
	for (int ch = 0; ch < TRANSPORT_CHANNELS; ch++)
		if (v->bound[ch] && !rx_sort(v, (enum transport_channel)ch,
					     idx[ch], changes[ch]))
			settled = false;
	return settled;
}

static void console_poll(struct transport *t)
{
	struct virtio_console *v = console_of(t);
	uint32_t epoch;

	if (v->failed)
		return;
	if (virtio_mmio_ack(&v->mmio))
		console_fail(v, "device asks for a reset");
	for (int i = 0; i < POLL_ROUNDS && !poll_round(v); i++)
		;
	if (vcon_proto_connected(&v->proto, TRANSPORT_GDB, &epoch))
		tx_sync(v, TRANSPORT_GDB, epoch);
	console_check(v);
}

static bool console_has(struct transport *t, enum transport_channel ch)
{
	return console_of(t)->bound[ch];
}

static bool console_connected(struct transport *t, enum transport_channel ch,
			      uint32_t *epoch)
{
	struct virtio_console *v = console_of(t);
	bool there = vcon_proto_connected(&v->proto, ch, epoch);

	return there && v->bound[ch] && !v->failed;
}

static size_t console_rx(struct transport *t, enum transport_channel ch,
			 uint8_t *buf, size_t len)
{
	struct virtio_console *v = console_of(t);
	bool wanted;
	size_t n;

	if (!v->bound[ch] || v->failed)
		return 0;
	n = virtio_stream_rx(&v->stream[ch], buf, len, &wanted);
	notify(v, wanted, rx_queue(v->proto.port_of[ch]));
	return n;
}

static size_t console_tx(struct transport *t, enum transport_channel ch,
			 const uint8_t *buf, size_t len)
{
	struct virtio_console *v = console_of(t);
	uint32_t epoch;
	bool wanted;
	size_t n;

	if (!console_connected(t, ch, &epoch))
		return 0;
	tx_sync(v, ch, epoch);
	n = virtio_stream_tx(&v->stream[ch], buf, len, &wanted);
	notify(v, wanted, rx_queue(v->proto.port_of[ch]) + 1);
	return n;
}

static bool console_idle(struct transport *t)
{
	struct virtio_console *v = console_of(t);

	for (int ch = 0; ch < TRANSPORT_CHANNELS && !v->failed; ch++)
		if (v->bound[ch] &&
		    virtio_ring_outstanding(v->stream[ch].tx.ring))
			return false;
	return true;
}

static const struct transport_ops console_ops = {
	.name = "virtio-console",
	.writes_apart = true,
	.poll = console_poll,
	.has = console_has,
	.connected = console_connected,
	.rx = console_rx,
	.tx = console_tx,
	.idle = console_idle,
};

/* Starting up */

static const struct {
	uint16_t rx_count;
	uint32_t tx_size;
} room[TRANSPORT_CHANNELS] = {
	[TRANSPORT_GDB] = {VIRTIO_CONSOLE_GDB_RX, VIRTIO_CONSOLE_GDB_TX},
	[TRANSPORT_CONSOLE] = {VIRTIO_CONSOLE_OTHER_RX,
			       VIRTIO_CONSOLE_CONSOLE_TX},
	[TRANSPORT_TRACE] = {VIRTIO_CONSOLE_OTHER_RX, VIRTIO_CONSOLE_TRACE_TX},
};

/* Lays the buffers out behind the rings, which come first. */
static void layout(struct virtio_console *v, uint8_t *mem)
{
	uint8_t *at = mem + VIRTIO_CONSOLE_QUEUES * VIRTIO_RING_BYTES;

	v->ctrl_tx = (struct vcon_msg *)at;
	at += 4096;
	v->ctrl_rx = at;
	at += VIRTIO_CONSOLE_CTRL_RX * VIRTIO_CONSOLE_CTRL_SIZE;
	for (int ch = 0; ch < TRANSPORT_CHANNELS; ch++) {
		uint8_t *rx = at;

		at += (size_t)room[ch].rx_count * VIRTIO_CONSOLE_RX_SIZE;
		virtio_stream_init(&v->stream[ch], rx, room[ch].rx_count,
				   VIRTIO_CONSOLE_RX_SIZE, at,
				   room[ch].tx_size);
		at += (size_t)room[ch].tx_size * VIRTIO_RING_MAX;
	}
}

/* All queues that the device may need, before it is told to start. */
static int set_queues(struct virtio_console *v, uint8_t *mem,
		      struct strbuf *why)
{
	uint32_t queues = v->multiport ? 2 + 2 * v->proto.ports : 2;

	if (v->multiport && queues < 4)
		queues = 4; /* the control queues */
	for (uint32_t q = 0; q < queues; q++) {
		int err = virtio_mmio_queue(&v->mmio, q, &v->ring[q],
					    mem + q * VIRTIO_RING_BYTES);

		if (err) {
			strbuf_printf(why, "queue %u: error %d", q, err);
			return -EIO;
		}
	}
	return 0;
}

/*
 * Let the device name its ports; most have done so at once. A virtual machine's
 * CPU may lose its host's for longer than all of these times: silence counts
 * when it was listened to.
 */
static int settle(struct virtio_console *v, bool named, struct strbuf *why)
{
	uint64_t now = clock_us(), end = now + SETTLE_LIMIT_US;
	uint64_t quiet = now + SETTLE_FIRST_US;
	uint8_t changes[TRANSPORT_CHANNELS] = {0};
	unsigned int polls = 0, silent = 0;

	while (!v->failed && (silent < SETTLE_POLLS || now < quiet) &&
	       (polls < SETTLE_POLLS || now < end)) {
		now = clock_us();
		polls++;
		silent++;
		if (ctrl_poll(v, changes)) {
			quiet = now + (vcon_proto_is_told(&v->proto) ?
					       SETTLE_QUIET_US :
					       SETTLE_FIRST_US);
			silent = 0;
		}
		console_check(v);
	}
	if (v->failed) {
		strbuf_puts(why, v->failed);
		return -EIO;
	}
	if (!named && vcon_proto_settle(&v->proto)) {
		channel_start(v, TRANSPORT_GDB);
		ctrl_flush(v);
	}
	if (!v->bound[TRANSPORT_GDB]) {
		strbuf_puts(why, "no port of this console is for gdb");
		return -ENXIO;
	}
	return 0;
}

static int start(struct virtio_console *v, uint8_t *mem, bool named,
		 struct strbuf *why)
{
	int err = virtio_mmio_begin(&v->mmio, VIRTIO_CONSOLE_F_MULTIPORT, why);

	if (err)
		return err;
	v->multiport = v->mmio.features & VIRTIO_CONSOLE_F_MULTIPORT;
	if (named && !v->multiport)
		return -ENXIO; /* it has no names */
	if (v->multiport)
		vcon_proto_init(
			&v->proto,
			virtio_mmio_config32(&v->mmio, CONFIG_MAX_NR_PORTS));
	else
		vcon_proto_init_single(&v->proto);
	err = set_queues(v, mem, why);
	if (err)
		return err;
	virtio_mmio_ready(&v->mmio);
	if (!v->multiport) {
		channel_start(v, TRANSPORT_GDB);
		return 0;
	}
	ctrl_start(v);
	return settle(v, named, why);
}

int virtio_console_probe(struct virtio_console *v, uint64_t base, uint32_t irq,
			 void *mem, size_t memlen, bool named,
			 struct strbuf *why)
{
	int err;

	memset(v, 0, sizeof(*v));
	v->transport.ops = &console_ops;
	v->transport.irq = irq;
	if (((uintptr_t)mem & (VIRTIO_CONSOLE_ALIGN - 1)) ||
	    memlen < VIRTIO_CONSOLE_MEMORY) {
		strbuf_puts(why, "too little memory, or not aligned");
		return -EINVAL;
	}
	err = virtio_mmio_find(&v->mmio, base, DEVICE_ID_CONSOLE);
	if (err) {
		strbuf_puts(why, "no virtio console there");
		return err;
	}
	layout(v, mem);
	err = start(v, mem, named, why);
	if (err && virtio_console_release(v))
		err = -EIO;
	return err;
}

int virtio_console_release(struct virtio_console *v)
{
	console_fail(v, "given up");
	return virtio_mmio_reset(&v->mmio);
}

const char *virtio_console_failed(const struct virtio_console *v)
{
	return v->failed;
}
