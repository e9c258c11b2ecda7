/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * sysregs.def expanded into instructions: 16 bytes a register (read, write)
 * instead of two switches. sysreg_access.c finds them by their place.
 */
	.text

/*
 * int sysreg_thunk_call(const uint32_t *thunk, uint64_t *value)
 * Runs one of those below on *value. 0, or -EPERM (-1): undefined here.
 */
	.globl	sysreg_thunk_call
sysreg_thunk_call:
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x1, [sp, #16]
	mov	x2, x0
	ldr	x0, [x1]
	blr	x2
	ldr	x1, [sp, #16]
	str	x0, [x1]
	mov	w0, #0
	ldp	x29, x30, [sp], #32
	ret

/* Where fault.c goes on after an exception of one of those below. */
	.globl	sysreg_thunk_failed
sysreg_thunk_failed:
	mov	w0, #-1
	ldp	x29, x30, [sp], #32
	ret

#define THUNK(reg) mrs x0, reg; ret; msr reg, x0; ret

#define SYSREG(name, op0, op1, crn, crm, op2, group, type, flags, need) \
	THUNK(S##op0##_##op1##_C##crn##_C##crm##_##op2)
	.globl	sysreg_thunks
sysreg_thunks:
#include "sysregs.def"
#undef SYSREG

/* Those with SYSREG_E2H again: the guest's copy while HCR_EL2.E2H is 1. */
#define SYSREG_RO 0
#define SYSREG_SAVED 0
#define SYSREG_SHADOW 0
#define SYSREG_PSTATE 0
#define SYSREG_UNSAFE 0
#define SYSREG_E2H 1
#define SYSREG(name, op0, op1, crn, crm, op2, group, type, flags, need) \
	.if flags; THUNK(S##op0##_5_C##crn##_C##crm##_##op2); .endif
	.globl	sysreg_thunks_e2h
sysreg_thunks_e2h:
#include "sysregs.def"
	.globl	sysreg_thunks_end
sysreg_thunks_end:
