/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * `monitor translate` and `info stage2`: a virtual address through the selected
 * CPU's stage 1, and what stage 2 makes of a guest physical one.
 */
#include <errno.h>

#include "bits.h"
#include "command.h"
#include "command_info.h"
#include "cpu.h"
#include "guest_mem.h"
#include "mmio_trap_table.h"
#include "page.h"
#include "stub/strbuf.h"
#include "stub/target.h"
#include "target.h"
#include "view.h"

typedef unsigned long long ull;

/* Stage-2 descriptor (Arm ARM D8.3): who may do what, as what memory. */
static void put_descriptor(uint64_t d, unsigned int level, struct strbuf *out)
{
	static const char *const device[] = { "nGnRnE", "nGnRE", "nGRE",
					      "GRE" };
	uint64_t attr = FIELD_GET(GENMASK(5, 2), d);

	if (!(d & 1)) {
		strbuf_printf(out, "not mapped (level %u)\n", level);
		return;
	}
	strbuf_printf(out, "0x%016llx level %u to 0x%llx, %c%c%c, ", (ull)d,
		      level, (ull)(d & GENMASK(47, 12)), d & BIT(6) ? 'r' : '-',
		      d & BIT(7) ? 'w' : '-', d & BIT(54) ? '-' : 'x');
	if (attr < 4)
		strbuf_printf(out, "Device-%s\n", device[attr]);
	else
		strbuf_printf(out, "%s\n", attr == 15 ? "write-back" :
				   attr == 5	      ? "non-cacheable" :
							"other memory");
}

static void put_stage2(uint64_t ipa, struct strbuf *out)
{
	static const char *const names[VIEWS] = {
		[VIEW_NORMAL] = "normal",
		[VIEW_PLAIN] = "plain",
		[VIEW_OPEN] = "open",
	};
	const struct mmio_range *r = mmio_trap_find(ipa);
	const struct page *p = page_find(ipa);

	for (unsigned int v = 0; v < VIEWS; v++) {
		unsigned int level;
		uint64_t d = view_descriptor((enum cpu_view)v, ipa, &level);

		strbuf_printf(out, "stage 2, %-6s view: ", names[v]);
		put_descriptor(d, level, out);
	}
	if (r)
		strbuf_printf(out, "accesses there trap: %s\n", r->name);
	if (p && (p->brks || p->watches || p->tables))
		strbuf_printf(out, "page with %u breakpoints, %u watches, %u looks at its tables\n",
			      p->brks, p->watches, p->tables);
}

static int get_address(const char *args, uint64_t *addr, struct strbuf *out)
{
	if (!command_number(&args, addr) && !*args)
		return 0;
	strbuf_puts(out, "an address is wanted, such as 0xffff800008000000\n");
	return -EINVAL;
}

int info_stage2(const char *args, struct strbuf *out)
{
	uint64_t ipa;
	int err = get_address(args, &ipa, out);

	if (err)
		return err;
	if (ipa >> 52) {
		strbuf_puts(out, "a guest physical address has 52 bits at most; `monitor translate' takes virtual ones\n");
		return -EINVAL;
	}
	put_stage2(ipa, out);
	return 0;
}

static void put_attr(uint8_t attr, struct strbuf *out)
{
	static const char *const device[] = { "nGnRnE", "nGnRE", "nGRE",
					      "GRE" };

	if (stage1_attr_is_device(attr))
		strbuf_printf(out, "Device-%s", device[attr >> 2 & 3]);
	else
		strbuf_printf(out, "Normal %s",
			      stage1_attr_is_cacheable(attr) ? "cacheable" :
							       "non-cacheable");
	strbuf_printf(out, " (MAIR 0x%02x)", attr);
}

static void put_leaf(const struct stage1_result *r, struct strbuf *out)
{
	strbuf_printf(out, "  to 0x%llx, %llu bytes left; EL1 %s%s, EL0 %s%s; %s; ",
		      (ull)r->pa, (ull)r->left, r->read_only ? "r-" : "rw",
		      r->pxn ? "-" : "x",
		      !r->el0 ? "--" : r->read_only ? "r-" : "rw",
		      r->uxn ? "-" : "x", r->ng ? "this process" : "global");
	put_attr(r->attr, out);
	strbuf_putc(out, '\n');
}

static void put_path(const struct stage1_result *r, struct strbuf *out)
{
	int level = r->level - (r->depth - 1);

	for (unsigned int i = 0; i < r->depth; i++) {
		uint64_t d = 0;

		strbuf_printf(out, "stage 1 level %d: [0x%llx] ",
			      level + (int)i, (ull)r->path[i]);
		if (stage1_read_desc(NULL, r->path[i], &d))
			strbuf_puts(out, "not in RAM\n");
		else
			strbuf_printf(out, "= 0x%016llx\n", (ull)d);
	}
}

int command_translate(unsigned int cpu, const char *args, struct strbuf *out)
{
	struct cpu *c = cpu_get(cpu);
	struct stage1_regime regime;
	struct stage1_result r;
	struct guest_place p;
	uint64_t va;
	int err = get_address(args, &va, out);

	if (err)
		return err;
	if (target_cpu_state(target_instance(), cpu) != TARGET_CPU_STOPPED) {
		strbuf_printf(out, "cpu%u runs or is off; interrupt the guest, or choose another thread\n",
			      cpu);
		return -EBUSY;
	}
	if (!guest_translate(c, va, &p, NULL) && (va & TARGET_WINDOW_MASK) &&
	    p.pa == (va & ~TARGET_WINDOW_MASK)) {
		put_stage2(p.pa, out);
		return 0;
	}
	guest_regime(c, &regime);
	if (!(regime.sctlr & 1))
		strbuf_puts(out, "stage 1 is off (SCTLR_EL1.M=0)\n");
	err = stage1_walk(&regime, va, NULL, &r);
	put_path(&r, out);
	if (err) {
		strbuf_printf(out, "  %s at 0x%llx\n",
			      stage1_fault_text(r.fault, r.level), (ull)va);
		return 0;
	}
	put_leaf(&r, out);
	put_stage2(r.pa, out);
	return 0;
}
