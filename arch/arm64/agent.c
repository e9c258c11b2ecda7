/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What conditions may read of the CPU they run on: trace
 * state variables. Takes no lock.
 */
#include "agent.h"

#include <errno.h>


#define VARIABLES 1024

/* One value for all CPUs, made with 0 when a condition first names it. */
static uint64_t variable[VARIABLES];

int agent_getv(struct cpu *c, unsigned int number, uint64_t *value)
{
	if (number >= VARIABLES)
		return -ENOENT;
	*value = __atomic_load_n(&variable[number], __ATOMIC_RELAXED);
	return 0;
}

int agent_setv(struct cpu *c, unsigned int number, uint64_t value)
{
	if (number >= VARIABLES)
		return -ENOENT;
	__atomic_store_n(&variable[number], value, __ATOMIC_RELAXED);
	return 0;
}
