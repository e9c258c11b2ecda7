/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Decoded loads and stores applied to registers, LSE arithmetic, and questions
 * about instructions.
 */
#include <errno.h>

#include "bits.h"
#include "insn.h"
#include "pstate.h"

int insn_ldst_element(const struct insn_ldst *l, unsigned int i,
		      struct insn_element *e)
{
	unsigned int reg, lane = 0, lanes = 0;
	bool clear = l->load;

	if (i >= l->elements)
		return -EINVAL;
	if (!l->structure) {
		if (l->kind == INSN_CAS)
			reg = l->rs + i;
		else
			reg = i ? l->rt2 : l->rt;
	} else if (l->single) {
		reg = l->rt + i;
		lane = l->replicate ? 0 : l->lanes;
		lanes = l->replicate ? l->lanes : 0;
		clear = l->replicate;
	} else if (l->selem == 1) {
		reg = l->rt + i / l->lanes;
		lane = i % l->lanes;
		clear = l->load && lane == 0;
	} else {
		reg = l->rt + i % l->selem;
		lane = i / l->selem;
		clear = l->load && lane == 0;
	}
	*e = (struct insn_element){
		.offset = (uint8_t)(i * l->size),
		.size = l->size,
		.reg = reg & 31,
		.lane = (uint8_t)lane,
		.lanes = (uint8_t)lanes,
		.simd = l->simd,
		.clear = l->simd && clear,
	};
	return 0;
}

static uint64_t index_value(const struct insn_ldst *l,
			    const struct insn_regs *r)
{
	uint64_t v;

	if (l->index == INSN_REG_NONE)
		return 0;
	v = insn_reg(r, l->index);
	if (l->extend == 2)
		v = (uint32_t)v;
	else if (l->extend == 6)
		v = (uint64_t)(int64_t)(int32_t)(uint32_t)v;
	return v << l->shift;
}

void insn_ldst_address(const struct insn_ldst *l, const struct insn_regs *r,
		       struct insn_access *a)
{
	uint64_t base, moved;

	if (l->base == INSN_BASE_PC)
		base = r->pc;
	else if (l->base == INSN_REG_NONE)
		base = 0;
	else
		base = insn_reg_sp(r, l->base);
	moved = base + (uint64_t)l->imm + index_value(l, r);
	a->addr = l->writeback == INSN_WB_POST ? base : moved;
	a->writeback = moved;
}

void insn_ldst_writeback(const struct insn_ldst *l, const struct insn_access *a,
			 struct insn_regs *r)
{
	if (l->writeback != INSN_WB_NONE)
		insn_set_reg_sp(r, l->base, a->writeback);
}

static uint64_t mask_bytes(unsigned int size)
{
	return size >= 8 ? ~UINT64_C(0) : BIT(size * 8) - 1;
}

static uint64_t sign_extend(uint64_t v, unsigned int size)
{
	uint64_t sign;

	if (size >= 8)
		return v;
	sign = BIT(size * 8 - 1);
	return ((v & mask_bytes(size)) ^ sign) - sign;
}

uint64_t insn_ldst_extend(const struct insn_ldst *l, uint64_t raw)
{
	uint64_t v = raw & mask_bytes(l->size);

	if (l->sign_extend)
		v = sign_extend(v, l->size);
	return l->sixty_four ? v : (uint32_t)v;
}

uint64_t insn_atomic_result(enum insn_atomic op, unsigned int size,
			    uint64_t old, uint64_t operand)
{
	uint64_t mask = mask_bytes(size);
	int64_t so, sp;

	old &= mask;
	operand &= mask;
	so = (int64_t)sign_extend(old, size);
	sp = (int64_t)sign_extend(operand, size);
	switch (op) {
	case INSN_ATOMIC_ADD:
		return (old + operand) & mask;
	case INSN_ATOMIC_CLR:
		return old & ~operand;
	case INSN_ATOMIC_EOR:
		return old ^ operand;
	case INSN_ATOMIC_SET:
		return old | operand;
	case INSN_ATOMIC_SMAX:
		return so > sp ? old : operand;
	case INSN_ATOMIC_SMIN:
		return so > sp ? operand : old;
	case INSN_ATOMIC_UMAX:
		return old > operand ? old : operand;
	case INSN_ATOMIC_UMIN:
		return old > operand ? operand : old;
	case INSN_ATOMIC_SWP:
		break;
	}
	return operand;
}

static bool is_exclusive(uint32_t insn, bool load)
{
	/* Bits 29:24 = 001000, o2 = 0; with o1 it must be a pair, not CASP. */
	if ((insn & 0x3f800000) != 0x08000000)
		return false;
	if ((insn & BIT(21)) && !(insn & BIT(31)))
		return false;
	return !!(insn & BIT(22)) == load;
}

bool insn_is_exclusive_load(uint32_t insn)
{
	return is_exclusive(insn, true);
}

bool insn_is_exclusive_store(uint32_t insn)
{
	return is_exclusive(insn, false);
}

bool insn_is_brk(uint32_t insn, uint16_t *imm)
{
	if ((insn & 0xffe0001f) != 0xd4200000)
		return false;
	*imm = (uint16_t)(insn >> 5);
	return true;
}

bool insn_is_wfx(uint32_t insn)
{
	return insn == 0xd503205f || insn == 0xd503207f ||
	       (insn & 0xffffffc0) == 0xd5031000;
}

bool insn_is_eret(uint32_t insn)
{
	return insn == 0xd69f03e0 || insn == 0xd69f0bff || insn == 0xd69f0fff;
}

static int64_t branch_offset(uint32_t insn, unsigned int hi, unsigned int lo)
{
	uint64_t v = FIELD_GET(GENMASK(hi, lo), insn);
	uint64_t sign = BIT(hi - lo);

	return (int64_t)((v ^ sign) - sign) * 4;
}

enum insn_branch insn_branch(uint32_t insn, int64_t *offset)
{
	if ((insn & 0x7c000000) == 0x14000000) {
		*offset = branch_offset(insn, 25, 0);
		return insn & BIT(31) ? INSN_BRANCH_CALL : INSN_BRANCH_ALWAYS;
	}
	if ((insn & 0x7e000000) == 0x36000000) {
		*offset = branch_offset(insn, 18, 5);
		return INSN_BRANCH_COND;
	}
	if ((insn & 0xff000000) == 0x54000000 ||
	    (insn & 0x7e000000) == 0x34000000) {
		*offset = branch_offset(insn, 23, 5);
		return INSN_BRANCH_COND;
	}
	/*
	 * SVC, BRK and others; BR, RET, ERET; compare and branch (FEAT_CMPBR).
	 */
	if ((insn & 0xff000000) == 0xd4000000 ||
	    (insn & 0xfe000000) == 0xd6000000 ||
	    (insn & 0x7e000000) == 0x74000000)
		return INSN_BRANCH_OTHER;
	return INSN_BRANCH_NONE;
}

static void add_exit(struct insn_exclusive *out, int64_t target)
{
	for (unsigned int i = 0; i < out->exits; i++) {
		if (out->exit[i] == target)
			return;
	}
	out->exit[out->exits++] = target;
}

/* Index past the first store exclusive, or a negative error. */
static int find_store(const uint32_t *insn, unsigned int n)
{
	int64_t offset;

	for (unsigned int i = 1; i < n; i++) {
		switch (insn_branch(insn[i], &offset)) {
		case INSN_BRANCH_CALL:
		case INSN_BRANCH_OTHER:
			return -EINVAL;
		default:
			break;
		}
		if (insn_is_exclusive_store(insn[i]))
			return (int)i + 1;
	}
	return -ENOENT;
}

int insn_exclusive_end(const uint32_t *insn, unsigned int n,
		       struct insn_exclusive *out)
{
	int end;

	out->exits = 0;
	out->end = 0;
	if (n > INSN_EXCLUSIVE_MAX)
		n = INSN_EXCLUSIVE_MAX;
	if (n == 0 || !insn_is_exclusive_load(insn[0]))
		return -EINVAL;
	end = find_store(insn, n);
	if (end < 0)
		return end;
	out->end = (int64_t)end * 4;
	for (int i = 1; i < end; i++) {
		int64_t target;

		if (insn_branch(insn[i], &target) == INSN_BRANCH_NONE)
			continue;
		target += (int64_t)i * 4;
		if (target < 0 || target > out->end)
			add_exit(out, target);
	}
	return 0;
}
