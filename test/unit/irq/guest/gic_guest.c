/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A program for EL1 that asks a GICv3 for what the architecture promises and
 * prints one line for each answer. It polls ICC_IAR1_EL1 with interrupts
 * masked, so that order and state are seen exactly. Runs alike with and without
 * a monitor beneath; on QEMU's virt board, where SPIs from 100 on are unused.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART 0x09000000ul
#define GICD 0x08000000ul
#define GICR 0x080a0000ul
#define SGI_BASE(cpu) (GICR + 0x20000 * (uint64_t)(cpu) + 0x10000)
#define GICD_CTLR (GICD + 0x0)
#define ISENABLER(b) ((b) + 0x100)
#define ICENABLER(b) ((b) + 0x180)
#define ISPENDR(b) ((b) + 0x200)
#define ICPENDR(b) ((b) + 0x280)
#define ISACTIVER(b) ((b) + 0x300)
#define ICACTIVER(b) ((b) + 0x380)
#define FIRST 100
#define COUNT 12
#define NONE 1023

#define sysreg_read(r)                                        \
	({                                                    \
		uint64_t v_;                                  \
		asm volatile("isb\n\tmrs %0, " r "\n\tdsb sy" \
			     : "=r"(v_)                       \
			     :                                \
			     : "memory");                     \
		v_;                                           \
	})
#define sysreg_write(v, r)                            \
	asm volatile("dsb sy\n\tmsr " r ", %0\n\tisb" \
		     :                                \
		     : "r"((uint64_t)(v))             \
		     : "memory")
#define PMR "S3_0_C4_C6_0"
#define DIR "S3_0_C12_C11_1"
#define RPR "S3_0_C12_C11_3"
#define SGI1R "S3_0_C12_C11_5"
#define IAR1 "S3_0_C12_C12_0"
#define EOIR1 "S3_0_C12_C12_1"
#define CTLR "S3_0_C12_C12_4"
#define SRE "S3_0_C12_C12_5"
#define IGRPEN1 "S3_0_C12_C12_7"

static volatile unsigned int failures, passes;
static volatile unsigned int other_command, other_done, other_result;
static uint8_t other_stack[4096] __attribute__((aligned(16)));

void guest_main(void);
void other_main(void);

asm(".pushsection .start, \"ax\"\n"
    ".global _start\n"
    "_start:	adrp	x0, boot_stack_end\n"
    "	add	x0, x0, :lo12:boot_stack_end\n"
    "	mov	sp, x0\n"
    "	bl	guest_main\n"
    "1:	wfi\n"
    "	b	1b\n"
    "other_start: mov	sp, x0\n"
    "	bl	other_main\n"
    "2:	wfi\n"
    "	b	2b\n"
    ".popsection\n"
    ".pushsection .bss\n"
    ".balign 16\n"
    ".skip 8192\n"
    "boot_stack_end:\n"
    ".popsection\n");
extern char other_start[];

static uint32_t r32(uint64_t a)
{
	uint32_t v;

	asm volatile("ldr %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static void w32(uint64_t a, uint32_t v)
{
	asm volatile("str %w0, [%1]\n\tdsb sy" : : "r"(v), "r"(a) : "memory");
}

static uint8_t r8(uint64_t a)
{
	uint8_t v;

	asm volatile("ldrb %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static void w8(uint64_t a, uint8_t v)
{
	asm volatile("strb %w0, [%1]\n\tdsb sy" : : "r"(v), "r"(a) : "memory");
}

static uint64_t r64(uint64_t a)
{
	uint64_t v;

	asm volatile("ldr %0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static void w64(uint64_t a, uint64_t v)
{
	asm volatile("str %0, [%1]\n\tdsb sy" : : "r"(v), "r"(a) : "memory");
}

static void put(const char *s)
{
	for (; *s; s++)
		w32(UART, (uint8_t)*s);
}

static void put_number(uint64_t v)
{
	char b[24];
	unsigned int i = sizeof(b) - 1;

	b[i] = 0;
	do
		b[--i] = (char)('0' + v % 10);
	while (v /= 10);
	put(b + i);
}

static void expect(const char *what, uint64_t got, uint64_t want)
{
	if (got == want) {
		passes++;
		return;
	}
	failures++;
	put("FAIL ");
	put(what);
	put(": ");
	put_number(got);
	put(" instead of ");
	put_number(want);
	put("\n");
}

static uint64_t hvc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 asm("x0") = fn;
	register uint64_t x1 asm("x1") = a;
	register uint64_t x2 asm("x2") = b;
	register uint64_t x3 asm("x3") = c;

	asm volatile("hvc #0"
		     : "+r"(x0)
		     : "r"(x1), "r"(x2), "r"(x3)
		     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
		       "x13", "x14", "x15", "x16", "x17", "memory");
	return x0;
}

/* What is to come needs a moment: from one CPU to another, say. */
static uint64_t ack(void)
{
	uint64_t v = NONE;
	unsigned int i;

	for (i = 0; v == NONE && i < 20000; i++)
		v = sysreg_read(IAR1);
	return v;
}

static uint64_t ack_nothing(void)
{
	uint64_t v = NONE;
	unsigned int i;

	for (i = 0; v == NONE && i < 200; i++)
		v = sysreg_read(IAR1);
	return v;
}

static void eoi(uint64_t intid)
{
	sysreg_write(intid, EOIR1);
}

static uint64_t word(uint64_t reg, uint32_t intid)
{
	return reg + intid / 32 * 4;
}

static bool bit(uint64_t reg, uint32_t intid)
{
	return r32(word(reg, intid)) >> (intid % 32) & 1;
}

static void set(uint64_t reg, uint32_t intid)
{
	w32(word(reg, intid), 1u << (intid % 32));
}

static void priority(uint32_t intid, uint8_t prio)
{
	w8(GICD + 0x400 + intid, prio);
}

static void route(uint32_t intid, uint64_t aff)
{
	w64(GICD + 0x6000 + 8 * intid, aff);
}

static void state_is(const char *what, uint32_t intid, bool pending,
		     bool active)
{
	expect(what,
	       bit(ISPENDR(GICD), intid) | bit(ISACTIVER(GICD), intid) << 1,
	       (uint64_t)pending | (uint64_t)active << 1);
}

static void redistributor_on(unsigned int cpu)
{
	uint64_t rd = SGI_BASE(cpu) - 0x10000;

	w32(rd + 0x14, r32(rd + 0x14) & ~2u);
	while (r32(rd + 0x14) & 4)
		;
	w32(SGI_BASE(cpu) + 0x80, 0xffffffff);
	w32(ISENABLER(SGI_BASE(cpu)), 0xffff);
}

static void interface_on(void)
{
	sysreg_write(7, SRE);
	sysreg_write(0xff, PMR);
	sysreg_write(0, CTLR);
	sysreg_write(1, IGRPEN1);
}

static void gic_on(void)
{
	uint32_t i;

	w32(GICD_CTLR, 0x10);
	for (i = 1; i < 8; i++) {
		w32(GICD + 0x80 + 4 * i, 0xffffffff);
		w32(ICENABLER(GICD) + 4 * i, 0xffffffff);
		w32(ICPENDR(GICD) + 4 * i, 0xffffffff);
		w32(ICACTIVER(GICD) + 4 * i, 0xffffffff);
	}
	w32(GICD_CTLR, 0x12);
	redistributor_on(0);
	interface_on();
	for (i = FIRST; i < FIRST + COUNT; i++) {
		uint64_t cfg = GICD + 0xc00 + i / 16 * 4;

		w32(cfg, r32(cfg) | 2u << (i % 16 * 2));
		priority(i, 0xa0);
		route(i, 0);
		set(ISENABLER(GICD), i);
	}
}

static void sgi(uint32_t n, uint64_t targets)
{
	sysreg_write((uint64_t)n << 24 | targets, SGI1R);
}

static void test_registers(void)
{
	uint64_t a = GICD + 0x6000 + 8 * 101;

	priority(100, 0x5f);
	expect("priority byte", r8(GICD + 0x400 + 100) & 0xf8, 0x58);
	w32(GICD + 0x400 + 100, 0xa0a0a0a0);
	expect("priority word", r32(GICD + 0x400 + 100), 0xa0a0a0a0);
	w32(a, 1);
	expect("IROUTER by halves", r64(a), 1);
	w32(a + 4, 0);
	w32(a, 0);
	expect("enabled", bit(ISENABLER(GICD), 105), 1);
	set(ICENABLER(GICD), 105);
	expect("disabled", bit(ICENABLER(GICD), 105), 0);
	set(ISENABLER(GICD), 105);
	expect("CTLR", r32(GICD_CTLR) & 0x7f, 0x52);
	expect("private part", r32(ISENABLER(GICD)), 0);
	expect("redistributor awake", r32(GICR + 0x14), 0);
	expect("PPI priority",
	       (w8(SGI_BASE(0) + 0x400 + 27, 0x90),
		r8(SGI_BASE(0) + 0x400 + 27)),
	       0x90);
	w32(ISENABLER(SGI_BASE(0)), 1u << 27);
	expect("PPI enabled", r32(ISENABLER(SGI_BASE(0))), 0x0800ffff);
	w32(ICENABLER(SGI_BASE(0)), 1u << 27);
	expect("PPI disabled", r32(ICENABLER(SGI_BASE(0))), 0xffff);
}

/* The virtual timer: level, and pending only while its line is high. */
static void test_timer(void)
{
	uint64_t base = SGI_BASE(0);

	w32(ISENABLER(base), 1u << 27);
	asm volatile("msr cntv_cval_el0, xzr\n\tmsr cntv_ctl_el0, %0\n\tisb"
		     :
		     : "r"(1ull));
	expect("timer", ack(), 27);
	expect("timer active", r32(ISACTIVER(base)), 1u << 27);
	eoi(27);
	expect("timer still high", ack(), 27);
	asm volatile("msr cntv_ctl_el0, xzr\n\tisb");
	eoi(27);
	expect("timer low", ack_nothing(), NONE);
	expect("timer idle", r32(ISACTIVER(base)) | r32(ISPENDR(base)), 0);
	w32(ICENABLER(base), 1u << 27);
}

static void test_states(void)
{
	set(ISPENDR(GICD), 100);
	state_is("pending", 100, true, false);
	expect("taken", ack(), 100);
	state_is("active", 100, false, true);
	expect("running priority", sysreg_read(RPR), 0xa0);
	set(ISPENDR(GICD), 100);
	state_is("pending and active", 100, true, true);
	expect("not while active", ack_nothing(), NONE);
	eoi(100);
	expect("again", ack(), 100);
	eoi(100);
	state_is("idle", 100, false, false);
	expect("nothing left", ack_nothing(), NONE);
	expect("no running priority", sysreg_read(RPR), 0xff);
}

static void test_clear_pending(void)
{
	set(ISPENDR(GICD), 100);
	set(ISPENDR(GICD), 101);
	set(ICPENDR(GICD), 100);
	state_is("cleared", 100, false, false);
	state_is("the other stays", 101, true, false);
	expect("the other", ack(), 101);
	eoi(101);
	expect("nothing", ack_nothing(), NONE);
	set(ISPENDR(GICD), 100);
	expect("lives on", ack(), 100);
	eoi(100);
}

static void test_disable(void)
{
	set(ISPENDR(GICD), 102);
	set(ICENABLER(GICD), 102);
	expect("disabled", ack_nothing(), NONE);
	state_is("pending while disabled", 102, true, false);
	set(ISENABLER(GICD), 102);
	expect("enabled again", ack(), 102);
	eoi(102);
	state_is("idle", 102, false, false);
}

static void test_group_off(void)
{
	set(ISPENDR(GICD), 103);
	w32(GICD_CTLR, 0x10);
	expect("group off", ack_nothing(), NONE);
	set(ISPENDR(GICD), 104);
	state_is("pending", 103, true, false);
	w32(GICD_CTLR, 0x12);
	expect("group on", ack() + ack_nothing(), 103 + NONE);
	eoi(103);
	expect("the next", ack(), 104);
	eoi(104);
}

static void test_order(void)
{
	uint32_t i;

	for (i = 0; i < COUNT; i++) {
		priority(FIRST + i, (uint8_t)(0x80 - i * 5 % COUNT * 8));
		set(ISPENDR(GICD), FIRST + i);
	}
	for (i = 0; i < COUNT; i++) {
		uint64_t v = ack();

		expect("order", 0x80 - (v - FIRST) * 5 % COUNT * 8,
		       0x80 - (COUNT - 1 - i) * 8);
		eoi(v);
	}
	expect("all taken", ack_nothing(), NONE);
}

/* Each more urgent than the one before: all of them active at once. */
static void nest(bool drop)
{
	uint32_t i;

	for (i = 0; i < COUNT; i++) {
		priority(FIRST + i, (uint8_t)(0xa0 - i * 8));
		set(ISPENDR(GICD), FIRST + i);
		expect("preempts", ack(), FIRST + i);
		if (drop)
			eoi(FIRST + i);
	}
}

static void test_nesting(void)
{
	uint32_t i;

	nest(false);
	for (i = 0; i < COUNT; i++)
		state_is("nested", FIRST + i, false, true);
	for (i = COUNT; i--;) {
		expect("running", sysreg_read(RPR), 0xa0 - i * 8);
		eoi(FIRST + i);
		state_is("ended", FIRST + i, false, false);
		if (i)
			state_is("still active", FIRST + i - 1, false, true);
	}
	for (i = 0; i < COUNT; i++) {
		set(ISPENDR(GICD), FIRST + i);
		expect("comes again", ack(), FIRST + i);
		eoi(FIRST + i);
	}
}

static void test_eoimode_1(void)
{
	uint32_t i, n;

	sysreg_write(2, CTLR);
	expect("EOImode", sysreg_read(CTLR) & 3, 2);
	nest(true);
	expect("dropped", sysreg_read(RPR), 0xff);
	for (i = 0; i < COUNT; i++) {
		state_is("not deactivated", FIRST + i, false, true);
		set(ISPENDR(GICD), FIRST + i);
	}
	expect("active ones wait", ack_nothing(), NONE);
	for (i = 0; i < COUNT; i++) {
		n = FIRST + i * 7 % COUNT;
		sysreg_write(n, DIR);
		expect("after DIR", ack(), n);
		state_is("active again", n, false, true);
		eoi(n);
		sysreg_write(n, DIR);
		state_is("deactivated", n, false, false);
	}
	expect("PMR survives", sysreg_read(PMR) & 0xf8, 0xf8);
	sysreg_write(0, CTLR);
	expect("EOImode", sysreg_read(CTLR) & 3, 0);
}

static void test_active_registers(void)
{
	set(ISPENDR(GICD), 105);
	expect("taken", ack(), 105);
	set(ICACTIVER(GICD), 105);
	state_is("cleared", 105, false, false);
	eoi(105);
	set(ISPENDR(GICD), 105);
	expect("taken again", ack(), 105);
	eoi(105);
	set(ISPENDR(GICD), 106);
	set(ISACTIVER(GICD), 106);
	state_is("made active", 106, true, true);
	expect("not delivered", ack_nothing(), NONE);
	set(ICACTIVER(GICD), 106);
	expect("delivered", ack(), 106);
	eoi(106);
	set(ISPENDR(GICD), 106);
	set(ICACTIVER(GICD), 106); /* not active: nothing happens */
	state_is("still pending", 106, true, false);
	expect("delivered", ack(), 106);
	eoi(106);
	state_is("idle", 106, false, false);
}

static void test_sgis(void)
{
	uint64_t base = SGI_BASE(0);

	w32(base + 0x400, 0x40506070); /* SGI 0 to 3 */
	expect("SGI priorities", r32(base + 0x400), 0x40506070);
	sgi(0, 1);
	sgi(3, 1);
	sgi(3, 1);
	expect("SGI pending", r32(ISPENDR(base)) & 0xffff, 9);
	expect("SGI 3 first", ack(), 3);
	sgi(3, 1);
	expect("SGI pending and active", r32(ISPENDR(base)) & 0xffff, 9);
	expect("SGI active", r32(ISACTIVER(base)) & 0xffff, 8);
	eoi(3);
	expect("SGI 3 again", ack(), 3);
	eoi(3);
	expect("SGI 0", ack(), 0);
	eoi(0);
	expect("no SGI", ack_nothing(), NONE);
	w32(ISPENDR(base), 1u << 5);
	expect("SGI by ISPENDR", ack(), 5);
	eoi(5);
	sgi(6, 1);
	w32(ICPENDR(base), 1u << 6);
	expect("SGI cleared", ack_nothing(), NONE);
	w32(ICENABLER(base), 1u << 7);
	sgi(7, 1);
	expect("SGI disabled", ack_nothing(), NONE);
	expect("SGI enables", r32(ISENABLER(base)) & 0xffff, 0xff7f);
	w32(ISENABLER(base), 1u << 7);
	expect("SGI 7", ack(), 7);
	eoi(7);
	sysreg_write(1ull << 40 | 9ull << 24, SGI1R);
	expect("all but self", ack_nothing(), NONE);
	expect("fixed edge", r32(base + 0xc00), 0xaaaaaaaa);
}

static void test_mask(void)
{
	priority(107, 0x80);
	sysreg_write(0x80, PMR);
	set(ISPENDR(GICD), 107);
	expect("masked", ack_nothing(), NONE);
	sysreg_write(0x88, PMR);
	expect("unmasked", ack(), 107);
	eoi(107);
	sysreg_write(0xff, PMR);
}

/* The serial port's SPI: level, from the device or from who plays it. */
static void test_uart(void)
{
	const uint32_t imsc = 0x38, icr = 0x44, tx = 1u << 5;

	set(ISENABLER(GICD), 33);
	route(33, 0);
	priority(33, 0x90);
	w32(UART + 0x30, 0x301);
	put("GIC-GUEST uart\n");
	w32(UART + imsc, tx);
	expect("uart", ack(), 33);
	state_is("uart active", 33, true, true);
	expect("uart not twice", ack_nothing(), NONE);
	eoi(33);
	expect("uart still high", ack(), 33);
	w32(UART + icr, tx);
	state_is("uart low", 33, false, true);
	eoi(33);
	expect("uart idle", ack_nothing(), NONE);
	put("\n");
	set(ICENABLER(GICD), 33);
	expect("uart disabled", ack_nothing(), NONE);
	state_is("uart pending", 33, true, false);
	set(ISENABLER(GICD), 33);
	expect("uart enabled", ack(), 33);
	w32(UART + icr, tx);
	w32(UART + imsc, 0);
	eoi(33);
	set(ICENABLER(GICD), 33);
}

/*
 * Behind the guest's RAM is the monitor, where there is one: a table there is
 * the runner's to judge.
 */
static void tell_tables(void)
{
	uint64_t reg = GICR + 0x70, behind = 0x80000000 | 0x78f;

	w64(reg, 0x50000000 | 0x78f);
	expect("PROPBASER", r64(reg) >> 12 & 0xfffff, 0x50000);
	w64(reg, behind);
	put("table behind RAM by 64 bits: ");
	put_number(r64(reg) >> 12 & 0xfffff);
	w64(reg, 0x50000000 | 0x78f);
	w32(reg, (uint32_t)behind);
	put(" by halves: ");
	put_number(r64(reg) >> 12 & 0xfffff);
	put("\n");
}

enum command {
	NOTHING,
	TAKE,
	LOOK,
	GO_OFF
};

/* The other CPU polls too: it takes nothing unless it is told. */
void other_main(void)
{
	redistributor_on(1);
	interface_on();
	other_done = 1;
	for (;;) {
		unsigned int c = other_command;

		if (c == NOTHING)
			continue;
		other_command = NOTHING;
		if (c == GO_OFF) {
			other_done = 1;
			hvc(0x84000002, 0, 0, 0);
		}
		other_result =
			(unsigned int)(c == TAKE ? ack() : ack_nothing());
		if (other_result != NONE)
			eoi(other_result);
		asm volatile("dsb sy");
		other_done = 1;
	}
}

static unsigned int other(enum command c)
{
	other_done = 0;
	other_command = c;
	while (!other_done)
		;
	return other_result;
}

static bool other_on(void)
{
	other_done = 0;
	if (hvc(0xc4000003, 1, (uint64_t)other_start,
		(uint64_t)other_stack + sizeof(other_stack)))
		return false;
	while (!other_done)
		;
	return true;
}

/* What one CPU has in hand another one sees and changes. */
static void test_two_cpus(void)
{
	if (!other_on())
		return;
	route(108, 1);
	set(ISPENDR(GICD), 108);
	expect("not here", ack_nothing(), NONE);
	state_is("pending there", 108, true, false);
	expect("taken there", other(TAKE), 108);
	state_is("ended there", 108, false, false);
	set(ISPENDR(GICD), 108);
	set(ICPENDR(GICD), 108);
	state_is("cleared there", 108, false, false);
	expect("nothing there", other(LOOK), NONE);
	set(ISPENDR(GICD), 108);
	set(ICENABLER(GICD), 108);
	expect("disabled there", other(LOOK), NONE);
	state_is("pending still", 108, true, false);
	set(ISENABLER(GICD), 108);
	expect("enabled there", other(TAKE), 108);
	set(ISPENDR(GICD), 108);
	state_is("pending before the move", 108, true, false);
	route(108, 0);
	expect("moved here", ack(), 108);
	eoi(108);
	expect("gone there", other(LOOK), NONE);
	sgi(4, 2);
	expect("SGI there", other(TAKE), 4);
	expect("SGI not here", ack_nothing(), NONE);
	sysreg_write(1ull << 40 | 9ull << 24, SGI1R);
	expect("SGI to all others", other(TAKE), 9);
	w32(ISPENDR(SGI_BASE(1)), 1u << 2);
	expect("SGI by its ISPENDR", other(TAKE), 2);
}

/* What a CPU that goes off had not taken is not lost. */
static void test_cpu_off(void)
{
	unsigned int round;

	for (round = 0; round < 3; round++) {
		route(109, 1);
		set(ISPENDR(GICD), 109);
		state_is("pending there", 109, true, false);
		other(GO_OFF);
		while (hvc(0xc4000004, 1, 0, 0) != 1)
			;
		state_is("pending while off", 109, true, false);
		route(109, 0);
		expect("taken here", ack(), 109);
		eoi(109);
		if (!other_on())
			expect("CPU on again", 0, 1);
		expect("nothing there", other(LOOK), NONE);
		route(110, 1);
		set(ISPENDR(GICD), 110);
		expect("works there", other(TAKE), 110);
	}
}

void guest_main(void)
{
	gic_on();
	put("GIC-GUEST start\n");
	test_registers();
	test_states();
	test_clear_pending();
	test_disable();
	test_group_off();
	test_order();
	test_nesting();
	test_eoimode_1();
	test_active_registers();
	test_sgis();
	test_mask();
	test_timer();
	test_uart();
	tell_tables();
	test_two_cpus();
	if (other_done)
		test_cpu_off();
	put("GIC-GUEST ");
	put_number(passes);
	put(" passed ");
	put_number(failures);
	put(" failed\n");
	hvc(0x84000008, 0, 0, 0);
}
