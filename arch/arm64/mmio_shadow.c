/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See mmio_shadow.h. */
#include "mmio_shadow.h"

#include <errno.h>
#include <string.h>

#define PAGES MMIO_SHADOW_PAGES
#define PAGE 4096u

struct mmio_shadow_page {
	uint64_t page; /* +1: 0 is free */
	unsigned int users;
	uint8_t value[PAGE];
	uint8_t seen[PAGE / 8];
};

static struct mmio_shadow_page *pages;

size_t mmio_shadow_memory(void)
{
	return sizeof(*pages) * PAGES;
}

void mmio_shadow_init(void *mem)
{
	pages = mem;
}

static struct mmio_shadow_page *find(uint64_t pa)
{
	for (unsigned int i = 0; i < PAGES; i++)
		if (pages[i].page == pa / PAGE * PAGE + 1)
			return &pages[i];
	return NULL;
}

int mmio_shadow_add(uint64_t page)
{
	struct mmio_shadow_page *p = find(page);

	for (unsigned int i = 0; !p && i < PAGES; i++)
		if (!pages[i].page) {
			p = &pages[i];
			memset(p, 0, sizeof(*p));
			p->page = page / PAGE * PAGE + 1;
		}
	if (!p)
		return -ENOSPC;
	p->users++;
	return 0;
}

void mmio_shadow_remove(uint64_t page)
{
	struct mmio_shadow_page *p = find(page);

	if (p && !--p->users)
		p->page = 0;
}

int mmio_shadow_get(uint64_t pa, size_t size, uint64_t *value)
{
	const struct mmio_shadow_page *p = find(pa);
	uint64_t v = 0;

	if (!p || size > 8 || pa % PAGE + size > PAGE)
		return -ENODATA;
	for (size_t i = 0; i < size; i++) {
		unsigned int at = (unsigned int)(pa % PAGE + i);

		if (!(p->seen[at / 8] >> at % 8 & 1))
			return -ENODATA;
		v |= (uint64_t)p->value[at] << 8 * i;
	}
	*value = v;
	return 0;
}

void mmio_shadow_put(uint64_t pa, size_t size, uint64_t value)
{
	struct mmio_shadow_page *p = find(pa);

	for (size_t i = 0; p && i < size && pa % PAGE + i < PAGE; i++) {
		unsigned int at = (unsigned int)(pa % PAGE + i);

		p->value[at] = (uint8_t)(value >> 8 * i);
		p->seen[at / 8] |= (uint8_t)(1u << at % 8);
	}
}
