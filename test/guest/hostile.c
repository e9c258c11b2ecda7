/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A guest that means no good: reads every system register there could be,
 * reaches for the monitor's memory, calls firmware at random. What it gets is
 * left for the test.
 */
#include "its.h"

#define ENCODINGS 32768 /* op0 2 and 3, op1, CRn, CRm, op2 */

volatile uint8_t status[ENCODINGS]; /* 1: a value; 2: undefined; 3: other */
volatile uint64_t value[ENCODINGS];
volatile uint64_t command, result[16], range_base, range_size,
	range_step = 4096;
volatile uint64_t seed = 1, tries = 4000;

extern const uint32_t writers[ENCODINGS][5]; /* writes.S */

extern uint32_t slot[2];
uint64_t call_slot(uint64_t x0);
asm(".section .hot, \"awx\"\n.balign 64\n.global slot, call_slot\n"
    ".type call_slot, %function\ncall_slot:\nslot: nop\n nop\n ret\n.text\n");

static volatile uint64_t faulted, return_to;

static bool on_fault(struct frame *f)
{
	if (f->vector & 3)
		return true; /* an interrupt or SError: never mind */
	if (f->esr >> 26 == 0x15)
		return false;
	faulted = f->esr;
	if (f->esr >> 26 == 0x21 || f->esr >> 26 == 0x22)
		f->elr = f->x[30]; /* a jump into nowhere */
	else
		f->elr += 4;
	return true;
}

static void put(uint32_t insn)
{
	*(volatile uint32_t *)slot = insn;
	asm volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
		     :
		     : "r"(slot)
		     : "memory");
}

static void read_registers(void)
{
	for (uint32_t e = 0; e < ENCODINGS; e++) {
		put(0xd5200000 | ((e + 2 * 16384) & 0xffff) << 5);
		faulted = 0;
		value[e] = call_slot(0x5a5a);
		status[e] = !faulted ? 1 : faulted >> 26 == 0 ? 2 : 3;
	}
}

/* Each page of a range: read, written, run. All must fault. */
static void reach(void)
{
	uint64_t done = 0, let = 0;

	for (uint64_t a = range_base; a < range_base + range_size;
	     a += range_step) {
		volatile uint64_t *p = (volatile uint64_t *)a;

		faulted = 0;
		(void)*p;
		let += !faulted;
		faulted = 0;
		*p = 0xdeadbeef;
		let += !faulted;
		faulted = 0;
		((void (*)(void))a)();
		let += !faulted;
		faulted = 0;
		asm volatile("dc civac, %0" : : "r"(a) : "memory");
		done++;
	}
	result[0] = done;
	result[1] = let;
}

static uint64_t next(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 16 ^ seed << 24;
}

/* Calls that do not end or sleep the machine, with any arguments. */
static void call_firmware(void)
{
	static const uint32_t family[] = {0x80000000, 0x84000000, 0xc4000000,
					  0xc6000000, 0x86000000, 0xc3000000,
					  0,	      0xffffffe0};
	uint64_t calls = 0;

	for (uint64_t i = 0; i < tries; i++) {
		uint32_t fn = family[next() & 7] | (next() & 31);
		uint32_t low = fn & 0x1f;

		if ((fn & ~0x40000000u) >> 5 == 0x84000000u >> 5 &&
		    (low == 1 || low == 2 || low == 8 || low == 9 ||
		     low == 12 || low == 13 || low == 14 || low == 18))
			continue;
		if (next() & 1)
			hvc(fn, next(), next(), next());
		else
			smc(fn, next(), next(), next());
		calls++;
	}
	result[0] = calls;
	result[1] = hvc(PSCI_VERSION, 0, 0, 0);
}

/* Any register, any value; what was there comes back. */
static void write_registers(void)
{
	uint64_t faults = 0;

	for (uint64_t i = 0; i < tries; i++) {
		uint64_t e = next() % ENCODINGS;

		if (e == ENCODINGS / 2 + (1 << 7)) /* SCTLR_EL1: the MMU */
			continue;
		faulted = 0;
		((void (*)(uint64_t, uint64_t, uint64_t))writers[e])(0, next(),
								     next());
		faults += !!faulted;
	}
	result[0] = tries - faults;
	result[1] = hvc(PSCI_VERSION, 0, 0, 0);
}

/* HVC and SMC with every immediate bit; BRK, UDF, HLT, DCPS, ERETAA. */
static void odd_instructions(void)
{
	static const uint32_t odd[] = {0xd4000002, 0xd4000003, 0xd4200000,
				       0xd4400000, 0xd4a00001, 0xd4a00002,
				       0xd4a00003, 0x00000000, 0xd69f0bff,
				       0xd51e1100, 0xd53c1000, 0xd51c1100};
	uint64_t faults = 0;

	for (unsigned int i = 0; i < sizeof(odd) / 4; i++)
		for (unsigned int bit = 0; bit < 16; bit++) {
			if (odd[i] == 0xd69f0bff && bit)
				break;
			put(odd[i] >> 24 == 0xd4 ? odd[i] | 32u << bit
						 : odd[i]);
			faulted = 0;
			call_slot(PSCI_VERSION);
			faults += !!faulted;
		}
	result[0] = faults;
}

#define TABLE_ADDRESS 0xffffffff0000ull

/* Does the register hold what was written, and may the GIC go by it? */
static bool took(uint64_t reg, uint64_t wanted)
{
	uint64_t now = read64(reg);

	return !((now ^ wanted) & TABLE_ADDRESS) &&
	       (reg >= GICR_OF(0) || now & GITS_VALID);
}

/* As a whole, and by halves in both orders; then what there was again. */
static uint64_t try_table(uint64_t reg, uint64_t wanted)
{
	uint64_t before = read64(reg), let = 0;

	write64(reg, wanted);
	let += took(reg, wanted);
	write64(reg, before);
	write32(reg, (uint32_t)wanted);
	write32(reg + 4, (uint32_t)(wanted >> 32));
	let += took(reg, wanted);
	write64(reg, before);
	write32(reg + 4, (uint32_t)(wanted >> 32));
	write32(reg, (uint32_t)wanted);
	let += took(reg, wanted);
	write64(reg, before);
	return let;
}

/* Tables of the GIC and the ITS at a place, and below it, reaching in. */
static void gic_tables(void)
{
	uint64_t at = range_base, below = at - 65536, let = 0;
	uint64_t mib = GITS_VALID | 2 << 8 | 255; /* of 4K or 64K pages */

	let += try_table(GICR + 0x70, at | 15);
	let += try_table(GICR + 0x70, (at - 4096) | 15);
	let += try_table(GICR + 0x78, at);
	let += try_table(GITS_CBASER, mib | at);
	let += try_table(GITS_CBASER, mib | below);
	for (uint64_t n = 0; n < 2; n++) {
		let += try_table(GITS_BASER(n), mib | at);
		let += try_table(GITS_BASER(n), mib | below);
	}
	result[0] = let;
}

int main(void)
{
	exc_hook = on_fault;
	for (uint64_t n = 0;; n++) {
		checkpoint(n);
		switch (command) {
		case 1:
			read_registers();
			break;
		case 2:
			reach();
			break;
		case 3:
			call_firmware();
			break;
		case 4:
			odd_instructions();
			break;
		case 5:
			write_registers();
			break;
		case 6:
			gic_tables();
			break;
		}
	}
}

void secondary_main(uint64_t arg)
{
}
