/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A virtio console device behind the functions of virtio_mmio.h: ports with
 * clients that come, go, and do not read, as QEMU's virtserialports do.
 */
#ifndef TEST_FAKE_CONSOLE_H
#define TEST_FAKE_CONSOLE_H

#include "fake_queue.h"
#include "transport/vcon_proto.h"
#include "transport/virtio_console.h"

#define FAKE_SENT 2000000

struct fake_port {
	bool exists, console;
	const char *name;
	bool host_open, guest_open;
	bool was_opened; /* by the guest, ever */
	bool stalled;  /* the client does not read */
	bool holding;  /* a buffer is begun and not given back */
	uint8_t *sent; /* what the client got */
	size_t sent_len;
};

struct fake_console {
	bool absent, no_multiport, mute, begin_fails, reset_hangs;
	bool needs_reset;
	uint32_t missing_queue; /* 0: none */
	uint16_t num;		/* descriptors a queue */
	uint32_t max_ports;
	struct fake_port port[VCON_PORTS];
	struct fake_queue queue[VIRTIO_CONSOLE_QUEUES];
	unsigned int notified[VIRTIO_CONSOLE_QUEUES];
	unsigned int resets;
	bool started;
	uint64_t now, step; /* us that pass between two looks */
};

extern struct fake_console dev;

void fake_console_init(void);
void fake_console_free(void);
void fake_open(uint32_t id);
void fake_close(uint32_t id);
/* The client sends: bytes that the driver had buffers for. */
size_t fake_client_send(uint32_t id, const void *data, size_t len);
/* The client reads (again). */
void fake_client_read(uint32_t id);

#endif
