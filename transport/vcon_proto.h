/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The control protocol of a virtio console with several ports (virtio 1.1,
 * section 5.3): which port is which channel, and whether somebody is there.
 * Pure: control messages in, control messages out.
 */
#ifndef TRANSPORT_VCON_PROTO_H
#define TRANSPORT_VCON_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/transport.h"

#define VCON_PORTS 8	   /* ports with a higher id are left alone */
#define VCON_MSG_OUT 64	   /* a power of two */
#define VCON_MSG_REPLIES 3 /* the most that one message is answered with */
#define VCON_NAME_PREFIX "org.hyperstub."

enum vcon_event {
	VCON_DEVICE_READY = 0,
	VCON_PORT_ADD = 1,
	VCON_PORT_REMOVE = 2,
	VCON_PORT_READY = 3,
	VCON_CONSOLE_PORT = 4,
	VCON_RESIZE = 5,
	VCON_PORT_OPEN = 6,
	VCON_PORT_NAME = 7,
};

/* As it goes over the wire, little-endian. A PORT_NAME has its name behind. */
struct vcon_msg {
	uint32_t id;
	uint16_t event;
	uint16_t value;
};

struct vcon_port {
	bool added;
	bool console;
	bool named; /* by any name */
	bool host_open;
	uint32_t epoch; /* connections so far */
};

/* What a message did to a channel. */
enum vcon_change {
	VCON_NONE,
	VCON_BOUND,  /* the channel has its port now: post buffers */
	VCON_OPENED, /* somebody new is there */
	VCON_CLOSED, /* nobody is there */
};

struct vcon_proto {
	struct vcon_port port[VCON_PORTS];
	unsigned int ports; /* that the device may have, at most VCON_PORTS */
	int port_of[TRANSPORT_CHANNELS]; /* -1: none */
	bool gdb_named; /* the gdb channel was found by its name */
	struct vcon_msg out[VCON_MSG_OUT];
	unsigned int out_head, out_count;
	unsigned int rejected; /* messages that made no sense */
};

/* A device that may have up to so many ports; the first message is queued. */
void vcon_proto_init(struct vcon_proto *p, uint32_t ports);

/* A device without the protocol: port 0 is the gdb channel, always there. */
void vcon_proto_init_single(struct vcon_proto *p);

/* May a message be handled now, or must what is queued be sent first? */
bool vcon_proto_ready(const struct vcon_proto *p);

/*
 * One message from the device. Returns what changed, and on which channel.
 * A message that makes no sense is counted and changes nothing.
 */
enum vcon_change vcon_proto_rx(struct vcon_proto *p, const void *msg,
			       size_t len, enum transport_channel *ch);

/*
 * After the device has had time to name its ports: if none is the gdb channel
 * by name, take the first console port, or else the first unnamed one. True
 * if that bound it.
 */
bool vcon_proto_settle(struct vcon_proto *p);
/* Has each port told its name, or that it is a console? More may come else. */
bool vcon_proto_is_told(const struct vcon_proto *p);

/* The next message to send, if any. */
bool vcon_proto_next(struct vcon_proto *p, struct vcon_msg *msg);

/* Is somebody there, and the how-manieth connection is it? */
bool vcon_proto_connected(const struct vcon_proto *p, enum transport_channel ch,
			  uint32_t *epoch);

#endif
