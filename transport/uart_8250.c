/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See uart_8250.h. */
#include "transport/uart_8250.h"

#include "mmio.h"

#define THR 0x00
#define LSR 0x14
#define LSR_THRE 0x20u
#define SPIN 200000

void uart_8250_putc(uint64_t base, char c)
{
	for (unsigned int i = 0; i < SPIN; i++) {
		if (!(mmio_read32(base + LSR) & LSR_THRE))
			continue;
		mmio_write32(base + THR, (uint8_t)c);
		return;
	}
}
