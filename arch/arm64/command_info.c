/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * `monitor info ...`: what stands where and how often what happened. Reads
 * others' state and changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "command.h"
#include "command_info.h"
#include "console.h"
#include "cpu.h"
#include "debug.h"
#include "guest.h"
#include "irq/irqchip.h"
#include "link.h"
#include "link_device.h"
#include "memory.h"
#include "mmio_trap_table.h"
#include "page.h"
#include "platform/platform.h"
#include "point.h"
#include "pstate.h"
#include "stub/strbuf.h"
#include "stub/target.h"
#include "sysreg.h"
#include "target.h"
#include "timer.h"
#include "view.h"
#include "world.h"

typedef unsigned long long ull;

#define KIB 1024
#define MIB (1024 * 1024)

/* ---- the overview -------------------------------------------------------- */

static void put_cpu(unsigned int i, struct strbuf *out)
{
	const struct cpu *c = cpu_get(i);
	STRBUF(state, 80);

	target_cpu_extra(target_instance(), i, &state);
	strbuf_printf(out, "cpu%u: affinity 0x%llx, %s", i, (ull)c->mpidr,
		      state.s);
	if (target_cpu_state(target_instance(), i) == TARGET_CPU_STOPPED)
		strbuf_printf(out, " at 0x%llx, EL%u", (ull)c->vcpu.pc,
			      pstate_el(c->vcpu.pstate));
	if (c->guest_faults)
		strbuf_printf(out, ", %llu exceptions given to the guest",
			      (ull)c->guest_faults);
	strbuf_putc(out, '\n');
}

static void put_guest(struct strbuf *out)
{
	const struct guest_info *g = &guest_info;

	if (g->kind)
		strbuf_printf(out, "guest: %s at 0x%llx..0x%llx, entry 0x%llx, device tree 0x%llx\n",
			      g->kind, (ull)g->base, (ull)g->end,
			      (ull)g->entry, (ull)g->fdt);
	else
		strbuf_printf(out, "guest: none was started; CPU 0 began at 0x%llx\n",
			      (ull)g->ram_base);
}

static int info_overview(struct strbuf *out)
{
	uint64_t us = clock_us();

	strbuf_printf(out, "hyperstub %s, up %llu.%03llu s\n", HYPERSTUB_VERSION,
		      (ull)(us / 1000000), (ull)(us / 1000 % 1000));
	strbuf_printf(out, "EL2: E2H=%u, stage 2 with %lluK pages, %s\n",
		      cpu_e2h, (ull)(view_page_size() / KIB), irqchip->name);
	put_guest(out);
	for (unsigned int i = 0; i < cpu_count(); i++)
		put_cpu(i, out);
	strbuf_printf(out, "memory: guest %llu MiB at 0x%llx; monitor %llu MiB at 0x%llx, %zu KiB used\n",
		      (ull)(guest_info.ram_size / MIB),
		      (ull)guest_info.ram_base,
		      (ull)(platform->monitor.size / MIB),
		      (ull)platform->monitor.base, memory_used() / KIB);
	strbuf_printf(out, "debugger: %s; guest time taken out %llu us%s\n",
		      link_transport_name(),
		      (ull)(timer_offset() * 1000 / (clock_hz() / 1000 + !clock_hz())),
		      world_stops_time ? "" : " (stop-time is off)");
	console_info(out);
	return 0;
}

/* ---- exits ------------------------------------------------------------------ */

static const char *const exit_names[EXITS_COUNT] = {
	[EXITS_IRQ] = "interrupt",   [EXITS_MMIO] = "mmio",
	[EXITS_SYSREG] = "sysreg",   [EXITS_HVC] = "hvc/smc",
	[EXITS_WFX] = "wfi/wfe",     [EXITS_STAGE2] = "stage 2",
	[EXITS_DEBUG] = "debug",     [EXITS_OTHER] = "other",
};

/* As they stood when they were last shown. */
static struct {
	uint64_t us;
	uint64_t exits[PLATFORM_MAX_CPUS][EXITS_COUNT];
} shown;

static uint64_t a_second(uint64_t n, uint64_t us)
{
	return us ? n * 1000000 / us : 0;
}

static int info_exits(struct strbuf *out)
{
	uint64_t now = clock_us(), us = now - shown.us;

	strbuf_printf(out, "in all, and a second over the last %llu.%03llu s:\n",
		      (ull)(us / 1000000), (ull)(us / 1000 % 1000));
	for (unsigned int i = 0; i < cpu_count(); i++) {
		const struct cpu *c = cpu_get(i);

		strbuf_printf(out, "cpu%u:", i);
		for (unsigned int e = 0; e < EXITS_COUNT; e++) {
			uint64_t n = c->exits[e];

			if (n)
				strbuf_printf(out, " %s %llu (%llu/s)",
					      exit_names[e], (ull)n,
					      (ull)a_second(n - shown.exits[i][e],
							    us));
			shown.exits[i][e] = n;
		}
		strbuf_putc(out, '\n');
	}
	shown.us = now;
	return 0;
}

/* ---- breakpoints --------------------------------------------------------- */

static int info_breakpoints(struct strbuf *out)
{
	strbuf_printf(out, "as of the last time the guest ran:\n"
			   "  in shadow pages  %u\n"
			   "  in comparators   %u\n"
			   "  as watched pages %u\n"
			   "  in all processes %u (by pages; no comparator is free)\n"
			   "  pending          %u (their address is not mapped)\n"
			   "  not in force     %u (`monitor log' says why)\n",
		      point_count(POINT_SHADOW), point_count(POINT_COMPARATOR),
		      point_count(POINT_PAGES), point_count(POINT_EVERYWHERE),
		      point_count(POINT_PENDING), point_count(POINT_NOT));
	strbuf_printf(out, "shadow pages: %u of %u used (hyperstub.shadow-pages=)\n",
		      page_pool_used(), page_pool_size());
	strbuf_printf(out, "comparators: %u breakpoints, the guest has %u in use; %u watchpoints, %u\n",
		      debug_break_count(), debug_guest_breaks(),
		      debug_watch_count(), debug_guest_watches());
	strbuf_printf(out, "user addresses count in %s\n",
		      point_global ? "every process (bp-global)" :
				     "the process that they were set in");
	return 0;
}

static int info_irq(struct strbuf *out)
{
	irqchip->info(out);
	return 0;
}

/* ---- memory ----------------------------------------------------------------- */

static void put_range(struct strbuf *out, uint64_t base, uint64_t size,
		      const char *what)
{
	strbuf_printf(out, "0x%010llx..0x%010llx  %s\n", (ull)base,
		      (ull)(base + size), what);
}

static int info_memory(struct strbuf *out)
{
	const struct mmio_range *r;

	put_range(out, guest_info.ram_base, guest_info.ram_size, "guest RAM");
	for (unsigned int i = 1; i < platform->ram_count; i++)
		put_range(out, platform->ram[i].base, platform->ram[i].size,
			  "guest RAM");
	put_range(out, platform->monitor.base, platform->monitor.size,
		  "monitor, not mapped for the guest");
	for (unsigned int i = 0; (r = mmio_trap_range(i)); i++)
		put_range(out, r->base, r->size, r->name);
	strbuf_printf(out, "stage 2: %zu table pages of %lluK; monitor: %zu KiB used, %zu KiB free\n",
		      view_tables_used(), (ull)(view_page_size() / KIB),
		      memory_used() / KIB, memory_left() / KIB);
	return 0;
}

static int info_transport(struct strbuf *out)
{
	link_device_info(out);
	return 0;
}

/* ---- which ------------------------------------------------------------------ */

static const struct {
	const char *name;
	int (*fn)(struct strbuf *out);
} infos[] = {
	{ "exits", info_exits },   { "breakpoints", info_breakpoints },
	{ "irq", info_irq },	   { "memory", info_memory },
	{ "mmu", info_mmu },	   { "transport", info_transport },
};

int command_info(unsigned int cpu, const char *args, struct strbuf *out)
{
	const char *rest = command_word(args, "stage2");

	if (!*args)
		return info_overview(out);
	if (rest)
		return info_stage2(rest, out);
	for (unsigned int i = 0; i < ARRAY_SIZE(infos); i++) {
		rest = command_word(args, infos[i].name);
		if (rest && !*rest)
			return infos[i].fn(out);
	}
	strbuf_printf(out, "info: `%s' is not known; `monitor help' has the list\n",
		      args);
	return -EINVAL;
}
