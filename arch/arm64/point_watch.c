/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Watchpoints armed: by comparators, or by pages that stage 2 makes trap. */
#include <errno.h>

#include "debug_regs.h"
#include "log.h"
#include "mmio_shadow.h"
#include "page.h"
#include "point_internal.h"
#include "stub/strbuf.h"
#include "view.h"

#define LINGER 64

/* Device pages to be let go at a continue. */
static struct {
	uint64_t page[LINGER];
	unsigned int count;
} waiting;

bool point_watch_regs(const struct bp *bp, uint64_t *wvr, uint64_t *wcr)
{
	uint64_t len = bp->len, a = bp->addr;

	*wcr = DBGWCR_E | DBGWCR_PAC_EL10;
	if (bp->kind != BP_WATCH)
		*wcr |= DBGWCR_LOAD;
	if (bp->kind != BP_RWATCH)
		*wcr |= DBGWCR_STORE;
	if (!len || point_is_window(a))
		return false;
	if ((a & 7) + len <= 8) {
		*wvr = ALIGN_DOWN(a, 8);
		*wcr |= (GENMASK(len - 1, 0) << (a & 7)) << 5;
		return true;
	}
	if (len & (len - 1) || a & (len - 1) || len < 16 || len > 1ull << 31)
		return false;
	*wvr = a;
	*wcr |= 0xffull << 5 | (uint64_t)__builtin_ctzll(len) << 24;
	return true;
}

static uint64_t page_span(uint64_t pa, uint64_t len)
{
	uint64_t size = view_page_size();

	return ALIGN_UP(pa + len, size) - ALIGN_DOWN(pa, size);
}

static void unwatch_pages(uint64_t pa, uint64_t done, bool device)
{
	uint64_t size = view_page_size(), base = ALIGN_DOWN(pa, size);

	for (uint64_t at = 0; at < done; at += size) {
		page_watch_remove(base + at);
		for (uint64_t k = 0; device && k < size; k += 4096)
			mmio_shadow_remove(base + at + k);
	}
}

int point_one_stretch(const struct stage1_regime *r, const struct bp *bp,
		      struct guest_place *first, uint64_t *at,
		      struct strbuf *why)
{
	struct guest_place p;
	int err;

	*at = bp->addr;
	err = guest_translate_by(r, *at, first, why);
	if (err)
		return err;
	for (*at += first->left; *at - bp->addr < bp->len; *at += p.left) {
		err = guest_translate_by(r, *at, &p, why);
		if (err)
			return err;
		if (p.pa != first->pa + (*at - bp->addr) ||
		    p.ram != first->ram) {
			if (why)
				strbuf_printf(why, "the range is not one stretch of physical memory: it breaks at 0x%llx; watch the parts",
					      (unsigned long long)*at);
			return -EINVAL;
		}
	}
	return 0;
}

int point_arm_pages(struct bp *bp, const struct guest_place *p,
		    struct strbuf *why)
{
	uint64_t size = view_page_size(), base = ALIGN_DOWN(p->pa, size), at;
	uint64_t span = page_span(p->pa, bp->len);
	int err = 0;

	for (at = 0; at < span; at += size) {
		err = page_watch_add(base + at, !p->ram, why);
		if (err)
			break;
		for (uint64_t k = 0; !p->ram && k < size; k += 4096)
			if (mmio_shadow_add(base + at + k))
				log_line("no room to remember values of device page 0x%llx",
					 (unsigned long long)(base + at + k));
	}
	if (err) {
		unwatch_pages(p->pa, at, !p->ram);
		return err;
	}
	bp->armed = POINT_PAGES;
	bp->data[AT_PA] = p->pa;
	bp->data[AT_DEVICE] = !p->ram;
	return 0;
}

int point_arm_watch(struct cpu *c, struct bp *bp, struct strbuf *why)
{
	struct stage1_regime r;
	struct guest_place p;
	uint64_t wvr, wcr, at;
	bool fits = point_watch_regs(bp, &wvr, &wcr) && point_comparator_free(true);
	int err;

	if (!bp->len || bp->len > 1ull << 40 || bp->addr + bp->len < bp->addr) {
		strbuf_printf(why, "cannot watch 0x%llx bytes",
			      (unsigned long long)bp->len);
		return -EINVAL;
	}
	guest_regime_for(c, bp->addr, &r);
	err = point_one_stretch(&r, bp, &p, &at, why);
	if (fits && (err || p.ram)) {
		bp->armed = POINT_COMPARATOR; /* matches by VA, mapped or not */
		return 0;
	}
	return err ? err : point_arm_pages(bp, &p, why);
}

static void linger(uint64_t pa, uint64_t span, bool device)
{
	uint64_t size = view_page_size(), base = ALIGN_DOWN(pa, size);

	for (uint64_t at = 0; at < span; at += size) {
		if (waiting.count < LINGER)
			waiting.page[waiting.count++] = base + at;
		else
			unwatch_pages(base + at, size, device);
	}
}

void point_disarm_pages(struct bp *bp, bool stepping)
{
	uint64_t span = page_span(bp->data[AT_PA], bp->len);

	if (stepping && bp->data[AT_DEVICE])
		linger(bp->data[AT_PA], span, true);
	else
		unwatch_pages(bp->data[AT_PA], span, bp->data[AT_DEVICE]);
}

unsigned int point_lingering(void)
{
	return waiting.count;
}

void point_let_go(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		unwatch_pages(waiting.page[i], view_page_size(), true);
	for (unsigned int i = n; i < waiting.count; i++)
		waiting.page[i - n] = waiting.page[i];
	waiting.count -= n;
}
