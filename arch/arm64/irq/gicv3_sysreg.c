/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The registers of the guest's CPU interface that are trapped: those that send
 * SGIs, always, and what has to be seen from time to time.
 */
#include <errno.h>

#include "cpu.h"
#include "esr.h"
#include "irq/gicv3.h"

#define SYS_ICC_PMR SYSREG_ENCODING(3, 0, 4, 6, 0)
#define SYS_ICC_RPR SYSREG_ENCODING(3, 0, 12, 11, 3)
#define SYS_ICC_CTLR SYSREG_ENCODING(3, 0, 12, 12, 4)
#define SYS_ICC_AP1R0 SYSREG_ENCODING(3, 0, 12, 9, 0)
#define SYS_ICC_NMIAR1 SYSREG_ENCODING(3, 0, 12, 9, 5)
#define SYS_ICC_DIR SYSREG_ENCODING(3, 0, 12, 11, 1)
#define SYS_ICC_ASGI1R SYSREG_ENCODING(3, 0, 12, 11, 6)
#define SYS_ICC_SGI0R SYSREG_ENCODING(3, 0, 12, 11, 7)
#define SYS_ICC_IAR1 SYSREG_ENCODING(3, 0, 12, 12, 0)
#define SYS_ICC_EOIR1 SYSREG_ENCODING(3, 0, 12, 12, 1)
#define SYS_ICC_HPPIR1 SYSREG_ENCODING(3, 0, 12, 12, 2)
#define SYS_ICC_BPR1 SYSREG_ENCODING(3, 0, 12, 12, 3)
#define SYS_ICC_IGRPEN1 SYSREG_ENCODING(3, 0, 12, 12, 7)

static void sgi_to(struct gic_cpu *t, uint32_t intid, bool to_group1)
{
	uint32_t bit = (uint32_t)BIT(intid);

	if (!__atomic_load_n(&t->online, __ATOMIC_ACQUIRE) ||
	    gic_private_group1(t, intid) != to_group1)
		return;
	/* seen by its kick, be that this one or one that is on its way */
	__atomic_fetch_or(&t->pend, bit, __ATOMIC_SEQ_CST);
	/* in this order: who enables it sets enable, and then looks at pend */
	if (__atomic_load_n(&t->enable, __ATOMIC_SEQ_CST) & bit)
		gic_nudge(t);
}

/* Where several clusters have a CPU of that bit. */
static bool search(uint64_t one, unsigned int *i) __attribute__((noinline));
static bool search(uint64_t one, unsigned int *i)
{
	for (*i = 0; *i < cpu_count(); ++*i)
		if (vgic_sgi_targets(one, &gic_cpus[*i].at))
			return true;
	return false;
}

static void send_sgi(struct cpu *c, uint64_t value, bool to_group1)
{
	uint32_t intid = (uint32_t)FIELD_GET(VGIC_SGI_INTID, value);
	uint64_t left = value & VGIC_SGI_LIST;

	if (value & VGIC_SGI_OTHERS) {
		for (unsigned int i = 0; i < cpu_count(); i++)
			if (&gic_cpus[i] != c->gic)
				sgi_to(&gic_cpus[i], intid, to_group1);
		return;
	}
	for (; left; left &= left - 1) {
		uint64_t one = (value & VGIC_SGI_WHERE) | (left & -left);
		unsigned int i = gic.by_bit[__builtin_ctzll(left)];

		if (vgic_sgi_targets(one, &gic_cpus[i].at) || search(one, &i))
			sgi_to(&gic_cpus[i], intid, to_group1);
	}
}

/* ICC_DIR_EL1 is trapped while active interrupts are out of list registers. */
static void deactivate(struct gic_cpu *g, uint32_t intid)
{
	struct vgic_irq over;
	bool found;

	gic_lr_load(g);
	found = vgic_dir(&g->v, intid, &over);
	vgic_refill(&g->v);
	gic_lr_store(g);
	if (!found)
		return;
	if (over.flags & VGIC_HW)
		gic_deactivate(intid);
	else if (over.flags & VGIC_EOI)
		gic_spi_ended(intid);
}

static int common_read(uint32_t enc, uint64_t *value)
{
	struct vgic_prio_state ps;

	switch (enc) {
	case SYS_ICC_PMR:
		*value = vgic_pmr_read(gic_vmcr_read());
		return 0;
	case SYS_ICC_CTLR:
		*value = vgic_ctlr_read(gic_vmcr_read(), gic_vtr_read());
		return 0;
	case SYS_ICC_RPR:
		gic_prio_state(&ps);
		*value = vgic_rpr_read(&ps);
		return 0;
	default:
		return -ENOENT;
	}
}

/*
 * Registers that are trapped together with ICC_DIR_EL1, and at the same times,
 * where ICH_HCR_EL2 has no TDIR.
 */
static int common_write(struct gic_cpu *g, uint32_t enc, uint64_t value)
{
	uint64_t vmcr = gic_vmcr_read();

	switch (enc) {
	case SYS_ICC_PMR:
		gic_vmcr_write(vgic_pmr_write(vmcr, value, gic.prio_mask));
		return 0;
	case SYS_ICC_CTLR:
		gic_vmcr_write(vgic_ctlr_write(vmcr, value));
		gic_lr_load(g);
		gic_lr_store(g); /* what is trapped depends on EOImode */
		return 0;
	default:
		return -ENOENT;
	}
}

/* What ICH_HCR_EL2.TALL1 traps. */
static bool is_group1(uint32_t enc)
{
	return enc == SYS_ICC_IAR1 || enc == SYS_ICC_EOIR1 ||
	       enc == SYS_ICC_HPPIR1 || enc == SYS_ICC_BPR1 ||
	       enc == SYS_ICC_IGRPEN1 || enc == SYS_ICC_NMIAR1 ||
	       (enc & ~3u) == SYS_ICC_AP1R0;
}

int gic_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *value)
{
	if (is_group1(enc)) {
		gic_level_look(c->gic);
		return -EAGAIN;
	}
	if (read)
		return common_read(enc, value);
	switch (enc) {
	case SYS_ICC_ASGI1R: /* the other state's: there is only one with DS */
		if (gic.ds)
			send_sgi(c, *value, true);
		return 0;
	case SYS_ICC_SGI0R:
		if (gic.ds)
			send_sgi(c, *value, false);
		return 0;
	case SYS_ICC_DIR:
		deactivate(c->gic, (uint32_t)*value & 0xffffff);
		return 0;
	default:
		return common_write(c->gic, enc, *value);
	}
}

bool gic_ipi(struct cpu *c, uint64_t value)
{
	send_sgi(c, value, true);
	return gic_private_due(c->gic);
}
