/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * `monitor info mmu`: EL2's own translation as it is in force, for people and
 * for the test that asserts W^X.
 */
#include "command_info.h"

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"
#include "cpu.h"
#include "guest.h"
#include "memory.h"
#include "platform/platform.h"
#include "stub/strbuf.h"
#include "sysreg.h"

typedef unsigned long long ull;

extern char _image_start[], _text_end[], _rodata_end[], _image_end[];

/* Execute-never is UXN with one, XN, and PXN with two privilege levels. */
static bool executable(uint64_t d)
{
	return !(d & (cpu_e2h ? BIT(53) : BIT(54)));
}

static void put_page(const char *what, uint64_t va, struct strbuf *out)
{
	static const char *const attrs[] = { "write-back", "Device-nGnRE",
					     "Device-nGnRnE",
					     "Non-cacheable" };
	uint64_t d = mmu_query(va), attr = FIELD_GET(GENMASK(4, 2), d);

	strbuf_printf(out, "%-10s 0x%010llx ", what, (ull)va);
	if (!(d & 1)) {
		strbuf_puts(out, "--- not mapped\n");
		return;
	}
	strbuf_printf(out, "r%c%c %s%s\n", d & BIT(7) ? '-' : 'w',
		      executable(d) ? 'x' : '-',
		      attr < ARRAY_SIZE(attrs) ? attrs[attr] : "?",
		      FIELD_GET(GENMASK(9, 8), d) == 3 ? " inner-shareable" :
							 "");
}

/* Any page of [from, to) that is both writable and executable, or neither. */
static unsigned int count_wx(uint64_t from, uint64_t to)
{
	unsigned int n = 0;

	for (uint64_t a = from; a < to; a += 4096) {
		uint64_t d = mmu_query(a);

		n += (d & 1) && !(d & BIT(7)) && executable(d);
	}
	return n;
}

int info_mmu(struct strbuf *out)
{
	uint64_t sctlr = read_sysreg(sctlr_el2), guard;
	uint64_t end = platform->monitor.base + platform->monitor.size;

	strbuf_printf(out, "SCTLR_EL2 0x%llx: M=%u C=%u I=%u WXN=%u SA=%u\n",
		      (ull)sctlr, !!(sctlr & BIT(0)), !!(sctlr & BIT(2)),
		      !!(sctlr & BIT(12)), !!(sctlr & BIT(19)),
		      !!(sctlr & BIT(3)));
	put_page("text", (uint64_t)_image_start, out);
	put_page("text", (uint64_t)_text_end - 4096, out);
	put_page("rodata", (uint64_t)_text_end, out);
	put_page("rodata", (uint64_t)_rodata_end - 4096, out);
	put_page("data", (uint64_t)_rodata_end, out);
	put_page("data", (uint64_t)_image_end - 4096, out);
	put_page("heap", end - 4096, out);
	if (memory_dma())
		put_page("DMA", memory_dma(), out);
	for (unsigned int i = 0; (guard = memory_stack_guard(i)); i++) {
		put_page("guard", guard, out);
		put_page("stack", guard + 4096, out);
	}
	put_page("guest RAM", guest_info.ram_base, out);
	put_page("guest RAM", guest_info.ram_base + guest_info.ram_size - 4096,
		 out);
	put_page("device", platform->gicd.base, out);
	if (platform->uart_kind != UART_NONE)
		put_page("device", platform->uart.base, out);
	strbuf_printf(out, "writable and executable: %u pages of the monitor's\n",
		      count_wx(platform->monitor.base, end));
	return 0;
}
