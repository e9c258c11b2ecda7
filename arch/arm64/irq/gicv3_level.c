/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Level interrupts whose line falls before the guest takes them: the GIC takes
 * such a one back by itself, a list register does not. Those that arrive while
 * the guest cannot take any are remembered; its next look at the CPU interface
 * (ICH_HCR_EL2.TALL1) or at their pending bits finds the line as it is then.
 */
#include "cpu.h"
#include "irq/gicv3.h"
#include "mmio.h"
#include "pstate.h"

static bool line_is_high(const struct gic_cpu *g, uint32_t intid)
{
	uint32_t first = vgic_word_first(intid);

	/* of an active level interrupt this is the line */
	return mmio_read32(gic_bits(g, VGIC_PEND_SET, first)) >>
		       (intid - first) &
	       1;
}

static uint32_t *by_software(struct gic_cpu *g, uint32_t intid)
{
	return vgic_is_private(intid) ? &g->soft : &gic.soft[intid / 32];
}

void gic_level_set_by_software(const struct gic_word *w, uint32_t v)
{
	if (w->g && w->first < GIC_PRIVATE)
		w->g->soft |= v;
	else if (!w->g && w->first < GIC_SPECIAL)
		gic.soft[w->first / 32] |= v;
}

void gic_level_note(struct gic_cpu *g, const struct vgic_irq *irq)
{
	const struct cpu *c = cpu_get(g->id);
	uint64_t mask = FIELD_GET(ICH_VMCR_VPMR, gic_vmcr_read());

	if (!(c->vcpu.pstate & (PSTATE_I | PSTATE_ALLINT)) && mask > irq->prio)
		return; /* it is taken at once */
	if (irq->intid >= GIC_SPECIAL || g->nr_level == GIC_LEVELS ||
	    *by_software(g, irq->intid) & BIT(irq->intid % 32) ||
	    gic_is_edge(g, irq->intid) || !line_is_high(g, irq->intid))
		return;
	g->level[g->nr_level++] = irq->intid;
	gic_hcr_update(g, false);
}

/* Its copy of the list registers is loaded. */
static void take_back(struct gic_cpu *g, uint32_t intid)
{
	uint32_t first = vgic_word_first(intid);

	if (vgic_take_pending(&g->v, first, (uint32_t)BIT(intid - first)))
		gic_give_back(g, intid);
}

void gic_level_check(struct gic_cpu *g)
{
	unsigned int i, kept = 0;

	if (!g->nr_level)
		return;
	gic_lr_load(g);
	for (i = 0; i < g->nr_level; i++) {
		if (line_is_high(g, g->level[i]))
			g->level[kept++] = g->level[i];
		else
			take_back(g, g->level[i]);
	}
	g->nr_level = kept;
	vgic_refill(&g->v);
	gic_lr_store(g);
}

void gic_level_look(struct gic_cpu *g)
{
	gic_level_check(g);
	g->nr_level = 0;
	gic_hcr_update(g, false);
}
