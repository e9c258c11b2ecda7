/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Does one copy or set by FEAT_MOPS in each round, of what the test says, in RAM or
 * in a PCI device's memory (ivshmem-plain, BAR 2).
 */
#include "guest.h"

#define ALIAS 0x1000000000ull /* of the area, where EL1 may run it */
#define AREA 0x24000 /* nine pages beyond two of 64K */

typedef void op_fn(uint64_t to, uint64_t from, uint64_t n, uint64_t after[4]);
op_fn op_set, op_sett, op_cpyf, op_cpy, op_cpyt, op_setg;

extern const uint32_t code_one[], code_two[], code_end[];

__attribute__((section(".area"), aligned(65536))) volatile uint8_t area[AREA];

volatile uint64_t have_mops, base; /* where the bytes are */
volatile uint64_t in_device; /* set by the test */
/* What is to be done; offsets in the area, but of a set's byte. */
volatile uint64_t op, to, from, n;
uint64_t after[4]; /* x0, x1, x2, NZCV; or ESR, where it ended by a fault */
volatile uint64_t faults, far, returned;

static op_fn *const ops[] = { op_set, op_sett, op_cpyf, op_cpy, op_cpyt,
			       op_setg };
static struct mmu mmu;

static void fill(void)
{
	for (uint64_t i = 0; i < AREA - 4096; i++)
		*(volatile uint8_t *)(base + i) = (uint8_t)(i * 7 + i / 256);
}

/* It faulted: leave it there. */
static bool on_fault(struct frame *f)
{
	after[0] = f->x[0];
	after[1] = f->x[1];
	after[2] = f->x[2];
	after[3] = f->esr;
	far = f->far;
	f->elr = f->x[30];
	return true;
}

static void sync_code(uint64_t a)
{
	asm volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
		     : : "r"(a) : "memory");
}

/*
 * The end of what is copied has code, which is run: first one, then the other, with
 * no stop between.
 */
static void copy_code(void)
{
	uint64_t at = from + n - 64, words = (uint64_t)(code_two - code_one);
	const uint32_t *code[] = { code_one, code_two };

	for (unsigned int k = 0; k < 2; k++) {
		for (unsigned int i = 0; i < words; i++)
			*(volatile uint32_t *)(base + at + 4 * i) = code[k][i];
		ops[op](base + to, base + from, n, after);
		sync_code(ALIAS + to + n - 64);
		returned = returned << 16 |
			   ((uint64_t(*)(void))(ALIAS + to + n - 64))();
	}
}

int main(void)
{
	checkpoint(0);
	have_mops = mrs(S3_0_C0_C6_2) >> 16 & 15;
	if (in_device)
		ivshmem_map();
	base = in_device ? IVSHMEM_WINDOW : (uint64_t)area;
	/* pages of its own, open to EL0; the last of them is not there */
	mmu_init(&mmu, 12, 39);
	mmu_map(&mmu, base, base, AREA, 0);
	mmu_identity(&mmu);
	mmu_map(&mmu, base, base, AREA, MMU_USER | (in_device ? MMU_NC : 0));
	*mmu_entry(&mmu, base + AREA - 4096) = 0;
	mmu_map(&mmu, ALIAS, base, AREA, 0);
	mmu_on(&mmu, NULL, 0);
	exc_hook = on_fault;
	for (;;) {
		checkpoint(1);
		after[0] = after[1] = after[2] = after[3] = 0;
		returned = 0;
		faults = exc[0].count;
		if (op >= 100) {
			op -= 100;
			copy_code();
		} else {
			bool is_set = op < 2 || op > 4;

			fill();
			checkpoint(2);
			ops[op](base + to, is_set ? from : base + from, n,
				after);
		}
		faults = exc[0].count - faults;
		checkpoint(3);
	}
}

void secondary_main(uint64_t arg)
{
}
