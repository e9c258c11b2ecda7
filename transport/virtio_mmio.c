/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Finding, resetting and starting a virtio-mmio device. Waits are bounded by
 * the clock.
 */
#include "transport/virtio_mmio.h"

#include <errno.h>
#include <stddef.h>

#include "barrier.h"
#include "clock.h"
#include "mmio.h"
#include "transport/dma.h"

#define MAGIC_VALUE 0x000
#define VERSION 0x004
#define DEVICE_ID 0x008
#define DEVICE_FEATURES 0x010
#define DEVICE_FEATURES_SEL 0x014
#define DRIVER_FEATURES 0x020
#define DRIVER_FEATURES_SEL 0x024
#define GUEST_PAGE_SIZE 0x028 /* legacy */
#define QUEUE_SEL 0x030
#define QUEUE_NUM_MAX 0x034
#define QUEUE_NUM 0x038
#define QUEUE_ALIGN 0x03c /* legacy */
#define QUEUE_PFN 0x040	  /* legacy */
#define QUEUE_READY 0x044
#define QUEUE_NOTIFY 0x050
#define INTERRUPT_STATUS 0x060
#define INTERRUPT_ACK 0x064
#define STATUS 0x070
#define QUEUE_DESC_LOW 0x080
#define QUEUE_DESC_HIGH 0x084
#define QUEUE_DRIVER_LOW 0x090
#define QUEUE_DRIVER_HIGH 0x094
#define QUEUE_DEVICE_LOW 0x0a0
#define QUEUE_DEVICE_HIGH 0x0a4
#define CONFIG 0x100

#define MAGIC 0x74726976 /* "virt" */
#define LEGACY 1
#define MODERN 2

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define STATUS_DEVICE_NEEDS_RESET 64u
#define STATUS_FAILED 128u

#define VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)
#define INTERRUPT_CONFIG 2u

#define RESET_TIMEOUT_US 100000

static uint32_t rd(const struct virtio_mmio *m, uint32_t off)
{
	return mmio_read32(m->base + off);
}

static void wr(const struct virtio_mmio *m, uint32_t off, uint32_t v)
{
	mmio_write32(m->base + off, v);
}

static void status_add(const struct virtio_mmio *m, uint32_t bits)
{
	wr(m, STATUS, rd(m, STATUS) | bits);
}

int virtio_mmio_find(struct virtio_mmio *m, uint64_t base, uint32_t device_id)
{
	m->base = base;
	m->features = 0;
	if (rd(m, MAGIC_VALUE) != MAGIC)
		return -ENODEV;
	m->version = rd(m, VERSION);
	if (m->version != LEGACY && m->version != MODERN)
		return -ENODEV;
	return rd(m, DEVICE_ID) == device_id ? 0 : -ENODEV;
}

int virtio_mmio_reset(struct virtio_mmio *m)
{
	uint64_t start = clock_us();

	wr(m, STATUS, 0);
	while (rd(m, STATUS) != 0)
		if (clock_us() - start > RESET_TIMEOUT_US)
			return -EIO;
	return 0;
}

static uint64_t device_features(const struct virtio_mmio *m)
{
	uint64_t f;

	wr(m, DEVICE_FEATURES_SEL, 1);
	f = (uint64_t)rd(m, DEVICE_FEATURES) << 32;
	wr(m, DEVICE_FEATURES_SEL, 0);
	return f | rd(m, DEVICE_FEATURES);
}

int virtio_mmio_begin(struct virtio_mmio *m, uint64_t wanted,
		      struct strbuf *why)
{
	uint64_t f;

	if (virtio_mmio_reset(m)) {
		strbuf_puts(why, "device does not finish its reset");
		return -EIO;
	}
	status_add(m, STATUS_ACKNOWLEDGE);
	status_add(m, STATUS_DRIVER);
	f = device_features(m);
	if (m->version == MODERN && !(f & VIRTIO_F_VERSION_1)) {
		strbuf_puts(why, "modern device without VIRTIO_F_VERSION_1");
		return -EIO;
	}
	m->features = f & wanted;
	if (m->version == MODERN)
		m->features |= VIRTIO_F_VERSION_1;
	wr(m, DRIVER_FEATURES_SEL, 1);
	wr(m, DRIVER_FEATURES, (uint32_t)(m->features >> 32));
	wr(m, DRIVER_FEATURES_SEL, 0);
	wr(m, DRIVER_FEATURES, (uint32_t)m->features);
	if (m->version == LEGACY) {
		wr(m, GUEST_PAGE_SIZE, VIRTIO_RING_ALIGN);
		return 0;
	}
	status_add(m, STATUS_FEATURES_OK);
	if (!(rd(m, STATUS) & STATUS_FEATURES_OK)) {
		strbuf_puts(why, "device refuses the features it offered");
		return -EIO;
	}
	return 0;
}

static void wr64(const struct virtio_mmio *m, uint32_t low, uint64_t v)
{
	wr(m, low, (uint32_t)v);
	wr(m, low + 4, (uint32_t)(v >> 32));
}

_Static_assert(QUEUE_DESC_HIGH == QUEUE_DESC_LOW + 4 &&
		       QUEUE_DRIVER_HIGH == QUEUE_DRIVER_LOW + 4 &&
		       QUEUE_DEVICE_HIGH == QUEUE_DEVICE_LOW + 4,
	       "wr64 writes low and high side by side");

int virtio_mmio_queue(struct virtio_mmio *m, uint32_t queue,
		      struct virtio_ring *r, void *mem)
{
	bool modern = m->version == MODERN;
	uint32_t max;
	uint16_t num = VIRTIO_RING_MAX;

	wr(m, QUEUE_SEL, queue);
	if (rd(m, modern ? QUEUE_READY : QUEUE_PFN))
		return -EIO; /* in use after a reset */
	max = rd(m, QUEUE_NUM_MAX);
	if (!max)
		return -ENOENT;
	while (num > max)
		num /= 2;
	if (virtio_ring_init(r, mem, num))
		return -EIO;
	wr(m, QUEUE_NUM, num);
	dmb(oshst); /* orders the cleared rings before the device has them */
	if (modern) {
		wr64(m, QUEUE_DESC_LOW, dma_addr(r->desc));
		wr64(m, QUEUE_DRIVER_LOW, dma_addr(r->avail));
		wr64(m, QUEUE_DEVICE_LOW, dma_addr(r->used));
		wr(m, QUEUE_READY, 1);
		return 0;
	}
	if (dma_addr(mem) / VIRTIO_RING_ALIGN > UINT32_MAX)
		return -EIO;
	wr(m, QUEUE_ALIGN, VIRTIO_RING_ALIGN);
	wr(m, QUEUE_PFN, (uint32_t)(dma_addr(mem) / VIRTIO_RING_ALIGN));
	return 0;
}

void virtio_mmio_ready(struct virtio_mmio *m)
{
	status_add(m, STATUS_DRIVER_OK);
}

void virtio_mmio_notify(const struct virtio_mmio *m, uint32_t queue)
{
	dmb(oshst); /* orders rings and buffers before the notification */
	wr(m, QUEUE_NOTIFY, queue);
}

bool virtio_mmio_ack(const struct virtio_mmio *m)
{
	uint32_t isr = rd(m, INTERRUPT_STATUS);

	if (isr)
		wr(m, INTERRUPT_ACK, isr);
	dmb(osh); /* orders the acknowledgement before the look at the rings */
	return (isr & INTERRUPT_CONFIG) &&
	       (rd(m, STATUS) & (STATUS_DEVICE_NEEDS_RESET | STATUS_FAILED));
}

uint32_t virtio_mmio_config32(const struct virtio_mmio *m, uint32_t offset)
{
	return rd(m, CONFIG + offset);
}
