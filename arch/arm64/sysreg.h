/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * System register access. A file that includes this is privileged: it
 * holds nothing worth a unit test. Names are those of the Arm ARM.
 */
#ifndef ARCH_SYSREG_H
#define ARCH_SYSREG_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"
#include "esr.h" /* SYSREG_ENCODING() */

#define sysreg_str_(x) #x
#define sysreg_str(x) sysreg_str_(x)

#define read_sysreg(r)                                                   \
	({                                                               \
		uint64_t v_;                                             \
		asm volatile("mrs %0, " sysreg_str(r) : "=r"(v_));       \
		v_;                                                      \
	})
#define write_sysreg(v, r)                                               \
	do {                                                             \
		uint64_t w_ = (uint64_t)(v);                             \
		asm volatile("msr " sysreg_str(r) ", %x0" : : "rZ"(w_)); \
	} while (0)

/*
 * The guest's copy of an EL1 register: with E2H=1 the plain name reaches EL2's
 * own, and the guest's is the _EL12 (or _EL02) encoding, which differs from the
 * plain one in op1 only (5 instead of 0 or 3).
 */
extern bool cpu_e2h; /* HCR_EL2.E2H, the same on all CPUs, set at boot */

#define read_sysreg_el1(plain, el12) \
	(cpu_e2h ? read_sysreg(el12) : read_sysreg(plain))
#define write_sysreg_el1(v, plain, el12)             \
	do {                                         \
		if (cpu_e2h)                         \
			write_sysreg(v, el12);       \
		else                                 \
			write_sysreg(v, plain);      \
	} while (0)

#define SCTLR_EL12 S3_5_C1_C0_0
#define CPACR_EL12 S3_5_C1_C0_2
#define TTBR0_EL12 S3_5_C2_C0_0
#define TTBR1_EL12 S3_5_C2_C0_1
#define TCR_EL12 S3_5_C2_C0_2
#define AFSR0_EL12 S3_5_C5_C1_0
#define AFSR1_EL12 S3_5_C5_C1_1
#define ESR_EL12 S3_5_C5_C2_0
#define FAR_EL12 S3_5_C6_C0_0
#define MAIR_EL12 S3_5_C10_C2_0
#define AMAIR_EL12 S3_5_C10_C3_0
#define VBAR_EL12 S3_5_C12_C0_0
#define CONTEXTIDR_EL12 S3_5_C13_C0_1
#define CNTKCTL_EL12 S3_5_C14_C1_0
#define SPSR_EL12 S3_5_C4_C0_0
#define ELR_EL12 S3_5_C4_C0_1
#define CNTP_CTL_EL02 S3_5_C14_C2_1
#define CNTP_CVAL_EL02 S3_5_C14_C2_2
#define CNTP_TVAL_EL02 S3_5_C14_C2_0
#define CNTV_CTL_EL02 S3_5_C14_C3_1
#define CNTV_CVAL_EL02 S3_5_C14_C3_2
#define CNTV_TVAL_EL02 S3_5_C14_C3_0

#endif
