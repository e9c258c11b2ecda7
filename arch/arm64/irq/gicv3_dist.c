/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Trapped accesses to the distributor, the redistributors and the ITS: they go
 * to the hardware, except for what is the monitor's and for what the hardware
 * does not know: a pending interrupt that waits in a list register is active
 * there, and pending to the guest.
 */
#include <errno.h>

#include "cpu.h"
#include "irq/gicv3.h"
#include "log.h"
#include "mmio.h"
#include "mmio_trap.h"
#include "stub/strbuf.h"

#define MAX_FRAMES (PLATFORM_MAX_CPUS + 16)

struct frame {
	uint64_t base, size;
	struct gic_cpu *g; /* NULL: of no CPU that is known */
};

static struct frame frames[MAX_FRAMES];
static unsigned int frame_count;

static uint64_t phys_read(uint64_t addr, unsigned int size)
{
	switch (size) {
	case 1:
		return mmio_read8(addr);
	case 2:
		return mmio_read16(addr);
	case 4:
		return mmio_read32(addr);
	default:
		return mmio_read64(addr);
	}
}

static void phys_write(uint64_t addr, unsigned int size, uint64_t value)
{
	switch (size) {
	case 1:
		mmio_write8(addr, (uint8_t)value);
		break;
	case 2:
		mmio_write16(addr, (uint16_t)value);
		break;
	case 4:
		mmio_write32(addr, (uint32_t)value);
		break;
	default:
		mmio_write64(addr, value);
	}
}

static void pass(uint64_t addr, struct mmio_access *a)
{
	if (a->write)
		phys_write(addr, a->size, a->value);
	else
		a->value = phys_read(addr, a->size);
}

/* A word of 32 interrupts: g's private ones, or SPIs where g is NULL. */
struct word {
	struct gic_cpu *g;
	uint32_t first;
	uint32_t played; /* those that have no hardware behind them */
};

static uint32_t private_played(void)
{
	uint32_t m = (uint32_t)BIT(GIC_SGIS) - 1;

	if (gic.p->gic_maintenance_irq < GIC_PRIVATE)
		m |= (uint32_t)BIT(gic.p->gic_maintenance_irq);
	if (gic.p->el2_timer_irq < GIC_PRIVATE)
		m |= (uint32_t)BIT(gic.p->el2_timer_irq);
	return m;
}

static struct word word_of(struct gic_cpu *g, uint32_t first)
{
	struct word w = {g, first, 0};

	if (first < GIC_PRIVATE)
		w.played = private_played();
	else if (!g)
		w.played = gic.own[vgic_spi_index(first) / 32];
	return w;
}

static uint32_t hw_read(const struct word *w, enum vgic_reg_kind kind)
{
	return mmio_read32(gic_bits(w->g, kind, w->first)) & ~w->played;
}

static void hw_write(const struct word *w, enum vgic_reg_kind kind, uint32_t v)
{
	v &= ~w->played;
	if (v)
		mmio_write32(gic_bits(w->g, kind, w->first), v);
}

/* Played SPIs of a word one after the other: NULL when there are no more. */
static struct gic_spi *spi_next(const struct word *w, uint32_t *bits)
{
	uint32_t n;

	*bits &= w->played;
	if (w->g || !*bits)
		return NULL;
	n = (uint32_t)__builtin_ctz(*bits);
	*bits &= *bits - 1;
	return gic_spi_find(w->first + n);
}

/* Do op on every CPU that may have one of mask in hand. */
static struct vgic_held ask(const struct word *w, enum gic_op op, uint32_t mask)
{
	struct vgic_held h = {0, 0}, one;
	uint64_t cpus = 0;
	uint32_t m;

	if (w->g)
		return gic_request(w->g, op, w->first, mask);
	m = mask & (hw_read(w, VGIC_ACTIVE_SET) | w->played);
	for (; m; m &= m - 1) {
		uint32_t intid = w->first + (uint32_t)__builtin_ctz(m);
		unsigned int holder = gic.holder[vgic_spi_index(intid)];
		const struct gic_spi *s = gic_spi_find(intid);

		if (s)
			holder = s->held;
		if (holder)
			cpus |= BIT(holder - 1);
	}
	for (; cpus; cpus &= cpus - 1) {
		one = gic_request(&gic_cpus[__builtin_ctzll(cpus)], op,
				  w->first, mask);
		h.pending |= one.pending;
		h.active |= one.active;
	}
	return h;
}

/* The guest may take no more of these that are pending: nor lose them. */
static void retract(const struct word *w, uint32_t mask)
{
	uint32_t taken = ask(w, GIC_TAKE_PENDING, mask).pending, m;
	struct gic_spi *s;

	if (w->g)
		__atomic_fetch_or(&w->g->pend, taken & w->played,
				  __ATOMIC_RELEASE);
	for (m = taken & ~w->played; m; m &= m - 1)
		gic_give_back(w->g, w->first + (uint32_t)__builtin_ctz(m));
	while ((s = spi_next(w, &taken)))
		gic_spi_taken(s);
}

static uint32_t enable_read(const struct word *w)
{
	uint32_t v = hw_read(w, VGIC_ENABLE_SET), left = w->played;
	struct gic_spi *s;

	if (w->g)
		return v | (w->g->enable & w->played);
	while ((s = spi_next(w, &left)))
		if (s->enable)
			v |= (uint32_t)BIT(s->intid - w->first);
	return v;
}

static void enable_write(const struct word *w, uint32_t v)
{
	struct gic_spi *s;

	hw_write(w, VGIC_ENABLE_SET, v);
	if (w->g && (v & w->played)) {
		__atomic_fetch_or(&w->g->enable, v & w->played,
				  __ATOMIC_RELEASE);
		gic_wake(w->g);
	}
	while ((s = spi_next(w, &v))) {
		s->enable = true;
		gic_spi_deliver(s);
	}
}

static void disable_write(const struct word *w, uint32_t v)
{
	uint32_t left = v;
	struct gic_spi *s;

	hw_write(w, VGIC_ENABLE_CLEAR, v);
	if (w->g)
		__atomic_fetch_and(&w->g->enable, ~(v & w->played),
				   __ATOMIC_RELEASE);
	while ((s = spi_next(w, &left)))
		s->enable = false;
	retract(w, v);
}

static uint32_t pending_read(const struct word *w)
{
	uint32_t v = hw_read(w, VGIC_PEND_SET), left = w->played;
	struct gic_spi *s;

	v |= ask(w, GIC_QUERY, ~0u).pending;
	if (w->g)
		return v | (__atomic_load_n(&w->g->pend, __ATOMIC_ACQUIRE) &
			    w->played);
	while ((s = spi_next(w, &left)))
		if (s->latch || (s->level && !s->edge))
			v |= (uint32_t)BIT(s->intid - w->first);
	return v;
}

static void pending_set(const struct word *w, uint32_t v)
{
	struct gic_spi *s;

	if (!v)
		return;
	/* what waits in a list register already would come twice */
	hw_write(w, VGIC_PEND_SET, v & ~ask(w, GIC_QUERY, v).pending);
	if (w->g && (v & w->played)) {
		__atomic_fetch_or(&w->g->pend, v & w->played, __ATOMIC_RELEASE);
		gic_wake(w->g);
	}
	while ((s = spi_next(w, &v))) {
		s->latch = true;
		gic_spi_deliver(s);
	}
}

static void pending_clear(const struct word *w, uint32_t v)
{
	uint32_t taken, left = v;
	struct gic_spi *s;

	if (!v)
		return;
	hw_write(w, VGIC_PEND_CLEAR, v);
	if (w->g)
		__atomic_fetch_and(&w->g->pend, ~(v & w->played),
				   __ATOMIC_ACQ_REL);
	taken = ask(w, GIC_TAKE_PENDING, v).pending;
	hw_write(w, VGIC_ACTIVE_CLEAR, taken);
	while ((s = spi_next(w, &left))) {
		s->latch = false;
		if (taken >> (s->intid - w->first) & 1)
			s->held = 0;
		gic_spi_deliver(s);
	}
}

static uint32_t active_read(const struct word *w)
{
	struct vgic_held h = ask(w, GIC_QUERY, ~0u);

	return (hw_read(w, VGIC_ACTIVE_SET) & ~(h.pending & ~h.active)) |
	       h.active;
}

/* Those that the monitor plays are made active by acknowledging only. */
static void active_set(const struct word *w, uint32_t v)
{
	uint32_t taken;

	v &= ~w->played;
	if (!v)
		return;
	taken = ask(w, GIC_TAKE_PENDING, v).pending;
	hw_write(w, VGIC_PEND_SET, taken);
	hw_write(w, VGIC_ACTIVE_SET, v);
}

static void active_clear(const struct word *w, uint32_t v)
{
	uint32_t taken;
	struct gic_spi *s;

	if (!v)
		return;
	taken = ask(w, GIC_TAKE_ACTIVE, v).active;
	/* what is merely pending to the guest must stay active underneath */
	hw_write(w, VGIC_ACTIVE_CLEAR, v & ~ask(w, GIC_QUERY, v).pending);
	while ((s = spi_next(w, &taken))) {
		s->held = 0;
		gic_spi_deliver(s);
	}
}

static uint32_t *group_word(const struct word *w)
{
	if (!w->g)
		return &gic.group[vgic_spi_index(w->first) / 32];
	return &w->g->group[w->first < GIC_PRIVATE
				    ? 0
				    : 1 + (w->first - GIC_EPPI) / 32];
}

static uint32_t bits_read(const struct word *w, enum vgic_reg_kind kind)
{
	switch (kind) {
	case VGIC_GROUP:
		return gic.ds ? *group_word(w) : 0;
	case VGIC_ENABLE_SET:
	case VGIC_ENABLE_CLEAR:
		return enable_read(w);
	case VGIC_PEND_SET:
	case VGIC_PEND_CLEAR:
		return pending_read(w);
	case VGIC_ACTIVE_SET:
	case VGIC_ACTIVE_CLEAR:
		return active_read(w);
	default:
		return 0;
	}
}

static void bits_write(const struct word *w, enum vgic_reg_kind kind,
		       uint32_t v)
{
	switch (kind) {
	case VGIC_GROUP: /* physically all are in group 1 */
		if (gic.ds)
			*group_word(w) = v;
		break;
	case VGIC_ENABLE_SET:
		enable_write(w, v);
		break;
	case VGIC_ENABLE_CLEAR:
		disable_write(w, v);
		break;
	case VGIC_PEND_SET:
		pending_set(w, v);
		break;
	case VGIC_PEND_CLEAR:
		pending_clear(w, v);
		break;
	case VGIC_ACTIVE_SET:
		active_set(w, v);
		break;
	case VGIC_ACTIVE_CLEAR:
		active_clear(w, v);
		break;
	default:
		break;
	}
}

/* The priority byte of one that the monitor plays, else NULL. */
static uint8_t *played_priority(struct gic_cpu *g, uint32_t intid)
{
	struct gic_spi *s;

	if (g)
		return intid < GIC_PRIVATE && (private_played() >> intid & 1)
			       ? &g->prio[intid]
			       : NULL;
	s = gic_spi_find(intid);
	return s ? &s->prio : NULL;
}

static void priority(struct gic_cpu *g, uint32_t intid, uint64_t addr,
		     struct mmio_access *a)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < a->size; i++) {
		uint8_t *p = played_priority(g, intid + i);

		if (a->write && p)
			*p = (uint8_t)(a->value >> 8 * i) & gic.prio_mask;
		else if (a->write)
			mmio_write8(addr + i, (uint8_t)(a->value >> 8 * i));
		else
			v |= (uint64_t)(p ? *p : mmio_read8(addr + i)) << 8 * i;
	}
	if (!a->write)
		a->value = v;
}

/* ICFGR: the upper of an interrupt's two bits says edge. */
static void config(struct gic_cpu *g, uint32_t intid, uint64_t addr,
		   struct mmio_access *a)
{
	struct word w = word_of(g, vgic_word_first(intid));
	uint32_t played = w.played >> (intid - w.first), keep = 0, v, i;

	for (i = 0; i < 16; i++)
		if (played >> i & 1)
			keep |= 3u << 2 * i;
	v = mmio_read32(addr) & keep;
	if (a->write)
		mmio_write32(addr, v | ((uint32_t)a->value & ~keep));
	else
		a->value = mmio_read32(addr);
	for (i = 0; i < 16; i++) {
		struct gic_spi *s = g ? NULL : gic_spi_find(intid + i);

		if (s && a->write)
			s->edge = a->value >> (2 * i + 1) & 1;
		else if (s)
			a->value = (a->value & ~(UINT64_C(3) << 2 * i)) |
				   (uint64_t)s->edge << (2 * i + 1);
	}
}

static void route(uint32_t intid, uint32_t offset, struct mmio_access *a)
{
	struct gic_spi *s = gic_spi_find(intid);
	struct word w = word_of(NULL, vgic_word_first(intid));
	uint32_t bit = (uint32_t)BIT(intid - w.first);

	if (!s) {
		pass(gic.gicd + offset, a);
	} else if (a->write) {
		s->route = vgic_merge64(s->route, a->value, offset, a->size);
	} else {
		a->value = s->route >> 8 * (offset & 7);
		if (a->size == 4)
			a->value &= 0xffffffff;
	}
	if (!a->write)
		return;
	retract(&w, bit); /* pending ones go where the new route says */
	if (s)
		gic_spi_deliver(s);
}

static void ctlr(struct mmio_access *a)
{
	uint8_t groups = gic_groups();
	unsigned int i;

	if (!a->write) {
		a->value = gic.vctlr | GICD_CTLR_ARE |
			   (mmio_read32(gic.gicd + GICD_CTLR) & GICD_CTLR_RWP);
		if (gic.ds)
			a->value |= GICD_CTLR_DS;
		return;
	}
	gic.vctlr = (uint32_t)(a->value & (GICD_CTLR_GRP0 | GICD_CTLR_GRP1));
	if (gic_groups() == groups)
		return;
	for (i = 0; i < cpu_count(); i++)
		gic_request(&gic_cpus[i], GIC_GROUPS, 0, gic_groups());
}

/* Tables that point into the monitor's memory are not written anywhere. */
static void table(enum vgic_reg_kind kind, uint64_t base, uint32_t offset,
		  uint32_t whole, struct mmio_access *a)
{
	unsigned int idbits = gic.idbits, said;
	struct vgic_table t;
	uint64_t v;

	if (!a->write) {
		pass(base + offset, a);
		return;
	}
	v = vgic_merge64(mmio_read64(base + whole), a->value, offset, a->size);
	said = (unsigned int)FIELD_GET(GENMASK(4, 0), v) + 1;
	if (kind == VGIC_PROPBASER && said < idbits)
		idbits = said;
	t = vgic_table_of(kind, v, idbits);
	if (vgic_table_overlaps(&t, gic.p->monitor.base, gic.p->monitor.size)) {
		gic.refused++;
		log_guest("gicv3: table at %llx would be in the monitor's "
			  "memory: refused",
			  (unsigned long long)t.base);
		return;
	}
	phys_write(base + offset, a->size, a->value);
}

static int gicd_access(struct cpu *c, void *ctx, struct mmio_access *a)
{
	uint32_t offset = (uint32_t)(a->addr - gic.gicd);
	struct vgic_reg r = vgic_gicd_decode(offset, a->size, a->write);
	struct word w;

	if (!a->write)
		a->value = 0;
	gic_lock();
	switch (r.kind) {
	case VGIC_RAZ:
		break;
	case VGIC_PASS_RO:
		if (!a->write)
			pass(a->addr, a);
		break;
	case VGIC_CTLR:
		ctlr(a);
		break;
	case VGIC_MESSAGE:
		if (a->write && !gic_spi_is_own((uint32_t)a->value & 0x1fff))
			pass(a->addr, a);
		break;
	case VGIC_PRIORITY:
		priority(NULL, r.intid, a->addr, a);
		break;
	case VGIC_CONFIG:
		config(NULL, r.intid, a->addr, a);
		break;
	case VGIC_ROUTE:
		route(r.intid, offset, a);
		break;
	default:
		w = word_of(NULL, r.intid);
		if (a->write)
			bits_write(&w, r.kind, (uint32_t)a->value);
		else
			a->value = bits_read(&w, r.kind);
	}
	gic_unlock();
	return 0;
}

/* The guest's redistributor sleeps and wakes by itself; the real one is on. */
static void waker(struct gic_cpu *g, struct mmio_access *a)
{
	if (!gic.ds)
		return; /* reads as zero from the non-secure side */
	if (a->write)
		g->asleep = a->value & GICR_WAKER_SLEEP;
	else if (g->asleep)
		a->value = GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP;
}

static void gicr_frame(const struct frame *f, struct mmio_access *a)
{
	uint32_t offset = (uint32_t)(a->addr - f->base);
	struct vgic_reg r = vgic_gicr_decode(offset, a->size, a->write);
	struct word w;

	if (!f->g && r.kind != VGIC_PASS_RO)
		return;
	switch (r.kind) {
	case VGIC_RAZ:
		break;
	case VGIC_PASS_RO:
		if (!a->write)
			pass(a->addr, a);
		break;
	case VGIC_PASS:
		pass(a->addr, a);
		break;
	case VGIC_WAKER:
		waker(f->g, a);
		break;
	case VGIC_PROPBASER:
	case VGIC_PENDBASER:
		table(r.kind, f->base, offset, r.base, a);
		break;
	case VGIC_PRIORITY:
		priority(f->g, r.intid, a->addr, a);
		break;
	case VGIC_CONFIG:
		config(f->g, r.intid, a->addr, a);
		break;
	default:
		w = word_of(f->g, r.intid);
		if (a->write)
			bits_write(&w, r.kind, (uint32_t)a->value);
		else
			a->value = bits_read(&w, r.kind);
	}
}

static int gicr_access(struct cpu *c, void *ctx, struct mmio_access *a)
{
	unsigned int i;

	if (!a->write)
		a->value = 0;
	gic_lock();
	for (i = 0; i < frame_count; i++)
		if (a->addr - frames[i].base < frames[i].size) {
			gicr_frame(&frames[i], a);
			break;
		}
	gic_unlock();
	return 0;
}

static int its_access(struct cpu *c, void *ctx, struct mmio_access *a)
{
	const struct platform_range *its = ctx;
	uint32_t offset = (uint32_t)(a->addr - its->base);
	struct vgic_reg r = vgic_its_decode(offset, a->size, a->write);

	if (!a->write)
		a->value = 0;
	if (r.kind == VGIC_PASS) {
		pass(a->addr, a);
	} else if (r.kind != VGIC_RAZ) {
		gic_lock();
		table(r.kind, its->base, offset, r.base, a);
		gic_unlock();
	}
	return 0;
}

static struct gic_cpu *cpu_of(uint64_t typer)
{
	uint64_t aff = typer >> 32;
	const struct cpu *c =
		cpu_by_mpidr((aff & 0xff000000) << 8 | (aff & 0xffffff));

	return c ? &gic_cpus[c->id] : NULL;
}

/* The rest of a region, without frames, is as dead as it was: not trapped. */
static int find_frames(const struct platform_range *region)
{
	uint64_t base = region->base, end = base + region->size, typer = 0;

	while (!(typer & GICR_TYPER_LAST) && frame_count < MAX_FRAMES &&
	       end - base >= 2 * GIC_FRAME) {
		struct frame *f = &frames[frame_count++];

		typer = mmio_read64(base + GICR_TYPER);
		f->base = base;
		f->size = gic.p->gicr_stride;
		if (!f->size)
			f->size = typer & GICR_TYPER_VLPIS ? 4 * GIC_FRAME
							   : 2 * GIC_FRAME;
		if (f->size > end - base)
			break;
		f->g = cpu_of(typer);
		if (f->g)
			f->g->rd = base;
		base += f->size;
	}
	return mmio_trap_register(region->base, base - region->base,
				  gicr_access, NULL, "gicr");
}

/* Group 1 for all, affinity routing, on: the guest's settings are shadows. */
static void distributor_init(void)
{
	uint32_t v = mmio_read32(gic.gicd + GICD_CTLR);
	uint32_t typer = mmio_read32(gic.gicd + GICD_TYPER);
	unsigned int i, words = (typer & 31) + 1;

	gic.ds = v & GICD_CTLR_DS;
	gic.idbits = (typer >> 19 & 31) + 1;
	gic.vctlr = v & (uint32_t)(GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	for (i = 1; gic.ds && i < words; i++) {
		uint64_t a = gic.gicd + GICD_IGROUPR + 4 * i;

		gic.group[i] = mmio_read32(a);
		mmio_write32(a, 0xffffffff);
	}
	words = typer & BIT(8) ? (typer >> 27) + 1 : 0;
	for (i = 0; gic.ds && i < words; i++) {
		uint64_t a = gic.gicd + GICD_IGROUPR_E + 4 * i;

		gic.group[32 + i] = mmio_read32(a);
		mmio_write32(a, 0xffffffff);
	}
	mmio_write32(gic.gicd + GICD_CTLR,
		     v | GICD_CTLR_ARE | GICD_CTLR_GRP1 |
			     (gic.ds ? 0 : GICD_CTLR_GRP0));
}

int gic_dist_init(struct strbuf *why)
{
	const struct platform *p = gic.p;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < p->gicr_count; i++)
		err = find_frames(&p->gicr[i]);
	for (i = 0; !err && i < cpu_count(); i++)
		if (!gic_cpus[i].rd) {
			strbuf_printf(why, "CPU %u has no redistributor", i);
			return -ENODEV;
		}
	distributor_init();
	if (!err)
		err = mmio_trap_register(p->gicd.base, p->gicd.size,
					 gicd_access, NULL, "gicd");
	for (i = 0; !err && i < p->its_count; i++)
		err = mmio_trap_register(p->its[i].base, GIC_FRAME, its_access,
					 (void *)(uintptr_t)&p->its[i], "its");
	if (err)
		strbuf_printf(why, "GIC frames cannot be trapped (%d)", err);
	return err;
}
