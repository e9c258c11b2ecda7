/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Writes patterns to every system register there could be, reads them back and
 * restores what was there: which accesses are undefined, which bits stay, as
 * text. The instructions are in writes.S.
 */
#include "guest.h"

#define ENCODINGS 32768 /* op0 2 and 3, op1, CRn, CRm, op2 */
#define PATTERNS 3
#define SCTLR_EL1 (16384 + (1 << 7)) /* would turn the MMU on */

extern const uint32_t writers[ENCODINGS][5];

struct answer {
	uint64_t value;
	uint64_t faults; /* bit n: the n-th instruction */
};

static struct answer answers[PATTERNS][ENCODINGS];
static volatile uint64_t faults;

static bool on_fault(struct frame *f)
{
	uint64_t at = f->elr - (uint64_t)writers;

	if (f->vector & 3)
		return true;
	/* undefined, or trapped: 8 bits each */
	faults |= (f->esr >> 26 == 0 ? 1ull : 2ull)
		  << (at % sizeof(writers[0]) / 4 * 8);
	f->elr += 4;
	return true;
}

static void write_all(unsigned int p, uint64_t pattern)
{
	for (unsigned int e = 0; e < ENCODINGS; e++) {
		uint64_t (*write)(uint64_t, uint64_t, uint64_t) =
			(uint64_t (*)(uint64_t, uint64_t, uint64_t))writers[e];

		faults = 0;
		if (e == SCTLR_EL1)
			continue;
		answers[p][e].value = write(0x5a5a, pattern, 0);
		answers[p][e].faults = faults;
	}
}

int main(void)
{
	static const uint64_t patterns[PATTERNS] = { ~0ull, 0,
						     0x5555555555555555 };

	exc_hook = on_fault;
	wait_for_listener();
	msr(cpacr_el1, 3 << 16 | 3 << 20 | 3 << 24);
	for (unsigned int p = 0; p < PATTERNS; p++)
		write_all(p, patterns[p]);
	for (unsigned int p = 0; p < PATTERNS; p++)
		for (unsigned int e = 0; e < ENCODINGS; e++) {
			const struct answer *a = &answers[p][e];

			if (a->faults == 0x01010101)
				continue;
			print_answer("value", p, e, a->value);
			if (a->faults)
				print_answer("fault", p, e, a->faults);
		}
	return 0;
}

void secondary_main(uint64_t arg)
{
}
