/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Entry, exception vectors, and calls of firmware, for all guest programs. */
#include "guest.h"

	.section .text.start, "ax"
	.global _start
_start:
	adrp	x9, boot_fdt
	add	x9, x9, :lo12:boot_fdt
	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
1:	cmp	x1, x2
	b.hs	2f
	str	xzr, [x1], #8
	b	1b
2:	str	x0, [x9]
	adrp	x0, stacks
	add	x0, x0, :lo12:stacks
	add	sp, x0, #8192
	bl	cpu_setup
	bl	main
	bl	finish

/* PSCI CPU_ON: x0 is what secondary_main() gets; the stack goes by MPIDR. */
	.global secondary_entry
secondary_entry:
	mov	x20, x0
	mrs	x1, mpidr_el1
	and	x1, x1, #0xff
	add	x1, x1, #1
	adrp	x0, stacks
	add	x0, x0, :lo12:stacks
	add	x0, x0, x1, lsl #13
	mov	sp, x0
	bl	cpu_setup
	mov	x0, x20
	bl	secondary_main
	bl	finish

cpu_setup:
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	mov	x1, #(3 << 20)		/* FP and SIMD */
	msr	cpacr_el1, x1
	isb
	ret

	.macro	vector n
	.balign	128
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp, #0]
	mov	x0, #\n
	b	entry
	.endm

	.text
	.balign	2048
	.global vectors
vectors:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\n
	.endr

	.balign	128
entry:
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
	mrs	x1, elr_el1
	stp	x30, x1, [sp, #240]
	mrs	x1, spsr_el1
	mrs	x2, esr_el1
	stp	x1, x2, [sp, #FRAME_SPSR]
	mrs	x1, far_el1
	stp	x1, x0, [sp, #FRAME_FAR]
	mov	x0, sp
	bl	exception
	ldr	x1, [sp, #FRAME_SPSR]
	msr	spsr_el1, x1
	ldp	x30, x1, [sp, #240]
	msr	elr_el1, x1
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldp	x0, x1, [sp, #0]
	add	sp, sp, #FRAME_SIZE
	.global exception_return
exception_return:
	eret

	.global hvc, smc, checkpoint
	.type hvc, %function
	.type smc, %function
	.type checkpoint, %function
hvc:	hvc	#0
	ret
smc:	smc	#0
	ret
checkpoint:
	nop
	ret

	.bss
	.balign	16
	.global stacks
stacks:	.skip	8192 * 8
