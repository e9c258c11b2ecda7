/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See link.h. */
#include "link.h"

#include <errno.h>
#include <string.h>

#include "barrier.h"
#include "cpu.h"
#include "irq/irqchip.h"
#include "lock.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "platform/platform.h"
#include "stub/gdbstub.h"
#include "target.h"
#include "timer.h"
#include "transport/uart_pl011.h"
#include "transport/virtio_console.h"
#include "world.h"

#define BREAKPOINTS 16384
#define CONDITION_BYTES (1u << 20)
#define ROUNDS 64 /* of the poll loop, then the other interrupts have a turn */

static struct {
	struct spinlock lock;
	uint32_t again; /* atomic: somebody could not get the lock */
	struct transport *transport;
	unsigned int irq_cpu;
	struct gdbstub stub;
	struct bp_table points;
	bool connected;
	uint32_t epoch;
	uint8_t *rx;
	size_t rx_at, rx_len;
	union {
		struct virtio_console virtio;
		struct uart_pl011 uart;
	} dev;
} link;

#define RX_SIZE 32768

const char *link_transport_name(void)
{
	return link.transport ? link.transport->ops->name : "nothing";
}

static bool try_virtio(void)
{
	void *mem = memory_alloc(VIRTIO_CONSOLE_MEMORY, VIRTIO_CONSOLE_ALIGN);

	/* a device with a port of our name first, then any console */
	for (unsigned int named = 1; named < 2; named--)
		for (unsigned int i = 0; i < platform->virtio_count; i++) {
			STRBUF(why, 160);
			uint64_t base = platform->virtio[i].base;
			int err = virtio_console_probe(&link.dev.virtio, base,
						       platform->virtio_irq[i],
						       mem,
						       VIRTIO_CONSOLE_MEMORY,
						       &why);

			if (!err && named &&
			    !virtio_console_named(&link.dev.virtio)) {
				virtio_console_release(&link.dev.virtio);
				continue;
			}
			if (!err) {
				link.transport = &link.dev.virtio.transport;
				return true;
			}
			if (err != -ENODEV && why.len)
				log_line("virtio device at 0x%llx: %s",
					 (unsigned long long)base, why.s);
		}
	return false;
}

static bool try_uart(void)
{
	if (platform->uart_kind != UART_PL011)
		return false;
	if (uart_pl011_init(&link.dev.uart, platform->uart.base,
			    platform->uart_irq))
		return false;
	link.transport = &link.dev.uart.transport;
	log_set_uart(0);
	return true;
}

static void choose_transport(void)
{
	bool ok = false;

	if (options.gdb == GDB_AUTO || options.gdb == GDB_VIRTIO)
		ok = try_virtio();
	if (!ok && options.gdb == GDB_VIRTIO)
		log_line("hyperstub.gdb=virtio: no virtio console with a port org.hyperstub.gdb; no debugger can attach");
	if (!ok && options.gdb == GDB_UART)
		ok = try_uart();
	if (!ok && options.gdb == GDB_UART)
		log_line("hyperstub.gdb=uart: the device tree has no PL011; no debugger can attach");
	if (!ok && options.gdb == GDB_AUTO)
		log_line("no virtio console for the debugger; hyperstub.gdb=uart would give it the serial port");
}

void link_init(void)
{
	struct gdbstub_memory mem;
	size_t table = bp_table_memory(BREAKPOINTS, CONDITION_BYTES);

	choose_transport();
	bp_table_init(&link.points, memory_alloc(table, 64), BREAKPOINTS,
		      CONDITION_BYTES);
	mem = (struct gdbstub_memory){
		.rx = memory_alloc(GDBSTUB_RX_SIZE, 64),
		.rx_size = GDBSTUB_RX_SIZE,
		.tx = memory_alloc(GDBSTUB_TX_SIZE, 64),
		.tx_size = GDBSTUB_TX_SIZE,
		.scratch = memory_alloc(GDBSTUB_SCRATCH_SIZE, 64),
		.scratch_size = GDBSTUB_SCRATCH_SIZE,
		.points = &link.points,
	};
	link.rx = memory_alloc(RX_SIZE, 64);
	target_init();
	gdbstub_init(&link.stub, target_instance(), &mem);
}

void link_start(void)
{
	/* The stub asks whether the guest runs: CPU 0 does from here on. */
	link.stub.running = true;
	if (!link.transport)
		return;
	link.irq_cpu = this_cpu()->id;
	irqchip->own(link.transport->irq, link.irq_cpu);
	link_poll();
}

unsigned int link_hidden_devices(uint64_t *base, unsigned int max)
{
	if (!link.transport || max < 1)
		return 0;
	if (link.transport == &link.dev.virtio.transport) {
		base[0] = link.dev.virtio.mmio.base;
		return 1;
	}
	return 0;
}

void link_guest_owns_uart(void)
{
	log_set_uart(0);
}

bool link_wants_halt(void)
{
	return false;
}

bool link_trylock(void)
{
	return spin_trylock(&link.lock);
}

void link_break_lock(struct cpu *c)
{
	link.lock.held = 0;
}

static void send(void)
{
	struct transport *t = link.transport;
	size_t n, k;
	const uint8_t *p;

	for (;;) {
		p = gdbstub_tx_peek(&link.stub, &n);
		if (!n)
			return;
		k = t->ops->tx(t, TRANSPORT_GDB, p, n);
		gdbstub_tx_done(&link.stub, k);
		if (!k)
			return;
	}
}

/* A client that came or went since the last look. */
static void note_connection(void)
{
	struct transport *t = link.transport;
	uint32_t epoch = link.epoch;
	bool now = t->ops->connected(t, TRANSPORT_GDB, &epoch);

	if (now == link.connected && epoch == link.epoch)
		return;
	if (link.connected)
		gdbstub_disconnect(&link.stub);
	link.rx_at = link.rx_len = 0;
	link.connected = now;
	link.epoch = epoch;
	if (now)
		gdbstub_connect(&link.stub);
}

static void poll_locked(void)
{
	struct transport *t = link.transport;

	t->ops->poll(t);
	note_connection();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		size_t used;

		send();
		if (link.rx_at == link.rx_len) {
			link.rx_at = 0;
			link.rx_len = t->ops->rx(t, TRANSPORT_GDB, link.rx,
						 RX_SIZE);
			if (!link.rx_len)
				return;
		}
		used = gdbstub_rx(&link.stub, link.rx + link.rx_at,
				  link.rx_len - link.rx_at);
		link.rx_at += used;
		send();
		if (!used)
			return; /* the reply must leave first: an interrupt tells */
	}
	__atomic_store_n(&link.again, 1, __ATOMIC_RELEASE);
}

void link_poll(void)
{
	if (!link.transport)
		return;
	__atomic_store_n(&link.again, 1, __ATOMIC_RELEASE);
	link_serve();
}

void link_serve(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (!__atomic_load_n(&link.again, __ATOMIC_ACQUIRE) ||
		    !link_trylock())
			return;
		if (__atomic_exchange_n(&link.again, 0, __ATOMIC_ACQ_REL))
			poll_locked();
		spin_unlock(&link.lock);
	}
}

void link_unlock(void)
{
	spin_unlock(&link.lock);
	link_serve();
}

void link_event(const struct target_event *ev)
{
	gdbstub_event(&link.stub, ev);
	if (link.transport)
		send();
}

void link_cpu_leaves(struct cpu *c)
{
	if (!link.transport || c->id != link.irq_cpu)
		return;
	for (unsigned int i = 0; i < cpu_count(); i++)
		if (i != c->id && cpu_get(i)->power == CPU_ON) {
			link.irq_cpu = i;
			irqchip->own(link.transport->irq, i);
			return;
		}
}

void link_machine_ends(struct cpu *c, bool reset)
{
	log_line("the guest %s", reset ? "resets the machine" :
					 "powers the machine off");
}

void link_console(const uint8_t *buf, size_t len)
{
	if (!link_trylock())
		return;
	gdbstub_console(&link.stub, buf, len);
	if (link.transport)
		send();
	link_unlock();
}

void irq_own(struct cpu *c, uint32_t intid)
{
	if (intid == platform->el2_timer_irq)
		world_timer(c);
	else if (link.transport && intid == link.transport->irq)
		link_poll();
}

void irq_kicked(struct cpu *c)
{
}
