/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Guest pages that are not mapped plainly: with a shadow copy that holds BRKs,
 * watched, or holding a stage-1 table that is looked at. Says how each view maps
 * a page; keeps shadows equal to their pages.
 */
#ifndef ARCH_PAGE_H
#define ARCH_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"
#include "lock.h"

struct strbuf;

struct page {
	uint64_t ipa;
	uint32_t next; /* in its hash chain; index + 1 */
	struct spinlock lock;
	uint16_t brks; /* words of the shadow that are breakpoints */
	uint16_t watches; /* data accesses trap */
	uint16_t tables; /* writes trap: pending breakpoints look at it */
	bool device;
	bool fresh; /* the copy was made while CPUs may run */
	uint32_t active; /* place in the list of those with a copy */
	uint8_t *copy; /* the shadow, or NULL */
};

void page_init(void);
/* No less than what page_init() takes, where stage 2 has such pages. */
uint64_t page_memory(uint64_t page_size);
/* The page of an address, or NULL: it is a plain one. No lock, any CPU. */
struct page *page_find(uint64_t ipa);

/*
 * Claims and their ends; mapped as they say by page_commit(). World stopped, or
 * under the caller's own serialisation. -ENOSPC with text. A word may be claimed
 * several times: two kinds of breakpoint at one address, two addresses of one
 * page, several processes. It is a BRK until the last one has gone.
 */
int page_brk_set(uint64_t ipa, struct strbuf *why);
void page_brk_clear(uint64_t ipa);
int page_watch_add(uint64_t ipa, bool device, struct strbuf *why);
void page_watch_remove(uint64_t ipa);
int page_table_add(uint64_t ipa);
void page_table_remove(uint64_t ipa);
/* Map what changed since the last call; plain pages become plain again. */
void page_commit(void);

/* A write by the guest or the debugger to a page with a shadow; false: none. */
bool page_write(uint64_t pa, const void *buf, size_t n);
/* The real page may have changed by itself: make the shadow follow. */
bool page_resync(struct page *p);
/* One shadow each time (devices write behind our back); cheap when none. */
void page_resync_next(void);
void page_resync_all(void);

unsigned int page_pool_size(void);
unsigned int page_pool_used(void);

#endif
