/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The monitor's own command line: words hyperstub.NAME[=VALUE]. Pure. */
#ifndef ARCH_OPTIONS_H
#define ARCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct strbuf;

enum option_gdb { GDB_AUTO, GDB_VIRTIO, GDB_USB, GDB_UART, GDB_NONE };

#define OPTION_USB_ANY UINT64_MAX

/* Where the bytes of the guest's serial port go. */
enum option_serial { SERIAL_AUTO, SERIAL_GUEST, SERIAL_CHANNEL, SERIAL_GDB };

struct options {
	uint64_t share; /* bytes at the top of RAM; default 64 MiB */
	bool wait; /* the guest's first instruction waits for a debugger */
	bool no_guest; /* hyperstub.guest=none */
	bool vhe; /* use E2H=1 where the core has it */
	enum option_gdb gdb;
	enum option_serial serial;
	uint64_t usb; /* of GDB_USB: the controller's address, or any */
	unsigned int granule; /* stage 2: 4, 16 or 64 (KiB); 0 = choose */
	bool blocks; /* stage 2 maps RAM with blocks, not page by page */
	uint64_t shadow_pages; /* pool for breakpoints; 0 = what fits */
	unsigned int list_registers; /* use at most this many; 0 = all */
};

/*
 * Unknown words without the prefix are somebody else's and skipped. For an
 * unknown hyperstub.* or a wrong value -EINVAL with text that names them all;
 * o is good to go on with: what was wrong has its default.
 */
int options_parse(struct options *o, const char *cmdline, struct strbuf *why);

extern struct options options;

#endif
