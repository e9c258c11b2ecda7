/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Vector registers lent by the guest: stub/vregs.h for the monitor. */
#ifndef ARCH_VREGS_H
#define ARCH_VREGS_H

struct cpu;

/* A CPU that was cut off while it had them: the guest has its own again. */
void vregs_break(const struct cpu *c);

#endif
