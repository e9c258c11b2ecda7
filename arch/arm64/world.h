/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Who runs and who is parked. Asked for by the session or by an event on a CPU;
 * counted per CPU. Knows nothing of packets.
 *
 * A CPU parks between two runs of its guest, its interrupts still served. The
 * last one to park (or any of them, once the time for it is up) tells the session.
 */
#ifndef ARCH_WORLD_H
#define ARCH_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "stub/target.h"

struct bp_table;
struct cpu;
struct strbuf;

/*
 * A CPU that has not parked by then is lost: its registers cannot be read, and
 * gdb gives up what it was at. A host with much else to do has been seen to give
 * a CPU of QEMU no time for more than a second; who hangs in the monitor is found
 * out by watch.h. Those that were lost at the last stop get less.
 */
#define WORLD_STOP_US 2000000
#define WORLD_LOST_US 100000
#define WORLD_LONE_US 2500 /* a lone step, several times */

void world_cpu_init(struct cpu *c);
/* Stop all for this reason. From the CPU that it happened on, or the session. */
void world_event(struct cpu *c, const struct target_event *ev);
/* Called by cpu_loop() while c->halt: returns when c may run its guest. */
void world_park(struct cpu *c);
/* The guest's first instruction waits; before any CPU runs. */
void world_halt_at_start(struct cpu *c);
/* Everything is stopped and has been told. */
bool world_is_stopped(void);
/* For the session, with the world stopped: let CPUs go. */
int world_resume(const struct target_action *action, struct bp_table *table,
		 struct strbuf *why);
/*
 * Run fn on a parked (or this very) CPU and wait for it, 1 s at most. arg's size
 * bytes, WORLD_CALL_BYTES at most, are copied there and, where fn came to its
 * end, back: one that comes late finds nothing of the caller's.
 * -EBUSY: it runs or is off. -ETIMEDOUT. -EIO: fn faulted.
 */
int world_call(struct cpu *c, void (*fn)(struct cpu *c, void *arg), void *arg,
	       size_t size);
/* The CPUs that wait for a lone step to end go after all. */
void world_release_deferred(void);
/* The guest's counter: where it stands while it is stopped. */
uint64_t world_guest_ticks(void);
/* c->ctx from this CPU's registers. */
void world_save_context(struct cpu *c);
/* The time that it asked for (TIMER_WORLD) has come. */
void world_timer(struct cpu *c);
/* EL2 itself faulted here: told to the debugger, this CPU stays where it is. */
void world_monitor_fault(struct cpu *c, const char *text)
	__attribute__((noreturn));
/* Another one does not come back from EL2: the same, as far as it can be done. */
void world_cpu_is_dead(struct cpu *dead);

/* `monitor set stop-time`: guest time stands still while stopped. */
extern bool world_stops_time;

#endif
