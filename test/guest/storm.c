/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Interrupts in masses on eight CPUs: SPIs, LPIs of the ITS, all SGIs, lines
 * that stay up, while routes and priorities change. Whoever raises one waits
 * until it is taken before raising it again, so that what is taken can be
 * counted exactly; the counts are printed.
 */
#include "its.h"

#define SPI_FIRST 100
#define SPIS 96
#define LPIS 192
#define EVENT_BITS 8
#define DEVICE 7
#define TIMER_IRQ 27
#define RTC_IRQ 34
#define UART_IRQ 33
#define SECONDS 20
#define LPI_MEMORY 0x44000000ull /* config, then pending bits of each CPU */
#define ITS_MEMORY 0x45000000ull
#define ITT_MEMORY 0x45100000ull
#define UP_FOR 7 /* a line is up for so many interrupts */

struct per_cpu {
	volatile uint64_t taken, spurious, sgis[16], timer, masked, told;
} __attribute__((aligned(256)));

static struct per_cpu per[MAX_CPUS];
static volatile uint64_t count[SPI_FIRST + SPIS], lpi_count[LPIS];
static volatile uint64_t on, alien, level_left, go, arrived, lock;
static volatile uint64_t job, finished;
static uint64_t cpus = MAX_CPUS, seed = 12345;

static uint64_t random_number(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed >> 33;
}

static void balance(const char *what, uint64_t raised, uint64_t taken)
{
	print(what);
	print(": raised ");
	print_number(raised);
	print(" taken ");
	print_number(taken);
	print("\n");
}

static void clear_line(uint64_t intid)
{
	if (intid == TIMER_IRQ)
		msr(cntv_ctl_el0, 0);
	if (intid == RTC_IRQ)
		write32(RTC + 0x1c, 1);
	if (intid == UART_IRQ) {
		write32(UART + 0x38, 0);
		write32(UART + 0x44, 1 << 5);
	}
}

static void on_level(struct per_cpu *p, uint64_t intid)
{
	volatile uint64_t *left = intid == TIMER_IRQ ? &p->timer : &level_left;

	if (!*left)
		return;
	if (*left == 1)
		clear_line(intid);
	/* who waits for 0 may raise the line again at once */
	asm volatile("dsb sy" : : : "memory");
	--*left;
}

static bool on_interrupt(struct frame *f)
{
	struct per_cpu *p = &per[cpu_id()];
	uint64_t intid;

	if ((f->vector & 3) != 1)
		return false;
	intid = gic_ack();
	if (intid >= 1020 && intid < 1024) {
		p->spurious++;
		return true;
	}
	p->taken++;
	if (intid < 16)
		p->sgis[intid]++;
	else if (intid == TIMER_IRQ || intid == RTC_IRQ || intid == UART_IRQ)
		on_level(p, intid);
	else if (intid >= SPI_FIRST && intid < SPI_FIRST + SPIS)
		atomic_add(&count[intid], 1);
	else if (intid >= LPI_FIRST && intid < LPI_FIRST + LPIS)
		atomic_add(&lpi_count[intid - LPI_FIRST], 1);
	else
		alien++;
	gic_end(intid);
	if (cpu_id() & 1) /* EOImode 1 there */
		msr(S3_0_C12_C11_1, intid);
	return true;
}

static void unmask(bool yes)
{
	if (yes)
		asm volatile("msr daifclr, #2\n isb" : : : "memory");
	else
		asm volatile("msr daifset, #2\n isb" : : : "memory");
}

/* Until it has the value; says what did not come. */
static bool await(volatile uint64_t *p, uint64_t value, const char *what)
{
	uint64_t end = mrs(cntvct_el0) + mrs(cntfrq_el0) * SECONDS;

	while (*p != value) {
		asm volatile("yield\n isb");
		if (mrs(cntvct_el0) > end) {
			print(what);
			balance(" LOST", value, *p);
			finish();
		}
	}
	return true;
}

/* ---- the other CPUs: masked or not, until told otherwise ---- */

enum job { IDLE, MASKED, OPEN, STORM };

static void start_job(enum job j)
{
	arrived = 0;
	job = j;
	asm volatile("dsb ish" : : : "memory");
	go++;
	await(&arrived, cpus - 1, "CPUs");
}

static void storm_of(unsigned int first);

void secondary_main(uint64_t arg)
{
	uint64_t seen = 0;

	gic_cpu_on();
	write32(GICR_SGI + 0x100, 0xffff | 1u << TIMER_IRQ);
	lpis_on(LPI_MEMORY, LPI_MEMORY + arg * 65536);
	if (cpu_id() & 1)
		msr(S3_0_C12_C12_4, 1 << 1); /* EOImode */
	atomic_add(&on, 1);
	for (;;) {
		while (go == seen)
			asm volatile("yield");
		seen = go;
		unmask(job != MASKED);
		atomic_add(&arrived, 1);
		if (job == STORM) {
			storm_of(cpu_id());
			atomic_add(&finished, 1);
		}
	}
}

/* ---- what is raised ---- */

static void route(uint32_t intid, uint64_t cpu)
{
	write64(GICD + 0x6000 + 8 * intid, cpu);
}

static void set_priority(uint32_t intid, uint64_t prio)
{
	asm volatile("strb %w0, [%1]"
		     :
		     : "r"(prio), "r"(GICD + 0x400 + intid)
		     : "memory");
}

static uint64_t sum(volatile uint64_t *of, unsigned int n)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < n; i++)
		all += of[i];
	return all;
}

/* All SPIs at once on CPUs that take none yet, by turns one and all of them. */
static void spis(unsigned int rounds)
{
	for (unsigned int r = 1; r <= rounds; r++) {
		start_job(MASKED);
		for (uint32_t n = SPI_FIRST; n < SPI_FIRST + SPIS; n++) {
			route(n, r & 1 ? 1 + r % (cpus - 1)
				       : 1 + n % (cpus - 1));
			set_priority(n, 0x80 + (n * r % 12) * 8);
			gic_set_pending(n, true);
		}
		start_job(OPEN);
		for (uint32_t n = SPI_FIRST; n < SPI_FIRST + SPIS; n++)
			await(&count[n], r, "SPI");
	}
	balance("spis", (uint64_t)rounds * SPIS, sum(count + SPI_FIRST, SPIS));
}

static void lpis(unsigned int rounds)
{
	for (unsigned int r = 1; r <= rounds; r++) {
		start_job(MASKED);
		for (uint64_t n = 0; n < LPIS; n++) {
			its_command(ITS_MOVI | (uint64_t)DEVICE << 32, n,
				    r & 1 ? 1 + r % (cpus - 1)
					  : 1 + n % (cpus - 1));
			its_command(ITS_INT | (uint64_t)DEVICE << 32, n, 0);
		}
		start_job(OPEN);
		for (unsigned int n = 0; n < LPIS; n++)
			await(&lpi_count[n], r, "LPI");
	}
	balance("lpis", (uint64_t)rounds * LPIS, sum(lpi_count, LPIS));
}

/* Each of the 16 to all others, who take none until all are there. */
static void sgis(unsigned int rounds)
{
	uint64_t all = 0;

	for (unsigned int r = 1; r <= rounds; r++) {
		start_job(MASKED);
		for (uint64_t n = 0; n < 16; n++)
			msr(S3_0_C12_C11_5, r & 1 ? 1ull << 40 | n << 24
						  : n << 24 | 0xfe);
		start_job(OPEN);
		for (unsigned int c = 1; c < cpus; c++)
			for (unsigned int n = 0; n < 16; n++)
				await(&per[c].sgis[n], r, "SGI");
	}
	for (unsigned int c = 1; c < cpus; c++)
		all += sum(per[c].sgis, 16);
	balance("sgis", (uint64_t)rounds * 16 * (cpus - 1), all);
}

/*
 * The distributor off and on again, as each CPU's start-up code does it, while
 * all compute and the host has too few CPUs: whoever hears of it late must not
 * be left behind.
 */
static void off_and_on(unsigned int rounds)
{
	uint64_t on_is = read32(GICD), before[MAX_CPUS], all = 0;

	start_job(OPEN);
	for (unsigned int c = 1; c < cpus; c++)
		before[c] = per[c].sgis[0];
	for (unsigned int r = 1; r <= rounds; r++) {
		write32(GICD, on_is & ~3u);
		while (read32(GICD) & 1u << 31)
			;
		write32(GICD, on_is);
		msr(S3_0_C12_C11_5, 1ull << 40);
		for (unsigned int c = 1; c < cpus; c++)
			await(&per[c].sgis[0], before[c] + r,
			      "SGI after the distributor was off");
	}
	for (unsigned int c = 1; c < cpus; c++)
		all += per[c].sgis[0] - before[c];
	balance("distributor off and on", (uint64_t)rounds * (cpus - 1), all);
}

/* A line that stays up comes again and again until its device is quiet. */
static void level(uint32_t intid, const char *what, unsigned int rounds)
{
	uint64_t before, all = 0;

	start_job(OPEN);
	gic_enable(intid, true);
	for (unsigned int r = 0; r < rounds; r++) {
		before = per[1 + r % 6].taken;
		route(intid, 1 + r % 6);
		level_left = UP_FOR;
		if (intid == RTC_IRQ) {
			write32(RTC + 0x10, 0);
			do /* RTCMR: now, unless a second has just gone by */
				write32(RTC + 0x4, read32(RTC));
			while (!(read32(RTC + 0x14) & 1));
			write32(RTC + 0x10, 1);
		} else {
			write32(UART + 0x38, 1 << 5); /* TXIM */
			print(".");
		}
		await(&level_left, 0, what);
		all += per[1 + r % 6].taken - before;
	}
	gic_enable(intid, false);
	print("\n");
	balance(what, (uint64_t)rounds * UP_FOR, all);
}

/* ---- all at once ---- */

#define STORM_TURNS 20

static void lock_its(void)
{
	uint64_t v;

	asm volatile("1: ldaxr %0, [%1]\n cbnz %0, 1b\n stxr %w0, %2, [%1]\n"
		     " cbnz %w0, 1b\n dmb ish"
		     : "=&r"(v)
		     : "r"(&lock), "r"(1ull)
		     : "memory");
}

static void unlock_its(void)
{
	asm volatile("stlr xzr, [%0]" : : "r"(&lock) : "memory");
}

/*
 * A CPU's own SPIs and LPIs, raised again once they are taken wherever their
 * route is at that time; its timer's line stays up in between, and SGIs fly.
 */
static void storm_of(unsigned int first)
{
	uint64_t spi_had[SPIS], lpi_had[LPIS];

	for (unsigned int n = first; n < SPIS; n += cpus)
		spi_had[n] = count[SPI_FIRST + n];
	for (unsigned int n = first; n < LPIS; n += cpus)
		lpi_had[n] = lpi_count[n];
	for (unsigned int turn = 1; turn <= STORM_TURNS; turn++) {
		per[cpu_id()].timer = UP_FOR;
		msr(cntv_cval_el0, mrs(cntvct_el0));
		msr(cntv_ctl_el0, 1);
		for (unsigned int n = first; n < SPIS; n += cpus)
			gic_set_pending(SPI_FIRST + n, true);
		msr(S3_0_C12_C11_5, 1ull << 40 | (uint64_t)(turn & 15) << 24);
		lock_its();
		for (uint64_t n = first; n < LPIS; n += cpus)
			its_command(ITS_INT | (uint64_t)DEVICE << 32, n, 0);
		unlock_its();
		for (unsigned int n = first; n < SPIS; n += cpus)
			await(&count[SPI_FIRST + n], spi_had[n] + turn, "SPI");
		for (unsigned int n = first; n < LPIS; n += cpus)
			await(&lpi_count[n], lpi_had[n] + turn, "LPI");
		await(&per[cpu_id()].timer, 0, "timer");
	}
}

/* CPU 0 changes routes and priorities meanwhile. */
static void change(void)
{
	uint64_t n = random_number() % SPIS, cpu = random_number() % cpus;

	route(SPI_FIRST + (uint32_t)n, cpu);
	set_priority(SPI_FIRST + (uint32_t)n, random_number() & 0xd8);
	n = random_number() % LPIS;
	*(volatile uint8_t *)(LPI_MEMORY + n) =
		(uint8_t)((random_number() & 0xd8) | 1);
	lock_its();
	its_command(ITS_INV | (uint64_t)DEVICE << 32, n, 0);
	its_command(ITS_MOVI | (uint64_t)DEVICE << 32, n, cpu);
	unlock_its();
}

static void storm(void)
{
	uint64_t spi = sum(count + SPI_FIRST, SPIS), lpi = sum(lpi_count, LPIS);
	unsigned int others = 0;

	for (unsigned int n = 0; n < SPIS; n++)
		others += n % cpus != 0;
	unmask(true);
	start_job(STORM);
	while (finished != cpus - 1)
		change();
	unmask(false);
	balance("storm of SPIs", (uint64_t)others * STORM_TURNS,
	     sum(count + SPI_FIRST, SPIS) - spi);
	balance("storm of LPIs", (uint64_t)others * (LPIS / SPIS) * STORM_TURNS,
	     sum(lpi_count, LPIS) - lpi);
}

/* ---- setting up ---- */

static void set_up(void)
{
	gic_on();
	for (uint32_t n = SPI_FIRST; n < SPI_FIRST + SPIS; n++) {
		uint64_t icfgr = GICD + 0xc00 + n / 16 * 4;

		write32(gic_word(n, 0x80), 0xffffffff);
		write32(icfgr, read32(icfgr) | 2u << n % 16 * 2);
		gic_enable(n, true);
	}
	for (uint64_t n = 0; n < LPIS; n++)
		*(volatile uint8_t *)(LPI_MEMORY + n) =
			(uint8_t)(0x80 + n % 8 * 8 + 1);
	write32(GICR_SGI + 0x100, 0xffff);
	its_on(ITS_MEMORY);
	lpis_on(LPI_MEMORY, LPI_MEMORY + 8 * 65536);
	for (uint64_t i = 1; i < cpus; i++) {
		hvc(PSCI_CPU_ON, i, (uint64_t)secondary_entry, i);
		await(&on, i, "CPU_ON");
	}
	for (uint64_t i = 0; i < cpus; i++)
		its_map_collection(i);
	its_map_device(DEVICE, ITT_MEMORY, EVENT_BITS);
	for (uint64_t n = 0; n < LPIS; n++)
		its_map_event(DEVICE, n, LPI_FIRST + n, n % cpus);
}

int main(void)
{
	exc_hook = on_interrupt;
	wait_for_listener();
	set_up();
	print(read32(GICD) & 1 << 6 ? "one security state\n"
				    : "two security states\n");
	spis(6);
	lpis(4);
	sgis(12);
	off_and_on(25);
	level(RTC_IRQ, "rtc's line", 12);
	level(UART_IRQ, "uart's line", 12);
	storm();
	print(alien ? "aliens\n" : "no other interrupt\n");
	return 0;
}
