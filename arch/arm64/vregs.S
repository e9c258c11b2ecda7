/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* All of this CPU's vector registers to memory and back. */
#include "arch/arm64/vregs_all.inc"

	.text
/* void vregs_save(void *to): V0..V31, 512 bytes. */
	.globl	vregs_save
vregs_save:
	all_v	stp
	ret

/* void vregs_load(const void *from) */
	.globl	vregs_load
vregs_load:
	all_v	ldp
	ret

/* void vregs_save_sve(void *to): Z0..Z31, at most 8 KiB. */
	.globl	vregs_save_sve
vregs_save_sve:
	all_z	str
	ret

/* void vregs_load_sve(const void *from) */
	.globl	vregs_load_sve
vregs_load_sve:
	all_z	ldr
	ret
