/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * GICv3: the physical CPU interface is the monitor's (EOImode 1), the guest has
 * the virtual one. What arrives is given on through list registers, which live
 * in hardware between exits; a guest's SGIs never leave software.
 */
#include <errno.h>

#include "barrier.h"
#include "clock.h"
#include "cpu.h"
#include "heartbeat.h"
#include "irq/gicv3.h"
#include "log.h"
#include "mmio.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "timer.h"

#define HANDLE_MAX 64 /* interrupts taken before the guest has its turn */
#define WAKE_US 10000

struct gic gic;
struct gic_cpu gic_cpus[PLATFORM_MAX_CPUS];

uint8_t gic_groups(void)
{
	uint32_t vctlr = __atomic_load_n(&gic.vctlr, __ATOMIC_SEQ_CST);
	uint8_t groups = 0;

	if (vctlr & GICD_CTLR_GRP1)
		groups |= VGIC_GRP1_ON;
	if (gic.ds && (vctlr & GICD_CTLR_GRP0))
		groups |= VGIC_GRP0_ON;
	return groups;
}

uint64_t gic_bits(const struct gic_cpu *g, enum vgic_reg_kind kind,
		  uint32_t first)
{
	return (vgic_is_private(first) ? g->rd : gic.gicd) +
	       vgic_bit_offset(kind, first);
}

bool gic_is_edge(const struct gic_cpu *g, uint32_t intid)
{
	uint64_t a = gic.gicd;
	uint32_t n = intid;

	if (vgic_is_private(intid)) {
		a = g->rd + GIC_FRAME;
		n = intid < GIC_PRIVATE ? intid
					: intid - GIC_EPPI + GIC_PRIVATE;
	} else if (intid >= GIC_ESPI) {
		a += GICD_ICFGR_E - GICD_ICFGR;
		n = intid - GIC_ESPI;
	}
	return mmio_read32(a + GICD_ICFGR + n / 16 * 4) >> (n % 16 * 2 + 1) & 1;
}

void gic_give_back(const struct gic_cpu *g, uint32_t intid)
{
	uint32_t first = vgic_word_first(intid);
	uint32_t bit = (uint32_t)BIT(intid - first);

	if (gic_is_edge(g, intid))
		mmio_write32(gic_bits(g, VGIC_PEND_SET, first), bit);
	mmio_write32(gic_bits(g, VGIC_ACTIVE_CLEAR, first), bit);
}

static bool group1(const struct gic_cpu *g, uint32_t intid)
{
	unsigned int i;

	if (!gic.ds || intid >= GIC_LPI)
		return true;
	if (intid < GIC_PRIVATE)
		return gic_private_group1(g, intid);
	i = vgic_spi_index(intid);
	if (i < VGIC_SPIS)
		return gic.group[i / 32] >> (i % 32) & 1;
	i = 1 + (intid - GIC_EPPI) / 32;
	return i < 3 && (g->group[i] >> (intid % 32) & 1);
}

void gic_make_nmi(struct vgic_irq *irq)
{
	if (!(irq->flags & VGIC_GROUP1))
		return;
	irq->flags |= VGIC_NMI;
	irq->prio = 0;
}

/* The virtual private interrupts that are due become real to the guest. */
static void private_flush(struct gic_cpu *g)
{
	uint32_t due = __atomic_load_n(&g->enable, __ATOMIC_RELAXED);

	due &= __atomic_fetch_and(&g->pend, ~due, __ATOMIC_ACQ_REL);
	for (; due; due &= due - 1) {
		uint32_t intid = (uint32_t)__builtin_ctz(due);
		uint32_t bit = (uint32_t)BIT(intid);
		struct vgic_irq irq = {intid, g->prio[intid], 0};

		if (gic_private_group1(g, intid))
			irq.flags |= VGIC_GROUP1;
		if (g->nmi & bit)
			gic_make_nmi(&irq);
		if (gic_inject(g, irq) == VGIC_FULL)
			__atomic_fetch_or(&g->pend, bit, __ATOMIC_RELAXED);
	}
}

/* The guest finished something whose end we must see, or room was made. */
static void maintenance(struct gic_cpu *g) __attribute__((noinline));
static void maintenance(struct gic_cpu *g)
{
	uint32_t ended[VGIC_MAX_LRS];
	struct vgic_prio_state ps;
	struct vgic_irq over;
	unsigned int i, n;

	g->maintained++;
	gic_lr_load(g);
	n = vgic_take_ended(&g->v, ended);
	if (g->v.nr_evicted && !g->v.split) {
		gic_prio_state(&ps);
		while (vgic_reap(&g->v, &ps, &over)) {
			if (over.flags & VGIC_HW)
				gic_deactivate(over.intid);
			else if ((over.flags & VGIC_EOI) && n < VGIC_MAX_LRS)
				ended[n++] = over.intid;
		}
	}
	vgic_refill(&g->v);
	gic_lr_store(g);
	gic_hcr_update(g, true);
	for (i = 0; i < n; i++)
		gic_spi_ended(ended[i]);
}

/* One of the guest's: from here on it is in its virtual CPU interface. */
static void forward(struct gic_cpu *g, uint32_t intid) __attribute__((noinline));
static void forward(struct gic_cpu *g, uint32_t intid)
{
	uint64_t running = gic_running();
	struct vgic_irq irq = {intid, (uint8_t)running, 0};
	unsigned int i = vgic_spi_index(intid);

	gic_eoi(intid);
	if (group1(g, intid))
		irq.flags |= VGIC_GROUP1;
	if (running & (ICC_RPR_NMI | ICC_RPR_NMI_NS))
		gic_make_nmi(&irq);
	if (intid < GIC_LPI)
		irq.flags |= VGIC_HW;
	if (i < VGIC_SPIS)
		gic.holder[i] = (uint8_t)(g->id + 1);
	if (gic_inject(g, irq) != VGIC_FULL) {
		gic_level_note(g, &irq);
		return;
	}
	if (irq.flags & VGIC_HW)
		gic_give_back(g, intid);
	else
		g->lost++;
}

static void take(struct cpu *c, uint32_t intid)
{
	struct gic_cpu *g = c->gic;

	if (intid < GIC_SGIS) {
		gic_eoi(intid);
		gic_deactivate(intid);
		__atomic_store_n(&g->kicked, 0, __ATOMIC_RELEASE);
		dmb(ish); /* orders it before the looks at what it was for */
		if (intid == GIC_KICK_SGI)
			irq_kicked(c);
	} else if (intid == gic.p->gic_maintenance_irq) {
		gic_eoi(intid);
		maintenance(g);
		gic_deactivate(intid);
	} else if (intid == gic.p->el2_timer_irq || gic_spi_is_own(intid)) {
		gic_eoi(intid);
		irq_own(c, intid);
		gic_deactivate(intid);
	} else {
		forward(g, intid);
	}
}

static void work_flush(struct gic_cpu *g) __attribute__((noinline));
static void work_flush(struct gic_cpu *g)
{
	uint32_t work = __atomic_exchange_n(&g->work, 0, __ATOMIC_SEQ_CST);

	if (work & GIC_WORK_MAIL) {
		gic_mail_serve(g);
		gic_groups_follow(g);
	}
	if (work & GIC_WORK_INBOX)
		gic_inbox_drain(g);
}

static void flush(struct gic_cpu *g) __attribute__((noinline));
static void flush(struct gic_cpu *g)
{
	if (__atomic_load_n(&g->work, __ATOMIC_RELAXED))
		work_flush(g);
	private_flush(g);
}

/* No more than a look, most of the time. */
static inline void do_work(struct gic_cpu *g) __attribute__((always_inline));
static inline void do_work(struct gic_cpu *g)
{
	if (gic_private_due(g) || __atomic_load_n(&g->work, __ATOMIC_RELAXED))
		flush(g);
}

/* Group 0 is this side's own where there is one security state only. */
static bool gicv3_can_ask(void)
{
	return gic.ds;
}

static bool gicv3_asked(struct cpu *c)
{
	uint32_t intid = gic.ds ? gic_ack_group0() : GIC_SPURIOUS;

	if (intid >= GIC_SPECIAL && intid <= GIC_SPURIOUS)
		return false;
	if (intid == gic.p->el2_timer_irq)
		timer_put_off(c, HEARTBEAT_ASK * HEARTBEAT_TICK_US);
	gic_end_group0(intid);
	return true;
}

/* Asked where FIQs are masked; and what the question took from the timer. */
static void timer_handle(struct cpu *c) __attribute__((noinline));
static void timer_handle(struct cpu *c)
{
	gicv3_asked(c);
	if (c->timer_put_off)
		irq_own(c, gic.p->el2_timer_irq);
	timer_recall(c);
}

static void gicv3_handle(struct cpu *c)
{
	unsigned int left = HANDLE_MAX;

	do {
		uint32_t intid = gic_ack();

		if (intid >= GIC_SPECIAL && intid <= GIC_SPURIOUS)
			break;
		take(c, intid);
	} while (--left && gic_is_pending());
	if (gic.timer_asks)
		timer_handle(c);
	do_work(c->gic);
}

static void gicv3_enter(struct cpu *c)
{
	do_work(c->gic);
}

static void gicv3_hold(struct cpu *c, bool hold)
{
	c->gic->held = hold;
	gic_hcr_update(c->gic, false);
}

/*
 * What the virtual CPU interface would signal, computed, since no register
 * says it: a pending list register whose group is on, above the guest's mask
 * and its running priority. Pending alone is not enough: a masked one does not
 * end a WFI.
 */
static bool gicv3_pending(struct cpu *c)
{
	struct vgic_prio_state ps;

	do_work(c->gic);
	gic_lr_load(c->gic);
	gic_prio_state(&ps);
	return vgic_can_take(&c->gic->v, &ps);
}

static void gicv3_kick(unsigned int cpu)
{
	if (cpu < cpu_count())
		gic_kick(&gic_cpus[cpu]);
}

static void gicv3_ask(unsigned int cpu)
{
	gic_send_question(&gic_cpus[cpu].at);
}

static bool wake(uint64_t rd)
{
	uint64_t end = clock_us() + WAKE_US;

	mmio_write32(rd + GICR_WAKER, mmio_read32(rd + GICR_WAKER) &
					      ~(uint32_t)GICR_WAKER_SLEEP);
	while (mmio_read32(rd + GICR_WAKER) & GICR_WAKER_ASLEEP) {
		if (clock_us() > end)
			return false;
		cpu_relax();
	}
	return true;
}

/* Private interrupts: ours on, at the highest priority; all others in group 1. */
static void redistributor_init(struct gic_cpu *g)
{
	uint64_t sgi = g->rd + GIC_FRAME;
	uint32_t ours = (uint32_t)BIT(GIC_KICK_SGI);
	uint32_t extended = mmio_read32(g->rd + GICR_TYPER) >> 27; /* PPIs */

	if (!wake(g->rd))
		log_line("gicv3: redistributor of CPU %u does not wake", g->id);
	if (gic.ds) {
		uint64_t asks = BIT(GIC_ASK_SGI);

		if (gic.timer_asks && gic.p->el2_timer_irq < GIC_PRIVATE)
			asks |= BIT(gic.p->el2_timer_irq);
		mmio_write32(sgi + GICD_IGROUPR, ~(uint32_t)asks);
		ours |= (uint32_t)BIT(GIC_ASK_SGI);
		if (extended)
			mmio_write32(sgi + GICD_IGROUPR + 4, 0xffffffff);
		if (extended > 1)
			mmio_write32(sgi + GICD_IGROUPR + 8, 0xffffffff);
	}
	mmio_write8(sgi + GICD_IPRIORITYR + GIC_ASK_SGI, 0);
	mmio_write8(sgi + GICD_IPRIORITYR + GIC_KICK_SGI, 0);
	if (gic.p->el2_timer_irq < GIC_PRIVATE) {
		ours |= (uint32_t)BIT(gic.p->el2_timer_irq);
		mmio_write8(sgi + GICD_IPRIORITYR + gic.p->el2_timer_irq, 0);
	}
	if (gic.p->gic_maintenance_irq < GIC_PRIVATE) {
		ours |= (uint32_t)BIT(gic.p->gic_maintenance_irq);
		mmio_write8(sgi + GICD_IPRIORITYR + gic.p->gic_maintenance_irq,
			    0);
	}
	mmio_write32(sgi + GICD_ISENABLER, ours);
}

static void gicv3_cpu_init(struct cpu *c)
{
	struct gic_cpu *g = &gic_cpus[c->id];

	c->gic = g;
	g->id = c->id;
	g->v.nr_lrs = gic.nr_lrs;
	g->v.nr_queue = 0;
	g->v.nr_evicted = 0;
	g->v.groups = gic_groups();
	g->held = false;
	g->throttled = false;
	g->pend = 0;
	g->kicked = 0;
	g->nr_level = 0;
	g->nr_inbox = 0;
	g->asleep = true;
	gic_interface_init(g);
	if (g->rd)
		redistributor_init(g);
	else
		log_line("gicv3: CPU %u has no redistributor", c->id);
	__atomic_store_n(&g->work, GIC_WORK_ALL, __ATOMIC_RELAXED);
	__atomic_store_n(&g->online, 1, __ATOMIC_SEQ_CST);
}

/* Somebody else's to finish: an LPI that this CPU had taken already. */
static void hand_over(const struct vgic_irq *irq)
{
	unsigned int i;

	for (i = 0; i < cpu_count(); i++)
		if (__atomic_load_n(&gic_cpus[i].online, __ATOMIC_ACQUIRE)) {
			gic_post(&gic_cpus[i], irq);
			return;
		}
}

/*
 * What the guest had not taken yet goes back to the distributor, or to another
 * CPU where it is an LPI, which nothing can make pending once more. SGIs end.
 */
static void gicv3_cpu_off(struct cpu *c)
{
	struct gic_cpu *g = c->gic;
	struct vgic_irq irq;

	gic_lock();
	gic_inbox_drain(g);
	__atomic_store_n(&g->online, 0, __ATOMIC_SEQ_CST);
	gic_mail_serve(g);
	gic_inbox_drain(g); /* posts are made under the lock: this is all */
	gic_lr_load(g);
	while (vgic_take_any(&g->v, &irq)) {
		if (irq.flags & VGIC_HW)
			gic_give_back(g, irq.intid);
		else if (irq.intid >= GIC_LPI)
			hand_over(&irq);
	}
	g->v.nr_evicted = 0;
	gic_spi_cpu_off(g);
	gic_interface_off(g);
	gic_unlock();
}

static int gicv3_init(const struct platform *p, struct strbuf *why)
{
	int err;

	gic.p = p;
	gic.gicd = p->gicd.base;
	for (unsigned int i = cpu_count(); i-- > 0;) {
		struct vgic_sgi_target at = vgic_sgi_target(cpu_get(i)->mpidr);

		gic_cpus[i].at = at;
		gic.by_bit[__builtin_ctz(at.bit)] = (uint8_t)i;
	}
	gic_probe();
	err = gic_dist_init(why);
	gic.timer_asks = gic.ds && cpu_count() == 1;
	return err;
}

static void gicv3_info(struct strbuf *out)
{
	unsigned int i;

	strbuf_printf(out, "gicv3: %u list registers, %s, refused %llu\n",
		      gic.nr_lrs, gic.ds ? "one security state" : "non-secure",
		      (unsigned long long)gic.refused);
	for (i = 0; i < cpu_count(); i++) {
		const struct gic_cpu *g = &gic_cpus[i];

		strbuf_printf(out,
			      "cpu %u: %s injected %llu slow %llu "
			      "maintenance %llu queued %u evicted %u "
			      "lost %llu\n",
			      i, g->online ? "on" : "off",
			      (unsigned long long)g->injected,
			      (unsigned long long)g->spilled,
			      (unsigned long long)g->maintained, g->v.nr_queue,
			      g->v.nr_evicted, (unsigned long long)g->lost);
	}
	for (i = 0; i < gic.nr_spi; i++)
		strbuf_printf(out, "own interrupt %u%s%s\n", gic.spi[i].intid,
			      gic.spi[i].enable ? " enabled by the guest" : "",
			      gic.spi[i].level ? " high" : "");
}

const struct irqchip_ops gicv3_ops = {
	.name = "gicv3",
	.init = gicv3_init,
	.cpu_init = gicv3_cpu_init,
	.cpu_off = gicv3_cpu_off,
	.handle = gicv3_handle,
	.enter = gicv3_enter,
	.hold = gicv3_hold,
	.pending = gicv3_pending,
	.kick = gicv3_kick,
	.can_ask = gicv3_can_ask,
	.ask = gicv3_ask,
	.asked = gicv3_asked,
	.own = gicv3_own,
	.set_level = gicv3_set_level,
	.sysreg = gic_sysreg,
	.ipi_register = ESR_SYSREG_WRITE(3, 0, 12, 11, 5), /* ICC_SGI1R_EL1 */
	.ipi = gic_ipi,
	.info = gicv3_info,
};
