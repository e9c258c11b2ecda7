/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See cpu.h. */
#include "cpu.h"

#include <string.h>

#include "barrier.h"
#include "boot.h"
#include "debug.h"
#include "feature.h"
#include "irq/irqchip.h"
#include "log.h"
#include "memory.h"
#include "page.h"
#include "platform/platform.h"
#include "psci.h"
#include "link.h"
#include "sysreg.h"
#include "traps.h"
#include "view.h"
#include "watch.h"
#include "world.h"

_Static_assert(offsetof(struct vcpu, pc) == VCPU_PC, "asm.h");
_Static_assert(offsetof(struct vcpu, pstate) == VCPU_PSTATE, "asm.h");
_Static_assert(offsetof(struct vcpu, esr) == VCPU_ESR, "asm.h");
_Static_assert(offsetof(struct vcpu, hpfar) == VCPU_HPFAR, "asm.h");

static struct cpu *cpus;

struct cpu *cpu_get(unsigned int id)
{
	return &cpus[id];
}

unsigned int cpu_count(void)
{
	return platform->cpu_count;
}

struct cpu *cpu_by_mpidr(uint64_t mpidr)
{
	for (unsigned int i = 0; i < cpu_count(); i++)
		if (cpus[i].mpidr == mpidr)
			return &cpus[i];
	return NULL;
}

/* The CPU that booted is CPU 0 whatever its place in the tree. */
void cpu_init_all(const struct platform *p)
{
	uint64_t self = read_sysreg(mpidr_el1) & 0xff00ffffffull;
	unsigned int first = 0;

	cpus = memory_alloc(sizeof(*cpus) * p->cpu_count, 64);
	for (unsigned int i = 0; i < p->cpu_count; i++)
		if (p->cpu[i].mpidr == self)
			first = i;
	for (unsigned int i = 0; i < p->cpu_count; i++) {
		unsigned int from = i == 0 ? first : i <= first ? i - 1 : i;

		cpus[i].id = i;
		cpus[i].mpidr = p->cpu[from].mpidr;
		cpus[i].stack_top = (uint64_t)memory_alloc_stack(&cpus[i]);
	}
}

/*
 * What a CPU's SCTLR_EL1 is at the guest's first instruction: as reset left it,
 * so that the guest sees its core's own value. Where EL1 is not the highest level
 * that is architecturally unknown, and a boot loader may have used it: anything
 * but a reset value of a known core (0x00c50838, 0x30c50838) is replaced by
 * RES1 bits, MMU and caches off, little-endian.
 */
#define SCTLR_RES1 0x30d00800ull
#define SCTLR_RESET 0x00c50838ull

static uint64_t sctlr_at_reset(void)
{
	uint64_t found = read_sysreg_el1(sctlr_el1, SCTLR_EL12);
	bool known = (found & SCTLR_RESET) == SCTLR_RESET &&
		     !(found & ~(SCTLR_RESET | SCTLR_RES1));

	return known ? found : SCTLR_RES1;
}

void cpu_setup(struct cpu *c)
{
	write_sysreg(c, tpidr_el2);
	write_sysreg(el2_vectors, vbar_el2);
	write_sysreg(feature_hcr(), hcr_el2);
	isb(); /* orders the vectors before the rest, which may trap */
	feature_open();
	c->reset_sctlr = sctlr_at_reset();
	view_cpu_init(c);
	irqchip->cpu_init(c);
	debug_cpu_init(c);
	world_cpu_init(c);
	isb(); /* orders all of it before the guest */
}

void cpu_reset_guest(struct cpu *c, uint64_t pc, uint64_t x0)
{
	memset(&c->vcpu, 0, sizeof(c->vcpu));
	c->vcpu.pc = pc;
	c->vcpu.x[0] = x0;
	c->vcpu.pstate = 0x3c5; /* EL1h, DAIF masked */
	write_sysreg_el1(c->reset_sctlr, sctlr_el1, SCTLR_EL12);
	write_sysreg_el1(0, tcr_el1, TCR_EL12);
	write_sysreg_el1(0, ttbr0_el1, TTBR0_EL12);
	write_sysreg_el1(0, ttbr1_el1, TTBR1_EL12);
	write_sysreg_el1(0, vbar_el1, VBAR_EL12);
	write_sysreg_el1(0, cpacr_el1, CPACR_EL12);
	write_sysreg_el1(0, cntkctl_el1, CNTKCTL_EL12);
	write_sysreg(0, sp_el0);
	write_sysreg(0, sp_el1);
	isb(); /* orders them before the guest's first instruction */
}

void cpu_start_secondary(struct cpu *c) __attribute__((noreturn));

void cpu_start_secondary(struct cpu *c)
{
	cpu_setup(c);
	cpu_reset_guest(c, c->on_entry, c->on_arg);
	psci_cpu_is_on(c);
	cpu_loop(c);
}

static void count_exit(struct cpu *c, enum cpu_exit e)
{
	c->exits[e]++;
}

static void take_interrupts(struct cpu *c)
{
	count_exit(c, EXITS_IRQ);
	irqchip->handle(c);
	page_resync_next();
}

/*
 * What most exits are for, an IPI that is sent or an interrupt that comes: done
 * on the spot, and the guest goes on if nothing else is to be done.
 */
int cpu_short_exit(struct cpu *c, int why)
{
	bool due = false;

	c->exit_count++;
	if (why == EXIT_SYNC && traps_is_ipi(c)) {
		due = traps_ipi(c);
		count_exit(c, EXITS_SYSREG);
	} else if (why == EXIT_IRQ) {
		watch_open(c);
		take_interrupts(c);
		watch_close(c);
	} else {
		return why;
	}
	if (due || __atomic_load_n(&c->halt, __ATOMIC_ACQUIRE) ||
	    !debug_settled(c))
		return EXIT_DONE;
	return EXIT_RESUME;
}

static void handle_exit(struct cpu *c, int why)
{
	switch (why) {
	case EXIT_SYNC:
		count_exit(c, traps_sync(c));
		break;
	case EXIT_FIQ:
		irqchip->asked(c);
		take_interrupts(c);
		break;
	case EXIT_SERROR:
		count_exit(c, EXITS_OTHER);
		traps_serror(c);
		break;
	default: /* EXIT_DONE */
		break;
	}
}

void cpu_loop(struct cpu *c)
{
	watch_open(c);
	for (;;) {
		int why;

		/* a hidden step of one instruction is finished first */
		if (__atomic_load_n(&c->halt, __ATOMIC_ACQUIRE) &&
		    debug_may_park(c))
			world_park(c);
		irqchip->enter(c);
		debug_enter(c);
		watch_close(c);
		why = vcpu_run();
		watch_open(c);
		handle_exit(c, why);
	}
}
