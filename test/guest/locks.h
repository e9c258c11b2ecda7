/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The kinds of locks and atomics in locks.S; their code, words and counters share pages. */
#ifndef TEST_LOCKS_H
#define TEST_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct lock_kind {
	const char *name; /* NULL: the end */
	void (*run)(uint64_t rounds);
	void *count; /* of `bits`; a pair's second one behind it counts by 3 */
	uint32_t bits, pair, lse, slow; /* slow: waits for its turn */
};

extern const struct lock_kind lock_kinds[];
extern volatile uint64_t lock_word[2];
void lock_called(void);

static inline void lock_reset(const struct lock_kind *k)
{
	volatile uint64_t *count = k->count;

	count[0] = count[1] = lock_word[0] = 0;
}

static inline uint64_t lock_mask(const struct lock_kind *k)
{
	return k->bits == 64 ? ~0ull : (1ull << k->bits) - 1;
}

static inline uint64_t lock_part(const struct lock_kind *k, unsigned int n)
{
	const volatile uint8_t *at = (const volatile uint8_t *)k->count +
				     n * k->bits / 8;

	return (k->bits == 64 ? *(const volatile uint64_t *)at :
				*(const volatile uint32_t *)at) & lock_mask(k);
}

/* Is it what so many rounds of all together make? */
static inline bool lock_right(const struct lock_kind *k, uint64_t rounds)
{
	return lock_part(k, 0) == (rounds & lock_mask(k)) &&
	       (!k->pair || lock_part(k, 1) == (3 * rounds & lock_mask(k)));
}

#endif
