/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See console.h. The model is vpl011.c; here are its lock, its interrupt, what
 * was typed and did not fit into its FIFO, and when output is worth a packet.
 */
#include "console.h"

#include <errno.h>

#include "irq/irqchip.h"
#include "cpu.h"
#include "link.h"
#include "lock.h"
#include "log.h"
#include "memory.h"
#include "mmio_trap.h"
#include "transport/byte_ring.h"
#include "transport/pl011_regs.h"
#include "vpl011.h"

#define OUT_SIZE 65536
#define IN_SIZE 4096
#define BATCH 64 /* bytes of output that are sent without waiting for more */
#define QUIET 3 /* looks at the flags in a row: the guest has said it all */

static struct {
	struct spinlock lock;
	bool played;
	uint32_t irq;
	uint32_t level; /* atomic; as the interrupt controller was told */
	struct vpl011 port;
	struct byte_ring in;
	unsigned int unsent; /* bytes since the link was last told */
	unsigned int looks; /* at UARTFR since the last byte */
	bool line; /* a line has ended among them */
} console;

/* Typed text into the FIFO, as far as it has room. */
static void feed(void)
{
	uint8_t buf[VPL011_FIFO];
	size_t room = vpl011_input_room(&console.port);

	if (room > sizeof(buf))
		room = sizeof(buf);
	room = byte_ring_get(&console.in, buf, room);
	vpl011_input(&console.port, buf, room);
}

/*
 * Told with no lock held, since the controller may have to wait for another
 * CPU; whoever was overtaken by a change looks again.
 */
static void update_level(void)
{
	for (;;) {
		uint32_t want;

		spin_lock(&console.lock);
		want = vpl011_irq_level(&console.port);
		spin_unlock(&console.lock);
		if (want == __atomic_load_n(&console.level, __ATOMIC_ACQUIRE))
			return;
		irqchip->set_level(console.irq, want);
		__atomic_store_n(&console.level, want, __ATOMIC_RELEASE);
	}
}

/* Is there output that should not wait for more of it? */
static bool is_due(const struct mmio_access *a)
{
	uint64_t reg = a->addr & (VPL011_SIZE - 1);

	if (a->write && reg == UARTDR) {
		console.unsent++;
		console.looks = 0;
		console.line |= (uint8_t)a->value == '\n';
	} else if (reg == UARTFR) {
		console.looks++;
	} else {
		console.looks = QUIET; /* done for now: it sets up interrupts */
	}
	if (!console.unsent || (!console.line && console.unsent < BATCH &&
				console.looks < QUIET))
		return false;
	console.unsent = 0;
	console.line = false;
	return true;
}

static int access(struct cpu *c, void *ctx, struct mmio_access *a)
{
	bool due;
	int err;

	spin_lock(&console.lock);
	err = vpl011_access(&console.port, a);
	feed();
	due = !err && is_due(a);
	spin_unlock(&console.lock);
	update_level();
	if (due)
		link_poll();
	return err;
}

void console_init(uint64_t base, uint32_t irq)
{
	vpl011_init(&console.port, base, memory_alloc(OUT_SIZE, 64), OUT_SIZE,
		    true);
	byte_ring_init(&console.in, memory_alloc(IN_SIZE, 64), IN_SIZE);
	console.irq = irq;
	if (mmio_trap_register(base, VPL011_SIZE, access, NULL,
			       "serial port, played for the guest"))
		panic("the serial port's page cannot be trapped");
	console.played = true;
}

bool console_is_played(void)
{
	return console.played;
}

size_t console_take(uint8_t *buf, size_t len)
{
	size_t n;

	if (!console.played)
		return 0;
	spin_lock(&console.lock);
	n = vpl011_output(&console.port, buf, len);
	spin_unlock(&console.lock);
	return n;
}

int console_type(const char *text, size_t len)
{
	bool fits;

	if (!console.played)
		return -ENODEV;
	spin_lock(&console.lock);
	fits = byte_ring_room(&console.in) >= len;
	if (fits)
		byte_ring_put(&console.in, (const uint8_t *)text, len);
	feed();
	spin_unlock(&console.lock);
	update_level();
	return fits ? 0 : -ENOSPC;
}
