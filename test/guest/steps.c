/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Stepping: two CPUs, a lock, lines that loop and call. */
#include "guest.h"

volatile uint64_t ticks[MAX_CPUS];
volatile uint64_t handoff, total;

void secondary_main(uint64_t arg)
{
	for (;;) {
		ticks[cpu_id()]++;
		if (handoff == 1) {
			for (volatile int i = 0; i < 2000; i++)
				;
			handoff = 2;
		}
	}
}

static __attribute__((noinline)) uint64_t work(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		total += i;
	return total;
}

/* The other CPU has to run for this to come back. */
static __attribute__((noinline)) void ask_other(void)
{
	handoff = 1;
	while (handoff != 2)
		;
}

__attribute__((noinline)) static uint64_t lines(void)
{
	uint64_t v = 1;

	for (int i = 0; i < 3000; i++) v = v * 5 + (uint64_t)i;
	v += work(1000);
	ask_other();
	return v;
}

/* The entry of an address that is not mapped, in a table with others. */
#define UNMAPPED 0x1000001000ull

void case_table_retries(volatile uint64_t *entry);
void table_retries(void);

/* The test comes here by PC. */
void __attribute__((noinline, used)) table_retries(void)
{
	static struct mmu mmu;

	mmu_init(&mmu, 12, 39);
	mmu_identity(&mmu);
	mmu_map(&mmu, UNMAPPED - 4096, (uint64_t)ticks & ~4095ull, 4096, 0);
	mmu_on(&mmu, NULL, 0);
	case_table_retries(mmu_entry(&mmu, UNMAPPED));
}

int main(void)
{
	hvc(PSCI_CPU_ON, 1, (uint64_t)secondary_entry, 0);
	for (uint64_t n = 0;; n++) {
		checkpoint(n);
		lines();
	}
}
