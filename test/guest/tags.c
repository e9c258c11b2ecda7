/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What memory tags (FEAT_MTE2) make of accesses: all forms, with a pointer that
 * has the tag of both its granules of 16 bytes, of one, of none, in all modes of
 * SCTLR_EL1.TCF and TCF0. Printed; test_guest_tags.py compares machines.
 */
#include "guest.h"

#define GRANULES 8
#define MINE 5
#define OTHER 9

#define SCTLR_TCF(n) ((uint64_t)(n) << 40 | (uint64_t)(n) << 38)
#define SCTLR_ATA (1ull << 43 | 1ull << 42)
#define TFSR_EL1 S3_0_C5_C6_0
#define TFSRE0_EL1 S3_0_C5_C6_1
#define TCO S3_3_C4_C2_7

struct form {
	const char *name;
	uint64_t (*access)(void *p, uint64_t v);
};

/* The place, on a page for breakpoints and watchpoints. */
__attribute__((section(".area"), aligned(65536))) volatile uint8_t area[65536];

extern const struct form forms[], forms_mops[];
void set_tag(void *p);
uint64_t get_tag(void *p);

static struct mmu mmu;
static uint64_t faults, esr, far;

static bool on_fault(struct frame *f)
{
	if (f->vector & 3)
		return false;
	faults++;
	esr = f->esr;
	far = f->far & 0x0fffffffffffffff; /* the rest may be anything */
	f->elr += 4;
	return true;
}

static void *tagged(uint64_t offset, uint64_t tag)
{
	return (void *)((uint64_t)(area + 0x100 + offset) | tag << 56);
}

/* Known bytes; the first granule with one tag, those behind it with another. */
static void prepare(uint64_t first, uint64_t others)
{
	volatile uint64_t *p = tagged(0, 0);

	for (unsigned int i = 0; i < GRANULES; i++)
		set_tag(tagged(16 * i, i ? others : first));
	for (unsigned int i = 0; i < 2 * GRANULES; i++)
		p[i] = 0x0101010101010101ull * (i + 1);
}

static uint64_t sum(void)
{
	volatile uint64_t *p = tagged(0, 0);
	uint64_t v = 0;

	msr(TCO, 1ull << 25);
	for (unsigned int i = 0; i < 2 * GRANULES; i++)
		v = v * 31 + p[i];
	for (unsigned int i = 0; i < GRANULES; i++)
		v = v * 31 + get_tag(tagged(16 * i, 0));
	return v;
}

static void one(const struct form *f, uint64_t tcf, uint64_t first,
		uint64_t others, uint64_t tco)
{
	uint64_t was = mrs(sctlr_el1), got;

	prepare(first, others);
	faults = esr = far = 0;
	msr(TFSR_EL1, 0);
	msr(TFSRE0_EL1, 0);
	msr(sctlr_el1, was | SCTLR_ATA | SCTLR_TCF(tcf));
	msr(TCO, tco << 25);
	got = f->access(tagged(0, MINE), 0xdeadbeefcafef00d);
	asm volatile("dsb ish" : : : "memory");
	msr(sctlr_el1, was | SCTLR_ATA);
	asm volatile("dsb ish\n isb" : : : "memory");
	print(f->name);
	print(" ");
	print_answer("tags", first, others, got);
	print_answer("  mode", tcf, tco, sum());
	print_answer("  faults", faults, 0, esr);
	print_answer("  where", mrs(TFSR_EL1), mrs(TFSRE0_EL1), far);
	msr(TCO, 0);
}

static void all(const struct form *f)
{
	uint64_t modes = mrs(id_aa64pfr1_el1) >> 8 & 15;

	for (; f->name; f++)
		for (uint64_t tcf = 0; tcf <= modes; tcf++) {
			one(f, tcf, MINE, MINE, 0);
			one(f, tcf, MINE, OTHER, 0);
			one(f, tcf, OTHER, MINE, 0);
			one(f, tcf, OTHER, OTHER, 0);
			one(f, tcf, OTHER, OTHER, 1);
		}
}

void secondary_main(uint64_t arg)
{
}

int main(void)
{
	if ((mrs(id_aa64pfr1_el1) >> 8 & 15) < 2) {
		print("no tags\n");
		finish();
	}
	exc_hook = on_fault;
	wait_for_listener();
	msr(cpacr_el1, 3 << 20);
	mmu_init(&mmu, 12, 39);
	mmu_identity(&mmu);
	mmu_on(&mmu, NULL, 1ull << 37); /* TBI0 */
	msr(mair_el1, 0x4400f0); /* all RAM has tags */
	mmu_flush();
	checkpoint(1);
	all(forms);
	if (mrs(S3_0_C0_C6_2) >> 16 & 15)
		all(forms_mops);
	finish();
}
