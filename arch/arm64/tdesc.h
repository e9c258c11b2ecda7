/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The target description: gdb's own aarch64 features and one of ours for each
 * group of system registers. rsp: qXfer:features:read:target.xml.
 */
#ifndef ARCH_TDESC_H
#define ARCH_TDESC_H

#include <stdbool.h>
#include <stddef.h>

#include "sysregs.h"

struct strbuf;

/* gdb's register numbers below the system registers. */
enum tdesc_reg {
	TDESC_X0 = 0,
	TDESC_SP = 31,
	TDESC_PC = 32,
	TDESC_CPSR = 33, /* 32 bits */
	TDESC_V0 = 34,	 /* 128 bits */
	TDESC_FPSR = 66, /* 32 bits */
	TDESC_FPCR = 67, /* 32 bits */
	TDESC_PAUTH_DMASK = 68,
	TDESC_PAUTH_CMASK = 69,
	TDESC_PAUTH_DMASK_HIGH = 70,
	TDESC_PAUTH_CMASK_HIGH = 71,
	TDESC_FIXED, /* registers with fixed numbers: 0..71 */
};

/* Size in bytes by number alone, 0: no such register. */
unsigned int tdesc_reg_size(unsigned int reg);

/* Room that any description fits in; a Cortex-A76's has 43 KB. */
#define TDESC_MAX_SIZE (48 * 1024)

/*
 * Write the document. pauth: the core has PAuth. out->lost tells when it did
 * not fit. ctx is handed on to tdesc_has().
 */
void tdesc_build(struct strbuf *out, bool pauth, void *ctx);

/* Bound by the linker: is this register there to be shown? */
bool tdesc_has(void *ctx, const struct sysreg_info *info);

/* ---- types: tdesc_types.c -------------------------------------------------
 */

/* Strings are held in place: a pointer would cost a relocation each. */
struct tdesc_field {
	char name[13];
	unsigned char lo, hi;
	bool is_enum; /* of the type's enum_id; else an integer or, as gdb has
			 it, one bit a bool */
};

struct tdesc_type {
	char id[8]; /* "esr" */
	char enum_id[8];
	const struct tdesc_field *field;
	size_t fields;
	const char *before; /* types that it uses, or NULL */
};

/* The struct for a type, or NULL for the plain ones. */
const struct tdesc_type *tdesc_type(enum sysreg_type type);

#endif
