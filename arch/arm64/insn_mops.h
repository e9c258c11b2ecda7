/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * FEAT_MOPS: CPY*, CPYF*, SET* and SETG*. Decoded, and what one of them has
 * still to do as its registers say. Three instructions, prologue, main and
 * epilogue, share the bytes of one copy or set as the core likes; each keeps its
 * registers right at a fault. Pure. Arm ARM C6.2 "CPYP", "SETP"; D1.3.8.
 */
#ifndef ARCH_INSN_MOPS_H
#define ARCH_INSN_MOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "insn.h"

enum insn_mops_stage {
	INSN_MOPS_PROLOGUE,
	INSN_MOPS_MAIN,
	INSN_MOPS_EPILOGUE,
};

struct insn_mops {
	enum insn_mops_stage stage;
	bool copy; /* else a set: rs is the byte, and may be XZR */
	bool forward_only; /* CPYF */
	bool tags; /* SETG: allocation tags too */
	bool read_unprivileged, write_unprivileged;
	uint8_t rd, rs, rn; /* to, from, how many */
};

/* What is left of it. */
struct insn_mops_rest {
	uint64_t to, from; /* the lowest of the bytes left; tags as they are */
	uint64_t left;
	bool backward; /* the highest byte is next */
};

/* 0; -ENOSYS: another instruction, or registers that are not allowed. */
int insn_mops_decode(uint32_t insn, struct insn_mops *m);
/*
 * far, in what is written or read: where the core was, which decides the
 * direction of a prologue whose areas do not overlap.
 */
void insn_mops_rest(const struct insn_mops *m, const struct insn_regs *r,
		    uint64_t far, bool write, struct insn_mops_rest *out);
/* Registers as after n (up to left) more bytes, as if it had faulted there. */
void insn_mops_advance(const struct insn_mops *m, struct insn_regs *r,
		       const struct insn_mops_rest *rest, uint64_t n);

/* The byte to be done next. */
static inline uint64_t insn_mops_to(const struct insn_mops_rest *r)
{
	return r->backward ? r->to + r->left - 1 : r->to;
}

static inline uint64_t insn_mops_from(const struct insn_mops_rest *r)
{
	return r->backward ? r->from + r->left - 1 : r->from;
}

/* The lowest of w bytes there whose next one is at. */
static inline uint64_t insn_mops_lowest(const struct insn_mops_rest *r,
					uint64_t at, unsigned int w)
{
	return r->backward ? at - (w - 1) : at;
}

/*
 * Of two bytes that are next in two places: how many can be moved at once, the
 * largest power of two up to max that is aligned in both and has no 4K boundary.
 */
unsigned int insn_mops_width(const struct insn_mops_rest *r, bool copy,
			     unsigned int max);

#endif
