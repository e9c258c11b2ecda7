/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * `monitor crash`: faults of the monitor itself, raised for the tests of what
 * becomes of them. Not listed by `monitor help`; docs/testing.md has it.
 */
#include "command.h"

#include <errno.h>
#include <stddef.h>

#include "barrier.h"
#include "bits.h"
#include "clock.h"
#include "cpu.h"
#include "stub/strbuf.h"
#include "timer.h"
#include "world.h"

/* Beyond what memory.c maps. */
#define NOWHERE (1ull << 46)

static void crash_data(struct cpu *c, void *arg)
{
	*(volatile uint32_t *)NOWHERE = 1;
}

static void crash_undef(struct cpu *c, void *arg)
{
	asm volatile(".inst 0");
}

static void crash_stack(struct cpu *c, void *arg)
{
	asm volatile("1: stp xzr, xzr, [sp, #-16]!\n\tb 1b");
}

/* Not by an exception: the two ways not to come back. */
static void crash_spin(struct cpu *c, void *arg)
{
	for (;;)
		cpu_relax();
}

static void crash_dead(struct cpu *c, void *arg)
{
	fiq_mask();
	crash_spin(c, arg);
}

static const struct {
	const char *name;
	void (*fn)(struct cpu *c, void *arg);
} kinds[] = {
	{ "data", crash_data },
	{ "undef", crash_undef },
	{ "stack", crash_stack },
	{ "spin", crash_spin },
	{ "dead", crash_dead },
};

#define LATER_US 500000

static unsigned int later; /* kind + 1 */

void command_crash_later(struct cpu *c)
{
	unsigned int kind = later;

	later = 0;
	if (kind)
		kinds[kind - 1].fn(c, NULL);
}

int command_crash(unsigned int cpu, const char *args, struct strbuf *out)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *where = command_word(args, kinds[i].name);
		uint64_t n = this_cpu()->id;
		int err;

		if (!where)
			continue;
		if (command_word(where, "later")) {
			later = i + 1;
			timer_arm(TIMER_TEST, LATER_US);
			return 0;
		}
		if (*where && (command_number(&where, &n) || n >= cpu_count()))
			break;
		err = world_call(cpu_get((unsigned int)n), kinds[i].fn, NULL, 0);
		strbuf_printf(out, "cpu%llu: %s\n", (unsigned long long)n,
			      err == -EIO ? "it had a fault" :
			      err	  ? "it does not answer" :
					    "nothing happened");
		return err;
	}
	strbuf_puts(out, "crash data|undef|stack|spin|dead [CPU|later]\n");
	return -EINVAL;
}
