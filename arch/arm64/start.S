/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Entry from a Linux boot loader (image offset 0), self-relocation, and the entry
 * of secondary CPUs. MMU off, any load address that is 4K aligned.
 */
#include "asm.h"

	.section .head.text, "ax"

/* arm64 Linux Image header (Documentation/arch/arm64/booting.rst). */
	.globl	_start
_start:
	b	linux_entry
	.word	0
	.quad	0x80000			/* text_offset: beside a Linux at 2 MiB */
	.quad	_image_end		/* image_size, with .bss */
	.quad	(1 << 3) | (1 << 1)	/* anywhere in RAM, 4K pages */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.word	0

/*
 * In: x0 = FDT, MMU off.  Never returns.
 * Relocates in place, asks boot_early() where to live, moves there.
 */
linux_entry:
	msr	daifset, #15
	mov	x19, x0			/* FDT */
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	1f
	/* FP on for libfdt; boot_main() gives CPTR_EL2 its final value. */
	mrs	x1, hcr_el2
	mov	x2, #0x33ff
	mov	x3, #(3 << 20)
	tst	x1, #(1 << 34)
	csel	x2, x2, x3, eq
	msr	cptr_el2, x2
	b	2f
1:	cmp	x1, #(1 << 2)
	b.ne	2f
	mov	x2, #(3 << 20)
	msr	cpacr_el1, x2
2:	isb				/* orders the FP enable before its use */
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	3f
	adrp	x1, el2_vectors		/* a fault from here on is told */
	add	x1, x1, :lo12:el2_vectors
	msr	vbar_el2, x1
	msr	tpidr_el2, xzr
	/*
	 * Memory is Device memory while the MMU is off, where an unaligned
	 * access faults. Have it so on models that would let it pass, too;
	 * mmu_sctlr() takes it back.
	 */
	mrs	x1, sctlr_el2
	orr	x1, x1, #(1 << 1)	/* A */
	msr	sctlr_el2, x1
	isb				/* orders the vectors before a fault */
3:
	bl	clear_bss
	bl	relocate
	adrp	x1, _boot_stack_end
	add	sp, x1, :lo12:_boot_stack_end
	mov	x0, x19
	adrp	x1, _image_start
	bl	boot_early		/* x0 = new base, or 0: nothing to do here */
	cbz	x0, halt
	/* Continue in the copy: same code, other base. */
	adrp	x1, _image_start
	adr	x2, moved
	sub	x2, x2, x1
	add	x2, x2, x0
	dsb	sy			/* orders the copy before its execution */
	ic	iallu
	dsb	sy			/* orders the invalidation before the jump */
	isb
	br	x2
moved:
	adrp	x1, el2_vectors		/* those of this copy */
	add	x1, x1, :lo12:el2_vectors
	msr	vbar_el2, x1
	isb				/* orders the vectors before a fault */
	bl	relocate
	adrp	x1, _boot_stack_end
	add	sp, x1, :lo12:_boot_stack_end
	mov	x29, xzr
	bl	boot_main		/* never returns */
halt:
	wfi
	b	halt

/* Apply R_AARCH64_RELATIVE for where we are. Clobbers x1-x6. */
relocate:
	adrp	x1, _image_start
	adrp	x2, _rela_start
	add	x2, x2, :lo12:_rela_start
	adrp	x3, _rela_end
	add	x3, x3, :lo12:_rela_end
1:	cmp	x2, x3
	b.hs	2f
	ldp	x4, x5, [x2], #16	/* offset, info */
	ldr	x6, [x2], #8		/* addend */
	cmp	w5, #1027		/* R_AARCH64_RELATIVE */
	b.ne	1b
	add	x6, x6, x1
	str	x6, [x1, x4]
	b	1b
2:	ret

/* Clobbers x1, x2. */
clear_bss:
	adrp	x1, _bss_start
	add	x1, x1, :lo12:_bss_start
	adrp	x2, _image_end
	add	x2, x2, :lo12:_image_end
1:	stp	xzr, xzr, [x1], #16
	cmp	x1, x2
	b.lo	1b
	ret

/*
 * Entry of a CPU that PSCI started. In: x0 = struct cpu_boot, MMU off, EL2.
 * Turns the MMU on with the tables of the first CPU and goes to C.
 */
	.globl	secondary_entry
secondary_entry:
	msr	daifset, #15
	ldr	x1, [x0, #BOOT_HCR]
	msr	hcr_el2, x1
	isb				/* orders E2H before the registers it renames */
	ldr	x1, [x0, #BOOT_MAIR]
	msr	mair_el2, x1
	ldr	x1, [x0, #BOOT_TCR]
	msr	tcr_el2, x1
	ldr	x1, [x0, #BOOT_TTBR]
	msr	ttbr0_el2, x1
	ldr	x2, [x0, #BOOT_STACK]
	ldr	x3, [x0, #BOOT_CPU]
	ldr	x4, [x0, #BOOT_SCTLR]
	bl	el2_mmu_on
	mov	sp, x2
	msr	tpidr_el2, x3
	mov	x0, x3
	mov	x29, xzr
	bl	cpu_start_secondary	/* never returns */
	b	halt

/*
 * void el2_mmu_on(void): x4 = SCTLR_EL2 with M. The tables are in place;
 * identity mapped, so the next instruction is where it was.
 */
	.globl	el2_mmu_on
el2_mmu_on:
	tlbi	alle2
	ic	iallu
	dsb	sy			/* orders tables and TLBI before M=1 */
	isb
	msr	sctlr_el2, x4
	isb				/* orders M=1 before the next fetch */
	ret

/* void el2_mmu_enable(uint64_t sctlr) for C. */
	.globl	el2_mmu_enable
el2_mmu_enable:
	mov	x4, x0
	b	el2_mmu_on

/* void stack_switch(uint64_t sp, void (*fn)(void *), void *arg): no return. */
	.globl	stack_switch
stack_switch:
	mov	sp, x0
	mov	x29, xzr
	mov	x0, x2
	blr	x1
	b	halt
