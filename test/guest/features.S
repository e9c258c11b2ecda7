/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Instructions of each feature for features.c; all take and give back numbers. */
	.arch	armv9-a+sme+memtag

#include "function.h"

/* uint64_t use_fp(uint64_t a, uint64_t b): a sum of what FP and SIMD make. */
function use_fp
	scvtf	d0, x0
	scvtf	d1, x1
	fdiv	d2, d0, d1
	fmadd	d2, d2, d1, d0
	fsqrt	d3, d2
	fmov	x2, d3
	dup	v4.16b, w0
	movi	v5.16b, #7
	mul	v6.16b, v4.16b, v5.16b
	umlal	v6.8h, v4.8b, v5.8b
	addv	h7, v6.8h
	umov	w3, v7.h[0]
	mrs	x4, fpsr
	add	x0, x2, x3
	eor	x0, x0, x4, lsl #32
	ret

/* uint64_t use_sve(uint64_t n): bytes of a vector << 48, n << 32, a sum of lanes. */
function use_sve
	ptrue	p0.b
	index	z0.b, #1, #3
	mul	z0.b, p0/m, z0.b, z0.b
	uaddv	d1, p0, z0.b
	whilelo	p1.h, xzr, x0
	cntp	x2, p0, p1.h
	rdffr	p2.b
	fmov	x0, d1
	add	x0, x0, x2, lsl #32
	rdvl	x1, #1
	orr	x0, x0, x1, lsl #48
	ret

/* uint64_t use_sme(void): the same in streaming mode, by way of ZA. */
function use_sme
	smstart
	ptrue	p0.s
	zero	{za}
	index	z0.s, #1, #1
	addha	za0.s, p0/m, p0/m, z0.s
	addha	za0.s, p0/m, p0/m, z0.s
	mov	w12, #1
	mov	z1.s, p0/m, za0h.s[w12, 0]
	uaddv	d2, p0, z1.s
	fmov	x0, d2
	rdsvl	x1, #1
	orr	x0, x0, x1, lsl #48
	smstop
	ret

/* Pointer authentication: x0 a pointer, x1 a modifier. */
function sign_ia
	pacia	x0, x1
	ret
function check_ia
	autia	x0, x1
	ret
function sign_db
	pacdb	x0, x1
	ret
function check_db
	autdb	x0, x1
	ret
function sign_ga
	pacga	x0, x0, x1
	ret
function strip
	xpaci	x0
	ret

/* A tag from GCR_EL1 and RGSR_EL1; then one more, other than that. */
function random_tag
	irg	x0, x0
	gmi	x1, x0, xzr
	irg	x2, x0, x1
	addg	x2, x2, #32, #3
	eor	x0, x0, x2, ror #8
	ret

/* uint64_t use_lse(uint64_t *p): what is seen of the place in turn. */
function use_lse
	mov	x1, #5
	ldaddal	x1, x2, [x0]
	mov	x3, #0xf0
	ldsetal	x3, x4, [x0]
	ldclral	x1, x5, [x0]
	swpal	x1, x6, [x0]
	mov	x7, #5
	casal	x7, x3, [x0]
	ldsmaxal x2, x8, [x0]
	eor	x2, x2, x4, ror #8
	eor	x2, x2, x5, ror #16
	eor	x2, x2, x6, ror #24
	eor	x2, x2, x7, ror #32
	eor	x0, x2, x8, ror #40
	ret

/* uint64_t use_exclusives(uint64_t *p, uint64_t *other): failures, seen. */
function use_exclusives
	ldaxr	x2, [x0]
	stlxr	w3, x2, [x0]		/* works */
	stlxr	w4, x2, [x0]		/* no monitor any more */
	ldxr	x5, [x0]
	clrex
	stxr	w6, x5, [x0]		/* cleared */
	ldaxp	x7, x8, [x1]
	stlxp	w9, x8, x7, [x1]
	orr	w3, w3, w4, lsl #1
	orr	w3, w3, w6, lsl #2
	orr	w3, w3, w9, lsl #3
	add	x0, x7, x8
	orr	x0, x3, x0, lsl #8
	ret
