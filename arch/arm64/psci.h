/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * PSCI and SMCCC towards the guest (Arm DEN 0022, DEN 0028), by HVC or SMC; the
 * firmware beneath does the work.
 */
#ifndef ARCH_PSCI_H
#define ARCH_PSCI_H

#include <stdint.h>

struct cpu;

void psci_init(void);
/* A call of the guest: x0-x17 in and out. The PC is already past it. */
void psci_call(struct cpu *c);
/* A CPU that psci_call() started has come up. */
void psci_cpu_is_on(struct cpu *c);
/* Reset or power off the machine; for the monitor's own use. */
void psci_system_reset(void);

#endif
