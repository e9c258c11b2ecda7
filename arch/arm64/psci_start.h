/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Starting another CPU: what it finds at EL2 before it has an MMU. */
#ifndef ARCH_PSCI_START_H
#define ARCH_PSCI_START_H

#include <stdint.h>

struct cpu;

/* By cpu_power->on(), with its answer. */
int64_t psci_start(struct cpu *t);

#endif
