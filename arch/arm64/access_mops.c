/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See access_mops.h. How many bytes a prologue, a main or an epilogue does is the
 * core's choice. But that which aborted was about to do the byte that is next in
 * its registers: so only that one counts as a hit, and only as far as the next
 * one that could be the monitor does its work. No byte is told twice then, by
 * two of the three, and none missed.
 */
#include "access_mops.h"

#include <string.h>

#include "access.h"
#include "barrier.h"
#include "debug.h"
#include "debug_regs.h"
#include "guest.h"
#include "guest_mem.h"
#include "page.h"
#include "point.h"
#include "pstate.h"
#include "sysreg.h"
#include "traps.h"

#define AT(op, va) asm volatile("at " op ", %0" : : "r"(va))
/* AT S1E1RP, S1E1WP: with PSTATE.PAN, which the way to EL2 leaves as it was. */
#define AT_S1E1P(op2, va) \
	asm volatile("sys #0, c7, c9, #" op2 ", %0" : : "r"(va))

/* Where bytes are read or written. */
struct side {
	bool write, unprivileged;
	uint64_t va, ipa; /* of the next byte */
};

struct mops {
	const struct insn_mops *m;
	struct insn_regs r;
	struct insn_mops_rest rest;
	struct side side[2]; /* from, to; a set has the second alone */
	unsigned int first;
};

/* As the guest would access it now, permissions too. */
static bool translate(struct cpu *c, struct side *s)
{
	bool user = pstate_el(c->vcpu.pstate) == 0 ||
		    (s->unprivileged && !(c->vcpu.pstate & PSTATE_UAO));
	uint64_t saved = read_sysreg(par_el1), par;

	if (user && s->write)
		AT("s1e0w", s->va);
	else if (user)
		AT("s1e0r", s->va);
	else if (s->write)
		AT_S1E1P("1", s->va);
	else
		AT_S1E1P("0", s->va);
	isb(); /* orders the translation before its result is read */
	par = read_sysreg(par_el1);
	write_sysreg(saved, par_el1);
	s->ipa = (par & GENMASK(51, 12)) | (s->va & 4095);
	return !(par & 1);
}

/* What the hardware does at the first write to a page, where it is to (DBM). */
static bool mark_written(struct cpu *c, uint64_t va)
{
	struct stage1_regime r;
	struct stage1_result s;
	uint64_t *entry;

	guest_regime(c, &r);
	if (stage1_walk(&r, va, NULL, &s) || !stage1_is_clean(&s))
		return true;
	entry = (uint64_t *)s.path[s.depth - 1];
	return __atomic_compare_exchange_n(entry, &s.desc,
					   s.desc & ~STAGE1_AP2, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static bool locate(struct cpu *c, struct mops *x)
{
	for (unsigned int i = x->first; i < 2; i++) {
		struct side *s = &x->side[i];

		s->va = s->write ? insn_mops_to(&x->rest) :
				   insn_mops_from(&x->rest);
		if (!translate(c, s) || (s->write && !mark_written(c, s->va)))
			return false;
	}
	return true;
}

static bool is_watched(struct cpu *c, const struct mops *x, unsigned int w,
		       enum target_stop_reason *reason, uint64_t *addr)
{
	for (unsigned int i = x->first; i < 2; i++) {
		const struct side *s = &x->side[i];
		uint64_t ipa = insn_mops_lowest(&x->rest, s->ipa, w);
		const struct page *p = page_find(ipa);

		if (p && p->watches &&
		    point_watch_ipa(c, s->va, ipa, w, s->write, reason, addr))
			return true;
	}
	return false;
}

/*
 * What the core would see there and must: a comparator's place, or another tag.
 * What comes of it is for it to do.
 */
static bool is_for_core(struct cpu *c, const struct mops *x, unsigned int w)
{
	for (unsigned int i = x->first; i < 2; i++) {
		const struct side *s = &x->side[i];
		uint64_t va = insn_mops_lowest(&x->rest, s->va, w);
		uint64_t ipa = insn_mops_lowest(&x->rest, s->ipa, w);

		if (debug_regs_watched(c, va, w, s->write) ||
		    (guest_owns_ram(s->ipa, 1) &&
		     guest_tag_differs(c->vcpu.pstate, s->va, ipa, w)))
			return true;
	}
	return false;
}

/* How many of the next bytes may be done at once; 0: none. */
static unsigned int width(struct cpu *c, const struct mops *x)
{
	enum target_stop_reason reason;
	uint64_t addr;
	unsigned int w = 8;

	/* a device sees bytes, as nothing else is promised */
	for (unsigned int i = x->first; i < 2; i++)
		if (!guest_owns_ram(x->side[i].ipa, 1))
			w = 1;
	w = insn_mops_width(&x->rest, x->m->copy, w);
	while (w && (is_watched(c, x, w, &reason, &addr) ||
		     is_for_core(c, x, w)))
		w /= 2;
	return w;
}

/* 0, or the access failed. */
static int move(struct cpu *c, const struct mops *x, unsigned int w)
{
	uint64_t from = insn_mops_lowest(&x->rest, x->side[0].ipa, w);
	uint64_t to = insn_mops_lowest(&x->rest, x->side[1].ipa, w);
	uint64_t v = insn_reg(&x->r, x->m->rs) & 0xff;
	int err = 0;

	v *= 0x0101010101010101ull;
	if (x->m->copy)
		err = access_word(c, from, w, false, &v);
	if (!err)
		err = access_word(c, to, w, true, &v);
	if (!err && guest_owns_ram(to, 1))
		point_table_written(c, to, w);
	return err;
}

/* Has the next byte another page than the one before? */
static bool left_page(const struct mops *x)
{
	for (unsigned int i = x->first; i < 2; i++)
		if (!((x->side[i].va + x->rest.backward) & 4095))
			return true;
	return false;
}

static void go_on(struct mops *x, unsigned int w)
{
	uint64_t by = x->rest.backward ? -(uint64_t)w : w;

	for (unsigned int i = x->first; i < 2; i++) {
		x->side[i].va += by;
		x->side[i].ipa += by;
	}
	if (!x->rest.backward) {
		x->rest.to += w;
		x->rest.from += w;
	}
	x->rest.left -= w;
}

/* Bytes done: up to one that is watched, a page's end, or what fails. */
static uint64_t perform(struct cpu *c, struct mops *x)
{
	uint64_t done = 0;

	do {
		unsigned int w = width(c, x);

		if (!w || move(c, x, w))
			break;
		go_on(x, w);
		done += w;
	} while (x->rest.left && !left_page(x));
	return done;
}

/*
 * SETG writes tags too: the core does it, all of it; it counts as a hit if what
 * is left of it has one.
 */
static bool find_in_rest(struct cpu *c, struct mops *x,
			 enum target_stop_reason *reason, uint64_t *addr)
{
	struct side s = x->side[1];
	uint64_t n;

	for (uint64_t at = 0; at < x->rest.left; at += n) {
		const struct page *p;

		s.va = x->rest.to + at;
		n = 4096 - (s.va & 4095);
		if (n > x->rest.left - at)
			n = x->rest.left - at;
		if (!translate(c, &s))
			break;
		p = page_find(s.ipa);
		if (p && p->watches &&
		    point_watch_ipa(c, s.va, s.ipa, (unsigned int)n, true,
				    reason, addr))
			return true;
	}
	return false;
}

enum cpu_exit access_mops(struct cpu *c, const struct insn_mops *m,
			  struct page *p, bool write)
{
	struct mops x = {
		.m = m,
		.first = m->copy ? 0 : 1,
		.side = { { .unprivileged = m->read_unprivileged },
			  { .write = true,
			    .unprivileged = m->write_unprivileged } },
	};
	enum target_stop_reason reason;
	struct insn_mops_rest rest;
	uint64_t addr, done = 0;
	bool there;

	access_get_regs(c, &x.r);
	insn_mops_rest(m, &x.r, c->vcpu.far, write, &x.rest);
	rest = x.rest;
	there = rest.left && locate(c, &x);
	if (there && (m->tags ? find_in_rest(c, &x, &reason, &addr) :
				is_watched(c, &x, 1, &reason, &addr))) {
		debug_report(c, reason, addr, NULL);
		return EXITS_MMIO;
	}
	if (there && !m->tags)
		done = perform(c, &x);
	if (done) {
		insn_mops_advance(m, &x.r, &rest, done);
		memcpy(c->vcpu.x, x.r.x, sizeof(c->vcpu.x));
	} else if (p) {
		/* a fault of its own, a comparator's place, tags */
		access_let_through(c, p);
	} else {
		traps_inject_abort(c, write);
	}
	return EXITS_MMIO;
}
