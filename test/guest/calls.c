/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Firmware called by every means with functions that are there and that are
 * not: what comes back in X0 to X3, and whether the rest of the registers is
 * kept, as text.
 */
#include "guest.h"

extern uint64_t call_hvc(uint64_t *regs), call_smc(uint64_t *regs);
asm(".macro caller name, insn\n"
    "	.global \\name\n	.type \\name, %function\n\\name:\n"
    "	stp	x29, x30, [sp, #-16]!\n"
    "	mov	x18, x0\n"
    "	ldp	x0, x1, [x18]\n"
    "	ldp	x2, x3, [x18, #16]\n"
    "	mov	x4, #0x44\n	mov	x7, #0x77\n	mov	x17, #0x11\n"
    "	\\insn	#0\n"
    "	stp	x0, x1, [x18]\n"
    "	stp	x2, x3, [x18, #16]\n"
    "	sub	x0, x4, #0x44\n"
    "	sub	x7, x7, #0x77\n"
    "	sub	x17, x17, #0x11\n"
    "	orr	x0, x0, x7\n"
    "	orr	x0, x0, x17\n"
    "	ldp	x29, x30, [sp], #16\n"
    "	ret\n	.endm\n"
    "	caller	call_hvc, hvc\n"
    "	caller	call_smc, smc\n");

static volatile uint64_t last_esr;

static bool on_fault(struct frame *f)
{
	if (f->vector & 3)
		return true;
	last_esr = f->esr;
	f->elr += 4;
	return true;
}

static void call(const char *how, uint64_t (*do_it)(uint64_t *), uint64_t fn)
{
	uint64_t regs[4] = {fn, 0x1111, 0x2222, 0x3333}, changed;

	last_esr = 0;
	changed = do_it(regs);
	print(how);
	print(" ");
	print_hex(fn);
	for (int i = 0; i < 4; i++) {
		print(" ");
		print_hex(regs[i]);
	}
	if (last_esr) {
		print(" faulted ");
		print_hex(last_esr);
	}
	print(changed ? " and more changed\n" : "\n");
}

/* Those that end, sleep or start the machine or a CPU. */
static bool left_out(uint64_t fn)
{
	uint64_t low = fn & 0x1f;

	if (fn == 0x95c1ba5e || fn == 0x95c1ba5f) /* PSCI 0.1 on QEMU */
		return true;
	return (fn & ~0x4000001full) == 0x84000000 &&
	       (low == 1 || low == 2 || low == 8 || low == 9 || low == 12 ||
		low == 13 || low == 14 || low == 18);
}

int main(void)
{
	static const uint64_t family[] = {0,	      0x80000000, 0x84000000,
					  0xc4000000, 0x86000000, 0xc3000000,
					  0x95c1ba50, 0xbf000000, 0xffffffe0};

	exc_hook = on_fault;
	wait_for_listener();
	for (unsigned int f = 0; f < sizeof(family) / 8; f++)
		for (uint64_t n = 0; n < 32; n++) {
			if (left_out((uint32_t)(family[f] + n)))
				continue;
			call("hvc", call_hvc, family[f] + n);
			call("smc", call_smc, family[f] + n);
		}
	return 0;
}

void secondary_main(uint64_t arg)
{
}
