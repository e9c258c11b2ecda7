/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * FEAT_NMI and GICv3's superpriority: which interrupts come while PSTATE.I
 * masks the others, in what order, what the registers say then.
 */
#include "features.h"
#include "gic.h"

#define SGI 3
#define PPI 26 /* with no device, or the monitor's */
#define SPI 100
#define SPIS 12

#define ALLINT S3_0_C4_C3_0
#define ICC_PMR S3_0_C4_C6_0
#define ICC_NMIAR1 S3_0_C12_C9_5
#define ICC_AP1R0 S3_0_C12_C9_0
#define ICC_RPR S3_0_C12_C11_3
#define ICC_SGI1R S3_0_C12_C11_5
#define ICC_IAR1 S3_0_C12_C12_0
#define ICC_HPPIR1 S3_0_C12_C12_2
#define INMIR 0xf80
#define SCTLR_NMI (1ull << 61)
#define SCTLR_SPINTMASK (1ull << 62)

static struct taken {
	uint64_t intid, rpr, apr, allint, vector, none;
} taken[32];
static volatile unsigned int count;
static bool (*before)(struct frame *f);

/* An NMI, by whichever bit: QEMU says a non-secure one natively. */
static uint64_t running(void)
{
	uint64_t rpr = mrs(ICC_RPR);

	return rpr >> 62 ? 1ull << 63 | (rpr & 0xff) : rpr;
}

static bool on_interrupt(struct frame *f)
{
	struct taken *t = &taken[count % 32];

	if ((f->vector & 3) != 1)
		return before && before(f);
	t->allint = mrs(ALLINT);
	t->vector = f->vector;
	t->intid = mrs(ICC_NMIAR1);
	t->none = mrs(ICC_IAR1);
	if (t->intid == 1023)
		t->intid = t->none;
	t->rpr = running();
	t->apr = mrs(ICC_AP1R0);
	if (t->intid < 1020)
		gic_end(t->intid);
	count++;
	return true;
}

static void send(uint64_t intid)
{
	msr(ICC_SGI1R, intid << 24 | 1);
	asm volatile("dsb sy\n isb");
}

/* What came since the last look. */
static void told(const char *what)
{
	asm volatile("isb\n dsb sy\n isb");
	tell(what, count);
	for (unsigned int n = 0; n < count && n < 32; n++) {
		tell(" nmi intid", taken[n].intid);
		tell(" nmi iar1", taken[n].none);
		tell(" nmi rpr", taken[n].rpr);
		tell(" nmi apr", taken[n].apr);
		tell(" nmi allint", taken[n].allint);
		tell(" nmi vector", taken[n].vector);
	}
	count = 0;
}

/* The same where any order is right: a bit for each. */
static void told_all(const char *what)
{
	uint64_t which = 0;

	asm volatile("isb\n dsb sy\n isb");
	tell(what, count);
	for (unsigned int n = 0; n < count && n < 32; n++)
		which |= 1ull << taken[n].intid % 64;
	tell(" nmi intids", which);
	count = 0;
}

static void super(uint32_t intid, bool on)
{
	uint64_t at = gic_word(intid, INMIR);
	uint32_t bit = 1u << intid % 32;

	write32(at, on ? read32(at) | bit : read32(at) & ~bit);
}

static void registers(void)
{
	tell("nmi typer", read32(GICD + 4) >> 9 & 1);
	for (uint32_t first = 0; first < 128; first += 32) {
		uint64_t at = gic_word(first, INMIR);

		write32(at, 0xffffffff);
		tell("nmi inmir", read32(at));
		write32(at, 0x5a5a5a5a);
		tell("nmi inmir", read32(at));
		write32(at, 0);
		tell("nmi inmir", read32(at));
	}
	msr(ALLINT, 1 << 13);
	tell("nmi allint set", mrs(ALLINT));
	asm volatile(".inst 0xd501401f\n isb"); /* msr allint, #0 */
	tell("nmi allint clear", mrs(ALLINT));
}

/* One after the other by each kind: private, of the CPU, shared. */
static void kinds(void)
{
	super(SGI, true);
	send(SGI);
	told("nmi sgi, i masks others");
	super(SGI, false);
	send(SGI);
	told("nmi sgi without superpriority");
	super(SGI, true);
	told("nmi sgi becomes one while pending");
	super(SPI, true);
	gic_set_pending(SPI, true);
	told("nmi spi");
	super(PPI, true);
	gic_set_pending(PPI, true);
	told("nmi ppi");
	msr(ICC_PMR, 0);
	send(SGI);
	told("nmi with pmr 0");
	msr(ICC_PMR, 0xf0);
}

static void masks(uint64_t sctlr)
{
	msr(ALLINT, 1 << 13);
	send(SGI);
	told("nmi masked by allint");
	tell("nmi iar1 while pending", mrs(ICC_IAR1));
	tell("nmi hppir1", mrs(ICC_HPPIR1));
	tell("nmi isr", mrs(isr_el1));
	msr(ALLINT, 0);
	told("nmi unmasked");
	msr(sctlr_el1, sctlr | SCTLR_NMI | SCTLR_SPINTMASK);
	send(SGI);
	told("nmi with spintmask: sp is sp_el1");
	asm volatile("msr spsel, #0\n isb");
	send(SGI);
	asm volatile("msr spsel, #1\n isb");
	told("nmi with spintmask: sp is sp_el0");
	msr(sctlr_el1, sctlr);
	send(SGI);
	told("nmi switched off");
	tell("nmi isr then", mrs(isr_el1));
	tell("nmi iar1 then", mrs(ICC_IAR1));
	tell("nmi rpr then", running());
	gic_end(SGI);
	tell("nmi rpr ended", running());
	msr(sctlr_el1, sctlr | SCTLR_NMI);
}

/* One while another runs, one while it runs itself, many more than one. */
static void order(void)
{
	super(SPI, false);
	gic_set_pending(SPI, true);
	tell("nmi first an ordinary one", gic_ack());
	send(SGI);
	told("nmi above one that runs");
	gic_end(SPI);
	for (uint32_t n = 0; n < SPIS; n++) {
		write32(GICD + 0x400 + ((SPI + n) & ~3u), 0);
		gic_enable(SPI + n, true);
	}
	super(SPI + 5, true);
	super(SPI + 9, true);
	msr(ALLINT, 1 << 13);
	for (uint32_t n = 0; n < SPIS; n++)
		gic_set_pending(SPI + n, true);
	send(SGI);
	msr(ALLINT, 0);
	told_all("nmi before all of priority 0");
	asm volatile("msr daifclr, #2\n isb\n msr daifset, #2\n isb");
	told_all("nmi and then the others");
}

static void wakes(void)
{
	asm volatile("msr daifset, #2");
	msr(ALLINT, 1 << 13);
	send(SGI);
	asm volatile("wfi");
	msr(ALLINT, 0);
	told("nmi ends a wait");
}

void nmi(void)
{
	uint64_t sctlr = mrs(sctlr_el1);

	if (!field(mrs(id_aa64pfr1_el1), 36))
		return;
	gic_on();
	gic_enable(SGI, true);
	gic_enable(PPI, true);
	gic_enable(SPI, true);
	registers();
	before = exc_hook;
	exc_hook = on_interrupt;
	msr(sctlr_el1, sctlr | SCTLR_NMI);
	asm volatile("msr daifset, #2");
	msr(ALLINT, 0);
	kinds();
	masks(sctlr);
	order();
	wakes();
	msr(sctlr_el1, sctlr);
	exc_hook = before;
}
