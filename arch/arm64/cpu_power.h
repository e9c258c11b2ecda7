/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The CPU power seam: how this board starts and stops CPUs and the machine.
 * Chosen once, while struct platform is filled: PSCI firmware, or (other boards)
 * spin tables and start registers. What the guest sees is psci.c's affair.
 */
#ifndef ARCH_CPU_POWER_H
#define ARCH_CPU_POWER_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

struct cpu_power_ops {
	const char *name;
	/* Is it there and working? 0 or -ENODEV. */
	int (*init)(void);
	/*
	 * Start t at EL2, MMU off, at entry with arg in x0. Answers as PSCI
	 * CPU_ON does: 0, or a negative PSCI error.
	 */
	int64_t (*on)(struct cpu *t, uint64_t entry, uint64_t arg);
	/* This CPU off; returns, with a PSCI error, only when refused. */
	int64_t (*off)(void);
	/* Is a CPU that said it goes off really off by now? */
	bool (*is_off)(struct cpu *t);
	/* The whole machine; return only when refused. */
	void (*reset)(void);
	void (*power_off)(void);
	/*
	 * Any other SMC of the guest: x0-x17 in and out. Where nobody answers
	 * x0 becomes -1 (NOT_SUPPORTED).
	 */
	void (*smc)(uint64_t regs[18]);
};

/* Firmware that answers PSCI by SMC (Arm DEN 0022). */
extern const struct cpu_power_ops cpu_power_psci;
/* The board's, NULL: CPU 0 is all there is. */
extern const struct cpu_power_ops *cpu_power;

#endif
