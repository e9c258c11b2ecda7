/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The guest's system registers for the debugger, by encoding. */
#ifndef ARCH_SYSREG_ACCESS_H
#define ARCH_SYSREG_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "sysregs.h"

/*
 * On the CPU itself, parked (world_call()): what the guest would see. -ENODATA:
 * cannot be read now; -EPERM; -ENOENT.
 */
int sysreg_read(struct cpu *c, uint16_t enc, uint64_t *v);
int sysreg_write(struct cpu *c, uint16_t enc, uint64_t v);
/* The plain register of the guest's, for EL2's own use. -ENOENT. */
int sysreg_raw_write(uint32_t enc, uint64_t v);
/* Does this core have it? */
bool sysreg_exists(const struct sysreg_info *info);

/* `monitor set unsafe on`, `monitor set show-keys on` */
extern bool sysreg_unsafe, sysreg_show_keys;

#endif
