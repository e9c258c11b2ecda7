/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See point.h. An entry's data[]: what the indexes below name. */
#include "point_internal.h"

#include <errno.h>
#include <string.h>

#include "debug.h"
#include "debug_regs.h"
#include "lock.h"
#include "log.h"
#include "page.h"
#include "stage1.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "sysreg_access.h"

#define TVM_BUDGET 4096 /* trapped writes after the MMU is on */

static struct {
	struct spinlock lock; /* arming while CPUs run */
	struct bp_table *table;
	unsigned int pending; /* that wait for a mapping */
	unsigned int tvm_budget;
	/* user addresses that are out while something steps, and whose they are */
	struct {
		uint64_t addr, ttbr0;
	} was[64];
	unsigned int was_next;
} pt;

const struct bp_table *point_table(void)
{
	return pt.table;
}

static bool is_low(const struct bp *bp)
{
	return !(bp->addr & BIT(55)) && !point_is_window(bp->addr);
}

/* A user's address, which says nothing without a process. */
static bool is_user(const struct bp *bp)
{
	return is_low(bp) && bp->data[AT_TTBR0] != ANY_TTBR0;
}

/* The regime that the entry's address is of, its own process's. */
static void regime_of(struct cpu *c, const struct bp *bp,
		      struct stage1_regime *r)
{
	guest_regime_for(c, bp->addr, r);
	if (is_user(bp))
		r->ttbr0 = bp->data[AT_TTBR0];
}

static int locate(struct cpu *c, const struct bp *bp, struct guest_place *p)
{
	struct stage1_regime r;

	regime_of(c, bp, &r);
	return guest_translate_by(&r, bp->addr, p, NULL);
}

uint64_t point_last_descriptor(const struct stage1_regime *r, uint64_t addr)
{
	struct stage1_result out;

	stage1_walk(r, addr, NULL, &out);
	return out.depth ? out.path[out.depth - 1] : 0;
}

static uint64_t last_descriptor(struct cpu *c, const struct bp *bp)
{
	struct stage1_regime r;

	regime_of(c, bp, &r);
	return point_last_descriptor(&r, bp->addr);
}

void point_watch_table(uint64_t *at, uint64_t desc)
{
	if (*at == desc)
		return;
	if (*at)
		page_table_remove(*at);
	*at = desc && !page_table_add(desc) ? desc : 0;
}

static void watch_table(struct bp *bp, uint64_t desc)
{
	point_watch_table(&bp->data[AT_TABLE], desc);
}

/* ---- comparators -------------------------------------------------------------------- */

static unsigned int in_use(bool watch)
{
	unsigned int n = 0;

	for (struct bp *bp = bp_next(pt.table, NULL); bp;
	     bp = bp_next(pt.table, bp))
		if (bp->armed == POINT_COMPARATOR && bp->wanted &&
		    (bp->kind >= BP_WATCH) == watch)
			n++;
	return n;
}

/* What the guest leaves on each CPU. */
static unsigned int left(bool watch)
{
	unsigned int have = watch ? debug_watch_count() : debug_break_count();

	return have - (watch ? debug_guest_watches() : debug_guest_breaks());
}

bool point_comparator_free(bool watch)
{
	return in_use(watch) < left(watch);
}

static void list_comparators(void)
{
	struct debug_wants *w = &debug_wants;
	uint8_t breaks = 0, watches = 0;

	for (struct bp *bp = bp_next(pt.table, NULL); bp;
	     bp = bp_next(pt.table, bp)) {
		if (bp->armed != POINT_COMPARATOR)
			continue;
		if (bp->kind < BP_WATCH && breaks < DEBUG_REGS)
			w->break_addr[breaks++] = bp->addr;
		else if (bp->kind >= BP_WATCH && watches < DEBUG_REGS &&
			 point_watch_regs(bp, &w->watch_addr[watches],
					  &w->watch_ctl[watches]))
			watches++;
	}
	w->now.breaks = breaks;
	w->now.watches = watches;
	for (unsigned int i = 0; i < cpu_count(); i++) {
		cpu_get(i)->dbg->look = true;
		/* a CPU that lets go of a comparator has looked before it runs */
		__atomic_store_n(&cpu_get(i)->dbg->dirty, true,
				 __ATOMIC_RELEASE);
	}
}

/* Are the guest's writes to its translation registers to trap? */
static void want_tvm(void)
{
	debug_wants.now.tvm = (pt.pending && pt.tvm_budget) ||
			      debug_wants.everywhere;
}

/* ---- arming ---------------------------------------------------------------------------- */

static int arm_shadow(struct cpu *c, struct bp *bp, uint64_t pa,
		      struct strbuf *why)
{
	int err = page_brk_set(pa, why);

	if (err)
		return err;
	bp->armed = POINT_SHADOW;
	bp->data[AT_PA] = pa;
	if (!point_is_window(bp->addr))
		watch_table(bp, last_descriptor(c, bp));
	debug_wants.now.shadows++;
	debug_wants.windows += point_is_window(bp->addr);
	return 0;
}

static int arm_pending(struct cpu *c, struct bp *bp)
{
	if (point_comparator_free(false)) {
		bp->armed = POINT_COMPARATOR;
		bp->data[AT_PENDING] = 1;
	} else {
		bp->armed = POINT_PENDING;
		pt.tvm_budget = TVM_BUDGET;
	}
	watch_table(bp, last_descriptor(c, bp));
	pt.pending++;
	return 0;
}

static int arm_break(struct cpu *c, struct bp *bp, struct strbuf *why)
{
	struct guest_place p;

	if (bp->addr & 3) {
		strbuf_printf(why, "0x%llx is not aligned to an instruction",
			      (unsigned long long)bp->addr);
		return -EINVAL;
	}
	/* by address in any process: a comparator sees them all */
	if (point_global && is_low(bp)) {
		bp->data[AT_TTBR0] = ANY_TTBR0;
		if (!point_comparator_free(false))
			return point_everywhere_take(bp, why);
		bp->armed = POINT_COMPARATOR;
		return 0;
	}
	if (locate(c, bp, &p)) {
		/*
		 * A device's physical address by mistake is told apart; but a
		 * program that is yet to run may be linked there as well.
		 */
		if (bp->kind == BP_HARDWARE && !(bp->addr >> 40) &&
		    guest_translate(c, TARGET_WINDOW_PHYS | bp->addr, &p,
				    NULL) == 0 && !p.ram) {
			strbuf_printf(why, "0x%llx is a device's physical address; to stop at accesses to it: awatch {int}0x%llx (for a program that is to run there: break)",
				      (unsigned long long)bp->addr,
				      (unsigned long long)(TARGET_WINDOW_PHYS |
							   bp->addr));
			return -EINVAL;
		}
		return arm_pending(c, bp);
	}
	if (!p.ram) {
		strbuf_printf(why, "0x%llx is a device: to stop at accesses to it: awatch {int}0x%llx",
			      (unsigned long long)bp->addr,
			      (unsigned long long)bp->addr);
		return -EINVAL;
	}
	if (bp->kind == BP_HARDWARE && !point_is_window(bp->addr) &&
	    point_comparator_free(false)) {
		bp->armed = POINT_COMPARATOR;
		return 0;
	}
	return arm_shadow(c, bp, p.pa, why);
}

/*
 * gdb takes all of them out for each stop and each step over one, and puts them
 * in again, perhaps from a thread that is in another process: until it lets the
 * guest run without it, an entry that comes back is of the process that it was.
 */
static void remember(const struct bp *bp)
{
	if (!is_user(bp))
		return;
	pt.was[pt.was_next].addr = bp->addr;
	pt.was[pt.was_next].ttbr0 = bp->data[AT_TTBR0];
	pt.was_next = (pt.was_next + 1) % ARRAY_SIZE(pt.was);
}

static uint64_t process_of(struct cpu *c, const struct bp *bp)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(pt.was); i++)
		if (pt.was[i].ttbr0 && pt.was[i].addr == bp->addr)
			return pt.was[i].ttbr0;
	return c->ctx.sctlr & 1 ? c->ctx.ttbr0 : ANY_TTBR0;
}

static int arm(struct cpu *c, struct bp *bp, struct strbuf *why)
{
	memset(bp->data, 0, sizeof(bp->data));
	bp->data[AT_TTBR0] = process_of(c, bp);
	return bp->kind >= BP_WATCH ? point_arm_watch(c, bp, why) :
				      arm_break(c, bp, why);
}

static void disarm(struct bp *bp, bool stepping)
{
	switch ((enum point_armed)bp->armed) {
	case POINT_SHADOW:
		page_brk_clear(bp->data[AT_PA]);
		debug_wants.now.shadows--;
		debug_wants.windows -= point_is_window(bp->addr);
		break;
	case POINT_PAGES:
		point_disarm_pages(bp, stepping);
		break;
	case POINT_EVERYWHERE:
		point_everywhere_drop(bp);
		break;
	case POINT_PENDING:
		pt.pending--;
		break;
	case POINT_COMPARATOR:
		if (bp->kind < BP_WATCH && bp->data[AT_PENDING])
			pt.pending--;
		break;
	case POINT_NOT:
		break;
	}
	watch_table(bp, 0);
	bp->armed = POINT_NOT;
}

int point_check(struct cpu *c, struct bp *bp, struct strbuf *why)
{
	if (bp->kind >= BP_KINDS)
		return -EOPNOTSUPP;
	return bp->armed ? 0 : arm(c, bp, why);
}

/* ---- mappings that come and go ------------------------------------------------------------ */

/* The same of one that watches pages, or waits to. */
static void follow_watch(struct cpu *c, struct bp *bp)
{
	struct stage1_regime r;
	struct guest_place p;
	uint64_t at;
	int err;

	if ((bp->armed != POINT_PAGES && bp->armed != POINT_PENDING) ||
	    point_is_window(bp->addr))
		return;
	regime_of(c, bp, &r);
	err = point_one_stretch(&r, bp, &p, &at, NULL);
	if (!err && bp->armed == POINT_PAGES && p.pa == bp->data[AT_PA] &&
	    p.ram == !bp->data[AT_DEVICE])
		return;
	if (bp->armed == POINT_PAGES)
		point_disarm_pages(bp, false);
	else
		pt.pending--;
	if (!err && !point_arm_pages(bp, &p, NULL)) {
		watch_table(bp, 0);
		return;
	}
	if (bp->armed == POINT_PAGES)
		log_line("watchpoint at 0x%llx: its memory is not mapped any more",
			 (unsigned long long)bp->addr);
	bp->armed = POINT_PENDING;
	pt.pending++;
	watch_table(bp, point_last_descriptor(&r, at));
}

/* Where is it now? True if something was armed anew. */
static bool follow(struct cpu *c, struct bp *bp)
{
	struct guest_place p;
	bool waits = bp->armed == POINT_PENDING ||
		     (bp->armed == POINT_COMPARATOR && bp->data[AT_PENDING]);
	int err;

	if (bp->kind >= BP_WATCH) {
		follow_watch(c, bp);
		return false;
	}
	if ((!waits && bp->armed != POINT_SHADOW) || point_is_window(bp->addr))
		return false;
	err = locate(c, bp, &p);
	if (err || !p.ram) {
		if (waits) {
			watch_table(bp, last_descriptor(c, bp));
			return false;
		}
		page_brk_clear(bp->data[AT_PA]);
		debug_wants.now.shadows--;
		bp->armed = POINT_PENDING;
		pt.pending++;
		watch_table(bp, last_descriptor(c, bp));
		return true;
	}
	if (!waits && p.pa == bp->data[AT_PA])
		return false;
	if (bp->armed == POINT_SHADOW) {
		page_brk_clear(bp->data[AT_PA]);
		debug_wants.now.shadows--;
	} else if (bp->kind == BP_HARDWARE && bp->armed == POINT_COMPARATOR) {
		bp->data[AT_PENDING] = 0; /* it stays where it is */
		pt.pending--;
		return false;
	} else {
		pt.pending--;
	}
	if (arm_shadow(c, bp, p.pa, NULL)) {
		bp->armed = POINT_PENDING;
		pt.pending++;
		log_line("breakpoint at 0x%llx: no shadow page is free",
			 (unsigned long long)bp->addr);
	}
	return true;
}

/* Entries whose descriptor lies in [ipa, ipa+size), or all that wait. */
static void follow_some(struct cpu *c, uint64_t ipa, uint64_t size)
{
	bool changed = false;

	spin_lock(&pt.lock);
	for (struct bp *bp = bp_next(pt.table, NULL); bp;
	     bp = bp_next(pt.table, bp)) {
		uint64_t d = bp->data[AT_TABLE];

		if (bp->armed && bp->wanted &&
		    (!size || (d && d + 8 > ipa && d < ipa + size)))
			changed |= follow(c, bp);
	}
	if (changed)
		list_comparators();
	point_everywhere_written(ipa, size);
	want_tvm();
	page_commit();
	spin_unlock(&pt.lock);
}

void point_table_written(struct cpu *c, uint64_t ipa, uint64_t size)
{
	struct page *p = page_find(ipa);

	if (p && p->tables)
		follow_some(c, ipa, size);
}

void point_kernel_changed(struct cpu *c)
{
	if (!pt.table)
		return;
	spin_lock(&pt.lock);
	for (struct bp *bp = bp_next(pt.table, NULL); bp;
	     bp = bp_next(pt.table, bp))
		if (is_user(bp))
			bp->data[AT_TTBR0] = NO_TTBR0;
	spin_unlock(&pt.lock);
	follow_some(c, 0, 0);
}

int point_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *v)
{
	static uint64_t last_ttbr1;
	uint64_t old;
	int err;

	/* what HCR_EL2.TVM traps: c1, c2, c5, c6, c10, c13 of op1 0 */
	if (read || enc >> 11 != SYSREG_ENCODING(3, 0, 0, 0, 0) >> 11)
		return -ENOENT;
	old = enc == SYSREG_ENCODING(3, 0, 1, 0, 0) ?
		      read_sysreg_el1(sctlr_el1, SCTLR_EL12) :
		      0;
	err = sysreg_raw_write(enc, *v);
	if (err)
		return err;
	if ((enc == SYSREG_ENCODING(3, 0, 1, 0, 0) && (*v & ~old & 1)) ||
	    (enc == SYSREG_ENCODING(3, 0, 2, 0, 1) && *v != last_ttbr1)) {
		if (enc == SYSREG_ENCODING(3, 0, 2, 0, 1))
			last_ttbr1 = *v;
		follow_some(c, 0, 0);
	}
	if (debug_wants.everywhere)
		point_look(c);
	if (read_sysreg_el1(sctlr_el1, SCTLR_EL12) & 1 && pt.tvm_budget)
		pt.tvm_budget--;
	want_tvm();
	return 0;
}

void point_look(struct cpu *c)
{
	spin_lock(&pt.lock);
	point_everywhere_look(c);
	page_commit();
	spin_unlock(&pt.lock);
}

/* An entry that sits in a comparator, into a page. */
static bool displace(struct cpu *c, struct bp *bp)
{
	disarm(bp, false);
	if (bp->kind < BP_WATCH && is_low(bp) &&
	    bp->data[AT_TTBR0] == ANY_TTBR0)
		return !point_everywhere_take(bp, NULL);
	bp->data[AT_PENDING] = 0;
	bp->armed = POINT_PENDING;
	pt.pending++;
	pt.tvm_budget = TVM_BUDGET;
	follow(c, bp);
	return bp->armed != POINT_PENDING;
}

/*
 * No more in comparators than there are beside the guest's. It may have taken
 * some; or gdb has new ones and has put back what it had taken out for a stop.
 */
static void displace_some(struct cpu *c, bool watch)
{
	unsigned int n = in_use(watch);

	for (struct bp *bp = bp_next(pt.table, NULL); bp && n > left(watch);
	     bp = bp_next(pt.table, bp)) {
		if (bp->armed != POINT_COMPARATOR || !bp->wanted ||
		    (bp->kind >= BP_WATCH) != watch)
			continue;
		n--;
		if (!displace(c, bp))
			log_line("no comparator is left for 0x%llx, which cannot be reached another way now",
				 (unsigned long long)bp->addr);
	}
}

void point_make_room(struct cpu *c)
{
	if (!pt.table)
		return;
	spin_lock(&pt.lock);
	debug_regs_count(c);
	displace_some(c, false);
	displace_some(c, true);
	list_comparators();
	want_tvm();
	page_commit();
	spin_unlock(&pt.lock);
}

/* The guest has given one back. */
static void to_comparator(struct bp *bp)
{
	if (bp->armed != POINT_EVERYWHERE || !point_comparator_free(false))
		return;
	point_everywhere_drop(bp);
	bp->armed = POINT_COMPARATOR;
}

int point_sync(struct bp_table *table, bool stepping, struct strbuf *why)
{
	struct cpu *c = this_cpu();
	unsigned int lingering = point_lingering();

	pt.table = table;
	page_resync_all(); /* devices may have written */
	for (struct bp *bp = bp_next_changed(table, NULL); bp;
	     bp = bp_next_changed(table, bp))
		if (!bp->wanted && bp->armed) {
			if (stepping)
				remember(bp);
			disarm(bp, stepping);
		}
	for (struct bp *bp = bp_next(table, NULL);
	     bp && (pt.pending || debug_wants.everywhere);
	     bp = bp_next(table, bp)) {
		follow(c, bp);
		to_comparator(bp);
	}
	if (!stepping) {
		point_let_go(lingering);
		memset(pt.was, 0, sizeof(pt.was));
	}
	displace_some(c, false);
	displace_some(c, true);
	list_comparators();
	want_tvm();
	page_commit();
	bp_table_commit(table);
	return 0;
}

unsigned int point_count(enum point_armed how)
{
	unsigned int n = 0;

	if (!pt.table)
		return 0;
	for (struct bp *bp = bp_next(pt.table, NULL); bp;
	     bp = bp_next(pt.table, bp))
		n += bp->armed == how;
	return n;
}
