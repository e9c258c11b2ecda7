/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Priorities as the guest's CPU interface sees them: which interrupt runs,
 * which one would be signalled, and its registers while they are trapped.
 */
#include "vgic.h"

#include <stddef.h>

#include "gicv3_regs.h"

/* The group priority's mask as the binary point of this group sets it. */
static uint8_t group_mask(const struct vgic_prio_state *ps, bool group1)
{
	unsigned int least = 7 - ps->prebits, bpr;

	if (group1 && !(ps->vmcr & ICH_VMCR_VCBPR)) {
		bpr = (unsigned int)FIELD_GET(ICH_VMCR_VBPR1, ps->vmcr);
		bpr = bpr ? bpr - 1 : 0;
	} else {
		bpr = (unsigned int)FIELD_GET(ICH_VMCR_VBPR0, ps->vmcr);
	}
	if (bpr < least)
		bpr = least;
	return (uint8_t)(0xff << (bpr + 1));
}

/* Does the active priorities register say that one of this priority runs? */
static bool apr_has(const struct vgic_prio_state *ps,
		    const struct vgic_irq *irq)
{
	bool group1 = irq->flags & VGIC_GROUP1;
	unsigned int n =
		(irq->prio & group_mask(ps, group1)) >> (8 - ps->prebits);

	if (irq->flags & VGIC_NMI)
		return ps->nmi;
	return (group1 ? ps->ap1r : ps->ap0r)[n / 32] >> (n % 32) & 1;
}

/* Is there an active list register that accounts for this one's priority? */
static bool accounted(const struct vgic_cpu *v, const struct vgic_irq *irq,
		      uint8_t mask)
{
	unsigned int i;

	for (i = 0; i < v->nr_lrs; i++) {
		struct vgic_irq a = vgic_lr_decode(v->lr[i]);

		if ((v->lr[i] & ICH_LR_ACTIVE) &&
		    !((a.flags ^ irq->flags) & (VGIC_GROUP1 | VGIC_NMI)) &&
		    !((a.prio ^ irq->prio) & mask))
			return true;
	}
	return false;
}

bool vgic_is_running(const struct vgic_cpu *v, const struct vgic_prio_state *ps,
		     const struct vgic_irq *irq)
{
	uint8_t mask = group_mask(ps, irq->flags & VGIC_GROUP1);

	return apr_has(ps, irq) && !accounted(v, irq, mask);
}

/* The running priority: that of the most urgent active one. */
unsigned int vgic_running_prio(const struct vgic_prio_state *ps)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		uint32_t ap = ps->ap0r[i] | ps->ap1r[i];

		if (ap)
			return (32 * i + (unsigned int)__builtin_ctz(ap))
			       << (8 - ps->prebits);
	}
	return VGIC_IDLE;
}

unsigned int vgic_running_rank(const struct vgic_prio_state *ps)
{
	return ps->nmi ? 0 : 1 + vgic_running_prio(ps);
}

uint64_t vgic_rpr_read(const struct vgic_prio_state *ps)
{
	unsigned int running = vgic_running_prio(ps);

	if (ps->nmi)
		return ICC_RPR_NMI;
	return running == VGIC_IDLE ? 0xff : running;
}

bool vgic_can_take(const struct vgic_cpu *v, const struct vgic_prio_state *ps)
{
	unsigned int running = vgic_running_rank(ps), i;
	uint8_t pmr = (uint8_t)FIELD_GET(ICH_VMCR_VPMR, ps->vmcr);

	for (i = 0; i < v->nr_lrs; i++) {
		bool group1 = v->lr[i] & ICH_LR_GROUP1;
		struct vgic_irq irq = vgic_lr_decode(v->lr[i]);

		if ((v->lr[i] & ICH_LR_STATE) != ICH_LR_PENDING ||
		    !(ps->vmcr & (group1 ? ICH_VMCR_VENG1 : ICH_VMCR_VENG0)) ||
		    (irq.prio >= pmr && !(irq.flags & VGIC_NMI)))
			continue;
		irq.prio &= group_mask(ps, group1);
		if (vgic_rank(&irq) < running)
			return true;
	}
	return false;
}

uint8_t vgic_pmr_read(uint64_t vmcr)
{
	return (uint8_t)FIELD_GET(ICH_VMCR_VPMR, vmcr);
}

uint64_t vgic_pmr_write(uint64_t vmcr, uint64_t value, uint8_t prio_mask)
{
	return (vmcr & ~ICH_VMCR_VPMR) |
	       FIELD_PREP(ICH_VMCR_VPMR, value & prio_mask);
}

uint64_t vgic_ctlr_read(uint64_t vmcr, uint64_t vtr)
{
	uint64_t v =
		FIELD_PREP(ICC_CTLR_PRIBITS, FIELD_GET(ICH_VTR_PRIBITS, vtr)) |
		FIELD_PREP(ICC_CTLR_IDBITS, FIELD_GET(ICH_VTR_IDBITS, vtr));

	if (vmcr & ICH_VMCR_VCBPR)
		v |= ICC_CTLR_CBPR;
	if (vmcr & ICH_VMCR_VEOIM)
		v |= ICC_CTLR_EOIMODE;
	if (vtr & ICH_VTR_SEIS)
		v |= ICC_CTLR_SEIS;
	if (vtr & ICH_VTR_A3V)
		v |= ICC_CTLR_A3V;
	return v;
}

uint64_t vgic_ctlr_write(uint64_t vmcr, uint64_t value)
{
	vmcr &= ~(ICH_VMCR_VCBPR | ICH_VMCR_VEOIM);
	if (value & ICC_CTLR_CBPR)
		vmcr |= ICH_VMCR_VCBPR;
	if (value & ICC_CTLR_EOIMODE)
		vmcr |= ICH_VMCR_VEOIM;
	return vmcr;
}
