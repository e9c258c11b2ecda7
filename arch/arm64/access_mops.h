/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Copies and sets by one instruction (FEAT_MOPS) that met a page which traps.
 */
#ifndef ARCH_ACCESS_MOPS_H
#define ARCH_ACCESS_MOPS_H

#include <stdbool.h>

#include "cpu.h"
#include "insn_mops.h"

struct page;

/*
 * The instruction at PC aborted in page p (NULL: a device that is played). Is its
 * next byte watched? Reported. Else the bytes up to the next that is watched, or
 * to a page's end, are done here, and the core goes on with it.
 */
enum cpu_exit access_mops(struct cpu *c, const struct insn_mops *m,
			  struct page *p, bool write);

#endif
