/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * target.xml, written from tables. gdb takes what it knows by name; the
 * attributes altname, generic, dwarf_regnum, encoding and format are LLDB's.
 */
#include "bits.h"
#include "stub/strbuf.h"
#include "tdesc.h"

static const char cpsr_flags[] =
	"<flags id=\"cpsr_flags\" size=\"4\">"
	"<field name=\"SP\" start=\"0\" end=\"0\"/>"
	"<field name=\"\" start=\"1\" end=\"1\"/>"
	"<field name=\"EL\" start=\"2\" end=\"3\"/>"
	"<field name=\"nRW\" start=\"4\" end=\"4\"/>"
	"<field name=\"\" start=\"5\" end=\"5\"/>"
	"<field name=\"F\" start=\"6\" end=\"6\"/>"
	"<field name=\"I\" start=\"7\" end=\"7\"/>"
	"<field name=\"A\" start=\"8\" end=\"8\"/>"
	"<field name=\"D\" start=\"9\" end=\"9\"/>"
	"<field name=\"BTYPE\" start=\"10\" end=\"11\"/>"
	"<field name=\"SSBS\" start=\"12\" end=\"12\"/>"
	"<field name=\"ALLINT\" start=\"13\" end=\"13\"/>"
	"<field name=\"IL\" start=\"20\" end=\"20\"/>"
	"<field name=\"SS\" start=\"21\" end=\"21\"/>"
	"<field name=\"PAN\" start=\"22\" end=\"22\"/>"
	"<field name=\"UAO\" start=\"23\" end=\"23\"/>"
	"<field name=\"DIT\" start=\"24\" end=\"24\"/>"
	"<field name=\"TCO\" start=\"25\" end=\"25\"/>"
	"<field name=\"V\" start=\"28\" end=\"28\"/>"
	"<field name=\"C\" start=\"29\" end=\"29\"/>"
	"<field name=\"Z\" start=\"30\" end=\"30\"/>"
	"<field name=\"N\" start=\"31\" end=\"31\"/>"
	"</flags>";

static void put_core(struct strbuf *out)
{
	strbuf_puts(out, "<feature name=\"org.gnu.gdb.aarch64.core\">");
	strbuf_puts(out, cpsr_flags);
	for (unsigned int i = 0; i < 31; i++) {
		strbuf_printf(out,
			      "<reg name=\"x%u\" bitsize=\"64\" regnum=\"%u\" "
			      "dwarf_regnum=\"%u\"",
			      i, i, i);
		if (i < 8)
			strbuf_printf(out, " generic=\"arg%u\"", i + 1);
		else if (i == 29)
			strbuf_puts(out, " altname=\"fp\" generic=\"fp\"");
		else if (i == 30)
			strbuf_puts(out, " altname=\"lr\" generic=\"ra\"");
		strbuf_puts(out, "/>\n");
	}
	strbuf_puts(out, "<reg name=\"sp\" bitsize=\"64\" regnum=\"31\" "
			 "dwarf_regnum=\"31\" generic=\"sp\" "
			 "type=\"data_ptr\"/>\n"
			 "<reg name=\"pc\" bitsize=\"64\" regnum=\"32\" "
			 "dwarf_regnum=\"32\" generic=\"pc\" "
			 "type=\"code_ptr\"/>\n"
			 "<reg name=\"cpsr\" bitsize=\"32\" regnum=\"33\" "
			 "dwarf_regnum=\"33\" generic=\"flags\" "
			 "type=\"cpsr_flags\"/>\n</feature>\n");
}

struct lanes {
	char id[7], type[12];
	unsigned char count;
};

static void put_vector_types(struct strbuf *out)
{
	static const struct lanes lane[] = {
		{"v2d", "ieee_double", 2}, {"v2u", "uint64", 2},
		{"v2i", "int64", 2},	   {"v4f", "ieee_single", 4},
		{"v4u", "uint32", 4},	   {"v4i", "int32", 4},
		{"v8f", "ieee_half", 8},   {"v8u", "uint16", 8},
		{"v8i", "int16", 8},	   {"v8bf16", "bfloat16", 8},
		{"v16u", "uint8", 16},	   {"v16i", "int8", 16},
		{"v1u", "uint128", 1},	   {"v1i", "int128", 1},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(lane); i++)
		strbuf_printf(out,
			      "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>",
			      lane[i].id, lane[i].type, lane[i].count);
	strbuf_puts(out,
		    "<union id=\"vnd\"><field name=\"f\" type=\"v2d\"/>"
		    "<field name=\"u\" type=\"v2u\"/>"
		    "<field name=\"s\" type=\"v2i\"/></union>"
		    "<union id=\"vns\"><field name=\"f\" type=\"v4f\"/>"
		    "<field name=\"u\" type=\"v4u\"/>"
		    "<field name=\"s\" type=\"v4i\"/></union>"
		    "<union id=\"vnh\"><field name=\"bf\" type=\"v8bf16\"/>"
		    "<field name=\"f\" type=\"v8f\"/>"
		    "<field name=\"u\" type=\"v8u\"/>"
		    "<field name=\"s\" type=\"v8i\"/></union>"
		    "<union id=\"vnb\"><field name=\"u\" type=\"v16u\"/>"
		    "<field name=\"s\" type=\"v16i\"/></union>"
		    "<union id=\"vnq\"><field name=\"u\" type=\"v1u\"/>"
		    "<field name=\"s\" type=\"v1i\"/></union>"
		    "<union id=\"aarch64v\"><field name=\"d\" type=\"vnd\"/>"
		    "<field name=\"s\" type=\"vns\"/>"
		    "<field name=\"h\" type=\"vnh\"/>"
		    "<field name=\"b\" type=\"vnb\"/>"
		    "<field name=\"q\" type=\"vnq\"/></union>\n");
}

static void put_fpu(struct strbuf *out)
{
	strbuf_puts(out, "<feature name=\"org.gnu.gdb.aarch64.fpu\">");
	put_vector_types(out);
	for (unsigned int i = 0; i < 32; i++)
		strbuf_printf(out,
			      "<reg name=\"v%u\" bitsize=\"128\" regnum=\"%u\" "
			      "type=\"aarch64v\" encoding=\"vector\" "
			      "format=\"vector-uint8\"/>\n",
			      i, TDESC_V0 + i);
	strbuf_puts(out, "<reg name=\"fpsr\" bitsize=\"32\" regnum=\"66\" "
			 "type=\"int\"/>"
			 "<reg name=\"fpcr\" bitsize=\"32\" regnum=\"67\" "
			 "type=\"int\"/>\n</feature>\n");
}

static void put_pauth(struct strbuf *out)
{
	static const char *const name[4] = {"pauth_dmask", "pauth_cmask",
					    "pauth_dmask_high",
					    "pauth_cmask_high"};

	strbuf_puts(out, "<feature name=\"org.gnu.gdb.aarch64.pauth_v2\">\n");
	for (unsigned int i = 0; i < 4; i++)
		strbuf_printf(out,
			      "<reg name=\"%s\" bitsize=\"64\" regnum=\"%u\" "
			      "save-restore=\"no\"/>",
			      name[i], TDESC_PAUTH_DMASK + i);
	strbuf_puts(out, "\n</feature>\n");
}

static void put_type(struct strbuf *out, const struct tdesc_type *t)
{
	if (t->before)
		strbuf_puts(out, t->before);
	strbuf_printf(out, "<struct id=\"%s\" size=\"8\">", t->id);
	for (size_t i = 0; i < t->fields; i++) {
		const struct tdesc_field *f = &t->field[i];

		strbuf_printf(out, "<field name=\"%s\" start=\"%u\" end=\"%u\"",
			      f->name, f->lo, f->hi);
		if (f->is_enum)
			strbuf_printf(out, " type=\"%s\"", t->enum_id);
		strbuf_puts(out, "/>");
	}
	strbuf_puts(out, "</struct>\n");
}

static const char *type_name(enum sysreg_type type)
{
	const struct tdesc_type *t = tdesc_type(type);

	if (t)
		return t->id;
	if (type == SYSREG_CODE_PTR)
		return "code_ptr";
	return type == SYSREG_DATA_PTR ? "data_ptr" : "uint64";
}

/* Every type that a register shown in this group has, once. */
static void put_group_types(struct strbuf *out, enum sysreg_group group,
			    void *ctx)
{
	size_t count;
	const struct sysreg_info *reg = sysregs_table(&count);
	uint64_t used = 0;

	_Static_assert(SYSREG_TYPES <= 64, "types do not fit a word");
	for (size_t i = 0; i < count; i++) {
		if (reg[i].group == group && tdesc_has(ctx, &reg[i]))
			used |= BIT(reg[i].type);
	}
	for (unsigned int t = 0; t < SYSREG_TYPES; t++) {
		const struct tdesc_type *type = tdesc_type(t);

		if ((used & BIT(t)) && type)
			put_type(out, type);
	}
}

static void put_group(struct strbuf *out, enum sysreg_group group, void *ctx)
{
	const char *name = sysregs_group_name(group);
	bool open = false;
	size_t count;
	const struct sysreg_info *reg = sysregs_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (reg[i].group != group || !tdesc_has(ctx, &reg[i]))
			continue;
		if (!open) {
			strbuf_printf(out,
				      "<feature name=\"org.hyperstub.%s\">\n",
				      name);
			put_group_types(out, group, ctx);
			open = true;
		}
		strbuf_printf(
			out,
			"<reg name=\"%s\" bitsize=\"64\" regnum=\"%u\" "
			"type=\"%s\" group=\"%s\" save-restore=\"no\"/>\n",
			reg[i].name, reg[i].encoding, type_name(reg[i].type),
			name);
	}
	if (open)
		strbuf_puts(out, "</feature>\n");
}

/*
 * Of a target that says no OS ABI a gdb for GNU/Linux takes that one, and looks
 * for the signal trampolines of Linux's programs in every frame, by four reads
 * of memory at each step. What stands in EL1 is no such program.
 */
void tdesc_build(struct strbuf *out, bool pauth, void *ctx)
{
	strbuf_puts(out, "<?xml version=\"1.0\"?>\n"
			 "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
			 "<target version=\"1.0\">"
			 "<architecture>aarch64</architecture>\n"
			 "<osabi>none</osabi>\n");
	put_core(out);
	put_fpu(out);
	if (pauth)
		put_pauth(out);
	for (unsigned int g = 0; g < SYSREG_GROUPS; g++)
		put_group(out, g, ctx);
	strbuf_puts(out, "</target>\n");
}

unsigned int tdesc_reg_size(unsigned int reg)
{
	if (reg == TDESC_CPSR || reg == TDESC_FPSR || reg == TDESC_FPCR)
		return 4;
	if (reg >= TDESC_V0 && reg < TDESC_FPSR)
		return 16;
	if (reg < TDESC_FIXED)
		return 8;
	return reg <= 0xffff && sysregs_find((uint16_t)reg) ? 8 : 0;
}
