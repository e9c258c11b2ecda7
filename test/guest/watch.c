/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Does every form of load and store at one place and leaves all that came of
 * it, for a test that has a watchpoint, or a breakpoint in that page. The place
 * is in RAM, or in a PCI device's memory (ivshmem-plain, BAR 2).
 */
#include "forms.h"

/* The place; code lies on the same page, for breakpoints. */
__attribute__((section(".area"), aligned(65536))) volatile uint8_t area[4 * 65536];

volatile uint64_t place; /* where the forms are done */
volatile uint64_t in_device; /* it is in the device, set by the test */
volatile uint64_t unaligned; /* place is not aligned: leave out the loops */
volatile uint64_t faults; /* so many exceptions in all of them */
volatile uint64_t only; /* index + 1 of the one form to be done; 0: all */

/* What came of each: a sum of the registers; and how often. */
struct outcome {
	uint64_t regs, count;
};
volatile struct outcome outcome[200];
volatile uint64_t memory; /* a sum of the place after all of them */
struct form_state state;

static struct mmu mmu;

static uint64_t sum(const volatile uint64_t *p, size_t words)
{
	uint64_t h = 0xcbf29ce484222325ull;

	while (words--) {
		h = (h ^ *p++) * 0x100000001b3ull;
		h ^= h >> 29;
	}
	return h;
}

static void fill(volatile uint64_t *p, size_t words)
{
	uint64_t v = 0x0123456789abcdefull;

	while (words--) {
		*p++ = v;
		v = v * 0x5851f42d4c957f2dull + 0x14057b7ef767814full;
	}
}

uint64_t have_features(void)
{
	uint64_t isar0 = mrs(id_aa64isar0_el1), isar1 = mrs(id_aa64isar1_el1);

	return 8 | (isar0 >> 20 & 15 ? FEATURE_LSE : 0) |
	       ((isar1 >> 20 & 15) >= 1 ? FEATURE_RCPC : 0) |
	       ((isar1 >> 20 & 15) >= 2 ? FEATURE_MAX : 0);
}

static void all_forms(void)
{
	uint64_t have = have_features() & ~(unaligned ? 8ull : 0);
	uint64_t before = exc[0].count;

	for (unsigned int i = 0; &forms[i] < forms_end; i++) {
		if ((only && only != i + 1) || forms[i].feature & ~have)
			continue;
		run_form(forms[i].code, place, &state);
		outcome[i].regs = sum((uint64_t *)&state, sizeof(state) / 8);
		outcome[i].count++;
	}
	faults = exc[0].count - before;
}

int main(void)
{
	checkpoint(0);
	if (in_device)
		ivshmem_map();
	/* pages of its own, open to EL0 for LDTR and STTR */
	mmu_init(&mmu, 12, 39);
	mmu_map(&mmu, (uint64_t)area, (uint64_t)area, sizeof(area), MMU_USER);
	mmu_identity(&mmu);
	mmu_map(&mmu, (uint64_t)area, (uint64_t)area, sizeof(area), MMU_USER);
	/* prefetchable memory, as drivers map it */
	mmu_map(&mmu, IVSHMEM_WINDOW, IVSHMEM_WINDOW, 2 << 20, MMU_USER | MMU_NC);
	place = (in_device ? IVSHMEM_WINDOW : (uint64_t)area) + 0x1100;
	mmu_on(&mmu, NULL, 0);
	for (uint64_t n = 1;; n++) {
		volatile uint64_t *window = (volatile uint64_t *)((place - 128) & ~7ull);

		fill(window, 64);
		checkpoint(2 * n); /* only from here to the next is the place watched */
		all_forms();
		checkpoint(2 * n + 1);
		memory = sum(window, 64);
	}
}

void secondary_main(uint64_t arg)
{
}
