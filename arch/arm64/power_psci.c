/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* CPU power by PSCI firmware beneath EL2; see cpu_power.h. */
#include <errno.h>

#include "cpu.h"
#include "cpu_power.h"
#include "psci_calls.h"

void smc_call(uint64_t regs[18]);

static int64_t call(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t r[18] = { fn, a1, a2, a3 };

	smc_call(r);
	return (int64_t)r[0];
}

static int psci_probe(void)
{
	int32_t v = (int32_t)call(PSCI_VERSION, 0, 0, 0);

	return v > 0 ? 0 : -ENODEV;
}

static int64_t psci_on(struct cpu *t, uint64_t entry, uint64_t arg)
{
	return (int32_t)call(PSCI_CPU_ON | SMC64, t->mpidr, entry, arg);
}

static int64_t psci_off(void)
{
	return (int32_t)call(PSCI_CPU_OFF, 0, 0, 0);
}

static bool psci_is_off(struct cpu *t)
{
	return call(PSCI_AFFINITY_INFO | SMC64, t->mpidr, 0, 0) == 1;
}

static void psci_reset(void)
{
	call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

static void psci_power_off(void)
{
	call(PSCI_SYSTEM_OFF, 0, 0, 0);
}

const struct cpu_power_ops cpu_power_psci = {
	.name = "PSCI",
	.init = psci_probe,
	.on = psci_on,
	.off = psci_off,
	.is_off = psci_is_off,
	.reset = psci_reset,
	.power_off = psci_power_off,
	.smc = smc_call,
};
