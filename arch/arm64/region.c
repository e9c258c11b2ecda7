/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See region.h. */
#include "region.h"

#include <string.h>

#include "bits.h"

#define WALKS 1024
#define PAGE 4096 /* the smallest that there is */

static const uint64_t windows[] = {
	TARGET_WINDOW_PHYS,
	TARGET_WINDOW_IPA,
	TARGET_WINDOW_LIVE,
};

#define WINDOW_SIZE (~TARGET_WINDOW_MASK + 1)

static bool is_window(uint64_t va)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(windows); i++)
		if ((va & TARGET_WINDOW_MASK) == windows[i])
			return true;
	return false;
}

/* Bytes from va on that nothing but the tables decides about; 0: all. */
static uint64_t until_window(uint64_t va)
{
	uint64_t left = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(windows); i++)
		if (windows[i] > va && (!left || windows[i] - va < left))
			left = windows[i] - va;
	return left;
}

/* The stretch that one entry decides about, from va on. */
static void look(const struct stage1_regime *regime, uint64_t va, void *ctx,
		 struct target_region *r)
{
	uint64_t limit = until_window(va);
	struct stage1_result w;

	r->start = va;
	r->mapped = !stage1_walk(regime, va, ctx, &w);
	r->writable = r->mapped && !w.read_only;
	r->executable = r->mapped && (!w.pxn || !w.uxn);
	r->size = r->mapped ? w.left : stage1_gap(regime, va, &w);
	if (limit && (!r->size || r->size > limit))
		r->size = limit;
}

static bool is_same(const struct target_region *a,
		    const struct target_region *b)
{
	return a->mapped == b->mapped && a->writable == b->writable &&
	       a->executable == b->executable;
}

void region_find(const struct stage1_regime *regime, uint64_t va, void *ctx,
		 struct target_region *out)
{
	struct target_region next;

	va &= ~(uint64_t)(PAGE - 1);
	if (is_window(va)) {
		*out = (struct target_region){
			.start = va & TARGET_WINDOW_MASK,
			.size = WINDOW_SIZE,
			.mapped = true,
			.writable = true,
		};
		return;
	}
	look(regime, va, ctx, out);
	for (unsigned int i = 1; i < WALKS && out->size; i++) {
		uint64_t at = out->start + out->size;

		if (!at || is_window(at))
			break;
		look(regime, at, ctx, &next);
		if (!is_same(out, &next))
			break;
		out->size = next.size ? out->size + next.size : 0;
	}
	if (out->start + out->size == 0)
		out->size = 0;
}
