/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * GICv3 registers and fields by the names of the architecture (IHI 0069). Only
 * numbers: pure and privileged files both use it.
 */
#ifndef ARCH_IRQ_GICV3_REGS_H
#define ARCH_IRQ_GICV3_REGS_H

#include "bits.h"

/* Interrupt numbers */
#define GIC_SGIS 16
#define GIC_PRIVATE 32 /* SGIs and PPIs */
#define GIC_SPECIAL 1020
#define GIC_SPURIOUS 1023
#define GIC_EPPI 1056
#define GIC_EPPI_END 1120
#define GIC_ESPI 4096
#define GIC_ESPI_END 5120
#define GIC_LPI 8192

/* Distributor */
#define GICD_CTLR 0x0000
#define GICD_CTLR_GRP0 BIT(0) /* one security state */
#define GICD_CTLR_GRP1 BIT(1)
#define GICD_CTLR_ARE BIT(4)
#define GICD_CTLR_DS BIT(6)
#define GICD_CTLR_RWP BIT(31)
#define GICD_TYPER 0x0004
#define GICD_TYPER_NMI BIT(9)
#define GICD_IIDR 0x0008
#define GICD_TYPER2 0x000c
#define GICD_SETSPI_NSR 0x0040
#define GICD_CLRSPI_NSR 0x0048
#define GICD_SETSPI_SR 0x0050
#define GICD_CLRSPI_SR 0x0058
#define GICD_IGROUPR 0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICENABLER 0x0180
#define GICD_ISPENDR 0x0200
#define GICD_ICPENDR 0x0280
#define GICD_ISACTIVER 0x0300
#define GICD_ICACTIVER 0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_ICFGR 0x0c00
#define GICD_INMIR 0x0f80
#define GICD_IGROUPR_E 0x1000
#define GICD_ISENABLER_E 0x1200
#define GICD_ICENABLER_E 0x1400
#define GICD_ISPENDR_E 0x1600
#define GICD_ICPENDR_E 0x1800
#define GICD_ISACTIVER_E 0x1a00
#define GICD_ICACTIVER_E 0x1c00
#define GICD_IPRIORITYR_E 0x2000
#define GICD_ICFGR_E 0x3000
#define GICD_INMIR_E 0x3b00
#define GICD_IROUTER 0x6000
#define GICD_IROUTER_E 0x8000
#define GIC_ID_REGS 0xffd0 /* the same place in every frame */
#define GIC_FRAME 0x10000

/* Redistributor, first frame */
#define GICR_CTLR 0x0000
#define GICR_IIDR 0x0004
#define GICR_TYPER 0x0008
#define GICR_TYPER_VLPIS BIT(1)
#define GICR_TYPER_LAST BIT(4)
#define GICR_STATUSR 0x0010
#define GICR_WAKER 0x0014
#define GICR_WAKER_SLEEP BIT(1)
#define GICR_WAKER_ASLEEP BIT(2)
#define GICR_MPAMIDR 0x0018
#define GICR_PARTIDR 0x001c
#define GICR_SETLPIR 0x0040
#define GICR_CLRLPIR 0x0048
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078
#define GICR_INVLPIR 0x00a0
#define GICR_INVALLR 0x00b0
#define GICR_SYNCR 0x00c0

/* Interrupt Translation Service, control frame */
#define GITS_CBASER 0x0080
#define GITS_BASER 0x0100
#define GITS_BASER_END 0x0140
#define GITS_VALID BIT(63)

/* List registers */
#define ICH_LR_VINTID GENMASK(31, 0)
#define ICH_LR_PINTID GENMASK(44, 32)
#define ICH_LR_EOI BIT(41) /* HW = 0 only */
#define ICH_LR_PRIORITY GENMASK(55, 48)
#define ICH_LR_NMI BIT(59)
#define ICH_LR_GROUP1 BIT(60)
#define ICH_LR_HW BIT(61)
#define ICH_LR_PENDING BIT(62)
#define ICH_LR_ACTIVE BIT(63)
#define ICH_LR_STATE GENMASK(63, 62)

#define ICH_AP1R0_NMI BIT(63)

#define ICH_HCR_EN BIT(0)
#define ICH_HCR_LRENPIE BIT(2)
#define ICH_HCR_NPIE BIT(3)
#define ICH_HCR_TC BIT(10)
#define ICH_HCR_TALL1 BIT(12)
#define ICH_HCR_TDIR BIT(14)
#define ICH_HCR_EOICOUNT GENMASK(31, 27)

#define ICH_VTR_LISTREGS GENMASK(4, 0)
#define ICH_VTR_TDS BIT(19)
#define ICH_VTR_A3V BIT(21)
#define ICH_VTR_SEIS BIT(22)
#define ICH_VTR_IDBITS GENMASK(25, 23)
#define ICH_VTR_PRIBITS GENMASK(31, 29)
#define ICH_VTR_PREBITS GENMASK(28, 26)

/* ICC_RPR_EL1: an NMI runs; from the secure side, a non-secure one */
#define ICC_RPR_NMI BIT(63)
#define ICC_RPR_NMI_NS BIT(62)

#define ICC_CTLR_CBPR BIT(0)
#define ICC_CTLR_EOIMODE BIT(1)
#define ICC_CTLR_PRIBITS GENMASK(10, 8)
#define ICC_CTLR_IDBITS GENMASK(13, 11)
#define ICC_CTLR_SEIS BIT(14)
#define ICC_CTLR_A3V BIT(15)

#define ICH_VMCR_VENG0 BIT(0)
#define ICH_VMCR_VENG1 BIT(1)
#define ICH_VMCR_VCBPR BIT(4)
#define ICH_VMCR_VEOIM BIT(9)
#define ICH_VMCR_VBPR1 GENMASK(20, 18)
#define ICH_VMCR_VBPR0 GENMASK(23, 21)
#define ICH_VMCR_VPMR GENMASK(31, 24)

#endif
