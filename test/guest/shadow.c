/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Breakpoints on a page that is also data: the guest computes on it, patches,
 * checksums and runs it under another address. At each checkpoint the test says
 * what comes next.
 */
#include "forms.h"
#include "locks.h"

#define ALIAS 0x1000000000ull /* of the hot page */

extern uint8_t hot_start[], hot_end[], hot_room[];
extern volatile uint64_t hot_lock, hot_count;
extern uint64_t mix(void *room), patched(void);
void count_locked(uint64_t rounds);
void count_atomic(uint64_t rounds);

volatile uint64_t command = 0;
volatile uint64_t guarded, other_room;
volatile uint64_t result[16];
volatile uint64_t rounds = 200, running, go, have_lse, lock_number;
struct form_state state;
static uint8_t room[512] __attribute__((aligned(256)));
static struct mmu mmu;

static uint64_t checksum(const volatile uint32_t *p, const volatile uint32_t *end)
{
	uint64_t h = 1;

	while (p < end)
		h = h * 0x100000001b3ull + *p++;
	return h;
}

static void sync_code(uint64_t a)
{
	asm volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
		     : : "r"(a) : "memory");
}

/* 0: all of mix(), the registers afterwards in state */
static void do_mix(uint64_t alias)
{
	uint8_t *r = other_room ? room : hot_room;
	uint64_t before = exc[0].count;

	for (int i = 0; i < 512; i++)
		((volatile uint8_t *)r)[i] = (uint8_t)i;
	run_form((uint64_t)mix + alias, (uint64_t)r, &state);
	result[0] = checksum((uint32_t *)r, (uint32_t *)(r + 512));
	result[1] = exc[0].count - before;
}

/* 1: patch the code on the page, run it; each value must be the new one */
static void __attribute__((noinline)) do_patch(void)
{
	volatile uint32_t *p = (volatile uint32_t *)patched;

	result[0] = 0;
	for (uint32_t n = 0; n < 16; n++) {
		p[0] = 0xd2800000 | n << 5; /* movz x0, #n */
		sync_code((uint64_t)&p[0]);
		p[1] = 0x91000000 | (n * 3) << 10; /* add x0, x0, #3n */
		sync_code((uint64_t)&p[1]);
		if (patched() != 4 * n)
			result[0]++;
		if (p[0] != (0xd2800000 | n << 5))
			result[0] += 100;
	}
	p[0] = 0xd2800020;
	p[1] = 0x91000000;
	sync_code((uint64_t)p);
}

/* 7: the same with stores that lie in two pages, of code that does so */
static void do_patch_across(void)
{
	uint8_t *p = hot_start + 0x5000 - 4; /* behind all code */

	result[0] = 0;
	*(volatile uint32_t *)(p - 4) = 0xd503245f; /* bti c */
	*(volatile uint32_t *)(p + 8) = 0xd65f03c0; /* ret */
	for (uint64_t n = 0; n < 16; n++) {
		uint64_t v = 0xd2800000 | n << 5 |
			     (0x91000000 | (n * 3) << 10) << 32;

		asm volatile("str %0, [%1]" : : "r"(v), "r"(p) : "memory");
		sync_code((uint64_t)p);
		sync_code((uint64_t)p + 4);
		if (((uint64_t(*)(void))(p - 4))() != 4 * n)
			result[0]++;
	}
}

static void count(void)
{
	if (command == 2)
		count_locked(rounds);
	else if (command == 3)
		count_atomic(rounds);
	else
		lock_kinds[lock_number].run(rounds);
}

void secondary_main(uint64_t arg)
{
	msr(mair_el1, 0x4400ff);
	msr(ttbr0_el1, mmu.root);
	msr(tcr_el1, arg);
	msr(sctlr_el1, mrs(sctlr_el1) | 1 << 0 | 1 << 2 | 1 << 12);
	for (uint64_t seen = 0;;) {
		uint64_t now = go;

		if (now == seen) {
			asm volatile("wfe");
			continue;
		}
		seen = now;
		count();
		asm volatile("1: ldaxr x0, [%0]\n sub x0, x0, #1\n"
			     " stlxr w1, x0, [%0]\n cbnz w1, 1b"
			     : : "r"(&running) : "x0", "x1", "memory");
	}
}

/* 2, 3, 6: all CPUs count on the page: by a lock, by atomics, by lock_number's */
static void do_count(unsigned int cpus)
{
	hot_lock = 0;
	hot_count = 0;
	lock_reset(&lock_kinds[lock_number]);
	running = cpus - 1;
	asm volatile("dsb ish" : : : "memory");
	go++;
	asm volatile("dsb ish\n sev" : : : "memory");
	count();
	while (running)
		;
	result[0] = command != 6 ? hot_count :
		    lock_right(&lock_kinds[lock_number], cpus * rounds) ?
				   cpus * rounds :
				   lock_part(&lock_kinds[lock_number], 0);
	result[1] = cpus * rounds;
}

static void set_up(void)
{
	mmu_init(&mmu, 12, 39);
	/* the hot page by pages, so that it can be guarded */
	mmu_map(&mmu, (uint64_t)hot_start, (uint64_t)hot_start, 65536, 0);
	mmu_map(&mmu, ALIAS, (uint64_t)hot_start, 65536, 0);
	mmu_identity(&mmu);
	if (guarded) {
		mmu_map(&mmu, (uint64_t)hot_start, (uint64_t)hot_start, 65536,
			MMU_GP);
		/* PACIASP is a landing pad; all keys on */
		msr(S3_0_C2_C1_0, 0x1111);
		msr(S3_0_C2_C1_1, 0x2222);
		msr(S3_0_C2_C1_2, 0x3333);
		msr(sctlr_el1, mrs(sctlr_el1) | 1u << 31 | 1u << 30);
	}
	mmu_on(&mmu, NULL, 0);
}

int main(void)
{
	unsigned int cpus = 1;

	checkpoint(0);
	have_lse = mrs(id_aa64isar0_el1) >> 20 & 15;
	set_up();
	while (cpus < 4 && !hvc(PSCI_CPU_ON, cpus, (uint64_t)secondary_entry,
				mrs(tcr_el1)))
		cpus++;
	for (uint64_t n = 1;; n++) {
		checkpoint(n);
		for (unsigned int i = 0; i < 16; i++)
			result[i] = ~0ull;
		switch (command) {
		case 0:
			do_mix(0);
			break;
		case 1:
			do_patch();
			break;
		case 2:
		case 3:
		case 6:
			do_count(cpus);
			break;
		case 4:
			result[0] = checksum((uint32_t *)hot_start,
					     (uint32_t *)hot_room);
			break;
		case 7:
			do_patch_across();
			break;
		case 5:
			do_mix(ALIAS - (uint64_t)hot_start);
			break;
		}
	}
}
