/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DWC3's register offsets, fields, commands, events and TRBs in device
 * mode, as Synopsys' databook names them and Linux's drivers/usb/dwc3 uses
 * them.
 */
#ifndef HYPERSTUB_DWC3_HW_H
#define HYPERSTUB_DWC3_HW_H

#include "qemu/bitops.h"

#define HSDWC3_SIZE 0x10000

/* Global registers. */
#define GLOBALS_START 0xc100
#define GLOBALS_END 0xc6ff
#define GSBUSCFG0 0xc100
#define GTXTHRCFG 0xc108
#define GCTL 0xc110
#define GCTL_CORESOFTRESET BIT(11)
#define GCTL_PRTCAP(v) extract32(v, 12, 2)
#define GCTL_PRTCAP_DEVICE 2
#define GSTS 0xc118
#define GSTS_BUS_ERR_ADDR_VLD BIT(4)
#define GSTS_CSR_TIMEOUT BIT(5)
#define GSTS_DEVICE_IP BIT(6)
#define GUCTL1 0xc11c
#define GSNPSID 0xc120
#define GUID 0xc128
#define GUCTL 0xc12c
#define GBUSERRADDR0 0xc130
#define GBUSERRADDR1 0xc134
#define GHWPARAMS0 0xc140
#define GHWPARAMS7 0xc15c
#define GDBGFIFOSPACE 0xc160
#define GDBGLTSSM 0xc164
#define GUCTL2 0xc19c
#define GUSB2PHYCFG0 0xc200
#define GUSB2PHYCFG_ENBLSLPM BIT(8)
#define GUSB2PHYCFG_SUSPHY BIT(6)
#define GUSB2PHYCFG_PHYSOFTRST BIT(31)
#define GUSB3PIPECTL0 0xc2c0
#define GTXFIFOSIZ(n) (0xc300 + (n) * 4)
#define GRXFIFOSIZ(n) (0xc380 + (n) * 4)
#define GEVNTADRLO 0xc400
#define GEVNTADRHI 0xc404
#define GEVNTSIZ 0xc408
#define GEVNTSIZ_INTMASK BIT(31)
#define GEVNTCOUNT 0xc40c
#define GEVNTCOUNT_EHB BIT(31)
#define GHWPARAMS8 0xc600
#define GFLADJ 0xc630

/* Device registers. */
#define DEVICE_START 0xc700
#define DEVICE_END 0xcbff
#define DCFG 0xc700
#define DCFG_SPEED(v) extract32(v, 0, 3)
#define DCFG_SPEED_FULL 1
#define DCFG_DEVADDR(v) extract32(v, 3, 7)
#define DCTL 0xc704
#define DCTL_RUN_STOP BIT(31)
#define DCTL_CSFTRST BIT(30)
#define DCTL_ULSTCHNGREQ(v) extract32(v, 5, 4)
#define DCTL_ULSTCHNGREQ_MASK (0xfu << 5)
#define DCTL_TSTCTRL(v) extract32(v, 1, 4)
#define DEVTEN 0xc708
#define DSTS 0xc70c
#define DSTS_COREIDLE BIT(23)
#define DSTS_DEVCTRLHLT BIT(22)
#define DSTS_RXFIFOEMPTY BIT(17)
#define DGCMDPAR 0xc710
#define DGCMD 0xc714
#define DALEPENA 0xc720
#define DEP_START 0xc800
#define DEP_END 0xc9ff
#define DEP_PAR2 0x0
#define DEP_PAR1 0x4
#define DEP_PAR0 0x8
#define DEP_CMD 0xc
#define DEV_IMOD0 0xca00

/* Commands: DEPCMD and DGCMD share the layout of their control bits. */
#define CMD_TYPE(v) extract32(v, 0, 4)
#define CMD_IOC BIT(8)
#define CMD_ACT BIT(10)
#define CMD_HIPRI_FORCERM BIT(11)
#define CMD_STATUS(v) ((uint32_t)(v) << 12)
#define CMD_PARAM(v) extract32(v, 16, 16)
#define CMD_NO_RESOURCE 1
#define DEPCMD_SETEPCONFIG 1
#define DEPCMD_SETTRANSFRESOURCE 2
#define DEPCMD_GETEPSTATE 3
#define DEPCMD_SETSTALL 4
#define DEPCMD_CLEARSTALL 5
#define DEPCMD_STARTTRANSFER 6
#define DEPCMD_UPDATETRANSFER 7
#define DEPCMD_ENDTRANSFER 8
#define DEPCMD_DEPSTARTCFG 9
#define DEPCFG_ACTION(par0) extract32(par0, 30, 2)
#define DEPCFG_ACTION_INIT 0
#define DEPCFG_ACTION_RESTORE 1
#define DEPCFG_ACTION_MODIFY 2
#define DEPCFG_EP_TYPE(par0) extract32(par0, 1, 2)
#define DEPCFG_MPS(par0) extract32(par0, 3, 11)
#define DEPCFG_FIFO(par0) extract32(par0, 17, 5)
#define DEPCFG_XFER_COMPLETE_EN BIT(8)
#define DEPCFG_XFER_IN_PROGRESS_EN BIT(9)
#define DEPCFG_XFER_NOT_READY_EN BIT(10)
#define DEPCFG_EP_NUMBER(par1) extract32(par1, 25, 5)
#define DGCMD_TYPE(v) extract32(v, 0, 8)
#define DGCMD_SELECTED_FIFO_FLUSH 0x09
#define DGCMD_ALL_FIFO_FLUSH 0x0a

/* Endpoint types as in an endpoint descriptor. */
enum { EP_CONTROL, EP_ISOC, EP_BULK, EP_INTERRUPT };

/* Endpoint events. */
#define DEPEVT(ep, event, status, param) \
	((uint32_t)(ep) << 1 | (uint32_t)(event) << 6 | \
	 (uint32_t)(status) << 12 | (uint32_t)(param) << 16)
#define DEPEVT_XFERCOMPLETE 1
#define DEPEVT_XFERINPROGRESS 2
#define DEPEVT_XFERNOTREADY 3
#define DEPEVT_EPCMDCMPLT 7
#define DEPEVT_BUSERR BIT(0)
#define DEPEVT_SHORT BIT(1)
#define DEPEVT_IOC BIT(2)
#define DEPEVT_LST BIT(3)
#define DEPEVT_CONTROL_DATA 1
#define DEPEVT_CONTROL_STATUS 2
#define DEPEVT_TRANSFER_ACTIVE BIT(3)

/* Device events; their numbers are DEVTEN's bits. */
#define DEVT(type, info) (1u | (uint32_t)(type) << 8 | (uint32_t)(info) << 16)
#define DEVT_DISCONNECT 0
#define DEVT_RESET 1
#define DEVT_CONNECT_DONE 2
#define DEVT_LINK_STATE 3
#define DEVT_WAKEUP 4
#define DEVT_SUSPEND 6
#define DEVT_CMD_CMPL 10
#define DEVT_OVERFLOW 11

/* Link states (USB 2.0 meanings). */
enum {
	LINK_U0 = 0, /* on */
	LINK_U2 = 2, /* L1, sleep */
	LINK_U3 = 3, /* L2, suspended */
	LINK_DISCONNECTED = 4,
	LINK_RESET = 14,
	LINK_RESUME = 15,
};

/* A TRB: four little-endian words. */
#define TRB_SIZE_OF 16
#define TRB_BUFSIZ_MASK 0xffffffu
#define TRB_STS(v) ((uint32_t)(v) << 28)
#define TRBSTS_SETUP_PENDING 2
#define TRBSTS_IN_PROGRESS 4
#define TRB_HWO BIT(0)
#define TRB_LST BIT(1)
#define TRB_CHN BIT(2)
#define TRB_CSP BIT(3)
#define TRB_TRBCTL(v) extract32(v, 4, 6)
#define TRB_ISP BIT(10)
#define TRB_IOC BIT(11)
enum {
	TRBCTL_NORMAL = 1,
	TRBCTL_SETUP,
	TRBCTL_STATUS2,
	TRBCTL_STATUS3,
	TRBCTL_DATA,
	TRBCTL_ISOC_FIRST,
	TRBCTL_ISOC,
	TRBCTL_LINK,
};

#endif
