/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Stage-2 tables: mapping, splitting, merging. */
#include <errno.h>
#include <string.h>

#include "bits.h"
#include "stage2.h"

#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1) /* at level 3: page */
#define DESC_MEMATTR GENMASK(5, 2)
#define DESC_S2AP_R BIT(6)
#define DESC_S2AP_W BIT(7)
#define DESC_SH GENMASK(9, 8)
#define DESC_AF BIT(10)
#define DESC_XN BIT(54)
#define DESC_SW GENMASK(58, 55)
#define DESC_ADDR GENMASK(47, 12)

#define MEMATTR_NGNRNE 0
#define MEMATTR_NGNRE 1
#define MEMATTR_NC 5
#define MEMATTR_WB 15

#define ATTR_ACCESS (STAGE2_READ | STAGE2_WRITE | STAGE2_EXEC)
#define ATTR_DEVICE (STAGE2_DEVICE_nGnRnE | STAGE2_DEVICE_nGnRE)
#define ATTR_SW 0xf00u

#define LEVELS 4
#define OA_BITS 48

/* ---- table pages
 * --------------------------------------------------------------- */

static uint64_t *table_at(uint64_t addr)
{
	return (uint64_t *)(uintptr_t)addr;
}

void stage2_pool_init(struct stage2_pool *p, unsigned int shift, uint64_t start,
		      uint64_t end)
{
	p->shift = shift;
	p->next = ALIGN_UP(start, BIT(shift));
	p->end = ALIGN_DOWN(end, BIT(shift));
	p->free = 0;
	p->used = 0;
}

/* A cleared page, or 0. */
static uint64_t pool_take(struct stage2_pool *p)
{
	uint64_t page = p->free;

	if (page) {
		p->free = *table_at(page);
	} else {
		if (p->next >= p->end)
			return 0;
		page = p->next;
		p->next += BIT(p->shift);
	}
	memset(table_at(page), 0, BIT(p->shift));
	p->used++;
	return page;
}

static void pool_give(struct stage2_pool *p, uint64_t page)
{
	*table_at(page) = p->free;
	p->free = page;
	p->used--;
}

/* ---- geometry
 * -------------------------------------------------------------------- */

/* Address bits below an entry of this level. */
static unsigned int level_shift(unsigned int shift, unsigned int level)
{
	return shift + (shift - 3) * (3 - level);
}

static uint64_t level_size(const struct stage2 *s, unsigned int level)
{
	return BIT(level_shift(s->shift, level));
}

static unsigned int entries(const struct stage2 *s)
{
	return 1u << (s->shift - 3);
}

/* Up to 16 tables are put side by side rather than a level on top of them. */
static unsigned int start_level(unsigned int shift, unsigned int ia_bits)
{
	unsigned int level = 2;

	while (level > 0 && ia_bits > level_shift(shift, level - 1) + 4)
		level--;
	return level;
}

static bool block_allowed(const struct stage2 *s, unsigned int level)
{
	return level == 3 || level == 2 || (level == 1 && s->shift == 12);
}

/* May one entry at level, the last one too, map memory of these attributes? */
static bool leaf_allowed(const struct stage2 *s, unsigned int level,
			 unsigned int attrs)
{
	if (s->pages && attrs & ATTR_ACCESS && !(attrs & ATTR_DEVICE))
		return level == 3;
	return block_allowed(s, level);
}

uint64_t stage2_root_size(unsigned int shift, unsigned int ia_bits)
{
	unsigned int low = level_shift(shift, start_level(shift, ia_bits));
	uint64_t size = BIT(ia_bits - low + 3);

	return size < BIT(shift) ? BIT(shift) : size;
}

int stage2_init(struct stage2 *s, unsigned int shift, unsigned int ia_bits,
		uint64_t root, struct stage2_pool *pool)
{
	if ((shift != 12 && shift != 14 && shift != 16) || ia_bits < 32 ||
	    ia_bits > 48 || pool->shift != shift)
		return -EINVAL;
	if (!root || root & (stage2_root_size(shift, ia_bits) - 1))
		return -EINVAL;
	s->shift = (uint8_t)shift;
	s->ia_bits = (uint8_t)ia_bits;
	s->start_level = (uint8_t)start_level(shift, ia_bits);
	s->pages = false;
	s->root = root;
	s->pool = pool;
	memset(table_at(root), 0, stage2_root_size(shift, ia_bits));
	return 0;
}

uint64_t stage2_vtcr(const struct stage2 *s, unsigned int pa_bits)
{
	static const uint8_t size[] = {32, 36, 40, 42, 44, 48};
	uint64_t ps = 0, tg0 = s->shift == 12 ? 0 : s->shift == 14 ? 2 : 1;
	/* SL0 counts from level 2 up with 4K pages, else from level 3. */
	uint64_t sl0 = (s->shift == 12 ? 2u : 3u) - s->start_level;

	while (ps + 1 < ARRAY_SIZE(size) && size[ps + 1] <= pa_bits)
		ps++;
	return (uint64_t)(64 - s->ia_bits) | sl0 << 6 | UINT64_C(1) << 8 |
	       UINT64_C(1) << 10 | UINT64_C(3) << 12 | tg0 << 14 | ps << 16 |
	       BIT(31);
}

/* ---- descriptors
 * ------------------------------------------------------------------ */

static bool is_table(uint64_t desc, unsigned int level)
{
	return level < 3 && (desc & 3) == 3;
}

static uint64_t leaf(unsigned int attrs, uint64_t pa, unsigned int level)
{
	uint64_t d = pa | DESC_VALID | DESC_AF | DESC_SH;
	uint64_t type = MEMATTR_WB;

	if (!(attrs & ATTR_ACCESS))
		return 0;
	if (attrs & STAGE2_DEVICE_nGnRnE)
		type = MEMATTR_NGNRNE;
	else if (attrs & STAGE2_DEVICE_nGnRE)
		type = MEMATTR_NGNRE;
	else if (attrs & STAGE2_NC)
		type = MEMATTR_NC;
	d |= FIELD_PREP(DESC_MEMATTR, type);
	if (level == 3)
		d |= DESC_TABLE;
	if (attrs & STAGE2_READ)
		d |= DESC_S2AP_R;
	if (attrs & STAGE2_WRITE)
		d |= DESC_S2AP_W;
	if (!(attrs & STAGE2_EXEC))
		d |= DESC_XN;
	return d | FIELD_PREP(DESC_SW, (attrs & ATTR_SW) >> 8);
}

static unsigned int leaf_attrs(uint64_t desc)
{
	unsigned int a = (unsigned int)FIELD_GET(DESC_SW, desc) << 8;

	if (!(desc & DESC_VALID))
		return STAGE2_NONE;
	switch (FIELD_GET(DESC_MEMATTR, desc)) {
	case MEMATTR_NGNRNE:
		a |= STAGE2_DEVICE_nGnRnE;
		break;
	case MEMATTR_NGNRE:
		a |= STAGE2_DEVICE_nGnRE;
		break;
	case MEMATTR_NC:
		a |= STAGE2_NC;
		break;
	}
	if (desc & DESC_S2AP_R)
		a |= STAGE2_READ;
	if (desc & DESC_S2AP_W)
		a |= STAGE2_WRITE;
	if (!(desc & DESC_XN))
		a |= STAGE2_EXEC;
	return a;
}

/* The part of a block at level that an entry one level below would be. */
static uint64_t split_desc(const struct stage2 *s, uint64_t desc,
			   unsigned int level, unsigned int i)
{
	if (!(desc & DESC_VALID))
		return 0;
	desc += i * level_size(s, level + 1);
	return level + 1 == 3 ? desc | DESC_TABLE : desc;
}

/* ---- the log
 * ------------------------------------------------------------------------ */

/* A table and all below it go back to the pool; level is that of its entries.
 */
static void free_tree(struct stage2 *s, uint64_t table, unsigned int level)
{
	uint64_t *t[LEVELS];
	unsigned int i[LEVELS];
	int d = 0;

	t[0] = table_at(table);
	i[0] = 0;
	while (d >= 0) {
		unsigned int at = level + (unsigned int)d;

		if (at >= 3 || i[d] == entries(s)) {
			pool_give(s->pool, (uint64_t)(uintptr_t)t[d]);
			d--;
			continue;
		}
		uint64_t desc = t[d][i[d]++];

		if (is_table(desc, at)) {
			d++;
			t[d] = table_at(desc & DESC_ADDR);
			i[d] = 0;
		}
	}
}

static void free_desc(struct stage2 *s, uint64_t desc, unsigned int level)
{
	if (is_table(desc, level))
		free_tree(s, desc & DESC_ADDR, level + 1);
}

static struct stage2_change *find_change(const struct stage2_log *log,
					 const uint64_t *entry)
{
	for (size_t i = 0; log && i < log->count; i++) {
		if (log->change[i].entry == entry)
			return &log->change[i];
	}
	return NULL;
}

static void remove_change(struct stage2_log *log, size_t i)
{
	log->change[i] = log->change[--log->count];
}

/* Changes below an entry that is itself replaced now are void. */
static void drop_below(struct stage2 *s, struct stage2_log *log, uint64_t ipa,
		       unsigned int level)
{
	uint64_t start = ALIGN_DOWN(ipa, level_size(s, level));

	for (size_t i = log->count; i-- > 0;) {
		struct stage2_change *c = &log->change[i];

		if (c->level <= level || c->ipa - start >= level_size(s, level))
			continue;
		free_desc(s, c->new, c->level);
		remove_change(log, i);
	}
}

void stage2_log_done(struct stage2 *s, struct stage2_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		free_desc(s, log->change[i].old, log->change[i].level);
	log->count = 0;
}

void stage2_log_abort(struct stage2 *s, struct stage2_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		free_desc(s, log->change[i].new, log->change[i].level);
	log->count = 0;
}

/* ---- walking
 * -------------------------------------------------------------------------- */

struct cursor {
	uint64_t *entry;
	uint64_t desc; /* after the log */
	unsigned int level;
	bool live;    /* hardware may see the table that this entry is in */
	bool pending; /* a change of this entry is in the log */
};

static void look(struct cursor *c, const struct stage2_log *log,
		 uint64_t *entry)
{
	struct stage2_change *p = c->live ? find_change(log, entry) : NULL;

	c->entry = entry;
	c->pending = p;
	c->desc = p ? p->new : *entry;
}

static void at_root(const struct stage2 *s, const struct stage2_log *log,
		    uint64_t ipa, struct cursor *c)
{
	c->level = s->start_level;
	c->live = log != NULL;
	look(c, log,
	     table_at(s->root) + (ipa >> level_shift(s->shift, c->level)));
}

/* From an entry that points to a table into it. */
static void descend(const struct stage2 *s, const struct stage2_log *log,
		    uint64_t ipa, struct cursor *c)
{
	uint64_t *table = table_at(c->desc & DESC_ADDR);

	/* A table made for this log is not seen by anyone yet. */
	if (c->pending)
		c->live = false;
	c->level++;
	look(c, log,
	     table + (ipa >> level_shift(s->shift, c->level) &
		      (entries(s) - 1)));
}

/* Put a descriptor into an entry, or into the log. */
static int set_entry(struct stage2 *s, struct stage2_log *log, uint64_t ipa,
		     struct cursor *c, uint64_t new)
{
	struct stage2_change *p;

	if (new == c->desc)
		return 0;
	if (!c->live) {
		free_desc(s, c->desc, c->level);
		*c->entry = new;
		c->desc = new;
		return 0;
	}
	p = find_change(log, c->entry);
	if (p) {
		free_desc(s, p->new, c->level);
		p->new = new;
		if (p->new == p->old)
			remove_change(log, (size_t)(p - log->change));
	} else {
		if (is_table(c->desc, c->level))
			drop_below(s, log, ipa, c->level);
		if (log->count >= log->max)
			return -ENOSPC;
		log->change[log->count++] = (struct stage2_change){
			.entry = c->entry,
			.old = *c->entry,
			.new = new,
			.ipa = ALIGN_DOWN(ipa, level_size(s, c->level)),
			.size = level_size(s, c->level),
			.level = (uint8_t)c->level,
		};
	}
	look(c, log, c->entry);
	return 0;
}

/* A table in place of a block, or of nothing. */
static int split(struct stage2 *s, struct stage2_log *log, uint64_t ipa,
		 struct cursor *c)
{
	uint64_t page = pool_take(s->pool);
	int ret;

	if (!page)
		return -ENOMEM;
	for (unsigned int i = 0; i < entries(s); i++)
		table_at(page)[i] = split_desc(s, c->desc, c->level, i);
	ret = set_entry(s, log, ipa, c, page | DESC_VALID | DESC_TABLE);
	if (ret)
		pool_give(s->pool, page);
	return ret;
}

/* ---- what is offered
 * ------------------------------------------------------------------- */

/* The first level at which one entry can map this much. */
static unsigned int best_level(const struct stage2 *s, uint64_t ipa,
			       uint64_t pa, uint64_t size, unsigned int attrs)
{
	unsigned int level = s->start_level;

	while (level < 3 && (!leaf_allowed(s, level, attrs) ||
			     ((ipa | pa) & (level_size(s, level) - 1)) ||
			     size < level_size(s, level)))
		level++;
	return level;
}

/* Last-level entries from *c to the table's end or size; how many bytes. */
static uint64_t fill_pages(const struct stage2 *s, const struct cursor *c,
			   uint64_t ipa, uint64_t desc, uint64_t size)
{
	uint64_t page = BIT(s->shift), step = desc & DESC_VALID ? page : 0;
	uint64_t n = entries(s) - (ipa >> s->shift & (entries(s) - 1));

	if (n > size / page)
		n = size / page;
	for (uint64_t i = 0; i < n; i++, desc += step)
		c->entry[i] = desc;
	return n * page;
}

/* Map what one entry can, or one table; *done: bytes. */
static int map_one(struct stage2 *s, uint64_t ipa, uint64_t pa, uint64_t size,
		   unsigned int attrs, struct stage2_log *log, uint64_t *done)
{
	unsigned int level = best_level(s, ipa, pa, size, attrs);
	struct cursor c;
	int ret;

	for (at_root(s, log, ipa, &c); c.level < level;
	     descend(s, log, ipa, &c)) {
		uint64_t offset = ipa & (level_size(s, c.level) - 1);

		if (is_table(c.desc, c.level))
			continue;
		if (c.desc == leaf(attrs, pa - offset, c.level)) {
			/* It is so already, by a larger block. */
			*done = level_size(s, c.level) - offset;
			return 0;
		}
		ret = split(s, log, ipa, &c);
		if (ret)
			return ret;
	}
	if (level == 3 && !c.live) {
		*done = fill_pages(s, &c, ipa, leaf(attrs, pa, level), size);
		return 0;
	}
	*done = level_size(s, level);
	return set_entry(s, log, ipa, &c, leaf(attrs, pa, level));
}

int stage2_map(struct stage2 *s, uint64_t ipa, uint64_t pa, uint64_t size,
	       unsigned int attrs, struct stage2_log *log)
{
	uint64_t limit = BIT(s->ia_bits), done;

	if (!(attrs & ATTR_ACCESS))
		pa = ipa;
	if ((ipa | pa | size) & (BIT(s->shift) - 1) || ipa > limit ||
	    size > limit - ipa || pa > BIT(OA_BITS) || size > BIT(OA_BITS) - pa)
		return -EINVAL;
	while (size) {
		int ret = map_one(s, ipa, pa, size, attrs, log, &done);

		if (ret)
			return ret;
		if (done > size)
			done = size;
		ipa += done;
		pa += done;
		size -= done;
	}
	return 0;
}

/* One descriptor that says the same as the table under *c; false: none. */
static bool uniform(const struct stage2 *s, const struct stage2_log *log,
		    const struct cursor *c, uint64_t *one)
{
	uint64_t *table = table_at(c->desc & DESC_ADDR);
	unsigned int level = c->level + 1;
	struct cursor e = {.live = c->live && !c->pending, .level = level};
	uint64_t first;

	look(&e, log, table);
	first = e.desc;
	if (first & DESC_VALID) {
		if (is_table(first, level) ||
		    !leaf_allowed(s, c->level, leaf_attrs(first)) ||
		    (first & DESC_ADDR & (level_size(s, c->level) - 1)))
			return false;
	}
	for (unsigned int i = 1; i < entries(s); i++) {
		look(&e, log, table + i);
		if (e.desc != (first ? first + i * level_size(s, level) : 0))
			return false;
	}
	*one = first ? first & ~DESC_TABLE : 0;
	return true;
}

int stage2_merge(struct stage2 *s, uint64_t ipa, struct stage2_log *log)
{
	if (ipa >> s->ia_bits)
		return -EINVAL;
	/* Each round goes one level up, or ends. */
	for (unsigned int round = 0; round < LEVELS; round++) {
		struct cursor c, parent = {0};
		bool has_parent = false;
		uint64_t one;
		int ret;

		at_root(s, log, ipa, &c);
		while (is_table(c.desc, c.level)) {
			parent = c;
			has_parent = true;
			descend(s, log, ipa, &c);
		}
		if (!has_parent || !uniform(s, log, &parent, &one))
			return 0;
		ret = set_entry(s, log, ipa, &parent, one);
		if (ret)
			return ret;
	}
	return 0;
}

void stage2_query(const struct stage2 *s, uint64_t ipa,
		  const struct stage2_log *log, struct stage2_entry *out)
{
	struct cursor c;

	memset(out, 0, sizeof(*out));
	if (ipa >> s->ia_bits)
		return;
	at_root(s, log, ipa, &c);
	while (is_table(c.desc, c.level))
		descend(s, log, ipa, &c);
	out->entry = c.entry;
	out->desc = c.desc;
	out->level = c.level;
	out->size = level_size(s, c.level);
	out->attrs = leaf_attrs(c.desc);
	if (out->attrs != STAGE2_NONE)
		out->pa = (c.desc & DESC_ADDR & ~(out->size - 1)) |
			  (ipa & (out->size - 1));
}
