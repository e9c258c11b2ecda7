/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The monitor's own words: kept in memory for `monitor log` and written to the
 * physical UART while it is ours to write to.
 */
#ifndef ARCH_LOG_H
#define ARCH_LOG_H

#include <stddef.h>
#include <stdint.h>

struct cpu;
struct strbuf;

/* Where lines go besides memory: a PL011's base, or 0. */
void log_set_uart(uint64_t base);
/* Another kind of port (transport/uart_8250.h), until log_set_uart(). */
void log_set_8250(uint64_t base);
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What the guest was refused; not written to the UART, which is the guest's. */
void log_guest(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The newest text that fits into out. */
void log_copy(struct strbuf *out);
/* After a fault on that CPU: it may have been in here. */
void log_break_lock(const struct cpu *c);
/*
 * Says why on the UART; once the monitor runs it is a fault like others, which
 * the debugger is told.
 */
void panic(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

#endif
