/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Per-CPU state. struct vcpu's first fields are known to vectors.S by offset.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu {
	uint64_t x[31];
	uint64_t pc; /* ELR_EL2 */
	uint64_t pstate; /* SPSR_EL2 */
	/* why it came back */
	uint64_t esr, far, hpfar;
	uint64_t host_sp;
};

struct gic_cpu; /* irq/gicv3.c */

struct cpu {
	struct vcpu vcpu; /* first */
	unsigned int id; /* index, 0.. */
	uint64_t mpidr;
	struct gic_cpu *gic;
};

/* The CPU this runs on. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	asm("mrs %0, tpidr_el2" : "=r"(c));
	return c;
}

struct cpu *cpu_get(unsigned int id);
unsigned int cpu_count(void);

#endif
