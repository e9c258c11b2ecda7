/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See guest.h: printing, exceptions, stage-1 tables. */
#include "guest.h"

#define POOL_PAGES 48

volatile struct exception exc[MAX_CPUS];
bool (*volatile exc_hook)(struct frame *f);
uint64_t boot_fdt = 1; /* not in .bss: start.S clears that */

static uint8_t pool[POOL_PAGES << 16] __attribute__((aligned(1 << 16)));
static uint64_t pool_used;

void print(const char *s)
{
	for (; *s; s++)
		write32(UART, (uint8_t)*s);
}

void print_hex(uint64_t v)
{
	print("0x");
	for (int i = 60; i >= 0; i -= 4)
		write32(UART, (uint8_t)"0123456789abcdef"[v >> i & 15]);
}

void print_number(uint64_t v)
{
	char text[24];
	unsigned int n = sizeof(text);

	text[--n] = 0;
	do
		text[--n] = (char)('0' + v % 10);
	while (v /= 10);
	print(text + n);
}

void print_answer(const char *what, uint64_t a, uint64_t b, uint64_t v)
{
	print(what);
	print(" ");
	print_number(a);
	print(" ");
	print_number(b);
	print(" ");
	print_hex(v);
	print("\n");
}

void wait_for_listener(void)
{
	while (read32(UART + 0x18) & 1 << 4) /* UARTFR.RXFE */
		asm volatile("yield");
	read32(UART);
}

void finish(void)
{
	print("DONE\n");
	for (;;)
		asm volatile("wfi");
}

void exception(struct frame *f)
{
	volatile struct exception *e = &exc[cpu_id() % MAX_CPUS];
	uint64_t ec = f->esr >> 26;

	e->vector = f->vector;
	e->esr = f->esr;
	e->elr = f->elr;
	e->far = f->far;
	e->spsr = f->spsr;
	e->count++;
	if (exc_hook && exc_hook(f))
		return;
	/* past what faulted; SVC, HVC and SMC are past it already */
	if (!(f->vector & 3) && ec != 0x15)
		f->elr += 4;
	if (ec == 0x15) /* SVC from EL0: back to EL1 behind the ERET */
		f->spsr = 0x3c5;
}

/* gcc wants these by name */
void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);

void *memset(void *p, int c, size_t n)
{
	volatile uint8_t *b = p;

	while (n--)
		*b++ = (uint8_t)c;
	return p;
}

void *memcpy(void *d, const void *s, size_t n)
{
	volatile uint8_t *to = d;
	const volatile uint8_t *from = s;

	while (n--)
		*to++ = *from++;
	return d;
}

/* ---- stage 1 ---- */

static uint64_t *take(unsigned int shift)
{
	uint64_t size = 1ull << shift;
	uint64_t at = (pool_used + size - 1) & ~(size - 1);

	if (at + size > sizeof(pool)) {
		print("out of tables\n");
		finish();
	}
	pool_used = at + size;
	return (uint64_t *)(pool + at);
}

static int top_level(const struct mmu *m)
{
	unsigned int step = m->shift - 3;

	return 4 - (int)((m->bits - m->shift + step - 1) / step);
}

static unsigned int level_shift(const struct mmu *m, int level)
{
	return m->shift + (unsigned int)(3 - level) * (m->shift - 3);
}

void mmu_init(struct mmu *m, unsigned int shift, unsigned int bits)
{
	m->shift = shift;
	m->bits = bits;
	m->ds = shift < 16 && bits > 48;
	m->root = take(shift);
}

static bool is_block_level(const struct mmu *m, int level)
{
	return level == 3 || level == 2 || (level == 1 && m->shift == 12);
}

static unsigned int index_of(const struct mmu *m, uint64_t va, int level)
{
	unsigned int bits = m->shift - 3;

	if (level == top_level(m))
		bits = m->bits - level_shift(m, level);
	return va >> level_shift(m, level) & ((1u << bits) - 1);
}

void mmu_map(struct mmu *m, uint64_t va, uint64_t pa, uint64_t size,
	     uint64_t attrs)
{
	while (size) {
		volatile uint64_t *t = m->root;
		/* shareability; with DS these bits are of the address */
		uint64_t common = 1ull << 10 | (m->ds ? 0 : 3ull << 8);
		int level = top_level(m);
		uint64_t span;

		for (;; level++) {
			volatile uint64_t *e = &t[index_of(m, va, level)];

			span = 1ull << level_shift(m, level);
			if (is_block_level(m, level) && !((va | pa) & (span - 1)) &&
			    size >= span && (*e & 3) != 3) {
				*e = pa | attrs | common |
				     (level == 3 ? 3 : 1);
				break;
			}
			if (level == 3) {
				*e = pa | attrs | common | 3;
				break;
			}
			if (!(*e & 1))
				*e = (uint64_t)take(m->shift) | 3;
			t = (volatile uint64_t *)(*e & 0xfffffffff000ull);
		}
		va += span;
		pa += span;
		size -= span < size ? span : size;
	}
	asm volatile("dsb ish" : : : "memory");
}

volatile uint64_t *mmu_entry(struct mmu *m, uint64_t va)
{
	volatile uint64_t *t = m->root, *e;

	for (int level = top_level(m);; level++) {
		e = &t[index_of(m, va, level)];
		if (level == 3 || (*e & 3) != 3)
			return e;
		t = (volatile uint64_t *)(*e & 0xfffffffff000ull);
	}
}

void mmu_flush(void)
{
	asm volatile("dsb ish\n tlbi vmalle1is\n dsb ish\n isb" : : : "memory");
}

void mmu_on(const struct mmu *low, const struct mmu *high, uint64_t tcr_extra)
{
	static const uint8_t tg0[] = { 0, 2, 1 }, tg1[] = { 2, 1, 3 };
	unsigned int k = (low->shift - 12) / 2;
	uint64_t ips = mrs(id_aa64mmfr0_el1) & 7;
	uint64_t tcr = (64 - low->bits) | 1 << 8 | 1 << 10 | 3 << 12 |
		       (uint64_t)tg0[k] << 14 | (ips > 5 ? 5 : ips) << 32;

	if (high) {
		k = (high->shift - 12) / 2;
		tcr |= (64ull - high->bits) << 16 | 1 << 24 | 1 << 26 |
		       3 << 28 | (uint64_t)tg1[k] << 30;
		msr(ttbr1_el1, high->root);
	} else {
		tcr |= 1 << 23; /* EPD1 */
	}
	msr(mair_el1, 0x4400ffull | 0ull << 8);
	if (low->ds)
		tcr |= 1ull << 59;
	msr(ttbr0_el1, low->root);
	msr(tcr_el1, tcr | tcr_extra);
	mmu_flush();
	msr(sctlr_el1, mrs(sctlr_el1) | 1 << 0 | 1 << 2 | 1 << 12);
}

void mmu_off(void)
{
	msr(sctlr_el1, mrs(sctlr_el1) & ~(1ull << 0 | 1 << 2 | 1 << 12));
	mmu_flush();
}

void mmu_identity(struct mmu *m)
{
	uint64_t big = 1ull << (m->shift == 12 ? 21 : m->shift == 14 ? 25 : 29);

	/* flash, devices; then RAM, in the largest blocks but 1 GiB */
	mmu_map(m, 0x08000000, 0x08000000, big > 0x4000000 ? big : 0x4000000,
		MMU_DEVICE);
	mmu_map(m, RAM, RAM, big > 0x8000000 ? big : 0x8000000, MMU_NORMAL);
}

#define ECAM 0x4010000000ull
#define IVSHMEM_ID 0x11101af4

void ivshmem_map(void)
{
	for (uint64_t slot = 0; slot < 32; slot++) {
		uint64_t at = ECAM + (slot << 15);

		if (read32(at) != IVSHMEM_ID)
			continue;
		write32(at + 0x18, IVSHMEM_WINDOW);
		write32(at + 0x1c, 0);
		write32(at + 4, 2); /* memory space */
		return;
	}
	print("no ivshmem\n");
	finish();
}
