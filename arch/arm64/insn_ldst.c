/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* A64 loads and stores decoded. Arm ARM C4.1: "Loads and Stores". */
#include <errno.h>
#include <string.h>

#include "insn.h"

static uint32_t bits(uint32_t v, unsigned int hi, unsigned int lo)
{
	return (v >> lo) & ((2u << (hi - lo)) - 1);
}

static bool bit(uint32_t v, unsigned int n)
{
	return (v >> n) & 1;
}

static int64_t sbits(uint32_t v, unsigned int hi, unsigned int lo)
{
	int64_t sign = INT64_C(1) << (hi - lo);

	return ((int64_t)bits(v, hi, lo) ^ sign) - sign;
}

static void set_elements(struct insn_ldst *l, unsigned int n, unsigned int size)
{
	l->elements = (uint8_t)n;
	l->size = (uint8_t)size;
	l->bytes = (uint8_t)(n * size);
}

static void set_kind(struct insn_ldst *l, bool load)
{
	l->kind = load ? INSN_LOAD : INSN_STORE;
	l->load = load;
	l->store = !load;
}

static void set_prefetch(struct insn_ldst *l)
{
	l->kind = INSN_PREFETCH;
	l->load = false;
	l->store = false;
	set_elements(l, 0, 0);
}

/* Load/store exclusive, ordered, CAS: bits 29:24 = 001000. */
static int decode_exclusive(uint32_t w, struct insn_ldst *l)
{
	unsigned int size = 1u << bits(w, 31, 30);
	bool o2 = bit(w, 23), load = bit(w, 22), o1 = bit(w, 21);
	bool o0 = bit(w, 15);

	l->rs = (uint8_t)bits(w, 20, 16);
	l->rt2 = (uint8_t)bits(w, 14, 10);
	set_elements(l, 1, size);
	l->sixty_four = size == 8;
	l->acquire = load && o0;
	l->release = !load && o0;

	if (o1 && (o2 || !bit(w, 31))) {
		/* CAS, CASP: bit 22 acquires, bit 15 releases. */
		if (l->rt2 != 31)
			return -EOPNOTSUPP;
		l->kind = INSN_CAS;
		l->load = true;
		l->store = true;
		l->acquire = load;
		l->release = o0;
		if (o2)
			return 0;
		if ((l->rs | l->rt) & 1)
			return -EOPNOTSUPP;
		size = bit(w, 30) ? 8 : 4;
		set_elements(l, 2, size);
		l->sixty_four = size == 8;
		l->pair = true;
		l->rt2 = (l->rt + 1) & 31;
		return 0;
	}
	if (o2) {
		/* LDAR, LDLAR, STLR, STLLR: limited ordering is as strong. */
		set_kind(l, load);
		l->acquire = load;
		l->release = !load;
		l->rs = INSN_REG_NONE;
		return 0;
	}
	l->kind = load ? INSN_LOAD_EXCLUSIVE : INSN_STORE_EXCLUSIVE;
	l->load = load;
	l->store = !load;
	if (load)
		l->rs = INSN_REG_NONE;
	if (o1) {
		l->pair = true;
		set_elements(l, 2, size);
	}
	return 0;
}

/* LDR (literal): bits 29:27 = 011, 25:24 = 00. */
static int decode_literal(uint32_t w, struct insn_ldst *l)
{
	unsigned int opc = bits(w, 31, 30);

	l->base = INSN_BASE_PC;
	l->imm = sbits(w, 23, 5) * 4;
	set_kind(l, true);
	if (bit(w, 26)) {
		if (opc == 3)
			return -EOPNOTSUPP;
		l->simd = true;
		set_elements(l, 1, 4u << opc);
		return 0;
	}
	set_elements(l, 1, opc == 1 ? 8 : 4);
	l->sixty_four = opc != 0;
	l->sign_extend = opc == 2;
	if (opc == 3)
		set_prefetch(l);
	return 0;
}

/* LDP, STP, LDNP, STNP, LDPSW, STGP: bits 29:27 = 101. */
static int decode_pair(uint32_t w, struct insn_ldst *l)
{
	static const enum insn_writeback wb[4] = {INSN_WB_NONE, INSN_WB_POST,
						  INSN_WB_NONE, INSN_WB_PRE};
	unsigned int opc = bits(w, 31, 30), mode = bits(w, 24, 23), scale;
	bool load = bit(w, 22);

	if (opc == 3)
		return -EOPNOTSUPP;
	set_kind(l, load);
	l->pair = true;
	l->rt2 = (uint8_t)bits(w, 14, 10);
	l->writeback = wb[mode];
	l->simd = bit(w, 26);
	if (l->simd) {
		scale = 4u << opc;
		set_elements(l, 2, scale);
	} else if (opc == 1) {
		if (mode == 0)
			return -EOPNOTSUPP;
		/* LDPSW, or STGP: two X registers and a tag. */
		scale = load ? 4 : 16;
		set_elements(l, 2, load ? 4 : 8);
		l->sign_extend = load;
		l->tag = !load;
		l->sixty_four = true;
	} else {
		scale = opc ? 8 : 4;
		set_elements(l, 2, scale);
		l->sixty_four = opc != 0;
	}
	l->imm = sbits(w, 21, 15) * (int64_t)scale;
	return 0;
}

/* Size, sign and register of the single-register forms, from size, V, opc. */
static int decode_single(uint32_t w, struct insn_ldst *l)
{
	unsigned int size = bits(w, 31, 30), opc = bits(w, 23, 22);

	if (bit(w, 26)) {
		if (opc >= 2 && size != 0)
			return -EOPNOTSUPP;
		l->simd = true;
		set_kind(l, opc & 1);
		set_elements(l, 1, opc >= 2 ? 16 : 1u << size);
		return 0;
	}
	set_kind(l, opc != 0);
	set_elements(l, 1, 1u << size);
	l->sixty_four = size == 3 || opc == 2;
	l->sign_extend = opc >= 2;
	if (opc == 2 && size == 3)
		set_prefetch(l);
	else if (opc == 3 && size >= 2)
		return -EOPNOTSUPP;
	return 0;
}

/* LD<op>, SWP, LDAPR: bits 29:27 = 111, 24 = 0, 21 = 1, 11:10 = 00. */
static int decode_atomic(uint32_t w, struct insn_ldst *l)
{
	unsigned int size = 1u << bits(w, 31, 30), opc = bits(w, 14, 12);
	bool a = bit(w, 23), r = bit(w, 22), o3 = bit(w, 15);

	if (bit(w, 26))
		return -EOPNOTSUPP;
	set_elements(l, 1, size);
	l->sixty_four = size == 8;
	l->rs = (uint8_t)bits(w, 20, 16);
	if (o3 && opc == 4 && a && !r && l->rs == 31) {
		set_kind(l, true); /* LDAPR */
		l->acquire = true;
		l->rs = INSN_REG_NONE;
		return 0;
	}
	if (o3 && opc != 0)
		return -EOPNOTSUPP;
	l->kind = INSN_ATOMIC;
	l->op = o3 ? INSN_ATOMIC_SWP : (enum insn_atomic)opc;
	l->load = true;
	l->store = true;
	/* ST<op>: with no destination there is no acquire. */
	l->acquire = a && (o3 || l->rt != 31);
	l->release = r;
	return 0;
}

/* LDRAA, LDRAB: bits 21 = 1, 10 = 1; simm10 times 8. */
static int decode_pauth(uint32_t w, struct insn_ldst *l)
{
	if (bits(w, 31, 30) != 3 || bit(w, 26))
		return -EOPNOTSUPP;
	l->kind = INSN_PAUTH_LOAD;
	l->load = true;
	l->sixty_four = true;
	set_elements(l, 1, 8);
	l->imm = ((int64_t)bits(w, 20, 12) - (bit(w, 22) ? 512 : 0)) * 8;
	l->writeback = bit(w, 11) ? INSN_WB_PRE : INSN_WB_NONE;
	return 0;
}

/* Register offset: bit 21 = 1, 11:10 = 10. */
static int decode_register_offset(uint32_t w, struct insn_ldst *l)
{
	unsigned int log2 = bits(w, 31, 30);
	int ret;

	if (!bit(w, 14))
		return -EOPNOTSUPP;
	ret = decode_single(w, l);
	if (ret)
		return ret;
	if (l->simd && l->size == 16)
		log2 = 4;
	l->index = (uint8_t)bits(w, 20, 16);
	l->extend = (uint8_t)bits(w, 15, 13);
	l->shift = (uint8_t)(bit(w, 12) ? log2 : 0);
	return 0;
}

/* imm9: unscaled, post-indexed, unprivileged, pre-indexed. */
static int decode_imm9(uint32_t w, struct insn_ldst *l)
{
	unsigned int mode = bits(w, 11, 10);
	int ret = decode_single(w, l);

	if (ret)
		return ret;
	if (mode != 0 && l->kind == INSN_PREFETCH)
		return -EOPNOTSUPP;
	if (mode == 2 && l->simd)
		return -EOPNOTSUPP;
	l->imm = sbits(w, 20, 12);
	l->unprivileged = mode == 2;
	if (mode == 1)
		l->writeback = INSN_WB_POST;
	else if (mode == 3)
		l->writeback = INSN_WB_PRE;
	return 0;
}

/* One register: bits 29:27 = 111. */
static int decode_register(uint32_t w, struct insn_ldst *l)
{
	int ret;

	if (bit(w, 24)) {
		ret = decode_single(w, l);
		if (!ret)
			l->imm = (int64_t)bits(w, 21, 10) *
				 (l->kind == INSN_PREFETCH ? 8 : l->size);
		return ret;
	}
	if (!bit(w, 21))
		return decode_imm9(w, l);
	if (bit(w, 10))
		return decode_pauth(w, l);
	return bit(w, 11) ? decode_register_offset(w, l) : decode_atomic(w, l);
}

/* LDG, STG and friends: bits 31:24 = 11011001, 21 = 1. */
static int decode_tag(uint32_t w, struct insn_ldst *l)
{
	unsigned int opc = bits(w, 23, 22), op2 = bits(w, 11, 10);
	static const enum insn_writeback wb[4] = {INSN_WB_NONE, INSN_WB_POST,
						  INSN_WB_NONE, INSN_WB_PRE};

	l->kind = INSN_TAG;
	l->imm = sbits(w, 20, 12) * 16;
	l->writeback = wb[op2];
	if (op2 == 0) {
		/* STZGM, LDG, STGM, LDGM; the multiple forms take no offset. */
		if (opc != 1 && l->imm)
			return -EOPNOTSUPP;
		l->load = opc & 1;
		l->store = !l->load;
		l->zero = opc == 0;
		return 0;
	}
	/* STG, STZG, ST2G, STZ2G */
	l->store = true;
	l->zero = opc & 1;
	l->bytes = opc & 2 ? 32 : 16;
	return 0;
}

/* LDAPUR, STLUR: bits 29:24 = 011001, 21 = 0, 11:10 = 00. */
static int decode_unscaled_ordered(uint32_t w, struct insn_ldst *l)
{
	int ret;

	if (bit(w, 26) || bit(w, 21) || bits(w, 11, 10))
		return -EOPNOTSUPP; /* MOPS, RCPC3, GCS */
	ret = decode_single(w, l);
	if (ret || l->kind == INSN_PREFETCH)
		return -EOPNOTSUPP;
	l->imm = sbits(w, 20, 12);
	l->acquire = l->load;
	l->release = l->store;
	return 0;
}

static void set_structure_base(uint32_t w, struct insn_ldst *l)
{
	l->simd = true;
	l->structure = true;
	l->quad = bit(w, 30);
	if (!bit(w, 23))
		return;
	l->writeback = INSN_WB_POST;
	if (bits(w, 20, 16) == 31) {
		l->imm = l->bytes;
	} else {
		l->index = (uint8_t)bits(w, 20, 16);
		l->extend = 3;
	}
}

/* LD1-LD4, ST1-ST4 (multiple structures): bits 29:24 = 001100. */
static int decode_multiple(uint32_t w, struct insn_ldst *l)
{
	/* opcode -> registers, and how many of them take turns */
	static const uint8_t regs[16] = {4, 0, 4, 0, 3, 0, 3, 1, 2, 0, 2};
	static const uint8_t turn[16] = {4, 0, 1, 0, 3, 0, 1, 1, 2, 0, 1};
	unsigned int opcode = bits(w, 15, 12), size = bits(w, 11, 10);

	if (bit(w, 31) || bit(w, 21) || !regs[opcode] ||
	    (!bit(w, 23) && bits(w, 20, 16)))
		return -EOPNOTSUPP;
	if (turn[opcode] != 1 && size == 3 && !bit(w, 30))
		return -EOPNOTSUPP;
	set_kind(l, bit(w, 22));
	l->selem = turn[opcode];
	l->lanes = (uint8_t)((bit(w, 30) ? 16 : 8) >> size);
	set_elements(l, (unsigned int)regs[opcode] * l->lanes, 1u << size);
	set_structure_base(w, l);
	return 0;
}

/* LD1-LD4, ST1-ST4 (single), LD1R-LD4R: bits 29:24 = 001101. */
static int decode_single_structure(uint32_t w, struct insn_ldst *l)
{
	unsigned int size = bits(w, 11, 10), scale = bits(w, 15, 14);
	unsigned int index = (unsigned int)bit(w, 30) << 3 |
			     (unsigned int)bit(w, 12) << 2 | size;

	if (bit(w, 31) || (!bit(w, 23) && bits(w, 20, 16)))
		return -EOPNOTSUPP;
	set_kind(l, bit(w, 22));
	l->single = true;
	l->selem = (uint8_t)((bit(w, 13) << 1 | bit(w, 21)) + 1);
	switch (scale) {
	case 3:
		if (!l->load || bit(w, 12))
			return -EOPNOTSUPP;
		l->replicate = true;
		scale = size;
		index = (bit(w, 30) ? 16u : 8u) >> size;
		break;
	case 1:
		if (size & 1)
			return -EOPNOTSUPP;
		index >>= 1;
		break;
	case 2:
		if (size & 2 || (size == 1 && bit(w, 12)))
			return -EOPNOTSUPP;
		scale = size ? 3 : 2;
		index >>= scale;
		break;
	}
	l->lanes = (uint8_t)index;
	set_elements(l, l->selem, 1u << scale);
	set_structure_base(w, l);
	return 0;
}

/* DC and IC by address: SYS op1, C7, CRm, op2, with Rt. */
static int decode_cache(uint32_t w, struct insn_ldst *l)
{
	unsigned int op1 = bits(w, 18, 16), crm = bits(w, 11, 8);
	unsigned int op2 = bits(w, 7, 5);
	bool odd135 = op2 == 1 || op2 == 3 || op2 == 5;

	l->base = l->rt == 31 ? INSN_REG_NONE : l->rt;
	l->kind = INSN_CACHE;
	if (op1 == 3 && crm == 4 && (op2 == 1 || op2 == 3 || op2 == 4)) {
		l->kind = op2 == 3 ? INSN_TAG : INSN_ZERO;
		l->store = true;
		return 0;
	}
	if (op1 == 3 && (crm == 5 || crm == 11) && op2 == 1)
		return 0; /* IC IVAU, DC CVAU */
	if (op1 == 3 && (crm == 10 || crm == 12 || crm == 13 || crm == 14) &&
	    odd135)
		return 0; /* DC CVAC, CVAP, CVADP, CIVAC and tag forms */
	if (op1 == 0 && crm == 6 && odd135) {
		/* DC IVAC counts as a write. */
		l->store = true;
		return 0;
	}
	return -ENOSYS;
}

static int decode(uint32_t w, struct insn_ldst *l)
{
	unsigned int group = bits(w, 29, 27);

	if ((w & 0xfff8f000) == 0xd5087000)
		return decode_cache(w, l);
	/* SVE loads and stores; SME ones. */
	if ((w & 0x9e000000) == 0x84000000 || (w & 0xfe000000) == 0xe0000000)
		return -EOPNOTSUPP;
	/* Bits 28:25 = x1x0: loads and stores. */
	if ((w & 0x0a000000) != 0x08000000)
		return -ENOSYS;
	if (group == 5)
		return decode_pair(w, l);
	if (group == 7)
		return decode_register(w, l);
	if (group == 3) {
		if (!bit(w, 24))
			return decode_literal(w, l);
		if ((w & 0xff200000) == 0xd9200000)
			return decode_tag(w, l);
		return decode_unscaled_ordered(w, l);
	}
	if (bit(w, 26))
		return bit(w, 24) ? decode_single_structure(w, l)
				  : decode_multiple(w, l);
	return bit(w, 24) ? -EOPNOTSUPP : decode_exclusive(w, l);
}

int insn_ldst_decode(uint32_t insn, struct insn_ldst *out)
{
	memset(out, 0, sizeof(*out));
	out->rt = (uint8_t)bits(insn, 4, 0);
	out->rt2 = INSN_REG_NONE;
	out->rs = INSN_REG_NONE;
	out->index = INSN_REG_NONE;
	out->base = (uint8_t)bits(insn, 9, 5);
	return decode(insn, out);
}
