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
 * One load of 1, 2, 4 or 8 bytes. 0, or -EFAULT (-14).
 * An asynchronous abort is waited for (dsb), taken, and counted as its fault.
 */
	.globl	guarded_read
guarded_read:
	cmp	w1, #4
	b.eq	4f
	b.hi	8f
	cmp	w1, #2
	b.eq	2f
1:	ldrb	w3, [x0]
	b	9f
2:	ldrh	w3, [x0]
	b	9f
4:	ldr	w3, [x0]
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
	guard	9b, access_fault
	guard	10b, access_fault

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

/* void fp_read_all(void *q): q0-q31, 512 bytes. FP traps at EL2 are off. */
	.arch_extension fp
	.arch_extension simd
	.globl	fp_read_all
fp_read_all:
	stp	q0, q1, [x0, #0]
	stp	q2, q3, [x0, #32]
	stp	q4, q5, [x0, #64]
	stp	q6, q7, [x0, #96]
	stp	q8, q9, [x0, #128]
	stp	q10, q11, [x0, #160]
	stp	q12, q13, [x0, #192]
	stp	q14, q15, [x0, #224]
	stp	q16, q17, [x0, #256]
	stp	q18, q19, [x0, #288]
	stp	q20, q21, [x0, #320]
	stp	q22, q23, [x0, #352]
	stp	q24, q25, [x0, #384]
	stp	q26, q27, [x0, #416]
	stp	q28, q29, [x0, #448]
	stp	q30, q31, [x0, #480]
	ret

	.globl	fp_write_all
fp_write_all:
	ldp	q0, q1, [x0, #0]
	ldp	q2, q3, [x0, #32]
	ldp	q4, q5, [x0, #64]
	ldp	q6, q7, [x0, #96]
	ldp	q8, q9, [x0, #128]
	ldp	q10, q11, [x0, #160]
	ldp	q12, q13, [x0, #192]
	ldp	q14, q15, [x0, #224]
	ldp	q16, q17, [x0, #256]
	ldp	q18, q19, [x0, #288]
	ldp	q20, q21, [x0, #320]
	ldp	q22, q23, [x0, #352]
	ldp	q24, q25, [x0, #384]
	ldp	q26, q27, [x0, #416]
	ldp	q28, q29, [x0, #448]
	ldp	q30, q31, [x0, #480]
	ret
