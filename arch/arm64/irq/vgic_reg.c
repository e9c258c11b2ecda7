/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * GICv3 register maps by table, and decoding of what is written to them. Knows
 * nothing of any interrupt's state.
 */
#include "vgic_reg.h"

#include <stddef.h>

#include "gicv3_regs.h"

#define SGI_FRAME GIC_FRAME /* a redistributor's second one */

/* Registers with a bit an interrupt: the same offsets in both frames. */
static const struct {
	enum vgic_reg_kind kind;
	uint16_t base, extended;
} bit_regs[] = {
	{VGIC_GROUP, GICD_IGROUPR, GICD_IGROUPR_E},
	{VGIC_ENABLE_SET, GICD_ISENABLER, GICD_ISENABLER_E},
	{VGIC_ENABLE_CLEAR, GICD_ICENABLER, GICD_ICENABLER_E},
	{VGIC_PEND_SET, GICD_ISPENDR, GICD_ISPENDR_E},
	{VGIC_PEND_CLEAR, GICD_ICPENDR, GICD_ICPENDR_E},
	{VGIC_ACTIVE_SET, GICD_ISACTIVER, GICD_ISACTIVER_E},
	{VGIC_ACTIVE_CLEAR, GICD_ICACTIVER, GICD_ICACTIVER_E},
	{VGIC_INMIR, GICD_INMIR, GICD_INMIR_E},
};

static const struct simple_reg {
	uint32_t offset;
	uint8_t size;
	enum vgic_reg_kind kind;
} gicd_regs[] =
	{
		{GICD_CTLR, 4, VGIC_CTLR},
		{GICD_TYPER, 4, VGIC_PASS_RO},
		{GICD_IIDR, 4, VGIC_PASS_RO},
		{GICD_TYPER2, 4, VGIC_PASS_RO},
		{GICD_SETSPI_NSR, 4, VGIC_MESSAGE},
		{GICD_CLRSPI_NSR, 4, VGIC_MESSAGE},
		{GICD_SETSPI_SR, 4, VGIC_MESSAGE},
		{GICD_CLRSPI_SR, 4, VGIC_MESSAGE},
},
  gicr_regs[] = {
	  {GICR_CTLR, 4, VGIC_PASS},
	  {GICR_IIDR, 4, VGIC_PASS_RO},
	  {GICR_TYPER, 8, VGIC_PASS_RO},
	  {GICR_STATUSR, 4, VGIC_PASS},
	  {GICR_WAKER, 4, VGIC_WAKER},
	  {GICR_MPAMIDR, 4, VGIC_PASS_RO},
	  {GICR_PARTIDR, 4, VGIC_PASS},
	  {GICR_SETLPIR, 8, VGIC_PASS},
	  {GICR_CLRLPIR, 8, VGIC_PASS},
	  {GICR_PROPBASER, 8, VGIC_PROPBASER},
	  {GICR_PENDBASER, 8, VGIC_PENDBASER},
	  {GICR_INVLPIR, 8, VGIC_PASS},
	  {GICR_INVALLR, 8, VGIC_PASS},
	  {GICR_SYNCR, 4, VGIC_PASS_RO},
};

static struct vgic_reg raz(void)
{
	return (struct vgic_reg){VGIC_RAZ, 0, 0};
}

/* 64-bit registers may be read and written in halves. */
static struct vgic_reg find_simple(const struct simple_reg *r, size_t n,
				   uint32_t offset, unsigned int size)
{
	for (; n--; r++) {
		if (offset < r->offset || offset - r->offset >= r->size)
			continue;
		if (size > r->size || (size != 4 && size != 8))
			return raz();
		return (struct vgic_reg){r->kind, 0, r->offset};
	}
	return raz();
}

static bool aligned(uint32_t offset, unsigned int size)
{
	return size && !(offset & (size - 1));
}

/* Identification registers are alike in every frame. */
static bool is_id(uint32_t offset, unsigned int size)
{
	return offset >= GIC_ID_REGS && offset < GIC_FRAME && size == 4;
}

static bool gicd_bits(uint32_t offset, struct vgic_reg *r)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bit_regs); i++) {
		uint32_t n = offset - bit_regs[i].base;
		uint32_t e = offset - bit_regs[i].extended;

		r->kind = bit_regs[i].kind;
		r->intid = n * 8;
		if (n >= 4 && n < 0x80)
			return true;
		r->intid = GIC_ESPI + e * 8;
		if (e < 0x80)
			return true;
	}
	return false;
}

static struct vgic_reg gicd_priority(uint32_t offset)
{
	struct vgic_reg r = {VGIC_PRIORITY, offset - GICD_IPRIORITYR, offset};

	if (offset >= GICD_IPRIORITYR_E)
		r.intid = GIC_ESPI + offset - GICD_IPRIORITYR_E;
	else if (r.intid < GIC_PRIVATE || r.intid >= GIC_SPECIAL)
		return raz();
	return r;
}

static struct vgic_reg gicd_config(uint32_t offset)
{
	struct vgic_reg r = {VGIC_CONFIG, (offset - GICD_ICFGR) * 4, offset};

	if (offset >= GICD_ICFGR_E)
		r.intid = GIC_ESPI + (offset - GICD_ICFGR_E) * 4;
	else if (r.intid < GIC_PRIVATE)
		return raz();
	return r;
}

static struct vgic_reg gicd_route(uint32_t offset, unsigned int size)
{
	uint32_t base = offset & ~7u;
	struct vgic_reg r = {VGIC_ROUTE, (base - GICD_IROUTER) / 8, base};

	if (size != 4 && size != 8)
		return raz();
	if (base >= GICD_IROUTER_E)
		r.intid = GIC_ESPI + (base - GICD_IROUTER_E) / 8;
	else if (r.intid < GIC_PRIVATE || r.intid >= GIC_SPECIAL)
		return raz();
	return r;
}

static bool within(uint32_t offset, uint32_t base, uint32_t size)
{
	return offset >= base && offset - base < size;
}

struct vgic_reg vgic_gicd_decode(uint32_t offset, unsigned int size, bool write)
{
	struct vgic_reg r = {VGIC_RAZ, 0, offset};

	if (!aligned(offset, size))
		return raz();
	if (is_id(offset, size))
		return (struct vgic_reg){VGIC_PASS_RO, 0, offset};
	/* a message may be written as 16 bits */
	if (write && size == 2 && within(offset, GICD_SETSPI_NSR, 0x20))
		return find_simple(gicd_regs, ARRAY_SIZE(gicd_regs), offset, 4);
	if (within(offset, 0, 0x80))
		return find_simple(gicd_regs, ARRAY_SIZE(gicd_regs), offset,
				   size);
	if (within(offset, GICD_IROUTER, 0x2000) ||
	    within(offset, GICD_IROUTER_E, 0x2000))
		return gicd_route(offset, size);
	if (within(offset, GICD_IPRIORITYR, 0x400) ||
	    within(offset, GICD_IPRIORITYR_E, 0x400))
		return size <= 4 ? gicd_priority(offset) : raz();
	if (size != 4)
		return raz();
	if (within(offset, GICD_ICFGR, 0x100) ||
	    within(offset, GICD_ICFGR_E, 0x100))
		return gicd_config(offset);
	return gicd_bits(offset, &r) ? r : raz();
}

/* Private INTIDs by their place in a register array: the extended ones follow.
 */
static uint32_t private_intid(uint32_t n)
{
	return n < GIC_PRIVATE ? n : GIC_EPPI + n - GIC_PRIVATE;
}

static struct vgic_reg gicr_sgi_frame(uint32_t offset, unsigned int size)
{
	struct vgic_reg r = {VGIC_RAZ, 0, SGI_FRAME + offset};
	size_t i;

	if (within(offset, GICD_IPRIORITYR, 96)) {
		r.kind = size <= 4 ? VGIC_PRIORITY : VGIC_RAZ;
		r.intid = private_intid(offset - GICD_IPRIORITYR);
		return r;
	}
	if (size != 4)
		return raz();
	if (within(offset, GICD_ICFGR, 24)) {
		r.kind = VGIC_CONFIG;
		r.intid = private_intid((offset - GICD_ICFGR) * 4);
		return r;
	}
	for (i = 0; i < ARRAY_SIZE(bit_regs); i++) {
		if (!within(offset, bit_regs[i].base, 12))
			continue;
		r.kind = bit_regs[i].kind;
		r.intid = private_intid((offset - bit_regs[i].base) * 8);
		return r;
	}
	return raz();
}

struct vgic_reg vgic_gicr_decode(uint32_t offset, unsigned int size, bool write)
{
	if (!aligned(offset, size))
		return raz();
	if (is_id(offset % GIC_FRAME, size))
		return (struct vgic_reg){VGIC_PASS_RO, 0, offset};
	if (offset < SGI_FRAME)
		return find_simple(gicr_regs, ARRAY_SIZE(gicr_regs), offset,
				   size);
	if (offset < 2 * GIC_FRAME)
		return gicr_sgi_frame(offset - SGI_FRAME, size);
	return raz(); /* virtual LPIs are for hypervisors */
}

struct vgic_reg vgic_its_decode(uint32_t offset, unsigned int size, bool write)
{
	struct vgic_reg r = {VGIC_PASS, 0, offset & ~7u};

	if (!aligned(offset, size) || (size != 4 && size != 8))
		return raz();
	if (within(offset, GITS_CBASER, 8))
		r.kind = VGIC_ITS_CBASER;
	else if (within(offset, GITS_BASER, GITS_BASER_END - GITS_BASER))
		r.kind = VGIC_ITS_BASER;
	return r;
}

bool vgic_is_private(uint32_t intid)
{
	return intid < GIC_PRIVATE ||
	       (intid >= GIC_EPPI && intid < GIC_EPPI_END);
}

uint32_t vgic_word_first(uint32_t intid)
{
	return intid & ~31u; /* all ranges start at multiples of 32 */
}

uint32_t vgic_bit_offset(enum vgic_reg_kind kind, uint32_t first)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bit_regs); i++) {
		if (bit_regs[i].kind != kind)
			continue;
		if (first < GIC_PRIVATE)
			return SGI_FRAME + bit_regs[i].base;
		if (first < GIC_SPECIAL)
			return bit_regs[i].base + first / 8;
		if (first < GIC_EPPI_END)
			return SGI_FRAME + bit_regs[i].base + 4 +
			       (first - GIC_EPPI) / 8;
		return bit_regs[i].extended + (first - GIC_ESPI) / 8;
	}
	return 0;
}

unsigned int vgic_spi_index(uint32_t intid)
{
	if (intid >= GIC_PRIVATE && intid < GIC_SPECIAL)
		return intid;
	if (intid >= GIC_ESPI && intid < GIC_ESPI_END)
		return 1024 + intid - GIC_ESPI;
	return VGIC_SPIS;
}

uint64_t vgic_merge64(uint64_t old, uint64_t value, uint32_t offset,
		      unsigned int size)
{
	if (size == 8)
		return value;
	if (offset & 4)
		return (old & GENMASK(31, 0)) | value << 32;
	return (old & ~GENMASK(31, 0)) | (value & GENMASK(31, 0));
}

struct vgic_sgi_target vgic_sgi_target(uint64_t mpidr)
{
	uint64_t aff0 = mpidr & 0xff;

	return (struct vgic_sgi_target){
		.where = FIELD_PREP(GENMASK(55, 48), mpidr >> 32) |
			 FIELD_PREP(GENMASK(47, 44), aff0 / 16) |
			 FIELD_PREP(GENMASK(39, 32), mpidr >> 16) |
			 FIELD_PREP(GENMASK(23, 16), mpidr >> 8),
		.bit = (uint16_t)(1u << aff0 % 16),
	};
}

/* GITS_BASER: 64K pages have address bits 51:48 in 15:12. */
static struct vgic_table its_baser(uint64_t value)
{
	static const uint32_t page[] = {0x1000, 0x4000, 0x10000, 0x10000};
	unsigned int code = (unsigned int)FIELD_GET(GENMASK(9, 8), value);
	struct vgic_table t = {value & GENMASK(47, 12), 0};

	if (code >= 2)
		t.base = (value & GENMASK(47, 16)) |
			 FIELD_GET(GENMASK(15, 12), value) << 48;
	if (value & GITS_VALID)
		t.size = (FIELD_GET(GENMASK(7, 0), value) + 1) * page[code];
	return t;
}

struct vgic_table vgic_table_of(enum vgic_reg_kind kind, uint64_t value,
				unsigned int idbits)
{
	struct vgic_table t = {0, 0};

	switch (kind) {
	case VGIC_PROPBASER: /* a byte for each LPI */
		t.base = value & GENMASK(51, 12);
		t.size = BIT(idbits) - GIC_LPI;
		if (idbits < 14)
			t.size = 0;
		break;
	case VGIC_PENDBASER: /* a bit for each INTID */
		t.base = value & GENMASK(51, 16);
		t.size = BIT(idbits) / 8;
		break;
	case VGIC_ITS_CBASER:
		t.base = value & GENMASK(51, 12);
		if (value & GITS_VALID)
			t.size = (FIELD_GET(GENMASK(7, 0), value) + 1) * 0x1000;
		break;
	case VGIC_ITS_BASER:
		return its_baser(value);
	default:
		break;
	}
	return t;
}

bool vgic_table_overlaps(const struct vgic_table *t, uint64_t base,
			 uint64_t size)
{
	return t->size && size && t->base < base + size &&
	       base < t->base + t->size;
}
