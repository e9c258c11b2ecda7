/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * From the boot loader's jump to the guest's first instruction: where to live,
 * the platform, the guest's image and device tree.
 */
#include <errno.h>
#include <string.h>

#include "barrier.h"
#include "boot.h"
#include "cpu.h"
#include "debug.h"
#include "feature.h"
#include "guest.h"
#include "guest_mem.h"
#include "irq/irqchip.h"
#include "log.h"
#include "memory.h"
#include "mmio_shadow.h"
#include "options.h"
#include "page.h"
#include "platform/fdt.h"
#include "platform/platform.h"
#include "psci.h"
#include "link.h"
#include "reset.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "transport/pl011_regs.h"
#include "transport/uart_pl011.h"
#include "view.h"
#include "world.h"

#define MIB (1024 * 1024ull)
#define FDT_MAX (2 * MIB)
#define FDT_SLACK 65536 /* room for what the guest's tree gains */
#define BOOT_TEXT 400
#define GUESSED_UART 0x09000000ull

extern char _image_start[], _image_end[], _image_file_end[];
int guarded_read(uint64_t addr, unsigned int size, uint64_t *value);
void stack_switch(uint64_t sp, void (*fn)(void *), void *arg)
	__attribute__((noreturn));

/*
 * What the first copy tells the second: lies behind the relocated image, since
 * .bss of the two is not shared (it is copied too, zeroed before).
 */
static struct {
	const void *fdt; /* the monitor's copy of it */
	uint64_t fdt_size;
	struct platform p;
	char cmdline[1024];
} early;

bool cpu_e2h;
const struct platform *platform;
const struct irqchip_ops *irqchip;
struct options options;

/* No EL2, no device tree, ...: say it where somebody may see it. */
static uint64_t refuse(const char *what)
{
	log_line("cannot start: %s", what);
	log_line("nothing was booted; the machine stands still here.");
	return 0;
}

static void open_log(void)
{
	if (early.p.uart_kind == UART_PL011)
		log_set_uart(early.p.uart.base);
	else if (early.p.log_8250)
		log_set_8250(early.p.log_8250);
}

static bool is_at_el2(void)
{
	return read_sysreg(CurrentEL) == 8;
}

/*
 * With no tree that can be read nothing is known of this machine. One guess is
 * made so that whoever started it is told: where QEMU's virt board has its
 * PL011, if one identifies itself there. Nothing is written otherwise.
 */
static void guess_uart(void)
{
	uint64_t id;

	if (early.p.uart_kind != UART_NONE || !is_at_el2() ||
	    guarded_read(GUESSED_UART + UARTPCELLID0, 4, &id) ||
	    !pl011_answers(GUESSED_UART))
		return;
	log_set_uart(GUESSED_UART);
}

/* x0 of a loader that has no tree may be anything. */
static bool is_memory(const void *fdt)
{
	uint64_t magic;

	return !is_at_el2() || ((uintptr_t)fdt & 7) ||
	       !guarded_read((uint64_t)fdt, 8, &magic);
}

/* The monitor's share: the top of the last part of the first RAM bank. */
static int choose_home(struct platform *p, uint64_t share, uint64_t load_base,
		       struct strbuf *why)
{
	struct platform_range *ram = &p->ram[0];
	unsigned int i = 0;

	while (i < p->ram_count && load_base - p->ram[i].base >= p->ram[i].size)
		i++;
	if (i == p->ram_count) {
		strbuf_printf(why, "the device tree's memory, 0x%llx..0x%llx, is not where I was loaded: 0x%llx",
			      (unsigned long long)ram->base,
			      (unsigned long long)(ram->base + ram->size),
			      (unsigned long long)load_base);
		return -1;
	}

	if (share < MEMORY_BEFORE_MMU || share & (2 * MIB - 1)) {
		strbuf_printf(why, "hyperstub.share=%llu: a multiple of 2 MiB, at least 8 MiB, is needed",
			      (unsigned long long)share);
		return -1;
	}
	if (ram->size < share + 32 * MIB) {
		strbuf_printf(why, "too little memory: RAM is %llu MiB, the monitor takes %llu MiB and a guest needs 32 MiB",
			      (unsigned long long)(ram->size / MIB),
			      (unsigned long long)(share / MIB));
		return -1;
	}
	p->monitor.size = share;
	p->monitor.base = ALIGN_DOWN(ram->base + ram->size - share, 2 * MIB);
	return 0;
}

/*
 * In: the device tree and where the image lies, MMU off, any EL. Returns the
 * address that the image was copied to, or 0 after saying why not.
 */
uint64_t boot_early(const void *fdt, uint64_t load_base)
{
	STRBUF(why, BOOT_TEXT);
	uint64_t image_size = _image_end - _image_start, copy;
	int64_t size = -EFAULT;

	if (is_memory(fdt)) {
		size = fdt_check(fdt, FDT_MAX, &why);
		fdt_find_uart(fdt, FDT_MAX, &early.p);
	} else {
		strbuf_printf(&why, "no device tree in x0: nothing answers at %p",
			      fdt);
	}
	open_log();
	if (size < 0) {
		guess_uart();
		return refuse(why.s);
	}
	if (!is_at_el2())
		return refuse(read_sysreg(CurrentEL) == 4 ?
			"entered at EL1; EL2 is needed (QEMU: -M virt,virtualization=on)" :
			"entered at EL3; start me at EL2");
	if (fdt_fill_platform(fdt, &early.p, &why))
		return refuse(why.s);
	fdt_bootargs(fdt, early.cmdline, sizeof(early.cmdline));
	if (options_parse(&options, early.cmdline, &why))
		log_line("command line: %s: ignored", why.s);
	strbuf_init(&why, why.s, why.cap);
	if (choose_home(&early.p, options.share, load_base, &why))
		return refuse(why.s);

	copy = early.p.monitor.base + ALIGN_UP(image_size, 4096);
	/*
	 * What is written with the MMU off goes past the caches: no dirty line
	 * of who lived there before may fall on it later.
	 */
	dcache_clean_inval_poc(early.p.monitor.base, MEMORY_BEFORE_MMU);
	early.fdt = (const void *)copy;
	early.fdt_size = (uint64_t)size;
	memmove((void *)copy, fdt, (size_t)size);
	memcpy((void *)early.p.monitor.base, _image_start, image_size);
	return early.p.monitor.base;
}

/* HCR_EL2.E2H for good: VHE where the core has it, unless told otherwise. */
static void choose_e2h(void)
{
	uint64_t hcr = read_sysreg(hcr_el2);
	bool vhe = FIELD_GET(GENMASK(11, 8), read_sysreg(id_aa64mmfr1_el1));

	cpu_e2h = hcr & HCR_E2H;
	if (vhe && options.vhe)
		cpu_e2h = true;
	else if (cpu_e2h && !options.vhe) {
		write_sysreg(hcr & ~HCR_E2H, hcr_el2);
		isb(); /* orders the write before it is looked at */
		cpu_e2h = read_sysreg(hcr_el2) & HCR_E2H; /* RES1 on some */
	}
	write_sysreg(feature_hcr(), hcr_el2);
	isb(); /* orders E2H before the registers that it renames */
}

static void start_guest(void *arg)
{
	struct cpu *c = arg;

	cpu_setup(c);
	c->power = CPU_ON;
	guest_load(early.fdt, early.fdt_size, c);
	link_start();
	if (options.wait || link_wants_halt())
		world_halt_at_start(c);
	log_line("%u CPUs, EL2 %s, monitor at 0x%llx (%llu KiB of %llu used), debugger on %s",
		 cpu_count(), cpu_e2h ? "E2H=1" : "E2H=0",
		 (unsigned long long)platform->monitor.base,
		 (unsigned long long)(memory_used() / 1024),
		 (unsigned long long)(platform->monitor.size / 1024),
		 link_transport_name());
	link_guest_owns_uart();
	cpu_loop(c);
}

/* In the copy at its final place, MMU off, on the boot stack. */
void boot_main(void)
{
	STRBUF(why, BOOT_TEXT);
	uint64_t free = (uint64_t)early.fdt + early.fdt_size;
	struct cpu *c;

	platform = &early.p;
	open_log();
	memory_init(ALIGN_UP(free, 4096), platform->monitor.base +
						  platform->monitor.size -
						  RESET_RECORD_ROOM);
	choose_e2h();
	cpu_init_all(platform);
	if (platform->usb_count &&
	    (options.gdb == GDB_AUTO || options.gdb == GDB_USB))
		memory_reserve_dma();
	mmu_init(platform);
	c = cpu_get(0);
	write_sysreg(c, tpidr_el2);
	write_sysreg(el2_vectors, vbar_el2);
	isb(); /* orders the vectors before anything that may fault */

	psci_init();
	guest_mem_init();
	irqchip = &gicv3_ops;
	if (irqchip->init(platform, &why))
		panic("interrupt controller: %s", why.s);
	link_init();
	view_init();
	page_init();
	mmio_shadow_init(memory_alloc(mmio_shadow_memory(), 64));
	debug_init();
	stack_switch(c->stack_top, start_guest, c);
}
