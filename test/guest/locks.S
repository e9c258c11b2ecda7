/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Locks and atomics of every kind on a page that has code as well: each kind is
 * a function(rounds) that counts and calls lock_called() once a round. Every
 * entry is a landing pad, and there is a literal. Bare guests and programs for
 * Linux use it; locks.h has the table.
 */
	.arch	armv8.5-a
	.section .hot, "awx"
	.balign	4096

/* One round and its end. x19: rounds left; x1: the counter; x10: the lock. */
	.macro	kind name
	.global	lock_\name
	.type	lock_\name, %function
lock_\name:
	paciasp
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x19, [sp, #16]
	mov	x19, x0
round_\name:
	adr	x1, count_\name
	adr	x10, lock_word
	.endm

	.macro	rounds name
	adr	x9, lock_called
	blr	x9
	subs	x19, x19, #1
	b.ne	round_\name
	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	autiasp
	ret
	.balign	16
count_\name:
	.quad	0, 0
	.endm

	.macro	exclusive name, load, store, reg
	kind	\name
1:	\load	\reg\()3, [x1]
	add	\reg\()3, \reg\()3, #1
	\store	w4, \reg\()3, [x1]
	cbnz	w4, 1b
	rounds	\name
	.endm

	.macro	exclusive_pair name, load, store, reg
	kind	\name
1:	\load	\reg\()3, \reg\()5, [x1]
	add	\reg\()3, \reg\()3, #1
	add	\reg\()5, \reg\()5, #3
	\store	w4, \reg\()3, \reg\()5, [x1]
	cbnz	w4, 1b
	rounds	\name
	.endm

	.macro	guarded
	ldr	x4, [x1]
	add	x4, x4, #1
	str	x4, [x1]
	.endm

	.macro	atomic name, add, reg
	kind	\name
	mov	\reg\()2, #1
	\add	\reg\()2, \reg\()3, [x1]
	rounds	\name
	.endm

	.macro	compare name, load, swap, reg
	kind	\name
	\load	\reg\()3, [x1]
1:	mov	\reg\()5, \reg\()3
	add	\reg\()4, \reg\()3, #1
	\swap	\reg\()3, \reg\()4, [x1]
	cmp	\reg\()3, \reg\()5
	b.ne	1b
	rounds	\name
	.endm

	.macro	compare_pair name, swap, reg
	kind	\name
	ldp	\reg\()2, \reg\()3, [x1]
1:	mov	\reg\()8, \reg\()2
	mov	\reg\()9, \reg\()3
	add	\reg\()4, \reg\()2, #1
	add	\reg\()5, \reg\()3, #3
	\swap	\reg\()2, \reg\()3, \reg\()4, \reg\()5, [x1]
	cmp	\reg\()2, \reg\()8
	ccmp	\reg\()3, \reg\()9, #0, eq
	b.ne	1b
	rounds	\name
	.endm

	.global	lock_called
	.type	lock_called, %function
lock_called:
	bti	c
	ldr	x16, lock_literal
	add	x0, x0, x16
	ret

	.balign	16
lock_literal:
	.quad	1, 0
	.global	lock_word
lock_word:
	.quad	0, 0

	exclusive ldxrb, ldxrb, stxrb, w
	exclusive ldxrh, ldxrh, stxrh, w
	exclusive ldxr_w, ldxr, stxr, w
	exclusive ldxr_x, ldxr, stxr, x
	exclusive ldaxrb, ldaxrb, stlxrb, w
	exclusive ldaxrh, ldaxrh, stlxrh, w
	exclusive ldaxr_w, ldaxr, stlxr, w
	exclusive ldaxr_x, ldaxr, stlxr, x
	exclusive_pair ldxp_w, ldxp, stxp, w
	exclusive_pair ldxp_x, ldxp, stxp, x
	exclusive_pair ldaxp_w, ldaxp, stlxp, w
	exclusive_pair ldaxp_x, ldaxp, stlxp, x

	/* as far apart as the architecture has it succeed: 128 bytes */
	kind	far
1:	ldxr	x3, [x1]
	.rept	29
	add	x3, x3, #1
	.endr
	sub	x3, x3, #28
	stxr	w4, x3, [x1]
	cbnz	w4, 1b
	rounds	far

	/* a lock that is spun on with its own load exclusive */
	kind	spin
	mov	w2, #1
1:	ldaxr	w3, [x10]
	cbnz	w3, 1b
	stxr	w3, w2, [x10]
	cbnz	w3, 1b
	guarded
	stlr	wzr, [x10]
	rounds	spin

	/* the same, asleep between two looks */
	kind	wait
	mov	w2, #1
	sevl
1:	wfe
2:	ldaxr	w3, [x10]
	cbnz	w3, 1b
	stxr	w3, w2, [x10]
	cbnz	w3, 2b
	guarded
	stlr	wzr, [x10]
	rounds	wait

	/* a ticket lock: owner in the low half */
	kind	ticket
1:	ldaxr	w3, [x10]
	add	w4, w3, #0x10, lsl #12
	stxr	w5, w4, [x10]
	cbnz	w5, 1b
	eor	w5, w3, w3, ror #16
	cbz	w5, 3f
	sevl
2:	wfe
	ldaxrh	w6, [x10]
	eor	w5, w6, w3, lsr #16
	cbnz	w5, 2b
3:	guarded
	ldrh	w6, [x10]
	add	w6, w6, #1
	stlrh	w6, [x10]
	rounds	ticket

	.arch_extension lse
	atomic	ldaddb, ldaddb, w
	atomic	ldaddh, ldaddalh, w
	atomic	ldadd_w, ldadda, w
	atomic	ldadd_x, ldaddl, x
	compare casb, ldrb, casalb, w
	compare cash, ldrh, cash, w
	compare cas_w, ldr, casa, w
	compare cas_x, ldr, casl, x
	compare_pair casp_w, caspal, w
	compare_pair casp_x, casp, x

	kind	swp
1:	mov	w3, #1
	swpa	w3, w3, [x10]
	cbnz	w3, 1b
	guarded
	stlr	wzr, [x10]
	rounds	swp

	kind	ldset
	mov	x2, #0x100
1:	ldseta	x2, x3, [x10]
	tbnz	x3, #8, 1b
	guarded
	stclrl	x2, [x10]
	rounds	ldset

	.balign	4096

/* struct lock_kind of locks.h */
	.macro	row name, bits=64, pair=0, lse=0, slow=0
	.section .rodata.lock_names, "a"
name_\name:
	.asciz	"\name"
	.section .rodata.lock_kinds, "a"
	.balign	8
	.quad	name_\name, lock_\name, count_\name
	.word	\bits, \pair, \lse, \slow
	.endm

	.section .rodata.lock_kinds, "a"
	.balign	8
	.global	lock_kinds
lock_kinds:
	row	ldxrb, 8
	row	ldxrh, 16
	row	ldxr_w, 32
	row	ldxr_x
	row	ldaxrb, 8
	row	ldaxrh, 16
	row	ldaxr_w, 32
	row	ldaxr_x
	row	ldxp_w, 32, 1
	row	ldxp_x, 64, 1
	row	ldaxp_w, 32, 1
	row	ldaxp_x, 64, 1
	row	far
	row	spin, slow=1
	row	wait, slow=1
	row	ticket, slow=1
	row	ldaddb, 8, lse=1
	row	ldaddh, 16, lse=1
	row	ldadd_w, 32, lse=1
	row	ldadd_x, lse=1
	row	casb, 8, lse=1
	row	cash, 16, lse=1
	row	cas_w, 32, lse=1
	row	cas_x, lse=1
	row	casp_w, 32, 1, lse=1
	row	casp_x, 64, 1, lse=1
	row	swp, lse=1, slow=1
	row	ldset, lse=1, slow=1
	.quad	0
	.section .note.GNU-stack, "", %progbits
