/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* ESR_ELx and exception entry; values written out from the Arm ARM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "esr.h"
#include "pstate.h"

static void test_stage2_load_with_valid_syndrome(void **state)
{
	/* ldr w3, [x0] on an unmapped page: translation fault level 1. */
	struct esr_dabt d = esr_decode_dabt(0x93830005);

	assert_true(d.isv);
	assert_int_equal(d.size, 4);
	assert_int_equal(d.reg, 3);
	assert_false(d.sixty_four);
	assert_false(d.sign_extend);
	assert_false(d.wnr);
	assert_false(d.s1ptw);
	assert_int_equal(d.level, 1);
	assert_int_equal(d.fault, ESR_FAULT_TRANSLATION);
}

static void test_stage2_store_fields(void **state)
{
	uint64_t esr = FIELD_PREP(ESR_EC, EC_DABT_LOW) | ESR_IL | ESR_ABT_ISV |
		       FIELD_PREP(ESR_ABT_SAS, 3) | ESR_ABT_SSE |
		       FIELD_PREP(ESR_ABT_SRT, 31) | ESR_ABT_SF | ESR_ABT_AR |
		       ESR_ABT_WNR | ESR_ABT_S1PTW | ESR_ABT_CM | ESR_ABT_FNV |
		       (FSC_PERMISSION | 3);
	struct esr_dabt d = esr_decode_dabt(esr);

	assert_int_equal(d.size, 8);
	assert_int_equal(d.reg, 31);
	assert_true(d.isv && d.sign_extend && d.sixty_four && d.acquire &&
		    d.wnr && d.s1ptw && d.cm && d.fnv);
	assert_int_equal(d.level, 3);
	assert_int_equal(d.fault, ESR_FAULT_PERMISSION);
}

static void test_instruction_abort_has_no_syndrome(void **state)
{
	uint64_t esr = FIELD_PREP(ESR_EC, EC_IABT_LOW) | ESR_IL | ESR_ABT_ISV |
		       ESR_ABT_WNR | ESR_ABT_S1PTW | (FSC_PERMISSION | 2);
	struct esr_dabt d = esr_decode_dabt(esr);

	assert_false(d.isv);
	assert_false(d.wnr);
	assert_true(d.s1ptw);
	assert_int_equal(d.level, 2);
}

static void test_every_fault_status(void **state)
{
	static const struct {
		unsigned int first, last;
		enum esr_fault fault;
	} want[] = {
		{0x00, 0x03, ESR_FAULT_ADDRESS_SIZE},
		{0x04, 0x07, ESR_FAULT_TRANSLATION},
		{0x08, 0x0b, ESR_FAULT_ACCESS_FLAG},
		{0x0c, 0x0f, ESR_FAULT_PERMISSION},
		{0x10, 0x10, ESR_FAULT_EXTERNAL},
		{0x11, 0x12, ESR_FAULT_OTHER},
		{0x13, 0x17, ESR_FAULT_EXTERNAL},
		{0x18, 0x20, ESR_FAULT_OTHER},
		{0x21, 0x21, ESR_FAULT_ALIGNMENT},
		{0x22, 0x28, ESR_FAULT_OTHER},
		{0x29, 0x29, ESR_FAULT_ADDRESS_SIZE},
		{0x2a, 0x2a, ESR_FAULT_OTHER},
		{0x2b, 0x2b, ESR_FAULT_TRANSLATION},
		{0x2c, 0x3f, ESR_FAULT_OTHER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		for (unsigned int f = want[i].first; f <= want[i].last; f++) {
			struct esr_dabt d = esr_decode_dabt(
				FIELD_PREP(ESR_EC, EC_DABT_LOW) | f);
			int level = 0;

			if (f < 0x10 || (f >= 0x14 && f <= 0x17))
				level = f & 3;
			if (f == 0x13 || f == 0x29 || f == 0x2b)
				level = -1;
			assert_int_equal(d.fault, want[i].fault);
			assert_int_equal(d.level, level);
			assert_non_null(esr_fsc_name(f));
		}
	}
	assert_string_equal(esr_fsc_name(0x07), "translation fault");
	assert_string_equal(esr_fsc_name(0x22), "debug exception");
}

static void test_sysreg_trap(void **state)
{
	/* mrs x5, OSDTRRX_EL1: op0 2, op1 0, CRn 0, CRm 0, op2 2. */
	struct esr_sysreg s =
		esr_decode_sysreg(FIELD_PREP(ESR_EC, EC_SYSREG) | ESR_IL |
				  2 << 20 | 2 << 17 | 5 << 5 | 1);

	assert_int_equal(s.encoding, 0x8002);
	assert_int_equal(s.rt, 5);
	assert_true(s.read);
	/* msr TTBR1_EL1, xzr: 3, 0, 2, 0, 1 is 0xc101. */
	s = esr_decode_sysreg(FIELD_PREP(ESR_EC, EC_SYSREG) | 3 << 20 |
			      1 << 17 | 2 << 10 | 31 << 5);
	assert_int_equal(s.encoding, 0xc101);
	assert_int_equal(s.rt, 31);
	assert_false(s.read);
	/* Each field in its place, none over another. */
	assert_int_equal(SYSREG_ENCODING(3, 7, 15, 15, 7), 0xffff);
	assert_int_equal(esr_decode_sysreg(7 << 14).encoding, 7 << 11);
	assert_int_equal(esr_decode_sysreg(15 << 1).encoding, 15 << 3);
}

static void test_write_to_one_register(void **state)
{
	/* ICC_SGI1R_EL1: msr s3_0_c12_c11_5, x9 */
	uint32_t write = ESR_SYSREG_WRITE(3, 0, 12, 11, 5);
	uint64_t esr = write | 9 << 5;

	assert_int_equal(esr_ec(esr), EC_SYSREG);
	assert_true(esr & ESR_IL);
	assert_int_equal(esr_decode_sysreg(esr).encoding,
			 SYSREG_ENCODING(3, 0, 12, 11, 5));
	assert_int_equal(esr_sysreg_rt(esr), 9);
	assert_true(esr_is_write_to(esr, write));
	for (unsigned int bit = 0; bit < 32; bit++)
		if (bit < 5 || bit >= 10)
			assert_false(esr_is_write_to(esr ^ BIT(bit), write));
}

static void test_values_for_el1(void **state)
{
	assert_int_equal(esr_make_brk(0x800), 0xf2000800);
	assert_int_equal(esr_make_undefined(), 0x02000000);
	assert_int_equal(esr_make_breakpoint(true), 0xc2000022);
	assert_int_equal(esr_make_breakpoint(false), 0xc6000022);
	assert_int_equal(esr_make_watchpoint(true, true, false), 0xd2000062);
	assert_int_equal(esr_make_watchpoint(false, false, true), 0xd6000122);
	assert_int_equal(esr_make_step(true, true, true), 0xcb000062);
	assert_int_equal(esr_make_step(false, true, false), 0xcf000022);
	assert_int_equal(esr_make_step(false, false, true), 0xce000022);
	assert_int_equal(esr_make_iabt(false, FSC_SEA), 0x86000010);
	assert_int_equal(esr_make_dabt(true, FSC_TRANSLATION | 3, true, false),
			 0x92000047);
	assert_int_equal(esr_make_dabt(false, FSC_SEA, false, true),
			 0x96000110);
	assert_int_equal(esr_make_pc_align(), 0x8a000000);
	assert_int_equal(esr_make_illegal_state(), 0x3a000000);
}

static void test_names(void **state)
{
	assert_string_equal(esr_ec_name(EC_DABT_LOW), "DABT_LOW");
	assert_string_equal(esr_ec_name(esr_ec(0xf2000800)), "BRK64");
	assert_string_equal(esr_ec_name((enum esr_ec)0x3f), "?");
	assert_string_equal(esr_ec_name((enum esr_ec)64), "?");
	assert_string_equal(esr_ec_name((enum esr_ec) - 1), "?");
}

static void test_entry_vectors(void **state)
{
	static const struct pstate_features none;
	static const struct {
		uint64_t pstate, offset;
	} want[] = {
		{PSTATE_M_EL1T, 0x000},
		{PSTATE_M_EL1H, 0x200},
		{PSTATE_M_EL0T, 0x400},
		{PSTATE_NRW, 0x600},
	};
	struct pstate_entry e;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		pstate_exception_entry(want[i].pstate, 0x1234,
				       0xffff000000010800, 0,
				       PSTATE_VECTOR_SYNC, &none, &e);
		assert_int_equal(e.pc, 0xffff000000010800 + want[i].offset);
		assert_int_equal(e.elr, 0x1234);
		assert_int_equal(e.spsr, want[i].pstate);
		assert_int_equal(e.pstate, 0x3c5);
	}
	pstate_exception_entry(PSTATE_M_EL0T, 0, 0x7ff, 0, PSTATE_VECTOR_SERROR,
			       &none, &e);
	assert_int_equal(e.pc, 0x580);
}

static void test_entry_pstate(void **state)
{
	const struct pstate_features all = {true, true, true, true};
	uint64_t old = GENMASK(31, 20) | PSTATE_BTYPE | PSTATE_M_EL1H;
	struct pstate_entry e;

	/* NZCV, DIT and PAN stay; TCO is set; UAO, SS, IL, BTYPE go. */
	pstate_exception_entry(old, 0, 0,
			       PSTATE_SCTLR_SPAN | PSTATE_SCTLR_SPINTMASK,
			       PSTATE_VECTOR_SYNC, &all, &e);
	assert_int_equal(e.pstate, PSTATE_NZCV | PSTATE_DIT | PSTATE_PAN |
					   PSTATE_TCO | 0x3c5);
	/* SPAN set keeps a clear PAN clear; SPAN clear sets it. */
	pstate_exception_entry(0, 0, 0,
			       PSTATE_SCTLR_SPAN | PSTATE_SCTLR_SPINTMASK,
			       PSTATE_VECTOR_SYNC, &all, &e);
	assert_int_equal(e.pstate, PSTATE_TCO | 0x3c5);
	pstate_exception_entry(PSTATE_SSBS, 0, 0, 0, PSTATE_VECTOR_SYNC, &all,
			       &e);
	assert_int_equal(e.pstate,
			 PSTATE_TCO | PSTATE_PAN | PSTATE_ALLINT | 0x3c5);
	pstate_exception_entry(0, 0, 0, PSTATE_SCTLR_DSSBS, PSTATE_VECTOR_SYNC,
			       &all, &e);
	assert_true(e.pstate & PSTATE_SSBS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stage2_load_with_valid_syndrome),
		cmocka_unit_test(test_stage2_store_fields),
		cmocka_unit_test(test_instruction_abort_has_no_syndrome),
		cmocka_unit_test(test_every_fault_status),
		cmocka_unit_test(test_sysreg_trap),
		cmocka_unit_test(test_write_to_one_register),
		cmocka_unit_test(test_values_for_el1),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_entry_vectors),
		cmocka_unit_test(test_entry_pstate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
