/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Device trees: what is read of a good one, what a bad one is told, what the
 * guest's copy has and has not. Trees are built here, and damaged.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <libfdt.h>

#include "platform/fdt.h"
#include "stub/strbuf.h"

#define ROOM 16384

static uint8_t tree[ROOM] __attribute__((aligned(8)));
static struct platform p;
static struct fdt_modules modules;
static char text[300];
static struct strbuf why;

static void clear_why(void)
{
	strbuf_init(&why, text, sizeof(text));
}

static void cells(void *fdt, const char *name, const uint32_t *v, size_t n)
{
	fdt32_t buf[32];

	for (size_t i = 0; i < n; i++)
		buf[i] = cpu_to_fdt32(v[i]);
	assert_int_equal(fdt_property(fdt, name, buf, (int)(4 * n)), 0);
}

#define CELLS(fdt, name, ...)                                             \
	cells(fdt, name, (const uint32_t[]){ __VA_ARGS__ },               \
	      sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void make_cpus(void *fdt)
{
	assert_int_equal(fdt_begin_node(fdt, "cpus"), 0);
	fdt_property_u32(fdt, "#address-cells", 1);
	fdt_property_u32(fdt, "#size-cells", 0);
	for (uint32_t i = 0; i < 2; i++) {
		fdt_begin_node(fdt, i ? "cpu@1" : "cpu@0");
		fdt_property_string(fdt, "device_type", "cpu");
		fdt_property_string(fdt, "enable-method", "spin-table");
		fdt_property_u64(fdt, "cpu-release-addr", 0x1000);
		fdt_property_u32(fdt, "reg", i);
		fdt_end_node(fdt);
	}
	fdt_end_node(fdt);
}

static void make_devices(void *fdt)
{
	fdt_begin_node(fdt, "intc@8000000");
	fdt_property_string(fdt, "compatible", "arm,gic-v3");
	CELLS(fdt, "reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000);
	CELLS(fdt, "interrupts", 1, 9, 4);
	fdt_property_u32(fdt, "#redistributor-regions", 1);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "timer");
	fdt_property_string(fdt, "compatible", "arm,armv8-timer");
	CELLS(fdt, "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "pl011@9000000");
	fdt_property_string(fdt, "compatible", "arm,pl011");
	CELLS(fdt, "reg", 0, 0x9000000, 0, 0x1000);
	CELLS(fdt, "interrupts", 0, 1, 4);
	fdt_end_node(fdt);
	for (uint32_t i = 0; i < 2; i++) {
		fdt_begin_node(fdt, i ? "virtio_mmio@a000200" :
					"virtio_mmio@a000000");
		fdt_property_string(fdt, "compatible", "virtio,mmio");
		CELLS(fdt, "reg", 0, 0xa000000 + i * 0x200, 0, 0x200);
		CELLS(fdt, "interrupts", 0, 16 + i, 1);
		fdt_end_node(fdt);
	}
}

static void make_chosen(void *fdt)
{
	fdt_begin_node(fdt, "chosen");
	fdt_property_string(fdt, "stdout-path", "/pl011@9000000:115200");
	fdt_property_string(fdt, "bootargs", "hyperstub.wait");
	fdt_property_u64(fdt, "linux,initrd-start", 1);
	fdt_property_u64(fdt, "linux,initrd-end", 2);
	fdt_begin_node(fdt, "module@48000000");
	fdt_property(fdt, "compatible",
		     "multiboot,kernel\0multiboot,module", 34);
	CELLS(fdt, "reg", 0, 0x48000000, 0, 0x100000);
	fdt_property_string(fdt, "bootargs", "console=ttyAMA0");
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "module@4a000000");
	fdt_property(fdt, "compatible",
		     "multiboot,ramdisk\0multiboot,module", 35);
	CELLS(fdt, "reg", 0, 0x4a000000, 0, 0x2000);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
}

/* As QEMU's virt board gives it; with room for changes. */
static int setup(void **state)
{
	memset(&p, 0, sizeof(p));
	clear_why();
	fdt_create(tree, ROOM);
	fdt_finish_reservemap(tree);
	fdt_begin_node(tree, "");
	fdt_property_u32(tree, "#address-cells", 2);
	fdt_property_u32(tree, "#size-cells", 2);
	fdt_begin_node(tree, "memory@40000000");
	fdt_property_string(tree, "device_type", "memory");
	CELLS(tree, "reg", 0, 0x40000000, 0, 0x20000000);
	fdt_end_node(tree);
	fdt_begin_node(tree, "psci");
	fdt_property_string(tree, "compatible", "arm,psci-1.0");
	fdt_property_string(tree, "method", "smc");
	fdt_end_node(tree);
	make_cpus(tree);
	make_devices(tree);
	make_chosen(tree);
	fdt_end_node(tree);
	assert_int_equal(fdt_finish(tree), 0);
	return fdt_open_into(tree, tree, ROOM);
}

static int node(const char *path)
{
	int n = fdt_path_offset(tree, path);

	assert_true(n >= 0);
	return n;
}

static int fill(void)
{
	clear_why();
	assert_true(fdt_check(tree, ROOM, &why) > 0);
	return fdt_fill_platform(tree, &p, &why);
}

static void reads_the_board(void **state)
{
	char args[64];

	assert_int_equal(fill(), 0);
	assert_int_equal(p.ram_count, 1);
	assert_int_equal(p.ram[0].base, 0x40000000);
	assert_int_equal(p.ram[0].size, 0x20000000);
	assert_int_equal(p.cpu_count, 2);
	assert_int_equal(p.cpu[1].mpidr, 1);
	assert_int_equal(p.gicd.base, 0x8000000);
	assert_int_equal(p.gicr[0].base, 0x80a0000);
	assert_int_equal(p.gic_maintenance_irq, 25);
	assert_int_equal(p.el2_timer_irq, 26);
	assert_int_equal(p.uart_kind, UART_PL011);
	assert_int_equal(p.uart.base, 0x9000000);
	assert_int_equal(p.uart_irq, 33);
	assert_int_equal(p.virtio_count, 2);
	assert_int_equal(p.virtio_irq[1], 49);
	assert_true(p.psci_smc);
	fdt_bootargs(tree, args, sizeof(args));
	assert_string_equal(args, "hyperstub.wait");
	fdt_bootargs(tree, args, 6);
	assert_string_equal(args, "hyper");
	assert_int_equal(fdt_find_modules(tree, &modules, &why), 0);
	assert_int_equal(modules.kernel.base, 0x48000000);
	assert_int_equal(modules.initrd.size, 0x2000);
	assert_string_equal(modules.bootargs, "console=ttyAMA0");
}

static void refuses_what_is_no_tree(void **state)
{
	uint8_t none[64] __attribute__((aligned(8))) = { 0 };

	assert_int_equal(fdt_check(NULL, ROOM, &why), -EINVAL);
	assert_int_equal(fdt_check(tree + 4, ROOM, &why), -EINVAL);
	assert_int_equal(fdt_check(none, sizeof(none), &why), -EINVAL);
	clear_why();
	assert_int_equal(fdt_check(tree, fdt_totalsize(tree) - 1, &why),
			 -EINVAL);
	assert_non_null(strstr(text, "TRUNCATED"));
	fdt_set_version(tree, 99);
	fdt_set_last_comp_version(tree, 99);
	assert_int_equal(fdt_check(tree, ROOM, &why), -EINVAL);
}

static void refused(const char *want)
{
	assert_true(fill() < 0);
	if (!strstr(text, want))
		fail_msg("'%s' does not say '%s'", text, want);
}

static void says_what_a_board_lacks(void **state)
{
	fdt32_t many[2] = { cpu_to_fdt32(9), 0 };

	fdt_setprop(tree, node("/memory@40000000"), "reg", "", 0);
	refused("memory");
	setup(state);
	/* ends beyond the last address */
	fdt_setprop_u64(tree, node("/memory@40000000"), "reg", UINT64_MAX);
	fdt_appendprop_u64(tree, node("/memory@40000000"), "reg", 4096);
	refused("memory");
	setup(state);
	fdt_del_node(tree, node("/cpus"));
	refused("cpu");
	setup(state);
	fdt_setprop_u32(tree, node("/cpus"), "#address-cells", 7);
	refused("cpu");
	setup(state);
	fdt_setprop_string(tree, node("/intc@8000000"), "compatible",
			   "arm,cortex-a15-gic");
	refused("GICv2");
	setup(state);
	fdt_del_node(tree, node("/intc@8000000"));
	refused("gic-v3");
	setup(state);
	fdt_setprop_u64(tree, node("/intc@8000000"), "reg", 0);
	refused("GICv3");
	setup(state);
	fdt_setprop(tree, node("/intc@8000000"), "#redistributor-regions",
		    many, 4);
	refused("GICv3");
	setup(state);
	fdt_setprop_u32(tree, node("/intc@8000000"), "#redistributor-regions",
			0);
	refused("GICv3");
	setup(state);
	fdt_setprop_u32(tree, node("/intc@8000000"), "#redistributor-regions",
			2);
	refused("redistributor");
}

static void takes_no_more_than_it_has_room_for(void **state)
{
	int cpus;

	for (uint32_t i = 2; i <= PLATFORM_MAX_CPUS; i++) {
		char name[16] = "cpu@";
		int n;

		name[4] = (char)('a' + i / 26);
		name[5] = (char)('a' + i % 26);
		cpus = node("/cpus");
		n = fdt_add_subnode(tree, cpus, name);
		assert_true(n >= 0);
		fdt_setprop_string(tree, n, "device_type", "cpu");
		fdt_setprop_u32(tree, n, "reg", i);
	}
	refused("more than 64 CPUs");
	setup(state);
	for (unsigned int i = 0; i < 2 * PLATFORM_MAX_RAM; i++) {
		fdt_appendprop_u64(tree, node("/memory@40000000"), "reg",
				   0x100000000 * (i + 1));
		fdt_appendprop_u64(tree, node("/memory@40000000"), "reg",
				   0x10000);
	}
	assert_int_equal(fill(), 0);
	assert_int_equal(p.ram_count, PLATFORM_MAX_RAM);
}

static void refuses_modules_that_are_none(void **state)
{
	char *long_args = calloc(1, 5000);

	fdt_setprop(tree, node("/chosen/module@48000000"), "reg", "", 0);
	assert_int_equal(fdt_find_modules(tree, &modules, &why), -EINVAL);
	assert_non_null(strstr(text, "module@48000000"));
	setup(state);
	fdt_setprop_u64(tree, node("/chosen/module@4a000000"), "reg",
			UINT64_MAX - 5);
	fdt_appendprop_u64(tree, node("/chosen/module@4a000000"), "reg", 100);
	assert_int_equal(fdt_find_modules(tree, &modules, &why), -EINVAL);
	setup(state);
	memset(long_args, 'x', 4999);
	fdt_setprop_string(tree, node("/chosen/module@48000000"), "bootargs",
			   long_args);
	assert_int_equal(fdt_find_modules(tree, &modules, &why), -E2BIG);
	free(long_args);
}

/* ---- USB ------------------------------------------------------------------- */

static int add(const char *parent, const char *name)
{
	int n = fdt_add_subnode(tree, node(parent), name);

	assert_true(n >= 0);
	return n;
}

static void set_cells(const char *path, const char *name, const uint32_t *v,
		      size_t n)
{
	fdt_delprop(tree, node(path), name);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(fdt_appendprop_u32(tree, node(path), name,
						    v[i]),
				 0);
}

#define SET(path, name, ...)                                       \
	set_cells(path, name, (const uint32_t[]){ __VA_ARGS__ },   \
		  sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* A controller within glue, on a bus of 32-bit addresses; two PHYs. */
static void add_usb(void)
{
	int n = add("/", "soc");

	fdt_setprop_string(tree, n, "compatible", "simple-bus");
	SET("/soc", "#address-cells", 1);
	SET("/soc", "#size-cells", 1);
	SET("/soc", "ranges", 0x1000000, 0, 0xfe000000, 0x1000000);
	n = add("/soc", "phy@10");
	SET("/soc/phy@10", "#phy-cells", 0);
	SET("/soc/phy@10", "phandle", 7);
	n = add("/soc", "phy@20");
	SET("/soc/phy@20", "#phy-cells", 1);
	SET("/soc/phy@20", "phandle", 8);
	n = add("/soc", "glue");
	fdt_setprop_string(tree, n, "compatible", "rockchip,rk3399-dwc3");
	SET("/soc/glue", "#address-cells", 1);
	SET("/soc/glue", "#size-cells", 1);
	fdt_setprop(tree, node("/soc/glue"), "ranges", "", 0);
	n = add("/soc/glue", "usb@1800000");
	fdt_setprop_string(tree, n, "compatible", "snps,dwc3");
	SET("/soc/glue/usb@1800000", "reg", 0x1800000, 0x100000);
	SET("/soc/glue/usb@1800000", "interrupts", 0, 105, 4);
	SET("/soc/glue/usb@1800000", "phys", 8, 4, 7);
	fdt_setprop_string(tree, node("/soc/glue/usb@1800000"), "phy_type",
			   "utmi_wide");
	add("/soc/glue/usb@1800000", "port");
}

static void finds_an_8250_for_the_log(void **state)
{
	int n;

	add_usb();
	n = add("/soc", "serial@1a0000");
	fdt_setprop(tree, n, "compatible", "rockchip,rk3399-uart\0snps,dw-apb-uart",
		    38);
	SET("/soc/serial@1a0000", "reg", 0x11a0000, 0x100);
	SET("/soc/serial@1a0000", "reg-shift", 2);
	SET("/soc/serial@1a0000", "reg-io-width", 4);
	fdt_setprop_string(tree, add("/", "aliases"), "serial2",
			   "/soc/serial@1a0000");
	fdt_setprop_string(tree, node("/chosen"), "stdout-path",
			   "serial2:1500000n8");
	assert_int_equal(fill(), 0);
	assert_true(p.log_8250 == 0xfe1a0000);
	/* the PL011 is what a debugger can have, wherever the log goes */
	assert_int_equal(p.uart_kind, UART_PL011);
	fdt_del_node(tree, node("/pl011@9000000"));
	memset(&p, 0, sizeof(p));
	assert_int_equal(fill(), 0);
	assert_int_equal(p.uart_kind, UART_NONE);
	assert_true(p.log_8250 == 0xfe1a0000);
	/* bytes side by side: not this kind */
	SET("/soc/serial@1a0000", "reg-shift", 0);
	memset(&p, 0, sizeof(p));
	assert_int_equal(fill(), 0);
	assert_int_equal(p.log_8250, 0);
}

static void finds_usb_controllers_through_their_buses(void **state)
{
	add_usb();
	fdt_setprop_string(tree, node("/"), "serial-number", "0123abc");
	assert_int_equal(fill(), 0);
	assert_int_equal(p.usb_count, 1);
	assert_int_equal(p.usb[0].regs.base, 0xfe800000);
	assert_int_equal(p.usb[0].regs.size, 0x100000);
	assert_int_equal(p.usb[0].irq, 137);
	assert_int_equal(p.usb[0].utmi_bits, 16);
	assert_false(p.usb[0].coherent);
	assert_false(p.usb[0].host_only);
	assert_false(p.usb[0].elsewhere);
	assert_string_equal(p.serial, "0123abc");
	fdt_setprop(tree, node("/soc/glue/usb@1800000"), "dma-coherent", "",
		    0);
	fdt_setprop_string(tree, node("/soc/glue/usb@1800000"), "dr_mode",
			   "host");
	fdt_setprop_string(tree, node("/soc/glue/usb@1800000"),
			   "maximum-speed", "full-speed");
	SET("/soc", "dma-ranges", 0, 0, 0, 0x80000000);
	assert_int_equal(fill(), 0);
	assert_true(p.usb[0].coherent);
	assert_true(p.usb[0].host_only);
	assert_true(p.usb[0].full_speed);
	assert_false(p.usb[0].elsewhere);
	SET("/soc", "dma-ranges", 0, 0, 0x40000000, 0x40000000);
	assert_int_equal(fill(), 0);
	assert_true(p.usb[0].elsewhere);
}

static void takes_the_interrupt_of_the_device_part(void **state)
{
	static const char names[] = "host\0peripheral\0otg";

	add_usb();
	/* as on RK3399, with four cells each */
	SET("/intc@8000000", "#interrupt-cells", 4);
	SET("/intc@8000000", "phandle", 1);
	SET("/soc", "interrupt-parent", 1);
	SET("/soc/glue/usb@1800000", "interrupts", 0, 10, 4, 0, 0, 11, 4, 0, 0,
	    12, 4, 0);
	assert_int_equal(fill(), 0);
	assert_int_equal(p.usb[0].irq, 42);
	fdt_setprop(tree, node("/soc/glue/usb@1800000"), "interrupt-names",
		    names, sizeof(names));
	assert_int_equal(fill(), 0);
	assert_int_equal(p.usb[0].irq, 43);
	SET("/soc", "interrupt-parent", 99);
	assert_int_equal(fill(), 0);
	assert_int_equal(p.usb[0].irq, 0);
	fdt_delprop(tree, node("/soc/glue/usb@1800000"), "interrupts");
	assert_int_equal(fill(), 0);
	assert_int_equal(p.usb[0].irq, 0);
}

static void skips_usb_controllers_that_cannot_be_reached(void **state)
{
	add_usb();
	fdt_setprop_string(tree, node("/soc/glue"), "status", "disabled");
	assert_int_equal(fill(), 0);
	assert_int_equal(p.usb_count, 0);
	fdt_setprop_string(tree, node("/soc/glue"), "status", "okay");
	SET("/soc", "ranges", 0x1000000, 0, 0xfe000000, 0x8fffff);
	assert_int_equal(fill(), 0);
	assert_int_equal(p.usb_count, 0);
	fdt_delprop(tree, node("/soc"), "ranges");
	assert_int_equal(fill(), 0);
	assert_int_equal(p.usb_count, 0);
}

static struct fdt_guest guest_wants(void)
{
	return (struct fdt_guest){
		.ram_base = 0x40000000,
		.ram_size = 0x1c000000,
		.initrd = { 0x44000000, 0x2000 },
		.bootargs = "quiet",
		.hidden = { 0xa000000 },
		.hidden_count = 1,
	};
}

static void gives_the_guest_a_tree_without_us(void **state)
{
	struct fdt_guest g = guest_wants();
	const fdt32_t *v;
	uint32_t room;
	int len;

	assert_int_equal(fill(), 0);
	room = fdt_totalsize(tree);
	assert_int_equal(fdt_make_guest(tree, ROOM, &p, &g, &why), 0);
	assert_int_equal(fdt_check_full(tree, ROOM), 0);
	assert_int_equal(fdt_totalsize(tree), room);
	v = fdt_getprop(tree, node("/memory@40000000"), "reg", &len);
	assert_int_equal(fdt32_to_cpu(v[3]), 0x1c000000);
	assert_true(fdt_path_offset(tree, "/chosen/module@48000000") < 0);
	assert_true(fdt_path_offset(tree, "/chosen/module@4a000000") < 0);
	assert_string_equal(fdt_getprop(tree, node("/chosen"), "bootargs",
					NULL),
			    "quiet");
	v = fdt_getprop(tree, node("/chosen"), "linux,initrd-end", &len);
	assert_int_equal(fdt32_to_cpu(v[1]), 0x44002000);
	assert_string_equal(fdt_getprop(tree, node("/psci"), "method", NULL),
			    "hvc");
	assert_string_equal(fdt_getprop(tree, node("/cpus/cpu@1"),
					"enable-method", NULL),
			    "psci");
	assert_null(fdt_getprop(tree, node("/cpus/cpu@1"), "cpu-release-addr",
				NULL));
	fdt_getprop(tree, node("/timer"), "interrupts", &len);
	assert_int_equal(len, 48);
	assert_null(fdt_getprop(tree, node("/intc@8000000"), "interrupts",
				NULL));
	assert_true(fdt_path_offset(tree, "/virtio_mmio@a000000") < 0);
	node("/virtio_mmio@a000200");
	node("/pl011@9000000");
}

static void hides_a_usb_controller_with_its_glue(void **state)
{
	struct fdt_guest g = guest_wants();

	add_usb();
	g.hidden[1] = 0xfe800000;
	g.hidden_count = 2;
	assert_int_equal(fill(), 0);
	assert_int_equal(fdt_make_guest(tree, ROOM, &p, &g, &why), 0);
	assert_int_equal(fdt_check_full(tree, ROOM), 0);
	node("/soc");
	assert_true(fdt_path_offset(tree, "/soc/glue") < 0);
	/* its own PHY is to be left alone, the shared one is not ours */
	assert_string_equal(fdt_getprop(tree, node("/soc/phy@10"), "status",
					NULL),
			    "disabled");
	assert_null(fdt_getprop(tree, node("/soc/phy@20"), "status", NULL));
	assert_true(fdt_path_offset(tree, "/virtio_mmio@a000000") < 0);
}

static void leaves_glue_that_has_more_in_it(void **state)
{
	struct fdt_guest g = guest_wants();

	add_usb();
	add("/soc/glue", "other");
	g.hidden[0] = 0xfe800000;
	assert_int_equal(fill(), 0);
	assert_int_equal(fdt_make_guest(tree, ROOM, &p, &g, &why), 0);
	node("/soc/glue/other");
	assert_true(fdt_path_offset(tree, "/soc/glue/usb@1800000") < 0);
}

static void leaves_the_guest_no_command_line_but_its_own(void **state)
{
	struct fdt_guest g = guest_wants();

	g.bootargs = "";
	assert_int_equal(fill(), 0);
	assert_int_equal(fdt_make_guest(tree, ROOM, &p, &g, &why), 0);
	assert_null(fdt_getprop(tree, node("/chosen"), "bootargs", NULL));
	setup(state);
	g.bootargs = NULL;
	assert_int_equal(fill(), 0);
	assert_int_equal(fdt_make_guest(tree, ROOM, &p, &g, &why), 0);
	assert_null(fdt_getprop(tree, node("/chosen"), "bootargs", NULL));
}

static void says_when_the_guests_tree_does_not_fit(void **state)
{
	struct fdt_guest g = guest_wants();
	static char args[2000];

	memset(args, 'x', sizeof(args) - 1);
	g.bootargs = args;
	assert_int_equal(fill(), 0);
	fdt_pack(tree);
	assert_true(fdt_make_guest(tree, fdt_totalsize(tree), &p, &g, &why) <
		    0);
	assert_non_null(strstr(text, "NOSPACE"));
	setup(state);
	g.ram_base = 0x12340000; /* not in this tree */
	assert_true(fdt_make_guest(tree, ROOM, &p, &g, &why) < 0);
}

/* All that boot does with a tree, from memory that ends where the tree does. */
static bool boots(const uint8_t *damaged, size_t size)
{
	uint8_t *copy = malloc(size), *guest = malloc(size + 4096);
	struct fdt_guest g = guest_wants();
	char args[1024];
	bool good;

	g.hidden[g.hidden_count++] = 0xfe800000;

	memcpy(copy, damaged, size);
	clear_why();
	memset(&p, 0, sizeof(p));
	good = fdt_check(copy, size, &why) > 0;
	fdt_find_uart(copy, size, &p);
	if (good)
		good = !fdt_fill_platform(copy, &p, &why);
	if (good) {
		fdt_bootargs(copy, args, sizeof(args));
		assert_true(strlen(args) < sizeof(args));
		good = !fdt_find_modules(copy, &modules, &why);
	}
	if (good) {
		memcpy(guest, copy, size);
		good = !fdt_make_guest(guest, size + 4096, &p, &g, &why);
	}
	if (good) {
		assert_int_equal(fdt_check_full(guest, size + 4096), 0);
		assert_in_range(p.ram_count, 1, PLATFORM_MAX_RAM);
		assert_in_range(p.cpu_count, 1, PLATFORM_MAX_CPUS);
		assert_in_range(p.gicr_count, 1, PLATFORM_MAX_GICR);
	} else {
		assert_true(strlen(text) > 10);
	}
	free(copy);
	free(guest);
	return good;
}

static void lives_with_any_damage(void **state)
{
	static uint8_t damaged[ROOM];
	unsigned int good = 0, bad = 0;
	uint32_t seed = 7;
	size_t size;

	add_usb();
	fdt_pack(tree);
	size = fdt_totalsize(tree);
	assert_true(boots(tree, size));
	for (unsigned int i = 0; i < 30000; i++) {
		memcpy(damaged, tree, size);
		for (unsigned int k = 0; k <= i % 4; k++) {
			seed = seed * 1664525 + 1013904223;
			damaged[(seed >> 5) % size] ^=
				(uint8_t)(1u << (seed >> 29));
		}
		if (boots(damaged, size))
			good++;
		else
			bad++;
	}
	/* both happen, or the test tries nothing */
	assert_true(good > 1000 && bad > 1000);
	for (size_t n = 48; n < size; n += 7) {
		assert_false(boots(tree, n));
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reads_the_board),
		T(refuses_what_is_no_tree),
		T(says_what_a_board_lacks),
		T(takes_no_more_than_it_has_room_for),
		T(refuses_modules_that_are_none),
		T(finds_an_8250_for_the_log),
		T(finds_usb_controllers_through_their_buses),
		T(takes_the_interrupt_of_the_device_part),
		T(skips_usb_controllers_that_cannot_be_reached),
		T(gives_the_guest_a_tree_without_us),
		T(hides_a_usb_controller_with_its_glue),
		T(leaves_glue_that_has_more_in_it),
		T(leaves_the_guest_no_command_line_but_its_own),
		T(says_when_the_guests_tree_does_not_fit),
		T(lives_with_any_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
