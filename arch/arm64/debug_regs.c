/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See debug_regs.h. */
#include "debug_regs.h"

#include <errno.h>

#include "barrier.h"
#include "debug.h"
#include "esr.h"
#include "log.h"
#include "platform/platform.h"
#include "point.h"
#include "pstate.h"
#include "sysreg.h"

#define OSLAR_EL1 S2_0_C1_C0_4
#define OSLSR_EL1 S2_0_C1_C1_4
#define OSLSR_OSLK BIT(1)
#define OSDLR_EL1 S2_0_C1_C3_4

enum { BVR, BCR, WVR, WCR }; /* op2 4..7 */

static uint8_t used_breaks[PLATFORM_MAX_CPUS], used_watches[PLATFORM_MAX_CPUS];

#define FOR_EACH_REG(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) \
	X(13) X(14) X(15)

static uint64_t hw_read(unsigned int what, unsigned int n)
{
#define CASE(i)                                                            \
	case i * 4 + BVR: return read_sysreg(dbgbvr##i##_el1);             \
	case i * 4 + BCR: return read_sysreg(dbgbcr##i##_el1);             \
	case i * 4 + WVR: return read_sysreg(dbgwvr##i##_el1);             \
	case i * 4 + WCR: return read_sysreg(dbgwcr##i##_el1);
	switch (n * 4 + what) {
		FOR_EACH_REG(CASE)
	}
#undef CASE
	return 0;
}

static void hw_write(unsigned int what, unsigned int n, uint64_t v)
{
#define CASE(i)                                                            \
	case i * 4 + BVR: write_sysreg(v, dbgbvr##i##_el1); break;         \
	case i * 4 + BCR: write_sysreg(v, dbgbcr##i##_el1); break;         \
	case i * 4 + WVR: write_sysreg(v, dbgwvr##i##_el1); break;         \
	case i * 4 + WCR: write_sysreg(v, dbgwcr##i##_el1); break;
	switch (n * 4 + what) {
		FOR_EACH_REG(CASE)
	}
#undef CASE
}

unsigned int debug_break_count(void)
{
	return (unsigned int)FIELD_GET(GENMASK(15, 12),
				       read_sysreg(id_aa64dfr0_el1)) + 1;
}

unsigned int debug_watch_count(void)
{
	return (unsigned int)FIELD_GET(GENMASK(23, 20),
				       read_sysreg(id_aa64dfr0_el1)) + 1;
}

void debug_regs_reset(void)
{
	for (unsigned int i = 0; i < debug_break_count(); i++)
		hw_write(BCR, i, 0);
	for (unsigned int i = 0; i < debug_watch_count(); i++)
		hw_write(WCR, i, 0);
	write_sysreg(0, mdscr_el1);
}

static void hold_mdscr(struct debug_cpu *d)
{
	if (!d->mdscr_held)
		d->mdscr = read_sysreg(mdscr_el1);
	d->mdscr_held = true;
	d->settled = DEBUG_UNSETTLED;
}

static void load(struct debug_cpu *d)
{
	for (unsigned int i = 0; i < debug_break_count(); i++) {
		d->bvr[i] = hw_read(BVR, i);
		d->bcr[i] = hw_read(BCR, i);
	}
	for (unsigned int i = 0; i < debug_watch_count(); i++) {
		d->wvr[i] = hw_read(WVR, i);
		d->wcr[i] = hw_read(WCR, i);
	}
	hold_mdscr(d);
	d->oslk = read_sysreg(OSLSR_EL1) & OSLSR_OSLK;
	d->osdlk = read_sysreg(OSDLR_EL1);
	write_sysreg(0, OSLAR_EL1);
	write_sysreg(0, OSDLR_EL1);
	d->loaded = d->dirty = true;
}

static void unload(struct debug_cpu *d)
{
	write_sysreg(d->mdscr, mdscr_el1);
	d->mdscr_held = false;
	if (!d->loaded)
		return;
	for (unsigned int i = 0; i < debug_break_count(); i++) {
		hw_write(BVR, i, d->bvr[i]);
		hw_write(BCR, i, d->bcr[i]);
	}
	for (unsigned int i = 0; i < debug_watch_count(); i++) {
		hw_write(WVR, i, d->wvr[i]);
		hw_write(WCR, i, d->wcr[i]);
	}
	write_sysreg(d->oslk, OSLAR_EL1);
	write_sysreg(d->osdlk, OSDLR_EL1);
	d->loaded = d->dirty = false;
}

/* The guest's comparators count while it has them enabled and seen. */
static bool guest_counts(const struct debug_cpu *d)
{
	return (d->mdscr & MDSCR_MDE) && !d->oslk && !d->osdlk && !d->mute;
}

/*
 * Does the guest's comparator i stay? The exits of a sequence come first, but
 * not before one that may match within it.
 */
static bool guest_keeps(const struct debug_cpu *d, unsigned int i)
{
	bool address = !(d->bcr[i] >> 20 & 0xe); /* else by context */

	if (!guest_counts(d) || !(d->bcr[i] & DBGBCR_E))
		return false;
	return !d->sequence || !address ||
	       d->bvr[i] - d->skip < d->exit[0] - d->skip;
}

/* Places that the guest leaves free get what is wanted, one after the other. */
static void program_breaks(struct debug_cpu *d)
{
	unsigned int n = 0, m = 0;

	for (unsigned int i = debug_break_count(); i-- > 0;) {
		if (guest_keeps(d, i)) {
			hw_write(BVR, i, d->bvr[i]);
			hw_write(BCR, i, d->bcr[i]);
			continue;
		}
		/* in a sequence none of gdb's is wanted */
		while (!d->sequence && n < debug_wants.now.breaks &&
		       debug_wants.break_addr[n] == d->skip)
			n++;
		if (d->sequence && m < d->exits) {
			hw_write(BVR, i, d->exit[m++]);
			hw_write(BCR, i, DBGBCR_GDB);
		} else if (!d->sequence && n < debug_wants.now.breaks) {
			hw_write(BVR, i, debug_wants.break_addr[n++]);
			hw_write(BCR, i, DBGBCR_GDB);
		} else {
			hw_write(BCR, i, 0);
		}
	}
}

static void program_watches(struct debug_cpu *d)
{
	unsigned int n = 0;

	/* upwards: of several that one access hits QEMU reports the oldest */
	for (unsigned int i = 0; i < debug_watch_count(); i++) {
		if (guest_counts(d) && d->wcr[i] & DBGWCR_E) {
			hw_write(WVR, i, d->wvr[i]);
			hw_write(WCR, i, d->wcr[i]);
		} else if (!d->mute && n < debug_wants.now.watches) {
			hw_write(WVR, i, debug_wants.watch_addr[n]);
			hw_write(WCR, i, debug_wants.watch_ctl[n++] |
						 (d->watch_loads ? DBGWCR_LOAD :
								   0));
		} else {
			hw_write(WCR, i, 0);
		}
	}
}

/* OS lock or OS double lock: no debug exceptions. */
static bool locked_in_hardware(void)
{
	return (read_sysreg(OSLSR_EL1) & OSLSR_OSLK) || read_sysreg(OSDLR_EL1);
}

/*
 * A step where nobody has a use for comparators needs MDSCR_EL1.SS alone: the
 * guest's, which do not count, can stay where they are. Should it look at them
 * in that step, TDA tells.
 */
static bool can_stay(const struct debug_cpu *d)
{
	return !d->loaded && !debug_wants.now.breaks && !debug_wants.now.watches &&
	       !d->sequence && !(d->mdscr & MDSCR_MDE) &&
	       !locked_in_hardware();
}

void debug_regs_apply(struct cpu *c, bool regs, bool ss)
{
	struct debug_cpu *d = c->dbg;
	uint64_t mdscr;

	if (!regs && !d->mdscr_held)
		return;
	if (!regs) {
		unload(d);
		return;
	}
	hold_mdscr(d);
	if (!d->loaded && !can_stay(d))
		load(d);
	if (d->loaded && __atomic_load_n(&d->dirty, __ATOMIC_ACQUIRE)) {
		d->dirty = false;
		program_breaks(d);
		program_watches(d);
	}
	mdscr = d->mdscr | (d->loaded ? MDSCR_MDE : 0);
	if (ss)
		mdscr |= MDSCR_SS;
	else if (c->hidden_step)
		mdscr &= ~MDSCR_SS;
	write_sysreg(mdscr, mdscr_el1);
}

uint64_t debug_regs_mdscr(struct cpu *c)
{
	return c->dbg->mdscr_held ? c->dbg->mdscr : read_sysreg(mdscr_el1);
}

bool debug_regs_native(struct cpu *c)
{
	uint64_t mdscr = debug_regs_mdscr(c);

	if (pstate_el(c->vcpu.pstate) == 0)
		return true;
	return (mdscr & MDSCR_KDE) && !(c->vcpu.pstate & PSTATE_D);
}

bool debug_regs_guest_break(struct cpu *c, uint64_t pc)
{
	struct debug_cpu *d = c->dbg;

	for (unsigned int i = 0; i < debug_break_count(); i++) {
		uint64_t bcr = d->loaded ? d->bcr[i] : hw_read(BCR, i);
		uint64_t bvr = d->loaded ? d->bvr[i] : hw_read(BVR, i);
		bool address = !(bcr >> 20 & 0xe); /* else by context */

		if (bcr & DBGBCR_E && (!address || !((bvr ^ pc) << 8 >> 10)))
			return true;
	}
	return false;
}

/* Do the guest's own comparators count at all? */
static bool guest_enabled(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;

	if (!(debug_regs_mdscr(c) & MDSCR_MDE))
		return false;
	return d->loaded ? !d->oslk && !d->osdlk : !locked_in_hardware();
}

bool debug_regs_guest_watch(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;

	if (!guest_enabled(c))
		return false;
	for (unsigned int i = 0; i < debug_watch_count(); i++)
		if ((d->loaded ? d->wcr[i] : hw_read(WCR, i)) & DBGWCR_E)
			return true;
	return false;
}

/* Where a DBGWVR and DBGWCR look: BAS, or MASK. */
static void watch_range(uint64_t wvr, uint64_t wcr, uint64_t *start,
			uint64_t *len)
{
	unsigned int bas = (unsigned int)FIELD_GET(GENMASK(12, 5), wcr);
	unsigned int mask = (unsigned int)FIELD_GET(GENMASK(28, 24), wcr);

	if (mask) {
		*len = 1ull << mask;
		*start = ALIGN_DOWN(wvr, *len);
	} else {
		*start = wvr + (bas ? (unsigned int)__builtin_ctz(bas) : 0);
		*len = bas ? 32u - (unsigned int)__builtin_clz(bas) -
				     (unsigned int)__builtin_ctz(bas) :
			     0;
	}
}

static bool looks_at(uint64_t wvr, uint64_t wcr, uint64_t addr, uint64_t size)
{
	uint64_t start, len;

	if (!(wcr & DBGWCR_E))
		return false;
	watch_range(wvr, wcr, &start, &len);
	/* tags do not count */
	return ((addr - start) << 8) >> 8 < len ||
	       ((start - addr) << 8) >> 8 < size;
}

static bool guest_looks_at(struct cpu *c, uint64_t addr, uint64_t size,
			   uint64_t kind)
{
	struct debug_cpu *d = c->dbg;

	if (!guest_enabled(c))
		return false;
	for (unsigned int i = 0; i < debug_watch_count(); i++) {
		uint64_t wcr = d->loaded ? d->wcr[i] : hw_read(WCR, i);
		uint64_t wvr = d->loaded ? d->wvr[i] : hw_read(WVR, i);

		if (wcr & kind && looks_at(wvr, wcr, addr, size))
			return true;
	}
	return false;
}

bool debug_regs_guest_watches(struct cpu *c, uint64_t addr, uint64_t size)
{
	return guest_looks_at(c, addr, size, DBGWCR_LOAD | DBGWCR_STORE);
}

bool debug_regs_watched(struct cpu *c, uint64_t addr, uint64_t size, bool write)
{
	uint64_t kind = write ? DBGWCR_STORE : DBGWCR_LOAD;

	for (unsigned int i = 0; i < debug_wants.now.watches; i++)
		if (debug_wants.watch_ctl[i] & kind &&
		    looks_at(debug_wants.watch_addr[i],
			     debug_wants.watch_ctl[i], addr, size))
			return true;
	return guest_looks_at(c, addr, size, kind);
}

void debug_regs_count(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;
	unsigned int b = 0, w = 0;

	for (unsigned int i = 0; i < debug_break_count(); i++)
		b += (d->loaded ? d->bcr[i] : hw_read(BCR, i)) & DBGBCR_E;
	for (unsigned int i = 0; i < debug_watch_count(); i++)
		w += (d->loaded ? d->wcr[i] : hw_read(WCR, i)) & DBGWCR_E;
	used_breaks[c->id] = (uint8_t)b;
	used_watches[c->id] = (uint8_t)w;
}

static unsigned int most(const uint8_t *used)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < cpu_count(); i++)
		if (used[i] > n)
			n = used[i];
	return n;
}

unsigned int debug_guest_breaks(void)
{
	return most(used_breaks);
}

unsigned int debug_guest_watches(void)
{
	return most(used_watches);
}

/* DBGBVRn_EL1 and the like: op0 2, op1 0, CRn 0, CRm n, op2 4..7. */
static uint64_t *shadow_reg(struct debug_cpu *d, uint32_t enc)
{
	unsigned int n = (enc >> 3) & 15;

	if ((enc & ~0x7fu) != SYSREG_ENCODING(2, 0, 0, 0, 0))
		return NULL;
	switch (enc & 7) {
	case 4:
		return n < debug_break_count() ? &d->bvr[n] : NULL;
	case 5:
		return n < debug_break_count() ? &d->bcr[n] : NULL;
	case 6:
		return n < debug_watch_count() ? &d->wvr[n] : NULL;
	case 7:
		return n < debug_watch_count() ? &d->wcr[n] : NULL;
	default:
		return enc == SYSREG_ENCODING(2, 0, 0, 2, 2) ? &d->mdscr : NULL;
	}
}

/* Registers that need no shadow: read through, writes do what they did. */
static int through(uint32_t enc, bool read, uint64_t *v)
{
	switch (enc) {
	case SYSREG_ENCODING(2, 0, 1, 0, 0): /* MDRAR_EL1 */
		*v = read_sysreg(S2_0_C1_C0_0);
		return read ? 0 : -EINVAL;
	case SYSREG_ENCODING(2, 0, 7, 14, 6): /* DBGAUTHSTATUS_EL1 */
		*v = read_sysreg(S2_0_C7_C14_6);
		return read ? 0 : -EINVAL;
	case SYSREG_ENCODING(2, 3, 0, 1, 0): /* MDCCSR_EL0 */
		*v = read_sysreg(S2_3_C0_C1_0);
		return read ? 0 : -EINVAL;
	case SYSREG_ENCODING(2, 0, 1, 4, 4): /* DBGPRCR_EL1 */
		if (read)
			*v = read_sysreg(S2_0_C1_C4_4);
		else
			write_sysreg(*v, S2_0_C1_C4_4);
		return 0;
	case SYSREG_ENCODING(2, 0, 7, 8, 6): /* DBGCLAIMSET_EL1 */
		if (read)
			*v = read_sysreg(S2_0_C7_C8_6);
		else
			write_sysreg(*v, S2_0_C7_C8_6);
		return 0;
	case SYSREG_ENCODING(2, 0, 7, 9, 6): /* DBGCLAIMCLR_EL1 */
		if (read)
			*v = read_sysreg(S2_0_C7_C9_6);
		else
			write_sysreg(*v, S2_0_C7_C9_6);
		return 0;
	case SYSREG_ENCODING(2, 0, 0, 0, 2): /* OSDTRRX_EL1 */
	case SYSREG_ENCODING(2, 0, 0, 3, 2): /* OSDTRTX_EL1 */
	case SYSREG_ENCODING(2, 0, 0, 6, 2): /* OSECCR_EL1 */
	case SYSREG_ENCODING(2, 0, 0, 2, 0): /* MDCCINT_EL1 */
	case SYSREG_ENCODING(2, 3, 0, 4, 0): /* DBGDTR_EL0 */
	case SYSREG_ENCODING(2, 3, 0, 5, 0): /* DBGDTRRX_EL0, DBGDTRTX_EL0 */
		*v = 0; /* no external debugger is behind them */
		return 0;
	default:
		return -ENOENT;
	}
}

/* The guest's OS double lock; where there is none, nothing is kept. */
static void double_lock(struct debug_cpu *d, bool read, uint64_t *v)
{
	if (!read) {
		write_sysreg(*v, OSDLR_EL1);
		isb(); /* orders the write before it is read back */
		d->osdlk = read_sysreg(OSDLR_EL1);
		write_sysreg(0, OSDLR_EL1);
		d->dirty = true;
	}
	*v = d->osdlk;
}

/*
 * What a DBGBVR and the like keeps of a value: reserved bits and those of BAS
 * that follow others differ between cores, so the register itself is asked.
 * Nothing matches meanwhile: debug exceptions are masked here.
 */
static uint64_t kept(uint32_t enc, uint64_t v)
{
	unsigned int n = (enc >> 3) & 15, what = (enc & 7) - 4;
	uint64_t was;

	if ((enc & 7) < 4)
		return v;
	was = hw_read(what, n);
	hw_write(what, n, v);
	isb(); /* orders the write before it is read back */
	v = hw_read(what, n);
	hw_write(what, n, was);
	return v;
}

int debug_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *v)
{
	struct debug_cpu *d = c->dbg;
	uint64_t *s;

	if (enc >> 14 != 2)
		return -ENOENT;
	if (!d->loaded)
		load(d);
	if (enc == SYSREG_ENCODING(2, 0, 1, 3, 4)) { /* OSDLR_EL1 */
		double_lock(d, read, v);
		return 0;
	}
	s = shadow_reg(d, enc);
	if (s) {
		if (read)
			*v = *s;
		else
			*s = kept(enc, *v);
		d->dirty |= !read;
		/* BCR and WCR have odd op2 */
		if (!read && enc & 1 && *v & 1)
			point_make_room(c);
		return 0;
	}
	if (enc == SYSREG_ENCODING(2, 0, 1, 0, 4) && !read) { /* OSLAR_EL1 */
		d->oslk = *v & 1;
		d->dirty = true;
		return 0;
	}
	if (enc == SYSREG_ENCODING(2, 0, 1, 1, 4) && read) { /* OSLSR_EL1 */
		*v = (read_sysreg(OSLSR_EL1) & ~OSLSR_OSLK) |
		     (d->oslk ? OSLSR_OSLK : 0);
		return 0;
	}
	return through(enc, read, v);
}

int debug_guest_reg(struct cpu *c, uint16_t enc, bool write, uint64_t *v)
{
	int err = debug_sysreg(c, enc, !write, v);

	return err == -ENOENT || err == -EINVAL ? -ENODATA : err;
}
