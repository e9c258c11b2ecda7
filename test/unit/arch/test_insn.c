/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Loads and stores against the disassembler, simulation against QEMU. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bits.h"
#include "insn.h"
#include "pstate.h"

struct text {
	char s[512];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t,
						      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->s + t->len, sizeof(t->s) - t->len, fmt,
				    ap);
	va_end(ap);
	assert_true(t->len < sizeof(t->s));
}

static void add_if(struct text *t, const char *name, int64_t v, int64_t usual)
{
	if (v != usual)
		add(t, " %s%lld", name, (long long)v);
}

static void add_elements(struct text *t, const struct insn_ldst *l)
{
	struct insn_element e;

	for (unsigned int i = 0; i < l->elements; i++) {
		if (l->elements > 6 && i == 3) {
			add(t, " ..");
			i = l->elements - 3u;
		}
		assert_int_equal(insn_ldst_element(l, i, &e), 0);
		assert_int_equal(e.size, l->size);
		assert_true(e.simd);
		add(t, " %u:%u.%u.%u%s", e.offset, e.reg, e.lane, e.lanes,
		    e.clear ? "c" : "");
	}
	assert_int_equal(insn_ldst_element(l, l->elements, &e), -EINVAL);
}

static void describe(uint32_t word, struct text *t)
{
	struct insn_ldst l;
	int ret = insn_ldst_decode(word, &l);

	t->len = 0;
	if (ret) {
		add(t, ret == -ENOSYS ? "nosys" : "opaque");
		return;
	}
	add(t, "%d%d%d", l.kind, l.load, l.store);
	add_if(t, "sz", l.size, 0);
	add_if(t, "n", l.elements, 0);
	add(t, " rt%d", l.rt);
	add_if(t, "rt2:", l.pair ? l.rt2 : 255, 255);
	add_if(t, "rs", l.rs, 255);
	add(t, " b%d", l.base);
	add_if(t, "x", l.index, 255);
	add_if(t, "e", l.extend, 0);
	add_if(t, "s", l.shift, 0);
	add_if(t, "i", l.imm, 0);
	add_if(t, "wb", l.writeback, 0);
	add_if(t, "sx", l.sign_extend, 0);
	add_if(t, "sf", l.sixty_four, 0);
	add_if(t, "v", l.simd, 0);
	if (l.acquire || l.release)
		add(t, " aq%d%d", l.acquire, l.release);
	add_if(t, "u", l.unprivileged, 0);
	add_if(t, "z", l.zero, 0);
	if (l.structure)
		add_elements(t, &l);
}

static void test_ldst_is_what_the_disassembler_says(void **state)
{
	static const struct {
		uint32_t word;
		const char *asm_text, *want;
	} row[] = {
#include "insn_ldst_data.h"
	};
	struct text t;

	assert_true(ARRAY_SIZE(row) > 1000);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		describe(row[i].word, &t);
		if (strcmp(t.s, row[i].want))
			print_error("%08x %s\n", row[i].word, row[i].asm_text);
		assert_string_equal(t.s, row[i].want);
	}
}

static uint64_t sext(uint64_t v, unsigned int width)
{
	return (v ^ BIT(width - 1)) - BIT(width - 1);
}

/* opc, V, mode, L and every imm7: kind, size, offset, write-back. */
static void test_every_pair_form(void **state)
{
	static const enum insn_writeback wb[] = {INSN_WB_NONE, INSN_WB_POST,
						 INSN_WB_NONE, INSN_WB_PRE};

	for (uint32_t i = 0; i < 1u << 14; i++) {
		uint32_t opc = i >> 12, v = i >> 11 & 1, mode = i >> 9 & 3;
		uint32_t load = i >> 8 & 1, imm7 = i >> 1 & 0x7f, n = i & 1;
		uint32_t w = opc << 30 | 5u << 27 | v << 26 | mode << 23 |
			     load << 22 | imm7 << 15 | 3 << 10 |
			     (n ? 31u : 7u) << 5 | 9;
		int size = v ? 4 << opc : opc == 2 ? 8 : 4, scale = size;
		struct insn_ldst l;
		int ret = insn_ldst_decode(w, &l);

		if (opc == 3 || (!v && opc == 1 && mode == 0)) {
			assert_int_equal(ret, -EOPNOTSUPP);
			continue;
		}
		if (!v && opc == 1 && !load) {
			size = 8;
			scale = 16;
		}
		assert_int_equal(ret, 0);
		assert_int_equal(l.kind, load ? INSN_LOAD : INSN_STORE);
		assert_int_equal(l.elements, 2);
		assert_int_equal(l.size, size);
		assert_int_equal(l.bytes, 2 * size);
		assert_int_equal(l.imm, (int64_t)sext(imm7, 7) * scale);
		assert_int_equal(l.writeback, wb[mode]);
		assert_int_equal(l.base, n ? INSN_BASE_SP : 7);
		assert_int_equal(l.rt, 9);
		assert_int_equal(l.rt2, 3);
		assert_int_equal(l.simd, v);
		assert_int_equal(l.sign_extend, !v && opc == 1 && load);
	}
}

/* Nothing that decodes may promise more than its fields can hold. */
static void test_any_word_decodes_within_bounds(void **state)
{
	struct insn_element e;
	struct insn_access a;
	struct insn_regs r;
	struct insn_ldst l;
	uint64_t x = 1;

	memset(&r, 0xa5, sizeof(r));
	r.pstate = 0;
	r.bti = true;
	for (unsigned int i = 0; i < 400000; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		uint32_t w = (uint32_t)(x >> 32);

		if (i & 1)
			w = (w & ~0x0a000000u) | 0x08000000;
		insn_simulate(w, &r);
		r.pstate &= PSTATE_NZCV | PSTATE_BTYPE;
		if (insn_ldst_decode(w, &l))
			continue;
		insn_ldst_address(&l, &r, &a);
		assert_true(l.elements <= 64 && l.bytes <= 64);
		for (unsigned int k = 0; k < l.elements; k++) {
			assert_int_equal(insn_ldst_element(&l, k, &e), 0);
			assert_true(e.reg < 32 && e.size <= 16);
			assert_true(e.offset + e.size <= l.bytes);
			assert_true((e.lane + 1) * e.size <= 16);
			assert_true(e.lanes * e.size <= 16);
		}
	}
}

static void address_of(uint32_t w, struct insn_regs *r, uint64_t addr,
		       uint64_t base)
{
	struct insn_access a;
	struct insn_ldst l;

	assert_int_equal(insn_ldst_decode(w, &l), 0);
	insn_ldst_address(&l, r, &a);
	assert_int_equal(a.addr, addr);
	insn_ldst_writeback(&l, &a, r);
	if (l.base == INSN_BASE_SP)
		assert_int_equal(r->sp, base);
	else if (l.base < 31)
		assert_int_equal(r->x[l.base], base);
}

static void test_addresses(void **state)
{
	struct insn_regs r = {.sp = 0x1000, .pc = 0x4000};

	r.x[1] = 0x2000;
	r.x[2] = 0xffffffff80000004;
	address_of(0xf9400821, &r, 0x2010, 0x2000); /* ldr x1, [x1, #16] */
	address_of(0xa9bf7bfd, &r, 0xff0, 0xff0);   /* stp .., [sp, #-16]! */
	address_of(0xa8c17bfd, &r, 0xff0, 0x1000);  /* ldp .., [sp], #16 */
	address_of(0xf8626820, &r, 0xffffffff80002004, 0x2000); /* lsl */
	address_of(0xf8627820, &r, 0xfffffffc00002020, 0x2000); /* lsl #3 */
	address_of(0xf8625820, &r, 0x400002020, 0x2000);	/* uxtw #3 */
	address_of(0xf862d820, &r, 0xfffffffc00002020, 0x2000); /* sxtw #3 */
	address_of(0x58000080, &r, 0x4010, 0); /* ldr x0, .+16 */
	r.x[2] = 0x100;
	address_of(0x4cc27020, &r, 0x2000, 0x2100); /* ld1 .., [x1], x2 */
	address_of(0x4cdf2020, &r, 0x2100, 0x2140); /* ld1 4 regs, #64 */
	address_of(0xd50b7421, &r, 0x2140, 0x2140); /* dc zva, x1 */
	address_of(0xd50b743f, &r, 0, 0);	    /* dc zva, xzr */
	/* Both ends wrap. */
	r.x[1] = ~UINT64_C(0);
	address_of(0xf8408420, &r, ~UINT64_C(0), 7); /* ldr x0, [x1], #8 */
}

static void test_loaded_values(void **state)
{
	struct insn_ldst l;

	assert_int_equal(insn_ldst_decode(0x39800020, &l), 0); /* ldrsb x */
	assert_int_equal(insn_ldst_extend(&l, 0xf80), 0xffffffffffffff80);
	assert_int_equal(insn_ldst_decode(0x39c00020, &l), 0); /* ldrsb w */
	assert_int_equal(insn_ldst_extend(&l, 0x80), 0xffffff80);
	assert_int_equal(insn_ldst_decode(0x79400020, &l), 0); /* ldrh */
	assert_int_equal(insn_ldst_extend(&l, 0x18000), 0x8000);
	assert_int_equal(insn_ldst_decode(0xb9800020, &l), 0); /* ldrsw */
	assert_int_equal(insn_ldst_extend(&l, 0x80000000), 0xffffffff80000000);
	assert_int_equal(insn_ldst_decode(0xf9400020, &l), 0); /* ldr x */
	assert_int_equal(insn_ldst_extend(&l, ~UINT64_C(1)), ~UINT64_C(1));
}

static void test_elements_of_pairs_and_cas(void **state)
{
	struct insn_element e;
	struct insn_ldst l;

	assert_int_equal(insn_ldst_decode(0xa9007bfd, &l), 0); /* stp x29,x30 */
	assert_int_equal(insn_ldst_element(&l, 1, &e), 0);
	assert_int_equal(e.reg, 30);
	assert_int_equal(e.offset, 8);
	assert_false(e.simd || e.clear);
	/* casp x4, x5, x6, x7, [x0]: the old value goes to x4, x5. */
	assert_int_equal(insn_ldst_decode(0x48247c06, &l), 0);
	assert_int_equal(l.rt, 6);
	assert_int_equal(l.rt2, 7);
	assert_int_equal(insn_ldst_element(&l, 1, &e), 0);
	assert_int_equal(e.reg, 5);
	/* A SIMD load clears what it does not fill. */
	assert_int_equal(insn_ldst_decode(0xbd400020, &l), 0); /* ldr s0 */
	assert_int_equal(insn_ldst_element(&l, 0, &e), 0);
	assert_true(e.simd && e.clear);
	/* stgp writes tags too. */
	assert_int_equal(insn_ldst_decode(0x69000400, &l), 0);
	assert_true(l.tag);
}

static void test_atomics(void **state)
{
	static const struct {
		enum insn_atomic op;
		unsigned int size;
		uint64_t old, operand, want;
	} row[] = {
		{INSN_ATOMIC_ADD, 1, 0xff, 0x102, 0x01},
		{INSN_ATOMIC_ADD, 8, ~UINT64_C(0), 1, 0},
		{INSN_ATOMIC_CLR, 4, 0xf0f0f0f0, 0xff00ff00, 0x00f000f0},
		{INSN_ATOMIC_EOR, 2, 0x1ffff, 0x00ff, 0xff00},
		{INSN_ATOMIC_SET, 4, 0x1, 0x80000000, 0x80000001},
		{INSN_ATOMIC_SMAX, 1, 0x80, 0x7f, 0x7f},
		{INSN_ATOMIC_SMAX, 1, 0x7f, 0x80, 0x7f},
		{INSN_ATOMIC_SMIN, 4, 0x80000000, 0x7fffffff, 0x80000000},
		{INSN_ATOMIC_SMIN, 8, 1, ~UINT64_C(0), ~UINT64_C(0)},
		{INSN_ATOMIC_UMAX, 2, 0x8000, 0x7fff, 0x8000},
		{INSN_ATOMIC_UMIN, 2, 0x8000, 0x7fff, 0x7fff},
		{INSN_ATOMIC_SWP, 4, 0x11111111, 0x122222222, 0x22222222},
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		assert_int_equal(insn_atomic_result(row[i].op, row[i].size,
						    row[i].old, row[i].operand),
				 row[i].want);
}

/* The registers that insn_sim_data.h was made with. */
static uint64_t mix(uint64_t v)
{
	v = v * 0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15;
	v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9;
	v = (v ^ (v >> 27)) * 0x94d049bb133111eb;
	return v ^ (v >> 31);
}

static uint64_t preset(unsigned int seed, unsigned int i)
{
	static const uint64_t special[8] = {0,	     ~UINT64_C(0), BIT(63),
					    BIT(31), BIT(63) - 1,  BIT(31) - 1,
					    1,	     0xffffffff};
	uint64_t v = mix(seed * UINT64_C(64) + i);

	switch (v >> 61) {
	case 0:
	case 1:
		return special[v & 7];
	case 2:
		return v & 63;
	case 3:
		return (uint32_t)v;
	}
	return v;
}

#define SIM_PC 0x400800c0

static void test_simulation_is_what_qemu_does(void **state)
{
	static const struct {
		uint32_t word;
		unsigned int reg;
		uint64_t value;
		unsigned int nzcv, words;
	} row[] = {
#include "insn_sim_data.h"
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		struct insn_regs r = {.pc = SIM_PC}, want;

		for (unsigned int k = 0; k < 31; k++)
			r.x[k] = preset(i, k);
		r.sp = preset(i, 31);
		r.pstate = (preset(i, 32) & 15) << 28 | PSTATE_M_EL1H;
		want = r;
		r.pstate |= PSTATE_SS;
		want.pc += 4u * row[i].words;
		want.pstate = (uint64_t)row[i].nzcv << 28 | PSTATE_M_EL1H;
		if (row[i].reg < 31)
			want.x[row[i].reg] = row[i].value;
		else if (row[i].reg == 31)
			want.sp = row[i].value;
		if (insn_simulate(row[i].word, &r) ||
		    memcmp(&r, &want, sizeof(r)))
			fail_msg("row %u, %08x", i, row[i].word);
	}
}

static void declined(uint32_t word, const struct insn_regs *from, int error)
{
	struct insn_regs r = *from;

	assert_int_equal(insn_simulate(word, &r), error);
	assert_memory_equal(&r, from, sizeof(r));
}

static void test_what_is_left_to_the_core(void **state)
{
	struct insn_regs r = {.pc = 0x1000, .pstate = PSTATE_M_EL1H};

	declined(0xd503205f, &r, -ENOSYS);	 /* wfe */
	declined(0xd503207f, &r, -ENOSYS);	 /* wfi */
	declined(0xd50320ff, &r, -ENOSYS);	 /* xpaclri */
	declined(0xd503233f, &r, -EKEYREJECTED); /* paciasp */
	declined(0xd50323bf, &r, -EKEYREJECTED); /* autiasp */
	declined(0xd65f0bff, &r, -ENOSYS);	 /* retaa */
	declined(0xd69f03e0, &r, -ENOSYS);	 /* eret */
	declined(0xd4200000, &r, -ENOSYS);	 /* brk */
	declined(0xd4000001, &r, -ENOSYS);	 /* svc */
	declined(0xd5384100, &r, -ENOSYS);	 /* mrs x0, sp_el0 */
	declined(0xf9400020, &r, -ENOSYS);	 /* ldr */
	declined(0x91800020, &r, -ENOSYS);	 /* addg */
	declined(0x54000050, &r, -ENOSYS);	 /* bc.eq */
	declined(0x12400020, &r, -ENOSYS);	 /* and w, with N set */
	declined(0x9200fc20, &r, -ENOSYS);	 /* reserved bit mask */
	declined(0x53408000, &r, -ENOSYS);	 /* ubfm w with N set */
	declined(0x52c00000, &r, -ENOSYS);	 /* movz w, lsl #32 */
	declined(0x1b200000, &r, -ENOSYS);	 /* 32-bit smaddl */
	r.x[3] = 0x5500000000001000;		 /* tagged target */
	declined(0xd61f0060, &r, -ENOSYS);	 /* br x3 */
	r.x[3] = 0;
	r.pstate = PSTATE_NRW;
	declined(0xd503201f, &r, -ENOSYS);
	r.pstate = PSTATE_IL | PSTATE_M_EL1H;
	declined(0xd503201f, &r, -ENOSYS);
}

static void branch(uint32_t word, bool bti, unsigned int reg, int ret,
		   uint64_t btype, uint64_t lr)
{
	struct insn_regs r = {
		.pc = 0x1000, .pstate = PSTATE_M_EL0T, .bti = bti};

	r.x[reg] = 0xffff800000002000;
	assert_int_equal(insn_simulate(word, &r), ret);
	if (ret)
		return;
	assert_int_equal(r.pc, 0xffff800000002000);
	assert_int_equal(FIELD_GET(PSTATE_BTYPE, r.pstate), btype);
	assert_int_equal(r.x[30], lr);
}

static void test_indirect_branches(void **state)
{
	const uint64_t to = 0xffff800000002000;

	branch(0xd61f0060, false, 3, 0, 0, 0); /* br x3 */
	branch(0xd61f0060, true, 3, -ENOSYS, 0, 0);
	branch(0xd61f0200, true, 16, 0, 1, 0);	   /* br x16 */
	branch(0xd63f0060, true, 3, 0, 2, 0x1004); /* blr x3 */
	branch(0xd63f0060, false, 3, 0, 0, 0x1004);
	branch(0xd63f03c0, false, 30, 0, 0, 0x1004); /* blr x30 */
	branch(0xd65f03c0, true, 30, 0, 0, to);	     /* ret */
}

/* BTYPE, instruction, is it a place that may be landed on? */
static void test_landing_pads(void **state)
{
	static const struct {
		uint32_t word;
		int ret[4];
	} row[] = {
		{0xd503241f, {0, -ENOSYS, -ENOSYS, -ENOSYS}}, /* bti */
		{0xd503245f, {0, 0, 0, -ENOSYS}},	      /* bti c */
		{0xd503249f, {0, 0, -ENOSYS, 0}},	      /* bti j */
		{0xd50324df, {0, 0, 0, 0}},		      /* bti jc */
		{0xd503201f, {0, -ENOSYS, -ENOSYS, -ENOSYS}}, /* nop */
		{0xaa0103e0, {0, -ENOSYS, -ENOSYS, -ENOSYS}}, /* mov */
		{0xd503233f,
		 {-EKEYREJECTED, -EKEYREJECTED, -EKEYREJECTED,
		  -ENOSYS}}, /* paciasp */
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		for (uint64_t type = 0; type < 4; type++) {
			struct insn_regs r = {.bti = true};

			r.pstate = FIELD_PREP(PSTATE_BTYPE, type);
			assert_int_equal(insn_simulate(row[i].word, &r),
					 row[i].ret[type]);
			if (!row[i].ret[type])
				assert_int_equal(r.pstate, 0);
		}
	}
}

/* A short cut that tells of instructions by their group, and is never wrong. */
static void test_what_must_be_stepped(void **state)
{
	struct insn_regs r = {.pstate = PSTATE_M_EL1H};
	unsigned int found = 0;
	struct insn_ldst l;
	uint64_t x = 1;

	assert_true(insn_must_step(0xd5384100)); /* mrs x0, sp_el0 */
	assert_true(insn_must_step(0xd4000001)); /* svc */
	assert_true(insn_must_step(0x4ee18400)); /* add v0.2d, v0.2d, v1.2d */
	assert_false(insn_must_step(0xd503233f)); /* paciasp */
	assert_false(insn_must_step(0xd65f03c0)); /* ret */
	assert_false(insn_must_step(0x3dc00000)); /* ldr q0, [x0] */
	for (unsigned int i = 0; i < 400000; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		uint32_t w = (uint32_t)(x >> 32);

		if (i & 1)
			w = (w & 0x01ffffff) | 0xd4000000;
		if (!insn_must_step(w))
			continue;
		found++;
		assert_int_equal(insn_simulate(w, &r), -ENOSYS);
		assert_int_not_equal(insn_ldst_decode(w, &l), 0);
	}
	assert_true(found > 200000);
}

static void test_questions(void **state)
{
	uint16_t imm = 0;

	assert_true(insn_is_brk(0xd4300000, &imm));
	assert_int_equal(imm, 0x8000);
	assert_false(insn_is_brk(0xd4300001, &imm));
	assert_true(insn_is_wfx(0xd503205f) && insn_is_wfx(0xd503207f));
	assert_true(insn_is_wfx(0xd5031003) && insn_is_wfx(0xd503103f));
	assert_false(insn_is_wfx(0xd503201f) || insn_is_wfx(0xd503209f));
	assert_true(insn_is_exclusive_load(0x885f7c20));   /* ldxr */
	assert_true(insn_is_exclusive_load(0xc87f8440));   /* ldaxp */
	assert_false(insn_is_exclusive_load(0x88dffc20));  /* ldar */
	assert_false(insn_is_exclusive_load(0x48607c06));  /* caspa */
	assert_true(insn_is_exclusive_store(0xc8037c41));  /* stxr */
	assert_false(insn_is_exclusive_store(0x08a07c41)); /* casb */
	assert_true(insn_is_eret(0xd69f03e0));
	assert_false(insn_is_eret(0xd65f03c0));
}

static void test_exclusive_sequences(void **state)
{
	/* 1: ldaxr; cmp; b.ne 2f; stlxr; cbnz 1b; 2: */
	static const uint32_t cmpxchg[] = {0x885ffc40, 0x6b00003f, 0x54000061,
					   0x8803fc41, 0x35ffff83, 0xd503201f};
	/* ldxr; b.eq back; tbz far; stxr: both leave. */
	static const uint32_t leaves[] = {0x885f7c40, 0x54ffffc0, 0x36000800,
					  0x88037c41};
	/* 1: ldaxr w0, [x2]; cbnz w0, 1b; stxr */
	static const uint32_t spins[] = {0x885ffc40, 0x35ffffe0, 0x88037c41};
	static const uint32_t calls[] = {0x885f7c40, 0x94000010, 0x88037c41};
	uint32_t longest[INSN_EXCLUSIVE_MAX + 1];
	struct insn_exclusive x;

	assert_int_equal(insn_exclusive_end(cmpxchg, 6, &x), 0);
	assert_int_equal(x.end, 16);
	assert_int_equal(x.exits, 1);
	assert_int_equal(x.exit[0], 20);
	assert_int_equal(insn_exclusive_end(spins, 3, &x), 0);
	assert_int_equal(x.exits, 0);
	assert_int_equal(insn_exclusive_end(leaves, 4, &x), 0);
	assert_int_equal(x.exits, 2);
	assert_int_equal(x.exit[0], -4);
	assert_int_equal(x.exit[1], 0x108);
	assert_int_equal(insn_exclusive_end(cmpxchg, 3, &x), -ENOENT);
	assert_int_equal(insn_exclusive_end(cmpxchg + 1, 5, &x), -EINVAL);
	assert_int_equal(insn_exclusive_end(calls, 3, &x), -EINVAL);
	assert_int_equal(insn_exclusive_end(calls, 0, &x), -EINVAL);
	/* Many exits; the STXR is the last that is looked at, then one past. */
	longest[0] = 0x885f7c40;
	for (uint32_t i = 1; i < INSN_EXCLUSIVE_MAX; i++)
		longest[i] = 0x34000800 + (i << 6);
	longest[32] = longest[33] = 0x88037c41;
	assert_int_equal(insn_exclusive_end(longest, 34, &x), 0);
	assert_int_equal(x.end, 132);
	assert_int_equal(x.exits, 31);
	longest[32] = 0xd503201f;
	assert_int_equal(insn_exclusive_end(longest, 34, &x), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ldst_is_what_the_disassembler_says),
		cmocka_unit_test(test_every_pair_form),
		cmocka_unit_test(test_any_word_decodes_within_bounds),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_loaded_values),
		cmocka_unit_test(test_elements_of_pairs_and_cas),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_simulation_is_what_qemu_does),
		cmocka_unit_test(test_what_is_left_to_the_core),
		cmocka_unit_test(test_indirect_branches),
		cmocka_unit_test(test_landing_pads),
		cmocka_unit_test(test_what_must_be_stepped),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_exclusive_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
