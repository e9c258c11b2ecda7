/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Is a trap one of the debugger's points? Any CPU, no lock. */
#include <string.h>

#include "debug.h"
#include "debug_regs.h"
#include "esr.h"
#include "insn.h"
#include "insn_mops.h"
#include "pstate.h"
#include "point_internal.h"
#include "sysreg.h"
#include "view.h"

#define TTBR_BADDR GENMASK(47, 1)

bool point_global;

const struct bp *point_find(uint64_t pc)
{
	const struct bp *bp;

	if (!point_table())
		return NULL;
	bp = bp_lookup(point_table(), BP_MASK_BREAK, pc);
	return bp && bp->armed ? bp : NULL;
}

const struct bp *point_find_physical(struct cpu *c, uint64_t pc)
{
	static const uint64_t window[] = { TARGET_WINDOW_PHYS,
					   TARGET_WINDOW_IPA,
					   TARGET_WINDOW_LIVE };
	struct guest_place p;

	if (!debug_wants.windows || guest_translate(c, pc, &p, NULL))
		return NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(window); i++) {
		const struct bp *bp = bp_lookup(point_table(), BP_MASK_BREAK,
						window[i] | p.pa);

		if (bp && bp->armed)
			return bp;
	}
	return NULL;
}

bool point_counts(struct cpu *c, const struct bp *bp)
{
	uint64_t now;

	if (point_global || bp->addr & BIT(55) ||
	    bp->data[AT_TTBR0] == ANY_TTBR0)
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

unsigned int point_access_span(const struct insn_ldst *l, uint64_t *start)
{
	unsigned int block = 4u << (read_sysreg(dczid_el0) & 15);

	switch (l->kind) {
	case INSN_ZERO:
		*start = ALIGN_DOWN(*start, block);
		return block;
	case INSN_CACHE:
	case INSN_PREFETCH:
		return 0;
	default:
		return l->bytes ? l->bytes : 1;
	}
}

/*
 * A copy or set: FAR says where it is. On a core that is not exact, in a block of
 * DC ZVA's size and not behind what is watched there (Arm ARM, FAR_EL2).
 */
static uint64_t block_from(struct cpu *c, uint64_t far)
{
	uint64_t block = 4ull << (read_sysreg(dczid_el0) & 15);

	if (debug_regs_watched(c, far, 1, c->vcpu.esr & ESR_ABT_WNR))
		return 1;
	return block - (far & (block - 1));
}

/* What the instruction at PC accesses; false: not known, FAR says one byte. */
static bool accessed(struct cpu *c, uint64_t *start, uint64_t *len)
{
	struct insn_mops m;
	struct insn_ldst l;
	struct insn_access a;
	struct insn_regs r;
	uint32_t insn;

	if (c->vcpu.pstate & PSTATE_NRW || guest_fetch(c, c->vcpu.pc, &insn))
		return false;
	if (!insn_mops_decode(insn, &m)) {
		*len = block_from(c, *start);
		return true;
	}
	if (insn_ldst_decode(insn, &l))
		return false;
	memcpy(r.x, c->vcpu.x, sizeof(r.x));
	r.sp = (c->vcpu.pstate & 15) == 5 ? read_sysreg(sp_el1) :
					    read_sysreg(sp_el0);
	r.pc = c->vcpu.pc;
	r.pstate = c->vcpu.pstate;
	insn_ldst_address(&l, &r, &a);
	*start = untag(a.addr);
	*len = point_access_span(&l, start);
	return true;
}

/*
 * The comparators may match more than was asked for (QEMU looks at the aligned
 * words that an unaligned access lies in): the instruction decides.
 */
bool point_watch_va(struct cpu *c, uint64_t far, bool write,
		    enum target_stop_reason *reason, uint64_t *addr)
{
	uint64_t start = untag(far), len = 1;

	if (!point_table())
		return false;
	accessed(c, &start, &len);
	for (struct bp *bp = bp_next_watch(point_table(), NULL); bp;
	     bp = bp_next_watch(point_table(), bp)) {
		uint64_t a = untag(bp->addr);

		if (bp->armed != POINT_COMPARATOR || !bp->wanted ||
		    !kind_matches(bp, write) ||
		    !overlap(a, bp->len, start, len) || !point_counts(c, bp))
			continue;
		*reason = reason_of(bp);
		*addr = start > a ? bp->addr + (start - a) : bp->addr;
		return true;
	}
	return false;
}

bool point_guest_watches(struct cpu *c, uint64_t far)
{
	uint64_t start = untag(far), len = 1;

	if (debug_regs_guest_watches(c, start, 1))
		return true;
	return accessed(c, &start, &len) &&
	       debug_regs_guest_watches(c, start, len);
}

bool point_watch_ipa(struct cpu *c, uint64_t va, uint64_t ipa, unsigned int size,
		     bool write, enum target_stop_reason *reason,
		     uint64_t *addr)
{
	if (!point_table())
		return false;
	for (struct bp *bp = bp_next_watch(point_table(), NULL); bp;
	     bp = bp_next_watch(point_table(), bp)) {
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
	for (unsigned int i = 0; i < debug_wants.now.watches; i++)
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
