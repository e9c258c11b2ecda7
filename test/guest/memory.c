/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Address spaces of any granule, low and high, which the test reads and writes
 * through the debugger: the guest lays them out and says what it reads itself.
 */
#include "guest.h"

#define LOW 0x10000000000ull /* page p at LOW + p pages, in TTBR0 */

volatile uint64_t shift = 12, bits = 48;
volatile uint64_t low_base, high_base, page_size, done;
volatile uint64_t result[8];
__attribute__((section(".area"), aligned(65536))) volatile uint8_t area[4 * 65536];

static struct mmu low, high;

/* The pages lie in reverse order, the third of four is not mapped. */
static void lay_out(struct mmu *m, uint64_t base)
{
	for (unsigned int i = 0; i < 4; i++)
		if (i != 2)
			mmu_map(m, base + i * page_size,
				(uint64_t)area + (3 - i) * page_size, page_size,
				MMU_NORMAL);
}

int main(void)
{
	checkpoint(0);
	page_size = 1ull << shift;
	low_base = bits > 48 ? 1ull << (bits - 1) :
		   bits > 41 ? LOW :
		   bits > 33 ? 0x100000000ull : 0xc0000000;
	high_base = ~0ull << bits;
	for (unsigned int i = 0; i < sizeof(area); i++)
		area[i] = (uint8_t)(i >> 12 ^ i);
	mmu_init(&low, (unsigned int)shift, (unsigned int)bits);
	mmu_init(&high, (unsigned int)shift, (unsigned int)bits);
	lay_out(&low, low_base);
	lay_out(&high, high_base);
	mmu_identity(&low);
	mmu_on(&low, &high, 0);
	for (uint64_t n = 1;; n++) {
		checkpoint(n);
		for (unsigned int i = 0; i < 4; i++) {
			result[i] = i == 2 ? 0 :
				*(volatile uint64_t *)(low_base + i * page_size + 8);
			result[4 + i] = i == 2 ? 0 :
				*(volatile uint64_t *)(high_base + i * page_size + 8);
		}
		done = n;
	}
}

void secondary_main(uint64_t arg)
{
}
