/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Registers of the PL011 UART, named as in its TRM (DDI 0183, chapter 3). */
#ifndef TRANSPORT_PL011_REGS_H
#define TRANSPORT_PL011_REGS_H

#define UARTDR 0x000
#define UARTRSR 0x004 /* UARTECR on writing */
#define UARTFR 0x018
#define UARTILPR 0x020
#define UARTIBRD 0x024
#define UARTFBRD 0x028
#define UARTLCR_H 0x02c
#define UARTCR 0x030
#define UARTIFLS 0x034
#define UARTIMSC 0x038
#define UARTRIS 0x03c
#define UARTMIS 0x040
#define UARTICR 0x044
#define UARTDMACR 0x048
#define UARTPERIPHID0 0xfe0
#define UARTPCELLID0 0xff0

#define UARTDR_FE 0x100u
#define UARTDR_PE 0x200u
#define UARTDR_BE 0x400u
#define UARTDR_OE 0x800u

#define UARTFR_CTS 0x001u
#define UARTFR_DSR 0x002u
#define UARTFR_DCD 0x004u
#define UARTFR_BUSY 0x008u
#define UARTFR_RXFE 0x010u
#define UARTFR_TXFF 0x020u
#define UARTFR_RXFF 0x040u
#define UARTFR_TXFE 0x080u
#define UARTFR_RI 0x100u

#define UARTLCR_H_FEN 0x10u
#define UARTLCR_H_WLEN8 0x60u

#define UARTCR_UARTEN 0x001u
#define UARTCR_LBE 0x080u
#define UARTCR_TXE 0x100u
#define UARTCR_RXE 0x200u
#define UARTCR_DTR 0x400u
#define UARTCR_RTS 0x800u

/* UARTIMSC, UARTRIS, UARTMIS and UARTICR */
#define UARTINT_RI 0x001u
#define UARTINT_CTS 0x002u
#define UARTINT_DCD 0x004u
#define UARTINT_DSR 0x008u
#define UARTINT_RX 0x010u
#define UARTINT_TX 0x020u
#define UARTINT_RT 0x040u
#define UARTINT_FE 0x080u
#define UARTINT_PE 0x100u
#define UARTINT_BE 0x200u
#define UARTINT_OE 0x400u
#define UARTINT_ALL 0x7ffu

#endif
