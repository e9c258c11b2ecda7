/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Accesses to tagged memory, each in all its forms: at x0, what is stored in x1.
 * What was loaded comes back in x0, with a base register's change added to it.
 */
	.arch	armv8.8-a+mops+memtag

	/* uint64_t form_NAME(void *p, uint64_t v); op_NAME is its instruction. */
	.macro	form name, insn:vararg
	.section .rodata
10:	.asciz	"\name"
	.section .data.forms, "aw"
	.balign	8
	.quad	10b, form_\name
	.text
	.balign	4
	.global	form_\name, op_\name
	.type	form_\name, %function
form_\name:
	mov	x2, #0
	mov	x3, #0
	mov	x4, x0
	fmov	d0, xzr
	fmov	d1, xzr
op_\name:
	\insn
	sub	x0, x0, x4
	add	x0, x0, x2
	add	x0, x0, x3
	fmov	x2, d0
	add	x0, x0, x2
	fmov	x2, d1
	add	x0, x0, x2
	ret
	.endm

	.macro	do_set
	mov	x2, #32
	setp	[x0]!, x2!, x1
	setm	[x0]!, x2!, x1
	sete	[x0]!, x2!, x1
	.endm

	.macro	do_copy
	mov	x2, #32
	mov	x3, x0
	add	x0, x0, #64
	cpyfp	[x0]!, [x3]!, x2!
	cpyfm	[x0]!, [x3]!, x2!
	cpyfe	[x0]!, [x3]!, x2!
	mov	x3, #0
	.endm

	.section .data.forms, "aw"
	.balign	8
	.global	forms
forms:
	form	ldr, ldr x2, [x0]
	form	ldrb, ldrb w2, [x0, #3]
	form	ldrsw, ldrsw x2, [x0, #4]
	form	ldar, ldar x2, [x0]
	form	ldtr, ldtr x2, [x0]
	form	ldr_post, ldr x2, [x0], #8
	form	ldr_over, ldr x2, [x0, #12]
	form	ldp, ldp x2, x3, [x0]
	form	ldp_over, ldp x2, x3, [x0, #8]
	form	ldr_q, ldr q0, [x0]
	form	ldp_q, ldp q0, q1, [x0]
	form	ld1_lane, ld1 {v0.b}[0], [x0]
	form	ld2, ld2 {v0.16b, v1.16b}, [x0]
	form	ldxr, ldxr x2, [x0]
	form	ldg, ldg x2, [x0]
	form	str, str x1, [x0]
	form	strb, strb w1, [x0, #3]
	form	stlr, stlr x1, [x0]
	form	sttr, sttr x1, [x0]
	form	str_pre, str x1, [x0, #8]!
	form	str_over, str x1, [x0, #12]
	form	stp, stp x1, x1, [x0]
	form	stp_over, stp x1, x1, [x0, #8]
	form	str_q, str q0, [x0]
	form	stp_q, stp q0, q1, [x0]
	form	st1_lane, st1 {v0.b}[0], [x0]
	form	ldadd, ldadd x1, x2, [x0]
	form	swp, swp x1, x2, [x0]
	form	cas, cas x2, x1, [x0]
	form	stg, stg x0, [x0]
	.section .data.forms, "aw"
	.quad	0, 0
	/* these where there is FEAT_MOPS: 32 bytes */
	.global	forms_mops
forms_mops:
	form	set, do_set
	form	copy, do_copy
	.section .data.forms, "aw"
	.quad	0, 0
	.text

	/* void set_tag(void *p): that of the pointer */
	.global	set_tag
	.type	set_tag, %function
set_tag:
	stg	x0, [x0]
	ret
	/* uint64_t get_tag(void *p) */
	.global	get_tag
	.type	get_tag, %function
get_tag:
	mov	x1, xzr
	ldg	x1, [x0]
	lsr	x0, x1, #56
	ret
