/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Between the files of the program that uses what the core has. */
#ifndef TEST_GUEST_FEATURES_H
#define TEST_GUEST_FEATURES_H

#include "guest.h"

/* A line: what, its value, and the syndrome where it faulted. */
void tell(const char *what, uint64_t v);

static inline unsigned int field(uint64_t reg, unsigned int shift)
{
	return reg >> shift & 15;
}

/* features_newer.c: Armv8.6 to 8.8, as far as EL2 has a say in it */
void newer(void);
/* features_nmi.c: interrupts with superpriority */
void nmi(void);

#endif
