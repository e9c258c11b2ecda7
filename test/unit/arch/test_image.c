/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Guest kernels: which file is what, where it goes, what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "platform/image.h"
#include "stub/strbuf.h"

#define BASE 0x40000000ull
#define RAM (64ull << 20)

static struct image img;
static char text[300];

/* From memory of exactly that size, so that a read beyond it is seen. */
static int parse(const uint8_t *file, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct strbuf why;
	int err;

	memcpy(copy, file, size);
	strbuf_init(&why, text, sizeof(text));
	err = image_parse(copy, size, BASE, RAM, &img, &why);
	free(copy);
	return err;
}

static void put(uint8_t *p, uint64_t v, unsigned int bytes)
{
	for (; bytes--; v >>= 8)
		*p++ = (uint8_t)v;
}

static void make_linux(uint8_t *f, uint64_t offset, uint64_t size)
{
	memset(f, 0, 128);
	put(f + 8, offset, 8);
	put(f + 16, size, 8);
	memcpy(f + 56, "ARM\x64", 4);
}

/* One program header; the file is 64 + 56 + 16 bytes. */
#define ELF_SIZE (64 + 56 + 16)

static void make_elf(uint8_t *f)
{
	memset(f, 0, ELF_SIZE);
	memcpy(f, "\177ELF\2\1\1", 7);
	put(f + 18, 183, 2);
	put(f + 24, 0xffff800000000010, 8); /* entry, virtual */
	put(f + 32, 64, 8);
	put(f + 54, 56, 2);
	put(f + 56, 1, 2);
	put(f + 64, 1, 4);
	put(f + 72, 120, 8);
	put(f + 80, 0xffff800000000000, 8);
	put(f + 88, BASE + 0x100000, 8);
	put(f + 96, 16, 8);
	put(f + 104, 4096, 8);
}

static void linux_goes_behind_its_offset(void **state)
{
	uint8_t f[128];

	make_linux(f, 0, 1 << 20);
	assert_int_equal(parse(f, sizeof(f)), 0);
	assert_string_equal(img.kind, "Linux Image");
	assert_int_equal(img.seg[0].dest, BASE + (2 << 20));
	assert_int_equal(img.seg[0].mem_size, 1 << 20);
	assert_int_equal(img.entry, img.seg[0].dest);
	assert_true(img.fdt_in_x0);
	make_linux(f, 0x80000, 1 << 20);
	assert_int_equal(parse(f, sizeof(f)), 0);
	assert_int_equal(img.entry, BASE + 0x80000);
	make_linux(f, 0x12345, 0); /* as before Linux 3.17 */
	assert_int_equal(parse(f, sizeof(f)), 0);
	assert_int_equal(img.entry, BASE + 0x80000);
	assert_int_equal(img.end, BASE + 0x80000 + sizeof(f));
}

static void linux_that_does_not_fit_is_refused(void **state)
{
	static const uint64_t bad[][2] = {
		{ 0, RAM },
		{ 0, UINT64_MAX },
		{ 1ull << 32, 4096 },
		{ UINT64_MAX, 4096 },
		{ UINT64_MAX - 4095, 4096 },
		{ RAM, 4096 },
		{ 1ull << 30, UINT64_MAX - (1ull << 30) },
	};
	uint8_t f[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_linux(f, bad[i][0], bad[i][1]);
		assert_true(parse(f, sizeof(f)) < 0);
		assert_true(strlen(text) > 10);
	}
}

static void elf_starts_at_the_physical_entry(void **state)
{
	uint8_t f[ELF_SIZE];

	make_elf(f);
	assert_int_equal(parse(f, sizeof(f)), 0);
	assert_string_equal(img.kind, "ELF");
	assert_int_equal(img.count, 1);
	assert_int_equal(img.entry, BASE + 0x100010);
	assert_false(img.fdt_in_x0);
	assert_int_equal(img.seg[0].offset, 120);
	assert_int_equal(img.end, BASE + 0x101000);
}

static void broken_elf_is_refused_with_words(void **state)
{
	static const struct {
		unsigned int at, bytes;
		uint64_t value;
	} bad[] = {
		{ 4, 1, 1 },		/* 32 bits */
		{ 5, 1, 2 },		/* big-endian */
		{ 18, 2, 62 },		/* x86-64 */
		{ 32, 8, 1 << 20 },	/* headers beyond the file */
		{ 32, 8, UINT64_MAX },
		{ 54, 2, 8 },
		{ 54, 2, 0xffff },
		{ 56, 2, 0 },		/* no headers */
		{ 56, 2, 0xffff },
		{ 64, 4, 2 },		/* none to load */
		{ 72, 8, 121 },		/* a segment beyond the file */
		{ 72, 8, UINT64_MAX - 4 },
		{ 96, 8, UINT64_MAX },
		{ 96, 8, 5000 },
		{ 104, 8, 8 },		/* smaller in memory than in the file */
		{ 104, 8, UINT64_MAX },
		{ 88, 8, BASE - 4096 },
		{ 88, 8, BASE + RAM },
		{ 88, 8, UINT64_MAX - 100 },
	};
	uint8_t f[ELF_SIZE];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_elf(f);
		put(f + bad[i].at, bad[i].value, bad[i].bytes);
		assert_true(parse(f, sizeof(f)) < 0);
		assert_true(strlen(text) > 10);
	}
}

static void files_cut_anywhere_are_not_read_beyond(void **state)
{
	uint8_t f[ELF_SIZE];

	make_elf(f);
	for (size_t n = 4; n < 64 + 56; n++)
		assert_true(parse(f, n) < 0);
	make_linux(f, 0, 4096);
	for (size_t n = 0; n < 64; n++) {
		assert_int_equal(parse(f, n), 0);
		assert_string_equal(img.kind, "raw binary");
	}
}

static void damaged_files_never_leave_the_guests_memory(void **state)
{
	uint32_t seed = 1;
	uint8_t f[ELF_SIZE];

	for (unsigned int i = 0; i < 20000; i++) {
		if (i & 1)
			make_elf(f);
		else
			make_linux(f, 0, 4096);
		for (unsigned int k = 0; k < 3; k++) {
			seed = seed * 1664525 + 1013904223;
			f[(seed >> 8) % 120] ^= (uint8_t)(1u << (seed >> 29));
		}
		if (parse(f, sizeof(f)))
			continue;
		for (unsigned int s = 0; s < img.count; s++) {
			const struct image_segment *g = &img.seg[s];

			assert_true(g->dest >= BASE &&
				    g->mem_size <= BASE + RAM - g->dest);
			assert_true(g->file_size <= g->mem_size);
			assert_true(g->offset <= sizeof(f) &&
				    g->file_size <= sizeof(f) - g->offset);
			assert_true(g->dest + g->mem_size <= img.end);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_goes_behind_its_offset),
		cmocka_unit_test(linux_that_does_not_fit_is_refused),
		cmocka_unit_test(elf_starts_at_the_physical_entry),
		cmocka_unit_test(broken_elf_is_refused_with_words),
		cmocka_unit_test(files_cut_anywhere_are_not_read_beyond),
		cmocka_unit_test(damaged_files_never_leave_the_guests_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
