/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * g, G, p and P. Which registers there are and what they hold is the target's.
 */
#include <errno.h>
#include <string.h>

#include "stub/session.h"

int session_register_cpu(struct gdbstub *s, struct cursor *c, unsigned int *cpu)
{
	int number = s->client.g_cpu;

	if (s->client.lldb && cursor_text(c, ";thread:")) {
		if (!session_thread(s, c, &number) || number < 0)
			return session_fail(s, -ESRCH, "no such thread");
		cursor_char(c, ';');
	}
	*cpu = (unsigned int)number;
	return cursor_at_end(c) ? 0 : -EINVAL;
}

int registers_put(struct gdbstub *s, unsigned int cpu, unsigned int reg)
{
	uint8_t value[TARGET_MAX_REG_SIZE];
	int size = target_reg_size(s->target, reg), err;

	if (size <= 0 || size > TARGET_MAX_REG_SIZE)
		return -ENOENT;
	err = target_reg_read(s->target, cpu, reg, value);
	if (!err) {
		rsp_put_hex(&s->tx, value, (size_t)size);
		return 0;
	}
	/* LLDB would take the letters for a number. */
	if (s->client.lldb)
		return err;
	while (size--)
		rsp_puts(&s->tx, "xx");
	return 0;
}

int packet_g(struct gdbstub *s, struct cursor *c)
{
	unsigned int cpu, reg;
	int err = session_register_cpu(s, c, &cpu);

	for (reg = 0; !err && reg < target_g_count(); reg++)
		err = registers_put(s, cpu, reg);
	return err;
}

/* Digits of size bytes out of c; -ENODATA for "xx..". */
static int get_value(struct cursor *c, uint8_t *value, size_t size)
{
	const uint8_t *digits = c->p;

	if (cursor_left(c) < 2 * size)
		return -EINVAL;
	c->p += 2 * size;
	if (size && digits[0] == 'x')
		return -ENODATA;
	return hex_decode(value, digits, size);
}

static int write_register(struct gdbstub *s, unsigned int cpu, unsigned int reg,
			  const uint8_t *value)
{
	int err = target_reg_write(s->target, cpu, reg, value);

	if (err)
		return session_fail(s, err, "cannot write register %u", reg);
	/* What has stopped this CPU was at another PC. */
	if (reg == TARGET_REG_PC)
		s->pending &= ~(1ull << cpu);
	return 0;
}

/*
 * Everything is looked at (write false) before anything is written. The PC comes
 * last: another one clears what CPSR says of a branch to the old one.
 */
static int set_all(struct gdbstub *s, struct cursor c, bool write)
{
	uint8_t value[TARGET_MAX_REG_SIZE], pc[TARGET_MAX_REG_SIZE];
	unsigned int reg, cpu;
	bool moves = false;
	struct cursor rest = c;
	size_t total = 0;
	int err;

	for (reg = 0; reg < target_g_count(); reg++)
		total += 2 * (size_t)target_reg_size(s->target, reg);
	if (cursor_left(&c) < total)
		return -EINVAL;
	rest.p += total;
	err = session_register_cpu(s, &rest, &cpu);
	if (err)
		return err;
	for (reg = 0; reg < target_g_count(); reg++) {
		int size = target_reg_size(s->target, reg);

		err = get_value(&c, value, (size_t)size);
		if (err == -ENODATA)
			continue;
		if (!err && reg == TARGET_REG_PC) {
			memcpy(pc, value, (size_t)size);
			moves = true;
		} else if (!err && write) {
			err = write_register(s, cpu, reg, value);
		}
		if (err)
			return err;
	}
	return write && moves ? write_register(s, cpu, TARGET_REG_PC, pc) : 0;
}

int packet_G(struct gdbstub *s, struct cursor *c)
{
	int err = set_all(s, *c, false);

	if (!err)
		err = set_all(s, *c, true);
	return err ? err : session_ok(s);
}

int packet_p(struct gdbstub *s, struct cursor *c)
{
	unsigned int cpu;
	uint64_t reg;
	int err;

	if (!cursor_hex(c, &reg) || reg > UINT32_MAX)
		return -EINVAL;
	err = session_register_cpu(s, c, &cpu);
	if (err)
		return err;
	err = registers_put(s, cpu, (unsigned int)reg);
	if (err)
		return session_fail(s, err, "cannot read register %u",
				    (unsigned int)reg);
	return 0;
}

int packet_P(struct gdbstub *s, struct cursor *c)
{
	uint8_t value[TARGET_MAX_REG_SIZE];
	unsigned int cpu;
	uint64_t reg;
	int size, err;

	if (!cursor_hex(c, &reg) || reg > UINT32_MAX || !cursor_char(c, '='))
		return -EINVAL;
	size = target_reg_size(s->target, (unsigned int)reg);
	if (size <= 0 || size > TARGET_MAX_REG_SIZE)
		return session_fail(s, -ENOENT, "no register %u",
				    (unsigned int)reg);
	err = get_value(c, value, (size_t)size);
	if (!err)
		err = session_register_cpu(s, c, &cpu);
	if (!err)
		err = write_register(s, cpu, (unsigned int)reg, value);
	return err ? err : session_ok(s);
}
