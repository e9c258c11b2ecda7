/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Where an arm64 Linux guest runs, against where it was linked. */
#ifndef ARCH_KASLR_H
#define ARCH_KASLR_H

#include <stdint.h>

/* For qOffsets. -ENODATA: no Linux that has its MMU on yet. */
int kaslr_slide(uint64_t *slide);

#endif
