/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Instructions of Armv8.7 and 8.8 for features_newer.c. */
	.arch	armv8.8-a+mops

#include "function.h"

function use_copy
	cpyp	[x0]!, [x1]!, x2!
	cpym	[x0]!, [x1]!, x2!
	cpye	[x0]!, [x1]!, x2!
	ret
function use_copy_forward
	cpyfp	[x0]!, [x1]!, x2!
	cpyfm	[x0]!, [x1]!, x2!
	cpyfe	[x0]!, [x1]!, x2!
	ret
function use_fill
	setp	[x0]!, x2!, x1
	setm	[x0]!, x2!, x1
	sete	[x0]!, x2!, x1
	ret
function use_hinted_branch
	mov	x1, #0
1:	add	x1, x1, x0
	subs	x0, x0, #1
	bc.ne	1b
	mov	x0, x1
	ret
function use_wfit
	wfit	x0
	ret
function use_wfet
	wfet	x0
	ret
function use_nxs
	sys	#0, c9, c7, #1, x0	/* TLBI VAE1NXS */
	sys	#0, c9, c3, #0	/* TLBI VMALLE1ISNXS */
	dsb	ishnxs
	isb
	ret
