/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's serial port where the real one carries the debugger: a PL011 that
 * the monitor plays. Its output goes to the debugger, its input is what
 * `monitor type` gives it.
 */
#ifndef ARCH_CONSOLE_H
#define ARCH_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Play the port at base, with that interrupt. Before view_init(). */
void console_init(uint64_t base, uint32_t irq);
/* Is there such a port? */
bool console_is_played(void);
/* Output of the guest that nobody has taken yet: 0..len. */
size_t console_take(uint8_t *buf, size_t len);
/* Input for the guest: all of it or -ENOSPC; -ENODEV: not played. */
int console_type(const char *text, size_t len);

#endif
