/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Limits of the LP64 model, for libfdt's header. */
#ifndef LIB_LIMITS_H
#define LIB_LIMITS_H

#define CHAR_BIT __CHAR_BIT__
#define INT_MAX __INT_MAX__
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX (INT_MAX * 2u + 1)
#define LONG_MAX __LONG_MAX__

#endif
