/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See timer.h. */
#include "timer.h"

#include <errno.h>

#include "barrier.h"
#include "clock.h"
#include "cpu.h"
#include "sysreg.h"

#define CTL_ENABLE BIT(0)
#define CTL_IMASK BIT(1)

#define ENC_CNTPCT SYSREG_ENCODING(3, 3, 14, 0, 1)
#define ENC_CNTPCTSS SYSREG_ENCODING(3, 3, 14, 0, 5)
#define ENC_CNTP_TVAL SYSREG_ENCODING(3, 3, 14, 2, 0)
#define ENC_CNTP_CTL SYSREG_ENCODING(3, 3, 14, 2, 1)
#define ENC_CNTP_CVAL SYSREG_ENCODING(3, 3, 14, 2, 2)

static uint64_t offset; /* changes while the world is stopped only */

static uint64_t read_cntp_ctl(void)
{
	return read_sysreg_el1(cntp_ctl_el0, CNTP_CTL_EL02);
}

static void write_cntp_ctl(uint64_t v)
{
	write_sysreg_el1(v, cntp_ctl_el0, CNTP_CTL_EL02);
}

static uint64_t read_cntp_cval(void)
{
	return read_sysreg_el1(cntp_cval_el0, CNTP_CVAL_EL02);
}

static void write_cntp_cval(uint64_t v)
{
	write_sysreg_el1(v, cntp_cval_el0, CNTP_CVAL_EL02);
}

void timer_park(struct cpu *c)
{
	c->cntv_ctl = read_sysreg_el1(cntv_ctl_el0, CNTV_CTL_EL02);
	c->cntp_ctl = read_cntp_ctl();
	write_sysreg_el1(c->cntv_ctl | CTL_IMASK, cntv_ctl_el0, CNTV_CTL_EL02);
	write_cntp_ctl(c->cntp_ctl | CTL_IMASK);
	isb(); /* orders the masking before interrupts are looked at */
}

void timer_unpark(struct cpu *c)
{
	write_sysreg_el1(c->cntv_ctl, cntv_ctl_el0, CNTV_CTL_EL02);
	write_cntp_ctl(c->cntp_ctl);
}

uint64_t timer_offset(void)
{
	return offset;
}

void timer_set_offset(uint64_t ticks)
{
	offset = ticks;
}

/* What this CPU's guest goes by: CNTP_* are trapped once it is not zero. */
static uint64_t applied(void)
{
	return read_sysreg(cntvoff_el2);
}

static uint64_t guest_cntp_cval(const struct cpu *c)
{
	return applied() ? c->cntp_cval : read_cntp_cval();
}

/*
 * CNTP_CVAL is physical time: what the guest meant moves along. A deadline that
 * never comes (all ones) must not wrap around and be met.
 */
static void set_guest_cntp_cval(struct cpu *c, uint64_t v)
{
	uint64_t at = v + applied();

	c->cntp_cval = v;
	write_cntp_cval(at < v ? UINT64_MAX : at);
}

void timer_apply_offset(struct cpu *c)
{
	uint64_t cval = guest_cntp_cval(c);

	write_sysreg(offset, cntvoff_el2);
	isb(); /* orders the offset before the look at it */
	set_guest_cntp_cval(c, cval);
	/* EL1PCTEN and EL1PCEN (EL1PTEN): trap once there is an offset */
	if (offset)
		write_sysreg(0, cnthctl_el2);
	isb(); /* orders it before the guest reads its clocks */
}

int timer_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *v)
{
	uint64_t now = clock_ticks() - applied();

	switch (enc) {
	case ENC_CNTPCT:
	case ENC_CNTPCTSS:
		if (!read)
			return -EINVAL;
		*v = now;
		return 0;
	case ENC_CNTP_CTL:
		if (read)
			*v = read_cntp_ctl();
		else
			write_cntp_ctl(*v);
		return 0;
	case ENC_CNTP_CVAL:
		if (read)
			*v = guest_cntp_cval(c);
		else
			set_guest_cntp_cval(c, *v);
		return 0;
	case ENC_CNTP_TVAL:
		if (read)
			*v = (uint32_t)(guest_cntp_cval(c) - now);
		else
			set_guest_cntp_cval(
				c, now + (uint64_t)(int64_t)(int32_t)*v);
		return 0;
	default:
		return -ENOENT;
	}
}

/* The hardware at the earliest of what this CPU is to be woken for. */
static void program(const struct cpu *c)
{
	uint64_t first = 0;

	for (unsigned int i = 0; i < TIMER_USERS; i++)
		if (c->timer_at[i] && (!first || c->timer_at[i] < first))
			first = c->timer_at[i];
	if (first)
		write_sysreg(first, cnthp_cval_el2);
	write_sysreg(first ? CTL_ENABLE : 0, cnthp_ctl_el2);
	isb(); /* orders it before the guest runs or interrupts are looked at */
}

void timer_cpu_init(struct cpu *c)
{
	for (unsigned int i = 0; i < TIMER_USERS; i++)
		c->timer_at[i] = 0;
	c->timer_put_off = false;
	program(c);
}

void timer_put_off(struct cpu *c, uint64_t us)
{
	c->timer_put_off = true;
	write_sysreg(clock_ticks() + us * clock_hz() / 1000000,
		     cnthp_cval_el2);
	isb(); /* orders it before the interrupt's deactivation */
}

bool timer_recall(struct cpu *c)
{
	if (!c->timer_put_off)
		return false;
	c->timer_put_off = false;
	program(c);
	return true;
}

void timer_arm(enum timer_user user, uint64_t us)
{
	struct cpu *c = this_cpu();

	c->timer_at[user] = clock_ticks() + us * clock_hz() / 1000000;
	program(c);
}

void timer_disarm(enum timer_user user)
{
	struct cpu *c = this_cpu();

	if (!c->timer_at[user])
		return;
	c->timer_at[user] = 0;
	program(c);
}

bool timer_take(enum timer_user user)
{
	struct cpu *c = this_cpu();

	if (!c->timer_at[user] || clock_ticks() < c->timer_at[user])
		return false;
	timer_disarm(user);
	return true;
}
