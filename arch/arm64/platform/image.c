/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See image.h. Placement follows QEMU's -kernel. */
#include "image.h"

#include <errno.h>
#include <string.h>

#include "stub/strbuf.h"

#define MIB (1024 * 1024ull)
#define RAW_OFFSET 0x80000

static uint64_t get_le(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static int one_segment(struct image *img, uint64_t dest, size_t size,
		       uint64_t mem_size)
{
	img->seg[0] = (struct image_segment){
		.file_size = size, .dest = dest, .mem_size = mem_size
	};
	img->count = 1;
	img->entry = dest;
	img->fdt_in_x0 = true;
	return 0;
}

/* Documentation/arch/arm64/booting.rst */
static int parse_linux(const uint8_t *f, size_t size, uint64_t base,
		       struct image *img)
{
	uint64_t offset = get_le(f + 8, 8), mem = get_le(f + 16, 8);

	img->kind = "Linux Image";
	if (!mem) /* before 3.17: the offset is fixed */
		offset = RAW_OFFSET;
	else if (offset < 4096)
		offset += 2 * MIB; /* QEMU keeps its boot stub below */
	if (offset > 1024 * MIB)
		return -EINVAL;
	return one_segment(img, base + offset, size, mem > size ? mem : size);
}

static int parse_elf(const uint8_t *f, size_t size, struct image *img,
		     struct strbuf *why)
{
	uint64_t phoff, phnum, phsize;

	img->kind = "ELF";
	if (size < 64 || f[4] != 2 || f[5] != 1 || get_le(f + 18, 2) != 183) {
		strbuf_puts(why, "ELF guest is not a little-endian 64-bit arm64 file");
		return -EINVAL;
	}
	img->entry = get_le(f + 24, 8);
	phoff = get_le(f + 32, 8);
	phsize = get_le(f + 54, 2);
	phnum = get_le(f + 56, 2);
	if (phsize < 56 || phoff > size || phnum * phsize > size - phoff) {
		strbuf_puts(why, "ELF guest's program headers lie outside the file");
		return -EINVAL;
	}
	for (uint64_t i = 0; i < phnum; i++) {
		const uint8_t *p = f + phoff + i * phsize;
		struct image_segment s = { .offset = get_le(p + 8, 8),
					   .dest = get_le(p + 24, 8),
					   .file_size = get_le(p + 32, 8),
					   .mem_size = get_le(p + 40, 8) };
		uint64_t vaddr = get_le(p + 16, 8);

		if (get_le(p, 4) != 1 || !s.mem_size)
			continue;
		if (s.offset > size || s.file_size > size - s.offset ||
		    s.file_size > s.mem_size) {
			strbuf_puts(why, "ELF guest's segment lies outside the file");
			return -EINVAL;
		}
		if (img->count == IMAGE_MAX_SEGMENTS) {
			strbuf_printf(why, "ELF guest has more than %d segments",
				      IMAGE_MAX_SEGMENTS);
			return -E2BIG;
		}
		/* an entry given as a virtual address starts at its physical one */
		if (img->entry - vaddr < s.mem_size && vaddr != s.dest)
			img->entry = img->entry - vaddr + s.dest;
		img->seg[img->count++] = s;
	}
	if (img->count)
		return 0;
	strbuf_puts(why, "ELF guest has nothing to load");
	return -EINVAL;
}

int image_parse(const uint8_t *file, size_t size, uint64_t base, uint64_t ram,
		struct image *img, struct strbuf *why)
{
	int err;

	memset(img, 0, sizeof(*img));
	if (size >= 4 && !memcmp(file, "\177ELF", 4)) {
		err = parse_elf(file, size, img, why);
	} else if (size >= 64 && !memcmp(file + 56, "ARM\x64", 4)) {
		err = parse_linux(file, size, base, img);
		if (err)
			strbuf_puts(why, "Linux Image header asks for a text_offset over 1 GiB");
	} else {
		img->kind = "raw binary";
		err = one_segment(img, base + RAW_OFFSET, size, size);
	}
	if (err)
		return err;
	for (unsigned int i = 0; i < img->count; i++) {
		const struct image_segment *s = &img->seg[i];

		if (s->dest < base || s->dest - base > ram ||
		    s->mem_size > ram - (s->dest - base)) {
			strbuf_printf(why, "%s needs memory at 0x%llx..0x%llx; the guest has 0x%llx..0x%llx",
				      img->kind, (unsigned long long)s->dest,
				      (unsigned long long)(s->dest + s->mem_size),
				      (unsigned long long)base,
				      (unsigned long long)(base + ram));
			return -ENOSPC;
		}
		if (s->dest + s->mem_size > img->end)
			img->end = s->dest + s->mem_size;
	}
	return 0;
}
