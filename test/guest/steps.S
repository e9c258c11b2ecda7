/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Instructions to be stepped over; a test sets PC to a case_ label. */
#include "guest.h"

	.arch	armv8-a
	.macro	case name
	.global	case_\name
	.type	case_\name, %function
case_\name:
	.endm
	.macro	mark name
	.global	\name
\name:
	.endm

	.text
	.balign	64
case plain
	msr	nzcv, xzr
	mov	x0, #0x1234
	movk	x0, #0xabcd, lsl #32
	add	x1, x0, x0, lsl #3
	subs	x2, x1, x0
	b.ne	1f
	nop
1:	csel	x3, x1, x2, ge
	umulh	x4, x1, x2
	adr	x5, scratch
	adrp	x6, scratch
	str	x0, [x5, #8]!
	ldr	x7, [x5], #8
	stp	x1, x2, [x5, #16]
	ldp	x8, x9, [x5, #16]
	ldrsb	x10, [x5, #17]
	fmov	d0, x0
	fadd	d1, d0, d0
	fmov	x11, d1
	cbz	xzr, 2f
	nop
2:	tbnz	x0, #2, 3f
	nop
3:	bl	leaf
	adr	x12, 4f
	br	x12
	nop
4:	msr	nzcv, x0
	mrs	x13, nzcv
	ccmp	x1, x2, #5, eq
	extr	x14, x1, x2, #13
	ldr	x15, 5f
	b	6f
	.balign	8			/* Device memory: the MMU is off */
5:	.quad	0x0123456789abcdef
6:	msr	daifset, #2
	msr	daifclr, #2
	isb
	dsb	sy
	msr	spsel, #0
	msr	spsel, #1
	mov	x16, sp
mark plain_end
	b	.

leaf:	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	ldp	x29, x30, [sp], #16
	ret

case wfi
	wfi
	wfe
	sev
	wfe
	yield
mark wfi_end
	b	.

case hvc
	mov	w0, #0x84000000
	hvc	#0
	nop
	mov	w0, #0x84000000
	smc	#0
	nop
	b	.

case eret
	adr	x0, el0_code
	msr	elr_el1, x0
	mov	x0, #0x3c0
	msr	spsr_el1, x0
	eret
	nop
mark el0_code
	mov	x1, #7
	svc	#5
mark el0_after
	b	.

case sysregs
	mrs	x0, midr_el1
	mrs	x1, cntvct_el0
	mrs	x2, cntpct_el0
	mrs	x3, mdscr_el1
	mrs	x4, dbgbvr0_el1
	mrs	x5, oslsr_el1
	mov	x6, #0x5678
	msr	dbgbvr0_el1, x6
	mrs	x7, dbgbvr0_el1
	msr	tpidr_el0, x6
	mrs	x8, tpidr_el0
	mrs	x9, id_aa64mmfr0_el1
	mrs	x10, mpidr_el1
	msr	contextidr_el1, x6
	mrs	x11, contextidr_el1
	tlbi	vmalle1
	ic	iallu
mark sysregs_end
	b	.

case mmio
	ldr	x1, =0x09010000
	ldr	w0, [x1, #0xfe0]	/* PeriphID0: 0x31 */
mark mmio_read
	mov	w2, #0x1234
	str	w2, [x1, #4]		/* the alarm */
mark mmio_written
	ldr	w3, [x1, #4]
mark mmio_end
	b	.

case retries
	adr	x1, scratch
	str	xzr, [x1]
	mov	x4, #0		/* passes */
	mov	x5, #100
mark retry_load
	ldxr	x0, [x1]
	add	x0, x0, #1
mark retry_middle
	add	x4, x4, #1
mark retry_store
	stxr	w2, x0, [x1]
mark retry_check
	cbnz	w2, retry_load
	subs	x5, x5, #1
	b.ne	retry_load
mark retry_end
	b	.

/* A breakpoint of the guest's that does not count: PSTATE.D. */
mark break_retries
	adr	x0, table_middle
	msr	dbgbvr0_el1, x0
	mov	x2, #0x1e7		/* EL1 and EL0 */
	msr	dbgbcr0_el1, x2
	b	1f
/* A watchpoint. */
mark watch_retries
	adr	x0, scratch
	msr	dbgwvr0_el1, x0
	mov	x2, #0x1ff7		/* stores, EL1 and EL0, 8 bytes */
	msr	dbgwcr0_el1, x2
1:	mrs	x2, mdscr_el1
	orr	x2, x2, #1 << 15	/* MDE */
	orr	x2, x2, #1 << 13	/* KDE */
	msr	oslar_el1, xzr
	msr	mdscr_el1, x2
	msr	daifset, #8
	isb
	adr	x0, scratch

/* x0: an entry of a translation table, to which 2 is added a hundred times */
case table_retries
	mov	x1, x0
	mov	x5, #100
mark table_load
	ldxr	x0, [x1]
	add	x0, x0, #2
mark table_middle
	nop
mark table_store
	stxr	w2, x0, [x1]
mark table_check
	cbnz	w2, table_load
	subs	x5, x5, #1
mark table_next
	b.ne	table_load
mark table_end
	b	.

/* each store that fails makes the code behind it another one, which is run */
case retry_patch
	adr	x1, retry_word
	ldr	w0, [x1]
	sub	x9, sp, #256
	mov	x4, #0
	mov	x7, #0		/* how often it was the old one */
mark patch_load
	ldxr	w3, [x9]
mark patch_middle
	nop
	stxr	w2, w3, [x9]
	cbz	w2, 1f
	add	w0, w0, #1 << 5
	str	w0, [x1]
	b	patch_load
1:
	dc	cvau, x1
	dsb	ish
	ic	ivau, x1
	dsb	ish
	isb
	add	x4, x4, #1
mark retry_word
	mov	x6, #0
	cmp	x6, x4
	cinc	x7, x7, ne
	cmp	x4, #16
	b.ne	patch_load
mark patch_end
	b	.

case exclusive
	adr	x1, scratch
	mov	w3, #0
	str	xzr, [x1]
mark exclusive_load
	ldxr	x0, [x1]
	add	x0, x0, #1
	stxr	w2, x0, [x1]
	cbnz	w2, exclusive_load
mark exclusive_end
	nop
mark exclusive2
	ldaxr	w0, [x1]
	cmp	w0, #77
	b.ne	exclusive2_out
	stlxr	w2, wzr, [x1]
mark exclusive2_out
	clrex
	b	.

case abort
	mov	x1, #0x3f000000		/* nothing is there */
mark abort_at
	ldr	x0, [x1]
mark abort_after
	nop
	b	.

case brk
	nop
mark brk_at
	brk	#0x123
mark brk_after
	nop
	b	.

case undefined
	udf	#7
mark undefined_after
	nop
	b	.

	.ltorg

	.data
	.balign	64
	.global scratch
scratch:
	.skip	256
