/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See tag.h. */
#include "tag.h"

#include "pstate.h"

#define SCTLR_M BIT(0)
#define SCTLR_TCF0 GENMASK(39, 38)
#define SCTLR_TCF GENMASK(41, 40)
#define SCTLR_ATA0 BIT(42)
#define SCTLR_ATA BIT(43)

/* By the half of the address space, VA[55]. */
static const uint64_t tbi[2] = { BIT(37), BIT(38) };
static const uint64_t tcma[2] = { BIT(57), BIT(58) };

bool tag_is_checked(uint64_t sctlr, uint64_t tcr, uint64_t pstate, uint64_t va)
{
	unsigned int high = va >> 55 & 1;
	bool user = sctlr & SCTLR_TCF0 && sctlr & SCTLR_ATA0;
	bool kernel = sctlr & SCTLR_TCF && sctlr & SCTLR_ATA;

	if (pstate & (PSTATE_NRW | PSTATE_TCO) || !(sctlr & SCTLR_M))
		return false;
	if (!user && !(kernel && pstate_el(pstate)))
		return false;
	if (!(tcr & tbi[high]))
		return false;
	return !(tcr & tcma[high]) ||
	       FIELD_GET(TAG_FIELD, va) != (high ? 15 : 0);
}
