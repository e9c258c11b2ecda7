/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See traps.h: a table from exception class to handler. */
#include "traps.h"

#include <errno.h>

#include "barrier.h"
#include "debug.h"
#include "debug_regs.h"
#include "esr.h"
#include "guest_mem.h"
#include "feature.h"
#include "irq/irqchip.h"
#include "log.h"
#include "point.h"
#include "psci.h"
#include "pstate.h"
#include "stage2_fault.h"
#include "sysreg.h"
#include "timer.h"
#include "view.h"
#include "watch.h"

typedef enum cpu_exit (*trap_fn)(struct cpu *c);

uint64_t traps_get_reg(struct cpu *c, unsigned int n)
{
	return n == 31 ? 0 : c->vcpu.x[n];
}

void traps_set_reg(struct cpu *c, unsigned int n, uint64_t v)
{
	if (n != 31)
		c->vcpu.x[n] = v;
}

void traps_skip(struct cpu *c)
{
	struct vcpu *v = &c->vcpu;

	v->pc += v->pstate & PSTATE_NRW && !(v->esr & ESR_IL) ? 2 : 4;
	c->dbg->skipped = v->pstate & PSTATE_SS;
	v->pstate &= ~(PSTATE_SS | PSTATE_BTYPE);
}

void traps_inject(struct cpu *c, uint64_t esr, const uint64_t *far)
{
	uint64_t pfr1 = read_sysreg(id_aa64pfr1_el1);
	struct pstate_features f = {
		.pan = FIELD_GET(GENMASK(23, 20),
				 read_sysreg(id_aa64mmfr1_el1)),
		.ssbs = FIELD_GET(GENMASK(7, 4), pfr1),
		.mte = FIELD_GET(GENMASK(11, 8), pfr1),
		.nmi = FIELD_GET(GENMASK(39, 36), pfr1),
	};
	struct pstate_entry e;
	uint64_t pstate = c->vcpu.pstate;

	/* a step of the debugger's or of our own is not for the guest to see */
	if (!(debug_regs_mdscr(c) & MDSCR_SS))
		pstate &= ~PSTATE_SS;
	pstate_exception_entry(pstate, c->vcpu.pc,
			       read_sysreg_el1(vbar_el1, VBAR_EL12),
			       read_sysreg_el1(sctlr_el1, SCTLR_EL12),
			       PSTATE_VECTOR_SYNC, &f, &e);
	write_sysreg_el1(esr, esr_el1, ESR_EL12);
	if (far)
		write_sysreg_el1(*far, far_el1, FAR_EL12);
	write_sysreg_el1(e.spsr, spsr_el1, SPSR_EL12);
	write_sysreg_el1(e.elr, elr_el1, ELR_EL12);
	c->vcpu.pstate = e.pstate;
	c->vcpu.pc = e.pc;
	c->guest_faults++;
}

void traps_inject_undefined(struct cpu *c)
{
	traps_inject(c, esr_make_undefined(), NULL);
}

void traps_inject_abort(struct cpu *c, bool write)
{
	bool lower = pstate_el(c->vcpu.pstate) == 0;

	traps_inject(c, esr_make_dabt(lower, FSC_SEA, write, false),
		     &c->vcpu.far);
}

void traps_serror(struct cpu *c)
{
	/* Virtual SError with the syndrome of the physical one (RAS). */
	if (FIELD_GET(GENMASK(31, 28), read_sysreg(id_aa64pfr0_el1)))
		write_sysreg(c->vcpu.esr & ESR_ISS, S3_4_C5_C2_3);
	write_sysreg(read_sysreg(hcr_el2) | HCR_VSE, hcr_el2);
}

bool traps_is_ipi(const struct cpu *c)
{
	return esr_is_write_to(c->vcpu.esr, irqchip->ipi_register);
}

bool traps_ipi(struct cpu *c)
{
	uint64_t v = traps_get_reg(c, esr_sysreg_rt(c->vcpu.esr));

	traps_skip(c);
	return irqchip->ipi(c, v);
}

void traps_wait_for_interrupt(struct cpu *c)
{
	while (!irqchip->pending(c) &&
	       !__atomic_load_n(&c->halt, __ATOMIC_ACQUIRE)) {
		dsb(sy); /* orders everything before the wait */
		watch_sleep(c);
		irqchip->handle(c);
	}
}

static enum cpu_exit trap_wfx(struct cpu *c)
{
	/* Trapped during steps only: a step does not wait. */
	traps_skip(c);
	return EXITS_WFX;
}

static enum cpu_exit trap_hvc(struct cpu *c)
{
	/* PC is past the HVC already: like SMC it is one instruction done. */
	c->vcpu.pstate &= ~(PSTATE_SS | PSTATE_BTYPE);
	if (guest_note_kernel())
		point_kernel_changed(c);
	psci_call(c);
	return EXITS_HVC;
}

static enum cpu_exit trap_smc(struct cpu *c)
{
	/* with no EL3 there is no SMC (Arm ARM, C6.2), as natively */
	if (!FIELD_GET(GENMASK(15, 12), read_sysreg(id_aa64pfr0_el1))) {
		traps_inject_undefined(c);
		return EXITS_OTHER;
	}
	traps_skip(c);
	psci_call(c);
	return EXITS_HVC;
}

static int other_sysreg(struct cpu *c, const struct esr_sysreg *s, uint64_t *v)
{
	int err = timer_sysreg(c, s->encoding, s->read, v);

	if (err == -ENOENT)
		err = debug_sysreg(c, s->encoding, s->read, v);
	if (err == -ENOENT)
		err = point_sysreg(c, s->encoding, s->read, v);
	if (err == -ENOENT && s->encoding >> 14 == 1) {
		view_guest_tlbi(c); /* HCR_EL2.TTLB, in a hidden step */
		err = 0;
	}
	return err;
}

static enum cpu_exit trap_sysreg(struct cpu *c)
{
	struct esr_sysreg s = esr_decode_sysreg(c->vcpu.esr);
	uint64_t v = s.read ? 0 : traps_get_reg(c, s.rt);
	int err = irqchip->sysreg(c, s.encoding, s.read, &v);

	if (err == -EAGAIN)
		return EXITS_SYSREG; /* untrapped now */
	if (err == -ENOENT)
		err = other_sysreg(c, &s, &v);
	if (err) {
		traps_inject_undefined(c);
		return EXITS_SYSREG;
	}
	if (s.read)
		traps_set_reg(c, s.rt, v);
	traps_skip(c);
	return EXITS_SYSREG;
}

static enum cpu_exit trap_undefined(struct cpu *c)
{
	traps_inject_undefined(c);
	return EXITS_OTHER;
}

static const trap_fn table[64] = {
	[EC_WFX] = trap_wfx,
	[EC_HVC32] = trap_hvc,
	[EC_HVC64] = trap_hvc,
	[EC_SMC32] = trap_smc,
	[EC_SMC64] = trap_smc,
	[EC_SYSREG] = trap_sysreg,
	[EC_IABT_LOW] = stage2_fault_fetch,
	[EC_DABT_LOW] = stage2_fault_data,
	[EC_BKPT_LOW] = debug_trap,
	[EC_STEP_LOW] = debug_trap,
	[EC_WATCH_LOW] = debug_trap,
	[EC_BKPT32] = debug_trap,
	[EC_VECTOR32] = debug_trap,
	[EC_BRK64] = debug_trap,
};

enum cpu_exit traps_sync(struct cpu *c)
{
	trap_fn fn = table[esr_ec(c->vcpu.esr)];

	return fn ? fn(c) : trap_undefined(c);
}
