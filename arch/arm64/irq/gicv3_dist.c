/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Trapped accesses to the distributor, the redistributors and the ITS: which
 * go to the hardware, which are played here, which are refused.
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

/* The priority byte of one that the monitor plays, else NULL. */
static uint8_t *played_priority(struct gic_cpu *g, uint32_t intid)
{
	struct gic_spi *s;

	if (g)
		return intid < GIC_PRIVATE &&
				       (gic_private_played() >> intid & 1)
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
	struct gic_word w = gic_word_of(g, vgic_word_first(intid));
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
	struct gic_word w = gic_word_of(NULL, vgic_word_first(intid));
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
	gic_retract(&w, bit); /* pending ones go where the new route says */
	if (s)
		gic_spi_deliver(s);
}

static void ctlr(struct mmio_access *a)
{
	uint8_t groups = gic_groups();
	unsigned int i;
	uint32_t v;

	if (!a->write) {
		a->value = gic.vctlr | GICD_CTLR_ARE |
			   (mmio_read32(gic.gicd + GICD_CTLR) & GICD_CTLR_RWP);
		if (gic.ds)
			a->value |= GICD_CTLR_DS;
		return;
	}
	v = (uint32_t)(a->value & (GICD_CTLR_GRP0 | GICD_CTLR_GRP1));
	__atomic_store_n(&gic.vctlr, v, __ATOMIC_SEQ_CST);
	if (gic_groups() == groups)
		return;
	for (i = 0; i < cpu_count(); i++)
		gic_request(&gic_cpus[i], GIC_GROUPS, 0, 0);
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
	struct gic_word w;

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
		w = gic_word_of(NULL, r.intid);
		if (a->write)
			gic_bits_write(&w, r.kind, (uint32_t)a->value);
		else
			a->value = gic_bits_read(&w, r.kind);
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
	struct gic_word w;

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
		w = gic_word_of(f->g, r.intid);
		if (a->write)
			gic_bits_write(&w, r.kind, (uint32_t)a->value);
		else
			a->value = gic_bits_read(&w, r.kind);
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

/*
 * Group 1 for all SPIs, affinity routing, both groups on (group 0 has nothing but
 * the questions of watch.h): the guest's settings are shadows.
 */
static void distributor_init(void)
{
	uint32_t v = mmio_read32(gic.gicd + GICD_CTLR);
	uint32_t typer = mmio_read32(gic.gicd + GICD_TYPER);
	unsigned int i, words = (typer & 31) + 1;

	gic.ds = v & GICD_CTLR_DS;
	gic.nmi = typer & GICD_TYPER_NMI;
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
		     v | GICD_CTLR_ARE | GICD_CTLR_GRP1 | GICD_CTLR_GRP0);
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
