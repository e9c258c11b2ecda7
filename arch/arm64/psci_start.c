/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See psci_start.h. */
#include "psci_start.h"

#include "barrier.h"
#include "boot.h"
#include "clock.h"
#include "cpu.h"
#include "cpu_power.h"
#include "feature.h"
#include "memory.h"
#include "platform/platform.h"
#include "sysreg.h"

/* What a starting CPU reads with its MMU off; layout known to start.S. */
struct cpu_boot {
	uint64_t stack, cpu, ttbr, tcr, mair, sctlr, hcr;
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct cpu_boot, stack) == BOOT_STACK, "asm.h");
_Static_assert(offsetof(struct cpu_boot, cpu) == BOOT_CPU, "asm.h");
_Static_assert(offsetof(struct cpu_boot, sctlr) == BOOT_SCTLR, "asm.h");
_Static_assert(offsetof(struct cpu_boot, hcr) == BOOT_HCR, "asm.h");

static struct cpu_boot boot_record[PLATFORM_MAX_CPUS];

int64_t psci_start(struct cpu *t)
{
	struct cpu_boot *b = &boot_record[t->id];

	t->on_at = clock_us();
	*b = (struct cpu_boot){ t->stack_top, (uint64_t)t, mmu_ttbr(), mmu_tcr(),
				mmu_mair(), mmu_sctlr(), feature_hcr() };
	dcache_clean_poc((uint64_t)b, sizeof(*b));
	dcache_clean_poc((uint64_t)t, sizeof(*t));
	return cpu_power->on(t, (uint64_t)secondary_entry, (uint64_t)b);
}
