/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A guest that leaves EL1 in one way, over and over, and counts in x20. The
 * bench sets x21 at the first instruction: 0 nothing at all, 1 HVC
 * (PSCI_VERSION), 2 a load from GICD_TYPER, 3 the virtual timer's interrupt,
 * 4 nothing, but with the MMU on.
 */
#define GICD 0x08000000
#define GICR 0x080a0000
#define GICR_SGI 0x080b0000
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define TIMER_INTID 27
#define TICKS 4000
#define TABLE 0x40200000
/* 39 bits, write-back inner-shareable walks, no TTBR1, 36 bits of IPA */
#define TCR (25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 1 << 32)

	.text
	mov	x20, #0
	cmp	x21, #1
	b.eq	calls
	cmp	x21, #2
	b.eq	loads
	cmp	x21, #3
	b.eq	interrupts
	cmp	x21, #4
	b.eq	mmu
idle:
	b	idle

mmu:
	ldr	x1, =TABLE
	mov	x0, #0x405		/* the first GiB: device, index 1 */
	str	x0, [x1]
	ldr	x0, =0x40000701		/* the second: normal, index 0 */
	str	x0, [x1, #8]
	dsb	sy			/* orders the table before its walks */
	mov	x0, #0xff
	msr	mair_el1, x0
	ldr	x0, =TCR
	msr	tcr_el1, x0
	msr	ttbr0_el1, x1
	isb				/* orders the regime before M=1 */
	mrs	x0, sctlr_el1
	mov	x1, #0x1005		/* M, C, I */
	orr	x0, x0, x1
	msr	sctlr_el1, x0
	isb
	mov	x20, #1
	b	idle

calls:
	mov	w0, #0x84000000		/* PSCI_VERSION */
	hvc	#0
	add	x20, x20, #1
	b	calls

loads:
	ldr	x1, =GICD
1:	ldr	w0, [x1, #4]		/* GICD_TYPER */
	add	x20, x20, #1
	b	1b

interrupts:
	adr	x0, vectors
	msr	vbar_el1, x0
	mov	x0, #7
	msr	ICC_SRE_EL1, x0
	isb
	ldr	x1, =GICD
	mov	w0, #0x12		/* ARE, group 1 */
	str	w0, [x1]
	ldr	x1, =GICR
	str	wzr, [x1, #0x14]	/* GICR_WAKER */
	ldr	x1, =GICR_SGI
	mov	w0, #-1
	str	w0, [x1, #0x80]		/* GICR_IGROUPR0 */
	mov	w0, #(1 << TIMER_INTID)
	str	w0, [x1, #0x100]	/* GICR_ISENABLER0 */
	mov	x0, #0xff
	msr	ICC_PMR_EL1, x0
	mov	x0, #1
	msr	ICC_IGRPEN1_EL1, x0
	mov	x0, #TICKS
	msr	cntv_tval_el0, x0
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
	msr	daifclr, #2
	b	idle

	.balign	2048
vectors:
	.space	0x280
	mrs	x0, ICC_IAR1_EL1
	mov	x1, #TICKS
	msr	cntv_tval_el0, x1
	add	x20, x20, #1
	isb				/* orders the new deadline before the EOI */
	msr	ICC_EOIR1_EL1, x0
	eret
