/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The register table, and the document as far as a reader depends on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bits.h"
#include "stub/strbuf.h"
#include "tdesc.h"

/* ctx: what the core lacks. */
struct core {
	uint32_t lacks;	 /* BIT(enum sysreg_need) */
	uint32_t hidden; /* BIT(enum sysreg_group) */
};

bool tdesc_has(void *ctx, const struct sysreg_info *info)
{
	const struct core *c = ctx;

	return !(c->lacks & BIT(info->need)) && !(c->hidden & BIT(info->group));
}

static char document[TDESC_MAX_SIZE];

static void build(struct core *c, bool pauth)
{
	struct strbuf sb;

	strbuf_init(&sb, document, sizeof(document));
	tdesc_build(&sb, pauth, c);
	assert_int_equal(sb.lost, 0);
}

static bool has(const char *text)
{
	return strstr(document, text) != NULL;
}

static void test_table_is_sorted_and_found(void **state)
{
	size_t count;
	const struct sysreg_info *t = sysregs_table(&count);

	assert_true(count > 150);
	for (size_t i = 0; i < count; i++) {
		if (i)
			assert_true(t[i - 1].encoding < t[i].encoding);
		assert_ptr_equal(sysregs_find(t[i].encoding), &t[i]);
		assert_ptr_equal(sysregs_find_name(t[i].name), &t[i]);
		assert_true(t[i].encoding >= 0x8000);
		assert_true(t[i].group < SYSREG_GROUPS);
		/* The guest's copy has op1 = 5: it must be 0 or 3 here. */
		if (t[i].flags & SYSREG_E2H)
			assert_true((t[i].encoding >> 11 & 7) == 0 ||
				    (t[i].encoding >> 11 & 7) == 3);
	}
	assert_null(sysregs_find(0));
	assert_null(sysregs_find(0xffff));
	assert_null(sysregs_find(0xc087));
	assert_null(sysregs_find_name("SCTLR"));
}

static void test_known_encodings(void **state)
{
	static const struct {
		const char *name;
		uint16_t encoding;
	} row[] = {
		{"ESR_EL1", 49808},	   {"FAR_EL1", 49920},
		{"ELR_EL1", 49665},	   {"SPSR_EL1", 49664},
		{"VBAR_EL1", 50688},	   {"SCTLR_EL1", 49280},
		{"TTBR0_EL1", 49408},	   {"TTBR1_EL1", 49409},
		{"TCR_EL1", 49410},	   {"MAIR_EL1", 50448},
		{"CONTEXTIDR_EL1", 50817}, {"HCR_EL2", 0xe088},
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct sysreg_info *info = sysregs_find(row[i].encoding);

		assert_non_null(info);
		assert_string_equal(info->name, row[i].name);
	}
}

static void test_sizes(void **state)
{
	assert_int_equal(tdesc_reg_size(TDESC_X0), 8);
	assert_int_equal(tdesc_reg_size(TDESC_PC), 8);
	assert_int_equal(tdesc_reg_size(TDESC_CPSR), 4);
	assert_int_equal(tdesc_reg_size(TDESC_V0), 16);
	assert_int_equal(tdesc_reg_size(TDESC_V0 + 31), 16);
	assert_int_equal(tdesc_reg_size(TDESC_FPSR), 4);
	assert_int_equal(tdesc_reg_size(TDESC_FPCR), 4);
	assert_int_equal(tdesc_reg_size(TDESC_PAUTH_CMASK_HIGH), 8);
	assert_int_equal(tdesc_reg_size(TDESC_FIXED), 0);
	assert_int_equal(tdesc_reg_size(49408), 8);
	assert_int_equal(tdesc_reg_size(0x10000 + 49408), 0);
	assert_int_equal(tdesc_reg_size(~0u), 0);
}

/* Value of an attribute in the element at p, copied; false: it has none. */
static bool attribute(const char *p, const char *name, char *value, size_t size)
{
	char want[32];
	const char *end = strchr(p, '>'), *a, *q;

	snprintf(want, sizeof(want), " %s=\"", name);
	a = strstr(p, want);
	if (!a || a > end)
		return false;
	a += strlen(want);
	q = strchr(a, '"');
	assert_true(q && q < end && (size_t)(q - a) < size);
	memcpy(value, a, (size_t)(q - a));
	value[q - a] = '\0';
	return true;
}

/* Elements nest and close; attributes have quotes; nothing needs escaping. */
static void check_well_formed(void)
{
	char open[8][16];
	unsigned int depth = 0;

	for (const char *p = document; (p = strchr(p, '<'));) {
		const char *end = strchr(p, '>'), *name = p + 1;
		unsigned int quotes = 0;
		size_t len;

		assert_non_null(end);
		for (const char *q = p; q < end; q++)
			quotes += *q == '"';
		assert_int_equal(quotes % 2, 0);
		p = end;
		if (*name == '?' || *name == '!')
			continue;
		len = strcspn(name + 1, " />") + 1;
		assert_true(len < sizeof(open[0]));
		if (*name == '/') {
			assert_true(depth > 0);
			depth--;
			assert_int_equal(strlen(open[depth]), len - 1);
			assert_memory_equal(open[depth], name + 1, len - 1);
		} else if (end[-1] != '/') {
			assert_true(depth < ARRAY_SIZE(open));
			memcpy(open[depth], name, len);
			open[depth++][len] = '\0';
		}
	}
	assert_int_equal(depth, 0);
	assert_null(strchr(document, '&'));
}

static bool is_plain(const char *type)
{
	static const char *const plain[] = {"uint64", "int", "code_ptr",
					    "data_ptr"};

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (!strcmp(type, plain[i]))
			return true;
	}
	return false;
}

/*
 * Every register once, with the size that p answers with, and a type that
 * its feature has defined before. Returns how many there are.
 */
static unsigned int check_registers(void)
{
	static bool seen[65536];
	const char *feature = document;
	unsigned int count = 0;

	memset(seen, 0, sizeof(seen));
	for (const char *p = document; (p = strchr(p, '<')); p++) {
		char number[8], bits[8], type[16], id[32];
		unsigned long reg;
		const char *def;

		if (!strncmp(p, "<feature", 8))
			feature = p;
		if (strncmp(p, "<reg ", 5))
			continue;
		assert_true(attribute(p, "regnum", number, sizeof(number)));
		assert_true(attribute(p, "bitsize", bits, sizeof(bits)));
		reg = strtoul(number, NULL, 10);
		assert_true(reg < 65536 && !seen[reg]);
		seen[reg] = true;
		count++;
		assert_int_equal(strtoul(bits, NULL, 10),
				 tdesc_reg_size((unsigned int)reg) * 8);
		if (!attribute(p, "type", type, sizeof(type)) || is_plain(type))
			continue;
		snprintf(id, sizeof(id), " id=\"%s\"", type);
		def = strstr(feature, id);
		assert_true(def && def < p);
	}
	return count;
}

static void test_document_of_a_core_with_everything(void **state)
{
	struct core all = {0};
	size_t count;

	sysregs_table(&count);
	build(&all, true);
	check_well_formed();
	assert_int_equal(check_registers(), TDESC_FIXED + count);
	assert_true(has("<feature name=\"org.gnu.gdb.aarch64.core\">"));
	assert_true(has("<feature name=\"org.gnu.gdb.aarch64.fpu\">"));
	assert_true(has("<feature name=\"org.gnu.gdb.aarch64.pauth_v2\">"));
	assert_true(has("<feature name=\"org.hyperstub.el1_mmu\">"));
	assert_true(has("name=\"ESR_EL1\" bitsize=\"64\" regnum=\"49808\" "
			"type=\"esr\" group=\"el1_fault\" "
			"save-restore=\"no\""));
	assert_true(has("generic=\"pc\""));
	/* No OS's habits are gdb's to assume: each would cost it reads a stop. */
	assert_true(has("</architecture>\n<osabi>none</osabi>\n<feature"));
}

static void test_what_the_core_lacks_is_left_out(void **state)
{
	struct core bare = {
		.lacks = ~(uint32_t)BIT(SYSREG_ALWAYS),
		.hidden = BIT(SYSREG_ID),
	};

	build(&bare, false);
	check_well_formed();
	check_registers();
	assert_false(has("pauth"));
	assert_false(has("org.hyperstub.id"));
	assert_false(has("KeyLo"));
	assert_false(has("DBGBVR"));
	assert_false(has("id=\"dbgbcr\""));
	assert_false(has("org.hyperstub.gic"));
	assert_true(has("SCTLR_EL1"));
}

static void test_too_small_a_buffer_is_told(void **state)
{
	struct core all = {0};
	struct strbuf sb;

	strbuf_init(&sb, document, 5000);
	tdesc_build(&sb, true, &all);
	assert_true(sb.lost > 0);
	assert_int_equal(sb.len, 4999);
}

static void test_fields_fit_and_do_not_overlap(void **state)
{
	unsigned int types = 0;

	for (unsigned int t = 0; t < SYSREG_TYPES; t++) {
		const struct tdesc_type *type = tdesc_type(t);
		uint64_t used = 0;

		if (!type)
			continue;
		types++;
		for (size_t i = 0; i < type->fields; i++) {
			const struct tdesc_field *f = &type->field[i];

			assert_true(f->lo <= f->hi && f->hi < 64);
			assert_int_equal(used & GENMASK(f->hi, f->lo), 0);
			used |= GENMASK(f->hi, f->lo);
		}
	}
	assert_int_equal(types, SYSREG_TYPES - 3);
	assert_null(tdesc_type(SYSREG_TYPES));
	assert_null(sysregs_group_name(SYSREG_GROUPS));
	assert_string_equal(sysregs_group_name(SYSREG_EL2_OWN), "el2_own");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_sorted_and_found),
		cmocka_unit_test(test_known_encodings),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_document_of_a_core_with_everything),
		cmocka_unit_test(test_what_the_core_lacks_is_left_out),
		cmocka_unit_test(test_too_small_a_buffer_is_told),
		cmocka_unit_test(test_fields_fit_and_do_not_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
