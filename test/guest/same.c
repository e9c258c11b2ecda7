/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What a CPU is given: its registers at its first instruction, then every
 * system register that can be read, on each CPU; as lines of text, so that no
 * debugger is needed. test_same_registers.py compares machines.
 */
#include "guest.h"
#include "same.h"

#define ENCODINGS 32768 /* op0 2 and 3, op1, CRn, CRm, op2 */

extern uint64_t same_entry[16][1 << (SAME_SHIFT - 3)];
extern const uint32_t same_readers[ENCODINGS][2];
void same_secondary(void);

static uint64_t value[ENCODINGS], fault[ENCODINGS];
static volatile uint64_t faulted[MAX_CPUS];
static volatile uint64_t turn;

static bool on_fault(struct frame *f)
{
	if (f->vector & 3)
		return false;
	faulted[cpu_id()] = f->esr | 1ull << 63;
	f->elr += 4;
	return true;
}

/* All are read before the first is told: printing calls nothing but stores. */
static void read_all(const char *what, const char *refused)
{
	unsigned int cpu = cpu_id();

	for (unsigned int e = 0; e < ENCODINGS; e++) {
		uint64_t (*reader)(uint64_t) =
			(uint64_t(*)(uint64_t))same_readers[e];

		faulted[cpu] = 0;
		value[e] = reader(0x5a5a);
		fault[e] = faulted[cpu];
	}
	for (unsigned int e = 0; e < ENCODINGS; e++)
		if (!fault[e])
			print_answer(what, cpu_id(), e, value[e]);
		else if (fault[e] << 1 >> 27) /* not just undefined */
			print_answer(refused, cpu_id(), e, fault[e] << 1 >> 1);
}

static void caches(void)
{
	for (uint64_t c = 0; c < 14; c++) {
		msr(csselr_el1, c);
		print_answer("cache", cpu_id(), c, mrs(ccsidr_el1));
	}
	msr(csselr_el1, 0);
}

static void one_cpu(void)
{
	const uint64_t *mine = same_entry[cpu_id()];

	for (unsigned int n = 0; n < SAME_WORDS; n++)
		print_answer("entry", cpu_id(), n, mine[n]);
	read_all("first", "refused");
	/* FP, SVE, SME: nothing traps */
	msr(cpacr_el1, 3 << 16 | 3 << 20 | 3 << 24);
	read_all("open", "shut");
	caches();
}

static uint32_t big_endian(uint64_t address)
{
	return __builtin_bswap32(read32(address));
}

/* The device tree as it came, in words. */
static void tree(void)
{
	uint64_t at = same_entry[0][0];
	uint32_t structure = big_endian(at + 8) + big_endian(at + 36);
	uint32_t strings = big_endian(at + 12) + big_endian(at + 32);
	uint32_t size = structure > strings ? structure : strings;

	for (uint32_t n = 0; n < size; n += 4)
		print_answer("tree", cpu_id(), n, big_endian(at + n));
}

int main(void)
{
	exc_hook = on_fault;
	wait_for_listener();
	one_cpu();
	tree();
	for (uint64_t n = 1; n < MAX_CPUS; n++) {
		uint64_t r;

		turn = n;
		r = hvc(PSCI_CPU_ON, n, (uint64_t)same_secondary, 0x1234 + n);
		if (r) {
			print_answer("refusal", cpu_id(), n, r);
			break;
		}
		while (turn == n)
			asm volatile("yield");
	}
	return 0;
}

void secondary_main(uint64_t arg)
{
	one_cpu();
	turn = 0;
	for (;;)
		asm volatile("wfi");
}
