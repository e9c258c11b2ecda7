/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Debug exceptions: breakpoints, watchpoints and steps, gdb's and the guest's own.
 * The guest keeps its debug registers: while EL2 uses the hardware's, they are
 * in struct debug_cpu and its accesses trap.
 */
#ifndef ARCH_DEBUG_H
#define ARCH_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

struct bp;
struct page;
struct strbuf;

#define DEBUG_REGS 16

struct debug_cpu {
	/* the guest's, while loaded */
	uint64_t bvr[DEBUG_REGS], bcr[DEBUG_REGS];
	uint64_t wvr[DEBUG_REGS], wcr[DEBUG_REGS];
	uint64_t mdscr;
	bool oslk, osdlk;
	bool mdscr_held; /* mdscr is the guest's, and the register ours */
	bool loaded; /* so are the rest */
	bool dirty; /* hardware is to be written at the next entry */
	bool look; /* point_look() is to be called at the next entry */
	uint64_t settled; /* at that key, below, an entry has nothing to do */
	uint64_t mdcr_base; /* with no debug trap */
	uint64_t mdcr, hcr; /* as they were last written */
	bool held; /* interrupts are held from the guest */
	bool ss_armed; /* SPSR.SS was set for the step under way */
	bool ss_ours; /* and it was not set before, for the guest's own */
	bool unseen; /* the guest's own step passes where it has no effect */
	bool unseen_eret; /* and the instruction there is an ERET */
	bool watch_loads; /* a store exclusive met a watchpoint: see debug.c */
	bool skipped; /* an instruction that was stepped was done at EL2 */
	bool mute; /* guest's own comparators are off for one hidden step */
	bool passing; /* stopped by a physical breakpoint at pass; goes on there */
	uint64_t pass;
	uint64_t skip; /* gdb's comparator at this PC is off, for one step */
	struct page *resync; /* the page that a hidden step may write to */
	bool resync_all; /* or any of those with shadows */
	/* an LDXR..STXR sequence runs as one: comparators at its exits */
	bool sequence;
	unsigned int exits;
	uint64_t exit[DEBUG_REGS];
	uint64_t retry; /* the load that hidden steps lead to, 0: none */
	unsigned int retry_left; /* so many of them at most */
	uint64_t retry_table; /* the try writes to this table, which traps; or 0 */
	uint64_t no_sequence; /* at this PC is none, as was seen before */
};

/* All that an entry asks of it, at once. */
union debug_key {
	struct {
		uint16_t shadows; /* BRKs are in pages: they come to EL2 */
		uint8_t breaks, watches;
		bool tvm; /* writes to SCTLR_EL1 and TTBRs trap */
	};
	uint64_t key;
};

/* gdb's use of the comparators, the same on all CPUs. */
struct debug_wants {
	union debug_key now;
	uint32_t everywhere; /* entries that follow each CPU's TTBR0_EL1 */
	uint32_t windows; /* shadows set by a physical address */
	uint64_t break_addr[DEBUG_REGS];
	uint64_t watch_addr[DEBUG_REGS], watch_ctl[DEBUG_REGS];
};

#define DEBUG_UNSETTLED UINT64_MAX /* not a key */

extern struct debug_wants debug_wants;

/* Has an entry nothing to do? */
static inline bool debug_settled(struct cpu *c)
{
	return c->dbg->settled == debug_wants.now.key && !c->dbg->look &&
	       c->step == STEP_NONE;
}

void debug_init(void);
void debug_cpu_init(struct cpu *c);
/* Before each run of the guest. */
void debug_enter(struct cpu *c);
/* When a CPU parks and when it goes on. */
void debug_park(struct cpu *c);
void debug_unpark(struct cpu *c);
/* A debug exception of the guest. */
enum cpu_exit debug_trap(struct cpu *c);
/* A trapped debug register; -ENOENT: another register. */
int debug_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *v);
/* The guest's own debug registers for the debugger, on the CPU itself. */
int debug_guest_reg(struct cpu *c, uint16_t enc, bool write, uint64_t *v);
/* Comparators there are, and how many the guest uses where it uses most. */
unsigned int debug_break_count(void);
unsigned int debug_watch_count(void);
unsigned int debug_guest_breaks(void);
unsigned int debug_guest_watches(void);

/*
 * One instruction in another view with no event, interrupts held; resync: a page
 * whose shadow must follow what it does. A load exclusive runs to past its
 * store exclusive.
 */
void debug_hidden_step(struct cpu *c, enum cpu_view view, struct page *resync);
/*
 * False while a hidden step is under way; a sequence is given up, its store
 * exclusive will fail and the guest try again.
 */
bool debug_may_park(struct cpu *c);
/* Tell the debugger, unless a stop is under way already. */
void debug_report(struct cpu *c, enum target_stop_reason reason, uint64_t addr,
		  const char *text);

#endif
