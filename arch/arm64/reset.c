/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See reset.h. */
#include "reset.h"

#include <string.h>

#include "barrier.h"
#include "cpu.h"
#include "platform/platform.h"

#define MAGIC 0x7265736574687331ull

struct page {
	uint64_t magic;
	uint64_t sum;
	struct reset_record record;
};

_Static_assert(sizeof(struct page) <= RESET_RECORD_ROOM, "one page");

static struct page *page(void)
{
	return (struct page *)(platform->monitor.base + platform->monitor.size -
			       RESET_RECORD_ROOM);
}

static uint64_t sum_of(const struct reset_record *r)
{
	const uint8_t *p = (const uint8_t *)r;
	uint64_t sum = sizeof(*r);

	for (size_t i = 0; i < sizeof(*r); i++)
		sum = sum * 31 + p[i];
	return sum;
}

static void publish(void)
{
	/* what follows a reset reads it with cold caches */
	dcache_clean_inval_poc((uint64_t)page(), sizeof(struct page));
}

void reset_record_save(const struct reset_record *r)
{
	struct page *p = page();

	memcpy(&p->record, r, sizeof(*r));
	p->sum = sum_of(&p->record);
	p->magic = MAGIC;
	publish();
}

bool reset_record_take(struct reset_record *r)
{
	struct page *p = page();
	bool good = p->magic == MAGIC && p->sum == sum_of(&p->record);

	if (good)
		memcpy(r, &p->record, sizeof(*r));
	p->magic = 0;
	publish();
	return good;
}
