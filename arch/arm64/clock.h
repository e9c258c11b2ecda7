/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Time since power on, from the physical counter. */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <stdint.h>

/* Microseconds; never goes back. */
uint64_t clock_us(void);
/* Counter ticks, and ticks a second. */
uint64_t clock_ticks(void);
uint64_t clock_hz(void);

#endif
