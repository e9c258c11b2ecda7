/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See forms.h. A form finds the address in x0; x2 16, x3 2, x4 -2. */

	.arch	armv8.5-a
	.macro	begin name
	.text
	.balign	4
form_\name:
	.endm
	.macro	table name, at, end, kind, off, size, feature
	.section .rodata.names, "a"
1:	.asciz	"\name"
	.section .rodata.forms, "a"
	.quad	1b, form_\name, \at, \end, \kind, \off, \size, \feature
	.text
	.endm
	/* one instruction */
	.macro	form name, kind, off, size, insn, feature=0
	begin	\name
	\insn
	ret
	table	\name, form_\name, form_\name + 4, \kind, \off, \size, \feature
	.endm

	.section .rodata.forms, "a"
	.balign	8
	.global forms
forms:
	.set R, 1
	.set W, 2
	.set RW, 3
	.set LSE, 1
	.set RCPC, 2

	form ldrb, R, 0, 1, "ldrb w1, [x0]"
	form ldrsb_w, R, 0, 1, "ldrsb w1, [x0]"
	form ldrsb_x, R, 0, 1, "ldrsb x1, [x0]"
	form ldrh, R, 0, 2, "ldrh w1, [x0]"
	form ldrsh_w, R, 0, 2, "ldrsh w1, [x0]"
	form ldrsh_x, R, 0, 2, "ldrsh x1, [x0]"
	form ldr_w, R, 0, 4, "ldr w1, [x0]"
	form ldrsw, R, 0, 4, "ldrsw x1, [x0]"
	form ldr_x, R, 0, 8, "ldr x1, [x0]"
	form ldr_xzr, R, 0, 8, "ldr xzr, [x0]"
	form ldr_imm, R, 24, 8, "ldr x1, [x0, #24]"
	form ldr_self, R, 0, 8, "ldr x0, [x0]"
	form ldur, R, -3, 8, "ldur x1, [x0, #-3]"
	form ldr_unaligned, R, 5, 8, "ldur x1, [x0, #5]"
	form ldrh_unaligned, R, 1, 2, "ldurh w1, [x0, #1]"
	form ldr_post, R, 0, 8, "ldr x1, [x0], #8"
	form ldr_pre, R, 8, 8, "ldr x1, [x0, #8]!"
	form ldrb_post_neg, R, 0, 1, "ldrb w1, [x0], #-7"
	form ldr_reg, R, 16, 8, "ldr x1, [x0, x2]"
	form ldr_uxtw, R, 16, 8, "ldr x1, [x0, w3, uxtw #3]"
	form ldr_sxtw, R, -8, 4, "ldr w1, [x0, w4, sxtw #2]"
	form ldp_w, R, 0, 8, "ldp w5, w6, [x0]"
	form ldp_x, R, 0, 16, "ldp x5, x6, [x0]"
	form ldpsw, R, 8, 8, "ldpsw x5, x6, [x0, #8]"
	form ldp_post, R, 0, 16, "ldp x5, x6, [x0], #16"
	form ldp_pre, R, -16, 16, "ldp x5, x6, [x0, #-16]!"
	form ldp_self, R, 0, 16, "ldp x0, x1, [x0]"
	form ldnp, R, 0, 16, "ldnp x5, x6, [x0]"
	form ldtr, R, 0, 8, "ldtr x1, [x0]"
	form ldar, R, 0, 8, "ldar x1, [x0]"
	form ldarb, R, 0, 1, "ldarb w1, [x0]"
	form ldapr, R, 0, 4, "ldapr w1, [x0]", RCPC
	form ldapur, R, 7, 1, "ldapursb x1, [x0, #7]", 4
	form ldr_b, R, 0, 1, "ldr b1, [x0]"
	form ldr_h, R, 0, 2, "ldr h1, [x0]"
	form ldr_s, R, 0, 4, "ldr s1, [x0]"
	form ldr_d, R, 0, 8, "ldr d1, [x0]"
	form ldr_q, R, 0, 16, "ldr q1, [x0]"
	form ldr_q_post, R, 0, 16, "ldr q1, [x0], #16"
	form ldr_q_unaligned, R, 3, 16, "ldur q1, [x0, #3]"
	form ldp_s, R, 0, 8, "ldp s1, s2, [x0]"
	form ldp_d, R, 0, 16, "ldp d1, d2, [x0]"
	form ldp_q, R, 0, 32, "ldp q1, q2, [x0]"
	form ldp_q_pre, R, 32, 32, "ldp q1, q2, [x0, #32]!"
	form ld1_1, R, 0, 16, "ld1 {v1.16b}, [x0]"
	form ld1_1d, R, 0, 8, "ld1 {v1.8b}, [x0]"
	form ld1_2, R, 0, 32, "ld1 {v1.8h, v2.8h}, [x0]"
	form ld1_3, R, 0, 48, "ld1 {v1.4s, v2.4s, v3.4s}, [x0]"
	form ld1_4, R, 0, 64, "ld1 {v1.2d, v2.2d, v3.2d, v4.2d}, [x0]"
	form ld1_4_post, R, 0, 64, "ld1 {v1.2d, v2.2d, v3.2d, v4.2d}, [x0], #64"
	form ld1_reg_post, R, 0, 16, "ld1 {v1.16b}, [x0], x2"
	form ld2, R, 0, 32, "ld2 {v1.16b, v2.16b}, [x0]"
	form ld2_8h, R, 0, 16, "ld2 {v1.4h, v2.4h}, [x0]"
	form ld3, R, 0, 48, "ld3 {v1.4s, v2.4s, v3.4s}, [x0]"
	form ld4, R, 0, 64, "ld4 {v1.8h, v2.8h, v3.8h, v4.8h}, [x0]"
	form ld4_post, R, 0, 64, "ld4 {v1.2d, v2.2d, v3.2d, v4.2d}, [x0], #64"
	form ld1_lane, R, 0, 4, "ld1 {v1.s}[2], [x0]"
	form ld1_lane_b, R, 0, 1, "ld1 {v1.b}[13], [x0], #1"
	form ld3_lane, R, 0, 6, "ld3 {v1.h, v2.h, v3.h}[5], [x0]"
	form ld1r, R, 0, 8, "ld1r {v1.2d}, [x0]"
	form ld4r, R, 0, 16, "ld4r {v1.4s, v2.4s, v3.4s, v4.4s}, [x0]"

	form strb, W, 0, 1, "strb w5, [x0]"
	form strh, W, 0, 2, "strh w5, [x0]"
	form str_w, W, 0, 4, "str w5, [x0]"
	form str_x, W, 0, 8, "str x5, [x0]"
	form str_xzr, W, 0, 8, "str xzr, [x0]"
	form str_wzr, W, 4, 4, "str wzr, [x0, #4]"
	form stur, W, -3, 8, "stur x5, [x0, #-3]"
	form stur_w, W, 7, 4, "stur w5, [x0, #7]"
	form str_post, W, 0, 8, "str x5, [x0], #8"
	form str_pre, W, 8, 8, "str x5, [x0, #8]!"
	form str_reg, W, 16, 8, "str x5, [x0, x2]"
	form str_sxtw, W, -8, 4, "str w5, [x0, w4, sxtw #2]"
	form stp_w, W, 0, 8, "stp w5, w6, [x0]"
	form stp_x, W, 0, 16, "stp x5, x6, [x0]"
	form stp_post, W, 0, 16, "stp x5, x6, [x0], #32"
	form stp_pre, W, -16, 16, "stp x5, x6, [x0, #-16]!"
	form stnp, W, 0, 16, "stnp x5, x6, [x0]"
	form sttr, W, 0, 8, "sttr x5, [x0]"
	form stlr, W, 0, 8, "stlr x5, [x0]"
	form stlrb, W, 0, 1, "stlrb w5, [x0]"
	form str_b, W, 0, 1, "str b5, [x0]"
	form str_h, W, 0, 2, "str h5, [x0]"
	form str_s, W, 0, 4, "str s5, [x0]"
	form str_d, W, 0, 8, "str d5, [x0]"
	form str_q, W, 0, 16, "str q5, [x0]"
	form str_q_unaligned, W, 9, 16, "stur q5, [x0, #9]"
	form stp_s, W, 0, 8, "stp s5, s6, [x0]"
	form stp_d, W, 0, 16, "stp d5, d6, [x0]"
	form stp_q, W, 0, 32, "stp q5, q6, [x0]"
	form stp_q_post, W, 0, 32, "stp q5, q6, [x0], #32"
	form st1_1, W, 0, 16, "st1 {v5.16b}, [x0]"
	form st1_4, W, 0, 64, "st1 {v5.2d, v6.2d, v7.2d, v8.2d}, [x0]"
	form st1_reg_post, W, 0, 16, "st1 {v5.16b}, [x0], x2"
	form st2, W, 0, 32, "st2 {v5.16b, v6.16b}, [x0]"
	form st3, W, 0, 48, "st3 {v5.4s, v6.4s, v7.4s}, [x0], #48"
	form st4, W, 0, 64, "st4 {v5.8h, v6.8h, v7.8h, v8.8h}, [x0]"
	form st1_lane, W, 0, 4, "st1 {v5.s}[2], [x0]"
	form st2_lane, W, 0, 4, "st2 {v5.h, v6.h}[3], [x0], #4"
	form dc_zva, W, 0, 64, "dc zva, x0"

	form ldadd, RW, 0, 8, "ldadd x5, x6, [x0]", LSE
	form ldaddal_w, RW, 0, 4, "ldaddal w5, w6, [x0]", LSE
	form ldaddb, RW, 0, 1, "ldaddb w5, w6, [x0]", LSE
	form stadd, RW, 0, 8, "stadd x5, [x0]", LSE
	form ldclr, RW, 0, 8, "ldclra x5, x6, [x0]", LSE
	form ldset, RW, 0, 2, "ldsetlh w5, w6, [x0]", LSE
	form ldeor, RW, 0, 8, "ldeor x5, x6, [x0]", LSE
	form ldsmax, RW, 0, 4, "ldsmax w5, w6, [x0]", LSE
	form ldumin, RW, 0, 8, "ldumin x5, x6, [x0]", LSE
	form swp, RW, 0, 8, "swpal x5, x6, [x0]", LSE
	form cas_yes, RW, 0, 8, "casal x5, x6, [x0]", LSE
	form cas_no, RW, 0, 8, "cas x5, x6, [x0]", LSE
	form casp, RW, 0, 16, "casp x10, x11, x12, x13, [x0]", LSE

	form prfm, 0, 0, 0, "prfm pldl1keep, [x0]"
	form dc_cvac, 0, 0, 0, "dc cvac, x0"
	form dc_civac, 0, 0, 0, "dc civac, x0"
	form ic_ivau, 0, 0, 0, "ic ivau, x0"

	/* loops: at is the load, end behind the store's check */
	.macro	loop name, size, load, change, store
	begin	\name
	\load
	\change
	\store
	cbnz	w8, form_\name
	ret
	table	\name, form_\name, form_\name + 12, RW, 0, \size, 8
	.endm
	loop ldxr, 8, "ldxr x5, [x0]", "add x5, x5, #1", "stxr w8, x5, [x0]"
	loop ldaxr_w, 4, "ldaxr w5, [x0]", "add w5, w5, #1", "stlxr w8, w5, [x0]"
	loop ldxrb, 1, "ldxrb w5, [x0]", "eor w5, w5, #1", "stxrb w8, w5, [x0]"
	loop ldxrh, 2, "ldxrh w5, [x0]", "eor w5, w5, #1", "stxrh w8, w5, [x0]"
	loop ldxp, 16, "ldxp x5, x6, [x0]", "add x5, x5, x6", "stxp w8, x6, x5, [x0]"
	loop ldaxp_w, 8, "ldaxp w5, w6, [x0]", "add w5, w5, w6", "stlxp w8, w6, w5, [x0]"

	.section .rodata.forms, "a"
	.global forms_end
forms_end:

	.text
	.global run_form
	.type run_form, %function
run_form:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x29, x2
	mov	x30, x0
	mov	x0, x1
	adr	x1, patterns
	.irp	n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
	ldp	q\n, q16, [x1], #16
	.endr
	ldp	q16, q17, [x1, #-64]
	ldp	q1, q3, [x1, #-96]
	ldp	q5, q7, [x1, #-128]
	ldp	q30, q31, [x1, #-160]
	adr	x1, patterns
	ldp	x5, x6, [x1]
	mov	x7, #0x77
	ldp	x8, x9, [x1, #16]
	ldp	x10, x11, [x1, #32]
	ldp	x12, x13, [x1, #48]
	ldp	x14, x15, [x1, #64]
	ldp	x16, x17, [x1, #80]
	ldp	x18, x19, [x1, #96]
	ldp	x20, x21, [x1, #112]
	ldp	x22, x23, [x1, #128]
	ldp	x24, x25, [x1, #144]
	ldp	x26, x27, [x1, #160]
	ldr	x28, [x1, #176]
	msr	nzcv, xzr
	mov	x1, #0x1111
	mov	x2, #16
	mov	x3, #2
	mov	x4, #-2
	blr	x30
	stp	x0, x1, [x29]
	stp	x2, x3, [x29, #16]
	stp	x4, x5, [x29, #32]
	stp	x6, x7, [x29, #48]
	stp	x8, x9, [x29, #64]
	stp	x10, x11, [x29, #80]
	stp	x12, x13, [x29, #96]
	stp	x14, x15, [x29, #112]
	stp	x16, x17, [x29, #128]
	stp	x18, x19, [x29, #144]
	stp	x20, x21, [x29, #160]
	stp	x22, x23, [x29, #176]
	stp	x24, x25, [x29, #192]
	stp	x26, x27, [x29, #208]
	mrs	x1, nzcv
	stp	x28, x1, [x29, #224]
	add	x1, x29, #256
	.irp	n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	str	q\n, [x1, #16 * \n]
	.endr
	.irp	n, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
	str	q\n, [x1, #16 * \n]
	.endr
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret

	.balign	16
	/* SplitMix-like constants; what they are is of no matter */
patterns:
	.set	v, 0x9e3779b97f4a7c15
	.rept	64
	.quad	v
	.set	v, (v * 0x5851f42d4c957f2d + 0x14057b7ef767814f) & 0xffffffffffffffff
	.endr
