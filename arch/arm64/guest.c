/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See guest.h. Places are those that QEMU's -kernel would choose. */
#include "guest.h"

#include <string.h>

#include "barrier.h"
#include "bits.h"
#include "cpu.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "platform/fdt.h"
#include "platform/image.h"
#include "link_device.h"
#include "stub/strbuf.h"
#include "world.h"

#define MIB (1024 * 1024ull)
#define FDT_ROOM 65536

struct guest_info guest_info;

static struct fdt_modules modules;
static struct image image;

void guest_ram(uint64_t *base, uint64_t *size)
{
	*base = platform->ram[0].base;
	*size = platform->monitor.base - *base;
}

bool guest_owns_ram(uint64_t base, uint64_t size)
{
	uint64_t rb, rs;

	guest_ram(&rb, &rs);
	if (base >= rb && base - rb <= rs && size <= rs - (base - rb))
		return true;
	for (unsigned int i = 1; i < platform->ram_count; i++)
		if (base >= platform->ram[i].base &&
		    base - platform->ram[i].base <= platform->ram[i].size &&
		    size <= platform->ram[i].size -
				    (base - platform->ram[i].base))
			return true;
	return false;
}

/* With the guest's MMU off its accesses go past the caches. */
static void publish(uint64_t base, uint64_t size)
{
	dcache_clean_inval_poc(base, size);
}

/*
 * The staged kernel to its place. From the end, so that a segment whose place
 * is above its source does not run over sources not yet moved; sources are staged
 * above all places, so only a single segment may overlap itself.
 */
static void place_kernel(const uint8_t *file)
{
	for (unsigned int i = 0; i < image.count; i++) {
		const struct image_segment *s = &image.seg[i];

		if (s->dest != (uint64_t)(file + s->offset))
			memmove((void *)s->dest, file + s->offset,
				s->file_size);
		memset((void *)(s->dest + s->file_size), 0,
		       s->mem_size - s->file_size);
		publish(s->dest, s->mem_size);
	}
	icache_inval_all();
}

/* Where QEMU puts initrd and device tree: 128 MiB up, or half of RAM. */
static uint64_t second_half(uint64_t base, uint64_t size, uint64_t kernel_end)
{
	uint64_t at = base + (size / 2 < 128 * MIB ? size / 2 : 128 * MIB);

	if (at < kernel_end)
		at = kernel_end;
	return ALIGN_UP(at, 4096);
}

static int load(const void *fdt, uint64_t fdt_size, struct strbuf *why)
{
	uint64_t base, size, at, top;
	struct platform_range hidden[ARRAY_SIZE(((struct fdt_guest *)0)->hidden)];
	struct fdt_guest g;
	int err = fdt_find_modules(fdt, &modules, why);

	guest_ram(&base, &size);
	if (err)
		return err;
	if (!options.no_guest && !modules.kernel.size) {
		strbuf_puts(why, "no guest: /chosen has no multiboot,kernel module");
		return -1;
	}
	memset(&g, 0, sizeof(g));
	at = base + 2 * MIB;
	if (modules.kernel.size) {
		if (!guest_owns_ram(modules.kernel.base, modules.kernel.size) ||
		    (modules.initrd.size &&
		     !guest_owns_ram(modules.initrd.base, modules.initrd.size))) {
			strbuf_puts(why, "a module lies outside the guest's RAM");
			return -1;
		}
		err = image_parse((const uint8_t *)modules.kernel.base,
				  modules.kernel.size, base, size, &image, why);
		if (err)
			return err;
		at = image.end;
		g.bootargs = modules.bootargs;
	}
	at = second_half(base, size, at);
	top = ALIGN_DOWN(base + size - modules.initrd.size, 4096);
	if (modules.initrd.size > size || at > top ||
	    top - at < modules.initrd.size + fdt_size + 4 * MIB) {
		strbuf_printf(why, "too little memory for the guest: %llu MiB",
			      (unsigned long long)(size / MIB));
		return -1;
	}
	if (modules.kernel.size) {
		uint64_t from = modules.initrd.base;

		/* An initrd where the kernel will be goes to the top first. */
		if (from < image.end && modules.initrd.size) {
			if (modules.kernel.base + modules.kernel.size > top) {
				strbuf_puts(why, "the staged kernel lies where the initrd must go");
				return -1;
			}
			memmove((void *)top, (void *)from, modules.initrd.size);
			from = top;
		}
		place_kernel((const uint8_t *)modules.kernel.base);
		memmove((void *)at, (void *)from, modules.initrd.size);
		publish(at, modules.initrd.size);
		g.initrd = (struct platform_range){ at, modules.initrd.size };
	}
	at = ALIGN_UP(at + modules.initrd.size, 2 * MIB);
	g.ram_base = base;
	g.ram_size = size;
	g.hidden_count = link_device_hidden(hidden, ARRAY_SIZE(hidden));
	for (unsigned int i = 0; i < g.hidden_count; i++)
		g.hidden[i] = hidden[i].base;
	memcpy((void *)at, fdt, fdt_size);
	err = fdt_make_guest((void *)at, fdt_size + FDT_ROOM, platform, &g, why);
	if (err)
		return err;
	publish(at, fdt_size + FDT_ROOM);
	guest_info.fdt = at;
	return 0;
}

void guest_load(const void *fdt, uint64_t fdt_size, struct cpu *c)
{
	STRBUF(why, 400);
	int err = load(fdt, fdt_size, &why);
	bool run = !err && !options.no_guest;

	guest_ram(&guest_info.ram_base, &guest_info.ram_size);
	if (err)
		log_line("%s", why.s);
	if (run) {
		guest_info.kind = image.kind;
		guest_info.base = image.seg[0].dest;
		guest_info.end = image.end;
		guest_info.entry = image.entry;
		log_line("guest: %s at 0x%llx, entry 0x%llx, device tree 0x%llx, %s",
			 image.kind, (unsigned long long)guest_info.base,
			 (unsigned long long)image.entry,
			 (unsigned long long)guest_info.fdt,
			 modules.initrd.size ? "initrd" : "no initrd");
		cpu_reset_guest(c, image.entry,
				image.fdt_in_x0 ? guest_info.fdt : 0);
	} else {
		cpu_reset_guest(c, guest_info.ram_base, guest_info.fdt);
		world_halt_at_start(c);
		log_line("no guest runs; CPU 0 waits at 0x%llx for a debugger",
			 (unsigned long long)guest_info.ram_base);
	}
}
