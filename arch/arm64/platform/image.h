/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Guest kernel formats: arm64 Linux Image, ELF64, raw. Pure: reads the bytes it
 * is given, says what goes where.
 */
#ifndef ARCH_PLATFORM_IMAGE_H
#define ARCH_PLATFORM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAX_SEGMENTS 16

struct strbuf;

struct image_segment {
	uint64_t offset, file_size; /* in the file */
	uint64_t dest, mem_size; /* physical; the rest is zeroed */
};

struct image {
	const char *kind; /* "Linux Image", "ELF", "raw binary" */
	struct image_segment seg[IMAGE_MAX_SEGMENTS];
	unsigned int count;
	uint64_t entry; /* physical */
	bool fdt_in_x0;
	uint64_t end; /* first byte after everything */
};

/*
 * file[0..size) is to run in RAM at [base, base + ram). 0, -EINVAL or -ENOSPC
 * with text.
 */
int image_parse(const uint8_t *file, size_t size, uint64_t base, uint64_t ram,
		struct image *img, struct strbuf *why);

#endif
