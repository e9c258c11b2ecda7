/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The walk of the guest's stage-1 tables. Arm ARM: AArch64.S1Walk. */
#include <errno.h>
#include <string.h>

#include "bits.h"
#include "esr.h"
#include "stage1.h"

#define SCTLR_M BIT(0)
#define SCTLR_EE BIT(25)

#define TCR_T0SZ GENMASK(5, 0)
#define TCR_EPD0 BIT(7)
#define TCR_TG0 GENMASK(15, 14)
#define TCR_T1SZ GENMASK(21, 16)
#define TCR_EPD1 BIT(23)
#define TCR_TG1 GENMASK(31, 30)
#define TCR_IPS GENMASK(34, 32)
#define TCR_TBI0 BIT(37)
#define TCR_TBI1 BIT(38)
#define TCR_HA BIT(39)
#define TCR_HD BIT(40)
#define TCR_HPD0 BIT(41)
#define TCR_HPD1 BIT(42)
#define TCR_DS BIT(59)

#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1)
#define DESC_ATTRINDX GENMASK(4, 2)
#define DESC_AP1 BIT(6)
#define DESC_AF BIT(10)
#define DESC_NG BIT(11)
#define DESC_DBM BIT(51)
#define DESC_PXN BIT(53)
#define DESC_UXN BIT(54)
#define DESC_PXNTABLE BIT(59)
#define DESC_UXNTABLE BIT(60)
#define DESC_APTABLE0 BIT(61)
#define DESC_APTABLE1 BIT(62)

/* One half of the address space, as TCR_EL1 describes it. */
struct half {
	uint64_t ttbr;
	unsigned int txsz, shift; /* log2 of the granule */
	bool upper, tbi, epd, hpd, ds;
	unsigned int pa_bits; /* output size in force */
	bool pa52_64k;	      /* descriptors hold PA[51:48] in bits 15:12 */
	bool ttbr52;	      /* TTBR holds PA[51:48] in bits 5:2 */
};

static unsigned int granule_shift(const struct stage1_regime *r, bool upper)
{
	/* A reserved value acts as some granule the core has: 4K here. */
	static const uint8_t tg0[4] = {12, 16, 14, 12};
	static const uint8_t tg1[4] = {12, 14, 12, 16};

	return upper ? tg1[FIELD_GET(TCR_TG1, r->tcr)]
		     : tg0[FIELD_GET(TCR_TG0, r->tcr)];
}

static void get_half(const struct stage1_regime *r, bool upper, struct half *h)
{
	static const uint8_t ps[8] = {32, 36, 40, 42, 44, 48, 52, 52};
	unsigned int ips = ps[FIELD_GET(TCR_IPS, r->tcr)];

	h->upper = upper;
	h->shift = granule_shift(r, upper);
	h->ttbr = upper ? r->ttbr1 : r->ttbr0;
	h->txsz = (unsigned int)(upper ? FIELD_GET(TCR_T1SZ, r->tcr)
				       : FIELD_GET(TCR_T0SZ, r->tcr));
	h->tbi = r->tcr & (upper ? TCR_TBI1 : TCR_TBI0);
	h->epd = r->tcr & (upper ? TCR_EPD1 : TCR_EPD0);
	h->hpd = r->tcr & (upper ? TCR_HPD1 : TCR_HPD0);
	h->ds = (r->tcr & TCR_DS) && ((h->shift == 12 && r->lpa2_4k) ||
				      (h->shift == 14 && r->lpa2_16k));
	h->pa52_64k = h->shift == 16 && r->pa_bits >= 52;
	h->ttbr52 = h->ds || (h->pa52_64k && ips == 52);
	if (ips == 52 && h->shift != 16 && !h->ds)
		ips = 48;
	h->pa_bits = ips < r->pa_bits ? ips : r->pa_bits;
}

/* Number of address bits that are translated, or 0: every access faults. */
static unsigned int input_bits(const struct stage1_regime *r,
			       const struct half *h)
{
	unsigned int max = r->ttst ? (h->shift == 16 ? 47 : 48) : 39;
	unsigned int min = h->ds || (h->shift == 16 && r->lva) ? 12 : 16;

	if (h->txsz < min)
		return 0;
	return 64 - (h->txsz > max ? max : h->txsz);
}

/* Do the bits above those that are translated all equal bit 55? */
static bool in_range(uint64_t va, const struct half *h, unsigned int ia_bits)
{
	uint64_t above = GENMASK(h->tbi ? 55 : 63, ia_bits);

	return (va & above) == (h->upper ? above : 0);
}

static int fault(struct stage1_result *out, enum stage1_fault f, int level)
{
	out->fault = f;
	out->level = (int8_t)level;
	return -EFAULT;
}

/* Address in a table or leaf descriptor, aligned to 1 << low. */
static uint64_t desc_address(const struct half *h, uint64_t desc,
			     unsigned int low)
{
	uint64_t a = desc & GENMASK(47, 0) & ~(BIT(low) - 1);

	if (h->ds)
		a |= (desc & GENMASK(49, 48)) | FIELD_GET(GENMASK(9, 8), desc)
							<< 50;
	else if (h->pa52_64k)
		a |= FIELD_GET(GENMASK(15, 12), desc) << 48;
	return a;
}

static bool too_big(const struct half *h, uint64_t addr)
{
	return addr >> h->pa_bits != 0;
}

/* May a block stand at this level? */
static bool block_allowed(const struct half *h, int level)
{
	switch (h->shift) {
	case 12:
		return level == 1 || level == 2 || (level == 0 && h->ds);
	case 14:
		return level == 2 || (level == 1 && h->ds);
	}
	return level == 2 || (level == 1 && h->pa52_64k);
}

static uint64_t table_base(const struct half *h, unsigned int index_bits)
{
	unsigned int low = index_bits + 3;
	uint64_t base;

	if (h->ttbr52 && low < 6)
		low = 6;
	base = h->ttbr & GENMASK(47, 0) & ~(BIT(low) - 1);
	if (h->ttbr52)
		base |= FIELD_GET(GENMASK(5, 2), h->ttbr) << 48;
	return base;
}

static void finish(const struct stage1_regime *r, const struct half *h,
		   uint64_t va, uint64_t desc, uint64_t tables,
		   unsigned int low, struct stage1_result *out)
{
	uint64_t offset = va & (BIT(low) - 1);
	bool writable =
		!(desc & STAGE1_AP2) || ((desc & DESC_DBM) && (r->tcr & TCR_HD));

	out->pa = desc_address(h, desc, low) | offset;
	out->left = BIT(low) - offset;
	out->attr = (uint8_t)(r->mair >> (FIELD_GET(DESC_ATTRINDX, desc) * 8));
	out->el0 = (desc & DESC_AP1) && !(tables & DESC_APTABLE0);
	out->read_only = !writable || (tables & DESC_APTABLE1);
	out->uxn = (desc & DESC_UXN) || (tables & DESC_UXNTABLE);
	out->pxn = (desc & DESC_PXN) || (tables & DESC_PXNTABLE);
	out->ng = desc & DESC_NG;
}

/* No table was looked at: the end of the half, or what is between them. */
static uint64_t gap_outside(const struct stage1_regime *r, uint64_t va)
{
	struct half lower, upper;
	uint64_t end, start;

	get_half(r, false, &lower);
	get_half(r, true, &upper);
	end = input_bits(r, &lower) ? BIT(input_bits(r, &lower)) : 0;
	start = input_bits(r, &upper) ? 0 - BIT(input_bits(r, &upper)) : 0;
	if (va < end)
		return end - va;
	return (!start || va < start ? start : 0) - va;
}

uint64_t stage1_gap(const struct stage1_regime *r, uint64_t va,
		    const struct stage1_result *failed)
{
	unsigned int shift = granule_shift(r, va & BIT(55));
	unsigned int low =
		shift + (unsigned int)(3 - failed->level) * (shift - 3);

	if (!failed->depth)
		return gap_outside(r, va);
	return BIT(low) - (va & (BIT(low) - 1));
}

static int read_desc(const struct stage1_regime *r, void *ctx, uint64_t addr,
		     struct stage1_result *out)
{
	uint64_t desc;

	out->path[out->depth++] = addr;
	if (stage1_read_desc(ctx, addr, &desc))
		return -EFAULT;
	if (r->sctlr & SCTLR_EE)
		desc = __builtin_bswap64(desc);
	out->desc = desc;
	return 0;
}

static int walk(const struct stage1_regime *r, const struct half *h,
		uint64_t va, unsigned int ia_bits, void *ctx,
		struct stage1_result *out)
{
	unsigned int stride = h->shift - 3;
	int level = 3 - (int)((ia_bits - h->shift - 1) / stride);
	unsigned int low = h->shift + stride * (unsigned int)(3 - level);
	unsigned int index_bits = ia_bits - low;
	uint64_t table = table_base(h, index_bits), tables = 0, desc;

	if (too_big(h, table))
		return fault(out, STAGE1_ADDRESS_SIZE, 0);
	for (;;) {
		uint64_t index = (va >> low) & (BIT(index_bits) - 1);

		if (read_desc(r, ctx, table + index * 8, out))
			return fault(out, STAGE1_EXTERNAL, level);
		desc = out->desc;
		if (!(desc & DESC_VALID))
			return fault(out, STAGE1_TRANSLATION, level);
		if (level == 3 || !(desc & DESC_TABLE))
			break;
		table = desc_address(h, desc, h->shift);
		if (too_big(h, table))
			return fault(out, STAGE1_ADDRESS_SIZE, level);
		if (!h->hpd)
			tables |= desc;
		level++;
		low -= stride;
		index_bits = stride;
	}
	if (level == 3 ? !(desc & DESC_TABLE) : !block_allowed(h, level))
		return fault(out, STAGE1_TRANSLATION, level);
	if (too_big(h, desc_address(h, desc, low)))
		return fault(out, STAGE1_ADDRESS_SIZE, level);
	if (!(desc & DESC_AF) && !(r->tcr & TCR_HA))
		return fault(out, STAGE1_ACCESS_FLAG, level);
	out->level = (int8_t)level;
	finish(r, h, va, desc, tables, low, out);
	return 0;
}

/* Stage 1 is off: flat, Device-nGnRnE, or Normal where HCR_EL2.DC says so. */
static int walk_flat(const struct stage1_regime *r, uint64_t va, bool tbi,
		     struct stage1_result *out)
{
	if (tbi)
		va &= GENMASK(55, 0);
	if (va >> r->pa_bits)
		return fault(out, STAGE1_ADDRESS_SIZE, 0);
	out->pa = va;
	out->left = BIT(r->pa_bits) - va;
	out->attr = r->dc ? 0xff : 0x00;
	out->el0 = true;
	return 0;
}

int stage1_walk(const struct stage1_regime *r, uint64_t va, void *ctx,
		struct stage1_result *out)
{
	unsigned int ia_bits;
	struct half h;

	memset(out, 0, sizeof(*out));
	get_half(r, va >> 55 & 1, &h);
	if (!(r->sctlr & SCTLR_M) || r->dc)
		return walk_flat(r, va, h.tbi, out);
	ia_bits = input_bits(r, &h);
	if (h.epd || ia_bits == 0 || !in_range(va, &h, ia_bits))
		return fault(out, STAGE1_TRANSLATION, 0);
	return walk(r, &h, va, ia_bits, ctx, out);
}

#define FIVE(what)                                                        \
	{                                                                 \
		"stage 1 level -1 " what, "stage 1 level 0 " what,        \
			"stage 1 level 1 " what, "stage 1 level 2 " what, \
			"stage 1 level 3 " what                           \
	}

const char *stage1_fault_text(enum stage1_fault fault, int level)
{
	static const char *const text[][5] = {
		[STAGE1_ADDRESS_SIZE] = FIVE("address size fault"),
		[STAGE1_TRANSLATION] = FIVE("translation fault"),
		[STAGE1_ACCESS_FLAG] = FIVE("access flag fault"),
		[STAGE1_EXTERNAL] = FIVE("table cannot be read"),
	};

	if (fault == STAGE1_OK)
		return "no fault";
	if ((unsigned int)fault >= ARRAY_SIZE(text) || level < -1 || level > 3)
		return "stage 1 fault";
	return text[fault][level + 1];
}

unsigned int stage1_fault_fsc(enum stage1_fault fault, int level)
{
	unsigned int at = level < 0 ? 0 : (unsigned int)level & 3;

	switch (fault) {
	case STAGE1_ADDRESS_SIZE:
		return level < 0 ? FSC_ADDRESS_SIZE_LM1 : FSC_ADDRESS_SIZE + at;
	case STAGE1_TRANSLATION:
		return level < 0 ? FSC_TRANSLATION_LM1 : FSC_TRANSLATION + at;
	case STAGE1_ACCESS_FLAG:
		return FSC_ACCESS_FLAG + at;
	case STAGE1_EXTERNAL:
		return level < 0 ? FSC_SEA_WALK_LM1 : FSC_SEA_WALK + at;
	case STAGE1_OK:
		break;
	}
	return 0;
}
