/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See access.h. */
#include "access.h"

#include <errno.h>
#include <string.h>

#include "access_mops.h"
#include "barrier.h"
#include "debug.h"
#include "debug_sequence.h"
#include "esr.h"
#include "guest.h"
#include "guest_mem.h"
#include "log.h"
#include "mmio_shadow.h"
#include "mmio_trap_table.h"
#include "page.h"
#include "platform/platform.h"
#include "point.h"
#include "pstate.h"
#include "sysreg.h"
#include "traps.h"
#include "view.h"

int guarded_read(uint64_t addr, unsigned int size, uint64_t *value);
int guarded_write(uint64_t addr, unsigned int size, uint64_t value);
int guarded_write_pair(uint64_t addr, uint64_t low, uint64_t high);
void fp_read_one(unsigned int n, void *q);
void fp_write_one(unsigned int n, const void *q);

#define MAX_PIECES 16

/* One element in one place. */
struct piece {
	struct insn_element e;
	uint64_t va, ipa;
};

struct access {
	struct insn_ldst l;
	struct insn_access a;
	struct insn_regs r;
	struct piece piece[MAX_PIECES];
	unsigned int count;
};

void access_get_regs(struct cpu *c, struct insn_regs *r)
{
	memcpy(r->x, c->vcpu.x, sizeof(r->x));
	r->sp = (c->vcpu.pstate & PSTATE_M_MASK) == PSTATE_M_EL1H ?
			read_sysreg(sp_el1) :
			read_sysreg(sp_el0);
	r->pc = c->vcpu.pc;
	r->pstate = c->vcpu.pstate;
	r->bti = FIELD_GET(GENMASK(3, 0), read_sysreg(id_aa64pfr1_el1));
}

void access_set_regs(struct cpu *c, const struct insn_regs *r)
{
	if ((c->vcpu.pstate & PSTATE_M_MASK) == PSTATE_M_EL1H)
		write_sysreg(r->sp, sp_el1);
	else
		write_sysreg(r->sp, sp_el0);
	memcpy(c->vcpu.x, r->x, sizeof(r->x));
	c->dbg->skipped = c->vcpu.pstate & ~r->pstate & PSTATE_SS;
	c->vcpu.pc = r->pc;
	c->vcpu.pstate = r->pstate;
}

bool access_pauth_on(void)
{
	uint64_t isar1 = read_sysreg(id_aa64isar1_el1);
	uint64_t sctlr = read_sysreg_el1(sctlr_el1, SCTLR_EL12);

	/* EnIA, EnIB */
	return isar1 & (GENMASK(11, 4) | GENMASK(31, 24)) &&
	       sctlr & (BIT(31) | BIT(30));
}

static uint64_t low_bits(uint64_t v, unsigned int size)
{
	return size == 8 ? v : v & ((1ull << 8 * size) - 1);
}

/* ---- one piece ----------------------------------------------------------------- */

static int device_access(struct cpu *c, uint64_t ipa, unsigned int size,
			 bool write, uint64_t *v)
{
	const struct mmio_range *r = mmio_trap_find(ipa);
	int err;

	if (r) {
		struct mmio_access a = { ipa, (uint8_t)size, write, *v };

		err = r->fn(c, r->ctx, &a);
		*v = a.value;
		return err;
	}
	if (ipa - platform->monitor.base < platform->monitor.size)
		return -EFAULT;
	err = write ? guarded_write(ipa, size, *v) : guarded_read(ipa, size, v);
	if (!err)
		mmio_shadow_put(ipa, size, *v);
	return err;
}

/* Of 16 bytes too: v[2]. */
static int ram_access(uint64_t pa, unsigned int size, bool write, uint64_t *v)
{
	if (!write)
		return guarded_read(pa, size, v);
	if (page_write(pa, v, size))
		return 0;
	return size == 16 ? guarded_write_pair(pa, v[0], v[1]) :
			    guarded_write(pa, size, *v);
}

int access_word(struct cpu *c, uint64_t ipa, unsigned int size, bool write,
		uint64_t *v)
{
	return guest_owns_ram(ipa, size) ? ram_access(ipa, size, write, v) :
					   device_access(c, ipa, size, write, v);
}

/* ---- the whole instruction --------------------------------------------------------- */

/*
 * Where each element goes. The abort's own page is known by its IPA; others
 * are translated. -ENOSYS: not to be done here.
 */
static int place(struct cpu *c, struct access *x, uint64_t far, uint64_t ipa)
{
	for (unsigned int i = 0; i < x->l.elements; i++) {
		struct piece *p = &x->piece[x->count];
		struct guest_place g;

		if (x->count == MAX_PIECES ||
		    insn_ldst_element(&x->l, i, &p->e))
			return -ENOSYS;
		p->va = x->a.addr + p->e.offset;
		if ((p->va & 4095) + p->e.size > 4096)
			return -ENOSYS; /* in two pages: stepped */
		if (ipa && !((p->va ^ far) << 8 >> 20)) {
			p->ipa = (ipa & ~4095ull) | (p->va & 4095);
		} else {
			if (guest_translate(c, p->va, &g, NULL))
				return -ENOSYS;
			p->ipa = g.pa;
		}
		if (guest_owns_ram(p->ipa, 1) &&
		    guest_tag_differs(c->vcpu.pstate, p->va, p->ipa, p->e.size))
			return -ENOSYS;
		x->count++;
	}
	return x->count ? 0 : -ENOSYS;
}

/* Plain loads and stores; all else is for the hardware to do. */
static bool can_do(const struct insn_ldst *l)
{
	if (l->kind != INSN_LOAD && l->kind != INSN_STORE)
		return false;
	return !l->tag && !l->replicate && !l->single && !l->unprivileged;
}

static int move_gpr(struct cpu *c, struct access *x, const struct piece *p,
		    bool write)
{
	uint64_t v = write ? low_bits(insn_reg(&x->r, p->e.reg), p->e.size) : 0;
	int err = access_word(c, p->ipa, p->e.size, write, &v);

	if (!err && !write)
		insn_set_reg(&x->r, p->e.reg, insn_ldst_extend(&x->l, v));
	return err;
}

/*
 * A pair of general registers within 16 aligned bytes of RAM is one access where
 * the core has FEAT_LSE2, and may be one anywhere. Not LDPSW, nor of vector
 * registers.
 */
static bool is_single(const struct access *x)
{
	return x->l.pair && !x->l.simd && !x->l.sign_extend &&
	       (x->piece[0].ipa & 15) + x->l.bytes <= 16 &&
	       guest_owns_ram(x->piece[0].ipa, x->l.bytes);
}

static int move_pair(struct cpu *c, struct access *x, bool write)
{
	unsigned int r0 = x->piece[0].e.reg, r1 = x->piece[1].e.reg;
	uint64_t v[2] = { insn_reg(&x->r, r0), insn_reg(&x->r, r1) };
	bool words = x->l.size == 4;
	int err;

	if (words)
		v[0] = (uint32_t)v[0] | v[1] << 32;
	err = ram_access(x->piece[0].ipa, x->l.bytes, write, v);
	if (err || write)
		return err;
	if (words) {
		v[1] = v[0] >> 32;
		v[0] = (uint32_t)v[0];
	}
	insn_set_reg(&x->r, r0, v[0]);
	insn_set_reg(&x->r, r1, v[1]);
	return 0;
}

/* Elements of a vector register: lanes of it, in pieces of 8 bytes at most. */
static int move_simd(struct cpu *c, const struct piece *p, bool write)
{
	union {
		uint8_t b[16];
		uint64_t d[2];
	} q;
	unsigned int at = p->e.lane * p->e.size;
	int err = 0;

	fp_read_one(p->e.reg, &q);
	if (!write && p->e.clear)
		memset(&q, 0, sizeof(q));
	for (unsigned int i = 0; !err && i < p->e.size;) {
		unsigned int n = p->e.size - i < 8 ? p->e.size : 8;
		uint64_t v = 0;

		if (write)
			memcpy(&v, &q.b[at + i], n);
		err = access_word(c, p->ipa + i, n, write, &v);
		if (!err && !write)
			memcpy(&q.b[at + i], &v, n);
		i += n;
	}
	if (!err && !write)
		fp_write_one(p->e.reg, &q);
	return err;
}

static int move_all(struct cpu *c, struct access *x, bool write)
{
	int err = 0;

	if (is_single(x))
		return move_pair(c, x, write);
	for (unsigned int i = 0; !err && i < x->count; i++)
		err = x->piece[i].e.simd ?
			      move_simd(c, &x->piece[i], write) :
			      move_gpr(c, x, &x->piece[i], write);
	return err;
}

static int perform(struct cpu *c, struct access *x)
{
	bool write = x->l.kind == INSN_STORE;
	int err;

	if (x->l.release)
		dmb(ish); /* orders what the guest did before its release */
	err = move_all(c, x, write);
	if (err)
		return err;
	for (unsigned int i = 0; write && i < x->count; i++)
		if (guest_owns_ram(x->piece[i].ipa, 1))
			point_table_written(c, x->piece[i].ipa,
					    x->piece[i].e.size);
	if (x->l.acquire)
		dmb(ish); /* orders the acquire before what follows it */
	insn_ldst_writeback(&x->l, &x->a, &x->r);
	insn_retire(&x->r);
	access_set_regs(c, &x->r);
	return 0;
}

/* Decoded, addresses known. -ENOSYS: step it. */
static int prepare(struct cpu *c, struct access *x, uint32_t insn, uint64_t far,
		   uint64_t ipa)
{
	int err = insn_ldst_decode(insn, &x->l);

	if (err)
		return -ENOSYS;
	x->count = 0;
	access_get_regs(c, &x->r);
	insn_ldst_address(&x->l, &x->r, &x->a);
	return 0;
}

int access_simulate(struct cpu *c, uint32_t insn)
{
	struct access x;
	int err;

	if (c->vcpu.pstate & PSTATE_NRW || prepare(c, &x, insn, 0, 0) ||
	    !can_do(&x.l) || place(c, &x, 0, 0))
		return -ENOSYS;
	/* plain RAM only, and nothing there that somebody looks at */
	for (unsigned int i = 0; i < x.count; i++)
		if (!guest_owns_ram(x.piece[i].ipa, x.piece[i].e.size) ||
		    page_find(x.piece[i].ipa))
			return -ENOSYS;
	err = point_watched_access(c, x.a.addr, x.l.bytes) ? -ENOSYS : 0;
	return err ? err : perform(c, &x);
}

/*
 * May this instruction write to any page with a copy? False: to *p alone, or
 * none (NULL).
 */
static bool writes_copied(struct cpu *c, uint32_t insn, struct page **p)
{
	struct guest_place first, last;
	struct access x;
	unsigned int n;
	int err;

	*p = NULL;
	if (!page_pool_used() || c->vcpu.pstate & PSTATE_NRW)
		return page_pool_used();
	err = insn_ldst_decode(insn, &x.l);
	if (err)
		return err != -ENOSYS; /* SVE, MOPS */
	if (!x.l.store && x.l.kind != INSN_LOAD_EXCLUSIVE)
		return false;
	access_get_regs(c, &x.r);
	insn_ldst_address(&x.l, &x.r, &x.a);
	n = point_access_span(&x.l, &x.a.addr);
	if (!n || guest_translate(c, x.a.addr, &first, NULL) ||
	    guest_translate(c, x.a.addr + n - 1, &last, NULL))
		return false; /* it writes nothing, or faults */
	*p = page_find(first.pa);
	return page_find(last.pa) != *p;
}

struct page *access_follow(struct cpu *c)
{
	struct page *p = NULL;
	uint32_t insn;

	if (guest_fetch(c, c->vcpu.pc, &insn) || writes_copied(c, insn, &p))
		c->dbg->resync_all = true;
	return p;
}

/* ---- aborts ---------------------------------------------------------------------------- */

static enum cpu_exit give_abort(struct cpu *c, bool write)
{
	traps_inject_abort(c, write);
	return EXITS_MMIO;
}

void access_let_through(struct cpu *c, struct page *p)
{
	access_follow(c); /* it may write to others than p too */
	/* the plain view has watched pages and looked-at tables closed too */
	debug_hidden_step(c, p && (p->watches || p->tables) ? VIEW_OPEN :
							      VIEW_PLAIN,
			  p);
}

/*
 * It could not be done here. EL2 has all devices as Device memory, where an
 * unaligned access faults; the guest may have mapped them otherwise (PCI memory
 * that is prefetchable). The hardware does it as the guest would, then.
 */
static enum cpu_exit failed(struct cpu *c, struct page *p, uint64_t ipa,
			    unsigned int size, bool write)
{
	if (!p || !(ipa & (size - 1)))
		return give_abort(c, write);
	access_let_through(c, p);
	return EXITS_MMIO;
}

/* A valid syndrome says all: no need for the instruction. */
static enum cpu_exit by_syndrome(struct cpu *c, const struct esr_dabt *d,
				 struct page *p, uint64_t ipa)
{
	uint64_t v = d->wnr ? low_bits(traps_get_reg(c, d->reg), d->size) : 0;

	if (d->wnr && d->acquire)
		dmb(ish); /* orders what the guest did before its release */
	if (access_word(c, ipa, d->size, d->wnr, &v))
		return failed(c, p, ipa, d->size, d->wnr);
	if (!d->wnr) {
		if (d->sign_extend) {
			unsigned int s = 64 - 8 * d->size;

			v = (uint64_t)((int64_t)(v << s) >> s);
			if (!d->sixty_four)
				v = (uint32_t)v;
		}
		traps_set_reg(c, d->reg, v);
		if (d->acquire)
			dmb(ish); /* orders the acquire before what follows */
	} else if (guest_owns_ram(ipa, 1)) {
		point_table_written(c, ipa, d->size);
	}
	traps_skip(c);
	return EXITS_MMIO;
}

/* Cache maintenance by VA on a page with a shadow: on both. */
static enum cpu_exit maintenance(struct cpu *c, struct page *p, uint64_t ipa)
{
	if (p && p->copy) {
		uint64_t line = ALIGN_DOWN(ipa, 64);

		page_resync(p);
		icache_sync(line, 64);
		dcache_clean_inval_poc(line, 64);
		traps_skip(c);
		return EXITS_STAGE2;
	}
	if (p)
		access_let_through(c, p);
	else
		traps_skip(c);
	return EXITS_STAGE2;
}

/*
 * Is what the instruction accesses of this page watched? Atomics fault as reads
 * (Arm ARM, ISS.WnR) but write too, and a load exclusive stands for its whole
 * sequence, which runs as one.
 */
static bool is_watched(struct cpu *c, const struct access *x,
		       const struct esr_dabt *d, uint64_t ipa,
		       enum target_stop_reason *reason, uint64_t *addr)
{
	uint64_t far = c->vcpu.far, base = ALIGN_DOWN(ipa, 4096);
	uint64_t start = x ? x->a.addr : far;
	unsigned int span = x ? point_access_span(&x->l, &start) :
			    d->isv ? d->size : 1;
	int64_t at = (int64_t)(start - ALIGN_DOWN(far, 4096)) << 8 >> 8;
	int64_t end = at + span;
	bool load = x ? x->l.load : !d->wnr;
	bool store = x ? x->l.store || x->l.kind == INSN_LOAD_EXCLUSIVE :
			 d->wnr;

	/* the part that lies in this page */
	at = at < 0 ? 0 : at;
	end = end > 4096 ? 4096 : end;
	if (at >= end)
		return false;
	return (load && point_watch_ipa(c, far, base + (uint64_t)at,
					(unsigned int)(end - at), false, reason,
					addr)) ||
	       (store && point_watch_ipa(c, far, base + (uint64_t)at,
					 (unsigned int)(end - at), true,
					 reason, addr));
}

enum cpu_exit access_abort(struct cpu *c, uint64_t ipa)
{
	struct esr_dabt d = esr_decode_dabt(c->vcpu.esr);
	struct page *p = page_find(ipa);
	uint64_t far = c->vcpu.far;
	enum target_stop_reason reason;
	bool watched, known;
	struct insn_mops m;
	struct access x;
	uint64_t addr;
	uint32_t insn;
	int err;

	if (d.cm)
		return maintenance(c, p, ipa);
	watched = p && p->watches;
	/* at a page's start it may have begun in the page before */
	known = (watched || !d.isv || !(ipa & 4095)) &&
		!(c->vcpu.pstate & PSTATE_NRW) &&
		!guest_fetch(c, c->vcpu.pc, &insn);
	if (known && !insn_mops_decode(insn, &m))
		return access_mops(c, &m, p, d.wnr);
	known = known && !prepare(c, &x, insn, far, ipa);
	if (watched &&
	    is_watched(c, known ? &x : NULL, &d, ipa, &reason, &addr)) {
		debug_report(c, reason, addr, NULL);
		return EXITS_MMIO;
	}
	/* comparators see no access that is done here: the hardware does it */
	if (p && point_watched_access(c, known ? x.a.addr : far,
				      known ? x.l.bytes : d.isv ? d.size : 64)) {
		access_let_through(c, p);
		return EXITS_STAGE2;
	}
	if (d.isv) {
		if ((ipa & 4095) + d.size > 4096 ||
		    (p && guest_tag_differs(c->vcpu.pstate, far, ipa, d.size)) ||
		    (known && x.a.addr << 8 != far << 8 &&
		     guest_owns_ram(ipa, 1))) {
			access_let_through(c, p);
			return EXITS_STAGE2;
		}
		return by_syndrome(c, &d, p, ipa);
	}
	if (!known) {
		access_let_through(c, p); /* AArch32, SVE: the hardware does it */
		return EXITS_STAGE2;
	}
	if (x.l.kind == INSN_STORE_EXCLUSIVE && p && p->tables)
		debug_retry_lost(c, ipa);
	err = can_do(&x.l) ? place(c, &x, far, ipa) : -ENOSYS;
	if (!err)
		err = perform(c, &x);
	if (err == -ENOSYS && guest_owns_ram(ipa, 1)) {
		access_let_through(c, p);
		return EXITS_STAGE2;
	}
	if (err == -ENOSYS && p) {
		access_let_through(c, p);
		return EXITS_MMIO;
	}
	if (err == -ENOSYS)
		return give_abort(c, d.wnr);
	return err ? failed(c, p, x.piece[0].ipa, x.piece[0].e.size, d.wnr) :
		     EXITS_MMIO;
}
