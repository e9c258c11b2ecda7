/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See debug.h: what runs when, and what each debug exception means. */
#include "debug.h"

#include <errno.h>
#include <string.h>

#include "access.h"
#include "barrier.h"
#include "clock.h"
#include "debug_regs.h"
#include "debug_sequence.h"
#include "debug_step.h"
#include "esr.h"
#include "feature.h"
#include "guest_mem.h"
#include "insn.h"
#include "irq/irqchip.h"
#include "link.h"
#include "memory.h"
#include "page.h"
#include "point.h"
#include "pstate.h"
#include "stub/breakpoint.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "target.h"
#include "timer.h"
#include "traps.h"
#include "view.h"
#include "world.h"

struct debug_wants debug_wants;

void debug_init(void)
{
	for (unsigned int i = 0; i < cpu_count(); i++)
		cpu_get(i)->dbg = memory_alloc(sizeof(struct debug_cpu), 64);
}

void debug_cpu_init(struct cpu *c)
{
	memset(c->dbg, 0, sizeof(*c->dbg));
	c->dbg->mdcr = c->dbg->mdcr_base = feature_mdcr();
	c->dbg->hcr = read_sysreg(hcr_el2);
	c->dbg->look = true;
	c->dbg->settled = DEBUG_UNSETTLED;
	c->hidden_step = false;
	debug_regs_reset();
}

/* ---- around the guest ------------------------------------------------------------ */

static void set_mdcr(struct debug_cpu *d, uint64_t v)
{
	if (d->mdcr == v)
		return;
	d->mdcr = v;
	write_sysreg(v, mdcr_el2);
}

static void set_hcr(struct debug_cpu *d, uint64_t set)
{
	static const uint64_t ours = HCR_TWI | HCR_TWE | HCR_TTLB | HCR_TVM;

	/* VSE and others are changed elsewhere: only these bits are ours */
	if ((d->hcr & ours) == set)
		return;
	d->hcr = set;
	write_sysreg((read_sysreg(hcr_el2) & ~ours) | set, hcr_el2);
}

static void hold(struct cpu *c, bool held)
{
	if (c->dbg->held == held)
		return;
	c->dbg->held = held;
	irqchip->hold(c, held);
}

static void begin_step(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;

	if (c->step_after_us) {
		uint64_t end = clock_us() + c->step_after_us;

		c->step_after_us = 0;
		while (clock_us() < end)
			cpu_relax();
	}
	if (c->step_alone) {
		c->step_alone = false;
		timer_arm(TIMER_WORLD, WORLD_LONE_US);
	}
	/* SS set once: an instruction that the monitor does has cleared it */
	if (!d->ss_armed) {
		d->ss_armed = true;
		if (debug_regs_mdscr(c) & MDSCR_SS && !debug_regs_native(c))
			debug_step_unseen(c);
		d->ss_ours = !(c->vcpu.pstate & PSTATE_SS);
		if (!d->sequence)
			c->vcpu.pstate |= PSTATE_SS;
	}
}

static void end_hidden(struct cpu *c);
static void step_plain(struct cpu *c) __attribute__((noinline));
static bool lead(struct cpu *c) __attribute__((noinline));

/* After comparators are what they will be: what they leave to BRKs. */
static void look(struct cpu *c)
{
	if (!c->dbg->look)
		return;
	c->dbg->look = false;
	if (debug_wants.everywhere)
		point_look(c);
}

/* Not inline: what it saves and restores would be a cost of each entry. */
static void enter_debugged(struct cpu *c) __attribute__((noinline));
static void enter_debugged(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;
	bool stepping, regs;
	uint64_t hcr = 0;

	if (debug_sequence_is_lost(c))
		end_hidden(c);
	stepping = c->step != STEP_NONE || c->hidden_step;
	regs = stepping || debug_wants.now.breaks || debug_wants.now.watches;
	if (c->step != STEP_NONE && !c->hidden_step &&
	    !(d->retry == c->vcpu.pc && lead(c)))
		point_step_starts(c);
	stepping = c->step != STEP_NONE || c->hidden_step;
	if (stepping) {
		begin_step(c);
		hcr |= HCR_TWI | HCR_TWE | (c->hidden_step ? HCR_TTLB : 0);
	}
	hold(c, c->hidden_step ||
			(c->step != STEP_NONE && target_step_holds_irqs()));
	debug_regs_apply(c, regs, stepping && !d->sequence);
	look(c);
	set_mdcr(d, d->mdcr_base |
			    (regs ? MDCR_TDE | MDCR_TDA | MDCR_TDOSA :
			     debug_wants.now.shadows ? MDCR_TDE :
						   0));
	set_hcr(d, hcr | (debug_wants.now.tvm ? HCR_TVM : 0));
	isb(); /* orders the debug registers before the guest */
}

void debug_enter(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;
	/* once: other CPUs may change it meanwhile */
	union debug_key wants = {
		.key = __atomic_load_n(&debug_wants.now.key, __ATOMIC_RELAXED)
	};

	if (debug_settled(c))
		return;
	if (c->step != STEP_NONE || c->hidden_step || wants.breaks ||
	    wants.watches || d->mdscr_held || d->held || d->look) {
		d->settled = DEBUG_UNSETTLED;
		enter_debugged(c);
		return;
	}
	d->settled = wants.key;
	set_mdcr(d, d->mdcr_base | (wants.shadows ? MDCR_TDE : 0));
	set_hcr(d, wants.tvm ? HCR_TVM : 0);
}

void debug_park(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;

	/* else the guest's own step of this instruction is still to come */
	if (!(debug_regs_mdscr(c) & MDSCR_SS) || (d->ss_armed && d->ss_ours))
		c->vcpu.pstate &= ~PSTATE_SS;
	d->ss_armed = false;
	timer_disarm(TIMER_WORLD);
	debug_regs_count(c);
}

void debug_unpark(struct cpu *c)
{
	c->dbg->dirty = c->dbg->look = true;
	if (c->dbg->pass != c->vcpu.pc)
		c->dbg->passing = false;
	c->dbg->no_sequence = 0;
	/* a breakpoint at PC is still to be hit */
	if (c->step == STEP_NONE && !c->hidden_step &&
	    (debug_wants.now.shadows || debug_wants.now.breaks || c->dbg->retry) &&
	    !point_find(c->vcpu.pc) && !lead(c) && debug_retry_begin(c))
		step_plain(c);
}

/* ---- hidden steps ------------------------------------------------------------------ */

static void begin_hidden(struct cpu *c, enum cpu_view view, struct page *resync)
{
	struct debug_cpu *d = c->dbg;

	/* one within another: the page of the first is still to be followed */
	if (resync || !c->hidden_step)
		d->resync = resync;
	c->hidden_step = true;
	d->settled = DEBUG_UNSETTLED;
	d->skip = c->vcpu.pc;
	d->dirty = true;
	d->ss_armed = d->sequence = false;
	view_enter(c, view);
}

void debug_hidden_step(struct cpu *c, enum cpu_view view, struct page *resync)
{
	begin_hidden(c, view, resync);
	debug_sequence_begin(c);
}

static void end_hidden(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;

	view_enter(c, VIEW_NORMAL);
	if (d->resync) {
		page_resync(d->resync);
		point_table_written(c, d->resync->ipa, view_page_size());
	}
	d->resync = NULL;
	if (d->resync_all)
		page_resync_all();
	d->resync_all = d->mute = d->sequence = d->ss_armed = false;
	d->skip = 0;
	d->dirty = true;
	c->hidden_step = false;
}

bool debug_may_park(struct cpu *c)
{
	if (c->hidden_step && c->dbg->sequence)
		end_hidden(c);
	return !c->hidden_step;
}

/* ---- what happened ------------------------------------------------------------------- */

void debug_report(struct cpu *c, enum target_stop_reason reason, uint64_t addr,
		  const char *text)
{
	if (c->hidden_step) /* the instruction is told of, and not done */
		end_hidden(c);
	world_event(c, &(struct target_event){ reason, c->id, addr, text, false });
}

static void step_done(struct cpu *c)
{
	uint64_t pc = c->vcpu.pc;

	c->dbg->ss_armed = false;
	if (c->step == STEP_RANGE && pc >= c->range_start && pc < c->range_end)
		return;
	c->step = STEP_NONE;
	world_event(c, &(struct target_event){ .reason = TARGET_STOP_TRAP,
					       .cpu = c->id,
					       .step = true });
}

static bool from_el0(struct cpu *c)
{
	return pstate_el(c->vcpu.pstate) == 0;
}

/* The real instruction at PC, by the core. */
static void step_plain(struct cpu *c)
{
	debug_hidden_step(c, VIEW_PLAIN, access_follow(c));
}

/* Towards the load of the next try, or that try. False: PC is not on the way. */
static bool lead(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;

	if (!d->retry || !debug_retry_goes_on(c))
		return false;
	if (!d->retry)
		d->mute = !debug_regs_native(c);
	if (!d->retry && d->retry_table)
		access_let_through(c, page_find(d->retry_table));
	else
		step_plain(c);
	return true;
}

/* Go over the instruction at PC, the real one, with no event. */
static void step_over(struct cpu *c)
{
	struct insn_regs r;
	uint32_t insn;
	int err;

	if (guest_fetch(c, c->vcpu.pc, &insn) || insn_must_step(insn)) {
		begin_hidden(c, VIEW_PLAIN, NULL); /* no access to memory */
		return;
	}
	access_get_regs(c, &r);
	err = insn_simulate(insn, &r);
	if (err == -EKEYREJECTED && !access_pauth_on()) {
		insn_retire(&r);
		err = 0;
	}
	if (!err) {
		access_set_regs(c, &r);
	} else if (access_simulate(c, insn)) {
		step_plain(c);
	}
}

/*
 * Breakpoints of gdb's at PC, by its own address and by its physical one: their
 * conditions decide. gdb resumes for ever from a hwbreak at a PC where it has
 * none: the physical one is a plain stop, and gdb knows of nothing that it
 * would have to step over, so that is done here.
 */
static void hit(struct cpu *c, const struct bp *bp, const struct bp *physical)
{
	static char text[TARGET_MAX_CPUS][160];
	struct debug_cpu *d = c->dbg;
	struct strbuf why;

	if (c->hidden_step) /* within a sequence that runs as one */
		end_hidden(c);
	strbuf_init(&why, text[c->id], sizeof(text[0]));
	if (bp && point_counts(c, bp) &&
	    bp_should_stop(point_table(), bp, c, &why)) {
		debug_report(c, bp->kind == BP_HARDWARE ? TARGET_STOP_HWBREAK :
							  TARGET_STOP_SWBREAK,
			     0, why.len ? why.s : NULL);
		return;
	}
	if (physical && !(d->passing && d->pass == c->vcpu.pc) &&
	    bp_should_stop(point_table(), physical, c, &why)) {
		d->passing = true;
		d->pass = c->vcpu.pc;
		debug_report(c, TARGET_STOP_TRAP, 0, why.len ? why.s : NULL);
		return;
	}
	d->passing = false;
	if (lead(c))
		return;
	/* one of the guest's may be here too: the step, without ours, meets it */
	if ((esr_ec(c->vcpu.esr) == EC_BKPT_LOW &&
	     debug_regs_guest_break(c, c->vcpu.pc)) ||
	    (d->no_sequence != c->vcpu.pc && debug_retry_begin(c)))
		step_plain(c);
	else
		step_over(c);
}

static void on_brk(struct cpu *c)
{
	const struct bp *bp = point_find(c->vcpu.pc);
	const struct bp *physical = point_find_physical(c, c->vcpu.pc);
	uint32_t insn;
	uint16_t imm;

	if (c->view != VIEW_NORMAL) {
		/* a step over the guest's own BRK: no other is in this view */
		end_hidden(c);
		bp = physical = NULL;
	}
	if (bp || physical) {
		hit(c, bp, physical);
		return;
	}
	if (!guest_fetch(c, c->vcpu.pc, &insn) && insn_is_brk(insn, &imm)) {
		traps_inject(c, esr_make_brk(imm), NULL);
		return;
	}
	step_over(c); /* an alias of a page with breakpoints */
}

static void hidden_done(struct cpu *c)
{
	uint64_t pc = c->vcpu.pc;

	end_hidden(c);
	if (c->step != STEP_NONE)
		step_done(c);
	else if (!point_find(pc) && !point_find_physical(c, pc))
		lead(c);
}

/* At a comparator of the guest's own where it would not count. */
static void step_mute(struct cpu *c)
{
	debug_retry_lost(c, 0);
	c->dbg->mute = true;
	step_plain(c);
}

static bool is_ours(uint64_t pc)
{
	for (unsigned int i = 0; i < debug_wants.now.breaks; i++)
		if (debug_wants.break_addr[i] == pc)
			return true;
	return false;
}

static void on_breakpoint(struct cpu *c)
{
	struct debug_cpu *d = c->dbg;
	uint64_t pc = c->vcpu.pc;
	const struct bp *bp = NULL, *physical = NULL;
	bool guests, counts;
	uint32_t insn;

	if (debug_sequence_is_exit(d, pc)) {
		hidden_done(c);
		return;
	}
	/*
	 * In a hidden step ours at its place is off, so this is another's. One
	 * that another CPU has just moved to a page may still have hit here.
	 */
	guests = debug_regs_guest_break(c, pc);
	counts = guests && debug_regs_native(c);
	if (pc != d->skip) {
		if (is_ours(pc) || !counts)
			bp = point_find(pc);
		if (guests && !counts) /* it comes before a BRK */
			physical = point_find_physical(c, pc);
	}
	if (bp && from_el0(c) && guest_fetch(c, pc, &insn)) {
		/*
		 * An Instruction Abort comes first (D1.13.4), and the hit when
		 * the page is there. QEMU looks at comparators before it
		 * fetches; for a kernel, which would die of it, leave it so.
		 */
		step_plain(c);
		return;
	}
	if (bp || physical) {
		hit(c, bp, physical);
		return;
	}
	if (counts) {
		if (c->hidden_step)
			end_hidden(c);
		traps_inject(c, esr_make_breakpoint(from_el0(c)), NULL);
		return;
	}
	step_mute(c);
}

/*
 * A store exclusive that is stopped at can never succeed afterwards: a watch on
 * writes would hold the guest in its loop for ever. So it fails here, unseen,
 * and loads of the place stop as well, until the load exclusive of the next try
 * is reported in its stead: the debugger's step takes the sequence as one.
 */
static bool put_off(struct cpu *c)
{
	struct insn_ldst l;
	struct insn_regs r;
	uint32_t insn;

	if (guest_fetch(c, c->vcpu.pc, &insn) || insn_ldst_decode(insn, &l) ||
	    l.kind != INSN_STORE_EXCLUSIVE)
		return false;
	access_get_regs(c, &r);
	insn_set_reg(&r, l.rs, 1);
	insn_retire(&r);
	access_set_regs(c, &r);
	c->dbg->watch_loads = c->dbg->dirty = true;
	return true;
}

static bool watch_hit(struct cpu *c, bool write,
		      enum target_stop_reason *reason, uint64_t *addr)
{
	uint32_t insn;

	if (point_watch_va(c, c->vcpu.far, write, reason, addr))
		return true;
	return !write && c->dbg->watch_loads &&
	       !guest_fetch(c, c->vcpu.pc, &insn) &&
	       insn_is_exclusive_load(insn) &&
	       point_watch_va(c, c->vcpu.far, true, reason, addr);
}

static void on_watchpoint(struct cpu *c)
{
	bool write = c->vcpu.esr & BIT(6);
	enum target_stop_reason reason;
	uint64_t addr;

	if (watch_hit(c, write, &reason, &addr)) {
		if (write && put_off(c))
			return;
		c->dbg->watch_loads = false;
		debug_report(c, reason, addr, NULL);
		return;
	}
	if (point_guest_watches(c, c->vcpu.far) && debug_regs_native(c)) {
		if (c->hidden_step)
			end_hidden(c);
		traps_inject(c,
			     esr_make_watchpoint(from_el0(c), write,
						 c->vcpu.esr & BIT(8)),
			     &c->vcpu.far);
		return;
	}
	step_mute(c);
}

static void on_step(struct cpu *c)
{
	if (c->hidden_step || c->step != STEP_NONE)
		debug_step_hide(c);
	if (c->hidden_step)
		hidden_done(c);
	else if (c->step != STEP_NONE)
		step_done(c);
	else if (debug_regs_mdscr(c) & MDSCR_SS)
		debug_step_guests(c);
}

enum cpu_exit debug_trap(struct cpu *c)
{
	switch (esr_ec(c->vcpu.esr)) {
	case EC_BRK64:
		on_brk(c);
		break;
	case EC_BKPT_LOW:
		on_breakpoint(c);
		break;
	case EC_WATCH_LOW:
		on_watchpoint(c);
		break;
	case EC_STEP_LOW:
		on_step(c);
		break;
	default: /* AArch32's BKPT and vector catch: the guest's affair */
		traps_inject(c, c->vcpu.esr, NULL);
		break;
	}
	return EXITS_DEBUG;
}
