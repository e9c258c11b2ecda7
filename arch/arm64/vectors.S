/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The 16 exception vectors of EL2, and vcpu_run(): entering the guest is a
 * function call that returns with the reason why it came back.
 */
#include "asm.h"

	.section .vectors, "ax"

/*
 * An exception of EL2 itself: everything saved, then C decides. Stacks are
 * the upper halves of 32 KiB blocks (memory.h), so bit 14 of SP tells an
 * overflow; it is looked at with no register to spare.
 */
	.macro	own_fault kind
	.balign	128
	sub	sp, sp, #288
	add	sp, sp, x0		/* sp + x0 */
	sub	x0, sp, x0		/* sp */
	tbz	x0, #14, 1f
	sub	x0, sp, x0		/* x0 */
	sub	sp, sp, x0		/* sp */
	stp	x0, x1, [sp]
	add	x1, sp, #288
	mov	x0, #\kind
	b	el2_fault_entry
1:	b	el2_stack_overflow
	.endm

	/* An exception from the guest. x0, x1 on the stack, x1 = reason. */
	.macro	guest_exit reason
	.balign	128
	stp	x0, x1, [sp, #-16]!
	mov	x1, #\reason
	b	guest_exit_common
	.endm

	.balign	2048
	.globl	el2_vectors
el2_vectors:
	own_fault 0		/* current EL, SP_EL0 */
	own_fault 1
	own_fault 2
	own_fault 3
	own_fault 4		/* current EL, SP_EL2 */
	own_fault 5
	own_fault 6
	own_fault 7
	guest_exit EXIT_SYNC	/* lower EL, AArch64 */
	guest_exit EXIT_IRQ
	guest_exit EXIT_FIQ
	guest_exit EXIT_SERROR
	guest_exit EXIT_SYNC	/* lower EL, AArch32 */
	guest_exit EXIT_IRQ
	guest_exit EXIT_FIQ
	guest_exit EXIT_SERROR

	.text
guest_exit_common:
	mrs	x0, tpidr_el2
	stp	x2, x3, [x0, #VCPU_X(2)]
	stp	x4, x5, [x0, #VCPU_X(4)]
	stp	x6, x7, [x0, #VCPU_X(6)]
	stp	x8, x9, [x0, #VCPU_X(8)]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0, #VCPU_X(0)]
	stp	x10, x11, [x0, #VCPU_X(10)]
	stp	x12, x13, [x0, #VCPU_X(12)]
	stp	x14, x15, [x0, #VCPU_X(14)]
	stp	x16, x17, [x0, #VCPU_X(16)]
	stp	x18, x19, [x0, #VCPU_X(18)]
	stp	x20, x21, [x0, #VCPU_X(20)]
	stp	x22, x23, [x0, #VCPU_X(22)]
	stp	x24, x25, [x0, #VCPU_X(24)]
	stp	x26, x27, [x0, #VCPU_X(26)]
	stp	x28, x29, [x0, #VCPU_X(28)]
	str	x30, [x0, #VCPU_X(30)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #VCPU_PC]
	mrs	x4, esr_el2
	mrs	x5, far_el2
	stp	x4, x5, [x0, #VCPU_ESR]
	mrs	x6, hpfar_el2
	str	x6, [x0, #VCPU_HPFAR]
	/* vcpu_run()'s frame is at SP: C may be called, and loses nothing. */
	add	x29, sp, #80
	bl	cpu_short_exit
	cmp	w0, #EXIT_RESUME
	b.eq	guest_enter
	/* vcpu_run()'s caller: callee-saved registers are on its stack. */
	ldp	x19, x20, [sp, #0]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	add	sp, sp, #96
	ret

/*
 * int vcpu_run(void): runs this CPU's guest (TPIDR_EL2) until an exception comes
 * to EL2 that cpu_short_exit() has not done with; returns EXIT_*. Clobbers as a C
 * call.
 */
	.globl	vcpu_run
vcpu_run:
	sub	sp, sp, #96
	stp	x19, x20, [sp, #0]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
guest_enter:
	mrs	x0, tpidr_el2
	ldp	x1, x2, [x0, #VCPU_PC]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x2, x3, [x0, #VCPU_X(2)]
	ldp	x4, x5, [x0, #VCPU_X(4)]
	ldp	x6, x7, [x0, #VCPU_X(6)]
	ldp	x8, x9, [x0, #VCPU_X(8)]
	ldp	x10, x11, [x0, #VCPU_X(10)]
	ldp	x12, x13, [x0, #VCPU_X(12)]
	ldp	x14, x15, [x0, #VCPU_X(14)]
	ldp	x16, x17, [x0, #VCPU_X(16)]
	ldp	x18, x19, [x0, #VCPU_X(18)]
	ldp	x20, x21, [x0, #VCPU_X(20)]
	ldp	x22, x23, [x0, #VCPU_X(22)]
	ldp	x24, x25, [x0, #VCPU_X(24)]
	ldp	x26, x27, [x0, #VCPU_X(26)]
	ldp	x28, x29, [x0, #VCPU_X(28)]
	ldr	x30, [x0, #VCPU_X(30)]
	ldp	x0, x1, [x0, #VCPU_X(0)]
	eret
	dsb	nsh		/* no speculation past the eret */
	isb

/*
 * SP has left its stack, and whatever made it do so faulted. In: x0 = SP,
 * sp = SP + x0. Goes on with the small stack at the block's start, whose first
 * word is what TPIDR_EL2 was: that served as a scratch register here.
 */
el2_stack_overflow:
	msr	tpidr_el2, x0		/* SP */
	sub	x0, sp, x0
	mov	sp, x0			/* x0 */
	mrs	x0, tpidr_el2
	and	x0, x0, #~0x7fff
	add	x0, x0, #0x3000		/* top of the small stack */
	add	sp, sp, x0
	sub	x0, sp, x0		/* x0 */
	sub	sp, sp, x0		/* top */
	sub	sp, sp, #288
	stp	x0, x1, [sp]
	mrs	x1, tpidr_el2
	add	x1, x1, #288
	and	x0, x1, #~0x7fff
	ldr	x0, [x0]
	msr	tpidr_el2, x0
	mov	x0, #4
	b	el2_fault_entry

/*
 * An exception at EL2. x0 = vector number, x1 = SP before it; x0, x1 saved at
 * sp. Builds
 * struct el2_frame and calls el2_fault(frame, vector), which either changes
 * the frame's pc to a fixup and returns, or does not return.
 */
el2_fault_entry:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	stp	x30, x1, [sp, #240]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [sp, #256]
	mov	x1, x0
	mov	x0, sp
	bl	el2_fault
	ldp	x2, x3, [sp, #256]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldr	x18, [sp, #144]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp]
	add	sp, sp, #288
	eret
	dsb	nsh		/* no speculation past the eret */
	isb
