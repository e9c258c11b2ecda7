/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Flattened device trees: what the board says of itself, and the guest's edited
 * copy. Everything in the input is checked; libfdt does the walking.
 */
#ifndef ARCH_PLATFORM_FDT_H
#define ARCH_PLATFORM_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

struct strbuf;

/* A guest that the boot loader placed: multiboot,module nodes of /chosen. */
struct fdt_modules {
	struct platform_range kernel, initrd;
	char bootargs[2048];
};

/* Is this a device tree at all, and whole? Size, or -EINVAL with text. */
int64_t fdt_check(const void *fdt, size_t max, struct strbuf *why);
/*
 * The serial port, for the first messages: fills p->uart*. Also from a tree
 * that fdt_check() refuses, if its header at least can be believed.
 */
void fdt_find_uart(const void *fdt, size_t max, struct platform *p);
/* Fills all of p but p->monitor. */
int fdt_fill_platform(const void *fdt, struct platform *p, struct strbuf *why);
/* USB device controllers and the machine's serial number; part of the above. */
void fdt_find_usb(const void *fdt, struct platform *p);
/* /chosen's bootargs: the monitor's command line ("" when none). */
void fdt_bootargs(const void *fdt, char *buf, size_t len);
/* Modules; sizes are 0 where there is none. */
int fdt_find_modules(const void *fdt, struct fdt_modules *m,
		     struct strbuf *why);

struct fdt_guest {
	uint64_t ram_base, ram_size; /* the bank that the monitor's part was cut from */
	struct platform_range initrd; /* size 0: none */
	const char *bootargs; /* NULL, "": none */
	uint64_t hidden[4]; /* addresses of devices that are the monitor's */
	unsigned int hidden_count;
};

/* Edit the tree in place (buf of len bytes) for the guest. */
int fdt_make_guest(void *buf, size_t len, const struct platform *p,
		   const struct fdt_guest *g, struct strbuf *why);

#endif
