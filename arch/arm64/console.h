/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's serial port where the monitor plays it: a PL011 whose other end
 * is the transport's console channel, or the debugger's own console (its text
 * in O packets, what `monitor type` gives as input).
 */
#ifndef ARCH_CONSOLE_H
#define ARCH_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link_device.h"

struct cpu;
struct strbuf;
struct transport;

/*
 * As hyperstub.serial= and the debugger's device want it: play the port with
 * that device's console channel at its other end, or whoever calls
 * console_take(); or leave it to the guest. t: may be NULL. Before view_init().
 */
void console_choose(struct transport *t, enum link_kind kind);
/* Interrupts on. */
void console_start(unsigned int cpu);
/* Is the real port nobody's but the log's? */
bool console_frees_uart(void);
/* Is there such a port? */
bool console_is_played(void);
/* Output of the guest that nobody has taken yet: 0..len; none of a channel's. */
size_t console_take(uint8_t *buf, size_t len);
/* Input for the guest: all of it or -ENOSPC; -ENODEV: not played. */
int console_type(const char *text, size_t len);
/* A break on the line; -ENODEV: not played. */
int console_break(void);
/* With the session's lock, after the transport was polled: the channel. */
void console_serve(void);
/* TIMER_CONSOLE's time has come on this CPU. */
void console_timer(struct cpu *c);
/* This CPU goes off, its timer with it. */
void console_cpu_leaves(struct cpu *c);
/* No output waits for a channel that somebody reads. */
bool console_is_sent(void);
/* After a fault on this CPU: it may have been in here. */
void console_break_lock(const struct cpu *c);
/* A line for `monitor info`. */
void console_info(struct strbuf *out);

#endif
