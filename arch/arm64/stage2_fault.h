/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Stage-2 aborts of the guest: device pages that are played, holes, traps. */
#ifndef ARCH_STAGE2_FAULT_H
#define ARCH_STAGE2_FAULT_H

#include "cpu.h"

enum cpu_exit stage2_fault_fetch(struct cpu *c);
enum cpu_exit stage2_fault_data(struct cpu *c);

#endif
