/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * An 8250 with 32-bit registers (a DesignWare APB UART, as on many boards), for
 * the monitor's own words only: it is no transport.
 */
#ifndef TRANSPORT_UART_8250_H
#define TRANSPORT_UART_8250_H

#include <stdint.h>

/*
 * Send one character, as the port was set up by whoever came before. Usable
 * with the MMU off. One that the port does not take within a bounded number of
 * looks is lost.
 */
void uart_8250_putc(uint64_t base, char c);

#endif
