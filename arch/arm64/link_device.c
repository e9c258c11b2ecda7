/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See link_device.h. */
#include "link_device.h"

#include <errno.h>

#include "bits.h"
#include "cpu.h"
#include "hidden_device.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "transport/uart_pl011.h"
#include "transport/virtio_console.h"

static struct {
	enum link_kind kind;
	struct platform_range hidden; /* size 0: none */
	union {
		struct virtio_console virtio;
		struct uart_pl011 uart;
	} dev;
} device;

enum link_kind link_device_kind(void)
{
	return device.kind;
}

unsigned int link_device_hidden(struct platform_range *r, unsigned int max)
{
	if (!device.hidden.size || !max)
		return 0;
	r[0] = device.hidden;
	return 1;
}

static struct transport *use_virtio(unsigned int i)
{
	device.kind = LINK_VIRTIO;
	device.hidden = platform->virtio[i];
	return &device.dev.virtio.transport;
}

static struct transport *try_virtio(void)
{
	void *mem = memory_alloc(VIRTIO_CONSOLE_MEMORY, VIRTIO_CONSOLE_ALIGN);

	/*
	 * A device with a port of our name first. Any console at all may be
	 * the guest's: that one is taken only if it was asked for.
	 */
	for (unsigned int named = 1; named < 2; named--) {
		if (!named && options.gdb != GDB_VIRTIO)
			break;
		for (unsigned int i = 0; i < platform->virtio_count; i++) {
			STRBUF(why, 160);
			uint64_t base = platform->virtio[i].base;
			int err = virtio_console_probe(&device.dev.virtio, base,
						       platform->virtio_irq[i],
						       mem,
						       VIRTIO_CONSOLE_MEMORY,
						       &why);

			if (!err && named &&
			    !virtio_console_named(&device.dev.virtio)) {
				virtio_console_release(&device.dev.virtio);
				continue;
			}
			if (!err)
				return use_virtio(i);
			if (err != -ENODEV && why.len)
				log_line("virtio device at 0x%llx: %s",
					 (unsigned long long)base, why.s);
		}
	}
	return NULL;
}

static struct transport *try_uart(void)
{
	if (platform->uart_kind != UART_PL011)
		return NULL;
	if (uart_pl011_init(&device.dev.uart, platform->uart.base,
			    platform->uart_irq))
		return NULL;
	device.kind = LINK_UART;
	log_set_uart(0);
	return &device.dev.uart.transport;
}

static struct transport *choose(void)
{
	struct transport *t = NULL;

	if (options.gdb == GDB_AUTO || options.gdb == GDB_VIRTIO)
		t = try_virtio();
	if (!t && options.gdb == GDB_VIRTIO)
		log_line("hyperstub.gdb=virtio: no virtio console with a port org.hyperstub.gdb; no debugger can attach");
	if (!t && options.gdb == GDB_UART)
		t = try_uart();
	if (!t && options.gdb == GDB_UART)
		log_line("hyperstub.gdb=uart: the device tree has no PL011; no debugger can attach");
	if (!t && options.gdb == GDB_AUTO)
		log_line("no virtio console for the debugger; hyperstub.gdb=uart would give it the serial port");
	return t;
}

struct transport *link_device_choose(void)
{
	struct transport *t = choose();

	/* a serial port is played for the guest, not hidden */
	if (device.hidden.size && hidden_device_add(&device.hidden))
		log_line("the debugger's device at 0x%llx cannot be hidden from the guest",
			 (unsigned long long)device.hidden.base);
	return t;
}
