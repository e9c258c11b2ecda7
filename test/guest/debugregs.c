/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The guest's own breakpoints, watchpoints and single steps, at EL1 and EL0:
 * every debug exception is logged, to be compared with what a CPU with no
 * monitor and no debugger gives.
 */
#include "guest.h"

#define KDE (1ull << 13)
#define MDE (1ull << 15)
#define SS (1ull << 0)
#define SPSR_SS (1ull << 21)
#define BCR_EL1 (1ull | 1ull << 1 | 0xfull << 5) /* enabled, at EL1 */
#define BCR_EL0 (1ull | 2ull << 1 | 0xfull << 5)
#define WCR_LOAD (1ull << 3)
#define WCR_STORE (2ull << 3)
#define WCR_EL1 (1ull | 1ull << 1 | 0xffull << 5)

struct event {
	uint64_t esr, elr, far, spsr;
};

volatile struct event event[128];
volatile uint64_t events, command, steps_left, result[80];
volatile uint64_t watched[32] __attribute__((aligned(64)));
volatile uint64_t other[8] __attribute__((aligned(64)));
static volatile uint64_t exclusive;

void place_a(void), place_b(void), stepped(void), stepped_end(void);
void el0_code(void), el0_place(void), go_el0(uint64_t spsr, uint64_t pc);

asm(".text\n.balign 64\n"
    ".global place_a, place_b, stepped, stepped_end, el0_code, el0_place, go_el0\n"
    ".type place_a, %function\n.type place_b, %function\n"
    ".type stepped, %function\n.type stepped_end, %function\n"
    ".type el0_code, %function\n.type el0_place, %function\n"
    ".type go_el0, %function\n"
    "place_a: nop\n ret\n"
    ".balign 64\n"
    "place_b: nop\n ret\n"
    ".balign 64\n"
    "stepped: mov x1, #1\n add x1, x1, #1\n ldr x2, [sp]\n"
    " mov w0, #0x84000000\n hvc #0\n b 1f\n nop\n"
    "1: msr tpidr_el0, x1\n mrs x1, mdscr_el1\n nop\n"
    "stepped_end: ret\n"
    ".balign 64\n"
    "el0_code: mov x1, #3\n"
    "el0_place: add x1, x1, #1\n nop\n svc #1\n"
    /* x0 SPSR, x1 where to; comes back by its SVC */
    "go_el0: msr spsr_el1, x0\n msr elr_el1, x1\n adr x2, 2f\n"
    " adrp x3, el0_back\n str x2, [x3, :lo12:el0_back]\n eret\n"
    "2: ret\n");

volatile uint64_t el0_back;

static bool on_debug(struct frame *f)
{
	uint64_t ec = f->esr >> 26, n = events;

	if (f->vector & 3)
		return false;
	if (ec == 0x15) {
		if (f->vector != 8)
			return false;
		f->elr = el0_back;
		f->spsr = 0x3c5;
		return true;
	}
	if (ec < 0x30 || ec > 0x35)
		return false;
	if (n < 128) {
		event[n].esr = f->esr;
		event[n].elr = f->elr;
		event[n].far = ec >= 0x34 ? f->far : 0;
		event[n].spsr = f->spsr;
	}
	events = n + 1;
	switch (ec) {
	case 0x30: /* breakpoints: once */
	case 0x31:
		msr(dbgbcr0_el1, 0);
		msr(dbgbcr1_el1, 0);
		break;
	case 0x34:
	case 0x35:
		msr(dbgwcr0_el1, 0);
		msr(dbgwcr1_el1, 0);
		break;
	default:
		if (--steps_left)
			f->spsr |= SPSR_SS;
		else
			msr(mdscr_el1, mrs(mdscr_el1) & ~SS);
		break;
	}
	return true;
}

static void debug_on(void)
{
	msr(oslar_el1, 0);
	msr(mdscr_el1, KDE | MDE);
	asm volatile("msr daifclr, #8");
}

static void debug_off(void)
{
	asm volatile("msr daifset, #8");
	msr(mdscr_el1, 0);
}

/* A call of stepped() with SS, by an ERET that sets PSTATE.SS. */
static void step_el1(uint64_t n)
{
	steps_left = n;
	asm volatile("msr daifset, #8"); /* until the ERET */
	msr(mdscr_el1, KDE | MDE | SS);
	asm volatile("mrs x9, daif\n bic x9, x9, #0x200\n orr x9, x9, #4\n orr x9, x9, #1\n"
		     " orr x9, x9, #(1 << 21)\n"
		     " msr spsr_el1, x9\n adr x9, stepped\n msr elr_el1, x9\n"
		     " adr x30, 1f\n eret\n1:"
		     : : : "x0", "x1", "x2", "x3", "x9", "x30", "memory");
	msr(mdscr_el1, KDE | MDE);
}

static void breakpoints(void)
{
	debug_on();
	msr(dbgbvr0_el1, place_a);
	msr(dbgbcr0_el1, BCR_EL1);
	place_a();
	place_b();
	place_a(); /* not again */
	msr(dbgbvr1_el1, place_b);
	msr(dbgbcr1_el1, BCR_EL1);
	place_b();
	/* under the OS lock, with MDE off, with D set: none */
	msr(dbgbcr0_el1, BCR_EL1);
	msr(oslar_el1, 1);
	place_a();
	result[0] = mrs(oslsr_el1);
	msr(oslar_el1, 0);
	result[1] = mrs(oslsr_el1);
	msr(mdscr_el1, KDE);
	place_a();
	msr(mdscr_el1, MDE);
	place_a();
	msr(mdscr_el1, KDE | MDE);
	asm volatile("msr daifset, #8");
	place_a();
	asm volatile("msr daifclr, #8");
	place_a();
	debug_off();
}

static void watchpoints(void)
{
	debug_on();
	msr(dbgwvr0_el1, &watched[2]);
	msr(dbgwcr0_el1, WCR_EL1 | WCR_STORE);
	(void)watched[2];
	watched[1] = 5;
	watched[2] = 6;
	watched[2] = 7;
	msr(dbgwcr0_el1, WCR_EL1 | WCR_LOAD);
	watched[2] = 8;
	(void)watched[2];
	msr(dbgwcr0_el1, WCR_EL1 | WCR_LOAD | WCR_STORE | 5ull << 24);
	msr(dbgwvr0_el1, &watched[4]); /* 32 bytes by MASK */
	watched[3] = 1;
	watched[8] = 1;
	watched[7] = 1;
	msr(dbgwcr0_el1, (WCR_EL1 & ~(0xffull << 5)) | 1ull << 9 | WCR_STORE);
	msr(dbgwvr0_el1, &watched[2]); /* its fifth byte */
	((volatile uint8_t *)&watched[2])[3] = 1;
	((volatile uint8_t *)&watched[2])[4] = 1;
	other[2] = watched[2];
	debug_off();
	msr(dbgwcr0_el1, 0);
}

/* A load and a store exclusive, often enough: does none succeed? */
static uint64_t exclusive_fails(volatile uint64_t *word)
{
	uint64_t failed, value, tries = 200;

	asm volatile("1: ldxr %1, [%3]\n add %1, %1, #1\n stxr %w0, %1, [%3]\n"
		     " cbz %w0, 2f\n subs %2, %2, #1\n b.ne 1b\n2:"
		     : "=&r"(failed), "=&r"(value), "+r"(tries)
		     : "r"(word)
		     : "cc", "memory");
	return failed & 1;
}

static void single_steps(void)
{
	debug_on();
	step_el1(10);
	step_el1(4);
	/* D set: SS says nothing */
	asm volatile("msr daifset, #8");
	msr(mdscr_el1, KDE | SS);
	place_a();
	result[79] = exclusive_fails(&exclusive);
	msr(mdscr_el1, 0);
	/* EL0, KDE off */
	steps_left = 100;
	msr(mdscr_el1, SS);
	go_el0(0x3c0 | SPSR_SS, (uint64_t)el0_code);
	msr(mdscr_el1, 0);
	/* EL0 breakpoint */
	msr(mdscr_el1, MDE);
	msr(dbgbvr0_el1, el0_place);
	msr(dbgbcr0_el1, BCR_EL0);
	go_el0(0x3c0, (uint64_t)el0_code);
	go_el0(0x3c0, (uint64_t)el0_code);
	debug_off();
}

#define EACH(X) X(0) X(1) X(2) X(3)
#define PUT(n)                                                       \
	msr(dbgbvr##n##_el1, 0x40001000 + n * 0x100);                \
	msr(dbgbcr##n##_el1, 0x1e6 + n * 0);                         \
	msr(dbgwvr##n##_el1, 0x40002000 + n * 0x100);                \
	msr(dbgwcr##n##_el1, 0x1ff6);
#define GET(n)                                 \
	result[i++] = mrs(dbgbvr##n##_el1);    \
	result[i++] = mrs(dbgbcr##n##_el1);    \
	result[i++] = mrs(dbgwvr##n##_el1);    \
	result[i++] = mrs(dbgwcr##n##_el1);
#define CLEAR(n)                      \
	msr(dbgbcr##n##_el1, 0);      \
	msr(dbgwcr##n##_el1, 0);

static void registers(void)
{
	unsigned int i = 0;

	EACH(PUT)
	msr(mdscr_el1, KDE);
	result[i++] = mrs(mdscr_el1);
	msr(mdscr_el1, 0);
	result[i++] = mrs(mdscr_el1);
	place_a();
	other[2] = 1;
	EACH(GET)
	EACH(CLEAR)
	EACH(GET)
	msr(oslar_el1, 1);
	result[i++] = mrs(oslsr_el1);
	result[i++] = mrs(oseccr_el1);
	msr(oslar_el1, 0);
	result[i++] = mrs(oslsr_el1);
	result[i++] = mrs(osdlr_el1);
	msr(dbgclaimset_el1, 0x55);
	result[i++] = mrs(dbgclaimclr_el1);
	msr(dbgclaimclr_el1, 0x11);
	result[i++] = mrs(dbgclaimclr_el1);
	msr(dbgclaimclr_el1, 0xff);
	result[i++] = mrs(dbgauthstatus_el1);
	result[i++] = mrs(mdccsr_el0);
	result[i++] = mrs(mdrar_el1);
}

int main(void)
{
	exc_hook = on_debug;
	for (uint64_t n = 0;; n++) {
		checkpoint(n);
		events = 0;
		for (unsigned int i = 0; i < 128; i++)
			event[i].esr = event[i].elr = event[i].far =
				event[i].spsr = 0;
		for (unsigned int i = 0; i < 80; i++)
			result[i] = 0;
		switch (command) {
		case 1:
			breakpoints();
			break;
		case 2:
			watchpoints();
			break;
		case 3:
			single_steps();
			break;
		case 4:
			registers();
			break;
		}
	}
}

void secondary_main(uint64_t arg)
{
}
