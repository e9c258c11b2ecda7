/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Registers, commands, events and TRBs of the Synopsys DWC3 in device mode:
 * DWC_usb3, DWC_usb31 and DWC_usb32. Names are the databook's, as far as
 * public sources use them (TI SPRUHJ7, Linux drivers/usb/dwc3). Offsets are
 * from the start of the register block.
 */
#ifndef TRANSPORT_USB_DWC3_REGS_H
#define TRANSPORT_USB_DWC3_REGS_H

#define DWC3_GCTL 0xc110
#define DWC3_GUCTL1 0xc11c
#define DWC3_GSNPSID 0xc120
#define DWC3_GUCTL2 0xc19c
#define DWC3_VER_NUMBER 0xc1a0
#define DWC3_GHWPARAMS0 0xc140
#define DWC3_GHWPARAMS1 0xc144
#define DWC3_GHWPARAMS3 0xc14c
#define DWC3_GHWPARAMS7 0xc15c
#define DWC3_GUSB2PHYCFG0 0xc200
#define DWC3_GUSB3PIPECTL0 0xc2c0
#define DWC3_GTXFIFOSIZ(n) (0xc300u + 4 * (n))
#define DWC3_GEVNTADRLO0 0xc400
#define DWC3_GEVNTADRHI0 0xc404
#define DWC3_GEVNTSIZ0 0xc408
#define DWC3_GEVNTCOUNT0 0xc40c
#define DWC3_DCFG 0xc700
#define DWC3_DCTL 0xc704
#define DWC3_DEVTEN 0xc708
#define DWC3_DSTS 0xc70c
#define DWC3_DALEPENA 0xc720
#define DWC3_DEPCMDPAR2(n) (0xc800u + 16 * (n))
#define DWC3_DEPCMDPAR1(n) (0xc804u + 16 * (n))
#define DWC3_DEPCMDPAR0(n) (0xc808u + 16 * (n))
#define DWC3_DEPCMD(n) (0xc80cu + 16 * (n))
#define DWC3_DEV_IMOD0 0xca00
#define DWC3_REGS_SIZE 0xcd00 /* up to the OTG registers' end */

/* GSNPSID: the upper half is the core, the lower its revision. */
#define DWC3_CORE_USB3 0x5533
#define DWC3_CORE_USB31 0x3331
#define DWC3_CORE_USB32 0x3332
/* VER_NUMBER of a DWC_usb31 1.80a: the revision's digits in ASCII, and '*'. */
#define DWC31_VER_180A 0x3138302au

#define DWC3_GCTL_PRTCAPDIR_MASK (3u << 12)
#define DWC3_GCTL_PRTCAPDIR_DEVICE (2u << 12)
#define DWC3_GCTL_SCALEDOWN_MASK (3u << 4)
#define DWC3_GCTL_DISSCRAMBLE (1u << 3)
#define DWC3_GCTL_DSBLCLKGTNG (1u << 0)

/* From DWC_usb3 2.90a on: the USB 2.0 PHY's clock does for the pipe clock. */
#define DWC3_GUCTL1_DEV_FORCE_20_CLK_FOR_30_CLK (1u << 26)

/* From DWC_usb3 3.10a on: CMDACT of End Transfer stays until it is done. */
#define DWC3_GUCTL2_RST_ACTBITLATER (1u << 14)

#define DWC3_GUSB2PHYCFG_ENBLSLPM (1u << 8)
#define DWC3_GUSB2PHYCFG_SUSPHY (1u << 6)
#define DWC3_GUSB2PHYCFG_PHYIF (1u << 3) /* 16 bits */
#define DWC3_GUSB2PHYCFG_TRDTIM_MASK (15u << 10)
#define DWC3_GUSB2PHYCFG_TRDTIM(n) ((uint32_t)(n) << 10)

#define DWC3_GHWPARAMS0_MODE(v) ((v) & 7) /* 0 device, 1 host, 2 both */
#define DWC3_GHWPARAMS0_MDWIDTH(v) ((v) >> 8 & 0xff) /* bits */
#define DWC3_GHWPARAMS0_AWIDTH(v) ((v) >> 24 & 0xff) /* bits */
#define DWC3_GHWPARAMS3_NUM_EPS(v) ((v) >> 12 & 0x3f)
#define DWC3_GHWPARAMS3_NUM_IN_EPS(v) ((v) >> 18 & 0x1f)
#define DWC3_GHWPARAMS7_RAM1_DEPTH(v) ((v) & 0xffff)

#define DWC3_GTXFIFOSIZ_DEPTH(v) ((v) & 0xffff)
#define DWC3_GTXFIFOSIZ_START(v) ((v) >> 16)
/* DWC_usb31 and 32 keep bit 15 for TXFRAMNUM. */
#define DWC31_GTXFIFOSIZ_DEPTH(v) ((v) & 0x7fff)
#define DWC31_GTXFIFOSIZ_TXFRAMNUM (1u << 15)

#define DWC3_GEVNTSIZ_INTMASK (1u << 31)
#define DWC3_GEVNTCOUNT_MASK 0xfffc /* bytes */

#define DWC3_DCFG_SPEED_MASK 7u
#define DWC3_DCFG_HIGHSPEED 0u
#define DWC3_DCFG_FULLSPEED 1u
#define DWC3_DCFG_DEVADDR_MASK (0x7fu << 3)
#define DWC3_DCFG_DEVADDR(n) ((uint32_t)(n) << 3)
#define DWC3_DCFG_LPM_CAP (1u << 22)

#define DWC3_DCTL_RUN_STOP (1u << 31)
#define DWC3_DCTL_CSFTRST (1u << 30)
#define DWC3_DCTL_HIRD_THRES_MASK (0x1fu << 24)
#define DWC3_DCTL_KEEP_CONNECT (1u << 19)
#define DWC3_DCTL_L1_HIBER_EN (1u << 18)
#define DWC3_DCTL_INIT_ACCEPT_MASK (15u << 9) /* U1 and U2 */
#define DWC3_DCTL_ULSTCHNGREQ_MASK (15u << 5)
#define DWC3_DCTL_ULSTCHNGREQ(n) ((uint32_t)(n) << 5)
#define DWC3_DCTL_TSTCTRL_MASK (15u << 1)
#define DWC3_DCTL_TSTCTRL(n) ((uint32_t)(n) << 1)

#define DWC3_DEVTEN_EVNTOVERFLOW (1u << 11)
#define DWC3_DEVTEN_ERRTICERR (1u << 9)
#define DWC3_DEVTEN_U3L2L1SUSP (1u << 6) /* from 2.30a on */
#define DWC3_DEVTEN_WKUPEVT (1u << 4)
#define DWC3_DEVTEN_ULSTCNG (1u << 3)
#define DWC3_DEVTEN_CONNECTDONE (1u << 2)
#define DWC3_DEVTEN_USBRST (1u << 1)
#define DWC3_DEVTEN_DISCONNEVT (1u << 0)

#define DWC3_DSTS_DEVCTRLHLT (1u << 22)
#define DWC3_DSTS_USBLNKST(v) ((v) >> 18 & 15)
#define DWC3_DSTS_CONNECTSPD(v) ((v) & 7)
/* As in DCFG; full speed has two encodings. */
#define DWC3_SPEED_HIGH 0
#define DWC3_SPEED_FULL 1
#define DWC3_SPEED_FULL1 3

/* USBLNKST and the link state in events, at high and full speed. */
#define DWC3_LINK_ON 0
#define DWC3_LINK_SUSPEND 3
#define DWC3_LINK_RX_DETECT 5
#define DWC3_LINK_RESUME 15

/* DEPCMD */
#define DWC3_DEPCFG 1u
#define DWC3_DEPXFERCFG 2u
#define DWC3_DEPSETSTALL 4u
#define DWC3_DEPCLEARSTALL 5u
#define DWC3_DEPSTARTXFER 6u
#define DWC3_DEPUPDXFER 7u
#define DWC3_DEPENDXFER 8u
#define DWC3_DEPSTARTCFG 9u
#define DWC3_DEPCMD_CMDIOC (1u << 8)
#define DWC3_DEPCMD_CMDACT (1u << 10)
#define DWC3_DEPCMD_FORCERM (1u << 11) /* End Transfer: no write-back */
#define DWC3_DEPCMD_PARAM(n) ((uint32_t)(n) << 16)
#define DWC3_DEPCMD_STATUS(v) ((v) >> 12 & 15)
#define DWC3_DEPCMD_RSC_IDX(v) ((v) >> 16 & 0x7f)

/* DEPCMDPAR0 and 1 of DEPCFG */
#define DWC3_DEPCFG_TYPE(n) ((uint32_t)(n) << 1)
#define DWC3_DEPCFG_MAX_PACKET(n) ((uint32_t)(n) << 3)
#define DWC3_DEPCFG_FIFO(n) ((uint32_t)(n) << 17)
#define DWC3_DEPCFG_ACTION_INIT 0u
#define DWC3_DEPCFG_ACTION_MODIFY (2u << 30)
#define DWC3_DEPCFG_XFER_COMPLETE (1u << 8)
#define DWC3_DEPCFG_XFER_IN_PROGRESS (1u << 9)
#define DWC3_DEPCFG_XFER_NOT_READY (1u << 10)
#define DWC3_DEPCFG_INTERVAL_M1(n) ((uint32_t)(n) << 16)
#define DWC3_DEPCFG_EP_NUMBER(n) ((uint32_t)(n) << 25)

/* The fields of a TRB's third and fourth word. */
#define DWC3_TRB_SIZE_MASK 0x00ffffffu
#define DWC3_TRB_STATUS(v) ((v) >> 28)
#define DWC3_TRBSTS_OK 0
#define DWC3_TRBSTS_SETUP_PENDING 2

#define DWC3_TRB_HWO (1u << 0)
#define DWC3_TRB_LST (1u << 1)
#define DWC3_TRB_CHN (1u << 2)
#define DWC3_TRB_CSP (1u << 3)
#define DWC3_TRB_TYPE(n) ((uint32_t)(n) << 4)
#define DWC3_TRB_ISP_IMI (1u << 10)
#define DWC3_TRB_IOC (1u << 11)

#define DWC3_TRBCTL_NORMAL 1
#define DWC3_TRBCTL_SETUP 2
#define DWC3_TRBCTL_STATUS2 3
#define DWC3_TRBCTL_STATUS3 4
#define DWC3_TRBCTL_DATA 5
#define DWC3_TRBCTL_LINK 8

#define DWC3_ENDPOINTS 32 /* physical: 2 * number + (IN ? 1 : 0) */

#endif
