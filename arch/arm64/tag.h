/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Memory tagging (FEAT_MTE2): which of the guest's accesses its core would check
 * against the tags of memory. Pure.
 */
#ifndef ARCH_TAG_H
#define ARCH_TAG_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

#define TAG_GRANULE 16 /* bytes that have a tag of their own */
#define TAG_FIELD GENMASK(59, 56) /* of a pointer, and of what LDG gives */

/*
 * Is an access through va checked? By SCTLR_EL1, TCR_EL1 and PSTATE; Arm ARM,
 * AArch64.AccessIsTagChecked. True as well where it depends on more than these: on
 * the instruction (LDTR and kin at EL1, an address made of SP) or on the memory's
 * type.
 */
bool tag_is_checked(uint64_t sctlr, uint64_t tcr, uint64_t pstate, uint64_t va);

#endif
