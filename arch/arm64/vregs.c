/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See vregs.h. The guest's registers are live while the monitor runs. An
 * instruction of NEON clears what SVE has above 128 bits, so with SVE the whole
 * registers are saved, at the largest length (ZCR_EL2, feature.c). One place to
 * save them to will do: only the CPU that has the session takes them.
 */
#include "vregs.h"

#include "cpu.h"
#include "stub/vregs.h"
#include "sysreg.h"

#define SVCR S3_3_C4_C2_2
#define LONGEST 256 /* bytes of a register */

void vregs_save(void *to);
void vregs_load(const void *from);
void vregs_save_sve(void *to);
void vregs_load_sve(const void *from);

static struct {
	const struct cpu *holder;
	uint8_t saved[32 * LONGEST] __attribute__((aligned(16)));
} lent;

static bool has_sve(void)
{
	return read_sysreg(id_aa64pfr0_el1) & GENMASK(35, 32);
}

/* In SME's streaming mode there may be no NEON (Arm ARM, PSTATE.SM). */
static bool is_streaming(void)
{
	return read_sysreg(id_aa64pfr1_el1) & GENMASK(27, 24) &&
	       read_sysreg(SVCR) & 1;
}

bool vregs_take(void)
{
	const struct cpu *nobody = NULL;

	if (is_streaming() || !__atomic_compare_exchange_n(
				      &lent.holder, &nobody, this_cpu(), false,
				      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	if (has_sve())
		vregs_save_sve(lent.saved);
	else
		vregs_save(lent.saved);
	return true;
}

void vregs_give(void)
{
	if (has_sve())
		vregs_load_sve(lent.saved);
	else
		vregs_load(lent.saved);
	__atomic_store_n(&lent.holder, NULL, __ATOMIC_RELEASE);
}

void vregs_break(const struct cpu *c)
{
	if (__atomic_load_n(&lent.holder, __ATOMIC_RELAXED) != c)
		return;
	if (c == this_cpu())
		vregs_give();
	else
		__atomic_store_n(&lent.holder, NULL, __ATOMIC_RELEASE);
}
