/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What EL2 must open so that EL1 has every feature of the core, after the
 * requirements of Linux's Documentation/arch/arm64/booting.rst.
 */
#ifndef ARCH_FEATURE_H
#define ARCH_FEATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

#define HCR_VM BIT(0)
#define HCR_SWIO BIT(1)
#define HCR_FMO BIT(3)
#define HCR_IMO BIT(4)
#define HCR_AMO BIT(5)
#define HCR_VSE BIT(8)
#define HCR_TWI BIT(13)
#define HCR_TWE BIT(14)
#define HCR_TSC BIT(19)
#define HCR_TTLB BIT(25)
#define HCR_TVM BIT(26)
#define HCR_RW BIT(31)
#define HCR_E2H BIT(34)
#define HCR_APK BIT(40)
#define HCR_API BIT(41)

#define MDCR_HPMN GENMASK(4, 0)
#define MDCR_TDE BIT(8)
#define MDCR_TDA BIT(9)

/* FEAT_MTE2: memory has tags. */
bool feature_tags(void);
/* HCR_EL2 while the guest runs and nothing special is wanted. */
uint64_t feature_hcr(void);
/* Every other trap control of EL2, on this CPU. */
void feature_open(void);
/* MDCR_EL2 with no debug trap. */
uint64_t feature_mdcr(void);

#endif
