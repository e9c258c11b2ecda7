/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Assembly: a function that C calls begins. */

	.macro	function name
	.text
	.balign	4
	.global	\name
	.type	\name, %function
\name:
	.endm
