/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Ticket-less spin lock for EL2; held briefly, interrupts are masked there. */
#ifndef ARCH_LOCK_H
#define ARCH_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct spinlock {
	uint32_t held;
};

static inline bool spin_trylock(struct spinlock *l)
{
	return !__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE);
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
