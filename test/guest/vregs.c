/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Holds values in all vector registers while the debugger, which is faster with
 * vector registers than without, moves memory: the test compares.
 */
#include "guest.h"

#define ZCR_EL1 S3_0_C1_C2_0
#define SMCR_EL1 S3_0_C1_C2_6

enum {
	V,
	SVE,
	STREAMING
};

void hold_v(void *from, void *to, volatile uint64_t *until);
void hold_z(void *from, void *to, volatile uint64_t *until);
void hold_streaming(void *from, void *to, volatile uint64_t *until);
uint64_t vector_bytes(void);

volatile uint64_t kind, length, until, rounds, bytes;
volatile uint8_t from[32 * 256], to[32 * 256];
/* What the debugger reads and writes. */
volatile uint8_t area[65536];

int main(void)
{
	static struct mmu m;

	for (unsigned int i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 7 + (i >> 8) + 1);
	msr(cpacr_el1, 3 << 16 | 3 << 20 | 3 << 24);
	mmu_init(&m, 12, 48);
	mmu_identity(&m);
	mmu_on(&m, 0, 0);
	for (;;) {
		until = 0;
		checkpoint(rounds);
		if (kind == V) {
			hold_v((void *)from, (void *)to, &until);
		} else if (kind == SVE) {
			msr(ZCR_EL1, length);
			bytes = vector_bytes();
			hold_z((void *)from, (void *)to, &until);
		} else {
			msr(SMCR_EL1, length);
			hold_streaming((void *)from, (void *)to, &until);
		}
		rounds++;
	}
}

void secondary_main(uint64_t arg)
{
}
