/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * PSCI towards the guest on a firmware of our own, which does what QEMU's does
 * not: a call that gives it an address enters there, at EL2. That must never be
 * the guest's address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bits.h"
#include "cpu.h"
#include "cpu_power.h"
#include "guest.h"
#include "irq/irqchip.h"
#include "link.h"
#include "log.h"
#include "platform/platform.h"
#include "psci.h"
#include "psci_calls.h"
#include "psci_start.h"
#include "traps.h"

#define CPUS 4
#define RAM 0x40000000ull
#define RAM_SIZE 0x10000000ull
#define ENTRY (RAM + 0x1000)
#define MONITOR (RAM + RAM_SIZE) /* above the guest's RAM */
#define W64 SMC64

static struct cpu cpus[CPUS];
static struct platform board;

/* ---- the firmware, and what else psci.c calls ---- */

static struct {
	unsigned int calls, resets, entered_el2, started, offs;
	uint64_t last[18];
	int64_t on_answer;
	bool off_refused, still_up, absent;
} fw;

static struct {
	unsigned int waits, entries, ends, leaves, chip_off, chip_init;
	uint64_t entry, arg;
	bool reset, pending;
} seen;

static int fw_init(void)
{
	return fw.absent ? -19 : 0;
}

static int64_t fw_off(void)
{
	fw.offs++;
	return fw.off_refused ? -3 : 0;
}

static bool fw_is_off(struct cpu *t)
{
	return !fw.still_up;
}

static void fw_reset(void)
{
	fw.resets++;
}

/* Numbers that take an entry address: standard ones, and PSCI 0.1's of QEMU. */
static bool enters(uint32_t fn)
{
	switch (fn & ~W64) {
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_ON:
	case PSCI_CPU_DEFAULT_SUSPEND:
	case PSCI_SYSTEM_SUSPEND:
	case PSCI_CPU_FREEZE:
	case PSCI_0_1_CPU_SUSPEND & ~W64:
	case PSCI_0_1_CPU_ON & ~W64:
		return true;
	default:
		return false;
	}
}

static void fw_smc(uint64_t r[18])
{
	fw.calls++;
	memcpy(fw.last, r, sizeof(fw.last));
	if (enters((uint32_t)r[0]))
		fw.entered_el2++;
	for (int i = 0; i < 18; i++)
		r[i] = 0x100u + (unsigned int)i;
}

const struct cpu_power_ops cpu_power_psci = {
	.name = "fake",
	.init = fw_init,
	.off = fw_off,
	.is_off = fw_is_off,
	.reset = fw_reset,
	.smc = fw_smc,
};

int64_t psci_start(struct cpu *t)
{
	fw.started++;
	return fw.on_answer;
}

const struct platform *platform = &board;

struct cpu *cpu_get(unsigned int id)
{
	return &cpus[id];
}

unsigned int cpu_count(void)
{
	return CPUS;
}

struct cpu *cpu_by_mpidr(uint64_t mpidr)
{
	for (unsigned int i = 0; i < CPUS; i++)
		if (cpus[i].mpidr == mpidr)
			return &cpus[i];
	return NULL;
}

bool guest_owns_ram(uint64_t base, uint64_t size)
{
	return base >= RAM && base - RAM <= RAM_SIZE - size;
}

void traps_wait_for_interrupt(struct cpu *c)
{
	seen.waits++;
}

void cpu_reset_guest(struct cpu *c, uint64_t pc, uint64_t x0)
{
	seen.entries++;
	seen.entry = pc;
	seen.arg = x0;
	c->vcpu.x[0] = x0;
}

void link_cpu_leaves(struct cpu *c)
{
	seen.leaves++;
}

void link_machine_ends(struct cpu *c, bool reset)
{
	seen.ends++;
	seen.reset = reset;
}

void log_line(const char *fmt, ...)
{
}

static void chip_off(struct cpu *c)
{
	seen.chip_off++;
}

static void chip_init(struct cpu *c)
{
	seen.chip_init++;
}

static bool chip_pending(struct cpu *c)
{
	return seen.pending;
}

static const struct irqchip_ops chip = {
	.cpu_init = chip_init,
	.cpu_off = chip_off,
	.pending = chip_pending,
};
const struct irqchip_ops *irqchip = &chip;

static int setup(void **state)
{
	memset(cpus, 0, sizeof(cpus));
	memset(&fw, 0, sizeof(fw));
	memset(&seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < CPUS; i++) {
		cpus[i].id = i;
		cpus[i].mpidr = (i & 1) | (uint64_t)(i / 2) << 8;
	}
	cpus[0].power = CPU_ON;
	board.psci_smc = true;
	cpu_power = NULL;
	psci_init();
	return 0;
}

static uint64_t call(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t *x = cpus[0].vcpu.x;

	x[0] = fn;
	x[1] = a;
	x[2] = b;
	x[3] = c;
	psci_call(&cpus[0]);
	return x[0];
}

/* ---- suspending ---- */

static void a_powerdown_suspend_waits_here_and_enters_the_guest(void **state)
{
	uint64_t x0 = call(PSCI_CPU_SUSPEND | W64, BIT(16), ENTRY, 0xabc);

	assert_int_equal(x0, 0); /* psci_call()'s; nobody sees it any more */
	assert_int_equal(seen.waits, 1);
	assert_int_equal(seen.entries, 1);
	assert_int_equal(seen.entry, ENTRY);
	assert_int_equal(seen.arg, 0xabc);
	assert_int_equal(fw.calls, 0);
}

static void a_pending_interrupt_makes_it_short(void **state)
{
	seen.pending = true;
	call(PSCI_CPU_SUSPEND | W64, BIT(16), ENTRY, 1);
	assert_int_equal(seen.waits, 0);
	assert_int_equal(seen.entries, 1);
}

static void a_standby_suspend_returns(void **state)
{
	assert_int_equal(call(PSCI_CPU_SUSPEND, 1, ENTRY, 7), PSCI_SUCCESS);
	assert_int_equal(seen.waits, 1);
	assert_int_equal(seen.entries, 0);
	assert_int_equal(fw.calls, 0);
}

static void suspending_to_nowhere_is_refused(void **state)
{
	static const uint64_t bad[] = { ENTRY + 2, MONITOR, MONITOR + 4096, 0,
					RAM - 4, UINT64_MAX & ~3ull };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(call(PSCI_CPU_SUSPEND | W64, BIT(16), bad[i],
				      0),
				 PSCI_INVALID_ADDRESS);
	assert_int_equal(seen.waits + seen.entries + fw.calls, 0);
}

static void the_old_number_suspends_alike(void **state)
{
	call(PSCI_0_1_CPU_SUSPEND, BIT(16), ENTRY, 5);
	assert_int_equal(seen.entry, ENTRY);
	assert_int_equal(fw.calls, 0);
}

static void a_32_bit_call_has_32_bit_arguments(void **state)
{
	call(PSCI_CPU_SUSPEND, BIT(16), ENTRY | 7ull << 40, 9 | 7ull << 40);
	assert_int_equal(seen.entry, ENTRY);
	assert_int_equal(seen.arg, 9);
}

static void what_would_enter_elsewhere_is_never_forwarded(void **state)
{
	static const uint32_t fns[] = { PSCI_SYSTEM_SUSPEND,
					PSCI_CPU_DEFAULT_SUSPEND,
					PSCI_CPU_FREEZE, PSCI_MIGRATE,
					PSCI_0_1_MIGRATE };

	for (size_t i = 0; i < sizeof(fns) / sizeof(fns[0]); i++)
		for (int form = 0; form < 4; form++) {
			uint64_t fn = fns[i] ^ (form & 1 ? W64 : 0);

			if (form & 2) /* only W0 counts */
				fn |= 0x1234ull << 32;
			if (fns[i] == PSCI_0_1_MIGRATE && form & 1)
				continue; /* that is another number */
			assert_int_equal(call(fn, ENTRY, ENTRY, ENTRY),
					 PSCI_NOT_SUPPORTED);
			if (fns[i] == PSCI_0_1_MIGRATE)
				continue; /* older than PSCI_FEATURES */
			assert_int_equal(call(PSCI_FEATURES, fn, 0, 0),
					 PSCI_NOT_SUPPORTED);
		}
	assert_int_equal(fw.calls, 0);
}

/* ---- on and off ---- */

static void on_starts_one_that_is_off(void **state)
{
	assert_int_equal(call(PSCI_CPU_ON | W64, 0x101, ENTRY, 77), 0);
	assert_int_equal(fw.started, 1);
	assert_int_equal(cpus[3].on_entry, ENTRY);
	assert_int_equal(cpus[3].on_arg, 77);
	assert_int_equal(call(PSCI_CPU_ON | W64, 0x101, ENTRY, 1),
			 PSCI_ON_PENDING);
	assert_int_equal(call(PSCI_AFFINITY_INFO, 0x101, 0, 0), 2);
	psci_cpu_is_on(&cpus[3]);
	assert_int_equal(call(PSCI_CPU_ON | W64, 0x101, ENTRY, 1),
			 PSCI_ALREADY_ON);
	assert_int_equal(call(PSCI_AFFINITY_INFO, 0x101, 0, 0), 0);
	assert_int_equal(fw.started, 1);
	assert_int_equal(fw.calls, 0);
}

static void on_that_firmware_refuses_leaves_it_off(void **state)
{
	fw.on_answer = -6;
	assert_int_equal(call(PSCI_0_1_CPU_ON, 1, ENTRY, 0), (uint64_t)-6);
	assert_int_equal(cpus[1].power, CPU_OFF);
	fw.on_answer = 0;
	assert_int_equal(call(PSCI_0_1_CPU_ON, 1, ENTRY, 0), 0);
}

static void on_with_odd_arguments_is_refused(void **state)
{
	assert_int_equal(call(PSCI_CPU_ON | W64, 0x777, ENTRY, 0),
			 PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_CPU_ON | W64, 1 | 1ull << 31, ENTRY, 0),
			 PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_CPU_ON | W64, 1, MONITOR, 0),
			 PSCI_INVALID_ADDRESS);
	assert_int_equal(call(PSCI_CPU_ON | W64, 1, ENTRY + 1, 0),
			 PSCI_INVALID_ADDRESS);
	assert_int_equal(fw.started, 0);
}

static void off_tells_the_others_first(void **state)
{
	call(PSCI_CPU_OFF, 0, 0, 0);
	assert_int_equal(fw.offs, 1);
	assert_int_equal(seen.leaves, 1);
	assert_int_equal(seen.chip_off, 1);
}

static void off_that_is_refused_is_undone(void **state)
{
	fw.off_refused = true;
	assert_int_equal(call(PSCI_CPU_OFF, 0, 0, 0), (uint64_t)-3);
	assert_int_equal(cpus[0].power, CPU_ON);
	assert_int_equal(seen.chip_init, 1);
}

static void one_on_its_way_off_still_counts_as_on(void **state)
{
	fw.still_up = true;
	assert_int_equal(call(PSCI_AFFINITY_INFO, 1, 0, 0), 0);
	fw.still_up = false;
	assert_int_equal(call(PSCI_AFFINITY_INFO, 1, 0, 0), 1);
	assert_int_equal(call(PSCI_AFFINITY_INFO, 0, 1, 0), 0);
	assert_int_equal(call(PSCI_AFFINITY_INFO, 0x100, 1, 0), 1);
	assert_int_equal(call(PSCI_AFFINITY_INFO, 0x700, 1, 0),
			 PSCI_INVALID_PARAMETERS);
	assert_int_equal(call(PSCI_AFFINITY_INFO, 0, 4, 0),
			 PSCI_INVALID_PARAMETERS);
}

/* ---- the rest ---- */

static void other_calls_go_through_with_all_registers(void **state)
{
	uint64_t *x = cpus[0].vcpu.x;

	for (int i = 0; i < 31; i++)
		x[i] = 1000u + (unsigned int)i;
	x[0] = 0x82000001;
	psci_call(&cpus[0]);
	assert_int_equal(fw.calls, 1);
	assert_int_equal(fw.last[0], 0x82000001);
	assert_int_equal(fw.last[17], 1017);
	assert_int_equal(x[17], 0x111);
	assert_int_equal(x[18], 1018);
}

static void the_end_of_the_machine_is_told_before(void **state)
{
	call(PSCI_SYSTEM_OFF, 0, 0, 0);
	assert_int_equal(seen.ends, 1);
	assert_false(seen.reset);
	call(PSCI_SYSTEM_RESET2 | W64, 0, 0, 0);
	assert_int_equal(seen.ends, 2);
	assert_true(seen.reset);
	assert_int_equal(fw.calls, 2);
}

static void numbers_that_smccc_reserves_are_nobodys(void **state)
{
	for (unsigned int bit = 17; bit < 24; bit++)
		assert_int_equal(call(PSCI_VERSION | BIT(bit), ENTRY, ENTRY, 0),
				 PSCI_NOT_SUPPORTED);
	assert_int_equal(fw.calls, 0);
}

static void without_firmware_nothing_is_there(void **state)
{
	cpu_power = NULL;
	fw.absent = true;
	psci_init();
	assert_int_equal(call(PSCI_VERSION, 0, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(call(PSCI_CPU_ON | W64, 1, ENTRY, 0),
			 PSCI_NOT_SUPPORTED);
	psci_system_reset();
	assert_int_equal(fw.resets + fw.calls, 0);
}

/* Whatever the guest says, firmware enters nowhere for it. */
static void any_number_enters_the_guest_only(void **state)
{
	static const uint32_t families[] = { 0x84000000, 0xc4000000, 0x80000000,
					     0xc0000000, 0x95c1ba40, 0x04000000,
					     0xd5c1ba40, 0x86000000 };

	srand(1);
	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t fn = families[i % 8] | ((uint32_t)rand() & 0x7f);

		if (i % 3 == 0)
			fn = (uint32_t)rand() * 2u + (i & 1);
		if (i % 5 == 0)
			fn |= (uint64_t)rand() << 32;
		call(fn, (uint64_t)rand() << (i % 31), ENTRY + i % 5,
		     (uint64_t)rand());
		cpus[0].power = CPU_ON;
		assert_int_equal(fw.entered_el2, 0);
	}
	assert_true(fw.calls > 100000);
	assert_true(seen.entries > 10);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_powerdown_suspend_waits_here_and_enters_the_guest),
		T(a_pending_interrupt_makes_it_short),
		T(a_standby_suspend_returns),
		T(suspending_to_nowhere_is_refused),
		T(the_old_number_suspends_alike),
		T(a_32_bit_call_has_32_bit_arguments),
		T(what_would_enter_elsewhere_is_never_forwarded),
		T(on_starts_one_that_is_off),
		T(on_that_firmware_refuses_leaves_it_off),
		T(on_with_odd_arguments_is_refused),
		T(off_tells_the_others_first),
		T(off_that_is_refused_is_undone),
		T(one_on_its_way_off_still_counts_as_on),
		T(other_calls_go_through_with_all_registers),
		T(the_end_of_the_machine_is_told_before),
		T(numbers_that_smccc_reserves_are_nobodys),
		T(without_firmware_nothing_is_there),
		T(any_number_enters_the_guest_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
