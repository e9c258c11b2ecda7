/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A PL011 (r1p5: FIFOs of 32) as the guest sees it, where the real one is
 * ours or where there is none. Pure: bytes, register accesses and the level
 * of one interrupt. The caller holds a lock around each call. A line has no
 * speed here: what is written has left at once, and the receive timeout comes
 * as soon as no more input is there. CTS is always given; DCD and DSR say
 * whether somebody is there.
 */
#ifndef ARCH_VPL011_H
#define ARCH_VPL011_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmio_trap.h"
#include "transport/byte_ring.h"

#define VPL011_FIFO 32
#define VPL011_SIZE 0x1000

struct vpl011 {
	uint64_t base;
	/* what the guest wrote and nobody has taken yet */
	struct byte_ring out;
	bool drop_oldest;
	bool carrier;
	uint64_t dropped; /* output bytes that were lost */

	uint16_t rx[VPL011_FIFO]; /* as UARTDR shows them */
	unsigned int rx_head, rx_count;
	uint8_t tx[VPL011_FIFO];
	unsigned int tx_head, tx_count;
	bool overrun; /* goes with the next character */

	uint32_t rsr, ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
};

/*
 * As firmware leaves it: enabled, 8N1, FIFOs on. out_mem: out_size bytes, a
 * power of two, for output. When that is full, drop_oldest loses old bytes,
 * else the guest finds its FIFO full and waits.
 */
void vpl011_init(struct vpl011 *v, uint64_t base, void *out_mem,
		 uint32_t out_size, bool drop_oldest);

/*
 * A guest's access. 0, or -EINVAL where the bus would refuse it (8 bytes, or
 * outside of the page). Afterwards the interrupt level may have changed, and
 * there may be room for input and output to take.
 */
int vpl011_access(struct vpl011 *v, struct mmio_access *a);

/* The combined interrupt, UARTINTR. */
bool vpl011_irq_level(const struct vpl011 *v);

/* How much input it takes now: none while the guest has its receiver off. */
size_t vpl011_input_room(const struct vpl011 *v);

/* Input for the guest: bytes taken, 0..len. */
size_t vpl011_input(struct vpl011 *v, const uint8_t *buf, size_t len);

/* Input was lost before it got here. */
void vpl011_overrun(struct vpl011 *v);

/* A break on the line. */
void vpl011_break(struct vpl011 *v);

/* Somebody has the other end of the line, or has gone: DCD and DSR. */
void vpl011_carrier(struct vpl011 *v, bool on);

/* From now on: lose old output when there is no more room, or make it wait. */
void vpl011_drop_oldest(struct vpl011 *v, bool drop);

/*
 * Output of the guest, the oldest bytes that lie in one piece, and: so many of
 * those were taken.
 */
const uint8_t *vpl011_output_peek(const struct vpl011 *v, size_t *len);
void vpl011_output_done(struct vpl011 *v, size_t len);

/* Output of the guest: bytes taken out, 0..len. */
size_t vpl011_output(struct vpl011 *v, uint8_t *buf, size_t len);

#endif
