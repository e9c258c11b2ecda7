/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* An exception taken at EL2; layout known to vectors.S. */
#ifndef ARCH_FAULT_H
#define ARCH_FAULT_H

#include <stdint.h>

struct el2_frame {
	uint64_t x[31];
	uint64_t sp;
	uint64_t pc, spsr;
	uint64_t pad[2];
};

_Static_assert(sizeof(struct el2_frame) == 288, "vectors.S");

/* For what a fault has to tell: the guest's port, if need be. */
void fault_take_uart(void);
void el2_fault(struct el2_frame *f, unsigned int vector);

#endif
