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
#include "stub/strbuf.h"
#include "transport/uart_pl011.h"
#include "transport/usb/udc_dwc3.h"
#include "transport/usb/usb_transport.h"
#include "transport/virtio_console.h"

int guarded_read(uint64_t addr, unsigned int size, uint64_t *value);

static struct {
	enum link_kind kind;
	struct platform_range hidden; /* size 0: none */
	union {
		struct virtio_console virtio;
		struct uart_pl011 uart;
		struct usb {
			struct udc_dwc3 udc;
			struct usb_transport transport;
		} *usb; /* large: not part of the image */
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

/* Can it be driven at all, as the device tree has it? */
static int look_at_usb(const struct platform_usb *u, struct strbuf *why)
{
	uint64_t id;

	if (!u->irq)
		strbuf_puts(why, "its node has no interrupt of the GIC");
	else if (u->regs.size < DWC3_REGS_SIZE)
		strbuf_printf(why, "its node has 0x%llx bytes of registers, too few",
			      (unsigned long long)u->regs.size);
	else if (u->elsewhere)
		strbuf_puts(why, "it sees memory at other addresses (dma-ranges), which is not supported");
	else if (guarded_read(u->regs.base + DWC3_GSNPSID, 4, &id))
		strbuf_puts(why, "nothing answers there");
	else
		return udc_dwc3_probe(u->regs.base, why);
	return -ENODEV;
}

static int start_usb(const struct platform_usb *u, struct strbuf *why)
{
	struct usb *d = device.dev.usb;
	struct cdc_acm_identity id = { CDC_ACM_TEST_VID, CDC_ACM_TEST_PID,
				       platform->serial };
	struct udc_dwc3_config c = {
		.base = u->regs.base,
		.irq = u->irq,
		.utmi = u->utmi_bits == 16 ? UDC_DWC3_UTMI_16 :
			u->utmi_bits == 8  ? UDC_DWC3_UTMI_8 :
					     UDC_DWC3_UTMI_KEEP,
		.max_speed = u->full_speed ? UDC_SPEED_FULL : UDC_SPEED_HIGH,
		.mem = memory_alloc_dma(UDC_DWC3_MEMORY, UDC_DWC3_ALIGN,
					u->coherent),
		.memlen = UDC_DWC3_MEMORY,
	};
	void *mem = memory_alloc_dma(USB_TRANSPORT_MEMORY, USB_TRANSPORT_ALIGN,
				     u->coherent);
	int err;

	if (!mem || !c.mem) {
		strbuf_puts(why, "no memory is left for it");
		return -ENOMEM;
	}
	err = udc_dwc3_init(&d->udc, &c, why);
	if (err)
		return err;
	err = usb_transport_init(&d->transport, &d->udc.udc, &id, mem,
				 USB_TRANSPORT_MEMORY);
	if (!err)
		err = usb_transport_start(&d->transport);
	if (err)
		strbuf_printf(why, "the controller does not start (%d); are its clocks and PHY on?",
			      err);
	return err;
}

/* Without an address: what the board has as a device port. */
static bool is_meant(const struct platform_usb *u)
{
	return options.usb == OPTION_USB_ANY ? !u->host_only :
					       options.usb == u->regs.base;
}

static struct transport *try_usb(void)
{
	device.dev.usb = NULL;
	for (unsigned int i = 0; i < platform->usb_count; i++) {
		const struct platform_usb *u = &platform->usb[i];
		STRBUF(why, 200);

		if (!is_meant(u))
			continue;
		if (!device.dev.usb)
			device.dev.usb = memory_alloc(sizeof(struct usb), 64);
		if (!look_at_usb(u, &why) && !start_usb(u, &why)) {
			device.kind = LINK_USB;
			device.hidden = u->regs;
			log_line("the debugger is on the USB port at 0x%llx",
				 (unsigned long long)u->regs.base);
			return &device.dev.usb->transport.transport;
		}
		log_line("USB controller at 0x%llx: %s",
			 (unsigned long long)u->regs.base, why.s);
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

	switch (options.gdb) {
	case GDB_AUTO:
		t = try_virtio();
		if (!t)
			t = try_usb();
		if (!t)
			log_line("no virtio console or USB port for the debugger; hyperstub.gdb=uart would give it the serial port");
		break;
	case GDB_VIRTIO:
		t = try_virtio();
		if (!t)
			log_line("hyperstub.gdb=virtio: no virtio console with a port org.hyperstub.gdb; no debugger can attach");
		break;
	case GDB_USB:
		t = try_usb();
		if (!t)
			log_line("hyperstub.gdb=usb: no such USB controller that can be a device; no debugger can attach");
		break;
	case GDB_UART:
		t = try_uart();
		if (!t)
			log_line("hyperstub.gdb=uart: the device tree has no PL011; no debugger can attach");
		break;
	case GDB_NONE:
		break;
	}
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

bool link_device_leaves(void)
{
	return device.kind == LINK_USB;
}

void link_device_leave(void)
{
	if (device.kind == LINK_USB)
		usb_transport_stop(&device.dev.usb->transport);
}

void link_device_info(struct strbuf *out)
{
	switch (device.kind) {
	case LINK_NONE:
		strbuf_puts(out, "no device carries the debugger\n");
		break;
	case LINK_VIRTIO:
		strbuf_printf(out, "virtio console at 0x%llx\n",
			      (unsigned long long)device.hidden.base);
		break;
	case LINK_UART:
		strbuf_printf(out, "PL011 at 0x%llx\n",
			      (unsigned long long)platform->uart.base);
		break;
	case LINK_USB:
		udc_dwc3_info(&device.dev.usb->udc, out);
		strbuf_putc(out, '\n');
		usb_transport_describe(&device.dev.usb->transport, out);
		strbuf_putc(out, '\n');
		break;
	}
}
