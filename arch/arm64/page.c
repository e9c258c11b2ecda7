/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See page.h. */
#include "page.h"

#include <errno.h>
#include <string.h>

#include "barrier.h"
#include "bits.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "stage2.h"
#include "stub/strbuf.h"
#include "view.h"

#define COPY_MEMORY (16ull << 20)
#define OTHER_PAGES 1024 /* watches and tables beside */
#define BRK_INSN 0xd4200000u

static struct {
	struct page *page; /* pool */
	unsigned int pages;
	uint32_t *hash; /* index + 1 */
	unsigned int hash_mask;
	uint32_t free; /* list by next */
	uint8_t *copies;
	unsigned int copy_count, copies_used;
	uint32_t *copy_free; /* stack of indexes */
	uint64_t size, copy_stride;
	uint32_t *changed; /* page indexes to be mapped */
	bool *is_changed;
	unsigned int changed_count;
	uint32_t *active; /* page indexes, copies_used of them */
	unsigned int resync_at;
} pool;

static unsigned int hash(uint64_t ipa)
{
	return (unsigned int)(((ipa / pool.size) * 0x9e3779b97f4a7c15ull) >>
			      40) &
	       pool.hash_mask;
}

static unsigned int copies(uint64_t page_size)
{
	return options.shadow_pages ? (unsigned int)options.shadow_pages :
				      (unsigned int)(COPY_MEMORY / page_size);
}

/* A page, and for each word of it how many hold a BRK there. */
static uint64_t stride(uint64_t page_size)
{
	return page_size + page_size / 4;
}

uint64_t page_memory(uint64_t page_size)
{
	uint64_t n = copies(page_size);

	/* At most four words of hash for a page. */
	return n * stride(page_size) + (n + OTHER_PAGES) * 2 * sizeof(struct page) +
	       page_size;
}

void page_init(void)
{
	unsigned int n;

	pool.size = view_page_size();
	pool.copy_stride = stride(pool.size);
	pool.copy_count = copies(pool.size);
	pool.pages = pool.copy_count + OTHER_PAGES;
	for (n = 1024; n < 2 * pool.pages; n *= 2)
		;
	pool.hash_mask = n - 1;
	pool.hash = memory_alloc(n * sizeof(*pool.hash), 64);
	pool.page = memory_alloc(pool.pages * sizeof(*pool.page), 64);
	pool.changed = memory_alloc(pool.pages * sizeof(*pool.changed), 64);
	pool.is_changed = memory_alloc(pool.pages, 64);
	pool.copy_free = memory_alloc(pool.copy_count * 4ull, 64);
	pool.active = memory_alloc(pool.copy_count * 4ull, 64);
	pool.copies = memory_alloc_dirty(pool.copy_count * pool.copy_stride,
					 pool.size);
	/* copies first, each page-aligned; behind them all who holds words */
	for (unsigned int i = 0; i < pool.copy_count; i++)
		pool.copy_free[i] = pool.copy_count - 1 - i;
	for (unsigned int i = 0; i < pool.pages; i++)
		pool.page[i].next = i + 2 <= pool.pages ? i + 2 : 0;
	pool.page[pool.pages - 1].next = 0;
	pool.free = 1;
}

unsigned int page_pool_size(void)
{
	return pool.copy_count;
}

unsigned int page_pool_used(void)
{
	return pool.copies_used;
}

static uint8_t *holders(const struct page *p)
{
	uint64_t index = (uint64_t)(p->copy - pool.copies) / pool.size;

	return pool.copies + pool.copy_count * pool.size +
	       index * (pool.size / 4);
}

static uint64_t word_index(uint64_t pa)
{
	return (pa & (pool.size - 1)) / 4;
}

struct page *page_find(uint64_t ipa)
{
	uint64_t base = ALIGN_DOWN(ipa, pool.size);
	uint32_t i = __atomic_load_n(&pool.hash[hash(base)], __ATOMIC_ACQUIRE);

	for (; i; i = pool.page[i - 1].next)
		if (pool.page[i - 1].ipa == base)
			return &pool.page[i - 1];
	return NULL;
}

static void mark(struct page *p)
{
	unsigned int i = (unsigned int)(p - pool.page);

	if (pool.is_changed[i])
		return;
	pool.is_changed[i] = true;
	pool.changed[pool.changed_count++] = i;
}

static struct page *get(uint64_t ipa, struct strbuf *why)
{
	uint64_t base = ALIGN_DOWN(ipa, pool.size);
	struct page *p = page_find(base);
	uint32_t *h = &pool.hash[hash(base)], i = pool.free;

	if (p)
		return p;
	if (!i) {
		if (why)
			strbuf_printf(why, "all %u special pages are in use",
				      pool.pages);
		return NULL;
	}
	p = &pool.page[i - 1];
	pool.free = p->next;
	memset(p, 0, sizeof(*p));
	p->ipa = base;
	p->next = *h;
	__atomic_store_n(h, i, __ATOMIC_RELEASE);
	return p;
}

/* Nobody claims it: out of the hash, after it has been mapped plainly. */
static void put(struct page *p)
{
	uint32_t i = (uint32_t)(p - pool.page) + 1;
	uint32_t *link = &pool.hash[hash(p->ipa)];

	while (*link != i)
		link = &pool.page[*link - 1].next;
	*link = p->next;
	p->next = pool.free;
	pool.free = i;
}

static uint32_t *word(uint8_t *base, uint64_t pa)
{
	return (uint32_t *)(base + (pa & (pool.size - 1) & ~3ull));
}

int page_brk_set(uint64_t ipa, struct strbuf *why)
{
	struct page *p = get(ipa, why);
	uint8_t *held;
	int err = 0;

	if (!p)
		return -ENOSPC;
	spin_lock(&p->lock);
	if (!p->copy) {
		if (pool.copies_used == pool.copy_count) {
			spin_unlock(&p->lock);
			mark(p);
			if (why)
				strbuf_printf(why, "all %u shadow pages for breakpoints are in use; hyperstub.shadow-pages= gives more",
					      pool.copy_count);
			return -ENOSPC;
		}
		p->copy = pool.copies +
			  pool.copy_free[pool.copy_count - 1 -
					 pool.copies_used] * pool.size;
		p->active = pool.copies_used;
		pool.active[pool.copies_used++] = (uint32_t)(p - pool.page);
		memcpy(p->copy, (const void *)p->ipa, pool.size);
		memset(holders(p), 0, pool.size / 4);
		p->fresh = true;
		mark(p);
	}
	held = &holders(p)[word_index(ipa)];
	if (*held == UINT8_MAX) {
		if (why)
			strbuf_printf(why, "%u breakpoints are at this place already",
				      *held);
		err = -ENOSPC;
	} else if (!(*held)++) {
		p->brks++;
		*word(p->copy, ipa) = BRK_INSN;
	}
	icache_sync((uint64_t)word(p->copy, ipa), 4);
	dcache_clean_poc((uint64_t)word(p->copy, ipa), 4);
	if (pool.is_changed[p - pool.page]) {
		/* a new copy: fetches may bypass the caches (rule 5) */
		dcache_clean_poc((uint64_t)p->copy, pool.size);
		icache_sync((uint64_t)p->copy, pool.size);
	}
	spin_unlock(&p->lock);
	return err;
}

void page_brk_clear(uint64_t ipa)
{
	struct page *p = page_find(ipa);
	uint8_t *held;

	if (!p || !p->copy)
		return;
	spin_lock(&p->lock);
	held = &holders(p)[word_index(ipa)];
	if (*held && !--*held) {
		*word(p->copy, ipa) =
			*(const volatile uint32_t *)(ipa & ~3ull);
		icache_sync((uint64_t)word(p->copy, ipa), 4);
		dcache_clean_poc((uint64_t)word(p->copy, ipa), 4);
		if (!--p->brks)
			mark(p);
	}
	spin_unlock(&p->lock);
}

int page_watch_add(uint64_t ipa, bool device, struct strbuf *why)
{
	struct page *p = get(ipa, why);

	if (!p)
		return -ENOSPC;
	p->device = device;
	if (!p->watches++)
		mark(p);
	return 0;
}

void page_watch_remove(uint64_t ipa)
{
	struct page *p = page_find(ipa);

	if (p && p->watches && !--p->watches)
		mark(p);
}

int page_table_add(uint64_t ipa)
{
	struct page *p = get(ipa, NULL);

	if (!p)
		return -ENOSPC;
	if (!p->tables++)
		mark(p);
	return 0;
}

void page_table_remove(uint64_t ipa)
{
	struct page *p = page_find(ipa);

	if (p && p->tables && !--p->tables)
		mark(p);
}

static void map_one(const struct page *p, enum cpu_view v)
{
	unsigned int attrs = p->device ? STAGE2_DEVICE : STAGE2_RWX;
	uint64_t pa = p->ipa;

	if (v == VIEW_NORMAL && p->brks) {
		attrs = STAGE2_XO;
		pa = (uint64_t)p->copy;
	} else if (v != VIEW_OPEN && p->watches) {
		attrs = p->device ? STAGE2_NONE : STAGE2_XO;
	} else if (v != VIEW_OPEN && p->tables) {
		attrs = STAGE2_RO;
	}
	view_map(v, p->ipa, pa, pool.size, attrs);
}

/*
 * CPUs that run may have written to a page since its copy was made: first they
 * can no more, then the copy follows, and then fetches see it.
 */
static void settle_fresh(void)
{
	bool any = false;

	view_lock();
	for (unsigned int i = 0; i < pool.changed_count; i++) {
		struct page *p = &pool.page[pool.changed[i]];

		any |= p->fresh;
		if (p->fresh && !p->watches) /* else they cannot already */
			view_map(VIEW_NORMAL, p->ipa, p->ipa, pool.size,
				 STAGE2_RO);
	}
	view_unlock();
	for (unsigned int i = 0; any && i < pool.changed_count; i++) {
		struct page *p = &pool.page[pool.changed[i]];

		if (p->fresh)
			page_resync(p);
		p->fresh = false;
	}
}

/* Nobody is left who would fetch from it; who writes to the page may be here. */
static void free_copy(struct page *p)
{
	spin_lock(&p->lock);
	pool.copies_used--;
	pool.active[p->active] = pool.active[pool.copies_used];
	pool.page[pool.active[p->active]].active = p->active;
	pool.copy_free[pool.copy_count - 1 - pool.copies_used] =
		(uint32_t)((uint64_t)(p->copy - pool.copies) / pool.size);
	p->copy = NULL;
	p->fresh = false;
	spin_unlock(&p->lock);
}

void page_commit(void)
{
	if (!pool.changed_count)
		return;
	settle_fresh();
	view_lock();
	for (unsigned int v = VIEW_NORMAL; v <= VIEW_PLAIN; v++)
		for (unsigned int i = 0; i < pool.changed_count; i++)
			map_one(&pool.page[pool.changed[i]], (enum cpu_view)v);
	view_unlock();
	for (unsigned int i = 0; i < pool.changed_count; i++) {
		struct page *p = &pool.page[pool.changed[i]];

		pool.is_changed[pool.changed[i]] = false;
		if (p->copy && !p->brks)
			free_copy(p);
		if (!p->copy && !p->watches && !p->tables)
			put(p);
	}
	pool.changed_count = 0;
}

/* Words of [pa, pa+n) from the page to its shadow, but not under a BRK. */
static void copy_words(struct page *p, uint64_t pa, size_t n)
{
	const uint8_t *held = holders(p);
	uint64_t at = pa & ~3ull;

	for (; at < pa + n; at += 4)
		if (!held[word_index(at)])
			*word(p->copy, at) = *(const volatile uint32_t *)at;
	icache_sync((uint64_t)word(p->copy, pa), n + 3);
	dcache_clean_poc((uint64_t)word(p->copy, pa), n + 3);
}

static void write_one(uint64_t pa, const void *buf, size_t n)
{
	uint64_t v = 0, pair[2];

	if (n == 16) {
		memcpy(pair, buf, n);
		asm volatile("stp %1, %2, %0"
			     : "=Q"(*(volatile uint8_t(*)[16])pa)
			     : "r"(pair[0]), "r"(pair[1]));
		return;
	}
	memcpy(&v, buf, n);
	switch (n) {
	case 1:
		*(volatile uint8_t *)pa = (uint8_t)v;
		break;
	case 2:
		*(volatile uint16_t *)pa = (uint16_t)v;
		break;
	case 4:
		*(volatile uint32_t *)pa = (uint32_t)v;
		break;
	default:
		*(volatile uint64_t *)pa = v;
	}
}

/* One access, as the guest's is; aligned or not. */
static bool is_one(size_t n)
{
	return n == 1 || n == 2 || n == 4 || n == 8 || n == 16;
}

bool page_write(uint64_t pa, const void *buf, size_t n)
{
	const uint8_t *b = buf;

	if (!page_find(pa) && (!n || !page_find(pa + n - 1)))
		return false;
	while (n) {
		size_t part = pool.size - (pa & (pool.size - 1));
		struct page *p = page_find(pa);

		if (part > n)
			part = n;
		if (p)
			spin_lock(&p->lock);
		if (is_one(part))
			write_one(pa, b, part);
		else
			memcpy((void *)pa, b, part);
		if (p && p->copy)
			copy_words(p, pa, part);
		if (p)
			spin_unlock(&p->lock);
		pa += part;
		b += part;
		n -= part;
	}
	return true;
}

bool page_resync(struct page *p)
{
	bool differed = false;

	spin_lock(&p->lock);
	if (p->copy) {
		const uint8_t *held = holders(p);
		const volatile uint32_t *real = (const volatile uint32_t *)p->ipa;
		uint32_t *copy = (uint32_t *)p->copy;

		for (unsigned int w = 0; w < pool.size / 4; w++)
			if (copy[w] != real[w] && !held[w]) {
				copy[w] = real[w];
				differed = true;
			}
		if (differed) {
			icache_sync((uint64_t)p->copy, pool.size);
			dcache_clean_poc((uint64_t)p->copy, pool.size);
		}
	}
	spin_unlock(&p->lock);
	return differed;
}

void page_resync_next(void)
{
	struct page *p;

	if (!pool.copies_used)
		return;
	p = &pool.page[pool.active[pool.resync_at++ % pool.copies_used]];
	if (p->brks && page_resync(p))
		log_guest("page 0x%llx with breakpoints was changed by a device",
			  (unsigned long long)p->ipa);
}

void page_resync_all(void)
{
	for (unsigned int i = 0; i < pool.copies_used; i++)
		page_resync(&pool.page[pool.active[i]]);
}
