/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The table of system registers, and searches in it. */
#include <string.h>

#include "bits.h"
#include "esr.h"
#include "sysregs.h"

#define SYSREG_IF_ALWAYS SYSREG_ALWAYS
#define SYSREG(name, op0, op1, crn, crm, op2, group, type, flags, need) \
	{#name,		 SYSREG_ENCODING(op0, op1, crn, crm, op2),      \
	 SYSREG_##group, SYSREG_##type,                                 \
	 flags,		 SYSREG_IF_##need},

static const struct sysreg_info table[] = {
#include "sysregs.def"
};
#undef SYSREG

#define SYSREG(name, op0, op1, crn, crm, op2, group, type, flags, need) \
	_Static_assert(sizeof(#name) <= SYSREG_NAME, #name);
#include "sysregs.def"
#undef SYSREG

const struct sysreg_info *sysregs_table(size_t *count)
{
	*count = ARRAY_SIZE(table);
	return table;
}

const struct sysreg_info *sysregs_find(uint16_t encoding)
{
	size_t lo = 0, hi = ARRAY_SIZE(table);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (table[mid].encoding == encoding)
			return &table[mid];
		if (table[mid].encoding < encoding)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct sysreg_info *sysregs_find_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!strcmp(table[i].name, name))
			return &table[i];
	}
	return NULL;
}

const char *sysregs_group_name(enum sysreg_group group)
{
	static const char *const name[SYSREG_GROUPS] = {
		"el1_core",  "el1_fault", "el1_mmu",   "el1_ctl", "el1_pauth",
		"el1_debug", "timer",	  "gic",       "gich",	  "pmu",
		"id",	     "el2_ctl",	  "el2_fault", "el2_own",
	};

	return (unsigned int)group < SYSREG_GROUPS ? name[group] : NULL;
}
