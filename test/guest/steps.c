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

int main(void)
{
	hvc(PSCI_CPU_ON, 1, (uint64_t)secondary_entry, 0);
	for (uint64_t n = 0;; n++) {
		checkpoint(n);
		lines();
	}
}
