/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See kaslr.h. The Image header stays at the start of the kernel's memory:
 * looked for downwards from VBAR_EL1. What it was linked to follows from its version:
 * KIMAGE_VADDR lies behind 128 MiB of module space up to 6.4, 2 GiB from 6.5 on
 * (arch/arm64/include/asm/memory.h).
 */
#include "kaslr.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cpu.h"
#include "guest_mem.h"

#define STEP 0x10000
#define SEARCH (64ull << 20)

struct version {
	unsigned int major, minor;
};

static bool is_header(uint64_t pa)
{
	uint32_t magic;

	return guest_read(cpu_get(0), (pa + 56) | TARGET_WINDOW_PHYS, &magic, 4,
			  NULL) == 4 &&
	       magic == 0x644d5241;
}

/*
 * The first mapped step below VBAR_EL1. Early on that is the Image header, at
 * _text; later the kernel gives that memory away and maps itself from _stext on,
 * one step above.
 */
static int find_text(struct cpu *c, uint64_t vbar, uint64_t *text)
{
	uint64_t a = vbar & ~(uint64_t)(STEP - 1), pa = 0;

	for (*text = 0; vbar - a < SEARCH; a -= STEP) {
		struct guest_place p;

		if (guest_translate(c, a, &p, NULL) || !p.ram)
			break;
		*text = a;
		pa = p.pa;
		if (is_header(pa))
			return 0;
	}
	if (!*text)
		return -ENODATA;
	*text -= STEP;
	return 0;
}

static unsigned int number(const char **p)
{
	unsigned int v = 0;

	while (**p >= '0' && **p <= '9' && v < 1000)
		v = v * 10 + (unsigned int)(*(*p)++ - '0');
	return v;
}

/* linux_banner, somewhere in the image: "Linux version 6.1.0-...". */
static int find_version(struct cpu *c, uint64_t from, struct version *v)
{
	static const char banner[] = "Linux version ";
	uint64_t done = 0;

	while (done < SEARCH) {
		size_t n = SEARCH - done;
		const char *p = (const char *)guest_peek(c, from + done, &n);

		if (!p)
			return -ENODATA;
		for (size_t i = 0; i + 32 < n; i += 8) { /* it is aligned */
			const char *q = p + i + sizeof(banner) - 1;

			if (memcmp(p + i, banner, sizeof(banner) - 1) ||
			    *q < '0' || *q > '9')
				continue;
			v->major = number(&q);
			q++;
			v->minor = number(&q);
			return 0;
		}
		done += n;
	}
	return -ENODATA;
}

int kaslr_slide(uint64_t *slide)
{
	struct cpu *c = cpu_get(0);
	uint64_t text = 0, tsz, page_end;
	static uint64_t known_text, known_slide;
	struct version v;

	if (!__atomic_load_n(&c->parked, __ATOMIC_ACQUIRE) ||
	    !(c->ctx.sctlr & 1) || find_text(c, c->ctx.vbar, &text))
		return -ENODATA;
	if (text == known_text) {
		*slide = known_slide;
		return 0;
	}
	if (find_version(c, text + STEP, &v))
		return -ENODATA;
	/* VA_BITS_MIN: 48 at the most, whatever T1SZ allows */
	tsz = (c->ctx.tcr >> 16) & 63;
	page_end = -(1ull << ((tsz < 16 ? 48 : 64 - tsz) - 1));
	known_slide = text - (page_end + (v.major > 6 ||
					  (v.major == 6 && v.minor >= 5) ?
						  2ull << 30 :
						  128ull << 20));
	known_text = text;
	*slide = known_slide;
	return 0;
}
