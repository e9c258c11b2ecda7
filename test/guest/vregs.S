/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Vector registers that are filled, held while a word is 0, and looked at. */
#include "arch/arm64/vregs_all.inc"

	.arch_extension sme

	.text
/* void hold_v(void *from, void *to, volatile uint64_t *until) */
	.globl	hold_v
hold_v:
	all_v	ldp
1:	ldr	x3, [x2]
	cbz	x3, 1b
	mov	x0, x1
	all_v	stp
	ret

/* void hold_z(void *from, void *to, volatile uint64_t *until) */
	.globl	hold_z
hold_z:
	all_z	ldr
1:	ldr	x3, [x2]
	cbz	x3, 1b
	mov	x0, x1
	all_z	str
	ret

/* The same in streaming mode. */
	.globl	hold_streaming
hold_streaming:
	mov	x4, x30
	smstart	sm
	bl	hold_z
	smstop	sm
	ret	x4

/* uint64_t vector_bytes(void) */
	.globl	vector_bytes
vector_bytes:
	cntb	x0
	ret
