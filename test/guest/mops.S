/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Copies and sets by FEAT_MOPS: to x0, from x1 (or the byte), x2 of them. What the
 * registers are afterwards goes to x3.
 */
	.arch	armv8.8-a+mops+memtag

	.macro	op name, p, m, e
	.text
	.balign	4
	.global	op_\name
	.type	op_\name, %function
op_\name:
	\p
	\m
	\e
	mrs	x4, nzcv
	stp	x0, x1, [x3]
	stp	x2, x4, [x3, #16]
	ret
	.endm

	op set, "setp [x0]!, x2!, x1", "setm [x0]!, x2!, x1", "sete [x0]!, x2!, x1"
	op sett, "setpt [x0]!, x2!, x1", "setmt [x0]!, x2!, x1", "setet [x0]!, x2!, x1"
	op cpyf, "cpyfp [x0]!, [x1]!, x2!", "cpyfm [x0]!, [x1]!, x2!", "cpyfe [x0]!, [x1]!, x2!"
	op cpy, "cpyp [x0]!, [x1]!, x2!", "cpym [x0]!, [x1]!, x2!", "cpye [x0]!, [x1]!, x2!"
	op cpyt, "cpypt [x0]!, [x1]!, x2!", "cpymt [x0]!, [x1]!, x2!", "cpyet [x0]!, [x1]!, x2!"

	op setg, "setgp [x0]!, x2!, x1", "setgm [x0]!, x2!, x1", "setge [x0]!, x2!, x1"

	/* no byte of what they are copied to is like what was there */
	.global	code_one, code_two, code_end
code_one:
	mov	x0, #0x1234
	ret
code_two:
	mov	x0, #0x4321
	ret
code_end:
