/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* What point.c, point_watch.c and point_hit.c share. Not for others. */
#ifndef ARCH_POINT_INTERNAL_H
#define ARCH_POINT_INTERNAL_H

#include "guest_mem.h"
#include "point.h"
#include "stub/breakpoint.h"

#define ANY_TTBR0 UINT64_MAX /* set with the MMU off: there were no processes */
#define NO_TTBR0 GENMASK(47, 6) /* of a process that has gone: no table is there */

/* bp->data[] */
enum {
	AT_PA, /* where it is armed */
	AT_TTBR0, /* of the CPU that set it, for user addresses; or ANY_TTBR0 */
	AT_TABLE, /* descriptor that its mapping hangs on, 0: none */
	AT_PENDING, /* in a comparator until its address is mapped */
	AT_DEVICE = AT_PENDING, /* watched pages: of a device */
	AT_SLOT = AT_PA, /* point_everywhere.c's */
};

static inline bool point_is_window(uint64_t addr)
{
	uint64_t w = addr & TARGET_WINDOW_MASK;

	return w == TARGET_WINDOW_PHYS || w == TARGET_WINDOW_IPA ||
	       w == TARGET_WINDOW_LIVE;
}

/* The descriptor that a translation ends at, 0 where the MMU is off. */
uint64_t point_last_descriptor(const struct stage1_regime *r, uint64_t addr);
/* Writes to *at are no longer looked at, but those to desc; 0: to none. */
void point_watch_table(uint64_t *at, uint64_t desc);
/* Is one left on every CPU, beside what the guest uses? */
bool point_comparator_free(bool watch);
/* DBGWVR and DBGWCR for this range; false: BAS and MASK cannot say it. */
bool point_watch_regs(const struct bp *bp, uint64_t *wvr, uint64_t *wcr);
/* point_everywhere.c; -ENOSPC with text. */
int point_everywhere_take(struct bp *bp, struct strbuf *why);
void point_everywhere_drop(struct bp *bp);
/* This CPU's tables may be others than before. */
void point_everywhere_look(struct cpu *c);
void point_everywhere_written(uint64_t ipa, uint64_t size);
/* Z2..Z4: a comparator, else pages. */
int point_arm_watch(struct cpu *c, struct bp *bp, struct strbuf *why);
/*
 * Is [addr, addr+len) one stretch of physical memory, which begins at *first? If
 * not: where it ends, in *at.
 */
int point_one_stretch(const struct stage1_regime *r, const struct bp *bp,
		      struct guest_place *first, uint64_t *at,
		      struct strbuf *why);
/* Watch the pages of the stretch that begins at p. */
int point_arm_pages(struct bp *bp, const struct guest_place *p,
		    struct strbuf *why);
/*
 * Pages go back; those of a device, while somebody steps, with the next
 * point_let_go() only.
 */
void point_disarm_pages(struct bp *bp, bool stepping);
/* The first n that wait; how many there are. */
void point_let_go(unsigned int n);
unsigned int point_lingering(void);

#endif
