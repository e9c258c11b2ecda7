/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The machine's side of agent expressions; see stub/target.h. */
#ifndef ARCH_AGENT_H
#define ARCH_AGENT_H

#include <stdint.h>

#include "cpu.h"

int agent_getv(struct cpu *c, unsigned int number, uint64_t *value);
int agent_setv(struct cpu *c, unsigned int number, uint64_t value);

#endif
