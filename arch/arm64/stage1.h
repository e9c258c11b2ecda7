/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's own translation tables (EL1&0, VMSAv8-64), walked in software.
 * Pure: registers come in a struct, descriptors through stage1_read_desc().
 * Not looked at: permissions by indirection (FEAT_S1PIE), 128-bit descriptors.
 * Arm ARM D8.2 and D8.3.
 */
#ifndef ARCH_STAGE1_H
#define ARCH_STAGE1_H

#include <stdbool.h>
#include <stdint.h>

/* Registers of one CPU's EL1&0 regime, and what the core implements. */
struct stage1_regime {
	uint64_t sctlr, tcr, ttbr0, ttbr1, mair;
	uint8_t pa_bits;	/* ID_AA64MMFR0_EL1.PARange: 32..52 */
	bool lva;		/* FEAT_LVA: 52-bit addresses with 64K pages */
	bool lpa2_4k, lpa2_16k; /* FEAT_LPA2, by granule: TCR_EL1.DS counts */
	bool ttst;		/* FEAT_TTST: TxSZ up to 48 */
	bool dc;		/* HCR_EL2.DC: stage 1 is off, and cacheable */
};

enum stage1_fault {
	STAGE1_OK,
	STAGE1_ADDRESS_SIZE,
	STAGE1_TRANSLATION,
	STAGE1_ACCESS_FLAG,
	STAGE1_EXTERNAL, /* a descriptor could not be read */
};

#define STAGE1_MAX_DEPTH 5

struct stage1_result {
	enum stage1_fault fault;
	int8_t level; /* of the fault or the leaf, -1..3; 0 where MMU is off */
	/*
	 * Descriptors read, from the first level on, also when it faults: the
	 * last one is the leaf or what the walk failed at. depth 0: none.
	 */
	uint8_t depth;
	uint64_t path[STAGE1_MAX_DEPTH]; /* their addresses (IPA) */
	uint64_t desc;			 /* the last one */
	/* Where there is no fault: */
	uint64_t pa;	/* an IPA, where there is a stage 2 */
	uint64_t left;	/* bytes from va to the end of the page or block */
	uint8_t attr;	/* byte of MAIR_EL1, 0x00 Device-nGnRnE */
	bool el0;	/* EL0 may access (AP[1]) */
	bool read_only; /* AP[2], unless hardware may make it writable */
	bool uxn, pxn;
	bool ng;
};

/*
 * Translate a virtual address. The tag is ignored where TBI says so. 0, or
 * -EFAULT with out->fault and out->level set. ctx is handed on.
 */
int stage1_walk(const struct stage1_regime *r, uint64_t va, void *ctx,
		struct stage1_result *out);

/*
 * After a walk that failed: bytes from va to the end of what the missing entry
 * would map, or of what no table maps. 0: to the end of the address space.
 */
uint64_t stage1_gap(const struct stage1_regime *r, uint64_t va,
		    const struct stage1_result *failed);

#define STAGE1_AP2 (1ull << 7)

/* Writable, but hardware clears AP[2] at the first write (DBM). */
static inline bool stage1_is_clean(const struct stage1_result *r)
{
	return r->depth && r->desc & STAGE1_AP2 && !r->read_only;
}

/* Text such as "stage 1 level 3 translation fault"; never NULL. */
const char *stage1_fault_text(enum stage1_fault fault, int level);

/* FSC of that fault for ESR_EL1 or PAR_EL1. */
unsigned int stage1_fault_fsc(enum stage1_fault fault, int level);

/* Is the address (byte) non-cacheable or Device by this MAIR byte? */
static inline bool stage1_attr_is_device(uint8_t attr)
{
	return (attr & 0xf0) == 0;
}

static inline bool stage1_attr_is_cacheable(uint8_t attr)
{
	/* Both inner and outer are something else than Non-cacheable. */
	return (attr & 0xf0) && (attr & 0xf0) != 0x40 && (attr & 0x0f) != 4;
}

/*
 * Bound by the linker: read the 64-bit descriptor at an IPA as the table walk
 * would, in memory byte order taken as little-endian. 0 or -Exxx.
 */
int stage1_read_desc(void *ctx, uint64_t ipa, uint64_t *desc);

#endif
