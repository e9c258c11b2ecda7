/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The guest's PL011, driven as its drivers do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transport/pl011_regs.h"
#include "vpl011.h"

#define BASE 0x9000000u
#define OUT 64

struct ctx {
	struct vpl011 v;
	uint8_t out[OUT];
};

static int setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));

	vpl011_init(&c->v, BASE, c->out, OUT, false);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static uint64_t rd(struct ctx *c, uint32_t reg)
{
	struct mmio_access a = {BASE + reg, 4, false, ~0ull};

	assert_int_equal(vpl011_access(&c->v, &a), 0);
	return a.value;
}

static void wr(struct ctx *c, uint32_t reg, uint32_t value)
{
	struct mmio_access a = {BASE + reg, 4, true, value};

	assert_int_equal(vpl011_access(&c->v, &a), 0);
}

static size_t in(struct ctx *c, const char *s)
{
	return vpl011_input(&c->v, (const uint8_t *)s, strlen(s));
}

static void earlycon_writes_without_any_setting_up(void **state)
{
	struct ctx *c = *state;
	uint8_t buf[8];

	for (const char *s = "hello"; *s; s++) {
		assert_false(rd(c, UARTFR) & UARTFR_TXFF);
		wr(c, UARTDR, (uint8_t)*s);
		assert_false(rd(c, UARTFR) & UARTFR_BUSY);
	}
	assert_int_equal(vpl011_output(&c->v, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "hello", 5);
}

static void linux_finds_a_revision_with_32_bytes_of_fifo(void **state)
{
	struct ctx *c = *state;
	uint32_t periphid = 0, cellid = 0;

	for (uint32_t i = 0; i < 4; i++) {
		periphid |= (uint32_t)rd(c, 0xfe0 + 4 * i) << (8 * i);
		cellid |= (uint32_t)rd(c, 0xff0 + 4 * i) << (8 * i);
	}
	assert_int_equal(cellid, 0xb105f00d);
	assert_int_equal(periphid & 0x000fffff, 0x00041011);
	assert_int_equal((periphid >> 20) & 15, 3);
}

static void input_reaches_the_guest_by_interrupt(void **state)
{
	struct ctx *c = *state;

	wr(c, UARTIMSC, UARTINT_RX | UARTINT_RT);
	assert_false(vpl011_irq_level(&c->v));
	assert_int_equal(in(c, "ab"), 2);
	/* Below the trigger: by the time-out. */
	assert_true(vpl011_irq_level(&c->v));
	assert_int_equal(rd(c, UARTMIS), UARTINT_RT);
	assert_int_equal(rd(c, UARTDR), 'a');
	assert_true(vpl011_irq_level(&c->v));
	assert_int_equal(rd(c, UARTDR), 'b');
	assert_true(rd(c, UARTFR) & UARTFR_RXFE);
	assert_false(vpl011_irq_level(&c->v));
	assert_int_equal(rd(c, UARTDR), 0);
}

static void a_masked_interrupt_is_raw_only(void **state)
{
	struct ctx *c = *state;

	in(c, "x");
	assert_int_equal(rd(c, UARTRIS), UARTINT_RT);
	assert_int_equal(rd(c, UARTMIS), 0);
	assert_false(vpl011_irq_level(&c->v));
	wr(c, UARTICR, UARTINT_RT);
	assert_int_equal(rd(c, UARTRIS), 0);
}

static void the_trigger_level_is_that_of_uartifls(void **state)
{
	static const unsigned int levels[5] = {4, 8, 16, 24, 28};
	struct ctx *c = *state;

	for (uint32_t sel = 0; sel < 5; sel++) {
		wr(c, UARTIFLS, sel << 3);
		for (unsigned int i = 1; i <= levels[sel]; i++) {
			in(c, "x");
			assert_int_equal(!!(rd(c, UARTRIS) & UARTINT_RX),
					 i == levels[sel]);
		}
		rd(c, UARTDR);
		assert_false(rd(c, UARTRIS) & UARTINT_RX);
		while (!(rd(c, UARTFR) & UARTFR_RXFE))
			rd(c, UARTDR);
		assert_false(rd(c, UARTRIS) & (UARTINT_RX | UARTINT_RT));
	}
}

static void input_stops_at_a_full_fifo_and_loses_nothing(void **state)
{
	struct ctx *c = *state;
	char text[41];

	for (int i = 0; i < 40; i++)
		text[i] = (char)('0' + i);
	text[40] = '\0';
	assert_int_equal(in(c, text), 32);
	assert_true(rd(c, UARTFR) & UARTFR_RXFF);
	assert_int_equal(vpl011_input_room(&c->v), 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(rd(c, UARTDR), '0' + i);
	assert_int_equal(in(c, text + 32), 8);
	for (int i = 8; i < 40; i++)
		assert_int_equal(rd(c, UARTDR), '0' + i);
	assert_int_equal(rd(c, UARTRIS) & UARTINT_OE, 0);
}

static void without_fifos_it_holds_one_character(void **state)
{
	struct ctx *c = *state;

	in(c, "gone");
	wr(c, UARTLCR_H, UARTLCR_H_WLEN8);
	assert_true(rd(c, UARTFR) & UARTFR_RXFE);
	assert_int_equal(rd(c, UARTRIS), 0);
	assert_int_equal(in(c, "xy"), 1);
	assert_true(rd(c, UARTFR) & UARTFR_RXFF);
	assert_int_equal(rd(c, UARTRIS), UARTINT_RX);
	assert_int_equal(rd(c, UARTDR), 'x');
	assert_int_equal(rd(c, UARTRIS), 0);
}

static void a_disabled_receiver_keeps_input_waiting(void **state)
{
	struct ctx *c = *state;

	wr(c, UARTCR, UARTCR_UARTEN | UARTCR_TXE);
	assert_int_equal(in(c, "a"), 0);
	wr(c, UARTCR, UARTCR_TXE | UARTCR_RXE);
	assert_int_equal(in(c, "a"), 0);
	wr(c, UARTCR, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
	assert_int_equal(in(c, "a"), 1);
}

static void an_overrun_and_a_break_are_told(void **state)
{
	struct ctx *c = *state;

	vpl011_overrun(&c->v);
	assert_int_equal(rd(c, UARTRIS), UARTINT_OE);
	in(c, "a");
	vpl011_break(&c->v);
	assert_int_equal(rd(c, UARTDR), UARTDR_OE | 'a');
	assert_int_equal(rd(c, UARTRSR), 8);
	assert_int_equal(rd(c, UARTDR), UARTDR_BE);
	assert_int_equal(rd(c, UARTRSR), 8 | 4);
	wr(c, UARTRSR, 0);
	assert_int_equal(rd(c, UARTRSR), 0);
	assert_int_equal(rd(c, UARTRIS), UARTINT_OE | UARTINT_BE);
	wr(c, UARTICR, UARTINT_ALL);
	assert_int_equal(rd(c, UARTRIS), 0);
}

static void a_break_into_a_full_fifo_is_an_overrun(void **state)
{
	struct ctx *c = *state;

	for (int i = 0; i < 32; i++)
		in(c, "x");
	vpl011_break(&c->v);
	assert_true(rd(c, UARTRIS) & UARTINT_OE);
	assert_int_equal(c->v.rx_count, 32);
}

/* As pl011_start_tx and pl011_tx_chars do. */
static void linux_sends_by_interrupt(void **state)
{
	struct ctx *c = *state;
	uint8_t buf[OUT];

	wr(c, UARTDR, 'a');
	wr(c, UARTIMSC, UARTINT_TX);
	assert_true(vpl011_irq_level(&c->v));
	wr(c, UARTIMSC, 0);
	assert_false(vpl011_irq_level(&c->v));
	assert_int_equal(vpl011_output(&c->v, buf, OUT), 1);
}

static void a_reader_that_is_slow_makes_the_guest_wait(void **state)
{
	struct ctx *c = *state;
	uint8_t buf[OUT * 2];
	unsigned int n = 0;

	wr(c, UARTIMSC, UARTINT_TX);
	while (!(rd(c, UARTFR) & UARTFR_TXFF))
		wr(c, UARTDR, n++ & 0xff);
	assert_int_equal(n, OUT + 32);
	assert_true(rd(c, UARTFR) & UARTFR_BUSY);
	assert_false(vpl011_irq_level(&c->v));
	wr(c, UARTDR, 0xee); /* did not look */
	assert_int_equal(c->v.dropped, 1);
	/* 16 leave: the level falls to the trigger, and not before. */
	assert_int_equal(vpl011_output(&c->v, buf, 15), 15);
	assert_false(vpl011_irq_level(&c->v));
	assert_int_equal(vpl011_output(&c->v, buf + 15, 1), 1);
	assert_true(vpl011_irq_level(&c->v));
	n = 16;
	while (n < OUT + 32)
		n += (unsigned int)vpl011_output(&c->v, buf + n, 10);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(buf[i], i & 0xff);
	assert_true(rd(c, UARTFR) & UARTFR_TXFE);
}

static void with_drop_oldest_the_guest_never_waits(void **state)
{
	struct ctx *c = *state;
	uint8_t buf[OUT];

	vpl011_init(&c->v, BASE, c->out, OUT, true);
	for (unsigned int i = 0; i < 100; i++) {
		assert_false(rd(c, UARTFR) & UARTFR_TXFF);
		wr(c, UARTDR, i);
	}
	assert_int_equal(c->v.dropped, 100 - OUT);
	assert_int_equal(vpl011_output(&c->v, buf, OUT), OUT);
	assert_int_equal(buf[0], 100 - OUT);
	assert_int_equal(buf[OUT - 1], 99);
}

static void loopback_returns_what_is_sent(void **state)
{
	struct ctx *c = *state;
	uint8_t b;

	wr(c, UARTCR,
	   UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE | UARTCR_LBE | UARTCR_RTS);
	wr(c, UARTDR, 'z');
	assert_int_equal(rd(c, UARTDR), 'z');
	assert_int_equal(rd(c, UARTFR) & 7, UARTFR_CTS);
	assert_int_equal(vpl011_output(&c->v, &b, 1), 0);
	assert_int_equal(in(c, "a"), 0);
}

static void registers_read_back_what_they_have_bits_for(void **state)
{
	static const struct {
		uint32_t reg, mask;
	} regs[] = {
		{UARTILPR, 0xff},	{UARTIBRD, 0xffff}, {UARTFBRD, 0x3f},
		{UARTLCR_H, 0xff},	{UARTCR, 0xff87},   {UARTIFLS, 0x3f},
		{UARTIMSC, 0x7ff},	{UARTDMACR, 7},	    {UARTFR + 0x100, 0},
		{UARTPERIPHID0 - 4, 0},
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		wr(c, regs[i].reg, 0xffffffff);
		assert_int_equal(rd(c, regs[i].reg), regs[i].mask);
		wr(c, regs[i].reg, 0);
		assert_int_equal(rd(c, regs[i].reg), 0);
	}
	wr(c, UARTPERIPHID0, 0xff);
	assert_int_equal(rd(c, UARTPERIPHID0), 0x11);
}

static void accesses_of_all_sizes_are_lanes_of_the_register(void **state)
{
	struct ctx *c = *state;
	struct mmio_access a = {BASE + UARTCR + 1, 1, false, 0};

	assert_int_equal(vpl011_access(&c->v, &a), 0);
	assert_int_equal(a.value, 0x03);
	a = (struct mmio_access){BASE + UARTCR, 1, false, 0};
	assert_int_equal(vpl011_access(&c->v, &a), 0);
	assert_int_equal(a.value, 0x01);
	in(c, "a");
	a = (struct mmio_access){BASE + UARTDR + 1, 1, false, 9};
	assert_int_equal(vpl011_access(&c->v, &a), 0);
	assert_int_equal(a.value, 0);
	a = (struct mmio_access){BASE + UARTDR, 2, false, 0};
	assert_int_equal(vpl011_access(&c->v, &a), 0);
	assert_int_equal(a.value, 'a');
	a = (struct mmio_access){BASE + UARTCR + 2, 2, true, 0xffff};
	assert_int_equal(vpl011_access(&c->v, &a), 0);
	assert_int_equal(rd(c, UARTCR), 0x301);
}

static void what_the_bus_refuses_is_refused(void **state)
{
	static const struct mmio_access bad[] = {
		{BASE, 8, false, 0},	      {BASE, 8, true, 0},
		{BASE + 0x1000, 4, false, 0}, {BASE - 4, 4, false, 0},
		{BASE + 2, 4, true, 0},	      {BASE + 3, 2, false, 0},
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mmio_access a = bad[i];

		assert_int_equal(vpl011_access(&c->v, &a), -EINVAL);
	}
}

static void no_sequence_of_accesses_leads_out_of_bounds(void **state)
{
	struct ctx *c = *state;
	uint32_t seed = 12345;
	uint8_t buf[16];

	for (int i = 0; i < 200000; i++) {
		struct mmio_access a;

		seed = seed * 1664525 + 1013904223;
		a.addr = BASE + ((seed >> 8) & 0x7f);
		if (seed >> 30 == 0)
			a.addr &= ~0x7full;
		a.size = (uint8_t)(1u << ((seed >> 16) & 3));
		a.write = seed & (1u << 20);
		a.value = seed >> 3;
		vpl011_access(&c->v, &a);
		if (!(i % 7))
			vpl011_input(&c->v, buf, seed >> 28);
		if (!(i % 11))
			vpl011_output(&c->v, buf, seed >> 28);
		if (!(i % 101))
			vpl011_break(&c->v);
		assert_in_range(c->v.rx_count, 0, VPL011_FIFO);
		assert_in_range(c->v.tx_count, 0, VPL011_FIFO);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(earlycon_writes_without_any_setting_up),
		T(linux_finds_a_revision_with_32_bytes_of_fifo),
		T(input_reaches_the_guest_by_interrupt),
		T(a_masked_interrupt_is_raw_only),
		T(the_trigger_level_is_that_of_uartifls),
		T(input_stops_at_a_full_fifo_and_loses_nothing),
		T(without_fifos_it_holds_one_character),
		T(a_disabled_receiver_keeps_input_waiting),
		T(an_overrun_and_a_break_are_told),
		T(a_break_into_a_full_fifo_is_an_overrun),
		T(linux_sends_by_interrupt),
		T(a_reader_that_is_slow_makes_the_guest_wait),
		T(with_drop_oldest_the_guest_never_waits),
		T(loopback_returns_what_is_sent),
		T(registers_read_back_what_they_have_bits_for),
		T(accesses_of_all_sizes_are_lanes_of_the_register),
		T(what_the_bus_refuses_is_refused),
		T(no_sequence_of_accesses_leads_out_of_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
