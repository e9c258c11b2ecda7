/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The device that virtio_console.c is tested against. */
#include "fake_console.h"

#include <errno.h>

#include "clock.h"
#include "transport/virtio_mmio.h"

struct fake_console dev;

void fake_console_init(void)
{
	memset(&dev, 0, sizeof(dev));
	dev.num = 128;
	dev.step = 10;
	dev.max_ports = 4;
	for (int i = 0; i < VCON_PORTS; i++)
		dev.port[i].sent = malloc(FAKE_SENT);
}

void fake_console_free(void)
{
	for (int i = 0; i < VCON_PORTS; i++)
		free(dev.port[i].sent);
}

static uint32_t tx_queue(uint32_t id)
{
	return id ? 3 + 2 * id : 1;
}

/* An event that finds no buffer is lost, as with QEMU. */
static void event(uint32_t id, uint16_t what, uint16_t value, const char *name)
{
	uint8_t m[64];
	struct vcon_msg head = {id, what, value};
	size_t len = sizeof(head);

	memcpy(m, &head, sizeof(head));
	if (name) {
		memcpy(m + len, name, strlen(name) + 1);
		len += strlen(name) + 1;
	}
	if (dev.started && !dev.no_multiport && !dev.mute)
		fake_send(&dev.queue[2], m, len);
}

void fake_open(uint32_t id)
{
	dev.port[id].host_open = true;
	dev.port[id].sent_len = 0;
	event(id, VCON_PORT_OPEN, 1, NULL);
}

/* What is queued is discarded, what was begun is never given back. */
void fake_close(uint32_t id)
{
	struct fake_queue *q = &dev.queue[tx_queue(id)];
	struct fake_buffer b;

	dev.port[id].host_open = false;
	dev.port[id].stalled = false;
	dev.port[id].holding = false;
	while (fake_pop(q, &b))
		fake_push(q, b.id, 0);
	event(id, VCON_PORT_OPEN, 0, NULL);
}

size_t fake_client_send(uint32_t id, const void *data, size_t len)
{
	if (!dev.port[id].guest_open || !dev.port[id].host_open)
		return 0;
	return fake_send(&dev.queue[tx_queue(id) - 1], data, len);
}

static void output(uint32_t id)
{
	struct fake_queue *q = &dev.queue[tx_queue(id)];
	struct fake_port *p = &dev.port[id];
	struct fake_buffer b;

	while (!p->holding && fake_pop(q, &b)) {
		if (p->host_open && p->stalled) {
			p->holding = true;
			return;
		}
		if (p->host_open && p->sent_len + b.len <= FAKE_SENT) {
			memcpy(p->sent + p->sent_len, b.mem, b.len);
			p->sent_len += b.len;
		}
		fake_push(q, b.id, 0);
	}
}

void fake_client_read(uint32_t id)
{
	dev.port[id].stalled = false;
	output(id);
}

static void control(const struct vcon_msg *m)
{
	struct fake_port *p;

	if (m->event == VCON_DEVICE_READY) {
		for (uint32_t i = 0; i < dev.max_ports; i++)
			if (dev.port[i].exists)
				event(i, VCON_PORT_ADD, 1, NULL);
		return;
	}
	if (m->id >= dev.max_ports || !dev.port[m->id].exists)
		return;
	p = &dev.port[m->id];
	if (m->event == VCON_PORT_READY) {
		if (p->console)
			event(m->id, VCON_CONSOLE_PORT, 1, NULL);
		if (p->name)
			event(m->id, VCON_PORT_NAME, 1, p->name);
		if (p->host_open)
			event(m->id, VCON_PORT_OPEN, 1, NULL);
	} else if (m->event == VCON_PORT_OPEN) {
		p->guest_open = m->value;
		p->was_opened |= p->guest_open;
	}
}

static void control_out(void)
{
	struct fake_queue *q = &dev.queue[3];
	struct fake_buffer b;
	struct vcon_msg m;

	while (fake_pop(q, &b)) {
		memcpy(&m, b.mem, sizeof(m));
		fake_push(q, b.id, 0);
		control(&m);
	}
}

void virtio_mmio_notify(const struct virtio_mmio *m, uint32_t queue)
{
	dev.notified[queue]++;
	if (queue == 3 && !dev.no_multiport)
		control_out();
	else if (queue == 1)
		output(0);
	else if (queue & 1)
		output((queue - 3) / 2);
}

int virtio_mmio_find(struct virtio_mmio *m, uint64_t base, uint32_t device_id)
{
	return dev.absent || device_id != 3 ? -ENODEV : 0;
}

int virtio_mmio_begin(struct virtio_mmio *m, uint64_t wanted,
		      struct strbuf *why)
{
	m->features = dev.no_multiport ? 0 : wanted & 2;
	return dev.begin_fails ? -EIO : 0;
}

int virtio_mmio_queue(struct virtio_mmio *m, uint32_t queue,
		      struct virtio_ring *r, void *mem)
{
	if (dev.missing_queue && queue == dev.missing_queue)
		return -ENOENT;
	dev.queue[queue].r = r;
	return virtio_ring_init(r, mem, dev.num);
}

void virtio_mmio_ready(struct virtio_mmio *m)
{
	dev.started = true;
	if (dev.no_multiport) {
		dev.port[0].guest_open = true;
		dev.port[0].host_open = true;
	}
}

int virtio_mmio_reset(struct virtio_mmio *m)
{
	dev.resets++;
	return dev.reset_hangs ? -EIO : 0;
}

bool virtio_mmio_ack(const struct virtio_mmio *m)
{
	return dev.needs_reset;
}

uint32_t virtio_mmio_config32(const struct virtio_mmio *m, uint32_t offset)
{
	return offset == 4 ? dev.max_ports : 0;
}

uint64_t clock_us(void)
{
	return dev.now += dev.step;
}
