/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Accesses that may fault: each instruction that may has an entry in .fixup
 * (its address, where to go on), relative to the entry itself.
 */
	.macro	guard at, to
	.pushsection .fixup, "a"
	.word	\at - ., \to - .
	.popsection
	.endm

	.text

/*
 * int guarded_read(uint64_t addr, unsigned int size, uint64_t *value)
 * One load of 1, 2, 4 or 8 bytes, or one LDP of 16 to value[2]. 0, or -EFAULT (-14).
 * An asynchronous abort is waited for (dsb), taken, and counted as its fault.
 */
	.globl	guarded_read
guarded_read:
	cmp	w1, #8
	b.hi	16f
	b.eq	8f
	cmp	w1, #4
	b.eq	4f
	cmp	w1, #2
	b.eq	2f
1:	ldrb	w3, [x0]
	b	9f
2:	ldrh	w3, [x0]
	b	9f
4:	ldr	w3, [x0]
	b	9f
16:	ldp	x3, x4, [x0]
	str	x4, [x2, #8]
	b	9f
8:	ldr	x3, [x0]
9:	dsb	sy		/* orders the load before the abort is looked for */
	msr	daifclr, #4	/* a pending SError comes here */
	isb
10:	msr	daifset, #4
	str	x3, [x2]
	mov	x0, #0
	ret
access_fault:
	msr	daifset, #4
	mov	x0, #-14
	ret
	guard	1b, access_fault
	guard	2b, access_fault
	guard	4b, access_fault
	guard	8b, access_fault
	guard	16b, access_fault
	guard	9b, access_fault
	guard	10b, access_fault

/* int guarded_write_pair(uint64_t addr, uint64_t low, uint64_t high): one STP */
	.globl	guarded_write_pair
guarded_write_pair:
16:	stp	x1, x2, [x0]
	b	9f
	guard	16b, access_fault

/* int guarded_write(uint64_t addr, unsigned int size, uint64_t value) */
	.globl	guarded_write
guarded_write:
	cmp	w1, #4
	b.eq	4f
	b.hi	8f
	cmp	w1, #2
	b.eq	2f
1:	strb	w2, [x0]
	b	9f
2:	strh	w2, [x0]
	b	9f
4:	str	w2, [x0]
	b	9f
8:	str	x2, [x0]
9:	dsb	sy		/* orders the store before the abort is looked for */
	msr	daifclr, #4
	isb
10:	msr	daifset, #4
	mov	x0, #0
	ret
	guard	1b, access_fault
	guard	2b, access_fault
	guard	4b, access_fault
	guard	8b, access_fault
	guard	9b, access_fault
	guard	10b, access_fault

/* int guarded_tag(uint64_t addr, uint64_t *value): LDG, with the tag in 59:56 */
	.globl	guarded_tag
guarded_tag:
	mov	x3, #0
1:	.inst	0xd9600003	/* ldg x3, [x0] */
	str	x3, [x1]
	mov	x0, #0
	ret
	guard	1b, access_fault

/*
 * uint64_t smc_call(uint64_t regs[18]): SMC #0 with x0-x17 from regs, results
 * written back. guarded: an undefined SMC gives -1 in regs[0].
 */
	.globl	smc_call
smc_call:
	stp	x29, x30, [sp, #-32]!
	str	x0, [sp, #16]
	mov	x18, x0
	ldp	x2, x3, [x18, #16]
	ldp	x4, x5, [x18, #32]
	ldp	x6, x7, [x18, #48]
	ldp	x8, x9, [x18, #64]
	ldp	x10, x11, [x18, #80]
	ldp	x12, x13, [x18, #96]
	ldp	x14, x15, [x18, #112]
	ldp	x16, x17, [x18, #128]
	ldp	x0, x1, [x18]
1:	smc	#0
	b	3f
2:	mov	x0, #-1
3:	ldr	x18, [sp, #16]
	stp	x0, x1, [x18]
	stp	x2, x3, [x18, #16]
	stp	x4, x5, [x18, #32]
	stp	x6, x7, [x18, #48]
	stp	x8, x9, [x18, #64]
	stp	x10, x11, [x18, #80]
	stp	x12, x13, [x18, #96]
	stp	x14, x15, [x18, #112]
	stp	x16, x17, [x18, #128]
	ldp	x29, x30, [sp], #32
	ret
	guard	1b, 2b

	.arch_extension fp
	.arch_extension simd
/* void fp_read_one(unsigned int n, void *q): V<n>, 16 bytes. */
	.globl	fp_read_one
fp_read_one:
	adr	x2, 1f
	add	x2, x2, w0, uxtw #3
	br	x2
1:
	str	q0, [x1]
	ret
	str	q1, [x1]
	ret
	str	q2, [x1]
	ret
	str	q3, [x1]
	ret
	str	q4, [x1]
	ret
	str	q5, [x1]
	ret
	str	q6, [x1]
	ret
	str	q7, [x1]
	ret
	str	q8, [x1]
	ret
	str	q9, [x1]
	ret
	str	q10, [x1]
	ret
	str	q11, [x1]
	ret
	str	q12, [x1]
	ret
	str	q13, [x1]
	ret
	str	q14, [x1]
	ret
	str	q15, [x1]
	ret
	str	q16, [x1]
	ret
	str	q17, [x1]
	ret
	str	q18, [x1]
	ret
	str	q19, [x1]
	ret
	str	q20, [x1]
	ret
	str	q21, [x1]
	ret
	str	q22, [x1]
	ret
	str	q23, [x1]
	ret
	str	q24, [x1]
	ret
	str	q25, [x1]
	ret
	str	q26, [x1]
	ret
	str	q27, [x1]
	ret
	str	q28, [x1]
	ret
	str	q29, [x1]
	ret
	str	q30, [x1]
	ret
	str	q31, [x1]
	ret

/* void fp_write_one(unsigned int n, const void *q) */
	.globl	fp_write_one
fp_write_one:
	adr	x2, 1f
	add	x2, x2, w0, uxtw #3
	br	x2
1:
	ldr	q0, [x1]
	ret
	ldr	q1, [x1]
	ret
	ldr	q2, [x1]
	ret
	ldr	q3, [x1]
	ret
	ldr	q4, [x1]
	ret
	ldr	q5, [x1]
	ret
	ldr	q6, [x1]
	ret
	ldr	q7, [x1]
	ret
	ldr	q8, [x1]
	ret
	ldr	q9, [x1]
	ret
	ldr	q10, [x1]
	ret
	ldr	q11, [x1]
	ret
	ldr	q12, [x1]
	ret
	ldr	q13, [x1]
	ret
	ldr	q14, [x1]
	ret
	ldr	q15, [x1]
	ret
	ldr	q16, [x1]
	ret
	ldr	q17, [x1]
	ret
	ldr	q18, [x1]
	ret
	ldr	q19, [x1]
	ret
	ldr	q20, [x1]
	ret
	ldr	q21, [x1]
	ret
	ldr	q22, [x1]
	ret
	ldr	q23, [x1]
	ret
	ldr	q24, [x1]
	ret
	ldr	q25, [x1]
	ret
	ldr	q26, [x1]
	ret
	ldr	q27, [x1]
	ret
	ldr	q28, [x1]
	ret
	ldr	q29, [x1]
	ret
	ldr	q30, [x1]
	ret
	ldr	q31, [x1]
	ret
