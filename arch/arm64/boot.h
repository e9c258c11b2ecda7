/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Called from start.S; names that assembly and C share. */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <stdint.h>

extern char el2_vectors[], secondary_entry[];

uint64_t boot_early(const void *fdt, uint64_t load_base);
void boot_main(void) __attribute__((noreturn));

#endif
