/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See kaslr.h. The Image header stays at the start of the kernel's memory:
 * looked for downwards from VBAR_EL1. What it was linked to follows from its
 * version (kaslr_linked()).
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
 * The first mapped step below VBAR_EL1, and where it lies. Early on that is the
 * Image header, at _text; later the kernel gives that memory away and maps itself
 * from _stext on, one step above.
 */
static int find_text(const struct guest_kernel *v, uint64_t *text, uint64_t *stext_pa)
{
	uint64_t a = v->vbar & ~(uint64_t)(STEP - 1);

	for (*text = 0; v->vbar - a < SEARCH; a -= STEP) {
		struct guest_place p;

		if (guest_translate_by(&v->r, a, &p, NULL) || !p.ram)
			break;
		if (is_header(p.pa)) {
			*text = a;
			*stext_pa = p.pa + STEP;
			return 0;
		}
		*text = a - STEP;
		*stext_pa = p.pa;
	}
	return *text ? 0 : -ENODATA;
}

static unsigned int number(const char **p)
{
	unsigned int v = 0;

	while (**p >= '0' && **p <= '9' && v < 1000)
		v = v * 10 + (unsigned int)(*(*p)++ - '0');
	return v;
}

/* linux_banner, somewhere in the image: "Linux version 6.1.0-...". */
static int find_version(uint64_t pa, struct version *v)
{
	uint64_t from = pa | TARGET_WINDOW_PHYS;
	static const char banner[] = "Linux version ";
	uint64_t done = 0;

	while (done < SEARCH) {
		size_t n = SEARCH - done;
		const char *p = (const char *)guest_peek(cpu_get(0), from + done,
							 &n);

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

static int slide_of(const struct guest_kernel *v, uint64_t *slide)
{
	static uint64_t known_text, known_slide;
	uint64_t text, stext_pa;
	struct version version;

	if (!(v->r.sctlr & 1) || find_text(v, &text, &stext_pa))
		return -ENODATA;
	if (text == known_text) {
		*slide = known_slide;
		return 0;
	}
	if (find_version(stext_pa, &version))
		return -ENODATA;
	known_slide = text - kaslr_linked(v->r.tcr, version.major, version.minor);
	known_text = text;
	*slide = known_slide;
	return 0;
}

int kaslr_slide(uint64_t *slide)
{
	const struct guest_kernel *noted = guest_kernel();
	struct guest_kernel v;

	for (unsigned int i = 0; i < cpu_count(); i++) {
		struct cpu *c = cpu_get(i);

		if (!__atomic_load_n(&c->parked, __ATOMIC_ACQUIRE))
			continue;
		guest_regime(c, &v.r);
		v.vbar = c->ctx.vbar;
		if (!slide_of(&v, slide))
			return 0;
	}
	return noted ? slide_of(noted, slide) : -ENODATA;
}
