/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * uint64_t writers[32768](uint64_t unread, uint64_t pattern, uint64_t other):
 * for each encoding, op0 2 and 3: x2 = what is there, pattern written, x0 = what
 * is there then, x2 written. No stack: one of them is SPSel.
 */
	.text
	.balign	8
	.global	writers
writers:
	.set	n, 0
	.rept	32768
	.inst	0xd5300002 | (n << 5)
	.inst	0xd5100001 | (n << 5)
	.inst	0xd5300000 | (n << 5)
	.inst	0xd5100002 | (n << 5)
	ret
	.set	n, n + 1
	.endr
