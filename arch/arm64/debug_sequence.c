/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See debug_sequence.h. */
#include "debug_sequence.h"

#include "debug.h"
#include "debug_regs.h"
#include "guest_mem.h"
#include "insn.h"
#include "point.h"
#include "pstate.h"
#include "sysreg.h"

/* Steps to the next try, and how far from the load they may lead. */
#define RETRY_STEPS (2 * INSN_EXCLUSIVE_MAX)
#define RETRY_NEAR (8ull * INSN_EXCLUSIVE_MAX)

/* Where the sequence whose load is at that address can be left. */
static bool bound(struct cpu *c, uint64_t load, struct insn_exclusive *e)
{
	uint32_t code[INSN_EXCLUSIVE_MAX];
	unsigned int n = 0;

	while (n < INSN_EXCLUSIVE_MAX &&
	       !guest_fetch(c, load + 4ull * n, &code[n]) &&
	       !insn_is_exclusive_store(code[n++]))
		;
	return !insn_exclusive_end(code, n, e);
}

/* Comparators at the exits of the sequence that begins at PC. */
static bool find_exits(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;
	struct insn_exclusive e;

	if (!bound(c, c->vcpu.pc, &e) || e.exits + 1 > debug_break_count())
		return false;
	d->exits = 0;
	d->exit[d->exits++] = c->vcpu.pc + (uint64_t)e.end;
	for (unsigned int i = 0; i < e.exits; i++)
		d->exit[d->exits++] = c->vcpu.pc + (uint64_t)e.exit[i];
	/* what a fault within it starts is no part of it */
	if (d->exits < debug_break_count())
		d->exit[d->exits++] = pstate_vector(
			c->vcpu.pstate, read_sysreg_el1(vbar_el1, VBAR_EL12),
			PSTATE_VECTOR_SYNC);
	return true;
}

void debug_sequence_begin(struct cpu *c)
{
	uint32_t insn;

	if (!(c->vcpu.pstate & PSTATE_NRW) &&
	    !guest_fetch(c, c->vcpu.pc, &insn) &&
	    insn_is_exclusive_load(insn) && find_exits(c))
		c->dbg->sequence = c->dbg->dirty = true;
}

bool debug_sequence_is_exit(const struct debug_cpu *d, uint64_t pc)
{
	for (unsigned int i = 0; d->sequence && i < d->exits; i++)
		if (d->exit[i] == pc)
			return true;
	return false;
}

bool debug_sequence_is_lost(const struct cpu *c)
{
	return c->hidden_step && c->dbg->sequence && c->dbg->ss_armed &&
	       c->step == STEP_NONE;
}

/* The load of the sequence that PC is in, or right behind; 0: there is none. */
static uint64_t find_load(struct cpu *c, struct insn_exclusive *e)
{
	uint64_t pc = c->vcpu.pc;

	for (unsigned int i = 1; i <= INSN_EXCLUSIVE_MAX; i++) {
		uint64_t at = pc - 4ull * i;
		int64_t offset;
		uint32_t insn;

		if (guest_fetch(c, at, &insn))
			return 0;
		if (insn_is_exclusive_load(insn))
			return bound(c, at, e) && pc - at <= (uint64_t)e->end
				       ? at
				       : 0;
		if (i > 1 && insn_is_exclusive_store(insn))
			return 0;
		switch (insn_branch(insn, &offset)) {
		case INSN_BRANCH_NONE:
		case INSN_BRANCH_COND:
			break;
		default:
			return 0;
		}
	}
	return 0;
}

static void lead_to(struct debug_cpu *d, uint64_t load, uint64_t table)
{
	if (d->retry != load || table)
		d->retry_table = table;
	d->retry = load;
	d->retry_left = RETRY_STEPS;
}

bool debug_retry_begin(struct cpu *c)
{
	uint64_t pc = c->vcpu.pc, load;
	struct insn_exclusive e;

	if (c->vcpu.pstate & PSTATE_NRW)
		return false;
	load = find_load(c, &e);
	for (uint64_t at = load + 4; load && at < load + (uint64_t)e.end;
	     at += 4)
		if (point_find(at) || point_find_physical(c, at)) {
			lead_to(c->dbg, load, 0);
			return true;
		}
	c->dbg->no_sequence = pc; /* hit often, it is looked at once */
	return false;
}

void debug_retry_lost(struct cpu *c, uint64_t table)
{
	struct insn_exclusive e;
	uint64_t load = find_load(c, &e);

	if (load) /* else it may be on the way to another */
		lead_to(c->dbg, load, table);
}

bool debug_retry_goes_on(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;
	uint64_t pc = c->vcpu.pc;
	bool on;

	on = d->retry_left-- && pc - d->retry + RETRY_NEAR < 2 * RETRY_NEAR;
	if (!on || pc == d->retry)
		d->retry = 0;
	return on;
}
