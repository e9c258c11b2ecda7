/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Vector registers for stub/bulk.c, which needs sixteen bytes at a time. In the
 * monitor they are the guest's and are saved meanwhile (arch/arm64/vregs.c);
 * a host program has them always.
 */
#ifndef STUB_VREGS_H
#define STUB_VREGS_H

#include <stdbool.h>

/* From here to vregs_give() they may be used. False: not now. */
bool vregs_take(void);
void vregs_give(void);

#endif
