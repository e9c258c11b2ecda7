/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * SPIs that the monitor took for itself: physically its own, while the guest
 * goes on seeing an interrupt of that number, which it may configure and which
 * fires as set_level() (or the guest itself) says.
 */
#include "barrier.h"
#include "cpu.h"
#include "irq/gicv3.h"
#include "log.h"
#include "mmio.h"

bool gic_spi_is_own(uint32_t intid)
{
	unsigned int i = vgic_spi_index(intid);

	return i < VGIC_SPIS &&
	       (__atomic_load_n(&gic.own[i / 32], __ATOMIC_RELAXED) >>
			(i % 32) &
		1);
}

struct gic_spi *gic_spi_find(uint32_t intid)
{
	unsigned int i;

	for (i = 0; i < gic.nr_spi; i++)
		if (gic.spi[i].intid == intid)
			return &gic.spi[i];
	return NULL;
}

/* By the guest's IROUTER; any CPU that runs for "1 of N" or one that is off. */
static struct gic_cpu *target_of(const struct gic_spi *s)
{
	uint64_t aff = s->route & (GENMASK(39, 32) | GENMASK(23, 0));
	struct gic_cpu *any = NULL;
	unsigned int i;

	for (i = 0; i < cpu_count(); i++) {
		struct gic_cpu *g = &gic_cpus[i];

		if (!__atomic_load_n(&g->online, __ATOMIC_ACQUIRE))
			continue;
		if (!(s->route & BIT(31)) && cpu_get(i)->mpidr == aff)
			return g;
		if (!any)
			any = g;
	}
	return s->route & BIT(31) ? any : NULL;
}

void gic_spi_deliver(struct gic_spi *s)
{
	unsigned int i = vgic_spi_index(s->intid);
	struct vgic_irq irq = {s->intid, s->prio, VGIC_EOI};
	struct gic_cpu *g;

	/* an edge merges into what is held; a level waits until it is ended */
	if (!s->enable || (s->held && !s->edge) ||
	    !(s->latch || (s->level && !s->edge)))
		return;
	g = s->held ? &gic_cpus[s->held - 1] : target_of(s);
	if (!g)
		return;
	if (!gic.ds || gic.group[i / 32] >> (i % 32) & 1)
		irq.flags |= VGIC_GROUP1;
	if (s->nmi)
		gic_make_nmi(&irq);
	s->held = g->id + 1;
	s->latch = false;
	gic_post(g, &irq);
}

void gic_spi_taken(struct gic_spi *s)
{
	s->held = 0;
	if (s->edge)
		s->latch = true;
}

void gic_spi_ended(uint32_t intid)
{
	struct gic_spi *s;

	gic_lock();
	s = gic_spi_find(intid);
	if (s) {
		s->held = 0;
		gic_spi_deliver(s);
	}
	gic_unlock();
}

/* After this CPU's list registers were emptied. */
void gic_spi_cpu_off(struct gic_cpu *g)
{
	unsigned int i;

	for (i = 0; i < gic.nr_spi; i++)
		if (gic.spi[i].held == g->id + 1) {
			gic_spi_taken(&gic.spi[i]);
			gic_spi_deliver(&gic.spi[i]);
		}
}

static bool add(uint32_t intid, unsigned int i)
{
	struct gic_spi *s;
	uint32_t config;

	if (gic_spi_find(intid))
		return true;
	if (gic.nr_spi == GIC_MAX_VIRTUAL_SPI)
		return false;
	config = mmio_read32(
		gic.gicd +
		(intid < GIC_SPECIAL
			 ? GICD_ICFGR + intid / 16 * 4
			 : GICD_ICFGR_E + (intid - GIC_ESPI) / 16 * 4));
	s = &gic.spi[gic.nr_spi++];
	*s = (struct gic_spi){.intid = intid,
			      .edge = config >> (intid % 16 * 2 + 1) & 1};
	__atomic_fetch_or(&gic.own[i / 32], (uint32_t)BIT(i % 32),
			  __ATOMIC_RELEASE);
	return true;
}

void gicv3_own(uint32_t intid, unsigned int cpu)
{
	unsigned int i = vgic_spi_index(intid);
	uint32_t bit = (uint32_t)BIT(intid % 32), first;
	uint64_t a;

	if (i == VGIC_SPIS || cpu >= cpu_count())
		return;
	first = vgic_word_first(intid);
	gic_lock();
	if (add(intid, i)) {
		a = gic_bits(NULL, VGIC_ENABLE_CLEAR, first);
		mmio_write32(a, bit);
		a = gic_bits(NULL, VGIC_GROUP, first);
		if (gic.ds)
			mmio_write32(a, mmio_read32(a) | bit);
		mmio_write8(gic.gicd + (intid < GIC_SPECIAL
						? GICD_IPRIORITYR + intid
						: GICD_IPRIORITYR_E + intid -
							  GIC_ESPI),
			    0);
		mmio_write64(gic.gicd +
				     (intid < GIC_SPECIAL
					      ? GICD_IROUTER + 8 * intid
					      : GICD_IROUTER_E +
							8 * (intid - GIC_ESPI)),
			     cpu_get(cpu)->mpidr);
		/* the CPU that had it before may not have come to its end */
		mmio_write32(gic_bits(NULL, VGIC_ACTIVE_CLEAR, first), bit);
		mmio_write32(gic_bits(NULL, VGIC_ENABLE_SET, first), bit);
	} else {
		log_line("gicv3: no room to own interrupt %u", intid);
	}
	gic_unlock();
}

void gicv3_set_level(uint32_t intid, bool level)
{
	struct gic_spi *s;
	uint32_t first = vgic_word_first(intid), bit;
	unsigned int cpu;

	gic_lock();
	s = gic_spi_find(intid);
	if (s && s->level != level) {
		s->level = level;
		if (level && s->edge)
			s->latch = true;
		cpu = s->held;
		bit = (uint32_t)BIT(intid - first);
		/* a level that falls takes back what the guest has not seen */
		if (!level && !s->edge && cpu &&
		    gic_request(&gic_cpus[cpu - 1], GIC_TAKE_PENDING, first,
				bit)
			    .pending)
			s->held = 0;
		gic_spi_deliver(s);
	}
	gic_unlock();
}
