/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See link_device.h. */
#include "link_device.h"

#include <errno.h>

#include "bits.h"
#include "clock.h"
#include "cpu.h"
#include "hidden_device.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "stub/strbuf.h"
#include "transport/uart_pl011.h"
#include "transport/usb/udc_dwc3.h"
#include "transport/usb/usb_choice.h"
#include "transport/usb/usb_transport.h"
#include "transport/virtio_console.h"

int guarded_read(uint64_t addr, unsigned int size, uint64_t *value);

/*
 * For how long a boot waits where several USB ports are there: a host's port
 * debounces for 100 ms before it resets the bus (USB 2.0, 7.1.7.3), and a hub
 * is asked every 256 ms at the slowest.
 */
#define CABLE_US 500000

/* A USB port. Large: not part of the image. */
struct usb {
	struct udc_dwc3 udc;
	struct usb_transport transport;
	const struct platform_usb *at;
};

static struct {
	enum link_kind kind;
	struct transport *transport;
	struct platform_range hidden[PLATFORM_MAX_USB];
	unsigned int hidden_count;
	union {
		struct virtio_console virtio;
		struct uart_pl011 uart;
	} dev;
	/* the ports that were started; choice is in use if there are several */
	struct usb *usb[PLATFORM_MAX_USB];
	unsigned int usb_count;
	struct usb_choice choice;
	bool undecided; /* no port was chosen yet, that is */
} device;

_Static_assert(USB_CHOICE_MAX >= PLATFORM_MAX_USB, "each may be a candidate");

enum link_kind link_device_kind(void)
{
	return device.kind;
}

static void hide(const struct platform_range *r)
{
	device.hidden[device.hidden_count++] = *r;
	/* a serial port is played for the guest, not hidden */
	if (hidden_device_add(r))
		log_line("the debugger's device at 0x%llx cannot be hidden from the guest",
			 (unsigned long long)r->base);
}

unsigned int link_device_hidden(struct platform_range *r, unsigned int max)
{
	unsigned int n = device.hidden_count < max ? device.hidden_count : max;

	for (unsigned int i = 0; i < n; i++)
		r[i] = device.hidden[i];
	return n;
}

uint32_t link_device_irq(unsigned int i)
{
	if (device.usb_count > 1)
		return i < device.usb_count ? device.usb[i]->at->irq : 0;
	return device.transport && !i ? device.transport->irq : 0;
}

bool link_device_has_irq(uint32_t intid)
{
	uint32_t irq;

	for (unsigned int i = 0; (irq = link_device_irq(i)); i++)
		if (irq == intid)
			return true;
	return false;
}

static struct transport *use_virtio(unsigned int i)
{
	device.kind = LINK_VIRTIO;
	hide(&platform->virtio[i]);
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
						       named, &why);

			if (!err)
				return use_virtio(i);
			if (err != -ENODEV && !(err == -ENXIO && named) &&
			    why.len)
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

static int start_usb(struct usb *d, const struct platform_usb *u, bool coherent,
		     struct strbuf *why)
{
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
					coherent),
		.memlen = UDC_DWC3_MEMORY,
	};
	void *mem = memory_alloc_dma(USB_TRANSPORT_MEMORY, USB_TRANSPORT_ALIGN,
				     coherent);
	int err;

	d->at = u;
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

/* Memory is the same for all of them: one that does not snoop decides. */
static bool all_coherent(void)
{
	for (unsigned int i = 0; i < platform->usb_count; i++)
		if (is_meant(&platform->usb[i]) && !platform->usb[i].coherent)
			return false;
	return true;
}

/* All that can be driven, and are meant. */
static void start_ports(void)
{
	bool coherent = all_coherent();
	struct usb *d = NULL;

	for (unsigned int i = 0; i < platform->usb_count; i++) {
		const struct platform_usb *u = &platform->usb[i];
		STRBUF(why, 200);

		if (!is_meant(u))
			continue;
		if (!d)
			d = memory_alloc(sizeof(*d), 64);
		if (look_at_usb(u, &why) || start_usb(d, u, coherent, &why)) {
			log_line("USB controller at 0x%llx: %s",
				 (unsigned long long)u->regs.base, why.s);
			continue;
		}
		device.usb[device.usb_count++] = d;
		d = NULL;
	}
}

static struct transport *use_usb(struct usb *d, const char *why)
{
	log_line("the debugger is on the USB port at 0x%llx%s",
		 (unsigned long long)d->at->regs.base, why);
	device.usb[0] = d;
	device.usb_count = 1;
	hide(&d->at->regs);
	return &d->transport.transport;
}

/* The others are the guest's, if it is known now which one is not. */
static struct transport *use_first_with_cable(void)
{
	uint64_t end = clock_us() + CABLE_US;
	int n;

	usb_choice_init(&device.choice);
	for (unsigned int i = 0; i < device.usb_count; i++)
		usb_choice_add(&device.choice, &device.usb[i]->transport);
	do {
		n = usb_choice_look(&device.choice);
	} while (n < 0 && clock_us() < end);
	if (n >= 0)
		return use_usb(device.usb[n], ", the first that saw a cable");
	device.undecided = true;
	for (unsigned int i = 0; i < device.usb_count; i++) {
		log_line("the USB port at 0x%llx waits for a cable",
			 (unsigned long long)device.usb[i]->at->regs.base);
		hide(&device.usb[i]->at->regs);
	}
	return &device.choice.transport;
}

static struct transport *try_usb(void)
{
	start_ports();
	if (!device.usb_count)
		return NULL;
	device.kind = LINK_USB;
	return device.usb_count == 1 ? use_usb(device.usb[0], "") :
				       use_first_with_cable();
}

void link_device_polled(void)
{
	if (!device.undecided || device.choice.chosen < 0)
		return;
	device.undecided = false;
	log_line("the debugger is on the USB port at 0x%llx, the first that saw a cable",
		 (unsigned long long)
			 device.usb[device.choice.chosen]->at->regs.base);
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
	device.transport = choose();
	return device.transport;
}

bool link_device_leaves(void)
{
	return device.kind == LINK_USB;
}

void link_device_leave(void)
{
	for (unsigned int i = 0; i < device.usb_count; i++)
		usb_transport_stop(&device.usb[i]->transport);
}

static void usb_info(struct strbuf *out)
{
	if (device.undecided)
		strbuf_puts(out, "the first USB port that sees a cable:\n");
	for (unsigned int i = 0; i < device.usb_count; i++) {
		struct usb *d = device.usb[i];

		udc_dwc3_info(&d->udc, out);
		strbuf_putc(out, '\n');
		if (device.usb_count > 1 && !d->udc.started)
			continue;
		usb_transport_describe(&d->transport, out);
		strbuf_putc(out, '\n');
	}
}

void link_device_info(struct strbuf *out)
{
	switch (device.kind) {
	case LINK_NONE:
		strbuf_puts(out, "no device carries the debugger\n");
		break;
	case LINK_VIRTIO:
		strbuf_printf(out, "virtio console at 0x%llx\n",
			      (unsigned long long)device.hidden[0].base);
		break;
	case LINK_UART:
		strbuf_printf(out, "PL011 at 0x%llx\n",
			      (unsigned long long)platform->uart.base);
		break;
	case LINK_USB:
		usb_info(out);
		break;
	}
}
