/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * EL2's own address space: identity mapped, W^X, guard pages below stacks.
 * Devices are mapped as Device memory for the first TiB of physical
 * addresses, where all known boards have them.
 */
#include <string.h>

#include "barrier.h"
#include "feature.h"
#include "log.h"
#include "memory.h"
#include "platform/platform.h"
#include "sysreg.h"

#define MAX_GUARDS (PLATFORM_MAX_CPUS + 2)
#define DMA_SIZE (2ull << 20) /* a block of level 2 */
#define DEVICE_LIMIT (1ull << 40)
#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1) /* table at levels 0-2, page at level 3 */
#define DESC_AF BIT(10)
#define DESC_SH_INNER (3ull << 8)
#define DESC_AP_RES1 BIT(6) /* AP[1]: RES1 at EL2; EL0 access with E2H=1 */
#define DESC_RO BIT(7)
#define DESC_XN BIT(54)
#define DESC_PXN BIT(53)
#define DESC_ADDR GENMASK(47, 12)

extern char _image_start[], _text_end[], _rodata_end[], _image_end[];
void el2_mmu_enable(uint64_t sctlr);

static struct {
	uint64_t start, next, end;
	uint64_t *root;
	uint64_t tcr;
	uint64_t guard[MAX_GUARDS];
	unsigned int guards;
	uint64_t dma, dma_next; /* 0: none was set aside */
	bool dma_bypasses_caches;
} mem;

void memory_init(uint64_t start, uint64_t end)
{
	mem.start = mem.next = start;
	mem.end = end;
}

void *memory_alloc_dirty(size_t size, size_t align)
{
	uint64_t a = ALIGN_UP(mem.next, align);

	if (a > mem.end || size > mem.end - a)
		panic("out of monitor memory: %zu bytes wanted, %llu left; give it more with hyperstub.share=",
		      size, (unsigned long long)(mem.end - mem.next));
	mem.next = a + size;
	return (void *)a;
}

void *memory_alloc(size_t size, size_t align)
{
	return memset(memory_alloc_dirty(size, align), 0, size);
}

size_t memory_left(void)
{
	return mem.end - mem.next;
}

size_t memory_used(void)
{
	return mem.next - mem.start;
}

static uint64_t attr_desc(enum mmu_attr attr)
{
	/* With E2H=1 the tables are of the EL2&0 regime: AP[1] would allow EL0. */
	uint64_t d = DESC_VALID | DESC_AF | DESC_SH_INNER |
		     (cpu_e2h ? 0 : DESC_AP_RES1);
	uint64_t xn = DESC_XN | (cpu_e2h ? DESC_PXN : 0);

	switch (attr) {
	case MMU_TEXT:
		return d | DESC_RO | (cpu_e2h ? DESC_XN : 0);
	case MMU_RODATA:
		return d | DESC_RO | xn;
	case MMU_RAM:
		return d | xn;
	case MMU_RAM_NC:
		return d | xn | (3ull << 2);
	case MMU_DEVICE:
		return d | xn | (2ull << 2);
	default:
		return 0;
	}
}

static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (3 - level);
}

/* The table below *entry; splits a block into entries of the same attributes. */
static uint64_t *next_table(uint64_t *entry, unsigned int level)
{
	uint64_t *t;

	if ((*entry & 3) == 3)
		return (uint64_t *)(*entry & DESC_ADDR);
	t = memory_alloc(4096, 4096);
	if (*entry & DESC_VALID) {
		uint64_t step = 1ull << level_shift(level + 1);

		for (unsigned int i = 0; i < 512; i++)
			t[i] = (*entry + i * step) |
			       (level + 1 == 3 ? DESC_TABLE : 0);
	}
	*entry = (uint64_t)t | DESC_TABLE | DESC_VALID;
	return t;
}

static void map_at(uint64_t va, unsigned int level, uint64_t desc)
{
	uint64_t *t = mem.root;

	for (unsigned int l = 0; l < level; l++)
		t = next_table(&t[(va >> level_shift(l)) & 511], l);
	t[(va >> level_shift(level)) & 511] =
		desc ? va | desc | (level == 3 ? DESC_TABLE : 0) : 0;
}

/* Identity map with the largest blocks; later calls override earlier ones. */
static void mmu_map(uint64_t va, uint64_t size, enum mmu_attr attr)
{
	uint64_t end = va + size, desc = attr_desc(attr);

	while (va < end) {
		unsigned int level = 1;

		while (level < 3 &&
		       ((va & ((1ull << level_shift(level)) - 1)) ||
			end - va < (1ull << level_shift(level))))
			level++;
		map_at(va, level, desc);
		va += 1ull << level_shift(level);
	}
}

void memory_reserve_dma(void)
{
	mem.dma = mem.dma_next = ALIGN_UP(mem.next, DMA_SIZE);
	if (mem.dma > mem.end || DMA_SIZE > mem.end - mem.dma)
		panic("out of monitor memory for devices; give it more with hyperstub.share=");
	mem.next = mem.dma + DMA_SIZE;
}

/* Nobody uses it yet; other CPUs are off. */
static void bypass_caches(void)
{
	map_at(mem.dma, 2, 0);
	tlbi_el2();
	map_at(mem.dma, 2, attr_desc(MMU_RAM_NC));
	dsb(ish); /* orders the entry before the accesses that need it */
	isb();
	/* no line of the time before may be written back over it */
	dcache_clean_inval_poc(mem.dma, DMA_SIZE);
	mem.dma_bypasses_caches = true;
}

void *memory_alloc_dma(size_t size, size_t align, bool coherent)
{
	uint64_t a = ALIGN_UP(mem.dma_next, align);

	if (!mem.dma || a > mem.dma + DMA_SIZE ||
	    size > mem.dma + DMA_SIZE - a)
		return NULL;
	if (!coherent && !mem.dma_bypasses_caches)
		bypass_caches();
	mem.dma_next = a + size;
	memset((void *)a, 0, size);
	return (void *)a;
}

uint64_t memory_dma(void)
{
	return mem.dma;
}

uint64_t mmu_query(uint64_t va)
{
	uint64_t *t = mem.root;

	for (unsigned int l = 0;; l++) {
		uint64_t d = t[(va >> level_shift(l)) & 511];

		if (!(d & DESC_VALID) || l == 3 || !(d & DESC_TABLE))
			return d;
		t = (uint64_t *)(d & DESC_ADDR);
	}
}

void *memory_alloc_stack(const void *owner)
{
	char *p = memory_alloc(MEMORY_STACK_BLOCK, MEMORY_STACK_BLOCK);

	if (mem.root || mem.guards == MAX_GUARDS)
		panic("stacks are allocated before the MMU is on");
	*(uint64_t *)p = (uint64_t)owner;
	mem.guard[mem.guards++] = (uint64_t)p + MEMORY_STACK_BLOCK / 2 - 4096;
	return p + MEMORY_STACK_BLOCK;
}

uint64_t memory_stack_guard(unsigned int i)
{
	return i < mem.guards ? mem.guard[i] : 0;
}

uint64_t mmu_ttbr(void)
{
	return (uint64_t)mem.root;
}

uint64_t mmu_tcr(void)
{
	return mem.tcr;
}

uint64_t mmu_mair(void)
{
	return 0x44000400 | (feature_tags() ? 0xf0 : 0xff);
}

uint64_t mmu_sctlr(void)
{
	uint64_t csv2 = read_sysreg(id_aa64pfr0_el1) >> 56 & 15;
	uint64_t res1 = cpu_e2h ? BIT(29) | BIT(28) | BIT(23) | BIT(22) |
					  BIT(11) | BIT(8) | BIT(7) :
				  0x30c50830;

	/* RES1, but with FEAT_CSV2_2 TSCXT: SCXTNUM_EL0 and EL1 are the guest's */
	if (cpu_e2h && csv2 < 2)
		res1 |= BIT(20);
	if (feature_tags())
		res1 |= BIT(43); /* ATA: they can be read; TCF is 0: no checks */
	/* M, C, SA, I, WXN */
	return res1 | BIT(0) | BIT(2) | BIT(3) | BIT(12) | BIT(19);
}

void mmu_init(const struct platform *p)
{
	uint64_t ps = read_sysreg(id_aa64mmfr0_el1) & 15;
	uint64_t img = (uint64_t)_image_start;

	if (ps > 5)
		ps = 5;
	mem.root = memory_alloc(4096, 4096);
	/* 48-bit VA, 4K granule, walks write-back inner-shareable */
	mem.tcr = 16 | (1 << 8) | (1 << 10) | (3 << 12);
	if (cpu_e2h)
		mem.tcr |= (ps << 32) | BIT(23) | (16ull << 16) | (2ull << 30);
	else
		mem.tcr |= (ps << 16) | BIT(31) | BIT(23);

	mmu_map(0, DEVICE_LIMIT, MMU_DEVICE);
	for (unsigned int i = 0; i < p->ram_count; i++)
		mmu_map(ALIGN_UP(p->ram[i].base, 4096),
			ALIGN_DOWN(p->ram[i].size, 4096), MMU_RAM);
	mmu_map(img, (uint64_t)_text_end - img, MMU_TEXT);
	mmu_map((uint64_t)_text_end, (uint64_t)_rodata_end - (uint64_t)_text_end,
		MMU_RODATA);
	if (mem.dma)
		mmu_map(mem.dma, DMA_SIZE, MMU_RAM);
	for (unsigned int i = 0; i < mem.guards; i++)
		mmu_map(mem.guard[i], 4096, MMU_NONE);

	/*
	 * What was written with the MMU off went past the caches, and what they
	 * may hold of it is older. Nothing of it is dirty (boot_early()).
	 */
	if (mem.next - img > MEMORY_BEFORE_MMU)
		panic("%llu KiB are in use before the MMU is on",
		      (unsigned long long)(mem.next - img) / 1024);
	dcache_clean_inval_poc(img, mem.next - img);
	write_sysreg(mmu_mair(), mair_el2);
	write_sysreg(mem.tcr, tcr_el2);
	write_sysreg(mem.root, ttbr0_el2);
	isb(); /* orders the above before M=1 */
	el2_mmu_enable(mmu_sctlr());
	string_unaligned = true;
}
