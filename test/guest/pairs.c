/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * One CPU writes two equal halves by one instruction, again and again, another
 * reads them by one: with FEAT_LSE2 each is one access within 16 aligned bytes.
 */
#include "guest.h"

#define X_PAIR 0
#define W_PAIR 1
#define UNALIGNED 2 /* eight bytes over a double word */

/* The place, on a page for breakpoints. */
__attribute__((section(".area"), aligned(65536))) volatile uint8_t area[65536];

volatile uint64_t kind, rounds = 100000; /* set by the test */
volatile uint64_t have_lse2, torn, seen; /* how many values were different */
static volatile uint64_t running, stop;
static struct mmu mmu;

void put_x(uint64_t v, volatile void *p), put_w(uint64_t v, volatile void *p);
void put_u(uint64_t v, volatile void *p);
bool get_x(uint64_t v[2], const volatile void *p);
bool get_w(uint64_t v[2], const volatile void *p);
bool get_u(uint64_t v[2], const volatile void *p);
asm(".macro fn name\n .text\n .balign 4\n .global \\name\n"
    " .type \\name, %function\n\\name:\n .endm\n"
    "fn put_x\n stp x0, x0, [x1]\n ret\n"
    "fn put_w\n stp w0, w0, [x1]\n ret\n"
    "fn put_u\n bfi x0, x0, #32, #32\n put_u_at: str x0, [x1]\n ret\n"
    "fn get_x\n ldp x2, x3, [x1]\n stp x2, x3, [x0]\n ret\n"
    "fn get_w\n ldp w2, w3, [x1]\n stp x2, x3, [x0]\n ret\n"
    "fn get_u\n ldr x2, [x1]\n lsr x3, x2, #32\n mov w2, w2\n"
    " stp x2, x3, [x0]\n ret\n");

static volatile uint8_t *place(void)
{
	return area + 0x100 + (kind == UNALIGNED ? 4 : 0);
}

static void put(uint64_t v)
{
	if (kind == X_PAIR)
		put_x(v, place());
	else if (kind == W_PAIR)
		put_w(v, place());
	else
		put_u(v & 0xffffffff, place());
}

static void get(uint64_t v[2])
{
	if (kind == X_PAIR)
		get_x(v, place());
	else if (kind == W_PAIR)
		get_w(v, place());
	else
		get_u(v, place());
}

void secondary_main(uint64_t tcr)
{
	msr(mair_el1, 0x4400ff);
	msr(ttbr0_el1, mmu.root);
	msr(tcr_el1, tcr);
	msr(sctlr_el1, mrs(sctlr_el1) | 1 << 0 | 1 << 2 | 1 << 12);
	for (;;) {
		while (!running)
			;
		/* low and high half of each differ from the one before */
		for (uint64_t v = 1; !stop; v += 0x0000000100000001ull)
			put(v);
		running = 0;
	}
}

static void look(void)
{
	uint64_t v[2], last = 0;

	torn = 0;
	seen = 0;
	put(0);
	stop = 0;
	asm volatile("dsb ish" : : : "memory");
	running = 1;
	/* the other CPU may have to be waited for */
	for (uint64_t i = 0; i < rounds || (seen < 1000 && i < 2000 * rounds);
	     i++) {
		get(v);
		torn += v[0] != v[1];
		seen += v[0] != last;
		last = v[0];
	}
	stop = 1;
	while (running)
		;
}

int main(void)
{
	have_lse2 = mrs(S3_0_C0_C7_2) >> 32 & 15;
	mmu_init(&mmu, 12, 39);
	mmu_identity(&mmu);
	mmu_on(&mmu, NULL, 0);
	hvc(PSCI_CPU_ON, 1, (uint64_t)secondary_entry, mrs(tcr_el1));
	for (;;) {
		checkpoint(1);
		look();
	}
}
