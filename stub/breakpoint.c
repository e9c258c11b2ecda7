/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The table of breakpoints and watchpoints: a stable array of entries, an
 * open-addressing index by address, and an arena of condition bytecode whose
 * blocks know their owner so that they can be moved together.
 */
#include "stub/breakpoint.h"

#include <errno.h>
#include <string.h>

#include "stub/ax.h"
#include "stub/strbuf.h"

/* In front of each block of the arena; blocks are multiples of 8 bytes. */
struct arena_block {
	uint32_t owner; /* entry number, or BP_NONE */
	uint32_t size;	/* of all of it */
};

static uint32_t index_size(uint32_t capacity)
{
	uint32_t n = 16;

	while (n < capacity * 2ull && n < 1u << 30)
		n *= 2;
	return n;
}

static size_t entries_size(uint32_t capacity)
{
	return (size_t)capacity * sizeof(struct bp);
}

size_t bp_table_memory(uint32_t capacity, uint32_t arena_size)
{
	return entries_size(capacity) +
	       index_size(capacity) * sizeof(uint32_t) + arena_size;
}

void bp_table_init(struct bp_table *t, void *memory, uint32_t capacity,
		   uint32_t arena_size)
{
	uint32_t slots = index_size(capacity);

	memset(t, 0, sizeof(*t));
	t->bps = memory;
	t->capacity = capacity;
	t->free = t->changed = t->watches = BP_NONE;
	t->index = (uint32_t *)((uint8_t *)memory + entries_size(capacity));
	t->index_mask = slots - 1;
	memset(t->index, 0, slots * sizeof(uint32_t));
	t->arena = (uint8_t *)(t->index + slots);
	t->arena_size = arena_size;
}

static uint32_t number_of(const struct bp_table *t, const struct bp *bp)
{
	return (uint32_t)(bp - t->bps);
}

static struct bp *entry(const struct bp_table *t, uint32_t number)
{
	return number == BP_NONE ? NULL : &t->bps[number];
}

/* ---- the index --------------------------------------------------------------
 */

static uint32_t home_of(const struct bp_table *t, uint64_t addr)
{
	return (uint32_t)((addr * 0x9e3779b97f4a7c15ull) >> 32) & t->index_mask;
}

struct bp *bp_find(const struct bp_table *t, enum bp_kind kind, uint64_t addr,
		   uint64_t len)
{
	uint32_t i = home_of(t, addr);

	for (; t->index[i]; i = (i + 1) & t->index_mask) {
		struct bp *bp = &t->bps[t->index[i] - 1];

		if (bp->addr == addr && bp->kind == kind && bp->len == len)
			return bp;
	}
	return NULL;
}

struct bp *bp_lookup(const struct bp_table *t, unsigned int kind_mask,
		     uint64_t addr)
{
	uint32_t i = home_of(t, addr);

	for (; t->index[i]; i = (i + 1) & t->index_mask) {
		struct bp *bp = &t->bps[t->index[i] - 1];

		if (bp->addr == addr && bp->wanted &&
		    (kind_mask & BP_MASK(bp->kind)))
			return bp;
	}
	return NULL;
}

static void index_add(struct bp_table *t, const struct bp *bp)
{
	uint32_t i = home_of(t, bp->addr);

	while (t->index[i])
		i = (i + 1) & t->index_mask;
	t->index[i] = number_of(t, bp) + 1;
}

/* Moves later ones of the same run back, so that no tombstone is left. */
static void index_delete(struct bp_table *t, const struct bp *bp)
{
	uint32_t hole = home_of(t, bp->addr), i;

	while (t->index[hole] != number_of(t, bp) + 1)
		hole = (hole + 1) & t->index_mask;
	for (i = (hole + 1) & t->index_mask; t->index[i];
	     i = (i + 1) & t->index_mask) {
		uint32_t home = home_of(t, t->bps[t->index[i] - 1].addr);

		if (((i - home) & t->index_mask) < ((i - hole) & t->index_mask))
			continue;
		t->index[hole] = t->index[i];
		hole = i;
	}
	t->index[hole] = 0;
}

/* ---- conditions -------------------------------------------------------------
 */

static uint32_t block_size(size_t len)
{
	return (uint32_t)((sizeof(struct arena_block) + len + 7) & ~(size_t)7);
}

static void arena_release(struct bp_table *t, struct bp *bp)
{
	struct arena_block *b;

	if (bp->cond != BP_NONE) {
		b = (void *)(t->arena + bp->cond - sizeof(*b));
		b->owner = BP_NONE;
	}
	bp->cond = BP_NONE;
	bp->cond_len = 0;
}

static void arena_compact(struct bp_table *t)
{
	uint32_t from = 0, to = 0;

	while (from < t->arena_used) {
		struct arena_block *b = (void *)(t->arena + from);
		uint32_t size = b->size;

		if (b->owner != BP_NONE) {
			t->bps[b->owner].cond = to + sizeof(*b);
			memmove(t->arena + to, t->arena + from, size);
			to += size;
		}
		from += size;
	}
	t->arena_used = to;
}

static int arena_keep(struct bp_table *t, struct bp *bp, const uint8_t *cond,
		      size_t len)
{
	struct arena_block *b;

	if (len > t->arena_size)
		return -ENOSPC;
	if (block_size(len) > t->arena_size - t->arena_used)
		arena_compact(t);
	if (block_size(len) > t->arena_size - t->arena_used)
		return -ENOSPC;
	b = (void *)(t->arena + t->arena_used);
	b->owner = number_of(t, bp);
	b->size = block_size(len);
	bp->cond = t->arena_used + sizeof(*b);
	bp->cond_len = (uint32_t)len;
	memcpy(t->arena + bp->cond, cond, len);
	t->arena_used += b->size;
	return 0;
}

static int set_conditions(struct bp_table *t, struct bp *bp,
			  const uint8_t *cond, size_t len)
{
	if (len == bp->cond_len &&
	    (!len || memcmp(t->arena + bp->cond, cond, len) == 0))
		return 0;
	arena_release(t, bp);
	return len ? arena_keep(t, bp, cond, len) : 0;
}

const uint8_t *bp_condition(const struct bp_table *t, const struct bp *bp,
			    unsigned int n, size_t *len)
{
	const uint8_t *p, *end;

	if (bp->cond == BP_NONE)
		return NULL;
	p = t->arena + bp->cond;
	end = p + bp->cond_len;
	while (end - p >= 2) {
		size_t size = p[0] | (size_t)p[1] << 8;

		p += 2;
		if (size > (size_t)(end - p))
			return NULL;
		if (!n--) {
			*len = size;
			return p;
		}
		p += size;
	}
	return NULL;
}

bool bp_should_stop(const struct bp_table *t, const struct bp *bp, void *ctx,
		    struct strbuf *why)
{
	const uint8_t *code;
	unsigned int n;
	size_t len;

	if (!bp->cond_len)
		return true;
	for (n = 0; (code = bp_condition(t, bp, n, &len)); n++) {
		uint64_t value = 0;
		int err = ax_eval(code, len, ctx, &value, why);

		if (err || value)
			return true;
	}
	return false;
}

/* ---- entries ----------------------------------------------------------------
 */

static void watch_link(struct bp_table *t, struct bp *bp)
{
	uint32_t me = number_of(t, bp);

	bp->prev_watch = BP_NONE;
	bp->next_watch = t->watches;
	if (t->watches != BP_NONE)
		t->bps[t->watches].prev_watch = me;
	t->watches = me;
}

static void watch_unlink(struct bp_table *t, struct bp *bp)
{
	if (bp->prev_watch == BP_NONE)
		t->watches = bp->next_watch;
	else
		t->bps[bp->prev_watch].next_watch = bp->next_watch;
	if (bp->next_watch != BP_NONE)
		t->bps[bp->next_watch].prev_watch = bp->prev_watch;
}

static bool is_watch(const struct bp *bp)
{
	return BP_MASK(bp->kind) & BP_MASK_WATCH;
}

static void note_change(struct bp_table *t, struct bp *bp)
{
	if (bp->changed)
		return;
	bp->changed = true;
	bp->next_changed = t->changed;
	t->changed = number_of(t, bp);
}

static struct bp *bp_new(struct bp_table *t, enum bp_kind kind, uint64_t addr,
			 uint64_t len)
{
	struct bp *bp;

	if (t->free != BP_NONE) {
		bp = &t->bps[t->free];
		t->free = bp->next_changed;
	} else if (t->fresh < t->capacity) {
		bp = &t->bps[t->fresh++];
	} else {
		return NULL;
	}
	memset(bp, 0, sizeof(*bp));
	bp->kind = (uint8_t)kind;
	bp->addr = addr;
	bp->len = len;
	bp->cond = BP_NONE;
	bp->used = true;
	if (is_watch(bp))
		watch_link(t, bp);
	index_add(t, bp);
	t->used++;
	return bp;
}

static void set_wanted(struct bp_table *t, struct bp *bp, bool wanted)
{
	if (bp->wanted == wanted)
		return;
	bp->wanted = wanted;
	t->wanted += wanted ? 1 : -1u;
	note_change(t, bp);
}

int bp_insert(struct bp_table *t, enum bp_kind kind, uint64_t addr,
	      uint64_t len, const uint8_t *cond, size_t cond_len,
	      struct bp **out)
{
	struct bp *bp = bp_find(t, kind, addr, len);
	int err;

	*out = NULL;
	if (!bp)
		bp = bp_new(t, kind, addr, len);
	if (!bp)
		return -ENOSPC;
	set_wanted(t, bp, true);
	err = set_conditions(t, bp, cond, cond_len);
	if (err) {
		set_wanted(t, bp, false);
		return err;
	}
	*out = bp;
	return 0;
}

void bp_remove(struct bp_table *t, enum bp_kind kind, uint64_t addr,
	       uint64_t len)
{
	struct bp *bp = bp_find(t, kind, addr, len);

	if (bp)
		set_wanted(t, bp, false);
}

void bp_remove_all(struct bp_table *t)
{
	struct bp *bp;

	for (bp = bp_next(t, NULL); bp; bp = bp_next(t, bp))
		set_wanted(t, bp, false);
}

static void bp_drop(struct bp_table *t, struct bp *bp)
{
	index_delete(t, bp);
	if (is_watch(bp))
		watch_unlink(t, bp);
	arena_release(t, bp);
	bp->used = false;
	bp->next_changed = t->free;
	t->free = number_of(t, bp);
	t->used--;
}

void bp_table_commit(struct bp_table *t)
{
	uint32_t i = t->changed;

	t->changed = BP_NONE;
	while (i != BP_NONE) {
		struct bp *bp = &t->bps[i];

		i = bp->next_changed;
		bp->changed = false;
		if (!bp->wanted)
			bp_drop(t, bp);
	}
	if (!t->used)
		t->arena_used = 0;
}

struct bp *bp_next(const struct bp_table *t, const struct bp *bp)
{
	uint32_t i = bp ? number_of(t, bp) + 1 : 0;

	for (; i < t->fresh; i++) {
		if (t->bps[i].used)
			return &t->bps[i];
	}
	return NULL;
}

struct bp *bp_next_changed(const struct bp_table *t, const struct bp *bp)
{
	return entry(t, bp ? bp->next_changed : t->changed);
}

struct bp *bp_next_watch(const struct bp_table *t, const struct bp *bp)
{
	return entry(t, bp ? bp->next_watch : t->watches);
}

struct bp *bp_lookup_watch(const struct bp_table *t, unsigned int kind_mask,
			   uint64_t addr, uint64_t len)
{
	struct bp *bp;

	for (bp = bp_next_watch(t, NULL); bp; bp = bp_next_watch(t, bp)) {
		if (!bp->wanted || !(kind_mask & BP_MASK(bp->kind)))
			continue;
		if (addr - bp->addr < bp->len || bp->addr - addr < len)
			return bp;
	}
	return NULL;
}
