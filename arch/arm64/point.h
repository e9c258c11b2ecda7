/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * gdb's breakpoints and watchpoints on this machine: which way each is armed
 * (shadow page, comparator, watched page, or pending until its address is
 * mapped), and whether a trap is one of them.
 */
#ifndef ARCH_POINT_H
#define ARCH_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

struct bp;
struct bp_table;
struct strbuf;

enum point_armed {
	POINT_NOT,
	POINT_SHADOW, /* BRK in a shadow page */
	POINT_COMPARATOR,
	POINT_PAGES, /* watched by stage 2 */
	POINT_EVERYWHERE, /* BRKs wherever processes have the address */
	POINT_PENDING, /* waits for a mapping, with no comparator */
};

/* See target_bp_check(): arms it already, unmapped until point_sync(). */
int point_check(struct cpu *c, struct bp *bp, struct strbuf *why);
/*
 * World stopped, before CPUs go: the difference between wanted and armed.
 * stepping: for one instruction only; watched device pages stay watched, so that
 * the value is seen that the step puts there.
 */
int point_sync(struct bp_table *table, bool stepping, struct strbuf *why);
const struct bp_table *point_table(void);

/* An armed breakpoint at this PC, or NULL. Any CPU, no lock. */
const struct bp *point_find(uint64_t pc);
/* One that was set through a window, on the memory behind this PC. */
const struct bp *point_find_physical(struct cpu *c, uint64_t pc);
/* Is a hit there meant: the address space that it was set in? */
bool point_counts(struct cpu *c, const struct bp *bp);
struct insn_ldst;
/* Bytes from *start (a block's start, for DC ZVA) that watchpoints look at. */
unsigned int point_access_span(const struct insn_ldst *l, uint64_t *start);
/* A comparator fired at far. */
bool point_watch_va(struct cpu *c, uint64_t far, bool write,
		    enum target_stop_reason *reason, uint64_t *addr);
/* Is it one of the guest's own? */
bool point_guest_watches(struct cpu *c, uint64_t far);
/* An access to a watched page: size bytes at va, which is at ipa. */
bool point_watch_ipa(struct cpu *c, uint64_t va, uint64_t ipa, unsigned int size,
		     bool write, enum target_stop_reason *reason,
		     uint64_t *addr);
/* Would any comparator look at this access that EL2 performs? */
bool point_watched_access(struct cpu *c, uint64_t va, unsigned int size);
/* Guest memory was written: does a breakpoint depend on a table there? */
void point_table_written(struct cpu *c, uint64_t ipa, uint64_t size);
/* Another kernel runs, with tables of its own: where is everything now? */
void point_kernel_changed(struct cpu *c);
/* A trapped write to the guest's translation registers; -ENOENT: another. */
int point_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *v);
/* Where has this CPU's process what counts in any? Before the guest runs. */
void point_look(struct cpu *c);
/* The guest enabled a comparator of its own: gdb's find another way. */
void point_make_room(struct cpu *c);
/* A step that somebody asked for begins: exclusives run as one. */
void point_step_starts(struct cpu *c);

/* How many are armed in which way, for `monitor info breakpoints`. */
unsigned int point_count(enum point_armed how);

/* `monitor set bp-global on`: user addresses count in any process. */
extern bool point_global;

#endif
