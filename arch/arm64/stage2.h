/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Stage-2 tables built and changed: what is mapped, never how TLBs learn of it.
 * Pure: touches only table pages, at the address that is also their physical
 * one. 48-bit output addresses, HCR_EL2.FWB clear. Arm ARM D8.2, D8.3.
 *
 * Tables that hardware walks are changed through a log: nothing live is
 * written; the caller then applies each change by break-before-make and says
 * so:
 *
 *   stage2_map(&s, ..., &log);             and others, in any number
 *   dsb                                    new tables before their entries
 *   for each change: *entry = 0; dsb; TLBI of ipa, size; dsb; *entry = new
 *   dsb, isb
 *   stage2_log_done(&s, &log);             replaced tables are free from here
 *
 * With no log (NULL) entries are written at once: for tables not yet in use.
 */
#ifndef ARCH_STAGE2_H
#define ARCH_STAGE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Table pages, of one granule, for any number of trees. */
struct stage2_pool {
	uint64_t next, end; /* never used yet */
	uint64_t free;	    /* list through the first word, 0 ends it */
	unsigned int shift;
	size_t used; /* pages in use */
};

struct stage2 {
	uint8_t shift;	     /* log2 of the granule: 12, 14 or 16 */
	uint8_t ia_bits;     /* 32..48 */
	uint8_t start_level; /* 0..2 */
	bool pages; /* no block for Normal memory; set between init and map */
	uint64_t root;
	struct stage2_pool *pool;
};

/* Attributes; no access bit at all is an invalid entry. */
#define STAGE2_NONE 0u
#define STAGE2_READ 1u
#define STAGE2_WRITE 2u
#define STAGE2_EXEC 4u
#define STAGE2_DEVICE_nGnRnE 8u /* the memory type; none: Normal write-back */
#define STAGE2_DEVICE_nGnRE 16u
#define STAGE2_NC 32u
/* Four bits for the caller, kept in bits 58:55 of the descriptor. */
#define STAGE2_SW(n) (256u << (n))

#define STAGE2_RWX (STAGE2_READ | STAGE2_WRITE | STAGE2_EXEC)
#define STAGE2_RO (STAGE2_READ | STAGE2_EXEC)
#define STAGE2_XO STAGE2_EXEC
#define STAGE2_DEVICE (STAGE2_READ | STAGE2_WRITE | STAGE2_DEVICE_nGnRE)

struct stage2_change {
	uint64_t *entry;
	uint64_t old, new;
	uint64_t ipa, size; /* what it translates: for the TLBI */
	uint8_t level;
};

struct stage2_log {
	struct stage2_change *change;
	size_t count, max;
};

void stage2_pool_init(struct stage2_pool *p, unsigned int shift, uint64_t start,
		      uint64_t end);

/* Bytes of the first table, concatenated ones included; also its alignment. */
uint64_t stage2_root_size(unsigned int shift, unsigned int ia_bits);
/*
 * An empty tree. root has stage2_root_size() bytes, so aligned, and is cleared.
 * -EINVAL: granule, size or alignment cannot be.
 */
int stage2_init(struct stage2 *s, unsigned int shift, unsigned int ia_bits,
		uint64_t root, struct stage2_pool *pool);

/*
 * VTCR_EL2 for this tree: T0SZ, SL0, TG0, PS, write-back inner-shareable walks,
 * and the RES1 bit. pa_bits as in ID_AA64MMFR0_EL1.PARange.
 */
uint64_t stage2_vtcr(const struct stage2 *s, unsigned int pa_bits);

/*
 * Map [ipa, ipa + size) to pa with the largest blocks that may be, or unmap it
 * (STAGE2_NONE, pa is ignored); what was there is replaced, blocks are split.
 * -EINVAL: not page-aligned or out of range. -ENOMEM: no table page; -ENOSPC:
 * the log is full. Then part of it is done; with a log, stage2_log_abort().
 */
int stage2_map(struct stage2 *s, uint64_t ipa, uint64_t pa, uint64_t size,
	       unsigned int attrs, struct stage2_log *log);

/*
 * Turn tables over ipa that hold nothing but one uniform stretch back into
 * blocks (or nothing), from the last level up. 0, or -ENOSPC.
 */
int stage2_merge(struct stage2 *s, uint64_t ipa, struct stage2_log *log);

struct stage2_entry {
	uint64_t *entry;
	uint64_t desc;
	uint64_t pa;	    /* of ipa itself, where it is mapped */
	uint64_t size;	    /* that this entry covers */
	unsigned int attrs; /* STAGE2_NONE: not mapped */
	unsigned int level;
};

/* What is there for ipa, in the tables or, if log is given, after the log. */
void stage2_query(const struct stage2 *s, uint64_t ipa,
		  const struct stage2_log *log, struct stage2_entry *out);

/* All changes were applied: tables that they replaced are free. */
void stage2_log_done(struct stage2 *s, struct stage2_log *log);
/* None was applied: the tables made for them are free. */
void stage2_log_abort(struct stage2 *s, struct stage2_log *log);

static inline uint64_t stage2_page_size(const struct stage2 *s)
{
	return UINT64_C(1) << s->shift;
}

#endif
