/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The PL011 UART, as a place for the monitor's own words and as a transport
 * with the one channel gdb. A serial line does not tell whether somebody is
 * there: connected() says yes. A break counts as ^C.
 */
#ifndef TRANSPORT_UART_PL011_H
#define TRANSPORT_UART_PL011_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/byte_ring.h"
#include "transport/transport.h"

#define UART_PL011_RX 16384
#define UART_PL011_TX 32768

/*
 * Send one character with no interrupts, as the port was set up by whoever
 * came before. Usable with the MMU off. One that the port does not take
 * within a bounded number of looks is lost.
 */
void pl011_putc(uint64_t base, char c);

/* Is it a PL011, by what it says of itself? */
bool pl011_answers(uint64_t base);

/* For a port of which no more is wanted than pl011_putc(). */
void pl011_mask_interrupts(uint64_t base);

struct uart_pl011 {
	struct transport transport; /* first */
	uint64_t base;
	struct byte_ring rx, tx;
	uint32_t mask; /* UARTIMSC */
	uint32_t bad;  /* characters lost on the line, or damaged */
	uint8_t rx_mem[UART_PL011_RX];
	uint8_t tx_mem[UART_PL011_TX];
};

/*
 * Take the port over: 8N1 with FIFOs, the speed that is set, interrupts on.
 * -ENODEV: no PL011 answers there.
 */
int uart_pl011_init(struct uart_pl011 *u, uint64_t base, uint32_t irq);

#endif
