/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Code on a page of its own together with data: every kind of instruction that a
 * breakpoint may sit on. It ends with the same registers, with and without.
 */
	.arch	armv8.5-a
	.macro	fn name
	.global	\name
	.type	\name, %function
\name:
	.endm

	.section .hot, "awx"
	.balign	65536
	.global hot_start
hot_start:
/* x0: an address of 256 bytes that it may use, on this page or not */
fn mix
	bti	c
	paciasp
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x19, [sp, #16]
	mov	x19, x0
	nop
	yield
	sev
	wfe
	ldr	x1, literal
	ldr	w2, literal
	ldrsw	x3, literal
	ldr	q4, literal_q
	adr	x5, literal
	adrp	x6, literal
	ldr	x7, [x5, #8]
	ldp	x8, x9, [x5]
	sub	x5, x5, x6
	cmp	x1, x7
	b.eq	1f
	ccmp	x1, x7, #3, ne
1:	cbz	xzr, 2f
	brk	#1
2:	tbnz	x1, #0, 3f
	mov	x10, #77
3:	bl	leaf
	adr	x16, 4f
	br	x16
	udf	#9
4:	bti	j
	csel	x11, x1, x7, hi
	adr	x12, 5f
	blr	x12
	b	6f
5:	bti	c
	ret
6:	str	x1, [x19]
	str	w7, [x19, #8]!
	ldr	x13, [x19], #-8
	stp	q4, q4, [x19, #32]
	strb	w8, [x19, #7]
	mov	x14, #3
7:	ldaxr	x15, [x19]
	add	x15, x15, #1
	stlxr	w16, x15, [x19]
	cbnz	w16, 7b
	subs	x14, x14, #1
	b.ne	7b
	svc	#3
	mov	w0, #0x84000000
	hvc	#0
	mov	w0, #0x84000000
	smc	#0
	msr	tpidr_el1, x1
	mrs	x17, tpidr_el1
	mrs	x18, ttbr0_el1
	msr	ttbr0_el1, x18
	isb
	mrs	x18, sctlr_el1
	msr	sctlr_el1, x18
	isb
	tlbi	vmalle1is
	dsb	ish
	ic	iallu
	isb
	dc	cvau, x19
	ic	ivau, x19
	dc	zva, x19
	msr	daifset, #15
	msr	daifclr, #15
	mrs	x20, daif
	mrs	x21, mdscr_el1
	mov	x22, #0x3f000000
	ldr	x22, [x22]		/* an abort: the handler goes on */
	brk	#0x42
	udf	#1
	adr	x23, 8f
	msr	elr_el1, x23
	mrs	x23, currentel
	mov	x24, #0x3c5
	msr	spsr_el1, x24
	eret
	nop
8:	msr	spsel, #0
	mov	x25, #1
	msr	spsel, #1
	at	s1e1r, x19
	isb
	mrs	x26, par_el1
	mov	x27, x19
	pacia	x27, x1
	xpaci	x27
	sub	x27, x27, x19
	mov	x5, #0
	sub	x19, x19, x6
	mov	x6, #0
	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	autiasp
	mov	x23, #0
	mov	x12, #0
	mov	x16, #0
	mov	x18, #0
	mov	x26, #0
	mov	x0, #0
	.global mix_end
mix_end:
	ret

leaf:	bti	c
	pacibsp
	stp	x29, x30, [sp, #-16]!
	add	x10, x10, #1
	ldp	x29, x30, [sp], #16
	autibsp
	ret

	.balign	16
literal:
	.quad	0x8123456789abcdef, 0xfedcba9876543210
literal_q:
	.quad	0x1111111122222222, 0x3333333344444444

/* a lock and what it guards, both on this page; x0: rounds */
fn count_locked
	adr	x1, hot_lock
	adr	x5, hot_count
	mov	w2, #1
1:	ldaxr	w3, [x1]
	cbnz	w3, 1b
	stxr	w3, w2, [x1]
	cbnz	w3, 1b
	ldr	x4, [x5]
	add	x4, x4, #1
	str	x4, [x5]
	stlr	wzr, [x1]
	subs	x0, x0, #1
	b.ne	1b
	ret

/* the same with one atomic */
fn count_atomic
	adr	x5, hot_count
	mov	x2, #1
1:	ldadd	x2, x3, [x5]
	subs	x0, x0, #1
	b.ne	1b
	ret

	.balign	16
	.global hot_lock, hot_count
hot_lock:
	.quad	0
hot_count:
	.quad	0

/* rewritten by the guest: returns a number */
fn patched
	movz	x0, #1
	add	x0, x0, #0
	ret

	.balign	256
	.global hot_room
hot_room:
	.skip	512
	.global hot_end
hot_end:
