/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What the small guest programs of the system tests share: they start at EL1
 * with the FDT in x0 and the MMU off, and print on the PL011. A test drives
 * them with gdb, which finds everything by name.
 */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#define FRAME_X 0
#define FRAME_ELR 248
#define FRAME_SPSR 256
#define FRAME_ESR 264
#define FRAME_FAR 272
#define FRAME_SIZE 288

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_CPUS 8

#define UART 0x09000000ull
#define RTC 0x09010000ull /* PL031: RTCDR 0, RTCMR 4, RTCLR 8 */
#define RAM 0x40000000ull

/* Vector number: 0 sync, 1 IRQ, 2 FIQ, 3 SError; +4 SPx, +8 lower, +12 A32. */
struct frame {
	uint64_t x[31];
	uint64_t elr, spsr, esr, far;
	uint64_t vector;
};

/* The last exception of each CPU, and how many there were. */
struct exception {
	uint64_t count, vector, esr, elr, far, spsr;
};

extern volatile struct exception exc[MAX_CPUS];
/* Takes an exception before the usual way does; true: done with it. */
extern bool (*volatile exc_hook)(struct frame *f);

extern uint64_t boot_fdt;

int main(void);
void exception(struct frame *f);
void secondary_main(uint64_t arg);
void secondary_entry(void);
extern uint8_t stacks[MAX_CPUS][8192];

void print(const char *s);
void print_hex(uint64_t v);
void print_number(uint64_t v); /* decimal */
/* A line: what, two numbers, a value. */
void print_answer(const char *what, uint64_t a, uint64_t b, uint64_t v);
/* Until a byte comes on the serial port: somebody listens to what follows. */
void wait_for_listener(void);
/* The test sets a breakpoint there: a program has got so far. */
void checkpoint(uint64_t n);
/* The end: prints DONE, waits for ever. */
void finish(void) __attribute__((noreturn));

uint64_t hvc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
uint64_t smc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3);

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0xc4000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u

#define STR_(x) #x
#define STR(x) STR_(x)
#define mrs(reg)                                              \
	({                                                    \
		uint64_t mrs_v;                               \
		asm volatile("mrs %0, " STR(reg) : "=r"(mrs_v)); \
		mrs_v;                                        \
	})
#define msr(reg, v)                                                \
	asm volatile("msr " STR(reg) ", %0\n isb" : : "r"((uint64_t)(v)) \
		     : "memory")

static inline unsigned int cpu_id(void)
{
	return mrs(mpidr_el1) & 0xff;
}

static inline uint32_t read32(uint64_t a)
{
	uint32_t v;

	asm volatile("ldr %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static inline void write32(uint64_t a, uint32_t v)
{
	asm volatile("str %w0, [%1]" : : "r"(v), "r"(a) : "memory");
}

static inline void atomic_add(volatile uint64_t *p, uint64_t n)
{
	uint64_t v, f;

	asm volatile("1: ldaxr %0, [%2]\n add %0, %0, %3\n"
		     " stlxr %w1, %0, [%2]\n cbnz %w1, 1b"
		     : "=&r"(v), "=&r"(f)
		     : "r"(p), "r"(n)
		     : "memory");
}

/* ---- stage 1, any granule ---- */

struct mmu {
	unsigned int shift; /* 12, 14, 16 */
	unsigned int bits; /* of virtual addresses */
	bool ds; /* TCR_EL1.DS: 52 bits with 4K and 16K, level -1 */
	uint64_t *root;
};

#define MMU_NORMAL 0x0ull /* AttrIndx 0, write-back */
#define MMU_DEVICE (1ull << 2 | 1ull << 53 | 1ull << 54)
#define MMU_NC (2ull << 2)
#define MMU_USER (1ull << 6)
#define MMU_RO (1ull << 7)
#define MMU_GP (1ull << 50)
#define MMU_NG (1ull << 11)

/* With 4K or 16K and more than 48 bits: in the form of FEAT_LPA2. */
void mmu_init(struct mmu *m, unsigned int shift, unsigned int bits);
void mmu_map(struct mmu *m, uint64_t va, uint64_t pa, uint64_t size,
	     uint64_t attrs);
/* Its last descriptor. */
volatile uint64_t *mmu_entry(struct mmu *m, uint64_t va);
/* On: low for TTBR0, high for TTBR1 or NULL. */
void mmu_on(const struct mmu *low, const struct mmu *high, uint64_t tcr_extra);
void mmu_off(void);
void mmu_flush(void);
/* All there is, at its own address, in the usual way: RAM and devices. */
void mmu_identity(struct mmu *m);

/* The memory of a PCI device (ivshmem-plain, BAR 2) comes to this place. */
#define IVSHMEM_WINDOW 0x10000000ull /* for BARs below 4 GiB */
/* If there is none the guest ends with a line that says so. */
void ivshmem_map(void);

#endif
#endif
