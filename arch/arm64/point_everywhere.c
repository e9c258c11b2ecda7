/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Breakpoints that count in any process, with no comparator left for them: a BRK
 * where each CPU's process of the moment has the address. Looked at again when
 * a CPU changes its tables (HCR_EL2.TVM) or they change, under point.c's lock.
 */
#include <errno.h>
#include <string.h>

#include "debug.h"
#include "log.h"
#include "page.h"
#include "platform/platform.h"
#include "point_internal.h"
#include "stub/strbuf.h"

#define SLOTS 64

static struct slot {
	struct bp *bp;
	struct {
		uint64_t pa; /* where its BRK is, 0: nowhere */
		uint64_t table; /* what its mapping there hangs on */
	} on[PLATFORM_MAX_CPUS];
} slots[SLOTS];

/* Each CPU's tables as it has last said. */
static struct stage1_regime regimes[PLATFORM_MAX_CPUS];

static void change(struct slot *s, unsigned int cpu, uint64_t pa)
{
	uint64_t old = s->on[cpu].pa;

	if (old == pa)
		return;
	s->on[cpu].pa = pa;
	if (pa && page_brk_set(pa, NULL)) {
		s->on[cpu].pa = 0;
		log_line("breakpoint at 0x%llx: no shadow page is free",
			 (unsigned long long)s->bp->addr);
	}
	if (old)
		page_brk_clear(old);
}

/*
 * Where it is not mapped its last place stays: a process that comes back costs
 * nothing then, and in what else runs there a BRK at another address is no hit.
 */
static void look(struct slot *s, unsigned int cpu)
{
	const struct stage1_regime *r = &regimes[cpu];
	struct guest_place p;

	if (!guest_translate_by(r, s->bp->addr, &p, NULL) && p.ram)
		change(s, cpu, p.pa);
	point_watch_table(&s->on[cpu].table,
			  point_last_descriptor(r, s->bp->addr));
}

int point_everywhere_take(struct bp *bp, struct strbuf *why)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (slots[i].bp)
			continue;
		slots[i].bp = bp;
		bp->armed = POINT_EVERYWHERE;
		bp->data[AT_SLOT] = i;
		debug_wants.now.shadows++;
		debug_wants.everywhere++;
		return 0; /* each CPU looks before it runs its guest */
	}
	if (why)
		strbuf_printf(why, "%u breakpoints count in every process, beside those in comparators: no more can",
			      SLOTS);
	return -ENOSPC;
}

void point_everywhere_drop(struct bp *bp)
{
	struct slot *s = &slots[bp->data[AT_SLOT]];

	for (unsigned int i = 0; i < cpu_count(); i++) {
		change(s, i, 0);
		point_watch_table(&s->on[i].table, 0);
	}
	s->bp = NULL;
	debug_wants.now.shadows--;
	debug_wants.everywhere--;
}

void point_everywhere_look(struct cpu *c)
{
	guest_regime(c, &regimes[c->id]);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i].bp)
			look(&slots[i], c->id);
}

void point_everywhere_written(uint64_t ipa, uint64_t size)
{
	for (unsigned int i = 0; i < SLOTS && debug_wants.everywhere; i++)
		for (unsigned int k = 0; slots[i].bp && k < cpu_count(); k++) {
			uint64_t at = slots[i].on[k].table;

			if (at && at + 8 > ipa && at < ipa + size)
				look(&slots[i], k);
		}
}
