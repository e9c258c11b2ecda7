/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See guest_mem.h. */
#include "guest_mem.h"

#include <errno.h>
#include <string.h>

#include "barrier.h"
#include "feature.h"
#include "guest.h"
#include "mmio_shadow.h"
#include "platform/platform.h"
#include "page.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "tag.h"

int guarded_read(uint64_t addr, unsigned int size, uint64_t *value);
int guarded_write(uint64_t addr, unsigned int size, uint64_t value);
int guarded_tag(uint64_t addr, uint64_t *value);

#define DEVICE_LIMIT (1ull << 40) /* what memory.c maps */

bool guest_mem_live;

static struct stage1_regime features; /* the fields that ID registers say */

void guest_mem_init(void)
{
	static const uint8_t pa_bits[] = { 32, 36, 40, 42, 44, 48, 52 };
	uint64_t mmfr0 = read_sysreg(id_aa64mmfr0_el1);
	uint64_t mmfr2 = read_sysreg(S3_0_C0_C7_2);
	uint64_t pa = mmfr0 & 15;

	features.pa_bits = pa_bits[pa < ARRAY_SIZE(pa_bits) ? pa : 5];
	features.lva = FIELD_GET(GENMASK(19, 16), mmfr2) == 1;
	features.ttst = FIELD_GET(GENMASK(31, 28), mmfr2);
	features.lpa2_4k = FIELD_GET(GENMASK(31, 28), mmfr0) == 1;
	features.lpa2_16k = FIELD_GET(GENMASK(23, 20), mmfr0) == 2;
}

void guest_regime(struct cpu *c, struct stage1_regime *r)
{
	*r = features;
	if (__atomic_load_n(&c->parked, __ATOMIC_ACQUIRE)) {
		r->sctlr = c->ctx.sctlr;
		r->tcr = c->ctx.tcr;
		r->ttbr0 = c->ctx.ttbr0;
		r->ttbr1 = c->ctx.ttbr1;
		r->mair = c->ctx.mair;
		return;
	}
	/* This CPU; another one that runs is taken to have the same kernel. */
	r->sctlr = read_sysreg_el1(sctlr_el1, SCTLR_EL12);
	r->tcr = read_sysreg_el1(tcr_el1, TCR_EL12);
	r->ttbr0 = read_sysreg_el1(ttbr0_el1, TTBR0_EL12);
	r->ttbr1 = read_sysreg_el1(ttbr1_el1, TTBR1_EL12);
	r->mair = read_sysreg_el1(mair_el1, MAIR_EL12);
}

static struct guest_kernel kernel; /* vbar 0: none seen */

bool guest_note_kernel(void)
{
	uint64_t vbar = read_sysreg_el1(vbar_el1, VBAR_EL12);
	uint64_t ttbr1 = read_sysreg_el1(ttbr1_el1, TTBR1_EL12);
	bool other = (ttbr1 ^ kernel.r.ttbr1) & GENMASK(47, 1);
	bool first = !kernel.vbar;

	if ((vbar == kernel.vbar && !other) ||
	    !(read_sysreg_el1(sctlr_el1, SCTLR_EL12) & 1))
		return false;
	guest_regime(this_cpu(), &kernel.r);
	kernel.vbar = vbar;
	return !first && other;
}

const struct guest_kernel *guest_kernel(void)
{
	return kernel.vbar ? &kernel : NULL;
}

/* Is it worth a look at the noted kernel's tables where r does not map addr? */
static bool may_be_kernels(const struct stage1_regime *r, uint64_t addr)
{
	return addr & BIT(55) && kernel.vbar && r->sctlr & 1 && r->ttbr1 != kernel.r.ttbr1;
}

bool guest_tag_differs(uint64_t pstate, uint64_t va, uint64_t pa,
		       unsigned int size)
{
	uint64_t tag;

	if (!feature_tags() ||
	    !tag_is_checked(read_sysreg_el1(sctlr_el1, SCTLR_EL12),
			    read_sysreg_el1(tcr_el1, TCR_EL12), pstate, va))
		return false;
	for (uint64_t at = ALIGN_DOWN(pa, TAG_GRANULE); at < pa + size;
	     at += TAG_GRANULE)
		if (guarded_tag(at, &tag) || (tag ^ va) & TAG_FIELD)
			return true;
	return false;
}

void guest_regime_for(struct cpu *c, uint64_t addr, struct stage1_regime *r)
{
	struct stage1_result out;

	guest_regime(c, r);
	if (may_be_kernels(r, addr) && stage1_walk(r, addr, NULL, &out) &&
	    !stage1_walk(&kernel.r, addr, NULL, &out))
		*r = kernel.r;
}

int stage1_read_desc(void *ctx, uint64_t ipa, uint64_t *desc)
{
	if (!guest_owns_ram(ipa, 8))
		return -EFAULT;
	*desc = *(const volatile uint64_t *)ipa;
	return 0;
}

static bool is_monitor(uint64_t pa)
{
	return pa - platform->monitor.base < platform->monitor.size;
}

/* Physical: RAM to the end of its bank, devices to the end of the 4K page. */
static int place_physical(uint64_t pa, struct guest_place *p,
			  struct strbuf *why)
{
	p->pa = pa;
	if (guest_owns_ram(pa, 1)) {
		uint64_t base, size;

		guest_ram(&base, &size);
		p->ram = true;
		p->left = 4096 - (pa & 4095);
		if (pa >= base && pa - base < size)
			p->left = size - (pa - base);
		return 0;
	}
	p->ram = false;
	p->cacheable = false;
	p->left = 4096 - (pa & 4095);
	if (!is_monitor(pa) && pa < DEVICE_LIMIT)
		return 0;
	if (why)
		strbuf_printf(why, is_monitor(pa) ?
			"physical address 0x%llx is the monitor's own memory" :
			"physical address 0x%llx is beyond what the monitor maps",
			(unsigned long long)pa);
	return -EFAULT;
}

/* A bare number that is a device's physical address: name the window. */
static void hint_window(uint64_t addr, struct strbuf *why)
{
	if (addr < platform->ram[0].base + platform->ram[0].size && addr >= 4096)
		strbuf_printf(why, "; by its physical address it is 0x%llx",
			      (unsigned long long)(TARGET_WINDOW_PHYS | addr));
}

int guest_translate(struct cpu *c, uint64_t addr, struct guest_place *p,
		    struct strbuf *why)
{
	struct stage1_regime r;

	guest_regime_for(c, addr, &r);
	return guest_translate_by(&r, addr, p, why);
}

int guest_translate_by(const struct stage1_regime *r, uint64_t addr,
		       struct guest_place *p, struct strbuf *why)
{
	uint64_t window = addr & TARGET_WINDOW_MASK;
	struct stage1_result out;
	uint64_t left;
	int err;

	memset(p, 0, sizeof(*p));
	p->cacheable = true;
	p->live = guest_mem_live;
	if (window == TARGET_WINDOW_PHYS || window == TARGET_WINDOW_IPA ||
	    window == TARGET_WINDOW_LIVE) {
		p->live |= window == TARGET_WINDOW_LIVE;
		return place_physical(addr & ~TARGET_WINDOW_MASK, p, why);
	}
	if (stage1_walk(r, addr, NULL, &out)) {
		if (why) {
			strbuf_printf(why, "%s at 0x%llx",
				      stage1_fault_text(out.fault, out.level),
				      (unsigned long long)addr);
			hint_window(addr, why);
		}
		return -EFAULT;
	}
	left = out.left;
	p->cacheable = r->sctlr & 1 ?
			       (r->sctlr & 4) &&
				       stage1_attr_is_cacheable(out.attr) :
			       r->dc;
	err = place_physical(out.pa, p, why);
	if (!err && p->left > left)
		p->left = left;
	return err;
}

static bool one_access(uint64_t pa, size_t len)
{
	return (len == 1 || len == 2 || len == 4 || len == 8) &&
	       !(pa & (len - 1));
}

static void read_ram(const struct guest_place *p, void *buf, size_t n)
{
	if (!p->cacheable) /* what the guest wrote went past the caches */
		dcache_clean_inval_poc(p->pa, n);
	if (one_access(p->pa, n)) {
		uint64_t v = 0;

		guarded_read(p->pa, (unsigned int)n, &v);
		memcpy(buf, &v, n);
	} else {
		memcpy(buf, (const void *)p->pa, n);
	}
}

static void write_ram(const struct guest_place *p, const void *buf, size_t n)
{
	if (page_write(p->pa, buf, n)) {
		/* done on the real page and its shadow */
	} else if (one_access(p->pa, n)) {
		uint64_t v = 0;

		memcpy(&v, buf, n);
		guarded_write(p->pa, (unsigned int)n, v);
	} else {
		memcpy((void *)p->pa, buf, n);
	}
	/* it may be code: the guest would do this for itself */
	icache_sync(p->pa, n);
	if (!p->cacheable)
		dcache_clean_inval_poc(p->pa, n);
}

/* Largest aligned access of a device that starts here. */
static size_t device_width(uint64_t pa, size_t n)
{
	size_t w = 8;

	while (w > n || (pa & (w - 1)))
		w >>= 1;
	if (w == 8 && n != 8)
		w = 4; /* a block of device registers is read by words */
	return w;
}

static int64_t read_device(const struct guest_place *p, void *buf, size_t n,
			   struct strbuf *why)
{
	size_t done = 0;

	while (done < n) {
		uint64_t pa = p->pa + done, v = 0;
		size_t w = device_width(pa, n - done);
		int err = p->live ? guarded_read(pa, (unsigned int)w, &v) :
				    mmio_shadow_get(pa, w, &v);

		if (err && !done && why)
			strbuf_printf(why, p->live ?
				"device at 0x%llx: bus error" :
				"device at 0x%llx: no value has been seen yet; `monitor mmio live on` or address 0x%llx reads the device",
				(unsigned long long)pa,
				(unsigned long long)(TARGET_WINDOW_LIVE | pa));
		if (err)
			return done ? (int64_t)done : err;
		memcpy((char *)buf + done, &v, w);
		done += w;
	}
	return (int64_t)n;
}

static int64_t write_device(const struct guest_place *p, const void *buf,
			    size_t n, struct strbuf *why)
{
	size_t done = 0;

	while (done < n) {
		uint64_t pa = p->pa + done, v = 0;
		size_t w = device_width(pa, n - done);

		memcpy(&v, (const char *)buf + done, w);
		if (guarded_write(pa, (unsigned int)w, v)) {
			if (!done && why)
				strbuf_printf(why, "device at 0x%llx: bus error",
					      (unsigned long long)pa);
			return done ? (int64_t)done : -EFAULT;
		}
		mmio_shadow_put(pa, w, v);
		done += w;
	}
	return (int64_t)n;
}

/* buf is read into where write is not set, and written from where it is. */
static int64_t transfer(struct cpu *c, uint64_t addr, uint8_t *buf, size_t len,
			bool write, struct strbuf *why)
{
	size_t done = 0;

	while (done < len) {
		struct guest_place p;
		size_t n = len - done;
		int64_t k;
		int err = guest_translate(c, addr + done, &p, done ? NULL : why);

		if (err)
			return done ? (int64_t)done : err;
		if (n > p.left)
			n = p.left;
		k = (int64_t)n;
		if (!p.ram)
			k = write ? write_device(&p, buf + done, n,
						 done ? NULL : why) :
				    read_device(&p, buf + done, n,
						done ? NULL : why);
		else if (write)
			write_ram(&p, buf + done, n);
		else
			read_ram(&p, buf + done, n);
		if (k < 0)
			return done ? (int64_t)done : k;
		done += (size_t)k;
		if ((size_t)k < n)
			break;
	}
	return (int64_t)done;
}

int64_t guest_read(struct cpu *c, uint64_t addr, void *buf, size_t len,
		   struct strbuf *why)
{
	return transfer(c, addr, buf, len, false, why);
}

int64_t guest_write(struct cpu *c, uint64_t addr, const void *buf, size_t len,
		    struct strbuf *why)
{
	return transfer(c, addr, (uint8_t *)(uintptr_t)buf, len, true, why);
}

const uint8_t *guest_peek(struct cpu *c, uint64_t addr, size_t *len)
{
	struct guest_place p;

	if (guest_translate(c, addr, &p, NULL) || !p.ram || !p.cacheable)
		return NULL;
	if (*len > p.left)
		*len = p.left;
	return (const uint8_t *)p.pa;
}

/*
 * Where this CPU, running the guest, reads an address from, by the hardware's
 * own walk (or its TLB). Short of what the software walk does: -EFAULT may be
 * no fault.
 */
static int translate_here(uint64_t va, uint64_t *pa)
{
	uint64_t saved = read_sysreg(par_el1), par;

	asm volatile("at s1e1r, %0" : : "r"(va));
	isb(); /* orders the translation before its result */
	par = read_sysreg(par_el1);
	write_sysreg(saved, par_el1);
	if (par & 1)
		return -EFAULT;
	*pa = (par & GENMASK(51, 12)) | (va & 4095);
	return 0;
}

int guest_fetch(struct cpu *c, uint64_t pc, uint32_t *insn)
{
	struct guest_place p;
	int err;

	if (c == this_cpu() && !__atomic_load_n(&c->parked, __ATOMIC_RELAXED) &&
	    !(pc & 3) && !translate_here(pc, &p.pa) && guest_owns_ram(p.pa, 4)) {
		*insn = *(const volatile uint32_t *)p.pa;
		return 0;
	}
	err = guest_translate(c, pc, &p, NULL);
	if (err || !p.ram || pc & 3)
		return -EFAULT;
	*insn = *(const volatile uint32_t *)p.pa;
	return 0;
}
