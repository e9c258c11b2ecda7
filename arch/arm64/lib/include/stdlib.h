/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* What libfdt's header and the device-tree code want of it; ../string.c. */
#ifndef LIB_STDLIB_H
#define LIB_STDLIB_H

#include <stddef.h>

unsigned long strtoul(const char *s, char **end, int base);

#endif
