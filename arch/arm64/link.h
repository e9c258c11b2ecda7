/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The debugger's connection: one transport, one stub, one lock. Runs on whichever
 * CPU took the transport's interrupt, with the world stopped or running.
 */
#ifndef ARCH_LINK_H
#define ARCH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu;
struct target_event;

/*
 * Choose and probe the transport, set up the stub; where the transport is the
 * guest's serial port, play that. Before the guest is loaded and view_init().
 */
void link_init(void);
/* Interrupts on: the debugger may talk. */
void link_start(void);
const char *link_transport_name(void);
/* The monitor stops writing to a UART that the guest uses. */
void link_guest_owns_uart(void);
/* After a reset with a debugger there: the guest is halted at its entry. */
bool link_wants_halt(void);

bool link_trylock(void);
/* Also serves what came in meanwhile. */
void link_unlock(void);
/*
 * That CPU faulted in the monitor: a lock that it held is free, and the packet
 * that it was at is answered with an error.
 */
void link_break_lock(struct cpu *c);
/* Something may have come in: serve it now, or let who holds the lock do it. */
void link_poll(void);
/* Serve only if somebody could not get the lock and left a note. */
void link_serve(void);
/* Was such a note left that nobody has served yet? */
bool link_pending(void);
/* With the lock: tell the stub. */
void link_event(const struct target_event *ev);
/* This CPU goes off: its interrupt goes elsewhere. */
void link_cpu_leaves(struct cpu *c);
/*
 * The guest is about to reset or power off the machine: the debugger is told,
 * and what it needs to go on after a reset is kept. May park this CPU.
 */
void link_machine_ends(struct cpu *c, bool reset);
/*
 * `monitor reset`, with the lock. Where the connection outlives it: the reply
 * to the packet under way comes once the guest stands at its first instruction
 * again; -EIO: the firmware does not do it. Where it does not: 0, and it is
 * done when the reply has left.
 */
int link_reset(void);
/* `monitor type`: as console_type(). */
int link_type(const char *text, size_t len);
/* `monitor break`: as console_break(). */
int link_break(void);

/* `monitor set on-disconnect stop` */
bool *link_keeps(void);
/* `monitor set catch-reset on` */
extern bool link_catches_reset;

#endif
