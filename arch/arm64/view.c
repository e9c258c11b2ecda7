/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See view.h. */
#include "view.h"

#include <errno.h>

#include "barrier.h"
#include "feature.h"
#include "guest.h"
#include "lock.h"
#include "log.h"
#include "memory.h"
#include "mmio_trap_table.h"
#include "options.h"
#include "page.h"
#include "platform/platform.h"
#include "stage2.h"
#include "sysreg.h"

#define TABLE_MEMORY (10ull << 20)
#define SPARED (1ull << 20) /* for the small ones that come after view_init() */
#define DEVICE_LIMIT (1ull << 40) /* mapped from the start */
#define CHANGES 1024
#define VMID_SHIFT 48

static struct {
	struct stage2 tree[VIEWS];
	struct stage2_pool pool;
	uint64_t vtcr;
	struct spinlock lock;
	bool live;
	enum cpu_view changing; /* whose changes are in the log */
	struct stage2_log log;
	struct stage2_change change[CHANGES];
} view; /* 40 KiB: all zero at first, so that the file does not hold it */

uint64_t view_page_size(void)
{
	return 1ull << view.pool.shift;
}

static uint64_t vttbr(enum cpu_view v)
{
	return view.tree[v].root | ((uint64_t)v + 1) << VMID_SHIFT;
}

static void set_vttbr(enum cpu_view v)
{
	write_sysreg(vttbr(v), vttbr_el2);
	isb(); /* orders the VMID before TLBIs and the guest */
}

/* Granules for stage 2: TGranX_2, or where it is 0 TGranX. */
static bool has_granule(unsigned int kib)
{
	uint64_t r = read_sysreg(id_aa64mmfr0_el1);
	uint64_t g4 = FIELD_GET(GENMASK(31, 28), r);
	uint64_t g64 = FIELD_GET(GENMASK(27, 24), r);
	uint64_t g16 = FIELD_GET(GENMASK(23, 20), r);
	uint64_t s4 = FIELD_GET(GENMASK(43, 40), r);
	uint64_t s64 = FIELD_GET(GENMASK(39, 36), r);
	uint64_t s16 = FIELD_GET(GENMASK(35, 32), r);

	switch (kib) {
	case 4:
		return s4 ? s4 >= 2 : g4 != 15;
	case 16:
		return s16 ? s16 >= 2 : g16 != 0;
	default:
		return s64 ? s64 >= 2 : g64 != 15;
	}
}

static unsigned int choose_shift(void)
{
	unsigned int kib = options.granule;

	if (kib && !has_granule(kib)) {
		log_line("hyperstub.granule=%uK: this core has no such stage 2",
			 kib);
		kib = 0;
	}
	if (!kib)
		kib = has_granule(4) ? 4 : has_granule(16) ? 16 : 64;
	return kib == 4 ? 12 : kib == 16 ? 14 : 16;
}

static void must(int err, const char *what)
{
	if (err)
		panic("stage 2: %s: %d", what, err);
}

static void map_wide(struct stage2 *t, uint64_t base, uint64_t size,
		     unsigned int attrs)
{
	uint64_t page = stage2_page_size(t), first = ALIGN_DOWN(base, page);

	must(stage2_map(t, first, first, ALIGN_UP(base + size, page) - first,
			attrs, NULL),
	     "out of table memory");
}

static void build(struct stage2 *t, unsigned int ia_bits)
{
	uint64_t limit = ia_bits < 40 ? 1ull << ia_bits : DEVICE_LIMIT;
	const struct mmio_range *r;

	map_wide(t, 0, limit, STAGE2_DEVICE);
	for (unsigned int i = 0; i < platform->ram_count; i++)
		map_wide(t, platform->ram[i].base, platform->ram[i].size,
			 STAGE2_RWX);
	map_wide(t, platform->monitor.base, platform->monitor.size, STAGE2_NONE);
	for (unsigned int i = 0; (r = mmio_trap_range(i)); i++)
		map_wide(t, r->base, r->size, STAGE2_NONE);
}

/* Bytes of last-level tables for RAM page by page, as the options want it. */
static uint64_t page_tables(unsigned int shift)
{
	uint64_t bytes = 0;

	if (options.blocks)
		return 0;
	for (unsigned int i = 0; i < platform->ram_count; i++)
		bytes += (platform->ram[i].size >> shift) * 8 + (2ull << shift);
	if (bytes + TABLE_MEMORY + page_memory(1ull << shift) + SPARED <=
	    memory_left())
		return bytes;
	log_line("hyperstub.blocks=off: %llu KiB of tables do not fit into the monitor's share, blocks are used",
		 (unsigned long long)(bytes >> 10));
	return 0;
}

void view_init(void)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 48 };
	uint64_t pa = read_sysreg(id_aa64mmfr0_el1) & 15;
	unsigned int ia = bits[pa < ARRAY_SIZE(bits) ? pa : 5];
	unsigned int shift = choose_shift();
	uint64_t pages = page_tables(shift), size = TABLE_MEMORY + pages;
	uint64_t mem = (uint64_t)memory_alloc_dirty(size, 1ull << shift);

	view.log = (struct stage2_log){ .change = view.change,
					.max = CHANGES };
	stage2_pool_init(&view.pool, shift, mem, mem + size);
	for (unsigned int v = 0; v < VIEWS; v++) {
		size = stage2_root_size(shift, ia);
		must(stage2_init(&view.tree[v], shift, ia,
				 (uint64_t)memory_alloc(size, size), &view.pool),
		     "no such tree");
		view.tree[v].pages = pages && v == VIEW_NORMAL;
		build(&view.tree[v], ia);
	}
	view.vtcr = stage2_vtcr(&view.tree[0], bits[pa < 7 ? pa : 5]);
	view.live = true;
	dsb(ish); /* orders the tables before the first walk */
}

void view_cpu_init(struct cpu *c)
{
	write_sysreg(view.vtcr, vtcr_el2);
	set_vttbr(VIEW_NORMAL);
	c->view = VIEW_NORMAL;
	asm volatile("tlbi alle1");
	dsb(nsh); /* orders the invalidation before the guest */
	isb();
}

void view_enter(struct cpu *c, enum cpu_view v)
{
	if (c->view == v)
		return;
	c->view = v;
	set_vttbr(v);
	if (v != VIEW_NORMAL) {
		asm volatile("tlbi vmalls12e1");
		dsb(nsh); /* orders the invalidation before the guest */
		isb();
	}
}

void view_guest_tlbi(struct cpu *c)
{
	enum cpu_view v = c->view;

	set_vttbr(VIEW_NORMAL);
	dsb(ishst); /* orders the guest's table writes before its TLBI */
	asm volatile("tlbi vmalle1is");
	dsb(ish); /* orders the invalidation before what the guest does next */
	set_vttbr(v);
	asm volatile("tlbi vmalle1");
	dsb(nsh); /* orders the invalidation before the step's next access */
	isb();
}

/* Break before make for all that is in the log, with one invalidation. */
static void apply(void)
{
	struct stage2_log *l = &view.log;

	if (!l->count)
		return;
	dsb(ish); /* orders new tables before the entries that name them */
	for (size_t i = 0; i < l->count; i++)
		*(volatile uint64_t *)l->change[i].entry = 0;
	dsb(ish); /* orders the break before the invalidation */
	set_vttbr(view.changing);
	asm volatile("tlbi vmalls12e1is");
	dsb(ish); /* orders the invalidation before the make */
	for (size_t i = 0; i < l->count; i++)
		*(volatile uint64_t *)l->change[i].entry = l->change[i].new;
	dsb(ish); /* orders the make before the next walk */
	isb();
	set_vttbr(this_cpu()->view);
	stage2_log_done(&view.tree[view.changing], l);
	l->count = 0;
}

void view_lock(void)
{
	spin_lock(&view.lock);
	view.log.count = 0;
}

int view_map(enum cpu_view v, uint64_t ipa, uint64_t pa, uint64_t size,
	     unsigned int attrs)
{
	int err;

	if (v != view.changing || view.log.count > CHANGES - 16) {
		apply();
		view.changing = v;
	}
	err = stage2_map(&view.tree[v], ipa, pa, size, attrs, &view.log);
	if (err)
		log_line("stage 2: cannot map 0x%llx: %d",
			 (unsigned long long)ipa, err);
	return err;
}

void view_unlock(void)
{
	apply();
	spin_unlock(&view.lock);
}

bool view_allows(enum cpu_view v, uint64_t ipa, bool write, bool exec)
{
	struct stage2_entry e;
	unsigned int need = exec ? STAGE2_EXEC :
			    write ? STAGE2_WRITE :
				    STAGE2_READ;

	spin_lock(&view.lock);
	stage2_query(&view.tree[v], ipa, NULL, &e);
	spin_unlock(&view.lock);
	return e.attrs & need;
}

int view_map_device(uint64_t ipa)
{
	uint64_t size = view.pool.shift == 12 ? 1ull << 30 : 512ull << 20;
	uint64_t base = ALIGN_DOWN(ipa, size);
	int err = 0;

	if (ipa < DEVICE_LIMIT || ipa >> view.tree[0].ia_bits)
		return -EFAULT;
	view_lock();
	for (unsigned int v = 0; !err && v < VIEWS; v++)
		err = view_map((enum cpu_view)v, base, base, size, STAGE2_DEVICE);
	view_unlock();
	return err;
}

uint64_t view_descriptor(enum cpu_view v, uint64_t ipa, unsigned int *level)
{
	struct stage2_entry e;

	spin_lock(&view.lock);
	stage2_query(&view.tree[v], ipa, NULL, &e);
	spin_unlock(&view.lock);
	*level = e.level;
	return e.desc;
}

size_t view_tables_used(void)
{
	return view.pool.used;
}
