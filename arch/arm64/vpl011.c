/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The PL011 model: registers, two FIFOs, raw interrupts. After the TRM (DDI
 * 0183); where it leaves a choice, what Linux's amba-pl011 and earlycon
 * expect: sending works before the port is enabled, and UARTTXINTR is raised
 * by each character that leaves, not by the level's fall alone.
 */
#include "vpl011.h"

#include <errno.h>
#include <string.h>

#include "transport/pl011_regs.h"

#define CR_OUT1 0x1000u
#define CR_OUT2 0x2000u
#define RSR_BITS 0x0fu

void vpl011_init(struct vpl011 *v, uint64_t base, void *out_mem,
		 uint32_t out_size, bool drop_oldest)
{
	memset(v, 0, sizeof(*v));
	v->base = base;
	v->drop_oldest = drop_oldest;
	v->carrier = true;
	byte_ring_init(&v->out, out_mem, out_size);
	v->ibrd = 13; /* 115200 baud from 24 MHz */
	v->fbrd = 1;
	v->lcr_h = UARTLCR_H_WLEN8 | UARTLCR_H_FEN;
	v->cr = UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE;
	v->ifls = 0x12;
}

static unsigned int depth(const struct vpl011 *v)
{
	return v->lcr_h & UARTLCR_H_FEN ? VPL011_FIFO : 1;
}

/* UARTIFLS: 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO; reserved values as 1/2. */
static unsigned int level(uint32_t select)
{
	static const uint8_t levels[8] = {4, 8, 16, 24, 28, 16, 16, 16};

	return levels[select & 7];
}

static unsigned int rx_trigger(const struct vpl011 *v)
{
	return depth(v) == 1 ? 1 : level(v->ifls >> 3);
}

static unsigned int tx_trigger(const struct vpl011 *v)
{
	return depth(v) == 1 ? 0 : level(v->ifls);
}

/* Receiving */

/* RX by the level; RT for a rest below it, after which nothing comes. */
static void rx_interrupts(struct vpl011 *v)
{
	if (v->rx_count >= rx_trigger(v)) {
		v->ris |= UARTINT_RX;
		return;
	}
	v->ris &= ~UARTINT_RX;
	if (v->rx_count)
		v->ris |= UARTINT_RT;
	else
		v->ris &= ~UARTINT_RT;
}

static void rx_push(struct vpl011 *v, uint32_t dr)
{
	if (v->rx_count >= depth(v)) {
		vpl011_overrun(v);
		return;
	}
	if (v->overrun)
		dr |= UARTDR_OE;
	v->overrun = false;
	v->rx[(v->rx_head + v->rx_count) % VPL011_FIFO] = (uint16_t)dr;
	v->rx_count++;
}

static uint32_t rx_pop(struct vpl011 *v)
{
	uint32_t dr;

	if (!v->rx_count)
		return 0;
	dr = v->rx[v->rx_head];
	v->rx_head = (v->rx_head + 1) % VPL011_FIFO;
	v->rx_count--;
	v->rsr = (v->rsr & (UARTDR_OE >> 8)) | ((dr >> 8) & RSR_BITS);
	rx_interrupts(v);
	return dr;
}

size_t vpl011_input_room(const struct vpl011 *v)
{
	uint32_t on = UARTCR_UARTEN | UARTCR_RXE;

	if ((v->cr & on) != on || (v->cr & UARTCR_LBE) ||
	    v->rx_count >= depth(v))
		return 0;
	return depth(v) - v->rx_count;
}

size_t vpl011_input(struct vpl011 *v, const uint8_t *buf, size_t len)
{
	size_t room = vpl011_input_room(v);

	if (len > room)
		len = room;
	for (size_t i = 0; i < len; i++)
		rx_push(v, buf[i]);
	if (len)
		rx_interrupts(v);
	return len;
}

void vpl011_overrun(struct vpl011 *v)
{
	v->overrun = true;
	v->rsr |= UARTDR_OE >> 8;
	v->ris |= UARTINT_OE;
}

void vpl011_break(struct vpl011 *v)
{
	rx_push(v, UARTDR_BE);
	v->ris |= UARTINT_BE;
	rx_interrupts(v);
}

void vpl011_carrier(struct vpl011 *v, bool on)
{
	if (v->carrier != on)
		v->ris |= UARTINT_DCD | UARTINT_DSR;
	v->carrier = on;
}

/* Sending */

/* From the FIFO to whoever takes it, as far as that has room. */
static void tx_move(struct vpl011 *v)
{
	unsigned int before = v->tx_count;

	while (v->tx_count) {
		if (v->drop_oldest)
			v->dropped +=
				byte_ring_force(&v->out, v->tx[v->tx_head]);
		else if (!byte_ring_put(&v->out, &v->tx[v->tx_head], 1))
			break;
		v->tx_head = (v->tx_head + 1) % VPL011_FIFO;
		v->tx_count--;
	}
	if (v->tx_count > tx_trigger(v))
		v->ris &= ~UARTINT_TX;
	else if (v->tx_count < before)
		v->ris |= UARTINT_TX;
}

static void tx_write(struct vpl011 *v, uint8_t byte)
{
	if (v->cr & UARTCR_LBE) {
		rx_push(v, byte);
		rx_interrupts(v);
		v->ris |= UARTINT_TX;
		return;
	}
	if (v->tx_count >= depth(v)) {
		v->dropped++; /* the guest did not look at UARTFR */
		return;
	}
	v->tx[(v->tx_head + v->tx_count) % VPL011_FIFO] = byte;
	v->tx_count++;
	tx_move(v);
}

void vpl011_drop_oldest(struct vpl011 *v, bool drop)
{
	v->drop_oldest = drop;
	tx_move(v);
}

const uint8_t *vpl011_output_peek(const struct vpl011 *v, size_t *len)
{
	return byte_ring_peek(&v->out, len);
}

void vpl011_output_done(struct vpl011 *v, size_t len)
{
	byte_ring_drop(&v->out, len);
	tx_move(v);
}

size_t vpl011_output(struct vpl011 *v, uint8_t *buf, size_t len)
{
	size_t n = byte_ring_get(&v->out, buf, len);

	tx_move(v);
	return n;
}

/* Registers */

static uint32_t flags(const struct vpl011 *v)
{
	uint32_t f = UARTFR_CTS |
		     (v->carrier ? UARTFR_DSR | UARTFR_DCD : 0);

	if (v->cr & UARTCR_LBE) /* TRM 3.3.8: outputs to inputs */
		f = (v->cr & UARTCR_RTS ? UARTFR_CTS : 0) |
		    (v->cr & UARTCR_DTR ? UARTFR_DSR : 0) |
		    (v->cr & CR_OUT1 ? UARTFR_DCD : 0) |
		    (v->cr & CR_OUT2 ? UARTFR_RI : 0);
	if (v->tx_count)
		f |= UARTFR_BUSY;
	else
		f |= UARTFR_TXFE;
	if (v->tx_count >= depth(v))
		f |= UARTFR_TXFF;
	if (!v->rx_count)
		f |= UARTFR_RXFE;
	if (v->rx_count >= depth(v))
		f |= UARTFR_RXFF;
	return f;
}

static uint32_t identification(uint32_t reg)
{
	/* PeriphID: part 0x011, designer Arm, r1p5; then PCellID. */
	static const uint8_t id[8] = {0x11, 0x10, 0x34, 0x00,
				      0x0d, 0xf0, 0x05, 0xb1};

	return reg >= UARTPERIPHID0 ? id[(reg - UARTPERIPHID0) / 4] : 0;
}

static uint32_t read_reg(struct vpl011 *v, uint32_t reg)
{
	switch (reg) {
	case UARTDR:
		return rx_pop(v);
	case UARTRSR:
		return v->rsr;
	case UARTFR:
		return flags(v);
	case UARTILPR:
		return v->ilpr;
	case UARTIBRD:
		return v->ibrd;
	case UARTFBRD:
		return v->fbrd;
	case UARTLCR_H:
		return v->lcr_h;
	case UARTCR:
		return v->cr;
	case UARTIFLS:
		return v->ifls;
	case UARTIMSC:
		return v->imsc;
	case UARTRIS:
		return v->ris;
	case UARTMIS:
		return v->ris & v->imsc;
	case UARTDMACR:
		return v->dmacr;
	default:
		return identification(reg);
	}
}

/* Turning the FIFOs on or off empties the receiving one. */
static void write_lcr_h(struct vpl011 *v, uint32_t value)
{
	if ((v->lcr_h ^ value) & UARTLCR_H_FEN) {
		v->rx_count = 0;
		v->ris &= ~(UARTINT_RX | UARTINT_RT);
	}
	v->lcr_h = value;
}

static void write_reg(struct vpl011 *v, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case UARTDR:
		tx_write(v, (uint8_t)value);
		break;
	case UARTRSR: /* UARTECR: any value */
		v->rsr = 0;
		break;
	case UARTILPR:
		v->ilpr = value & 0xff;
		break;
	case UARTIBRD:
		v->ibrd = value & 0xffff;
		break;
	case UARTFBRD:
		v->fbrd = value & 0x3f;
		break;
	case UARTLCR_H:
		write_lcr_h(v, value & 0xff);
		break;
	case UARTCR:
		v->cr = value & 0xff87;
		break;
	case UARTIFLS:
		v->ifls = value & 0x3f;
		break;
	case UARTIMSC:
		v->imsc = value & UARTINT_ALL;
		break;
	case UARTICR:
		v->ris &= ~value;
		break;
	case UARTDMACR:
		v->dmacr = value & 7;
		break;
	default:
		break; /* read-only or reserved */
	}
}

int vpl011_access(struct vpl011 *v, struct mmio_access *a)
{
	uint64_t off = a->addr - v->base;
	unsigned int lane = (unsigned int)(off & 3);
	uint32_t reg = (uint32_t)(off & ~UINT64_C(3));

	if (off >= VPL011_SIZE || a->size > 4 || a->size + lane > 4)
		return -EINVAL;
	if (a->write) {
		/* No register has a writable part of its own further up. */
		if (!lane)
			write_reg(v, reg, (uint32_t)a->value);
		return 0;
	}
	a->value = 0;
	/* Only the low byte of UARTDR takes the character out. */
	if (lane && reg == UARTDR)
		return 0;
	a->value = read_reg(v, reg) >> (8 * lane);
	if (a->size < 4)
		a->value &= (UINT64_C(1) << (8 * a->size)) - 1;
	return 0;
}

bool vpl011_irq_level(const struct vpl011 *v)
{
	return (v->ris & v->imsc) != 0;
}
