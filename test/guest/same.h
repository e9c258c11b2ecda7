/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* What same.S saves of each CPU at its entry, in this order. */
#ifndef TEST_GUEST_SAME_H
#define TEST_GUEST_SAME_H

#define SAME_NZCV (31 * 8)
#define SAME_VBAR (32 * 8)
#define SAME_ELR (33 * 8)
#define SAME_SPSR (34 * 8)
#define SAME_ESR (35 * 8)
#define SAME_FAR (36 * 8)
#define SAME_CPACR (37 * 8)
#define SAME_WORDS 38
#define SAME_SHIFT 10 /* log2 of the room for one CPU */

#endif
