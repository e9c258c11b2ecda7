/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What the debugger wants to stop at: one table of Z0..Z4 entries with their
 * conditions, in memory that the caller gives. It says what is wanted; how it
 * is armed is the machine's affair, which keeps its own state in each entry.
 *
 * gdb removes and inserts everything at each stop, so inserting and removing
 * are O(1), and an entry that was removed and inserted again is the same
 * entry. The table changes while the world is stopped only; bp_lookup() and
 * bp_should_stop() take no lock and may run on any CPU while it runs.
 */
#ifndef STUB_BREAKPOINT_H
#define STUB_BREAKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

/* The digit of the Z packet. */
enum bp_kind {
	BP_SOFTWARE,
	BP_HARDWARE,
	BP_WATCH,  /* write */
	BP_RWATCH, /* read */
	BP_AWATCH, /* either */
	BP_KINDS,
};

#define BP_MASK(kind) (1u << (kind))
#define BP_MASK_BREAK (BP_MASK(BP_SOFTWARE) | BP_MASK(BP_HARDWARE))
#define BP_MASK_WATCH \
	(BP_MASK(BP_WATCH) | BP_MASK(BP_RWATCH) | BP_MASK(BP_AWATCH))
#define BP_MASK_ALL (BP_MASK_BREAK | BP_MASK_WATCH)

#define BP_NONE UINT32_MAX

struct bp {
	uint64_t addr;
	uint64_t len;
	uint8_t kind; /* enum bp_kind */
	bool used;
	bool wanted;	       /* false: goes with the next bp_table_commit() */
	bool changed;	       /* in the table's list of changed entries */
	uint32_t next_changed; /* or next free one */
	uint32_t next_watch, prev_watch;
	uint32_t cond; /* offset in the arena, or BP_NONE */
	uint32_t cond_len;
	/* From here on the machine's own; zero in a fresh entry. */
	uint32_t armed;
	uint32_t slot;
	uint64_t data[4];
};

struct bp_table {
	struct bp *bps;
	uint32_t capacity;
	uint32_t used; /* entries, wanted or not */
	uint32_t wanted;
	uint32_t free;	  /* list of entries that were used once */
	uint32_t fresh;	  /* entries from here on were never used */
	uint32_t changed; /* list of those touched since the last commit */
	uint32_t watches; /* list of Z2..Z4 entries */
	uint32_t *index;  /* open addressing by addr; entry number + 1 */
	uint32_t index_mask;
	uint8_t *arena; /* conditions */
	uint32_t arena_size;
	uint32_t arena_used;
};

/* Bytes for bp_table_init(), given the number of entries and condition bytes.
 */
size_t bp_table_memory(uint32_t capacity, uint32_t arena_size);
/* memory: bp_table_memory() bytes, aligned to 8. */
void bp_table_init(struct bp_table *t, void *memory, uint32_t capacity,
		   uint32_t arena_size);

/* Exact entry, wanted or not; NULL if there is none. */
struct bp *bp_find(const struct bp_table *t, enum bp_kind kind, uint64_t addr,
		   uint64_t len);
/*
 * For the trap path: a wanted entry of one of the kinds at this very address
 * (of several, the first found), or NULL.
 */
struct bp *bp_lookup(const struct bp_table *t, unsigned int kind_mask,
		     uint64_t addr);
/* For the trap path: a wanted Z2..Z4 of these kinds that covers any byte. */
struct bp *bp_lookup_watch(const struct bp_table *t, unsigned int kind_mask,
			   uint64_t addr, uint64_t len);

/*
 * Conditions are given as they will be kept: for each one a little-endian
 * uint16_t length and the bytecode (see bp_conditions_put()). Makes an entry or
 * marks the existing one wanted and replaces its conditions. -ENOSPC.
 */
int bp_insert(struct bp_table *t, enum bp_kind kind, uint64_t addr,
	      uint64_t len, const uint8_t *cond, size_t cond_len,
	      struct bp **bp);
/* Marks it unwanted, if it exists. */
void bp_remove(struct bp_table *t, enum bp_kind kind, uint64_t addr,
	       uint64_t len);
void bp_remove_all(struct bp_table *t);
/*
 * The machine has taken every unwanted entry out: drop them, and give the room
 * of their conditions back. Entries that stay keep their place.
 */
void bp_table_commit(struct bp_table *t);

/* Entries in no order: for (bp = bp_next(t, NULL); bp; bp = bp_next(t, bp)). */
struct bp *bp_next(const struct bp_table *t, const struct bp *bp);
/* Those touched since the last commit only. */
struct bp *bp_next_changed(const struct bp_table *t, const struct bp *bp);
/* Z2..Z4 only. */
struct bp *bp_next_watch(const struct bp_table *t, const struct bp *bp);

/* Condition number n of an entry, or NULL after the last one. */
const uint8_t *bp_condition(const struct bp_table *t, const struct bp *bp,
			    unsigned int n, size_t *len);
/*
 * Is this hit to be reported: it has no condition, or one of them is true or
 * cannot be evaluated (text in why then). ctx goes to target_agent_*().
 */
bool bp_should_stop(const struct bp_table *t, const struct bp *bp, void *ctx,
		    struct strbuf *why);

#endif
