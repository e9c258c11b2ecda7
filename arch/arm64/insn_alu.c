/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Simulation of data processing on registers: arithmetic, logic, moves, bit
 * fields, conditional selection. Reserved encodings are declined.
 */
#include <errno.h>

#include "bits.h"
#include "insn.h"
#include "insn_sim.h"
#include "pstate.h"

static int64_t sfield(uint32_t w, unsigned int hi, unsigned int lo)
{
	int64_t sign = INT64_C(1) << (hi - lo);

	return ((int64_t)sim_field(w, hi, lo) ^ sign) - sign;
}

static void set_nz(struct insn_regs *r, uint64_t v, bool sf)
{
	r->pstate &= ~PSTATE_NZCV;
	if (v >> (sf ? 63 : 31) & 1)
		r->pstate |= PSTATE_N;
	if (sim_trim(v, sf) == 0)
		r->pstate |= PSTATE_Z;
}

/* AddWithCarry(): a + b + carry, flags if asked for. */
static uint64_t add_carry(struct insn_regs *r, uint64_t a, uint64_t b,
			  bool carry, bool sf, bool flags)
{
	unsigned int top = sf ? 63 : 31;
	uint64_t v;
	bool c;

	a = sim_trim(a, sf);
	b = sim_trim(b, sf);
	v = a + b + carry;
	if (sf)
		c = v < a || (carry && v == a);
	else
		c = v >> 32 & 1;
	v = sim_trim(v, sf);
	if (flags) {
		set_nz(r, v, sf);
		if (c)
			r->pstate |= PSTATE_C;
		if (((a ^ v) & (b ^ v)) >> top & 1)
			r->pstate |= PSTATE_V;
	}
	return v;
}

static uint64_t shift(uint64_t v, unsigned int type, unsigned int n, bool sf)
{
	unsigned int width = sf ? 64 : 32;

	v = sim_trim(v, sf);
	if (n == 0)
		return v;
	switch (type) {
	case 0:
		return sim_trim(v << n, sf);
	case 1:
		return v >> n;
	case 2:
		if (!(v >> (width - 1) & 1))
			return v >> n;
		return sim_trim(v >> n | ~UINT64_C(0) << (width - n), sf);
	}
	return sim_trim(v >> n | v << (width - n), sf);
}

static uint64_t extend(uint64_t v, unsigned int option, unsigned int n)
{
	unsigned int width = 8u << (option & 3);

	if (width < 64) {
		v &= BIT(width) - 1;
		if (option & 4)
			v = (v ^ BIT(width - 1)) - BIT(width - 1);
	}
	return v << n;
}

static uint64_t ones(unsigned int n)
{
	return n >= 64 ? ~UINT64_C(0) : BIT(n) - 1;
}

static uint64_t ror_element(uint64_t v, unsigned int n, unsigned int width)
{
	if (n == 0)
		return v & ones(width);
	v &= ones(width);
	return (v >> n | v << (width - n)) & ones(width);
}

/* DecodeBitMasks(): *wmask and *tmask; false: reserved. */
static bool bit_masks(uint32_t w, bool sf, bool immediate, uint64_t *wmask,
		      uint64_t *tmask)
{
	unsigned int n = sim_field(w, 22, 22);
	unsigned int immr = sim_field(w, 21, 16), imms = sim_field(w, 15, 10);
	unsigned int code = n << 6 | (~imms & 0x3f), len = 6, esize;
	unsigned int s, r, d;
	uint64_t we, te;

	while (len > 0 && !(code >> len & 1))
		len--;
	if (len < 1 || (!sf && n))
		return false;
	esize = 1u << len;
	s = imms & (esize - 1);
	r = immr & (esize - 1);
	if (immediate && s == esize - 1)
		return false;
	d = (s - r) & (esize - 1);
	we = ror_element(ones(s + 1), r, esize);
	te = ones(d + 1);
	for (; esize < 64; esize *= 2) {
		we |= we << esize;
		te |= te << esize;
	}
	*wmask = we;
	*tmask = te;
	return true;
}

static int done(struct insn_regs *r)
{
	insn_retire(r);
	return 0;
}

/* ---- data processing, immediate ---------------------------------------------
 */

static int sim_adr(uint32_t w, struct insn_regs *r)
{
	int64_t imm = sfield(w, 23, 5) * 4 + (int64_t)sim_field(w, 30, 29);

	if (w & BIT(31))
		insn_set_reg(r, w & 31,
			     ALIGN_DOWN(r->pc, 4096) + (uint64_t)imm * 4096);
	else
		insn_set_reg(r, w & 31, r->pc + (uint64_t)imm);
	return done(r);
}

static int sim_add_imm(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31), sub = w & BIT(30), flags = w & BIT(29);
	uint64_t imm = sim_field(w, 21, 10), v;

	if (w & BIT(22))
		imm <<= 12;
	v = add_carry(r, insn_reg_sp(r, sim_field(w, 9, 5)), sub ? ~imm : imm,
		      sub, sf, flags);
	if (flags)
		insn_set_reg(r, w & 31, v);
	else
		insn_set_reg_sp(r, w & 31, v);
	return done(r);
}

static int sim_logic_imm(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31);
	unsigned int opc = sim_field(w, 30, 29);
	uint64_t mask, unused, v = insn_reg(r, sim_field(w, 9, 5));

	if (!bit_masks(w, sf, true, &mask, &unused))
		return -ENOSYS;
	if (opc == 1)
		v |= mask;
	else if (opc == 2)
		v ^= mask;
	else
		v &= mask;
	v = sim_trim(v, sf);
	if (opc == 3) {
		set_nz(r, v, sf);
		insn_set_reg(r, w & 31, v);
	} else {
		insn_set_reg_sp(r, w & 31, v);
	}
	return done(r);
}

static int sim_mov_wide(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31);
	unsigned int opc = sim_field(w, 30, 29),
		     pos = sim_field(w, 22, 21) * 16;
	uint64_t imm = (uint64_t)sim_field(w, 20, 5) << (pos & 63), v;

	if (opc == 1 || (!sf && pos >= 32))
		return -ENOSYS;
	if (opc == 0)
		v = ~imm;
	else if (opc == 2)
		v = imm;
	else
		v = (insn_reg(r, w & 31) & ~(UINT64_C(0xffff) << pos)) | imm;
	insn_set_reg(r, w & 31, sim_trim(v, sf));
	return done(r);
}

static int sim_bitfield(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31);
	unsigned int opc = sim_field(w, 30, 29), immr = sim_field(w, 21, 16);
	unsigned int imms = sim_field(w, 15, 10);
	uint64_t wmask, tmask, src, dst, bot, top;

	if (opc == 3 || sf != sim_field(w, 22, 22) ||
	    (!sf && (immr | imms) & 32) ||
	    !bit_masks(w, sf, false, &wmask, &tmask))
		return -ENOSYS;
	src = sim_trim(insn_reg(r, sim_field(w, 9, 5)), sf);
	dst = opc == 1 ? insn_reg(r, w & 31) : 0;
	bot = (dst & ~wmask) | (ror_element(src, immr, sf ? 64 : 32) & wmask);
	top = opc == 0 ? 0 - (src >> imms & 1) : dst;
	insn_set_reg(r, w & 31, sim_trim((top & ~tmask) | (bot & tmask), sf));
	return done(r);
}

static int sim_extract(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31);
	unsigned int lsb = sim_field(w, 15, 10);
	uint64_t hi, lo;

	if (sf != sim_field(w, 22, 22) || (w & (BIT(29) | BIT(30) | BIT(21))) ||
	    (!sf && lsb & 32))
		return -ENOSYS;
	hi = sim_trim(insn_reg(r, sim_field(w, 9, 5)), sf);
	lo = sim_trim(insn_reg(r, sim_field(w, 20, 16)), sf);
	if (lsb)
		lo = lo >> lsb | hi << ((sf ? 64 : 32) - lsb);
	insn_set_reg(r, w & 31, sim_trim(lo, sf));
	return done(r);
}

int sim_immediate(uint32_t w, struct insn_regs *r)
{
	switch (sim_field(w, 25, 23)) {
	case 0:
	case 1:
		return sim_adr(w, r);
	case 2:
		return sim_add_imm(w, r);
	case 4:
		return sim_logic_imm(w, r);
	case 5:
		return sim_mov_wide(w, r);
	case 6:
		return sim_bitfield(w, r);
	case 7:
		return sim_extract(w, r);
	}
	return -ENOSYS; /* ADDG, SUBG; minimum and maximum */
}

/* ---- data processing, register
 * ------------------------------------------------ */

static int sim_logic_reg(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31);
	unsigned int opc = sim_field(w, 30, 29), n = sim_field(w, 15, 10);
	uint64_t a = insn_reg(r, sim_field(w, 9, 5)), b;

	if (!sf && n & 32)
		return -ENOSYS;
	b = shift(insn_reg(r, sim_field(w, 20, 16)), sim_field(w, 23, 22), n,
		  sf);
	if (w & BIT(21))
		b = ~b;
	if (opc == 1)
		a |= b;
	else if (opc == 2)
		a ^= b;
	else
		a &= b;
	a = sim_trim(a, sf);
	if (opc == 3)
		set_nz(r, a, sf);
	insn_set_reg(r, w & 31, a);
	return done(r);
}

static int sim_add_reg(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31), sub = w & BIT(30), flags = w & BIT(29);
	bool extended = w & BIT(21);
	uint64_t a, b = insn_reg(r, sim_field(w, 20, 16)), v;
	unsigned int n;

	if (extended) {
		n = sim_field(w, 12, 10);
		if (sim_field(w, 23, 22) || n > 4)
			return -ENOSYS;
		a = insn_reg_sp(r, sim_field(w, 9, 5));
		b = extend(b, sim_field(w, 15, 13), n);
	} else {
		n = sim_field(w, 15, 10);
		if (sim_field(w, 23, 22) == 3 || (!sf && n & 32))
			return -ENOSYS;
		a = insn_reg(r, sim_field(w, 9, 5));
		b = shift(b, sim_field(w, 23, 22), n, sf);
	}
	v = add_carry(r, a, sub ? ~b : b, sub, sf, flags);
	if (extended && !flags)
		insn_set_reg_sp(r, w & 31, v);
	else
		insn_set_reg(r, w & 31, v);
	return done(r);
}

static int sim_add_with_carry(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31), sub = w & BIT(30);
	uint64_t b = insn_reg(r, sim_field(w, 20, 16));

	if (sim_field(w, 15, 10))
		return -ENOSYS;
	insn_set_reg(r, w & 31,
		     add_carry(r, insn_reg(r, sim_field(w, 9, 5)), sub ? ~b : b,
			       r->pstate & PSTATE_C, sf, w & BIT(29)));
	return done(r);
}

static int sim_cond_compare(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31), sub = w & BIT(30);
	uint64_t b = sim_field(w, 20, 16);

	if (!(w & BIT(29)) || (w & (BIT(10) | BIT(4))))
		return -ENOSYS;
	if (!(w & BIT(11)))
		b = insn_reg(r, (unsigned int)b);
	if (sim_condition(r, sim_field(w, 15, 12)))
		add_carry(r, insn_reg(r, sim_field(w, 9, 5)), sub ? ~b : b, sub,
			  sf, true);
	else
		r->pstate = (r->pstate & ~PSTATE_NZCV) |
			    (uint64_t)sim_field(w, 3, 0) << 28;
	return done(r);
}

static int sim_cond_select(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31);
	uint64_t v;

	if (w & (BIT(29) | BIT(11)))
		return -ENOSYS;
	if (sim_condition(r, sim_field(w, 15, 12))) {
		v = insn_reg(r, sim_field(w, 9, 5));
	} else {
		v = insn_reg(r, sim_field(w, 20, 16));
		if (w & BIT(30))
			v = ~v;
		if (w & BIT(10))
			v++;
	}
	insn_set_reg(r, w & 31, sim_trim(v, sf));
	return done(r);
}

/* LSLV, LSRV, ASRV, RORV */
static int sim_shift_reg(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31);
	unsigned int n = insn_reg(r, sim_field(w, 20, 16)) & (sf ? 63 : 31);

	if (sim_field(w, 15, 12) != 2 || (w & (BIT(29) | BIT(30))))
		return -ENOSYS;
	insn_set_reg(r, w & 31,
		     shift(insn_reg(r, sim_field(w, 9, 5)),
			   sim_field(w, 11, 10), n, sf));
	return done(r);
}

/* MADD, MSUB, and the widening SMADDL, UMADDL and their MSUBs. */
static int sim_multiply(uint32_t w, struct insn_regs *r)
{
	bool sf = w & BIT(31);
	unsigned int kind = sim_field(w, 23, 21);
	uint64_t a = insn_reg(r, sim_field(w, 9, 5));
	uint64_t b = insn_reg(r, sim_field(w, 20, 16));
	uint64_t sum = insn_reg(r, sim_field(w, 14, 10));

	if (sim_field(w, 30, 29) || (kind && !sf))
		return -ENOSYS;
	switch (kind) {
	case 0:
		break;
	case 1:
		a = extend(a, 6, 0);
		b = extend(b, 6, 0);
		break;
	case 5:
		a = (uint32_t)a;
		b = (uint32_t)b;
		break;
	default:
		return -ENOSYS;
	}
	sum = w & BIT(15) ? sum - a * b : sum + a * b;
	insn_set_reg(r, w & 31, sim_trim(sum, sf));
	return done(r);
}

int sim_register(uint32_t w, struct insn_regs *r)
{
	if (!(w & BIT(28)))
		return w & BIT(24) ? sim_add_reg(w, r) : sim_logic_reg(w, r);
	if (w & BIT(24))
		return sim_multiply(w, r);
	switch (sim_field(w, 23, 21)) {
	case 0:
		return sim_add_with_carry(w, r);
	case 2:
		return sim_cond_compare(w, r);
	case 4:
		return sim_cond_select(w, r);
	case 6:
		return sim_shift_reg(w, r);
	}
	return -ENOSYS;
}
