/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * LDXR..STXR sequences: an exception between the two makes the store fail. A
 * step at the load runs to past the store, with comparators at the exits. A
 * breakpoint between them cannot but fail the store; it would do so at each
 * try, for ever, so the next try is made as one.
 */
#ifndef ARCH_DEBUG_SEQUENCE_H
#define ARCH_DEBUG_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct debug_cpu;

/* A step begins: of a sequence, if one begins at PC and can be bounded. */
void debug_sequence_begin(struct cpu *c);
bool debug_sequence_is_exit(const struct debug_cpu *d, uint64_t pc);
/*
 * A sequence that was left for EL2 has lost the monitor: its store will fail.
 * What may wait for interrupts before it tries again (a lock's holder that is
 * put aside on this CPU) must get them.
 */
bool debug_sequence_is_lost(const struct cpu *c);

/*
 * Is PC in, or right behind, a sequence with a breakpoint behind its load? Then
 * hidden steps are to lead to the load of the next try. If not, it is noted in
 * no_sequence that there is no need to ask.
 */
bool debug_retry_begin(struct cpu *c);
/*
 * If PC is in a sequence its store fails, for what is at PC came to EL2, and
 * will each time: hidden steps are to lead to the load of the next try. That is
 * made as one with the page of a stage-1 table open that traps on writes, by its
 * IPA or 0, and with no comparators of the guest's where they do not count.
 */
void debug_retry_lost(struct cpu *c, uint64_t table);
/*
 * Is PC on the way to the load, with retry set? There it is over: what follows
 * is the try. Breakpoints on the way are met, and it goes on behind them.
 */
bool debug_retry_goes_on(struct cpu *c);

#endif
