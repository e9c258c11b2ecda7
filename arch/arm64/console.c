/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See console.h. The model is vpl011.c, its line console_line.c; here are the
 * lock, the interrupt and the timer of both. A channel is written to under
 * this lock alone, by the CPU whose guest has written. Lock order: the
 * session's, then this one.
 */
#include "console.h"

#include <errno.h>

#include "clock.h"
#include "console_line.h"
#include "cpu.h"
#include "irq/irqchip.h"
#include "link.h"
#include "link_device.h"
#include "lock.h"
#include "log.h"
#include "memory.h"
#include "mmio_trap.h"
#include "options.h"
#include "platform/platform.h"
#include "stub/strbuf.h"
#include "timer.h"
#include "transport/transport.h"
#include "transport/uart_pl011.h"
#include "vpl011.h"

#define OUT_SIZE 65536
#define IN_SIZE 4096

static struct {
	struct spinlock lock;
	bool played;
	bool uart_is_free; /* the real one, for the log */
	uint32_t irq;
	uint32_t level; /* atomic; as the interrupt controller was told */
	struct vpl011 port;
	struct console_line line;
	unsigned int timer_cpu; /* whose timer is armed: id + 1, or 0 */
} console;

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

/* console.lock held: one CPU's timer for what waits. */
static void arm(void)
{
	if (console.timer_cpu || !console_line_waits(&console.line))
		return;
	console.timer_cpu = this_cpu()->id + 1;
	timer_arm(TIMER_CONSOLE,
		  console_line_wait_us(&console.line, clock_us()));
}

/*
 * console.lock held. True: it is for the session to do, which is to be told
 * when the lock is free.
 */
static bool send(void)
{
	const struct transport *t = console.line.t;

	if (t && t->ops->writes_apart) {
		console_line_send(&console.line, clock_us());
		return false;
	}
	console_line_defer(&console.line);
	return true;
}

static int access(struct cpu *c, void *ctx, struct mmio_access *a)
{
	bool poll = false;
	int err;

	spin_lock(&console.lock);
	err = vpl011_access(&console.port, a);
	if (console_line_accessed(&console.line, a))
		poll = send();
	poll |= console_line_wants_input(&console.line);
	arm();
	spin_unlock(&console.lock);
	update_level();
	if (poll)
		link_poll();
	return err;
}

static void init(uint64_t base, uint32_t irq, struct transport *t)
{
	vpl011_init(&console.port, base, memory_alloc(OUT_SIZE, 64), OUT_SIZE,
		    true);
	console_line_init(&console.line, &console.port, t,
			  memory_alloc(IN_SIZE, 64), IN_SIZE);
	console.irq = irq;
	if (mmio_trap_register(base, VPL011_SIZE, access, NULL,
			       "serial port, played for the guest"))
		panic("the serial port's page cannot be trapped");
	console.played = true;
}

/* Who has the guest's serial port, where nothing else was asked for. */
static enum option_serial usual_serial(enum link_kind kind)
{
	if (kind == LINK_UART)
		return SERIAL_GDB;
	return kind == LINK_NONE || kind == LINK_VIRTIO ? SERIAL_GUEST :
							  SERIAL_CHANNEL;
}

static bool has_channel(struct transport *t)
{
	return t && t->ops->has(t, TRANSPORT_CONSOLE);
}

void console_choose(struct transport *t, enum link_kind kind)
{
	enum option_serial usual = usual_serial(kind), want = options.serial;

	if (want == SERIAL_AUTO)
		want = usual;
	if (want == SERIAL_CHANNEL && !has_channel(t)) {
		want = usual == SERIAL_CHANNEL ? SERIAL_GUEST : usual;
		log_line("hyperstub.serial=channel: the debugger's device has no console channel");
	}
	if (want == SERIAL_GUEST && usual == SERIAL_GDB) {
		want = SERIAL_GDB;
		log_line("hyperstub.serial=guest: the debugger has the serial port, the guest gets a played one");
	}
	if (want == SERIAL_GUEST)
		return;
	if (!t || platform->uart_kind != UART_PL011) {
		log_line("hyperstub.serial: no %s; the guest keeps its serial port",
			 t ? "PL011 in the device tree" :
			     "device for the debugger");
		return;
	}
	console.uart_is_free = usual != SERIAL_GDB;
	if (console.uart_is_free)
		pl011_mask_interrupts(platform->uart.base);
	init(platform->uart.base, platform->uart_irq,
		     want == SERIAL_CHANNEL ? t : NULL);
}

void console_start(unsigned int cpu)
{
	if (console.uart_is_free) /* the line is the played port's */
		irqchip->own(console.irq, cpu);
}

bool console_frees_uart(void)
{
	return console.uart_is_free;
}

bool console_is_played(void)
{
	return console.played;
}

size_t console_take(uint8_t *buf, size_t len)
{
	size_t n;

	if (!console.played || console.line.t)
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
	fits = console_line_type(&console.line, (const uint8_t *)text, len);
	spin_unlock(&console.lock);
	update_level();
	return fits ? 0 : -ENOSPC;
}

int console_break(void)
{
	if (!console.played)
		return -ENODEV;
	spin_lock(&console.lock);
	console_line_break(&console.line);
	spin_unlock(&console.lock);
	update_level();
	return 0;
}

void console_serve(void)
{
	if (!console.played || !console.line.t)
		return;
	spin_lock(&console.lock);
	console_line_receive(&console.line, clock_us());
	arm();
	spin_unlock(&console.lock);
	update_level();
}

/* What waited for a timer that has come, or will not come any more. */
static void timer_is_over(struct cpu *c)
{
	bool poll = false;

	spin_lock(&console.lock);
	if (console.timer_cpu == c->id + 1) {
		console.timer_cpu = 0;
		poll = send();
	}
	spin_unlock(&console.lock);
	update_level();
	if (poll)
		link_poll();
}

void console_timer(struct cpu *c)
{
	timer_is_over(c);
	spin_lock(&console.lock);
	arm();
	spin_unlock(&console.lock);
}

void console_cpu_leaves(struct cpu *c)
{
	if (console.played)
		timer_is_over(c);
}

bool console_is_sent(void)
{
	bool sent;

	if (!console.played || !console.line.t)
		return true;
	spin_lock(&console.lock);
	sent = !console.line.connected || console.line.stalled ||
	       !byte_ring_used(&console.port.out);
	spin_unlock(&console.lock);
	return sent;
}

void console_break_lock(const struct cpu *c)
{
	spin_break(&console.lock, c);
}

void console_info(struct strbuf *out)
{
	const struct console_line *l = &console.line;

	if (!console.played) {
		strbuf_puts(out, "serial port: the guest's own\n");
		return;
	}
	spin_lock(&console.lock);
	strbuf_printf(out, "serial port: played, to %s; %u bytes wait, %llu were lost\n",
		      !l->t	     ? "the debugger's console" :
		      l->connected   ? "the console channel, where somebody is" :
				       "the console channel, where nobody is",
		      byte_ring_used(&console.port.out),
		      (unsigned long long)console.port.dropped);
	spin_unlock(&console.lock);
}
