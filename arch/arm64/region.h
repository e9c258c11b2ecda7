/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What lies around a virtual address: a stretch that the guest's tables map
 * with the same rights, or a gap. Pure; bounded in walks, so a long stretch
 * comes in several.
 */
#ifndef ARCH_REGION_H
#define ARCH_REGION_H

#include <stdint.h>

#include "stage1.h"
#include "stub/target.h"

/* ctx goes to stage1_read_desc(). Windows are regions of their own. */
void region_find(const struct stage1_regime *regime, uint64_t va, void *ctx,
		 struct target_region *out);

#endif
