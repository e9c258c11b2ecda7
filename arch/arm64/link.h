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

/* Choose and probe the transport, set up the stub. Before the guest is loaded. */
void link_init(void);
/* Interrupts on: the debugger may talk. */
void link_start(void);
const char *link_transport_name(void);
/* Unit addresses of devices that the guest must not see; how many. */
unsigned int link_hidden_devices(uint64_t *base, unsigned int max);
/* The monitor stops writing to a UART that the guest uses. */
void link_guest_owns_uart(void);
/* A reset that the debugger asked for wants the guest halted at its entry. */
bool link_wants_halt(void);

bool link_trylock(void);
/* Also serves what came in meanwhile. */
void link_unlock(void);
void link_break_lock(struct cpu *c);
/* Something may have come in: serve it now, or let who holds the lock do it. */
void link_poll(void);
/* Serve only if somebody could not get the lock and left a note. */
void link_serve(void);
/* With the lock: tell the stub. */
void link_event(const struct target_event *ev);
/* This CPU goes off: its interrupt goes elsewhere. */
void link_cpu_leaves(struct cpu *c);
/* The guest resets or powers off the machine: last words. */
void link_machine_ends(struct cpu *c, bool reset);
/* Bytes of the guest's serial port for the debugger's console. */
void link_console(const uint8_t *buf, size_t len);

#endif
