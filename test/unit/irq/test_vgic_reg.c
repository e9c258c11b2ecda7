/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Which register an access to a GICv3 frame is, and what values mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "irq/gicv3_regs.h"
#include "irq/vgic_reg.h"

static void gicd_is(uint32_t offset, unsigned int size, enum vgic_reg_kind kind,
		    uint32_t intid)
{
	struct vgic_reg r = vgic_gicd_decode(offset, size, true);

	if (r.kind != kind || r.intid != intid)
		print_error("GICD %#x/%u: kind %d, intid %u\n", offset, size,
			    r.kind, r.intid);
	assert_int_equal(r.kind, kind);
	assert_int_equal(r.intid, intid);
}

static void gicr_is(uint32_t offset, unsigned int size, enum vgic_reg_kind kind,
		    uint32_t intid)
{
	struct vgic_reg r = vgic_gicr_decode(offset, size, true);

	if (r.kind != kind || r.intid != intid)
		print_error("GICR %#x/%u: kind %d, intid %u\n", offset, size,
			    r.kind, r.intid);
	assert_int_equal(r.kind, kind);
	assert_int_equal(r.intid, intid);
}

static void test_gicd_single_registers(void **state)
{
	gicd_is(0x0, 4, VGIC_CTLR, 0);
	gicd_is(0x4, 4, VGIC_PASS_RO, 0);
	gicd_is(0x8, 4, VGIC_PASS_RO, 0);
	gicd_is(0x40, 4, VGIC_MESSAGE, 0);
	gicd_is(0x40, 2, VGIC_MESSAGE, 0);
	gicd_is(0x48, 4, VGIC_MESSAGE, 0);
	gicd_is(0x44, 4, VGIC_RAZ, 0);
	gicd_is(0xffe8, 4, VGIC_PASS_RO, 0);
	gicd_is(0xfffc, 4, VGIC_PASS_RO, 0);
	assert_int_equal(vgic_gicd_decode(0x40, 2, false).kind, VGIC_RAZ);
}

static void test_gicd_bit_registers_cover_spis(void **state)
{
	gicd_is(0x84, 4, VGIC_GROUP, 32);
	gicd_is(0x104, 4, VGIC_ENABLE_SET, 32);
	gicd_is(0x17c, 4, VGIC_ENABLE_SET, 992);
	gicd_is(0x184, 4, VGIC_ENABLE_CLEAR, 32);
	gicd_is(0x208, 4, VGIC_PEND_SET, 64);
	gicd_is(0x28c, 4, VGIC_PEND_CLEAR, 96);
	gicd_is(0x304, 4, VGIC_ACTIVE_SET, 32);
	gicd_is(0x384, 4, VGIC_ACTIVE_CLEAR, 32);
	gicd_is(0x1200, 4, VGIC_ENABLE_SET, 4096);
	gicd_is(0x1c7c, 4, VGIC_ACTIVE_CLEAR, 5088);
	gicd_is(0x0f84, 4, VGIC_INMIR, 32);
	gicd_is(0x3b7c, 4, VGIC_INMIR, 5088);
}

static void test_gicd_private_part_is_dead_with_affinity_routing(void **state)
{
	gicd_is(0x80, 4, VGIC_RAZ, 0);
	gicd_is(0x100, 4, VGIC_RAZ, 0);
	gicd_is(0x400, 4, VGIC_RAZ, 0);
	gicd_is(0x41f, 1, VGIC_RAZ, 0);
	gicd_is(0xc04, 4, VGIC_RAZ, 0);
	gicd_is(0x800, 4, VGIC_RAZ, 0); /* ITARGETSR */
	gicd_is(0xf00, 4, VGIC_RAZ, 0); /* SGIR */
	gicd_is(0x6000, 8, VGIC_RAZ, 0);
}

static void test_gicd_arrays(void **state)
{
	gicd_is(0x420, 4, VGIC_PRIORITY, 32);
	gicd_is(0x421, 1, VGIC_PRIORITY, 33);
	gicd_is(0x7fb, 1, VGIC_PRIORITY, 1019);
	gicd_is(0x7fc, 1, VGIC_RAZ, 0);
	gicd_is(0x23ff, 1, VGIC_PRIORITY, 5119);
	gicd_is(0xc08, 4, VGIC_CONFIG, 32);
	gicd_is(0x3000, 4, VGIC_CONFIG, 4096);
	gicd_is(0x6100, 8, VGIC_ROUTE, 32);
	gicd_is(0x6104, 4, VGIC_ROUTE, 32);
	gicd_is(0x7fd8, 8, VGIC_ROUTE, 1019);
	gicd_is(0x7fe0, 8, VGIC_RAZ, 0);
	gicd_is(0x8000, 8, VGIC_ROUTE, 4096);
	gicd_is(0x9ff8, 8, VGIC_ROUTE, 5119);
}

static void test_wrong_sizes_do_nothing(void **state)
{
	gicd_is(0x104, 8, VGIC_RAZ, 0);
	gicd_is(0x104, 1, VGIC_RAZ, 0);
	gicd_is(0x106, 4, VGIC_RAZ, 0);
	gicd_is(0x420, 8, VGIC_RAZ, 0);
	gicd_is(0x6100, 1, VGIC_RAZ, 0);
	gicd_is(0x0, 8, VGIC_RAZ, 0);
	gicd_is(0xc08, 1, VGIC_RAZ, 0);
	gicr_is(0x10100, 8, VGIC_RAZ, 0);
	gicr_is(0x10100, 1, VGIC_RAZ, 0);
	assert_int_equal(vgic_gicd_decode(0x104, 0, true).kind, VGIC_RAZ);
}

static void test_gicr(void **state)
{
	gicr_is(0x0, 4, VGIC_PASS, 0);
	gicr_is(0x8, 8, VGIC_PASS_RO, 0);
	gicr_is(0xc, 4, VGIC_PASS_RO, 0);
	gicr_is(0x14, 4, VGIC_WAKER, 0);
	gicr_is(0x70, 8, VGIC_PROPBASER, 0);
	gicr_is(0x7c, 4, VGIC_PENDBASER, 0);
	gicr_is(0xa0, 8, VGIC_PASS, 0);
	gicr_is(0xffe8, 4, VGIC_PASS_RO, 0);
	gicr_is(0x1ffe8, 4, VGIC_PASS_RO, 0);
	gicr_is(0x10080, 4, VGIC_GROUP, 0);
	gicr_is(0x10100, 4, VGIC_ENABLE_SET, 0);
	gicr_is(0x10104, 4, VGIC_ENABLE_SET, 1056);
	gicr_is(0x10108, 4, VGIC_ENABLE_SET, 1088);
	gicr_is(0x1010c, 4, VGIC_RAZ, 0);
	gicr_is(0x10380, 4, VGIC_ACTIVE_CLEAR, 0);
	gicr_is(0x10f80, 4, VGIC_INMIR, 0);
	gicr_is(0x10f84, 4, VGIC_INMIR, 1056);
	gicr_is(0x1041b, 1, VGIC_PRIORITY, 27);
	gicr_is(0x10420, 4, VGIC_PRIORITY, 1056);
	gicr_is(0x1045f, 1, VGIC_PRIORITY, 1119);
	gicr_is(0x10460, 1, VGIC_RAZ, 0);
	gicr_is(0x10c04, 4, VGIC_CONFIG, 16);
	gicr_is(0x10c08, 4, VGIC_CONFIG, 1056);
	gicr_is(0x20070, 8, VGIC_RAZ, 0); /* VPROPBASER */
}

static void test_its(void **state)
{
	assert_int_equal(vgic_its_decode(0, 4, true).kind, VGIC_PASS);
	assert_int_equal(vgic_its_decode(0x80, 8, true).kind, VGIC_ITS_CBASER);
	assert_int_equal(vgic_its_decode(0x84, 4, true).kind, VGIC_ITS_CBASER);
	assert_int_equal(vgic_its_decode(0x88, 8, true).kind, VGIC_PASS);
	assert_int_equal(vgic_its_decode(0x100, 8, true).kind, VGIC_ITS_BASER);
	assert_int_equal(vgic_its_decode(0x13c, 4, true).kind, VGIC_ITS_BASER);
	assert_int_equal(vgic_its_decode(0x13c, 4, true).base, 0x138);
	assert_int_equal(vgic_its_decode(0x140, 8, true).kind, VGIC_PASS);
	assert_int_equal(vgic_its_decode(0x100, 1, true).kind, VGIC_RAZ);
}

/* Decoding and encoding offsets are each other's inverse. */
static void test_bit_offsets_round_trip(void **state)
{
	static const uint32_t spi[] = {32, 64, 992, 4096, 5088};
	static const uint32_t ppi[] = {0, 1056, 1088};
	int kind;
	size_t i;

	for (kind = VGIC_GROUP; kind <= VGIC_INMIR; kind++) {
		for (i = 0; i < ARRAY_SIZE(spi); i++) {
			assert_false(vgic_is_private(spi[i]));
			gicd_is(vgic_bit_offset((enum vgic_reg_kind)kind,
						spi[i]),
				4, (enum vgic_reg_kind)kind, spi[i]);
		}
		for (i = 0; i < ARRAY_SIZE(ppi); i++) {
			assert_true(vgic_is_private(ppi[i]));
			gicr_is(vgic_bit_offset((enum vgic_reg_kind)kind,
						ppi[i]),
				4, (enum vgic_reg_kind)kind, ppi[i]);
		}
	}
}

static void test_every_access_is_decoded_within_bounds(void **state)
{
	static const unsigned int sizes[] = {0, 1, 2, 3, 4, 8, 16};
	uint32_t offset;
	size_t i;

	for (offset = 0; offset < 0x40000; offset++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct vgic_reg r;

			r = vgic_gicr_decode(offset, sizes[i], true);
			if (r.kind >= VGIC_GROUP && r.kind <= VGIC_CONFIG)
				assert_true(vgic_is_private(r.intid));
			if (offset >= 0x10000)
				continue;
			r = vgic_gicd_decode(offset, sizes[i], true);
			if (r.kind >= VGIC_GROUP && r.kind <= VGIC_ROUTE)
				assert_true(vgic_spi_index(r.intid) <
					    VGIC_SPIS);
			vgic_its_decode(offset, sizes[i], false);
		}
}

static void test_spi_index_is_dense_and_closed(void **state)
{
	assert_int_equal(vgic_spi_index(31), VGIC_SPIS);
	assert_int_equal(vgic_spi_index(32), 32);
	assert_int_equal(vgic_spi_index(1019), 1019);
	assert_int_equal(vgic_spi_index(1020), VGIC_SPIS);
	assert_int_equal(vgic_spi_index(4096), 1024);
	assert_int_equal(vgic_spi_index(5119), 2047);
	assert_int_equal(vgic_spi_index(5120), VGIC_SPIS);
	assert_int_equal(vgic_spi_index(0xffffffff), VGIC_SPIS);
}

static bool sgi_reaches(uint64_t value, uint64_t mpidr)
{
	struct vgic_sgi_target t = vgic_sgi_target(mpidr);

	return vgic_sgi_targets(value, &t);
}

static void test_sgi_targets_by_affinity(void **state)
{
	/* INTID 5, Aff3.2.1 = 1.2.3, range selector 1, list bits 0 and 15 */
	uint64_t sgi = UINT64_C(0x0001100205038001);

	assert_int_equal(FIELD_GET(VGIC_SGI_INTID, sgi), 5);
	assert_true(sgi_reaches(sgi, UINT64_C(0x0100020310)));
	assert_true(sgi_reaches(sgi, UINT64_C(0x010002031f)));
	assert_false(sgi_reaches(sgi, UINT64_C(0x0100020311)));
	assert_false(sgi_reaches(sgi, UINT64_C(0x0100020300)));
	assert_false(sgi_reaches(sgi, UINT64_C(0x0000020310)));
	assert_false(sgi_reaches(sgi, UINT64_C(0x0100030310)));
	assert_false(sgi_reaches(sgi, UINT64_C(0x0100020410)));
	/* what MPIDR_EL1 has besides: MT, U, RES1 */
	assert_true(sgi_reaches(sgi, UINT64_C(0x01c1020310)));
}

static void test_sgi_to_all_others(void **state)
{
	uint64_t sgi = BIT(40) | 3 << 24;

	assert_int_equal(FIELD_GET(VGIC_SGI_INTID, sgi), 3);
	assert_true(sgi & VGIC_SGI_OTHERS);
	assert_false(sgi & VGIC_SGI_LIST);
}

/* A write made of a target reaches that one and no other. */
static void test_sgi_to_one(void **state)
{
	struct vgic_sgi_target t = vgic_sgi_target(UINT64_C(0x7f80ff01a3));
	uint64_t sgi = t.where | t.bit;

	assert_true(sgi_reaches(sgi, UINT64_C(0x7f80ff01a3)));
	assert_false(sgi_reaches(sgi, UINT64_C(0x7f80ff01a2)));
	assert_false(sgi_reaches(sgi, UINT64_C(0x7f80ff01b3)));
	assert_false(sgi_reaches(sgi, UINT64_C(0x7f80ff00a3)));
}

static void test_halves_merge(void **state)
{
	uint64_t old = UINT64_C(0x1111111122222222);

	assert_int_equal(vgic_merge64(old, 5, 0x70, 8), 5);
	assert_int_equal(vgic_merge64(old, 0x33333333, 0x70, 4),
			 UINT64_C(0x1111111133333333));
	assert_int_equal(vgic_merge64(old, 0x33333333, 0x74, 4),
			 UINT64_C(0x3333333322222222));
}

static void table_is(enum vgic_reg_kind kind, uint64_t value, uint64_t base,
		     uint64_t size)
{
	struct vgic_table t = vgic_table_of(kind, value, 16);

	assert_int_equal(t.size, size);
	if (size)
		assert_int_equal(t.base, base);
}

static void test_tables(void **state)
{
	table_is(VGIC_PROPBASER, 0x4567878f, 0x45678000, 0x10000 - 8192);
	table_is(VGIC_PENDBASER, 0x45671780, 0x45670000, 8192);
	table_is(VGIC_ITS_CBASER, 0x4567800f, 0, 0); /* not valid */
	table_is(VGIC_ITS_CBASER, BIT(63) | 0x4567800f, 0x45678000, 0x10000);
	/* 4K, 16K and 64K pages, 3 of them */
	table_is(VGIC_ITS_BASER, BIT(63) | 0x45678002, 0x45678000, 3 * 0x1000);
	table_is(VGIC_ITS_BASER, BIT(63) | 0x4567c102, 0x4567c000, 3 * 0x4000);
	table_is(VGIC_ITS_BASER, BIT(63) | 0x45671202, BIT(48) | 0x45670000,
		 3 * 0x10000);
	table_is(VGIC_ITS_BASER, 0x45678002, 0, 0);
	assert_int_equal(vgic_table_of(VGIC_PROPBASER, 0x1000, 13).size, 0);
}

static void test_overlap(void **state)
{
	struct vgic_table t = {0x10000, 0x1000};

	assert_true(vgic_table_overlaps(&t, 0x10000, 0x1000));
	assert_true(vgic_table_overlaps(&t, 0x10fff, 1));
	assert_true(vgic_table_overlaps(&t, 0, 0x10001));
	assert_false(vgic_table_overlaps(&t, 0, 0x10000));
	assert_false(vgic_table_overlaps(&t, 0x11000, 0x1000));
	t.size = 0;
	assert_false(vgic_table_overlaps(&t, 0, 0x20000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gicd_single_registers),
		cmocka_unit_test(test_gicd_bit_registers_cover_spis),
		cmocka_unit_test(
			test_gicd_private_part_is_dead_with_affinity_routing),
		cmocka_unit_test(test_gicd_arrays),
		cmocka_unit_test(test_wrong_sizes_do_nothing),
		cmocka_unit_test(test_gicr),
		cmocka_unit_test(test_its),
		cmocka_unit_test(test_bit_offsets_round_trip),
		cmocka_unit_test(test_every_access_is_decoded_within_bounds),
		cmocka_unit_test(test_spi_index_is_dense_and_closed),
		cmocka_unit_test(test_sgi_targets_by_affinity),
		cmocka_unit_test(test_sgi_to_all_others),
		cmocka_unit_test(test_sgi_to_one),
		cmocka_unit_test(test_halves_merge),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
