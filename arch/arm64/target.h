/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The machine as the stub knows it (stub/target.h), for real. */
#ifndef ARCH_TARGET_H
#define ARCH_TARGET_H

#include <stdbool.h>

struct target;

/* Builds the target description. Once. */
void target_init(void);
struct target *target_instance(void);
/* Qqemu.sstep: no interrupt reaches the guest while it steps. */
bool target_step_holds_irqs(void);

#endif
