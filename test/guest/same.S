/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Entry of a CPU before anything is changed, and a reader of each encoding
 * of a system register. See same.c.
 */
#include "guest.h"
#include "same.h"

/*
 * All but SP is saved: that keeps x9 while x9 becomes the address of this
 * CPU's room, which is a multiple of 64K with the CPU's number above it.
 */
	.macro	save_entry
	mov	sp, x9
	mrs	x9, mpidr_el1
	ubfiz	x9, x9, #SAME_SHIFT, #4
	movk	x9, #:abs_g1_nc:same_entry
	stp	x0, x1, [x9, #0]
	mov	x0, sp
	stp	x2, x3, [x9, #16]
	stp	x4, x5, [x9, #32]
	stp	x6, x7, [x9, #48]
	stp	x8, x0, [x9, #64]
	stp	x10, x11, [x9, #80]
	stp	x12, x13, [x9, #96]
	stp	x14, x15, [x9, #112]
	stp	x16, x17, [x9, #128]
	stp	x18, x19, [x9, #144]
	stp	x20, x21, [x9, #160]
	stp	x22, x23, [x9, #176]
	stp	x24, x25, [x9, #192]
	stp	x26, x27, [x9, #208]
	stp	x28, x29, [x9, #224]
	mrs	x0, nzcv
	stp	x30, x0, [x9, #240]
	mrs	x0, vbar_el1
	mrs	x1, elr_el1
	stp	x0, x1, [x9, #SAME_VBAR]
	mrs	x0, spsr_el1
	mrs	x1, esr_el1
	stp	x0, x1, [x9, #SAME_SPSR]
	mrs	x0, far_el1
	mrs	x1, cpacr_el1
	stp	x0, x1, [x9, #SAME_FAR]
	ldr	x0, [x9]
	.endm

	.section .text.first, "ax"
	.global	same_first
same_first:
	save_entry
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	b	_start

	.text
	.global	same_secondary
same_secondary:
	save_entry
	b	secondary_entry

/* uint64_t same_readers[32768](uint64_t x0): op0 2 and 3, ascending. */
	.balign	8
	.global	same_readers
same_readers:
	.set	n, 0
	.rept	32768
	.inst	0xd5300000 | (n << 5)
	ret
	.set	n, n + 1
	.endr

/* Not .bss: start.S clears that. */
	.section .area, "aw"
	.balign	65536
	.global	same_entry
same_entry:
	.skip	1 << (SAME_SHIFT + 4)
