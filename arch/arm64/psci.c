/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See psci.h. Which call means what; pure, as cpu_power does what is done. */
#include "psci.h"

#include <string.h>

#include "bits.h"
#include "cpu.h"
#include "cpu_power.h"
#include "guest.h"
#include "irq/irqchip.h"
#include "link.h"
#include "log.h"
#include "platform/platform.h"
#include "psci_calls.h"
#include "psci_start.h"
#include "traps.h"

#define MPIDR_AFF 0xff00ffffffull

#define OUR_VERSION 0x10001 /* PSCI 1.1 */

const struct cpu_power_ops *cpu_power;

void psci_init(void)
{
	if (platform->psci_smc && !cpu_power_psci.init())
		cpu_power = &cpu_power_psci;
	if (!cpu_power)
		log_line("no PSCI firmware answers: other CPUs, reset and power-off are not to be had");
}

static uint64_t cpu_on(uint64_t target, uint64_t entry, uint64_t arg)
{
	struct cpu *t = cpu_by_mpidr(target & MPIDR_AFF);
	uint32_t off = CPU_OFF;
	int64_t r;

	if (!t || target & ~MPIDR_AFF)
		return PSCI_INVALID_PARAMETERS;
	if (entry & 3 || !guest_owns_ram(entry, 4))
		return PSCI_INVALID_ADDRESS;
	if (!__atomic_compare_exchange_n(&t->power, &off, CPU_ON_PENDING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return off == CPU_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
	t->on_entry = entry;
	t->on_arg = arg;
	r = psci_start(t);
	if (r)
		__atomic_store_n(&t->power, CPU_OFF, __ATOMIC_RELEASE);
	return (uint64_t)r;
}

void psci_cpu_is_on(struct cpu *c)
{
	__atomic_store_n(&c->power, CPU_ON, __ATOMIC_RELEASE);
}

/* Returns only where firmware refuses. */
static uint64_t cpu_off(struct cpu *c)
{
	int64_t r;

	link_cpu_leaves(c);
	irqchip->cpu_off(c);
	__atomic_store_n(&c->power, CPU_OFF, __ATOMIC_RELEASE);
	r = cpu_power->off();
	__atomic_store_n(&c->power, CPU_ON, __ATOMIC_RELEASE);
	irqchip->cpu_init(c);
	return (uint64_t)r;
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
		return cpu_power->is_off(t) ? 1 : 0;
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

/* Functions that would enter the guest somewhere, not through us. */
static bool never_forwarded(uint32_t fn)
{
	switch (fn & ~SMC64) {
	case PSCI_MIGRATE:
	case PSCI_CPU_FREEZE:
	case PSCI_CPU_DEFAULT_SUSPEND:
	case PSCI_SYSTEM_SUSPEND:
		return true;
	default:
		return false;
	}
}

static uint64_t features(uint32_t fn)
{
	uint64_t r[18] = { PSCI_FEATURES, fn };

	if (never_forwarded(fn))
		return PSCI_NOT_SUPPORTED;
	switch (fn & ~SMC64) {
	case PSCI_VERSION:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case PSCI_CPU_SUSPEND:
		return PSCI_SUCCESS;
	default:
		cpu_power->smc(r);
		return r[0];
	}
}

void psci_system_reset(void)
{
	if (cpu_power)
		cpu_power->reset();
}

/* Everything else: as it came, all registers back. */
static void forward(struct cpu *c)
{
	uint64_t r[18];

	memcpy(r, c->vcpu.x, sizeof(r));
	cpu_power->smc(r);
	memcpy(c->vcpu.x, r, sizeof(r));
}

/* The number of today for one of PSCI 0.1. */
static uint32_t present(uint32_t fn)
{
	switch (fn) {
	case PSCI_0_1_CPU_SUSPEND:
		return PSCI_CPU_SUSPEND | SMC64;
	case PSCI_0_1_CPU_OFF:
		return PSCI_CPU_OFF;
	case PSCI_0_1_CPU_ON:
		return PSCI_CPU_ON | SMC64;
	case PSCI_0_1_MIGRATE:
		return PSCI_MIGRATE;
	default:
		return fn;
	}
}

void psci_call(struct cpu *c)
{
	uint64_t *x = c->vcpu.x;
	uint32_t fn = present((uint32_t)x[0]);
	bool wide = fn & SMC64;
	uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;

	/* numbers outside SMCCC could be any firmware's CPU_ON */
	if (!cpu_power || never_forwarded(fn) ||
	    (fn & SMCCC_FAST && fn & SMCCC_RESERVED)) {
		x[0] = PSCI_NOT_SUPPORTED;
		return;
	}
	switch (fn) {
	case PSCI_VERSION:
		x[0] = OUR_VERSION;
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
