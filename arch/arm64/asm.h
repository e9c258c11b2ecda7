/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Offsets into struct vcpu for assembly; cpu.c asserts that they are right. */
#ifndef ARCH_ASM_H
#define ARCH_ASM_H

#define VCPU_X(n) ((n) * 8)
#define VCPU_PC 248
#define VCPU_PSTATE 256
#define VCPU_ESR 264
#define VCPU_FAR 272
#define VCPU_HPFAR 280

/* What vcpu_run() returns. */
#define EXIT_SYNC 0
#define EXIT_IRQ 1
#define EXIT_FIQ 2
#define EXIT_SERROR 3
#define EXIT_DONE 4 /* all that it came for has been done */
/* What cpu_short_exit() returns besides. */
#define EXIT_RESUME 5

/* Secondary CPU's boot record, read with the MMU off. */
#define BOOT_STACK 0
#define BOOT_CPU 8
#define BOOT_TTBR 16
#define BOOT_TCR 24
#define BOOT_MAIR 32
#define BOOT_SCTLR 40
#define BOOT_HCR 48

#endif
