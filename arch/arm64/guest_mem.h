/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Guest memory from EL2. The only place where a guest's address becomes a
 * pointer. Survives any fault.
 */
#ifndef ARCH_GUEST_MEM_H
#define ARCH_GUEST_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"
#include "stage1.h"

struct strbuf;

void guest_mem_init(void);
void guest_mem_cpu_init(struct cpu *c);

#endif
