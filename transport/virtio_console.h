/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A virtio console on MMIO as a transport: its ports named org.hyperstub.gdb,
 * .console and .trace are the channels. A device with none of these, or with
 * one port only, carries the gdb channel on its first console port.
 *
 * What of an old client's session a new client may see: nothing that was
 * received or queued, save that (1) a device may hold a descriptor (4 KiB at
 * most) that it had begun to send; its rest is blanked to NULs, which gdb
 * ignores, unless the device has taken a copy (QEMU drops it); (2) if a client
 * goes and another comes between two polls, and both had sent bytes since the
 * last, those cannot be told apart. A virtconsole (as opposed to a
 * virtserialport) has no open and close: nothing of this is noticed there, and
 * QEMU drops what its client does not read in time.
 */
#ifndef TRANSPORT_VIRTIO_CONSOLE_H
#define TRANSPORT_VIRTIO_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stub/strbuf.h"
#include "transport/transport.h"
#include "transport/vcon_proto.h"
#include "transport/virtio_mmio.h"
#include "transport/virtio_ring.h"
#include "transport/virtio_stream.h"

#define VIRTIO_CONSOLE_QUEUES (2 * VCON_PORTS + 2)
#define VIRTIO_CONSOLE_CTRL_RX 32    /* control messages in, each */
#define VIRTIO_CONSOLE_CTRL_SIZE 256 /* bytes, with a port's name */

/*
 * Buffers are of 4 KiB since QEMU reads no more at a time from a socket; so
 * many of them that a whole 256 KiB X packet may be under way.
 */
#define VIRTIO_CONSOLE_RX_SIZE 4096
#define VIRTIO_CONSOLE_GDB_RX 64
#define VIRTIO_CONSOLE_OTHER_RX 4
/* Sending: bytes a descriptor, of which there are VIRTIO_RING_MAX. */
#define VIRTIO_CONSOLE_GDB_TX 4096
#define VIRTIO_CONSOLE_CONSOLE_TX 512
#define VIRTIO_CONSOLE_TRACE_TX 2048

/* What virtio_console_probe() wants to be given. */
#define VIRTIO_CONSOLE_ALIGN 4096
#define VIRTIO_CONSOLE_MEMORY                                       \
	(VIRTIO_CONSOLE_QUEUES * VIRTIO_RING_BYTES +                \
	 VIRTIO_CONSOLE_CTRL_RX * VIRTIO_CONSOLE_CTRL_SIZE + 4096 + \
	 (VIRTIO_CONSOLE_GDB_RX + 2 * VIRTIO_CONSOLE_OTHER_RX) *    \
		 VIRTIO_CONSOLE_RX_SIZE +                           \
	 (VIRTIO_CONSOLE_GDB_TX + VIRTIO_CONSOLE_CONSOLE_TX +       \
	  VIRTIO_CONSOLE_TRACE_TX) *                                \
		 VIRTIO_RING_MAX)

struct virtio_console {
	struct transport transport; /* first */
	struct virtio_mmio mmio;
	struct vcon_proto proto;
	struct virtio_ring ring[VIRTIO_CONSOLE_QUEUES];
	struct virtio_stream stream[TRANSPORT_CHANNELS];
	bool bound[TRANSPORT_CHANNELS];
	bool closing[TRANSPORT_CHANNELS]; /* received bytes are to be dropped */
	/* the connection that the sending side knows of */
	uint32_t tx_epoch[TRANSPORT_CHANNELS];
	bool multiport;
	uint8_t *ctrl_rx;
	uint8_t ctrl_rx_of[VIRTIO_RING_MAX]; /* id -> buffer */
	struct vcon_msg *ctrl_tx;
	unsigned int ctrl_tx_next;
	const char *failed; /* why it works no more, or NULL */
};

/*
 * Take the device at base into use. mem: VIRTIO_CONSOLE_MEMORY bytes, aligned
 * to VIRTIO_CONSOLE_ALIGN, that device and CPU see alike, the device's for as
 * long as it is in use. named: only if a port has our name; any other may be the
 * guest's, and no port is opened then, for what a client sent would be lost.
 * Waits 100 ms for each sign of life.
 *
 * 0; -ENODEV: another device or none, untouched; -ENXIO: a console without a
 * port for us, reset again and free for others; -EINVAL: the memory; -EIO.
 * Where it is not 0, why says more.
 */
int virtio_console_probe(struct virtio_console *v, uint64_t base, uint32_t irq,
			 void *mem, size_t memlen, bool named,
			 struct strbuf *why);

/* Give the device up: reset, as if never used. -EIO: mem is not free yet. */
int virtio_console_release(struct virtio_console *v);

/* Why it stopped working, or NULL. */
const char *virtio_console_failed(const struct virtio_console *v);

#endif
