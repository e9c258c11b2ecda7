/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The last value that went over the bus at each address of the device pages that
 * are watched: what the debugger is answered, so that its reads have no
 * side effects. Pure; one lock a page is the caller's.
 */
#ifndef ARCH_MMIO_SHADOW_H
#define ARCH_MMIO_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MMIO_SHADOW_PAGES 256

/* Room for MMIO_SHADOW_PAGES; mem has mmio_shadow_memory() zeroed bytes. */
size_t mmio_shadow_memory(void);
void mmio_shadow_init(void *mem);

/* -ENODATA unless every byte has been seen. size 1..8. */
int mmio_shadow_get(uint64_t pa, size_t size, uint64_t *value);
/* Note a value; nothing is kept for pages that are not watched. */
void mmio_shadow_put(uint64_t pa, size_t size, uint64_t value);
/* Begin and end remembering a 4K page. -ENOSPC. */
int mmio_shadow_add(uint64_t page);
void mmio_shadow_remove(uint64_t page);

#endif
