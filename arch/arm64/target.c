/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* stub/target.h on the real machine: registers, memory, running. */
#include "target.h"

#include <errno.h>
#include <string.h>

#include "agent.h"
#include "cpu.h"
#include "guest.h"
#include "guest_mem.h"
#include "kaslr.h"
#include "memory.h"
#include "point.h"
#include "pstate.h"
#include "region.h"
#include "stub/breakpoint.h"
#include "stub/strbuf.h"
#include "stub/target.h"
#include "sysreg.h"
#include "sysreg_access.h"
#include "tdesc.h"
#include "watch.h"
#include "world.h"

_Static_assert(sizeof(__uint128_t) == TARGET_MAX_REG_SIZE, "V registers");

void fp_read_one(unsigned int n, void *q);
void fp_write_one(unsigned int n, const void *q);

struct target {
	struct strbuf xml;
	bool pauth;
	unsigned int sstep;
};

static struct target target;

struct target *target_instance(void)
{
	return &target;
}

bool tdesc_has(void *ctx, const struct sysreg_info *info)
{
	return sysreg_exists(info);
}

void target_init(void)
{
	target.pauth = read_sysreg(id_aa64isar1_el1) &
		       (GENMASK(11, 4) | GENMASK(31, 24));
	target.sstep = 7;
	strbuf_init(&target.xml, memory_alloc(TDESC_MAX_SIZE, 8),
		    TDESC_MAX_SIZE);
	tdesc_build(&target.xml, target.pauth, NULL);
}

unsigned int target_cpu_count(struct target *t)
{
	return cpu_count();
}

enum target_cpu_state target_cpu_state(struct target *t, unsigned int cpu)
{
	struct cpu *c = cpu_get(cpu);

	if (__atomic_load_n(&c->power, __ATOMIC_ACQUIRE) != CPU_ON)
		return TARGET_CPU_OFF;
	if (__atomic_load_n(&c->parked, __ATOMIC_ACQUIRE))
		return TARGET_CPU_STOPPED;
	return c->lost ? TARGET_CPU_LOST : TARGET_CPU_RUNNING;
}

static const char *el_name(uint64_t pstate)
{
	if (pstate & PSTATE_NRW)
		return "EL0 AArch32";
	switch (pstate & PSTATE_M_MASK) {
	case PSTATE_M_EL0T:
		return "EL0";
	case PSTATE_M_EL1T:
		return "EL1t";
	default:
		return "EL1h";
	}
}

void target_cpu_name(struct target *t, unsigned int cpu, struct strbuf *out)
{
	struct cpu *c = cpu_get(cpu);

	strbuf_printf(out, "cpu%u", cpu);
	if (target_cpu_state(t, cpu) == TARGET_CPU_STOPPED)
		strbuf_printf(out, " %s", el_name(c->vcpu.pstate));
}

void target_cpu_extra(struct target *t, unsigned int cpu, struct strbuf *out)
{
	struct cpu *c = cpu_get(cpu);
	uint32_t insn;

	switch (target_cpu_state(t, cpu)) {
	case TARGET_CPU_OFF:
		strbuf_puts(out, "off");
		return;
	case TARGET_CPU_RUNNING:
		strbuf_puts(out, "running");
		return;
	case TARGET_CPU_LOST:
		strbuf_puts(out, "running (no response)");
		return;
	case TARGET_CPU_STOPPED:
		break;
	}
	/* WFI woke up by the stop: PC is behind it */
	if (!guest_fetch(c, c->vcpu.pc - 4, &insn) && insn == 0xd503207f)
		strbuf_puts(out, "in WFI");
	else
		strbuf_puts(out, "stopped");
}

/* ---- registers ---------------------------------------------------------------- */

unsigned int target_g_count(void)
{
	return TDESC_CPSR + 1;
}

const uint16_t *target_expedited(size_t *count)
{
	static const uint16_t regs[] = { 29, 30, TDESC_SP, TDESC_PC, TDESC_CPSR };

	*count = ARRAY_SIZE(regs);
	return regs;
}

int target_reg_size(struct target *t, unsigned int reg)
{
	unsigned int n = tdesc_reg_size(reg);

	if (!n || (!t->pauth && reg >= TDESC_PAUTH_DMASK && reg < TDESC_FIXED))
		return -ENOENT;
	if (reg >= TDESC_FIXED) {
		const struct sysreg_info *i = sysregs_find((uint16_t)reg);

		if (!i || !sysreg_exists(i))
			return -ENOENT;
	}
	return (int)n;
}

struct reg_call {
	unsigned int reg;
	bool write;
	int err;
	uint8_t buf[TARGET_MAX_REG_SIZE];
};

/* EL0t and EL1t use SP_EL0. */
static uint64_t *stack_pointer(struct cpu *c)
{
	return (c->vcpu.pstate & PSTATE_M_MASK) == PSTATE_M_EL1H ?
		       &c->ctx.sp_el1 :
		       &c->ctx.sp_el0;
}

/* PSTATE that keeps the guest at EL0 or EL1. */
static int write_cpsr(struct cpu *c, uint64_t v)
{
	uint64_t m = v & (PSTATE_M_MASK | PSTATE_NRW);

	if (!(v & PSTATE_NRW) && m != PSTATE_M_EL0T && m != PSTATE_M_EL1T &&
	    m != PSTATE_M_EL1H)
		return -EPERM;
	if ((v ^ c->vcpu.pstate) & PSTATE_NRW)
		return -EPERM;
	c->vcpu.pstate = (v & ~PSTATE_SS) | (c->vcpu.pstate & PSTATE_SS);
	return 0;
}

static void fp_access(struct reg_call *r)
{
	uint32_t w;

	if (r->reg < TDESC_FPSR) {
		if (r->write)
			fp_write_one(r->reg - TDESC_V0, r->buf);
		else
			fp_read_one(r->reg - TDESC_V0, r->buf);
		return;
	}
	memcpy(&w, r->buf, 4);
	if (r->write && r->reg == TDESC_FPSR)
		write_sysreg(w, S3_3_C4_C4_1);
	else if (r->write)
		write_sysreg(w, S3_3_C4_C4_0);
	w = (uint32_t)(r->reg == TDESC_FPSR ? read_sysreg(S3_3_C4_C4_1) :
					      read_sysreg(S3_3_C4_C4_0));
	memcpy(r->buf, &w, 4);
}

/* High bits of a code or data pointer that a PAC can be in. */
static uint64_t pauth_mask(struct cpu *c, unsigned int reg)
{
	uint64_t tsz = FIELD_GET(GENMASK(21, 16), c->ctx.tcr);
	bool tbi1 = c->ctx.tcr & BIT(38);

	/* the low masks are 0 so that gdb leaves address windows alone */
	if (reg == TDESC_PAUTH_DMASK || reg == TDESC_PAUTH_CMASK ||
	    !(c->ctx.sctlr & 1) || tsz < 12)
		return 0;
	return GENMASK(tbi1 ? 54 : 63, 64 - (unsigned int)tsz) & ~BIT(55);
}

/* On the CPU itself. */
static void remote_access(struct cpu *c, void *arg)
{
	struct reg_call *r = arg;
	uint64_t v = 0;

	if (r->reg >= TDESC_V0 && r->reg <= TDESC_FPCR) {
		fp_access(r);
		return;
	}
	memcpy(&v, r->buf, 8);
	r->err = r->write ? sysreg_write(c, (uint16_t)r->reg, v) :
			    sysreg_read(c, (uint16_t)r->reg, &v);
	if (!r->write)
		memcpy(r->buf, &v, 8);
}

/* Those that lie in memory while the CPU is parked; -ENOENT: others. */
static int local_access(struct cpu *c, unsigned int reg, bool write,
			uint8_t *buf)
{
	uint64_t *p, v;

	if (reg < TDESC_SP)
		p = &c->vcpu.x[reg];
	else if (reg == TDESC_SP)
		p = stack_pointer(c);
	else if (reg == TDESC_PC)
		p = &c->vcpu.pc;
	else if (reg == TDESC_CPSR) {
		uint32_t w = (uint32_t)(c->vcpu.pstate & ~PSTATE_SS);

		if (write) {
			memcpy(&w, buf, 4);
			return write_cpsr(c, w);
		}
		memcpy(buf, &w, 4);
		return 0;
	} else if (reg >= TDESC_PAUTH_DMASK && reg < TDESC_FIXED) {
		if (write)
			return -EPERM;
		v = pauth_mask(c, reg);
		memcpy(buf, &v, 8);
		return 0;
	} else {
		return -ENOENT;
	}
	if (!write) {
		memcpy(buf, p, 8);
		return 0;
	}
	/* No branch leads there, so no landing pad is wanted (FEAT_BTI). */
	if (reg == TDESC_PC && memcmp(p, buf, 8))
		c->vcpu.pstate &= ~PSTATE_BTYPE;
	memcpy(p, buf, 8);
	return 0;
}

static int reg_access(struct target *t, unsigned int cpu, unsigned int reg,
		      bool write, uint8_t *buf)
{
	struct cpu *c = cpu_get(cpu);
	struct reg_call r = { reg, write, 0, { 0 } };
	int size = target_reg_size(t, reg), err;

	if (size < 0)
		return size;
	if (target_cpu_state(t, cpu) != TARGET_CPU_STOPPED)
		return -EBUSY;
	err = local_access(c, reg, write, buf);
	if (err != -ENOENT)
		return err;
	if (write)
		memcpy(r.buf, buf, (size_t)size);
	err = world_call(c, remote_access, &r, sizeof(r));
	if (err || r.err)
		return err ? err : r.err;
	memcpy(buf, r.buf, (size_t)size);
	return 0;
}

int target_reg_read(struct target *t, unsigned int cpu, unsigned int reg,
		    uint8_t *buf)
{
	return reg_access(t, cpu, reg, false, buf);
}

int target_reg_write(struct target *t, unsigned int cpu, unsigned int reg,
		     const uint8_t *buf)
{
	uint8_t copy[TARGET_MAX_REG_SIZE];
	int n = target_reg_size(t, reg);

	if (n < 0)
		return n;
	memcpy(copy, buf, (size_t)n);
	return reg_access(t, cpu, reg, true, copy);
}

const char *target_xml(struct target *t, const char *annex, size_t *len)
{
	if (strcmp(annex, "target.xml"))
		return NULL;
	*len = t->xml.len;
	return t->xml.s;
}

int target_offsets(struct target *t, uint64_t *slide)
{
	return kaslr_slide(slide);
}

/* ---- memory --------------------------------------------------------------------- */

int64_t target_mem_read(struct target *t, unsigned int cpu, uint64_t addr,
			void *buf, size_t len, struct strbuf *why)
{
	watch_beat(this_cpu());
	return guest_read(cpu_get(cpu), addr, buf, len, why);
}

int64_t target_mem_write(struct target *t, unsigned int cpu, uint64_t addr,
			 const void *buf, size_t len, struct strbuf *why)
{
	watch_beat(this_cpu());
	return guest_write(cpu_get(cpu), addr, buf, len, why);
}

const uint8_t *target_mem_peek(struct target *t, unsigned int cpu,
			       uint64_t addr, size_t *len)
{
	watch_beat(this_cpu()); /* a search or a sum may take seconds */
	return guest_peek(cpu_get(cpu), addr, len);
}

int target_mem_region(struct target *t, unsigned int cpu, uint64_t addr,
		      struct target_region *r)
{
	struct stage1_regime regime;

	if (target_cpu_state(t, cpu) != TARGET_CPU_STOPPED)
		return -EBUSY;
	guest_regime(cpu_get(cpu), &regime);
	region_find(&regime, addr, NULL, r);
	return 0;
}

/* ---- running and stopping ---------------------------------------------------------- */

int target_bp_check(struct target *t, unsigned int cpu, struct bp *bp,
		    struct strbuf *why)
{
	return point_check(cpu_get(cpu), bp, why);
}

int target_resume(struct target *t, const struct target_action *action,
		  struct bp_table *table, struct strbuf *why)
{
	return world_resume(action, table, why);
}

/*
 * Whose stop is one that was asked for: the CPU that steps, else this one, if
 * it was let go. gdb 13 fails an assertion when it steps one thread past a
 * breakpoint and ^C stops another.
 */
static unsigned int cpu_to_stop(void)
{
	unsigned int best = this_cpu()->id;
	bool found = !__atomic_load_n(&this_cpu()->halt, __ATOMIC_RELAXED);

	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *c = cpu_get(i);

		if (c->power != CPU_ON ||
		    __atomic_load_n(&c->halt, __ATOMIC_RELAXED))
			continue;
		if (c->step != STEP_NONE)
			return i;
		if (!found) {
			found = true;
			best = i;
		}
	}
	return best;
}

void target_stop(struct target *t)
{
	struct target_event ev = { .reason = TARGET_STOP_HALT,
				   .cpu = cpu_to_stop() };

	world_event(this_cpu(), &ev);
}

unsigned int target_sstep_get(struct target *t)
{
	return t->sstep;
}

int target_sstep_set(struct target *t, unsigned int bits)
{
	if (bits & ~7u)
		return -EINVAL;
	t->sstep = bits;
	return 0;
}

bool target_step_holds_irqs(void)
{
	return target.sstep & 2;
}

/* ---- the agent ------------------------------------------------------------------------ */

int target_agent_reg(void *ctx, unsigned int reg, uint64_t *value)
{
	struct cpu *c = ctx;

	if (reg < TDESC_SP)
		*value = c->vcpu.x[reg];
	else if (reg == TDESC_SP)
		*value = (c->vcpu.pstate & PSTATE_M_MASK) == PSTATE_M_EL1H ?
				 read_sysreg(sp_el1) :
				 read_sysreg(sp_el0);
	else if (reg == TDESC_PC)
		*value = c->vcpu.pc;
	else if (reg == TDESC_CPSR)
		*value = c->vcpu.pstate & ~PSTATE_SS;
	else if (reg >= TDESC_FIXED && reg <= UINT16_MAX)
		return sysreg_read(c, (uint16_t)reg, value);
	else
		return -ENOENT;
	return 0;
}

int target_agent_mem(void *ctx, uint64_t addr, void *buf, size_t len)
{
	int64_t n = guest_read(ctx, addr, buf, len, NULL);

	return n == (int64_t)len ? 0 : -EFAULT;
}

int target_agent_getv(void *ctx, unsigned int number, uint64_t *value)
{
	return agent_getv(ctx, number, value);
}

int target_agent_setv(void *ctx, unsigned int number, uint64_t value)
{
	return agent_setv(ctx, number, value);
}
