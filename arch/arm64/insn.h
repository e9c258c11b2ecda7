/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A64 instructions, decoded and in part simulated: loads and stores (whose
 * syndrome is not valid, and for watchpoints), and what a breakpoint usually
 * sits on. Pure: registers come and go in structs; memory is the caller's.
 * Arm ARM chapter C4, C6 and C7.
 */
#ifndef ARCH_INSN_H
#define ARCH_INSN_H

#include <stdbool.h>
#include <stdint.h>

struct insn_regs {
	uint64_t x[31];
	uint64_t sp; /* of the current exception level and SPSel */
	uint64_t pc;
	uint64_t pstate; /* SPSR_ELx form */
	bool bti;	 /* FEAT_BTI: branches set PSTATE.BTYPE */
};

#define INSN_REG_ZR 31 /* in data registers: XZR, WZR */
#define INSN_BASE_SP 31
#define INSN_BASE_PC 32 /* literal */
#define INSN_REG_NONE 0xff

enum insn_ldst_kind {
	INSN_LOAD,
	INSN_STORE,
	INSN_LOAD_EXCLUSIVE,
	INSN_STORE_EXCLUSIVE, /* rs becomes 0 (stored) or 1 */
	INSN_ATOMIC,	      /* memory = op(memory, rs), rt = old value */
	INSN_CAS,	      /* memory = rt if memory == rs; rs = old value */
	INSN_PREFETCH,	      /* no access that could be seen */
	INSN_PAUTH_LOAD, /* LDRAA, LDRAB: the base is authenticated first */
	INSN_ZERO,	 /* DC ZVA, GVA, GZVA: the block around x[rt] */
	INSN_CACHE,	 /* DC or IC by VA in x[rt] */
	INSN_TAG, /* MTE tags: LDG, STG, ST2G, LDGM... (data with zero set) */
};

enum insn_atomic {
	INSN_ATOMIC_ADD,
	INSN_ATOMIC_CLR,
	INSN_ATOMIC_EOR,
	INSN_ATOMIC_SET,
	INSN_ATOMIC_SMAX,
	INSN_ATOMIC_SMIN,
	INSN_ATOMIC_UMAX,
	INSN_ATOMIC_UMIN,
	INSN_ATOMIC_SWP,
};

enum insn_writeback {
	INSN_WB_NONE,
	INSN_WB_PRE,
	INSN_WB_POST,
};

struct insn_ldst {
	enum insn_ldst_kind kind;
	enum insn_atomic op; /* INSN_ATOMIC */
	enum insn_writeback writeback;
	uint8_t size;	  /* bytes of one element; 0: INSN_ZERO, INSN_CACHE */
	uint8_t elements; /* 0: nothing is moved to or from registers */
	uint8_t bytes;	  /* all elements together, contiguous */
	uint8_t rt, rt2;  /* data registers */
	uint8_t rs;	  /* status, operand or compare register, or NONE */
	uint8_t base;	  /* 0..30, INSN_BASE_SP, INSN_BASE_PC */
	uint8_t index;	  /* register added to the base, or NONE */
	uint8_t extend;	  /* of the index: the option field, 3 is LSL */
	uint8_t shift;	  /* of the index */
	int64_t imm;	  /* added to the base, before or after */
	bool load, store; /* memory is read, written */
	bool sign_extend;
	bool sixty_four; /* the destination is X */
	bool simd;	 /* data registers are V0-V31 */
	bool pair;
	bool acquire, release;
	bool unprivileged; /* LDTR, STTR: as EL0 would where EL1 runs it */
	bool zero;	   /* INSN_TAG: zeroes the data too */
	bool tag;	   /* STGP: stores an allocation tag too */
	/* SIMD structures */
	bool structure;
	bool replicate; /* LD1R..LD4R */
	uint8_t selem;	/* registers that take turns */
	uint8_t lanes;	/* of a register; index of the one lane if single */
	bool single;
	bool quad; /* 128-bit registers */
};

/* One piece of memory and where it goes. */
struct insn_element {
	uint8_t offset; /* from the access's address */
	uint8_t size;	/* 1, 2, 4, 8 or 16 */
	uint8_t reg;	/* GPR: 31 is XZR */
	uint8_t lane;	/* SIMD: counted in elements */
	uint8_t lanes;	/* SIMD: 0, or this many lanes get the value */
	bool simd;
	bool clear; /* SIMD load: the register is zeroed first */
};

/*
 * Decode a load or store. 0; -ENOSYS: not an instruction that accesses memory;
 * -EOPNOTSUPP: one that does, of a kind not decoded (SVE, SME, MOPS, LS64,
 * RCPC3, reserved encodings): step it.
 */
int insn_ldst_decode(uint32_t insn, struct insn_ldst *out);
/*
 * Element i of l->elements. A load's or an atomic's destination, a store's
 * source; for INSN_CAS the registers that the old value goes to (rs).
 */
int insn_ldst_element(const struct insn_ldst *l, unsigned int i,
		      struct insn_element *e);

/* Where an access goes. */
struct insn_access {
	uint64_t addr;	    /* as computed: tagged, not aligned */
	uint64_t writeback; /* new base register, where l->writeback says so */
};

void insn_ldst_address(const struct insn_ldst *l, const struct insn_regs *r,
		       struct insn_access *a);
/* Put the written-back address into the base register, if there is one. */
void insn_ldst_writeback(const struct insn_ldst *l, const struct insn_access *a,
			 struct insn_regs *r);
/* A loaded GPR's value from the size bytes in raw (upper bits ignored). */
uint64_t insn_ldst_extend(const struct insn_ldst *l, uint64_t raw);

/* New memory value; size 1, 2, 4 or 8. */
uint64_t insn_atomic_result(enum insn_atomic op, unsigned int size,
			    uint64_t old, uint64_t operand);

/* ---- simulation ---------------------------------------------------------- */

static inline uint64_t insn_reg(const struct insn_regs *r, unsigned int n)
{
	return n == 31 ? 0 : r->x[n];
}

static inline uint64_t insn_reg_sp(const struct insn_regs *r, unsigned int n)
{
	return n == 31 ? r->sp : r->x[n];
}

static inline void insn_set_reg(struct insn_regs *r, unsigned int n, uint64_t v)
{
	if (n != 31)
		r->x[n] = v;
}

static inline void insn_set_reg_sp(struct insn_regs *r, unsigned int n,
				   uint64_t v)
{
	if (n == 31)
		r->sp = v;
	else
		r->x[n] = v;
}

/* An instruction is done: next PC; PSTATE.SS and BTYPE become 0. */
void insn_retire(struct insn_regs *r);

/*
 * Execute one instruction that needs no memory. 0: done, PC moved. -ENOSYS: not
 * one of the set, or its outcome depends on more than r (nothing changed).
 * -EKEYREJECTED: signs or checks LR (PACIASP, AUTIASP...): where PAuth is
 * absent or its key disabled it is a NOP: call insn_retire(); else step it.
 */
int insn_simulate(uint32_t insn, struct insn_regs *r);

/*
 * Told by a look: neither insn_simulate() nor insn_ldst_decode() can do it. What
 * is false here may still not be one of theirs.
 */
bool insn_must_step(uint32_t insn);

/* ---- questions ----------------------------------------------------------- */

bool insn_is_exclusive_load(uint32_t insn);
bool insn_is_exclusive_store(uint32_t insn);
bool insn_is_brk(uint32_t insn, uint16_t *imm);
bool insn_is_wfx(uint32_t insn); /* WFE, WFI, WFET, WFIT */
/* ERET and friends. */
bool insn_is_eret(uint32_t insn);

enum insn_branch {
	INSN_BRANCH_NONE,
	INSN_BRANCH_ALWAYS, /* B */
	INSN_BRANCH_COND,   /* B.cond, BC.cond, CBZ, CBNZ, TBZ, TBNZ */
	INSN_BRANCH_CALL,   /* BL */
	INSN_BRANCH_OTHER,  /* indirect, exception, return: goes anywhere */
};

/* offset in bytes from the instruction, for the first three kinds. */
enum insn_branch insn_branch(uint32_t insn, int64_t *offset);

/* The Arm ARM has a store exclusive succeed up to 128 bytes behind its load. */
#define INSN_EXCLUSIVE_MAX 33

/*
 * A LDXR..STXR sequence: where comparators go so that it runs as one.
 * Byte offsets are from the load exclusive.
 */
struct insn_exclusive {
	int64_t end; /* of the instruction after the STXR */
	unsigned int exits;
	int64_t exit[INSN_EXCLUSIVE_MAX]; /* targets outside, each once */
};

/*
 * insn[0] is the exclusive load; n words (at most INSN_EXCLUSIVE_MAX are looked at). -ENOENT:
 * no STXR among them. -EINVAL: insn[0] is none, or what follows cannot be
 * bounded (calls, indirect branches, exceptions).
 */
int insn_exclusive_end(const uint32_t *insn, unsigned int n,
		       struct insn_exclusive *out);

#endif
