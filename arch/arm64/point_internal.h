/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* What point.c, point_watch.c and point_hit.c share. Not for others. */
#ifndef ARCH_POINT_INTERNAL_H
#define ARCH_POINT_INTERNAL_H

#include "guest_mem.h"
#include "point.h"
#include "stub/breakpoint.h"

#define ANY_TTBR0 UINT64_MAX /* set with the MMU off: there were no processes */

/* bp->data[] */
enum {
	AT_PA, /* where it is armed */
	AT_TTBR0, /* of the CPU that set it, for user addresses; or ANY_TTBR0 */
	AT_TABLE, /* descriptor that its mapping hangs on, 0: none */
	AT_PENDING, /* in a comparator until its address is mapped */
	AT_DEVICE = AT_PENDING, /* watched pages: of a device */
};

static inline bool point_is_window(uint64_t addr)
{
	uint64_t w = addr & TARGET_WINDOW_MASK;

	return w == TARGET_WINDOW_PHYS || w == TARGET_WINDOW_IPA ||
	       w == TARGET_WINDOW_LIVE;
}

/* Is one left on every CPU, beside what the guest uses? */
bool point_comparator_free(bool watch);
/* DBGWVR and DBGWCR for this range; false: BAS and MASK cannot say it. */
bool point_watch_regs(const struct bp *bp, uint64_t *wvr, uint64_t *wcr);
/* Z2..Z4: a comparator, else pages. */
int point_arm_watch(struct cpu *c, struct bp *bp, struct strbuf *why);
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
