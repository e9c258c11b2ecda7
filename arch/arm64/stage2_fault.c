/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See stage2_fault.h. */
#include "stage2_fault.h"

#include "access.h"
#include "barrier.h"
#include "debug.h"
#include "esr.h"
#include "guest.h"
#include "log.h"
#include "mmio_trap_table.h"
#include "page.h"
#include "platform/platform.h"
#include "pstate.h"
#include "sysreg.h"
#include "traps.h"
#include "view.h"

#define RETRIES 64

/*
 * On a permission fault HPFAR_EL2 holds nothing on hardware (Arm ARM: only for
 * translation and access flag faults, or on a stage-1 walk): ask the MMU.
 * False: not translated any more, the guest is to try again.
 */
static bool find_ipa(struct cpu *c, const struct esr_dabt *d, uint64_t *ipa)
{
	uint64_t far = c->vcpu.far, par, saved;

	if (d->fault != ESR_FAULT_PERMISSION || d->s1ptw) {
		*ipa = (c->vcpu.hpfar & GENMASK(43, 4)) << 8 | (far & 0xfff);
		return true;
	}
	saved = read_sysreg(par_el1);
	asm volatile("at s1e1r, %0" : : "r"(far));
	isb(); /* orders the translation before its result is read */
	par = read_sysreg(par_el1);
	write_sysreg(saved, par_el1);
	if (par & 1)
		return false;
	*ipa = (par & GENMASK(51, 12)) | (far & 0xfff);
	return true;
}

static void refuse(struct cpu *c, uint64_t ipa, bool write, bool fetch)
{
	uint64_t far = c->vcpu.far;

	log_guest("CPU %u: %s of 0x%llx refused, PC 0x%llx", c->id,
		  fetch ? "fetch" : write ? "write" : "read",
		  (unsigned long long)ipa, (unsigned long long)c->vcpu.pc);
	if (fetch)
		traps_inject(c,
			     esr_make_iabt(pstate_el(c->vcpu.pstate) == 0,
					   FSC_SEA),
			     &far);
	else
		traps_inject_abort(c, write);
}

/*
 * Was it changed while the abort was under way? Pages may change several times
 * in a row; one that keeps aborting with nothing in between is reported.
 */
static bool retry(struct cpu *c, uint64_t ipa, bool write, bool fetch)
{
	if (!view_allows(c->view, ipa, write, fetch))
		return false;
	if (c->retry_pc == c->vcpu.pc && c->retry_ipa == ipa &&
	    c->retry_exit + 1 == c->exit_count)
		c->retries++;
	else
		c->retries = 0;
	c->retry_pc = c->vcpu.pc;
	c->retry_ipa = ipa;
	c->retry_exit = c->exit_count;
	return c->retries < RETRIES;
}

/*
 * The walk itself met a page that is written or watched: hardware does it. Or
 * one whose block was being split or merged meanwhile: the guest tries again.
 */
static enum cpu_exit walk_abort(struct cpu *c, uint64_t ipa)
{
	struct page *p = page_find(ipa);

	if (p)
		debug_hidden_step(c, p->tables || p->watches ? VIEW_OPEN :
							       VIEW_PLAIN, p);
	else if (!retry(c, ipa, false, false))
		traps_inject(c,
			     esr_make_dabt(pstate_el(c->vcpu.pstate) == 0,
					   FSC_SEA_WALK, false, false),
			     &c->vcpu.far);
	return EXITS_STAGE2;
}

enum cpu_exit stage2_fault_fetch(struct cpu *c)
{
	struct esr_dabt d = esr_decode_dabt(c->vcpu.esr);
	uint64_t ipa;

	if (d.fault == ESR_FAULT_EXTERNAL) {
		/* the bus, not stage 2: the guest's */
		traps_inject(c,
			     esr_make_iabt(pstate_el(c->vcpu.pstate) == 0,
					   d.dfsc),
			     &c->vcpu.far);
		return EXITS_STAGE2;
	}
	if (!find_ipa(c, &d, &ipa))
		return EXITS_STAGE2;
	if (d.s1ptw)
		return walk_abort(c, ipa);
	if (!retry(c, ipa, false, true))
		refuse(c, ipa, false, true);
	return EXITS_STAGE2;
}

/* A hole beside a trapped range, within one large stage-2 page. */
static bool is_neighbour(uint64_t ipa)
{
	uint64_t size = view_page_size(), base = ALIGN_DOWN(ipa, size);

	if (guest_owns_ram(ipa, 1) ||
	    ipa - platform->monitor.base < platform->monitor.size)
		return false;
	for (uint64_t at = base; at < base + size; at += 4096)
		if (mmio_trap_find(at))
			return true;
	return false;
}

enum cpu_exit stage2_fault_data(struct cpu *c)
{
	struct esr_dabt d = esr_decode_dabt(c->vcpu.esr);
	uint64_t ipa;

	if (d.fault == ESR_FAULT_EXTERNAL) {
		/* the bus, not stage 2: the guest's, with its own syndrome */
		traps_inject(c,
			     esr_make_dabt(pstate_el(c->vcpu.pstate) == 0,
					   d.dfsc, d.wnr, d.cm),
			     &c->vcpu.far);
		return EXITS_STAGE2;
	}
	if (!find_ipa(c, &d, &ipa))
		return EXITS_STAGE2;
	if (d.s1ptw)
		return walk_abort(c, ipa);
	if (mmio_trap_find(ipa) || page_find(ipa) || is_neighbour(ipa))
		return access_abort(c, ipa);
	if (!retry(c, ipa, d.wnr, false) && view_map_device(ipa))
		refuse(c, ipa, d.wnr, false);
	return EXITS_STAGE2;
}
