/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See point.h. An entry's data[]: what the indexes below name. */
#include "point.h"

#include <errno.h>
#include <string.h>

#include "debug.h"
#include "debug_regs.h"
#include "guest.h"
#include "guest_mem.h"
#include "insn.h"
#include "lock.h"
#include "log.h"
#include "mmio_shadow.h"
#include "page.h"
#include "stage1.h"
#include "stub/breakpoint.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "sysreg_access.h"
#include "view.h"

/* bp->data[] */
enum {
	AT_PA, /* where it is armed */
	AT_TTBR0, /* of the CPU that set it, for user addresses */
	AT_TABLE, /* descriptor that its mapping hangs on, 0: none */
	AT_PENDING, /* in a comparator until its address is mapped */
};

#define TTBR_BADDR GENMASK(47, 1)
#define LINGER 64
#define TVM_BUDGET 4096 /* trapped writes after the MMU is on */

static struct {
	struct spinlock lock; /* arming while CPUs run */
	struct bp_table *table;
	uint64_t linger[LINGER]; /* device pages to be let go at a continue */
	unsigned int lingering;
	unsigned int pending; /* that wait for a mapping */
	unsigned int tvm_budget;
} pt;

bool point_global;

const struct bp_table *point_table(void)
{
	return pt.table;
}

static bool is_window(uint64_t addr)
{
	uint64_t w = addr & TARGET_WINDOW_MASK;

	return w == TARGET_WINDOW_PHYS || w == TARGET_WINDOW_IPA ||
	       w == TARGET_WINDOW_LIVE;
}

/* The descriptor that the translation of va ends at, 0 where the MMU is off. */
static uint64_t last_descriptor(struct cpu *c, uint64_t va)
{
	struct stage1_regime r;
	struct stage1_result out;

	guest_regime(c, &r);
	stage1_walk(&r, va, NULL, &out);
	return out.depth ? out.path[out.depth - 1] : 0;
}

static void watch_table(struct bp *bp, uint64_t desc)
{
	if (bp->data[AT_TABLE] == desc)
		return;
	if (bp->data[AT_TABLE])
		page_table_remove(bp->data[AT_TABLE]);
	bp->data[AT_TABLE] = desc && !page_table_add(desc) ? desc : 0;
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

static bool comparator_free(bool watch)
{
	unsigned int have = watch ? debug_watch_count() : debug_break_count();
	unsigned int guest = watch ? debug_guest_watches() :
				     debug_guest_breaks();

	return in_use(watch) + guest < have;
}

/* DBGWVR and DBGWCR for this range; false: BAS and MASK cannot say it. */
static bool watch_regs(const struct bp *bp, uint64_t *wvr, uint64_t *wcr)
{
	uint64_t len = bp->len, a = bp->addr;

	*wcr = DBGWCR_E | DBGWCR_PAC_EL10;
	if (bp->kind != BP_WATCH)
		*wcr |= DBGWCR_LOAD;
	if (bp->kind != BP_RWATCH)
		*wcr |= DBGWCR_STORE;
	if (!len || is_window(a))
		return false;
	if ((a & 7) + len <= 8) {
		*wvr = ALIGN_DOWN(a, 8);
		*wcr |= (GENMASK(len - 1, 0) << (a & 7)) << 5;
		return true;
	}
	if (len & (len - 1) || a & (len - 1) || len < 16 || len > 1ull << 31)
		return false;
	*wvr = a;
	*wcr |= 0xffull << 5 | (uint64_t)__builtin_ctzll(len) << 24;
	return true;
}

static void list_comparators(void)
{
	struct debug_wants *w = &debug_wants;

	w->breaks = w->watches = 0;
	for (struct bp *bp = bp_next(pt.table, NULL); bp;
	     bp = bp_next(pt.table, bp)) {
		if (bp->armed != POINT_COMPARATOR)
			continue;
		if (bp->kind < BP_WATCH && w->breaks < DEBUG_REGS)
			w->break_addr[w->breaks++] = bp->addr;
		else if (bp->kind >= BP_WATCH && w->watches < DEBUG_REGS &&
			 watch_regs(bp, &w->watch_addr[w->watches],
				    &w->watch_ctl[w->watches]))
			w->watches++;
	}
	for (unsigned int i = 0; i < cpu_count(); i++)
		cpu_get(i)->dbg->dirty = true;
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
	if (!is_window(bp->addr))
		watch_table(bp, last_descriptor(c, bp->addr));
	debug_wants.shadows++;
	return 0;
}

static int arm_pending(struct cpu *c, struct bp *bp)
{
	if (comparator_free(false)) {
		bp->armed = POINT_COMPARATOR;
		bp->data[AT_PENDING] = 1;
	} else {
		bp->armed = POINT_PENDING;
		pt.tvm_budget = TVM_BUDGET;
	}
	watch_table(bp, last_descriptor(c, bp->addr));
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
	if (guest_translate(c, bp->addr, &p, NULL)) {
		/* a device's physical address by mistake is told apart */
		if (!(bp->addr >> 40) &&
		    guest_translate(c, TARGET_WINDOW_PHYS | bp->addr, &p,
				    NULL) == 0 && !p.ram) {
			strbuf_printf(why, "0x%llx is a device's physical address; to stop at accesses to it: awatch -l *(unsigned int *)0x%llx",
				      (unsigned long long)bp->addr,
				      (unsigned long long)(TARGET_WINDOW_PHYS |
							   bp->addr));
			return -EINVAL;
		}
		return arm_pending(c, bp);
	}
	if (!p.ram) {
		strbuf_printf(why, "0x%llx is a device: to stop at accesses to it use awatch, watch or rwatch -l *(unsigned int *)0x%llx",
			      (unsigned long long)bp->addr,
			      (unsigned long long)bp->addr);
		return -EINVAL;
	}
	if (bp->kind == BP_HARDWARE && !is_window(bp->addr) &&
	    comparator_free(false)) {
		bp->armed = POINT_COMPARATOR;
		return 0;
	}
	return arm_shadow(c, bp, p.pa, why);
}

static uint64_t page_span(uint64_t pa, uint64_t len)
{
	uint64_t size = view_page_size();

	return ALIGN_UP(pa + len, size) - ALIGN_DOWN(pa, size);
}

static void unwatch_pages(uint64_t pa, uint64_t done, bool device)
{
	uint64_t size = view_page_size(), base = ALIGN_DOWN(pa, size);

	for (uint64_t at = 0; at < done; at += size) {
		page_watch_remove(base + at);
		for (uint64_t k = 0; device && k < size; k += 4096)
			mmio_shadow_remove(base + at + k);
	}
}

/* Is [addr, addr+len) one stretch of physical memory? */
static int one_stretch(struct cpu *c, uint64_t addr, uint64_t len,
		       struct guest_place *first, struct strbuf *why)
{
	struct guest_place p;
	uint64_t done;
	int err = guest_translate(c, addr, first, why);

	if (err)
		return err;
	for (done = first->left; done < len; done += p.left) {
		err = guest_translate(c, addr + done, &p, why);
		if (err)
			return err;
		if (p.pa != first->pa + done || p.ram != first->ram) {
			strbuf_printf(why, "the range is not one stretch of physical memory: it breaks at 0x%llx; watch the parts",
				      (unsigned long long)(addr + done));
			return -EINVAL;
		}
	}
	return 0;
}

static int arm_pages(struct bp *bp, const struct guest_place *p,
		     struct strbuf *why)
{
	uint64_t size = view_page_size(), base = ALIGN_DOWN(p->pa, size), at;
	uint64_t span = page_span(p->pa, bp->len);
	int err = 0;

	for (at = 0; at < span; at += size) {
		err = page_watch_add(base + at, !p->ram, why);
		if (err)
			break;
		for (uint64_t k = 0; !p->ram && k < size; k += 4096)
			if (mmio_shadow_add(base + at + k))
				log_line("no room to remember values of device page 0x%llx",
					 (unsigned long long)(base + at + k));
	}
	if (err) {
		unwatch_pages(p->pa, at, !p->ram);
		return err;
	}
	bp->armed = POINT_PAGES;
	bp->data[AT_PA] = p->pa;
	bp->data[AT_PENDING] = !p->ram;
	return 0;
}

static int arm_watch(struct cpu *c, struct bp *bp, struct strbuf *why)
{
	struct guest_place p;
	uint64_t wvr, wcr;
	bool fits = watch_regs(bp, &wvr, &wcr) && comparator_free(true);
	int err;

	if (!bp->len || bp->len > 1ull << 40 || bp->addr + bp->len < bp->addr) {
		strbuf_printf(why, "cannot watch 0x%llx bytes",
			      (unsigned long long)bp->len);
		return -EINVAL;
	}
	err = one_stretch(c, bp->addr, bp->len, &p, why);
	if (fits && (err || p.ram)) {
		bp->armed = POINT_COMPARATOR; /* matches by VA, mapped or not */
		return 0;
	}
	return err ? err : arm_pages(bp, &p, why);
}

static int arm(struct cpu *c, struct bp *bp, struct strbuf *why)
{
	memset(bp->data, 0, sizeof(bp->data));
	bp->data[AT_TTBR0] = c->ctx.ttbr0;
	return bp->kind >= BP_WATCH ? arm_watch(c, bp, why) :
				      arm_break(c, bp, why);
}

static void linger(uint64_t pa, uint64_t span, bool device)
{
	uint64_t size = view_page_size(), base = ALIGN_DOWN(pa, size);

	for (uint64_t at = 0; at < span; at += size) {
		if (pt.lingering < LINGER)
			pt.linger[pt.lingering++] = base + at;
		else
			unwatch_pages(base + at, size, device);
	}
}

static void disarm(struct bp *bp, bool stepping)
{
	uint64_t span;

	switch ((enum point_armed)bp->armed) {
	case POINT_SHADOW:
		page_brk_clear(bp->data[AT_PA]);
		debug_wants.shadows--;
		break;
	case POINT_PAGES:
		span = page_span(bp->data[AT_PA], bp->len);
		if (stepping && bp->data[AT_PENDING])
			linger(bp->data[AT_PA], span, true);
		else
			unwatch_pages(bp->data[AT_PA], span,
				      bp->data[AT_PENDING]);
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

/* Where is it now? True if something was armed anew. */
static bool follow(struct cpu *c, struct bp *bp)
{
	struct guest_place p;
	bool waits = bp->armed == POINT_PENDING ||
		     (bp->armed == POINT_COMPARATOR && bp->data[AT_PENDING]);
	int err;

	if (bp->kind >= BP_WATCH || (!waits && bp->armed != POINT_SHADOW) ||
	    is_window(bp->addr))
		return false;
	err = guest_translate(c, bp->addr, &p, NULL);
	if (err || !p.ram) {
		if (waits) {
			watch_table(bp, last_descriptor(c, bp->addr));
			return false;
		}
		page_brk_clear(bp->data[AT_PA]);
		debug_wants.shadows--;
		bp->armed = POINT_PENDING;
		pt.pending++;
		watch_table(bp, last_descriptor(c, bp->addr));
		return true;
	}
	if (!waits && p.pa == bp->data[AT_PA])
		return false;
	if (bp->armed == POINT_SHADOW) {
		page_brk_clear(bp->data[AT_PA]);
		debug_wants.shadows--;
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

		if (bp->armed && bp->wanted && bp->kind < BP_WATCH &&
		    (!size || (d && d + 8 > ipa && d < ipa + size)))
			changed |= follow(c, bp);
	}
	if (changed) {
		list_comparators();
		debug_wants.epoch++;
	}
	debug_wants.tvm = pt.pending && pt.tvm_budget;
	page_commit();
	spin_unlock(&pt.lock);
}

void point_table_written(struct cpu *c, uint64_t ipa, uint64_t size)
{
	struct page *p = page_find(ipa);

	if (p && p->tables)
		follow_some(c, ipa, size);
}

int point_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *v)
{
	static uint64_t last_ttbr1;
	uint64_t old;
	int err;

	/* what HCR_EL2.TVM traps: c1, c2, c5, c6, c10, c13 of op1 0 */
	if (read || enc >> 11 != SYSREG_ENC(3, 0, 0, 0, 0) >> 11)
		return -ENOENT;
	old = enc == SYSREG_ENC(3, 0, 1, 0, 0) ?
		      read_sysreg_el1(sctlr_el1, SCTLR_EL12) :
		      0;
	err = sysreg_raw_write(enc, *v);
	if (err)
		return err;
	if ((enc == SYSREG_ENC(3, 0, 1, 0, 0) && (*v & ~old & 1)) ||
	    (enc == SYSREG_ENC(3, 0, 2, 0, 1) && *v != last_ttbr1)) {
		if (enc == SYSREG_ENC(3, 0, 2, 0, 1))
			last_ttbr1 = *v;
		follow_some(c, 0, 0);
	}
	if (read_sysreg_el1(sctlr_el1, SCTLR_EL12) & 1 && pt.tvm_budget)
		pt.tvm_budget--;
	debug_wants.tvm = pt.pending && pt.tvm_budget;
	return 0;
}

/* An entry that sits in a comparator, into a page. */
static bool displace(struct cpu *c, struct bp *bp)
{
	struct guest_place p;

	if (guest_translate(c, bp->addr, &p, NULL))
		return false;
	if (bp->kind >= BP_WATCH)
		return !arm_pages(bp, &p, NULL);
	if (!p.ram || arm_shadow(c, bp, p.pa, NULL))
		return false;
	if (bp->data[AT_PENDING]) {
		bp->data[AT_PENDING] = 0;
		pt.pending--;
	}
	return true;
}

void point_make_room(struct cpu *c)
{
	if (!pt.table)
		return;
	spin_lock(&pt.lock);
	debug_regs_count(c);
	for (struct bp *bp = bp_next(pt.table, NULL); bp;
	     bp = bp_next(pt.table, bp)) {
		bool watch = bp->kind >= BP_WATCH;
		unsigned int guest = watch ? debug_guest_watches() :
					     debug_guest_breaks();
		unsigned int have = watch ? debug_watch_count() :
					    debug_break_count();

		if (bp->armed != POINT_COMPARATOR || !bp->wanted ||
		    in_use(watch) + guest <= have)
			continue;
		if (!displace(c, bp))
			log_line("the guest took the comparator of 0x%llx, which cannot be reached another way",
				 (unsigned long long)bp->addr);
	}
	list_comparators();
	page_commit();
	spin_unlock(&pt.lock);
}

int point_sync(struct bp_table *table, bool stepping, struct strbuf *why)
{
	struct cpu *c = this_cpu();
	unsigned int linger_before = pt.lingering;

	pt.table = table;
	page_resync_all(); /* devices may have written */
	for (struct bp *bp = bp_next_changed(table, NULL); bp;
	     bp = bp_next_changed(table, bp))
		if (!bp->wanted && bp->armed)
			disarm(bp, stepping);
	if (pt.pending)
		for (struct bp *bp = bp_next(table, NULL); bp;
		     bp = bp_next(table, bp))
			follow(c, bp);
	for (unsigned int i = 0; !stepping && i < linger_before; i++)
		unwatch_pages(pt.linger[i], view_page_size(), true);
	if (!stepping)
		pt.lingering = 0;
	list_comparators();
	debug_wants.tvm = pt.pending && pt.tvm_budget;
	debug_wants.epoch++;
	page_commit();
	bp_table_commit(table);
	return 0;
}

/* ---- is it one of ours? ----------------------------------------------------------------------- */

const struct bp *point_find(uint64_t pc)
{
	const struct bp *bp;

	if (!pt.table)
		return NULL;
	bp = bp_lookup(pt.table, BP_MASK_BREAK, pc);
	return bp && bp->armed ? bp : NULL;
}

bool point_counts(struct cpu *c, const struct bp *bp)
{
	uint64_t now;

	if (point_global || bp->addr & BIT(55))
		return true;
	if (!(read_sysreg_el1(sctlr_el1, SCTLR_EL12) & 1))
		return true; /* MMU off: one address space */
	now = read_sysreg_el1(ttbr0_el1, TTBR0_EL12);
	return !((now ^ bp->data[AT_TTBR0]) & TTBR_BADDR);
}

static bool kind_matches(const struct bp *bp, bool write)
{
	return bp->kind == BP_AWATCH || (bp->kind == BP_WATCH) == write;
}

static enum target_stop_reason reason_of(const struct bp *bp)
{
	return bp->kind == BP_WATCH  ? TARGET_STOP_WATCH :
	       bp->kind == BP_RWATCH ? TARGET_STOP_RWATCH :
				       TARGET_STOP_AWATCH;
}

static bool overlap(uint64_t a, uint64_t an, uint64_t b, uint64_t bn)
{
	return a < b + bn && b < a + an;
}

/* Tags do not count in comparisons of virtual addresses. */
static uint64_t untag(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 8) >> 8);
}

/* What the instruction at PC accesses: FAR may be anywhere in that. */
static void accessed(struct cpu *c, uint64_t far, uint64_t *start, uint64_t *len)
{
	struct insn_ldst l;
	struct insn_access a;
	struct insn_regs r;
	uint32_t insn;

	*start = far;
	*len = 1;
	if (guest_fetch(c, c->vcpu.pc, &insn) || insn_ldst_decode(insn, &l))
		return;
	memcpy(r.x, c->vcpu.x, sizeof(r.x));
	r.sp = (c->vcpu.pstate & 15) == 5 ? read_sysreg(sp_el1) :
					    read_sysreg(sp_el0);
	r.pc = c->vcpu.pc;
	r.pstate = c->vcpu.pstate;
	insn_ldst_address(&l, &r, &a);
	if (!l.bytes)
		return;
	*start = untag(a.addr);
	*len = l.bytes;
}

bool point_watch_va(struct cpu *c, uint64_t far, bool write,
		    enum target_stop_reason *reason, uint64_t *addr)
{
	uint64_t start, len;

	if (!pt.table)
		return false;
	accessed(c, far, &start, &len);
	for (struct bp *bp = bp_next_watch(pt.table, NULL); bp;
	     bp = bp_next_watch(pt.table, bp)) {
		uint64_t a = untag(bp->addr);

		if (bp->armed != POINT_COMPARATOR || !bp->wanted ||
		    !kind_matches(bp, write) ||
		    !(overlap(a, bp->len, start, len) ||
		      overlap(a, bp->len, untag(far), 1)) ||
		    !point_counts(c, bp))
			continue;
		*reason = reason_of(bp);
		*addr = start > a ? bp->addr + (start - a) : bp->addr;
		if (start >= a + bp->len)
			*addr = bp->addr;
		return true;
	}
	return false;
}

bool point_watch_ipa(struct cpu *c, uint64_t va, uint64_t ipa, unsigned int size,
		     bool write, enum target_stop_reason *reason,
		     uint64_t *addr)
{
	if (!pt.table)
		return false;
	for (struct bp *bp = bp_next_watch(pt.table, NULL); bp;
	     bp = bp_next_watch(pt.table, bp)) {
		uint64_t pa = bp->data[AT_PA];

		if (bp->armed != POINT_PAGES || !bp->wanted ||
		    !kind_matches(bp, write) || !overlap(pa, bp->len, ipa, size))
			continue;
		*reason = reason_of(bp);
		*addr = bp->addr + (ipa > pa ? ipa - pa : 0);
		return true;
	}
	return false;
}

bool point_watched_access(struct cpu *c, uint64_t va, unsigned int size)
{
	if (debug_regs_guest_watch(c))
		return true;
	for (unsigned int i = 0; i < debug_wants.watches; i++)
		if (overlap(ALIGN_DOWN(untag(debug_wants.watch_addr[i]), 8), 8,
			    untag(va), size) ||
		    debug_wants.watch_ctl[i] >> 24)
			return true;
	return false;
}

void point_step_starts(struct cpu *c)
{
	uint32_t insn;

	if (!c->dbg->ss_armed && !guest_fetch(c, c->vcpu.pc, &insn) &&
	    insn_is_exclusive_load(insn))
		debug_hidden_step(c, VIEW_NORMAL, NULL);
}

unsigned int point_count(enum point_armed how)
{
	unsigned int n = 0;

	if (!pt.table)
		return 0;
	for (struct bp *bp = bp_next(pt.table, NULL); bp;
	     bp = bp_next(pt.table, bp))
		n += bp->armed == how && bp->wanted;
	return n;
}
