/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's memory as its CPUs see it: stage 2 in three views with a VMID
 * each. Normal: breakpoints are in, watched pages trap. Plain: pages with
 * breakpoints are the real ones. Open: no page traps but the monitor's own holes.
 */
#ifndef ARCH_VIEW_H
#define ARCH_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

/* Tables built; once, after the traps are registered. */
void view_init(void);
void view_cpu_init(struct cpu *c);
/* VTTBR_EL2 for the next run of the guest on this CPU. */
void view_enter(struct cpu *c, enum cpu_view view);
/* Bytes in a stage-2 page. */
uint64_t view_page_size(void);

#endif
