/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See link.h. */
#include "link.h"

#include <errno.h>
#include <string.h>

#include "barrier.h"
#include "clock.h"
#include "command.h"
#include "console.h"
#include "cpu.h"
#include "irq/irqchip.h"
#include "link_device.h"
#include "lock.h"
#include "log.h"
#include "memory.h"
#include "platform/platform.h"
#include "psci.h"
#include "reset.h"
#include "stub/gdbstub.h"
#include "target.h"
#include "timer.h"
#include "transport/transport.h"
#include "watch.h"
#include "world.h"

#define BREAKPOINTS 16384
#define CONDITION_BYTES (1u << 20)
#define ROUNDS 64 /* of the poll loop, then the other interrupts have a turn */
#define SERVES 4 /* of what came in meanwhile, likewise */
#define RESTORE_US 5000000
#define READ_US 200000 /* for a program to read what its host has received */
#define LAST_WORDS_US 100000 /* for what is under way before a reset */

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
	/* the reset that this boot is the end of */
	struct reset_record record;
	uint64_t restore_until_us; /* who connects by then was there before */
	bool answer_due; /* `monitor reset` waits for its reply */
	bool reset_due;	 /* as soon as its reply has left */
} link;

#define RX_SIZE 32768

bool link_catches_reset;

const char *link_transport_name(void)
{
	return link.transport ? link.transport->ops->name : "nothing";
}

void link_init(void)
{
	struct gdbstub_memory mem;
	size_t table = bp_table_memory(BREAKPOINTS, CONDITION_BYTES);

	link.transport = link_device_choose();
	console_choose(link.transport, link_device_kind());
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
	if (reset_record_take(&link.record)) {
		link.restore_until_us = clock_us() + RESTORE_US;
		command_settings_put(link.record.settings);
		link.stub.keep = link.record.keep;
		log_line("reset number %u, by %s", link.record.resets,
			 link.record.by_debugger ? "the debugger" :
						   "the guest");
	}
}

static void own_interrupts(unsigned int cpu)
{
	uint32_t irq;

	link.irq_cpu = cpu;
	for (unsigned int i = 0; (irq = link_device_irq(i)); i++)
		irqchip->own(irq, cpu);
}

void link_start(void)
{
	/* The stub asks whether the guest runs: CPU 0 does from here on. */
	link.stub.running = true;
	if (!link.transport)
		return;
	own_interrupts(this_cpu()->id);
	console_start(link.irq_cpu);
	link_poll();
}

void link_guest_owns_uart(void)
{
	if (!console_frees_uart())
		log_set_uart(0);
}

bool link_wants_halt(void)
{
	return link.record.by_debugger || link.record.waiting;
}

bool link_trylock(void)
{
	return spin_trylock(&link.lock);
}

void link_break_lock(struct cpu *c)
{
	if (!spin_is_held_by(&link.lock, c))
		return;
	/* not looked at again: the packet that did it is in there */
	link.rx_at = link.rx_len = 0;
	gdbstub_abandon(&link.stub,
			"the monitor had a fault; `monitor log' tells of it");
	/* last: another CPU waits for it, and would send half of that */
	spin_break(&link.lock, c);
}

/* False: the transport has no room now, and tells when it has. */
static bool send_frames(void)
{
	struct transport *t = link.transport;
	size_t n, k;
	const uint8_t *p;

	for (;;) {
		p = gdbstub_tx_peek(&link.stub, &n);
		if (!n)
			return true;
		k = t->ops->tx(t, TRANSPORT_GDB, p, n);
		gdbstub_tx_done(&link.stub, k);
		if (!k)
			return false;
	}
}

/* What the guest wrote to the port that is played for it. False: nothing. */
static bool take_console(void)
{
	uint8_t buf[128];
	size_t n = 1, all = 0;

	while (n && gdbstub_takes_console(&link.stub) &&
	       link.stub.console_len + sizeof(buf) <= GDBSTUB_CONSOLE_SIZE) {
		n = console_take(buf, sizeof(buf));
		gdbstub_console(&link.stub, buf, n);
		all += n;
	}
	return all;
}

static void send(void)
{
	take_console();
	for (unsigned int i = 0; i < ROUNDS; i++)
		if (!send_frames() || !take_console())
			return;
}

/* The first client after a reset is the one from before. */
static void new_client(void)
{
	struct reset_record *r = &link.record;

	gdbstub_connect(&link.stub);
	if (!r->client_valid || clock_us() > link.restore_until_us)
		return;
	r->client_valid = false;
	gdbstub_restore(&link.stub, &r->client, r->waiting);
	link.answer_due = r->by_debugger;
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
		new_client();
}

/* What is under way arrives before the device is reset, if it does so soon. */
static void flush(void)
{
	struct transport *t = link.transport;
	uint64_t end = clock_us() + LAST_WORDS_US;

	do {
		send();
		t->ops->poll(t);
		console_serve();
	} while ((rsp_tx_busy(&link.stub.tx) || !console_is_sent() ||
		  !t->ops->idle(t)) &&
		 clock_us() < end);
}

/*
 * A tty that goes takes along what its program has not read yet: a connection
 * that ends with the machine is given a moment after its last words.
 */
static void leave(void)
{
	uint64_t end = clock_us() + READ_US;

	if (!link_device_leaves())
		return;
	while (link.connected && clock_us() < end)
		link.transport->ops->poll(link.transport);
	link_device_leave();
}

static void save_session(bool by_debugger)
{
	bool leaves = link_device_leaves();
	struct reset_record r;

	memset(&r, 0, sizeof(r)); /* padding is summed too */
	r.by_debugger = by_debugger;
	/* a connection that ends here is not the one that comes next */
	r.waiting = link.stub.waiting && (!leaves || link.stub.keep);
	r.client_valid = link.connected && !leaves;
	r.keep = link.stub.keep;
	r.settings = command_settings();
	r.resets = link.record.resets + 1;
	r.client = link.stub.client;
	reset_record_save(&r);
}

static void reset_machine(void)
{
	struct reset_record r;

	save_session(true);
	psci_system_reset();
	reset_record_take(&r);
}

int link_reset(void)
{
	log_line("the debugger resets the machine");
	if (link_device_leaves()) {
		link.reset_due = true;
		return 0;
	}
	reset_machine();
	return -EIO;
}

/* The reply to `monitor reset` was sent: the connection may go. */
static void reset_later(void)
{
	link.reset_due = false;
	flush();
	leave();
	reset_machine();
	log_line("the firmware does not reset the machine");
}

static void poll_locked(void)
{
	struct transport *t = link.transport;

	t->ops->poll(t);
	link_device_polled();
	note_connection();
	console_serve();
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
		if (link.reset_due)
			reset_later();
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
	dmb(ish); /* orders the note before the look at the lock */
	link_serve();
}

bool link_pending(void)
{
	return __atomic_load_n(&link.again, __ATOMIC_ACQUIRE);
}

/* A note that was left while the lock was held here is seen, or taken there. */
static void unlock(void)
{
	spin_unlock(&link.lock);
	dmb(ish); /* orders the lock before the look for a note */
}

void link_serve(void)
{
	for (unsigned int i = 0; i < SERVES; i++) {
		if (!__atomic_load_n(&link.again, __ATOMIC_ACQUIRE) ||
		    !link_trylock())
			return;
		if (__atomic_exchange_n(&link.again, 0, __ATOMIC_ACQ_REL))
			poll_locked();
		unlock();
	}
	/* others are to have a turn; what is left comes with an interrupt */
	if (link_pending())
		irqchip->kick(this_cpu()->id);
}

void link_unlock(void)
{
	unlock();
	link_serve();
}

/* The stop at the first instruction after the guest's own reset. */
static void note_reset(void)
{
	static const char text[] = "[the guest has reset the machine and stands at its first instruction]\n";

	if (link.record.waiting)
		gdbstub_console(&link.stub, text, sizeof(text) - 1);
	link.record.waiting = false;
}

void link_event(const struct target_event *ev)
{
	note_reset();
	take_console();
	if (link.transport) {
		/* who waited for this may have gone, and another come */
		link.transport->ops->poll(link.transport);
		note_connection();
		/* its interrupt was taken by that: what came in is to be served */
		__atomic_store_n(&link.again, 1, __ATOMIC_RELEASE);
	}
	gdbstub_event(&link.stub, ev);
	if (link.answer_due)
		gdbstub_answer(&link.stub, "the machine was reset; the guest is at its first instruction\n"
					   "(`maint flush register-cache' makes gdb look)\n");
	link.answer_due = false;
	if (link.transport)
		send();
}

void link_cpu_leaves(struct cpu *c)
{
	console_cpu_leaves(c);
	if (!link.transport || c->id != link.irq_cpu)
		return;
	for (unsigned int i = 0; i < cpu_count(); i++)
		if (i != c->id && cpu_get(i)->power == CPU_ON) {
			own_interrupts(i);
			return;
		}
}

/* The session's lock, for a CPU that can wait for it. */
static void lock(void)
{
	while (!link_trylock())
		cpu_relax();
}

static bool is_waited_for(void)
{
	bool waited;

	if (!link.transport)
		return false;
	lock();
	waited = link.connected && link.stub.waiting;
	link_unlock();
	return waited;
}

static void stop_before_end(struct cpu *c, bool reset)
{
	struct target_event ev = {
		.reason = TARGET_STOP_TRAP,
		.cpu = c->id,
		.text = reset ? "[the guest is about to reset the machine; continue lets it]" :
				"[the guest is about to power the machine off; continue lets it]",
	};

	world_event(c, &ev);
	world_park(c);
}

void link_machine_ends(struct cpu *c, bool reset)
{
	static const char gone[] = "[the guest resets the machine, and this connection ends]\n";

	log_line("the guest %s", reset ? "resets the machine" :
					 "powers the machine off");
	if (!is_waited_for()) {
		if (!link.transport)
			return;
		lock();
		if (reset)
			save_session(false);
		flush();
		leave();
		link_unlock();
		return;
	}
	if (link_catches_reset || (!reset && !link.stub.client.extended))
		stop_before_end(c, reset);
	lock();
	if (reset)
		save_session(false);
	else
		gdbstub_exit(&link.stub);
	if (reset && link_device_leaves())
		gdbstub_console(&link.stub, gone, sizeof(gone) - 1);
	flush();
	leave();
	link_unlock();
}

int link_break(void)
{
	return console_break();
}

int link_type(const char *text, size_t len)
{
	return console_type(text, len);
}

bool *link_keeps(void)
{
	return &link.stub.keep;
}

void irq_own(struct cpu *c, uint32_t intid)
{
	if (intid == platform->el2_timer_irq) {
		if (timer_take(TIMER_WORLD))
			world_timer(c);
		if (timer_take(TIMER_CONSOLE))
			console_timer(c);
		if (timer_take(TIMER_WATCH))
			watch_timer(c);
		if (timer_take(TIMER_TEST))
			command_crash_later(c);
	} else if (link_device_has_irq(intid)) {
		link_poll();
	}
}

void irq_kicked(struct cpu *c)
{
	if (link_pending()) /* most kicks are for another reason */
		link_serve();
}
