/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "barrier.h"
#include "clock.h"
#include "lock.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "transport/uart_8250.h"
#include "transport/uart_pl011.h"

#define LOG_SIZE 32768

static struct {
	struct spinlock lock;
	uint64_t uart;
	bool is_8250;
	size_t total; /* bytes ever written */
	char text[LOG_SIZE];
} mlog;

void log_set_uart(uint64_t base)
{
	mlog.uart = base;
	mlog.is_8250 = false;
}

void log_set_8250(uint64_t base)
{
	mlog.uart = base;
	mlog.is_8250 = true;
}

static void put(char c)
{
	if (mlog.is_8250)
		uart_8250_putc(mlog.uart, c);
	else
		pl011_putc(mlog.uart, c);
}

static void log_write(const char *s, size_t n, bool uart)
{
	/* With the MMU off exclusives need not work; and only one CPU runs. */
	bool mmu = read_sysreg(CurrentEL) == 8 && (read_sysreg(sctlr_el2) & 1);

	if (mmu)
		spin_lock(&mlog.lock);
	for (size_t i = 0; i < n; i++)
		mlog.text[mlog.total++ % LOG_SIZE] = s[i];
	if (uart && mlog.uart)
		for (size_t i = 0; i < n; i++) {
			if (s[i] == '\n')
				put('\r');
			put(s[i]);
		}
	if (mmu)
		spin_unlock(&mlog.lock);
}

static void log_vline(bool uart, const char *fmt, va_list ap)
{
	uint64_t us = clock_us();

	STRBUF(sb, 320);
	strbuf_printf(&sb, "[%5llu.%06llu] hyperstub: ",
		      (unsigned long long)(us / 1000000),
		      (unsigned long long)(us % 1000000));
	strbuf_vprintf(&sb, fmt, ap);
	if (sb.len == sb.cap - 1)
		sb.s[sb.len - 1] = '\n';
	else
		strbuf_putc(&sb, '\n');
	log_write(sb.s, sb.len, uart);
}

void log_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vline(true, fmt, ap);
	va_end(ap);
}

void log_guest(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vline(false, fmt, ap);
	va_end(ap);
}

void log_copy(struct strbuf *out)
{
	size_t have = mlog.total < LOG_SIZE ? mlog.total : LOG_SIZE;
	size_t room = out->cap - 1 - out->len, at;

	if (have > room)
		have = room;
	for (at = mlog.total - have; have--; at++)
		strbuf_putc(out, mlog.text[at % LOG_SIZE]);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vline(true, fmt, ap);
	va_end(ap);
	if (read_sysreg(CurrentEL) == 8 && read_sysreg(tpidr_el2))
		__builtin_trap();
	for (;;)
		wfi();
}

void log_break_lock(const struct cpu *c)
{
	spin_break(&mlog.lock, c);
}

/*
 * __stack_chk_fail and its guard: Debian's libfdt.a is built with the stack
 * protector.
 */
uintptr_t __stack_chk_guard = 0x595e9fbd94fda766ull;
void __stack_chk_fail(void) __attribute__((noreturn));

void __stack_chk_fail(void)
{
	panic("stack overwritten in libfdt");
}

uint64_t clock_ticks(void)
{
	isb(); /* orders what came before it before the counter is read */
	return read_sysreg(cntpct_el0);
}

uint64_t clock_hz(void)
{
	return read_sysreg(cntfrq_el0);
}

uint64_t clock_us(void)
{
	uint64_t hz = clock_hz(), t = clock_ticks();

	if (!hz)
		return 0;
	return t / hz * 1000000 + t % hz * 1000000 / hz;
}
