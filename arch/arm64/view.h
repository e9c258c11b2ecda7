/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's memory as its CPUs see it: stage 2 in three views with a VMID
 * each. Normal: breakpoints are in, watched pages trap. Plain: pages with
 * breakpoints are the real ones. Open: watched pages are open as well. What the
 * monitor plays or keeps for itself traps in all of them.
 */
#ifndef ARCH_VIEW_H
#define ARCH_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

#define VIEWS 3

struct strbuf;

/* Tables built; once, after the traps are registered. */
void view_init(void);
void view_cpu_init(struct cpu *c);
/*
 * The next run of the guest on this CPU is in this view. Entering another than
 * the normal one drops what its VMID left in this CPU's TLB: a guest's TLBI
 * acts on the VMID in force only.
 */
void view_enter(struct cpu *c, enum cpu_view view);
/* A TLBI of the guest that trapped: for the normal view, on all CPUs. */
void view_guest_tlbi(struct cpu *c);
/* Bytes in a stage-2 page. */
uint64_t view_page_size(void);

/*
 * Changes, any number of them between lock and unlock. With the world stopped
 * or not: an access that meets a page between two states faults, and is
 * retried when the lock is free. attrs as in stage2.h. -ENOMEM.
 */
void view_lock(void);
int view_map(enum cpu_view view, uint64_t ipa, uint64_t pa, uint64_t size,
	     unsigned int attrs);
void view_unlock(void);
/* Waits for a change under way, then: may this access go through now? */
bool view_allows(enum cpu_view view, uint64_t ipa, bool write, bool exec);
/* A device address beyond what is mapped from the start. -EFAULT: not one. */
int view_map_device(uint64_t ipa);

/* For `monitor info memory` and tests: descriptor, 0 where unmapped. */
uint64_t view_descriptor(enum cpu_view view, uint64_t ipa, unsigned int *level);
size_t view_tables_used(void);

#endif
