/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See stage2_fault.h. */
#include "stage2_fault.h"

#include "esr.h"
#include "mmio_trap_table.h"
#include "sysreg.h"
#include "log.h"
#include "pstate.h"
#include "traps.h"

static uint64_t fault_ipa(struct cpu *c)
{
	return (c->vcpu.hpfar & GENMASK(43, 4)) << 8 | (c->vcpu.far & 0xfff);
}

enum cpu_exit stage2_fault_fetch(struct cpu *c)
{
	traps_inject(c, esr_make_iabt(pstate_el(c->vcpu.pstate) == 0, FSC_SEA), &c->vcpu.far);
	return EXITS_STAGE2;
}

enum cpu_exit stage2_fault_data(struct cpu *c)
{
	struct esr_dabt d = esr_decode_dabt(c->vcpu.esr);
	uint64_t ipa = fault_ipa(c);
	const struct mmio_range *r = mmio_trap_find(ipa);
	struct mmio_access a = { .addr = ipa, .size = d.size, .write = d.wnr };

	if (!r || !d.isv) { log_line("dabt ipa %llx esr %llx pc %llx", (unsigned long long)ipa, (unsigned long long)c->vcpu.esr, (unsigned long long)c->vcpu.pc);
		traps_inject_abort(c, d.wnr);
		return EXITS_STAGE2;
	}
	if (d.wnr)
		a.value = traps_get_reg(c, d.reg) & (d.size == 8 ? ~0ull : (1ull << (8*d.size)) - 1);
	if (r->fn(c, r->ctx, &a)) {
		traps_inject_abort(c, d.wnr);
		return EXITS_MMIO;
	}
	if (!d.wnr) {
		traps_set_reg(c, d.reg, a.value);
	}
	traps_skip(c);
	return EXITS_MMIO;
}
