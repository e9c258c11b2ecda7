/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Z and z packets: their text into entries of the breakpoint table, every
 * condition verified before it is accepted.
 */
#include <errno.h>
#include <string.h>

#include "stub/ax.h"
#include "stub/session.h"

/* Beyond the largest virtual address space there is nothing to watch. */
#define MAX_LEN (1ull << 52)

struct point {
	enum bp_kind kind;
	uint64_t addr, len;
};

static int get_point(struct gdbstub *s, struct cursor *c, struct point *p)
{
	uint64_t kind;

	if (!cursor_hex(c, &kind) || !cursor_char(c, ','))
		return -EINVAL;
	if (kind >= BP_KINDS)
		return -ENOTSUP;
	p->kind = (enum bp_kind)kind;
	if (!cursor_hex(c, &p->addr) || !cursor_char(c, ',') ||
	    !cursor_hex(c, &p->len))
		return -EINVAL;
	if (BP_MASK(p->kind) & BP_MASK_BREAK) {
		if (p->len != 4)
			return session_fail(s, -EINVAL,
					    "instructions are 4 bytes long");
		/* Z1 may be on a device's register, of any alignment. */
		if (p->kind == BP_SOFTWARE && (p->addr & 3))
			return session_fail(s, -EINVAL,
					    "address is not aligned");
	}
	if (!p->len || p->len > MAX_LEN || p->addr + p->len - 1 < p->addr)
		return session_fail(s, -EINVAL, "cannot watch that length");
	return 0;
}

/* X<len>,<hex>: one condition, kept as bp_insert() wants it. */
static int get_condition(struct gdbstub *s, struct cursor *c, size_t *used)
{
	uint8_t *out = s->mem.scratch + *used;
	size_t room = s->mem.scratch_size - *used;
	uint64_t len;
	int err;

	if (!cursor_hex(c, &len) || !cursor_char(c, ',') ||
	    len > cursor_left(c) / 2)
		return -EINVAL;
	if (len > AX_MAX_CODE || room < len + 2)
		return session_fail(s, -ENOSPC, "condition is too long");
	if (hex_decode(out + 2, c->p, (size_t)len))
		return -EINVAL;
	err = ax_verify(out + 2, (size_t)len, &s->why);
	if (err)
		return err;
	out[0] = (uint8_t)len;
	out[1] = (uint8_t)(len >> 8);
	c->p += 2 * len;
	*used += 2 + (size_t)len;
	return 0;
}

static int get_conditions(struct gdbstub *s, struct cursor *c, size_t *used)
{
	*used = 0;
	while (!cursor_at_end(c)) {
		int err;

		cursor_char(c, ';');
		if (cursor_text(c, "cmds:"))
			return session_fail(
				s, -EINVAL,
				"breakpoint commands are not offered");
		if (!cursor_char(c, 'X'))
			return -EINVAL;
		err = get_condition(s, c, used);
		if (err)
			return err;
	}
	return 0;
}

int packet_Z(struct gdbstub *s, struct cursor *c)
{
	struct point p;
	struct bp *bp;
	size_t cond_len;
	int err = get_point(s, c, &p);

	if (!err)
		err = get_conditions(s, c, &cond_len);
	if (err)
		return err;
	if (cond_len && !(BP_MASK(p.kind) & BP_MASK_BREAK))
		return session_fail(s, -EINVAL,
				    "watchpoints take no conditions");
	err = bp_insert(s->points, p.kind, p.addr, p.len, s->mem.scratch,
			cond_len, &bp);
	if (err)
		return session_fail(s, err, "no room for more breakpoints");
	err = target_bp_check(s->target, (unsigned int)s->client.g_cpu, bp,
			      &s->why);
	if (err) {
		bp_remove(s->points, p.kind, p.addr, p.len);
		return err;
	}
	return session_ok(s);
}

int packet_z(struct gdbstub *s, struct cursor *c)
{
	struct point p;
	int err = get_point(s, c, &p);

	if (err)
		return err;
	bp_remove(s->points, p.kind, p.addr, p.len);
	return session_ok(s);
}
