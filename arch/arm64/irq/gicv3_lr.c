/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The GIC's system registers: the physical CPU interface, which is the
 * monitor's, and the list registers of the guest's. Decides nothing.
 */
#include "barrier.h"
#include "irq/gicv3.h"
#include "options.h"
#include "sysreg.h"

#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_DIR_EL1 S3_0_C12_C11_1
#define ICC_RPR_EL1 S3_0_C12_C11_3
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_BPR1_EL1 S3_0_C12_C12_3
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_IGRPEN0_EL1 S3_0_C12_C12_6
#define ICC_IAR0_EL1 S3_0_C12_C8_0
#define ICC_EOIR0_EL1 S3_0_C12_C8_1
#define ICC_SGI0R_EL1 S3_0_C12_C11_7
#define ICC_SRE_EL2 S3_4_C12_C9_5
#define ICH_AP0R0_EL2 S3_4_C12_C8_0
#define ICH_AP0R1_EL2 S3_4_C12_C8_1
#define ICH_AP0R2_EL2 S3_4_C12_C8_2
#define ICH_AP0R3_EL2 S3_4_C12_C8_3
#define ICH_AP1R0_EL2 S3_4_C12_C9_0
#define ICH_AP1R1_EL2 S3_4_C12_C9_1
#define ICH_AP1R2_EL2 S3_4_C12_C9_2
#define ICH_AP1R3_EL2 S3_4_C12_C9_3
#define ICH_HCR_EL2 S3_4_C12_C11_0
#define ICH_VTR_EL2 S3_4_C12_C11_1
#define ICH_ELRSR_EL2 S3_4_C12_C11_5
#define ICH_VMCR_EL2 S3_4_C12_C11_7

#define ICC_SRE_ALL 0xf /* Enable, DIB, DFB, SRE */

/* A system register's number is part of the instruction: hence no loop. */
static uint64_t lr_read(unsigned int i)
{
	switch (i) {
	case 0:
		return read_sysreg(S3_4_C12_C12_0);
	case 1:
		return read_sysreg(S3_4_C12_C12_1);
	case 2:
		return read_sysreg(S3_4_C12_C12_2);
	case 3:
		return read_sysreg(S3_4_C12_C12_3);
	case 4:
		return read_sysreg(S3_4_C12_C12_4);
	case 5:
		return read_sysreg(S3_4_C12_C12_5);
	case 6:
		return read_sysreg(S3_4_C12_C12_6);
	case 7:
		return read_sysreg(S3_4_C12_C12_7);
	case 8:
		return read_sysreg(S3_4_C12_C13_0);
	case 9:
		return read_sysreg(S3_4_C12_C13_1);
	case 10:
		return read_sysreg(S3_4_C12_C13_2);
	case 11:
		return read_sysreg(S3_4_C12_C13_3);
	case 12:
		return read_sysreg(S3_4_C12_C13_4);
	case 13:
		return read_sysreg(S3_4_C12_C13_5);
	case 14:
		return read_sysreg(S3_4_C12_C13_6);
	case 15:
		return read_sysreg(S3_4_C12_C13_7);
	default:
		return 0;
	}
}

static void lr_write(unsigned int i, uint64_t v)
{
	if (i == 0) { /* most are written here, and it is the hot path */
		write_sysreg(v, S3_4_C12_C12_0);
		return;
	}
	switch (i) {
	case 1:
		write_sysreg(v, S3_4_C12_C12_1);
		break;
	case 2:
		write_sysreg(v, S3_4_C12_C12_2);
		break;
	case 3:
		write_sysreg(v, S3_4_C12_C12_3);
		break;
	case 4:
		write_sysreg(v, S3_4_C12_C12_4);
		break;
	case 5:
		write_sysreg(v, S3_4_C12_C12_5);
		break;
	case 6:
		write_sysreg(v, S3_4_C12_C12_6);
		break;
	case 7:
		write_sysreg(v, S3_4_C12_C12_7);
		break;
	case 8:
		write_sysreg(v, S3_4_C12_C13_0);
		break;
	case 9:
		write_sysreg(v, S3_4_C12_C13_1);
		break;
	case 10:
		write_sysreg(v, S3_4_C12_C13_2);
		break;
	case 11:
		write_sysreg(v, S3_4_C12_C13_3);
		break;
	case 12:
		write_sysreg(v, S3_4_C12_C13_4);
		break;
	case 13:
		write_sysreg(v, S3_4_C12_C13_5);
		break;
	case 14:
		write_sysreg(v, S3_4_C12_C13_6);
		break;
	case 15:
		write_sysreg(v, S3_4_C12_C13_7);
		break;
	default:
		break;
	}
}

void gic_lr_load(struct gic_cpu *g)
{
	unsigned int i;

	for (i = 0; i < g->v.nr_lrs; i++)
		g->v.lr[i] = lr_read(i);
	g->v.split = read_sysreg(ICH_VMCR_EL2) & ICH_VMCR_VEOIM;
	vgic_loaded(&g->v);
}

/* With the queue nearly full, only what has priority 0 may still come. */
static void throttle(struct gic_cpu *g)
{
	bool full = g->v.nr_queue >=
		    (g->throttled ? VGIC_QUEUE_HIGH / 2 : VGIC_QUEUE_HIGH);

	if (full == g->throttled)
		return;
	g->throttled = full;
	write_sysreg(full ? gic.prio_mask & -gic.prio_mask : 0xff, ICC_PMR_EL1);
}

void gic_hcr_update(struct gic_cpu *g, bool force)
{
	uint64_t hcr = vgic_hcr(&g->v);

	if ((hcr & ICH_HCR_TDIR) && !gic.tds)
		hcr = (hcr & ~ICH_HCR_TDIR) | ICH_HCR_TC;
	if (!g->held)
		hcr |= ICH_HCR_EN;
	if (g->nr_level)
		hcr |= ICH_HCR_TALL1;
	if (hcr == g->hcr && !force)
		return;
	g->hcr = hcr;
	if (!force) /* what the guest ended is still to be looked at */
		hcr |= read_sysreg(ICH_HCR_EL2) & ICH_HCR_EOICOUNT;
	write_sysreg(hcr, ICH_HCR_EL2);
	isb(); /* orders it before the maintenance interrupt's deactivation */
}

void gic_lr_store(struct gic_cpu *g)
{
	unsigned int i;

	for (i = 0; i < g->v.nr_lrs; i++) {
		if (!(g->v.dirty >> i & 1))
			continue;
		lr_write(i, g->v.lr[i]);
		g->lr_intid[i] = (uint32_t)FIELD_GET(ICH_LR_VINTID, g->v.lr[i]);
	}
	isb(); /* orders them before the next look at which are free */
	g->v.dirty = 0;
	throttle(g);
	gic_hcr_update(g, false);
}

/* Might it be in a list register, or (evicted) have been? */
static bool may_be_known(const struct gic_cpu *g, uint32_t intid, uint32_t used)
{
	if (g->v.nr_evicted)
		return true;
	for (; used; used &= used - 1)
		if (g->lr_intid[__builtin_ctz(used)] == intid)
			return true;
	return false;
}

bool gic_lr_fast(struct gic_cpu *g, struct vgic_irq irq)
{
	uint32_t all = (uint32_t)BIT(g->v.nr_lrs) - 1;
	uint32_t free = (uint32_t)read_sysreg(ICH_ELRSR_EL2) & all;
	unsigned int i;

	if (!free || g->v.nr_queue)
		return false;
	if (!(g->v.groups &
	      (irq.flags & VGIC_GROUP1 ? VGIC_GRP1_ON : VGIC_GRP0_ON)))
		return false;
	if (!(irq.flags & VGIC_HW) && may_be_known(g, irq.intid, all & ~free))
		return false;
	i = (unsigned int)__builtin_ctz(free);
	lr_write(i, vgic_lr_encode(&irq, ICH_LR_PENDING));
	isb(); /* orders it before the next look at which are free */
	g->lr_intid[i] = irq.intid;
	return true;
}

void gic_prio_state(struct vgic_prio_state *ps)
{
	uint64_t ap1r0;

	*ps = (struct vgic_prio_state){.prebits = gic.prebits};
	ps->vmcr = (uint32_t)read_sysreg(ICH_VMCR_EL2);
	ps->ap0r[0] = (uint32_t)read_sysreg(ICH_AP0R0_EL2);
	ap1r0 = read_sysreg(ICH_AP1R0_EL2);
	ps->ap1r[0] = (uint32_t)ap1r0;
	ps->nmi = ap1r0 & ICH_AP1R0_NMI;
	if (gic.prebits >= 6) {
		ps->ap0r[1] = (uint32_t)read_sysreg(ICH_AP0R1_EL2);
		ps->ap1r[1] = (uint32_t)read_sysreg(ICH_AP1R1_EL2);
	}
	if (gic.prebits >= 7) {
		ps->ap0r[2] = (uint32_t)read_sysreg(ICH_AP0R2_EL2);
		ps->ap1r[2] = (uint32_t)read_sysreg(ICH_AP1R2_EL2);
		ps->ap0r[3] = (uint32_t)read_sysreg(ICH_AP0R3_EL2);
		ps->ap1r[3] = (uint32_t)read_sysreg(ICH_AP1R3_EL2);
	}
}

static void active_priorities_clear(void)
{
	write_sysreg(0, ICH_AP0R0_EL2);
	write_sysreg(0, ICH_AP1R0_EL2);
	if (gic.prebits >= 6) {
		write_sysreg(0, ICH_AP0R1_EL2);
		write_sysreg(0, ICH_AP1R1_EL2);
	}
	if (gic.prebits >= 7) {
		write_sysreg(0, ICH_AP0R2_EL2);
		write_sysreg(0, ICH_AP1R2_EL2);
		write_sysreg(0, ICH_AP0R3_EL2);
		write_sysreg(0, ICH_AP1R3_EL2);
	}
}

static void lrs_clear(struct gic_cpu *g)
{
	unsigned int i;

	for (i = 0; i < g->v.nr_lrs; i++) {
		lr_write(i, 0);
		g->lr_intid[i] = 0;
	}
}

void gic_interface_init(struct gic_cpu *g)
{
	write_sysreg(ICC_SRE_ALL, ICC_SRE_EL2);
	isb(); /* orders SRE before the registers that exist by it */
	lrs_clear(g);
	write_sysreg(0, ICH_VMCR_EL2);
	active_priorities_clear();
	g->hcr = ICH_HCR_EN;
	write_sysreg(g->hcr, ICH_HCR_EL2);
	write_sysreg(0, ICC_BPR1_EL1); /* becomes the least there is */
	write_sysreg(0xff, ICC_PMR_EL1);
	write_sysreg(ICC_CTLR_EOIMODE, ICC_CTLR_EL1);
	write_sysreg(1, ICC_IGRPEN1_EL1);
	if (gic.ds)
		write_sysreg(1, ICC_IGRPEN0_EL1);
	isb(); /* orders all that before the first interrupt */
}

void gic_interface_off(struct gic_cpu *g)
{
	write_sysreg(0, ICC_IGRPEN1_EL1);
	if (gic.ds)
		write_sysreg(0, ICC_IGRPEN0_EL1);
	lrs_clear(g);
	g->hcr = 0;
	write_sysreg(0, ICH_HCR_EL2);
	isb(); /* orders the disabling before power goes */
}

uint32_t gic_ack(void)
{
	uint32_t intid = (uint32_t)read_sysreg(ICC_IAR1_EL1) & 0xffffff;

	dsb(sy); /* orders the acknowledge before what depends on it */
	return intid;
}

bool gic_is_pending(void)
{
	return read_sysreg(isr_el1) & BIT(7);
}

uint64_t gic_running(void)
{
	return read_sysreg(ICC_RPR_EL1);
}

void gic_eoi(uint32_t intid)
{
	write_sysreg(intid, ICC_EOIR1_EL1);
	isb(); /* orders the priority drop before the next acknowledge */
}

void gic_deactivate(uint32_t intid)
{
	dsb(sy); /* orders device writes of its handler before it may come again
		  */
	write_sysreg(intid, ICC_DIR_EL1);
	isb(); /* orders the deactivation before the next acknowledge */
}

void gic_probe(void)
{
	uint64_t vtr, ctlr;

	write_sysreg(ICC_SRE_ALL, ICC_SRE_EL2);
	isb(); /* orders SRE before the registers that exist by it */
	vtr = read_sysreg(ICH_VTR_EL2);
	ctlr = read_sysreg(ICC_CTLR_EL1);
	gic.nr_lrs = (unsigned int)FIELD_GET(ICH_VTR_LISTREGS, vtr) + 1;
	if (gic.nr_lrs > VGIC_MAX_LRS)
		gic.nr_lrs = VGIC_MAX_LRS;
	if (options.list_registers && options.list_registers < gic.nr_lrs)
		gic.nr_lrs = options.list_registers;
	gic.prebits = (unsigned int)FIELD_GET(ICH_VTR_PREBITS, vtr) + 1;
	gic.tds = vtr & ICH_VTR_TDS;
	gic.prio_mask =
		(uint8_t)(0xff << (7 - FIELD_GET(ICC_CTLR_PRIBITS, ctlr)));
}

/* ICC_SGI1R_EL1 and ICC_SGI0R_EL1 for one CPU. */
static uint64_t sgi_to(uint32_t intid, const struct vgic_sgi_target *t)
{
	return t->where | t->bit | FIELD_PREP(VGIC_SGI_INTID, intid);
}

void gic_send_kick(const struct vgic_sgi_target *t)
{
	dsb(ish); /* orders what the other CPU is to see before the kick */
	write_sysreg(sgi_to(GIC_KICK_SGI, t), ICC_SGI1R_EL1);
	isb(); /* orders the kick before a wait for its effect */
}

void gic_send_question(const struct vgic_sgi_target *t)
{
	write_sysreg(sgi_to(GIC_ASK_SGI, t), ICC_SGI0R_EL1);
	isb(); /* orders it before the next one */
}

uint32_t gic_ack_group0(void)
{
	return (uint32_t)(read_sysreg(ICC_IAR0_EL1) & 0xffffff);
}

void gic_end_group0(uint32_t intid)
{
	write_sysreg(intid, ICC_EOIR0_EL1);
	isb(); /* orders the priority drop before the deactivation */
	gic_deactivate(intid);
}

uint64_t gic_vmcr_read(void)
{
	return read_sysreg(ICH_VMCR_EL2);
}

void gic_vmcr_write(uint64_t vmcr)
{
	write_sysreg(vmcr, ICH_VMCR_EL2);
	isb(); /* orders it before the list registers are weighed up again */
}

uint64_t gic_vtr_read(void)
{
	return read_sysreg(ICH_VTR_EL2);
}
