/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The registers with a bit for each interrupt, as the guest sees them: the
 * hardware's, what waits in list registers (active there, pending to the
 * guest), and what the monitor plays.
 */
#include "barrier.h"
#include "cpu.h"
#include "irq/gicv3.h"
#include "mmio.h"

uint32_t gic_private_played(void)
{
	uint32_t m = (uint32_t)BIT(GIC_SGIS) - 1;

	if (gic.p->gic_maintenance_irq < GIC_PRIVATE)
		m |= (uint32_t)BIT(gic.p->gic_maintenance_irq);
	if (gic.p->el2_timer_irq < GIC_PRIVATE)
		m |= (uint32_t)BIT(gic.p->el2_timer_irq);
	return m;
}

struct gic_word gic_word_of(struct gic_cpu *g, uint32_t first)
{
	struct gic_word w = {g, first, 0};

	if (first < GIC_PRIVATE)
		w.played = gic_private_played();
	else if (!g)
		w.played = gic.own[vgic_spi_index(first) / 32];
	return w;
}

static uint32_t hw_read(const struct gic_word *w, enum vgic_reg_kind kind)
{
	return mmio_read32(gic_bits(w->g, kind, w->first)) & ~w->played;
}

static void hw_write(const struct gic_word *w, enum vgic_reg_kind kind,
		     uint32_t v)
{
	v &= ~w->played;
	if (v)
		mmio_write32(gic_bits(w->g, kind, w->first), v);
}

/* Played SPIs of a word one after the other: NULL when there are no more. */
static struct gic_spi *spi_next(const struct gic_word *w, uint32_t *bits)
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
static struct vgic_held ask(const struct gic_word *w, enum gic_op op,
			    uint32_t mask)
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
void gic_retract(const struct gic_word *w, uint32_t mask)
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

static uint32_t enable_read(const struct gic_word *w)
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

static void enable_write(const struct gic_word *w, uint32_t v)
{
	struct gic_spi *s;

	hw_write(w, VGIC_ENABLE_SET, v);
	if (w->g && (v & w->played)) {
		__atomic_fetch_or(&w->g->enable, v & w->played,
				  __ATOMIC_RELEASE);
		dmb(ish); /* orders it before the look at pend */
		gic_nudge(w->g);
	}
	while ((s = spi_next(w, &v))) {
		s->enable = true;
		gic_spi_deliver(s);
	}
}

static void disable_write(const struct gic_word *w, uint32_t v)
{
	uint32_t left = v;
	struct gic_spi *s;

	hw_write(w, VGIC_ENABLE_CLEAR, v);
	if (w->g)
		__atomic_fetch_and(&w->g->enable, ~(v & w->played),
				   __ATOMIC_RELEASE);
	while ((s = spi_next(w, &left)))
		s->enable = false;
	gic_retract(w, v);
}

static uint32_t pending_read(const struct gic_word *w)
{
	uint32_t v = hw_read(w, VGIC_PEND_SET), left = w->played;
	struct gic_spi *s;

	/* first where they come from: they go on to list registers */
	if (w->g)
		v |= __atomic_load_n(&w->g->pend, __ATOMIC_ACQUIRE) & w->played;
	v |= ask(w, GIC_QUERY, ~0u).pending;
	if (w->g)
		return v;
	while ((s = spi_next(w, &left)))
		if (s->latch || (s->level && !s->edge))
			v |= (uint32_t)BIT(s->intid - w->first);
	return v;
}

static void pending_set(const struct gic_word *w, uint32_t v)
{
	struct gic_spi *s;

	if (!v)
		return;
	gic_level_set_by_software(w, v);
	/* what waits in a list register already would come twice */
	hw_write(w, VGIC_PEND_SET, v & ~ask(w, GIC_QUERY, v).pending);
	if (w->g && (v & w->played)) {
		__atomic_fetch_or(&w->g->pend, v & w->played, __ATOMIC_RELEASE);
		gic_nudge(w->g);
	}
	while ((s = spi_next(w, &v))) {
		s->latch = true;
		gic_spi_deliver(s);
	}
}

static void pending_clear(const struct gic_word *w, uint32_t v)
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

static uint32_t active_read(const struct gic_word *w)
{
	struct vgic_held h = ask(w, GIC_QUERY, ~0u);

	return (hw_read(w, VGIC_ACTIVE_SET) & ~(h.pending & ~h.active)) |
	       h.active;
}

/* Those that the monitor plays are made active by acknowledging only. */
static void active_set(const struct gic_word *w, uint32_t v)
{
	uint32_t taken;

	v &= ~w->played;
	if (!v)
		return;
	taken = ask(w, GIC_TAKE_PENDING, v).pending;
	hw_write(w, VGIC_PEND_SET, taken);
	hw_write(w, VGIC_ACTIVE_SET, v);
}

static void active_clear(const struct gic_word *w, uint32_t v)
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

static uint32_t nmi_read(const struct gic_word *w)
{
	uint32_t v, left = w->played;
	struct gic_spi *s;

	if (!gic.nmi)
		return 0;
	v = hw_read(w, VGIC_INMIR);
	if (w->g)
		return v | (w->g->nmi & w->played);
	while ((s = spi_next(w, &left)))
		if (s->nmi)
			v |= (uint32_t)BIT(s->intid - w->first);
	return v;
}

/* What is pending already comes anew. */
static void nmi_write(const struct gic_word *w, uint32_t v)
{
	uint32_t left = w->played, changed;
	struct gic_spi *s;

	if (!gic.nmi)
		return;
	changed = v ^ nmi_read(w);
	if (!changed)
		return;
	if (w->g && w->played)
		w->g->nmi = v & w->played;
	gic_retract(w, changed);
	mmio_write32(gic_bits(w->g, VGIC_INMIR, w->first), v & ~w->played);
	if (w->g)
		gic_nudge(w->g);
	while ((s = spi_next(w, &left))) {
		s->nmi = v >> (s->intid - w->first) & 1;
		gic_spi_deliver(s);
	}
}

static uint32_t *group_word(const struct gic_word *w)
{
	if (!w->g)
		return &gic.group[vgic_spi_index(w->first) / 32];
	return &w->g->group[w->first < GIC_PRIVATE
				    ? 0
				    : 1 + (w->first - GIC_EPPI) / 32];
}

uint32_t gic_bits_read(const struct gic_word *w, enum vgic_reg_kind kind)
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
	case VGIC_INMIR:
		return nmi_read(w);
	default:
		return 0;
	}
}

void gic_bits_write(const struct gic_word *w, enum vgic_reg_kind kind,
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
	case VGIC_INMIR:
		nmi_write(w, v);
		break;
	default:
		break;
	}
}
