/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Function numbers and results of PSCI and SMCCC (Arm DEN 0022, DEN 0028). */
#ifndef ARCH_PSCI_CALLS_H
#define ARCH_PSCI_CALLS_H

#define PSCI_VERSION 0x84000000
#define PSCI_CPU_SUSPEND 0x84000001
#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON 0x84000003
#define PSCI_AFFINITY_INFO 0x84000004
#define PSCI_MIGRATE 0x84000005
#define PSCI_MIGRATE_INFO_TYPE 0x84000006
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define PSCI_FEATURES 0x8400000a
#define PSCI_CPU_FREEZE 0x8400000b
#define PSCI_CPU_DEFAULT_SUSPEND 0x8400000c
#define PSCI_SYSTEM_SUSPEND 0x8400000e
#define PSCI_SYSTEM_RESET2 0x84000012
/* PSCI 0.1 leaves numbers to the board; QEMU's, which all its versions answer. */
#define PSCI_0_1_CPU_SUSPEND 0x95c1ba5e
#define PSCI_0_1_CPU_OFF 0x95c1ba5f
#define PSCI_0_1_CPU_ON 0x95c1ba60
#define PSCI_0_1_MIGRATE 0x95c1ba61
#define SMCCC_FAST 0x80000000u
#define SMCCC_RESERVED 0x00fe0000u /* zero in every fast call */
#define SMC64 0x40000000u

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED ((uint64_t)-1)
#define PSCI_INVALID_PARAMETERS ((uint64_t)-2)
#define PSCI_ALREADY_ON ((uint64_t)-4)
#define PSCI_ON_PENDING ((uint64_t)-5)
#define PSCI_INVALID_ADDRESS ((uint64_t)-9)

#endif
