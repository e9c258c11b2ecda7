/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Moving bytes between a PL011's FIFOs and two rings in memory. What the
 * receiving ring has no room for stays in the FIFO, so that the other side's
 * flow control sees it.
 */
#include "transport/uart_pl011.h"

#include <errno.h>
#include <string.h>

#include "mmio.h"
#include "transport/pl011_regs.h"

/* Looks at the flags, of 50 ns or more each: a full FIFO at 9600 baud. */
#define SPIN 600000
/* Bytes out of a FIFO in one go; no PL011 has a deeper one. */
#define DRAIN 256

#define IFLS_RX_1_2_TX_1_8 (2u << 3)
#define RX_INTS (UARTINT_RX | UARTINT_RT | UARTINT_BE | UARTINT_OE)

void pl011_putc(uint64_t base, char c)
{
	for (unsigned int i = 0; i < SPIN; i++) {
		if (mmio_read32(base + UARTFR) & UARTFR_TXFF)
			continue;
		mmio_write32(base + UARTDR, (uint8_t)c);
		return;
	}
}

void pl011_mask_interrupts(uint64_t base)
{
	mmio_write32(base + UARTIMSC, 0);
}

static struct uart_pl011 *uart_of(struct transport *t)
{
	return (struct uart_pl011 *)t;
}

static void set_mask(struct uart_pl011 *u, uint32_t mask)
{
	if (u->mask == mask)
		return;
	u->mask = mask;
	mmio_write32(u->base + UARTIMSC, mask);
}

static void rx_char(struct uart_pl011 *u, uint32_t dr)
{
	uint8_t byte = (uint8_t)dr;

	if (dr & UARTDR_OE)
		u->bad++;
	if (dr & UARTDR_BE)
		byte = 0x03;
	else if (dr & (UARTDR_FE | UARTDR_PE))
		u->bad++;
	byte_ring_put(&u->rx, &byte, 1);
}

static void rx_take(struct uart_pl011 *u)
{
	for (unsigned int i = 0; i < DRAIN && byte_ring_room(&u->rx); i++) {
		if (mmio_read32(u->base + UARTFR) & UARTFR_RXFE)
			break;
		rx_char(u, mmio_read32(u->base + UARTDR));
	}
}

static void rx_drain(struct uart_pl011 *u)
{
	rx_take(u);
	if (byte_ring_room(&u->rx))
		set_mask(u, u->mask | RX_INTS);
	else
		set_mask(u, u->mask & ~RX_INTS);
}

/* What is left over is sent when the FIFO's level falls: it is full now. */
static void tx_fill(struct uart_pl011 *u)
{
	uint8_t byte;

	while (byte_ring_used(&u->tx)) {
		if (mmio_read32(u->base + UARTFR) & UARTFR_TXFF)
			break;
		byte_ring_get(&u->tx, &byte, 1);
		mmio_write32(u->base + UARTDR, byte);
	}
	if (byte_ring_used(&u->tx))
		set_mask(u, u->mask | UARTINT_TX);
	else
		set_mask(u, u->mask & ~UARTINT_TX);
}

static void uart_poll(struct transport *t)
{
	struct uart_pl011 *u = uart_of(t);

	mmio_write32(u->base + UARTICR,
		     UARTINT_ALL & ~(UARTINT_RX | UARTINT_TX));
	rx_drain(u);
	tx_fill(u);
}

static bool uart_has(struct transport *t, enum transport_channel ch)
{
	return ch == TRANSPORT_GDB;
}

static bool uart_connected(struct transport *t, enum transport_channel ch,
			   uint32_t *epoch)
{
	*epoch = 1;
	return ch == TRANSPORT_GDB;
}

static size_t uart_rx(struct transport *t, enum transport_channel ch,
		      uint8_t *buf, size_t len)
{
	struct uart_pl011 *u = uart_of(t);
	size_t n;

	if (ch != TRANSPORT_GDB)
		return 0;
	n = byte_ring_get(&u->rx, buf, len);
	if (!(u->mask & UARTINT_RX))
		rx_drain(u);
	return n;
}

static size_t uart_tx(struct transport *t, enum transport_channel ch,
		      const uint8_t *buf, size_t len)
{
	struct uart_pl011 *u = uart_of(t);
	size_t n = 0, k;

	if (ch != TRANSPORT_GDB)
		return 0;
	/* ends with what is left in the ring waiting for the interrupt */
	do {
		k = byte_ring_put(&u->tx, buf + n, len - n);
		tx_fill(u);
		n += k;
	} while (k && n < len);
	return n;
}

static bool uart_idle(struct transport *t)
{
	struct uart_pl011 *u = uart_of(t);

	return !byte_ring_used(&u->tx) &&
	       !(mmio_read32(u->base + UARTFR) & UARTFR_BUSY);
}

static const struct transport_ops uart_ops = {
	.name = "pl011",
	.poll = uart_poll,
	.has = uart_has,
	.connected = uart_connected,
	.rx = uart_rx,
	.tx = uart_tx,
	.idle = uart_idle,
};

/* PrimeCell identification, and the part number 0x011. */
bool pl011_answers(uint64_t base)
{
	static const uint8_t cell[4] = {0x0d, 0xf0, 0x05, 0xb1};

	for (unsigned int i = 0; i < 4; i++)
		if ((mmio_read32(base + UARTPCELLID0 + 4 * i) & 0xff) !=
		    cell[i])
			return false;
	return (mmio_read32(base + UARTPERIPHID0) & 0xff) == 0x11 &&
	       (mmio_read32(base + UARTPERIPHID0 + 4) & 0x0f) == 0;
}

int uart_pl011_init(struct uart_pl011 *u, uint64_t base, uint32_t irq)
{
	memset(u, 0, sizeof(*u));
	u->transport.ops = &uart_ops;
	u->transport.irq = irq;
	u->base = base;
	byte_ring_init(&u->rx, u->rx_mem, sizeof(u->rx_mem));
	byte_ring_init(&u->tx, u->tx_mem, sizeof(u->tx_mem));
	if (!pl011_answers(base))
		return -ENODEV;
	mmio_write32(base + UARTIMSC, 0);
	/* What the log wrote goes out first (TRM 3.3.8: stop, then change). */
	for (unsigned int i = 0; i < SPIN; i++)
		if (!(mmio_read32(base + UARTFR) & UARTFR_BUSY))
			break;
	mmio_write32(base + UARTCR, 0);
	mmio_write32(base + UARTDMACR, 0);
	mmio_write32(base + UARTIFLS, IFLS_RX_1_2_TX_1_8);
	rx_take(u); /* a debugger that was early; FEN would drop it */
	mmio_write32(base + UARTLCR_H, UARTLCR_H_WLEN8 | UARTLCR_H_FEN);
	/*
	 * QEMU 10, where its FIFO was full until then, asks its other end for
	 * more only once this is read; of an empty FIFO that is nothing.
	 */
	if (mmio_read32(base + UARTFR) & UARTFR_RXFE)
		(void)mmio_read32(base + UARTDR);
	mmio_write32(base + UARTICR, UARTINT_ALL);
	mmio_write32(base + UARTCR, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE |
					    UARTCR_DTR | UARTCR_RTS);
	set_mask(u, RX_INTS);
	return 0;
}
