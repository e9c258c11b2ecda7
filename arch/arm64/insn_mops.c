/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See insn_mops.h. */
#include "insn_mops.h"

#include <errno.h>

#include "bits.h"
#include "pstate.h"

#define SET_MAX (BIT(63) - 1) /* as many as a prologue takes, of CPYF too */
#define CPY_MAX (BIT(55) - 1)

int insn_mops_decode(uint32_t insn, struct insn_mops *m)
{
	unsigned int op1 = insn >> 22 & 3, op2 = insn >> 12 & 15;
	unsigned int stage = op1 == 3 ? op2 >> 2 : op1;
	bool o0 = insn >> 26 & 1;

	if ((insn & 0xfb200c00) != 0x19000400 || stage == 3)
		return -ENOSYS;
	*m = (struct insn_mops){
		.stage = (enum insn_mops_stage)stage,
		.copy = op1 != 3,
		.forward_only = op1 != 3 && !o0,
		.tags = op1 == 3 && o0,
		.read_unprivileged = op1 != 3 && op2 & 2,
		.write_unprivileged = op2 & 1,
		.rd = insn & 31,
		.rs = insn >> 16 & 31,
		.rn = insn >> 5 & 31,
	};
	if (m->rd == 31 || m->rn == 31 || (m->copy && m->rs == 31) ||
	    m->rd == m->rn || m->rd == m->rs || m->rs == m->rn)
		return -ENOSYS;
	return 0;
}

/* Tags do not count. */
static uint64_t apart(uint64_t a, uint64_t b)
{
	return (a - b) << 8 >> 8;
}

/* Is far nearer to the end than to the start of what is written or read? */
static bool is_at_end(const struct insn_mops_rest *r, uint64_t far, bool write)
{
	uint64_t at = apart(far, write ? r->to : r->from);

	return at < r->left && at >= r->left - at;
}

static void rest_of_prologue(const struct insn_mops *m,
			     const struct insn_regs *r, uint64_t far,
			     bool write, struct insn_mops_rest *out)
{
	uint64_t max = m->copy && !m->forward_only ? CPY_MAX : SET_MAX;
	uint64_t up, down;

	out->to = r->x[m->rd];
	out->from = insn_reg(r, m->rs);
	out->left = r->x[m->rn] > max ? max : r->x[m->rn];
	if (m->tags)
		out->left &= ~15ull;
	out->backward = false;
	if (!m->copy || m->forward_only)
		return;
	up = apart(out->from, out->to);
	down = apart(out->to, out->from);
	if (up && up < out->left)
		return;
	out->backward = (down && down < out->left) || is_at_end(out, far, write);
}

void insn_mops_rest(const struct insn_mops *m, const struct insn_regs *r,
		    uint64_t far, bool write, struct insn_mops_rest *out)
{
	uint64_t n = r->x[m->rn];
	bool moves = m->copy && !m->forward_only;

	if (m->stage == INSN_MOPS_PROLOGUE) {
		rest_of_prologue(m, r, far, write, out);
		return;
	}
	out->to = r->x[m->rd];
	out->from = insn_reg(r, m->rs);
	if (r->pstate & PSTATE_C) {
		/* option B: addresses of the next byte, or behind it */
		out->left = n;
		out->backward = moves && r->pstate & PSTATE_N;
		if (out->backward) {
			out->to -= n;
			out->from -= n;
		}
		return;
	}
	/* option A: of the end, with what is left as a negative number */
	out->backward = moves && !(n & BIT(63));
	out->left = out->backward ? n : -n;
	if (!out->backward) {
		out->to += n;
		out->from += n;
	}
}

void insn_mops_advance(const struct insn_mops *m, struct insn_regs *r,
		       const struct insn_mops_rest *rest, uint64_t n)
{
	bool prologue = m->stage == INSN_MOPS_PROLOGUE;
	bool b = !prologue && r->pstate & PSTATE_C;
	uint64_t move = rest->backward ? -n : n, left = rest->left - n;

	/* the prologue's format: addresses of the lowest byte, in both options */
	if (b || (prologue && !rest->backward)) {
		r->x[m->rd] += move;
		if (m->copy)
			r->x[m->rs] += move;
	}
	r->x[m->rn] = prologue || b || rest->backward ? left : -left;
}

unsigned int insn_mops_width(const struct insn_mops_rest *r, bool copy,
			     unsigned int max)
{
	unsigned int w = max;

	while (w > 1 &&
	       (w > r->left ||
		insn_mops_lowest(r, insn_mops_to(r), w) & (w - 1) ||
		(copy && insn_mops_lowest(r, insn_mops_from(r), w) & (w - 1))))
		w /= 2;
	return w;
}
