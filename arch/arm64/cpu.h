/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Per-CPU state and the loop that each CPU runs. struct vcpu's fields are known to
 * vectors.S by offset.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "asm.h"
#include "heartbeat.h"
#include "stub/target.h"

#define WORLD_CALL_BYTES 32 /* what world_call() can pass */

struct vcpu {
	uint64_t x[31];
	uint64_t pc; /* ELR_EL2 */
	uint64_t pstate; /* SPSR_EL2 */
	/* why it came back */
	uint64_t esr, far, hpfar;
};

enum cpu_power {
	CPU_OFF,
	CPU_ON_PENDING, /* PSCI CPU_ON under way */
	CPU_ON,
};

/* Guest registers that others look at while this CPU is parked. */
struct cpu_context {
	uint64_t sctlr, tcr, ttbr0, ttbr1, mair, vbar, cpacr;
	uint64_t sp_el0, sp_el1, elr, spsr;
};

/* What a stop asks of this CPU when it runs again. */
enum cpu_step {
	STEP_NONE,
	STEP_ONE, /* one instruction, then an event */
	STEP_RANGE, /* while PC stays in [start, end) */
};

/* A hidden step: back to the normal view after one instruction, no event. */
enum cpu_view { VIEW_NORMAL, VIEW_PLAIN, VIEW_OPEN };

/* Exits by cause, for `monitor info exits`. */
enum cpu_exit {
	EXITS_IRQ,
	EXITS_MMIO,
	EXITS_SYSREG,
	EXITS_HVC,
	EXITS_WFX,
	EXITS_STAGE2,
	EXITS_DEBUG,
	EXITS_OTHER,
	EXITS_COUNT,
};

/* Who is woken by EL2's timer, see timer.h. */
enum timer_user {
	TIMER_WORLD, /* single steps, reporting a stop */
	TIMER_CONSOLE,
	TIMER_WATCH,
	TIMER_TEST,
	TIMER_USERS,
};

struct gic_cpu; /* irq/gicv3.c */

struct cpu {
	struct vcpu vcpu; /* first */
	unsigned int id; /* index, 0.. */
	uint64_t mpidr;
	struct gic_cpu *gic;
	uint64_t stack_top;

	uint32_t power; /* enum cpu_power, atomic */
	uint64_t timer_at[TIMER_USERS]; /* CNTPCT, 0 = not armed */
	bool timer_put_off; /* it fired amid something else */
	uint64_t on_entry, on_arg; /* PSCI CPU_ON */
	uint64_t on_at; /* when firmware took it, us; 0: said that it is late */
	uint64_t reset_sctlr; /* the guest's SCTLR_EL1 at its entry */

	/* world.c */
	uint32_t halt; /* atomic: park before the guest is entered again */
	uint32_t parked; /* atomic */
	uint32_t lost; /* did not park in time */
	void (*call_fn)(struct cpu *c, void *arg); /* for a parked CPU */
	uint64_t call_arg[WORLD_CALL_BYTES / 8];
	uint32_t call_state; /* atomic: see world.c */
	struct cpu_context ctx; /* valid while parked */
	uint64_t cntv_ctl, cntp_ctl; /* as the guest had them when it parked */
	uint64_t cntp_cval; /* the guest's, once its clock has an offset */
	bool event_kept; /* an event that lost the race for the report */
	struct target_event event;

	/* watch.c */
	uint32_t away; /* atomic: in the guest or asleep */
	bool can_be_asked; /* as irqchip->can_ask() says */
	uint64_t beats; /* atomic: changes, as exit_count, when it gets on */
	unsigned int watched_cpu;
	struct heartbeat watched; /* of that CPU */
	struct heartbeat_asked asked; /* of itself */

	/* debug.c */
	enum cpu_step step;
	uint64_t range_start, range_end;
	bool step_alone; /* the others wait until the step is over */
	uint32_t lone_turns; /* so far, of that step */
	uint32_t step_after_us; /* let the others run first */
	enum cpu_view view; /* what VTTBR_EL2 has */
	bool hidden_step; /* single step that nobody asked for */
	struct debug_cpu *dbg;

	/* the last stage-2 abort tried again, and how often in a row */
	uint64_t retry_pc, retry_ipa, retry_exit;
	unsigned int retries;
	uint64_t exit_count;

	uint64_t exits[EXITS_COUNT];
	uint64_t guest_faults;
};

/* The CPU this runs on. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	asm("mrs %0, tpidr_el2" : "=r"(c));
	return c;
}

struct platform;

extern const struct platform *platform;
extern const struct irqchip_ops *irqchip;

struct cpu *cpu_get(unsigned int id);
unsigned int cpu_count(void);
/* CPU with these affinity bits, or NULL. */
struct cpu *cpu_by_mpidr(uint64_t mpidr);

/* Boot: the array, before stacks are needed. */
void cpu_init_all(const struct platform *p);
/* On each CPU: EL2 and guest-visible registers as a new machine has them. */
void cpu_setup(struct cpu *c);
/* Where the guest starts on this CPU: EL1h, MMU off, everything masked. */
void cpu_reset_guest(struct cpu *c, uint64_t pc, uint64_t x0);
/* The guest, for ever. */
void cpu_loop(struct cpu *c) __attribute__((noreturn));

/* vectors.S; it calls cpu_short_exit() with the guest's registers saved. */
int vcpu_run(void);
int cpu_short_exit(struct cpu *c, int why);

#endif
