/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See psci.h. */
#include "psci.h"

#include <string.h>

#include "barrier.h"
#include "boot.h"
#include "cpu.h"
#include "feature.h"
#include "guest.h"
#include "irq/irqchip.h"
#include "log.h"
#include "memory.h"
#include "platform/platform.h"
#include "link.h"
#include "sysreg.h"
#include "traps.h"
#include "world.h"

#define PSCI_VERSION 0x84000000
#define PSCI_CPU_SUSPEND 0x84000001
#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON 0x84000003
#define PSCI_AFFINITY_INFO 0x84000004
#define PSCI_MIGRATE_INFO_TYPE 0x84000006
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define PSCI_FEATURES 0x8400000a
#define PSCI_SYSTEM_SUSPEND 0x8400000e
#define PSCI_SYSTEM_RESET2 0x84000012
#define SMCCC_VERSION 0x80000000
#define SMC64 0x40000000u

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED ((uint64_t)-1)
#define PSCI_INVALID_PARAMETERS ((uint64_t)-2)
#define PSCI_DENIED ((uint64_t)-3)
#define PSCI_ALREADY_ON ((uint64_t)-4)
#define PSCI_ON_PENDING ((uint64_t)-5)
#define PSCI_INTERNAL_FAILURE ((uint64_t)-6)
#define PSCI_INVALID_ADDRESS ((uint64_t)-9)

#define MPIDR_AFF 0xff00ffffffull

void smc_call(uint64_t regs[18]);

/* What a starting CPU reads with its MMU off; layout known to start.S. */
struct cpu_boot {
	uint64_t stack, cpu, ttbr, tcr, mair, sctlr, hcr;
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct cpu_boot, stack) == BOOT_STACK, "asm.h");
_Static_assert(offsetof(struct cpu_boot, cpu) == BOOT_CPU, "asm.h");
_Static_assert(offsetof(struct cpu_boot, sctlr) == BOOT_SCTLR, "asm.h");
_Static_assert(offsetof(struct cpu_boot, hcr) == BOOT_HCR, "asm.h");

static struct cpu_boot boot_record[PLATFORM_MAX_CPUS];
static uint32_t version;

static uint64_t firmware(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t r[18] = { fn, a1, a2, a3 };

	smc_call(r);
	return r[0];
}

void psci_init(void)
{
	uint64_t v = platform->psci_smc ? firmware(PSCI_VERSION, 0, 0, 0) :
					  PSCI_NOT_SUPPORTED;

	version = (uint32_t)v == UINT32_MAX ? 0 : (uint32_t)v;
	if (!version)
		log_line("no PSCI firmware answers: other CPUs, reset and power-off are not to be had");
}

uint32_t psci_version(void)
{
	return version;
}

static uint64_t cpu_on(uint64_t target, uint64_t entry, uint64_t arg)
{
	struct cpu *t = cpu_by_mpidr(target & MPIDR_AFF);
	struct cpu_boot *b;
	uint32_t off = CPU_OFF;
	uint64_t r;

	if (!t || target & ~MPIDR_AFF)
		return PSCI_INVALID_PARAMETERS;
	if (entry & 3 || !guest_owns_ram(entry, 4))
		return PSCI_INVALID_ADDRESS;
	if (!__atomic_compare_exchange_n(&t->power, &off, CPU_ON_PENDING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return off == CPU_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
	t->on_entry = entry;
	t->on_arg = arg;
	b = &boot_record[t->id];
	*b = (struct cpu_boot){ t->stack_top, (uint64_t)t, mmu_ttbr(), mmu_tcr(),
				MMU_MAIR, mmu_sctlr(), feature_hcr() };
	dcache_clean_poc((uint64_t)b, sizeof(*b));
	dcache_clean_poc((uint64_t)t, sizeof(*t));
	r = firmware(PSCI_CPU_ON | SMC64, target, (uint64_t)secondary_entry,
		     (uint64_t)b);
	if (r != PSCI_SUCCESS)
		__atomic_store_n(&t->power, CPU_OFF, __ATOMIC_RELEASE);
	return r;
}

void psci_cpu_is_on(struct cpu *c)
{
	__atomic_store_n(&c->power, CPU_ON, __ATOMIC_RELEASE);
}

/* Returns only where firmware refuses. */
static uint64_t cpu_off(struct cpu *c)
{
	uint64_t r;

	link_cpu_leaves(c);
	irqchip->cpu_off(c);
	__atomic_store_n(&c->power, CPU_OFF, __ATOMIC_RELEASE);
	r = firmware(PSCI_CPU_OFF, 0, 0, 0);
	__atomic_store_n(&c->power, CPU_ON, __ATOMIC_RELEASE);
	irqchip->cpu_init(c);
	return r;
}

static uint64_t affinity_info(uint64_t target, uint64_t level)
{
	struct cpu *t;

	if (level > 3 || target & ~MPIDR_AFF)
		return PSCI_INVALID_PARAMETERS;
	if (level) {
		uint64_t mask = MPIDR_AFF & ~GENMASK(level == 3 ? 31 : 8 * level - 1, 0);
		bool found = false;

		for (unsigned int i = 0; i < cpu_count(); i++) {
			t = cpu_get(i);
			if ((t->mpidr ^ target) & mask)
				continue;
			found = true;
			if (t->power == CPU_ON)
				return 0;
		}
		return found ? 1 : PSCI_INVALID_PARAMETERS;
	}
	t = cpu_by_mpidr(target);
	if (!t)
		return PSCI_INVALID_PARAMETERS;
	if (t->power == CPU_OFF) /* firmware may still be at it */
		return firmware(PSCI_AFFINITY_INFO | SMC64, target, 0, 0);
	return t->power == CPU_ON ? 0 : 2;
}

/* Standby returns after an interrupt; a power-down state enters at entry. */
static uint64_t cpu_suspend(struct cpu *c, uint64_t state, uint64_t entry,
			    uint64_t arg)
{
	bool down = state & BIT(16);

	if (down && (entry & 3 || !guest_owns_ram(entry, 4)))
		return PSCI_INVALID_ADDRESS;
	/*
	 * EL2 keeps its state only in a standby state; a power-down one is
	 * allowed to be no deeper (DEN 0022, 5.4.2), as firmware may fall back.
	 */
	if (!irqchip->pending(c))
		traps_wait_for_interrupt(c);
	if (down)
		cpu_reset_guest(c, entry, arg);
	return PSCI_SUCCESS;
}

static uint64_t features(uint32_t fn)
{
	switch (fn & ~SMC64) {
	case PSCI_VERSION:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case PSCI_CPU_SUSPEND:
	case SMCCC_VERSION:
		return PSCI_SUCCESS;
	default:
		return firmware(PSCI_FEATURES, fn, 0, 0);
	}
}

void psci_system_reset(void)
{
	firmware(PSCI_SYSTEM_RESET, 0, 0, 0);
}

/* Everything else: as it came, all registers back. */
static void forward(struct cpu *c)
{
	uint64_t r[18];

	memcpy(r, c->vcpu.x, sizeof(r));
	smc_call(r);
	memcpy(c->vcpu.x, r, sizeof(r));
}

void psci_call(struct cpu *c)
{
	uint64_t *x = c->vcpu.x;
	uint32_t fn = (uint32_t)x[0];
	bool wide = fn & SMC64;
	uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;

	if (!version) {
		x[0] = PSCI_NOT_SUPPORTED;
		return;
	}
	switch (fn) {
	case PSCI_VERSION:
		x[0] = version;
		return;
	case SMCCC_VERSION:
		x[0] = 0x10001;
		return;
	case PSCI_CPU_ON:
	case PSCI_CPU_ON | SMC64:
		x[0] = cpu_on(x[1] & mask, x[2] & mask, x[3] & mask);
		return;
	case PSCI_CPU_OFF:
		x[0] = cpu_off(c);
		return;
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO | SMC64:
		x[0] = affinity_info(x[1] & mask, x[2] & mask);
		return;
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND | SMC64:
		x[0] = cpu_suspend(c, x[1] & mask, x[2] & mask, x[3] & mask);
		return;
	case PSCI_MIGRATE_INFO_TYPE:
		x[0] = 2; /* no trusted OS that would have to move */
		return;
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2 | SMC64:
		link_machine_ends(c, fn != PSCI_SYSTEM_OFF);
		forward(c);
		return;
	case PSCI_FEATURES:
		x[0] = features((uint32_t)x[1]);
		return;
	default:
		forward(c);
	}
}
