/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The line of the played serial port, with a channel of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "console_line.h"
#include "transport/pl011_regs.h"

#define BASE 0x9000000u
#define OUT 1024
#define IN 64

struct ctx {
	struct transport t; /* first */
	struct transport_ops ops;
	bool there;
	uint32_t epoch;
	size_t room; /* how much more it takes */
	char sent[8 * OUT];
	size_t sent_len;
	const char *typed; /* '!' is a break */
	uint64_t lost;

	struct vpl011 port;
	struct console_line l;
	uint64_t now;
	unsigned int filled; /* bytes, by fill() */
	uint8_t out_mem[OUT], in_mem[IN];
};

static struct ctx *ctx_of(struct transport *t)
{
	return (struct ctx *)t;
}

static bool fake_connected(struct transport *t, enum transport_channel ch,
			   uint32_t *epoch)
{
	assert_int_equal(ch, TRANSPORT_CONSOLE);
	*epoch = ctx_of(t)->epoch;
	return ctx_of(t)->there;
}

static size_t fake_rx(struct transport *t, enum transport_channel ch,
		      uint8_t *buf, size_t len)
{
	struct ctx *c = ctx_of(t);
	size_t n = 0;

	while (n < len && *c->typed && *c->typed != '!')
		buf[n++] = (uint8_t)*c->typed++;
	return n;
}

static size_t fake_tx(struct transport *t, enum transport_channel ch,
		      const uint8_t *buf, size_t len)
{
	struct ctx *c = ctx_of(t);

	if (!c->there && !c->ops.keeps_console)
		return 0;
	if (len > c->room)
		len = c->room;
	memcpy(c->sent + c->sent_len, buf, len);
	c->sent_len += len;
	c->room -= len;
	return len;
}

static uint32_t fake_events(struct transport *t, enum transport_channel ch)
{
	struct ctx *c = ctx_of(t);

	if (*c->typed != '!')
		return 0;
	c->typed++;
	return TRANSPORT_EVENT_BREAK;
}

static void fake_lost(struct transport *t, enum transport_channel ch,
		      size_t len)
{
	ctx_of(t)->lost += len;
}

static int setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));

	c->ops.connected = fake_connected;
	c->ops.rx = fake_rx;
	c->ops.tx = fake_tx;
	c->t.ops = &c->ops;
	c->room = sizeof(c->sent);
	c->typed = "";
	c->now = 5000000;
	vpl011_init(&c->port, BASE, c->out_mem, OUT, true);
	console_line_init(&c->l, &c->port, &c->t, c->in_mem, IN);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void comes(struct ctx *c)
{
	c->there = true;
	c->epoch++;
	console_line_receive(&c->l, c->now);
}

/* An access as console.c does it: sent when it is said to be due. */
static uint64_t access(struct ctx *c, uint32_t reg, bool write, uint32_t value)
{
	struct mmio_access a = {BASE + reg, 4, write, value};

	assert_int_equal(vpl011_access(&c->port, &a), 0);
	if (console_line_accessed(&c->l, &a))
		console_line_send(&c->l, c->now);
	return a.value;
}

static uint32_t flags(struct ctx *c)
{
	return (uint32_t)access(c, UARTFR, false, 0);
}

static void writes(struct ctx *c, const char *s)
{
	while (*s)
		access(c, UARTDR, true, (uint8_t)*s++);
}

static void has_sent(struct ctx *c, const char *want)
{
	assert_int_equal(c->sent_len, strlen(want));
	assert_memory_equal(c->sent, want, strlen(want));
}

static void a_line_is_sent_at_its_end(void **state)
{
	struct ctx *c = *state;

	comes(c);
	writes(c, "hello");
	has_sent(c, "");
	assert_true(console_line_waits(&c->l));
	writes(c, "\n");
	has_sent(c, "hello\n");
	assert_false(console_line_waits(&c->l));
}

static void a_prompt_is_sent_when_the_guest_does_something_else(void **state)
{
	struct ctx *c = *state;

	comes(c);
	writes(c, "$ ");
	access(c, UARTIMSC, true, 0);
	has_sent(c, "$ ");
	writes(c, "login: ");
	for (int i = 0; i < 3; i++)
		flags(c);
	has_sent(c, "$ login: ");
}

static void a_prompt_of_a_guest_that_sleeps_is_sent_soon(void **state)
{
	struct ctx *c = *state;

	comes(c);
	writes(c, "$ ");
	assert_true(console_line_waits(&c->l));
	assert_int_equal(console_line_wait_us(&c->l, c->now),
			 CONSOLE_LINE_FLUSH_US);
	console_line_send(&c->l, c->now);
	has_sent(c, "$ ");
	assert_false(console_line_waits(&c->l));
}

static void what_was_written_before_is_there_for_who_comes(void **state)
{
	struct ctx *c = *state;

	writes(c, "first\n");
	has_sent(c, "");
	assert_false(console_line_waits(&c->l));
	comes(c);
	has_sent(c, "first\n");
}

static void the_newest_is_kept_and_who_comes_is_told_what_is_not(void **state)
{
	struct ctx *c = *state;
	char want[OUT + 64];

	writes(c, "0123456789");
	for (int i = 0; i < OUT; i++)
		writes(c, "x");
	assert_int_equal(c->port.dropped, 10);
	comes(c);
	strcpy(want, "\r\n[hyperstub: 10 bytes lost here]\r\n");
	memset(want + strlen(want), 'x', OUT);
	assert_int_equal(c->sent_len, 35 + OUT);
	assert_memory_equal(c->sent, want, 35 + OUT);
	writes(c, "y\n"); /* said once */
	assert_int_equal(c->sent_len, 35 + OUT + 2);
}

static void a_notice_that_was_cut_off_is_said_again(void **state)
{
	struct ctx *c = *state;

	for (int i = 0; i < OUT + 7; i++)
		writes(c, "x");
	c->room = 5;
	comes(c);
	assert_int_equal(c->sent_len, 5);
	c->there = false;
	console_line_receive(&c->l, c->now);
	c->sent_len = 0;
	c->room = sizeof(c->sent);
	comes(c);
	assert_memory_equal(c->sent, "\r\n[hyperstub: 7 bytes lost here]\r\nxx", 36);
}

static void a_transport_that_can_tell_does(void **state)
{
	struct ctx *c = *state;

	c->ops.lost = fake_lost;
	c->ops.keeps_console = true;
	c->room = 4;
	writes(c, "kept\n");
	has_sent(c, "kept");
	for (int i = 0; i < OUT + 8; i++)
		writes(c, "x");
	writes(c, "\n");
	assert_int_equal(c->lost, 10); /* the line's end, 8, and 1 for the last */
	c->room = sizeof(c->sent);
	comes(c);
	assert_int_equal(c->sent_len, 4 + OUT);
	assert_memory_equal(c->sent, "keptxx", 6);
}

/* Until the guest would wait: how many bytes that took. */
static unsigned int fill(struct ctx *c)
{
	unsigned int n = 0;

	while (!(flags(c) & UARTFR_TXFF)) {
		access(c, UARTDR, true, 'a' + c->filled++ % 26);
		n++;
		assert_true(n < 10 * OUT);
	}
	return n;
}

static void a_slow_reader_makes_the_guest_wait_and_loses_nothing(void **state)
{
	struct ctx *c = *state;
	comes(c);
	c->room = 0;
	assert_int_equal(fill(c), OUT + VPL011_FIFO);
	assert_true(console_line_waits(&c->l));
	/* it takes just enough, again and again */
	for (int i = 0; i < 10; i++) {
		c->now += CONSOLE_LINE_WINDOW_US / 2;
		for (int k = 0; k < CONSOLE_LINE_RATE / 256; k++) {
			c->room = 256;
			console_line_receive(&c->l, c->now);
			fill(c);
			c->sent_len = 0;
		}
	}
	assert_int_equal(c->port.dropped, 0);
	c->room = sizeof(c->sent);
	console_line_receive(&c->l, c->now);
	assert_int_equal(c->sent_len, OUT + VPL011_FIFO);
	for (unsigned int i = 0; i < c->sent_len; i++)
		assert_int_equal(c->sent[i],
				 'a' + (c->filled - OUT - VPL011_FIFO + i) %
					       26);
}

static void who_does_not_read_holds_the_guest_for_a_second(void **state)
{
	struct ctx *c = *state;
	uint64_t us;

	comes(c);
	c->room = 0;
	fill(c);
	console_line_send(&c->l, c->now);
	us = console_line_wait_us(&c->l, c->now);
	assert_int_equal(us, CONSOLE_LINE_WINDOW_US);
	c->now += us - 1;
	console_line_send(&c->l, c->now);
	assert_true(flags(c) & UARTFR_TXFF);
	access(c, UARTIMSC, true, UARTINT_TX);
	access(c, UARTICR, true, UARTINT_TX);
	c->now++;
	assert_false(vpl011_irq_level(&c->port));
	console_line_send(&c->l, c->now); /* the timer */
	assert_true(vpl011_irq_level(&c->port));
	assert_false(console_line_waits(&c->l));
	for (int i = 0; i < 100; i++) {
		assert_false(flags(c) & UARTFR_TXFF);
		writes(c, "z");
	}
	assert_int_equal(c->port.dropped, 100 + VPL011_FIFO);
	/* it reads again: told, and waited for as before */
	c->room = sizeof(c->sent);
	console_line_receive(&c->l, c->now);
	assert_memory_equal(c->sent, "\r\n[hyperstub: 132 bytes lost here]\r\n", 36);
	assert_int_equal(c->sent_len, 36 + OUT);
	c->room = 0;
	assert_int_equal(fill(c), OUT + VPL011_FIFO);
}

static void who_leaves_sets_the_guest_free(void **state)
{
	struct ctx *c = *state;

	comes(c);
	c->room = 0;
	fill(c);
	c->there = false;
	console_line_receive(&c->l, c->now);
	assert_false(flags(c) & UARTFR_TXFF);
}

static void carrier_says_whether_somebody_is_there(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(flags(c) & (UARTFR_CTS | UARTFR_DSR | UARTFR_DCD),
			 UARTFR_CTS);
	comes(c);
	assert_int_equal(flags(c) & (UARTFR_CTS | UARTFR_DSR | UARTFR_DCD),
			 UARTFR_CTS | UARTFR_DSR | UARTFR_DCD);
	assert_int_equal(access(c, UARTRIS, false, 0) &
				 (UARTINT_DCD | UARTINT_DSR),
			 UARTINT_DCD | UARTINT_DSR);
	access(c, UARTICR, true, UARTINT_DCD | UARTINT_DSR);
	c->there = false;
	console_line_receive(&c->l, c->now);
	assert_int_equal(flags(c) & UARTFR_DCD, 0);
	assert_true(access(c, UARTRIS, false, 0) & UARTINT_DCD);
}

static void input_waits_in_the_transport_and_is_asked_for(void **state)
{
	static const char text[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct ctx *c = *state;
	size_t n = 0;

	c->typed = text;
	comes(c);
	assert_int_equal(strlen(c->typed),
			 sizeof(text) - 1 - IN - VPL011_FIFO);
	assert_false(console_line_wants_input(&c->l));
	while (!(flags(c) & UARTFR_RXFE)) {
		assert_int_equal(access(c, UARTDR, false, 0), text[n++]);
		if (console_line_wants_input(&c->l))
			console_line_receive(&c->l, c->now);
	}
	assert_int_equal(n, sizeof(text) - 1);
	assert_false(console_line_wants_input(&c->l));
}

static void breaks_come_in_their_place(void **state)
{
	static const char text[] =
		"!0123456789abcdefghijklmnopqrstuvwxyzABCDEFG!HI!!J";
	struct ctx *c = *state;

	c->ops.events = fake_events;
	c->typed = text;
	comes(c);
	for (const char *p = text; *p; p++) {
		assert_int_equal(access(c, UARTDR, false, 0),
				 *p == '!' ? UARTDR_BE : (unsigned char)*p);
		if (console_line_wants_input(&c->l))
			console_line_receive(&c->l, c->now);
	}
	assert_true(flags(c) & UARTFR_RXFE);
}

static void a_break_waits_for_the_receiver(void **state)
{
	struct ctx *c = *state;

	access(c, UARTCR, true, UARTCR_UARTEN | UARTCR_TXE);
	console_line_break(&c->l);
	assert_true(flags(c) & UARTFR_RXFE);
	access(c, UARTCR, true, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
	assert_int_equal(access(c, UARTDR, false, 0), UARTDR_BE);
}

static void typed_text_is_taken_whole_or_not_at_all(void **state)
{
	uint8_t text[IN] = {0};
	struct ctx *c = *state;

	assert_true(console_line_type(&c->l, text, IN)); /* 32 in the FIFO */
	assert_false(console_line_type(&c->l, text, VPL011_FIFO + 1));
	assert_true(console_line_type(&c->l, text, VPL011_FIFO));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_line_is_sent_at_its_end),
		T(a_prompt_is_sent_when_the_guest_does_something_else),
		T(a_prompt_of_a_guest_that_sleeps_is_sent_soon),
		T(what_was_written_before_is_there_for_who_comes),
		T(the_newest_is_kept_and_who_comes_is_told_what_is_not),
		T(a_notice_that_was_cut_off_is_said_again),
		T(a_transport_that_can_tell_does),
		T(a_slow_reader_makes_the_guest_wait_and_loses_nothing),
		T(who_does_not_read_holds_the_guest_for_a_second),
		T(who_leaves_sets_the_guest_free),
		T(carrier_says_whether_somebody_is_there),
		T(input_waits_in_the_transport_and_is_asked_for),
		T(breaks_come_in_their_place),
		T(a_break_waits_for_the_receiver),
		T(typed_text_is_taken_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
