/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See sysreg_access.h. The instructions themselves are in sysreg_thunks.S. */
#include "sysreg_access.h"

#include <errno.h>

#include "barrier.h"
#include "clock.h"
#include "debug.h"
#include "esr.h"
#include "pstate.h"
#include "sysreg.h"
#include "timer.h"
#include "world.h"

bool sysreg_unsafe, sysreg_show_keys;

#define ICH_VMCR_EL2 S3_4_C12_C11_7
#define ICH_AP1R0_EL2 S3_4_C12_C9_0

/* sysreg_thunks.S: the instructions, in the order of sysregs.def. */
struct thunk {
	uint32_t read[2], write[2];
};

extern const struct thunk sysreg_thunks[], sysreg_thunks_e2h[];
int sysreg_thunk_call(const uint32_t *thunk, uint64_t *value);

static const struct thunk *thunk_find(uint16_t enc)
{
	const struct sysreg_info *i = sysregs_find(enc), *t;
	size_t count, n = 0;

	if (!i)
		return NULL;
	t = sysregs_table(&count);
	if (!(i->flags & SYSREG_E2H) || !cpu_e2h)
		return &sysreg_thunks[i - t];
	for (; t < i; t++)
		n += !!(t->flags & SYSREG_E2H);
	return &sysreg_thunks_e2h[n];
}

/*
 * What ID registers promise is not always there (error records, PMU events of
 * some models): an undefined register is told, and is no fault of the monitor.
 */
static int raw_read(uint16_t enc, uint64_t *value)
{
	const struct thunk *t = thunk_find(enc);
	uint64_t v = 0;

	if (!t)
		return -ENOENT;
	if (sysreg_thunk_call(t->read, &v))
		return -ENODATA;
	*value = v;
	return 0;
}

static int raw_write(uint16_t enc, uint64_t v)
{
	const struct thunk *t = thunk_find(enc);

	if (!t)
		return -ENOENT;
	return sysreg_thunk_call(t->write, &v) ? -EPERM : 0;
}

int sysreg_raw_write(uint32_t enc, uint64_t v)
{
	return raw_write((uint16_t)enc, v);
}

static uint64_t id(uint64_t reg, unsigned int shift)
{
	return (reg >> shift) & 15;
}

static bool has_brp(const struct sysreg_info *i, unsigned int shift)
{
	unsigned int n = (i->encoding >> 3) & 15;

	return n <= id(read_sysreg(id_aa64dfr0_el1), shift);
}

bool sysreg_exists(const struct sysreg_info *i)
{
	uint64_t pfr0 = read_sysreg(id_aa64pfr0_el1);
	uint64_t pfr1 = read_sysreg(id_aa64pfr1_el1);
	uint64_t mmfr0 = read_sysreg(id_aa64mmfr0_el1);
	uint64_t mmfr1 = read_sysreg(id_aa64mmfr1_el1);
	uint64_t mmfr2 = read_sysreg(S3_0_C0_C7_2);
	uint64_t mmfr3 = read_sysreg(S3_0_C0_C7_3);
	uint64_t isar1 = read_sysreg(id_aa64isar1_el1);
	uint64_t pmu = id(read_sysreg(id_aa64dfr0_el1), 8);

	switch (i->need) {
	case SYSREG_ALWAYS:
		return true;
	case SYSREG_IF_PAN:
		return id(mmfr1, 20);
	case SYSREG_IF_UAO:
		return id(mmfr2, 4);
	case SYSREG_IF_DIT:
		return id(pfr0, 48);
	case SYSREG_IF_SSBS:
		return id(pfr1, 4) >= 2;
	case SYSREG_IF_NMI:
		return id(pfr1, 36);
	case SYSREG_IF_SCXT:
		return id(pfr0, 56) >= 2;
	case SYSREG_IF_RAS:
		return id(pfr0, 28);
	case SYSREG_IF_RAS_RECORD:
		return id(pfr0, 28) && (read_sysreg(S3_0_C5_C3_0) & 0xffff);
	case SYSREG_IF_TCR2:
		return id(mmfr3, 0);
	case SYSREG_IF_S1PIE:
		return id(mmfr3, 8);
	case SYSREG_IF_LOR:
		return id(mmfr1, 16);
	case SYSREG_IF_SVE:
		return id(pfr0, 32);
	case SYSREG_IF_MTE:
		return id(pfr1, 8) >= 2;
	case SYSREG_IF_PAUTH:
		return isar1 & (GENMASK(11, 4) | GENMASK(31, 24));
	case SYSREG_IF_BRP:
		return has_brp(i, 12);
	case SYSREG_IF_WRP:
		return has_brp(i, 20);
	case SYSREG_IF_GIC:
		return id(pfr0, 24);
	case SYSREG_IF_PMU:
		return pmu && pmu != 15;
	case SYSREG_IF_PMU_COUNTER:
		return pmu && pmu != 15 &&
		       (i->encoding & 7) + 8u * ((i->encoding >> 3) & 3) <
			       FIELD_GET(GENMASK(15, 11),
					 read_sysreg(pmcr_el0));
	case SYSREG_IF_HCX:
		return id(mmfr1, 40);
	case SYSREG_IF_FGT:
		return id(mmfr0, 56);
	case SYSREG_IF_VHE:
		return id(mmfr1, 8);
	default:
		return false;
	}
}

/* PSTATE fields by their own names, in the layout that MRS gives. */
static uint64_t pstate_mask(uint16_t enc)
{
	switch (enc) {
	case SYSREG_ENCODING(3, 0, 4, 2, 3):
		return PSTATE_PAN;
	case SYSREG_ENCODING(3, 0, 4, 2, 4):
		return PSTATE_UAO;
	case SYSREG_ENCODING(3, 0, 4, 3, 0):
		return PSTATE_ALLINT;
	case SYSREG_ENCODING(3, 3, 4, 2, 0):
		return PSTATE_NZCV;
	case SYSREG_ENCODING(3, 3, 4, 2, 1):
		return PSTATE_DAIF;
	case SYSREG_ENCODING(3, 3, 4, 2, 5):
		return PSTATE_DIT;
	case SYSREG_ENCODING(3, 3, 4, 2, 6):
		return PSTATE_SSBS;
	default:
		return 0;
	}
}

#define ENC_SPSEL SYSREG_ENCODING(3, 0, 4, 2, 0)
#define ENC_CURRENTEL SYSREG_ENCODING(3, 0, 4, 2, 2)

static uint64_t pstate_read(struct cpu *c, uint16_t enc)
{
	if (enc == ENC_SPSEL)
		return c->vcpu.pstate & 1;
	if (enc == ENC_CURRENTEL)
		return pstate_el(c->vcpu.pstate) << 2;
	return c->vcpu.pstate & pstate_mask(enc);
}

static int pstate_write(struct cpu *c, uint16_t enc, uint64_t v)
{
	uint64_t m = pstate_mask(enc);

	if (enc == ENC_SPSEL) {
		if (pstate_el(c->vcpu.pstate) != 1)
			return -EPERM;
		m = 1;
	}
	if (!m)
		return -EPERM;
	c->vcpu.pstate = (c->vcpu.pstate & ~m) | (v & m);
	return 0;
}

/*
 * CTL or TVAL of a timer as the guest would read it where its time stands: the
 * hardware's go on with physical time.
 */
static uint64_t timer_view(uint64_t ctl, uint64_t cval, bool want_ctl)
{
	uint64_t now = world_guest_ticks();

	if (!want_ctl)
		return (uint32_t)(cval - now);
	return (ctl & 3) | (ctl & 1 && now >= cval ? 4 : 0);
}

/* Registers whose truth is not in the hardware while the guest is parked. */
static int saved_read(struct cpu *c, uint16_t enc, uint64_t *v)
{
	/* a condition, on the CPU that runs: all is in the hardware */
	if (!__atomic_load_n(&c->parked, __ATOMIC_ACQUIRE) &&
	    enc != SYSREG_ENCODING(3, 3, 14, 0, 1) &&
	    enc != SYSREG_ENCODING(3, 3, 14, 0, 2) &&
	    sysregs_find(enc)->group != SYSREG_EL2_FAULT)
		return -ENOENT;
	switch (enc) {
	case SYSREG_ENCODING(3, 0, 4, 1, 0):
		*v = c->ctx.sp_el0;
		return 0;
	case SYSREG_ENCODING(3, 4, 4, 1, 0):
		*v = c->ctx.sp_el1;
		return 0;
	case SYSREG_ENCODING(3, 4, 4, 0, 0):
		*v = c->vcpu.pstate;
		return 0;
	case SYSREG_ENCODING(3, 4, 4, 0, 1):
		*v = c->vcpu.pc;
		return 0;
	case SYSREG_ENCODING(3, 4, 5, 2, 0):
		*v = c->vcpu.esr;
		return 0;
	case SYSREG_ENCODING(3, 4, 6, 0, 0):
		*v = c->vcpu.far;
		return 0;
	case SYSREG_ENCODING(3, 4, 6, 0, 4):
		*v = c->vcpu.hpfar;
		return 0;
	case SYSREG_ENCODING(3, 3, 14, 3, 1):
	case SYSREG_ENCODING(3, 3, 14, 3, 0):
		raw_read(SYSREG_ENCODING(3, 3, 14, 3, 2), v);
		*v = timer_view(c->cntv_ctl, *v, enc & 1);
		return 0;
	case SYSREG_ENCODING(3, 3, 14, 2, 1):
	case SYSREG_ENCODING(3, 3, 14, 2, 0):
		timer_sysreg(c, SYSREG_ENCODING(3, 3, 14, 2, 2), true, v);
		*v = timer_view(c->cntp_ctl, *v, enc & 1);
		return 0;
	case SYSREG_ENCODING(3, 3, 14, 2, 2):
		return timer_sysreg(c, enc, true, v);
	case SYSREG_ENCODING(3, 3, 14, 0, 1):
		*v = world_guest_ticks();
		return 0;
	case SYSREG_ENCODING(3, 3, 14, 0, 2):
		*v = world_guest_ticks();
		return 0;
	default:
		return -ENOENT;
	}
}

static int saved_write(struct cpu *c, uint16_t enc, uint64_t v)
{
	switch (enc) {
	case SYSREG_ENCODING(3, 0, 4, 1, 0):
		c->ctx.sp_el0 = v;
		return 0;
	case SYSREG_ENCODING(3, 4, 4, 1, 0):
		c->ctx.sp_el1 = v;
		return 0;
	case SYSREG_ENCODING(3, 3, 14, 3, 1):
		c->cntv_ctl = v;
		return 0;
	case SYSREG_ENCODING(3, 3, 14, 2, 1):
		c->cntp_ctl = v;
		return 0;
	case SYSREG_ENCODING(3, 3, 14, 2, 0):
	case SYSREG_ENCODING(3, 3, 14, 2, 2):
		return timer_sysreg(c, enc, false, &v);
	default:
		return -ENOENT;
	}
}

/* The virtual CPU interface's view, from ICH_VMCR_EL2 and ICH_AP1R0_EL2. */
static int gic_read(uint16_t enc, uint64_t *v)
{
	uint64_t vmcr = read_sysreg(ICH_VMCR_EL2);

	switch (enc) {
	case SYSREG_ENCODING(3, 0, 4, 6, 0): /* ICC_PMR_EL1 */
		*v = FIELD_GET(GENMASK(31, 24), vmcr);
		return 0;
	case SYSREG_ENCODING(3, 0, 12, 9, 0): /* ICC_AP1R0_EL1 */
		*v = read_sysreg(ICH_AP1R0_EL2);
		return 0;
	case SYSREG_ENCODING(3, 0, 12, 12, 3): /* ICC_BPR1_EL1 */
		*v = FIELD_GET(GENMASK(20, 18), vmcr);
		return 0;
	case SYSREG_ENCODING(3, 0, 12, 12, 4): /* ICC_CTLR_EL1 */
		*v = (read_sysreg(S3_0_C12_C12_4) & ~3ull) |
		     FIELD_GET(BIT(4), vmcr) | FIELD_GET(BIT(9), vmcr) << 1;
		return 0;
	case SYSREG_ENCODING(3, 0, 12, 12, 5): /* ICC_SRE_EL1 */
		return raw_read(enc, v);
	case SYSREG_ENCODING(3, 0, 12, 12, 7): /* ICC_IGRPEN1_EL1 */
		*v = FIELD_GET(BIT(1), vmcr);
		return 0;
	default:
		return -ENODATA;
	}
}

static int gic_write(uint16_t enc, uint64_t v)
{
	uint64_t vmcr = read_sysreg(ICH_VMCR_EL2);

	switch (enc) {
	case SYSREG_ENCODING(3, 0, 4, 6, 0):
		vmcr = (vmcr & ~GENMASK(31, 24)) |
		       FIELD_PREP(GENMASK(31, 24), v);
		break;
	case SYSREG_ENCODING(3, 0, 12, 12, 3):
		vmcr = (vmcr & ~GENMASK(20, 18)) |
		       FIELD_PREP(GENMASK(20, 18), v);
		break;
	case SYSREG_ENCODING(3, 0, 12, 12, 7):
		vmcr = (vmcr & ~BIT(1)) | FIELD_PREP(BIT(1), v);
		break;
	default:
		return -EPERM;
	}
	write_sysreg(vmcr, ICH_VMCR_EL2);
	return 0;
}

int sysreg_read(struct cpu *c, uint16_t enc, uint64_t *v)
{
	const struct sysreg_info *i = sysregs_find(enc);
	int err;

	if (!i || !sysreg_exists(i))
		return -ENOENT;
	if (i->group == SYSREG_EL1_PAUTH && !sysreg_show_keys)
		return -ENODATA;
	if (i->flags & SYSREG_PSTATE) {
		*v = pstate_read(c, enc);
		return 0;
	}
	err = saved_read(c, enc, v);
	if (err != -ENOENT)
		return err;
	if (i->group == SYSREG_GIC)
		return gic_read(enc, v);
	if (i->flags & SYSREG_SHADOW)
		return debug_guest_reg(c, enc, false, v);
	return raw_read(enc, v);
}

int sysreg_write(struct cpu *c, uint16_t enc, uint64_t v)
{
	const struct sysreg_info *i = sysregs_find(enc);
	int err;

	if (!i || !sysreg_exists(i))
		return -ENOENT;
	if (i->flags & SYSREG_RO ||
	    (i->flags & SYSREG_UNSAFE && !sysreg_unsafe))
		return -EPERM;
	if (i->flags & SYSREG_PSTATE)
		return pstate_write(c, enc, v);
	err = saved_write(c, enc, v);
	if (err != -ENOENT)
		return err;
	if (i->group == SYSREG_GIC)
		return gic_write(enc, v);
	if (i->flags & SYSREG_SHADOW)
		return debug_guest_reg(c, enc, true, &v);
	err = raw_write(enc, v);
	isb(); /* orders the write before what looks at its effect */
	if (!err)
		world_save_context(c);
	return err;
}
