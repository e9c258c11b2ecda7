/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Ports are found by name; each is told that we are ready for it, and, once
 * it is known to be ours, that our side is open. Others are never opened.
 */
#include "transport/vcon_proto.h"

#include <string.h>

static const char *const channel_name[TRANSPORT_CHANNELS] = {
	[TRANSPORT_GDB] = VCON_NAME_PREFIX "gdb",
	[TRANSPORT_CONSOLE] = VCON_NAME_PREFIX "console",
	[TRANSPORT_TRACE] = VCON_NAME_PREFIX "trace",
};

_Static_assert(sizeof(struct vcon_msg) == 8, "virtio 1.1, 5.3.6.2");

static void proto_send(struct vcon_proto *p, uint32_t id, enum vcon_event event,
		       uint16_t value)
{
	unsigned int at = (p->out_head + p->out_count) % VCON_MSG_OUT;

	if (p->out_count == VCON_MSG_OUT)
		return; /* cannot be: vcon_proto_ready() is asked before */
	p->out[at].id = id;
	p->out[at].event = (uint16_t)event;
	p->out[at].value = value;
	p->out_count++;
}

static void proto_clear(struct vcon_proto *p, uint32_t ports)
{
	memset(p, 0, sizeof(*p));
	p->ports = ports < VCON_PORTS ? ports : VCON_PORTS;
	for (int ch = 0; ch < TRANSPORT_CHANNELS; ch++)
		p->port_of[ch] = -1;
}

void vcon_proto_init(struct vcon_proto *p, uint32_t ports)
{
	proto_clear(p, ports);
	proto_send(p, 0, VCON_DEVICE_READY, 1);
}

void vcon_proto_init_single(struct vcon_proto *p)
{
	proto_clear(p, 1);
	p->port[0].added = true;
	p->port[0].console = true;
	p->port[0].host_open = true;
	p->port[0].epoch = 1;
	p->port_of[TRANSPORT_GDB] = 0;
}

bool vcon_proto_ready(const struct vcon_proto *p)
{
	return p->out_count + VCON_MSG_REPLIES <= VCON_MSG_OUT;
}

/* The channel of a port, or TRANSPORT_CHANNELS. */
static enum transport_channel channel_of(const struct vcon_proto *p,
					 uint32_t id)
{
	int ch;

	for (ch = 0; ch < TRANSPORT_CHANNELS; ch++)
		if (p->port_of[ch] == (int)id)
			break;
	return (enum transport_channel)ch;
}

static void bind(struct vcon_proto *p, enum transport_channel ch, uint32_t id)
{
	p->port_of[ch] = (int)id;
	proto_send(p, id, VCON_PORT_OPEN, 1);
}

static enum vcon_change port_add(struct vcon_proto *p, uint32_t id)
{
	struct vcon_port *port = &p->port[id];

	/* A port that comes back in its place keeps its channel. */
	port->added = true;
	proto_send(p, id, VCON_PORT_READY, 1);
	if (channel_of(p, id) != TRANSPORT_CHANNELS)
		proto_send(p, id, VCON_PORT_OPEN, 1);
	return VCON_NONE;
}

static enum vcon_change port_remove(struct vcon_proto *p, uint32_t id)
{
	struct vcon_port *port = &p->port[id];
	bool was_open = port->host_open;

	port->added = false;
	port->console = false;
	port->named = false;
	port->host_open = false;
	return was_open ? VCON_CLOSED : VCON_NONE;
}

static enum vcon_change port_open(struct vcon_port *port, bool open)
{
	bool was_open = port->host_open;

	/* also without a close between: it got lost */
	if (open)
		__atomic_store_n(&port->epoch, port->epoch + 1,
				 __ATOMIC_RELAXED);
	/* Who writes to the console sees the new epoch with who is there. */
	__atomic_store_n(&port->host_open, open, __ATOMIC_RELEASE);
	if (open)
		return VCON_OPENED;
	return was_open ? VCON_CLOSED : VCON_NONE;
}

/* The name may have a NUL at its end, or not. */
static enum vcon_change port_name(struct vcon_proto *p, uint32_t id,
				  const char *name, size_t len,
				  enum transport_channel *ch)
{
	const char *nul = memchr(name, '\0', len);

	if (nul)
		len = (size_t)(nul - name);
	if (len)
		p->port[id].named = true;
	for (int i = 0; i < TRANSPORT_CHANNELS; i++) {
		if (strlen(channel_name[i]) != len ||
		    memcmp(channel_name[i], name, len))
			continue;
		if (p->port_of[i] >= 0 ||
		    channel_of(p, id) != TRANSPORT_CHANNELS)
			return VCON_NONE;
		bind(p, (enum transport_channel)i, id);
		if (i == TRANSPORT_GDB)
			p->gdb_named = true;
		*ch = (enum transport_channel)i;
		return VCON_BOUND;
	}
	return VCON_NONE;
}

enum vcon_change vcon_proto_rx(struct vcon_proto *p, const void *data,
			       size_t len, enum transport_channel *ch)
{
	const char *name = (const char *)data + sizeof(struct vcon_msg);
	enum vcon_change change = VCON_NONE;
	struct vcon_msg msg;

	*ch = TRANSPORT_CHANNELS;
	if (len < sizeof(msg)) {
		p->rejected++;
		return VCON_NONE;
	}
	memcpy(&msg, data, sizeof(msg));
	if (msg.id >= p->ports ||
	    (!p->port[msg.id].added && msg.event != VCON_PORT_ADD)) {
		p->rejected++;
		return VCON_NONE;
	}
	*ch = channel_of(p, msg.id);
	switch (msg.event) {
	case VCON_PORT_ADD:
		return port_add(p, msg.id);
	case VCON_PORT_REMOVE:
		change = port_remove(p, msg.id);
		break;
	case VCON_CONSOLE_PORT:
		p->port[msg.id].console = msg.value != 0;
		break;
	case VCON_PORT_OPEN:
		change = port_open(&p->port[msg.id], msg.value != 0);
		break;
	case VCON_PORT_NAME:
		return port_name(p, msg.id, name, len - sizeof(msg), ch);
	case VCON_RESIZE:
		break;
	default:
		p->rejected++;
		break;
	}
	return *ch == TRANSPORT_CHANNELS ? VCON_NONE : change;
}

bool vcon_proto_is_told(const struct vcon_proto *p)
{
	for (uint32_t i = 0; i < p->ports; i++)
		if (p->port[i].added && !p->port[i].named &&
		    !p->port[i].console)
			return false;
	return true;
}

bool vcon_proto_settle(struct vcon_proto *p)
{
	int pick = -1;

	if (p->port_of[TRANSPORT_GDB] >= 0)
		return false;
	for (int i = (int)p->ports - 1; i >= 0; i--) {
		const struct vcon_port *port = &p->port[i];

		if (!port->added ||
		    channel_of(p, (uint32_t)i) != TRANSPORT_CHANNELS)
			continue;
		if (port->console ||
		    (!port->named && (pick < 0 || !p->port[pick].console)))
			pick = i;
	}
	if (pick < 0)
		return false;
	bind(p, TRANSPORT_GDB, (uint32_t)pick);
	return true;
}

bool vcon_proto_next(struct vcon_proto *p, struct vcon_msg *msg)
{
	if (!p->out_count)
		return false;
	*msg = p->out[p->out_head];
	p->out_head = (p->out_head + 1) % VCON_MSG_OUT;
	p->out_count--;
	return true;
}

bool vcon_proto_connected(const struct vcon_proto *p, enum transport_channel ch,
			  uint32_t *epoch)
{
	const struct vcon_port *port;
	bool open;

	*epoch = 0;
	if (p->port_of[ch] < 0)
		return false;
	port = &p->port[p->port_of[ch]];
	open = __atomic_load_n(&port->host_open, __ATOMIC_ACQUIRE);
	*epoch = __atomic_load_n(&port->epoch, __ATOMIC_RELAXED);
	return open;
}
