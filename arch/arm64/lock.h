/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Ticket-less spin lock for EL2; held briefly, interrupts are masked there. */
#ifndef ARCH_LOCK_H
#define ARCH_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

struct spinlock {
	uint32_t held; /* 0, or who holds it */
};

/* This CPU's mark: TPIDR_EL2 is its struct cpu, aligned; never 0. */
static inline uint32_t spin_mark(void)
{
	uint64_t c;

	asm volatile("mrs %0, tpidr_el2" : "=r"(c));
	return (uint32_t)c | 1;
}

static inline bool spin_trylock(struct spinlock *l)
{
	uint32_t nobody = 0;

	return __atomic_compare_exchange_n(&l->held, &nobody, spin_mark(),
					   false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline bool spin_is_held_by(const struct spinlock *l,
				   const struct cpu *c)
{
	return __atomic_load_n(&l->held, __ATOMIC_RELAXED) ==
	       ((uint32_t)(uint64_t)c | 1);
}

/* After a fault of a CPU: free it if that one held it. */
static inline void spin_break(struct spinlock *l, const struct cpu *c)
{
	if (spin_is_held_by(l, c))
		__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

static inline void spin_lock(struct spinlock *l)
{
	while (!spin_trylock(l))
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			asm volatile("yield");
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#endif
