/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Guest memory from EL2. The only place where a guest's address becomes a
 * pointer. Survives any fault.
 */
#ifndef ARCH_GUEST_MEM_H
#define ARCH_GUEST_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"
#include "stage1.h"

struct strbuf;

void guest_mem_init(void);

/* Where an address of a packet is. */
struct guest_place {
	uint64_t pa; /* = IPA */
	uint64_t left; /* bytes that lie there in one piece */
	bool ram;
	bool live; /* a device is really to be read */
	bool cacheable; /* as the guest itself would access it */
};

/* The CPU's EL1&0 regime: its own registers, or those it parked with. */
void guest_regime(struct cpu *c, struct stage1_regime *r);
/* A kernel's own translation, and where its vectors are. */
struct guest_kernel {
	struct stage1_regime r;
	uint64_t vbar;
};
/*
 * A kernel with page-table isolation has other tables, in which it is not
 * mapped, and other vectors while a CPU is in user space. As it was itself is
 * noted when this CPU makes a PSCI call, which all kernels do when they start.
 * True: another kernel than before, one that came by kexec.
 */
bool guest_note_kernel(void);
/* NULL: none has been seen. */
const struct guest_kernel *guest_kernel(void);
/* The same regime, or that of the noted kernel if only that one maps addr. */
void guest_regime_for(struct cpu *c, uint64_t addr, struct stage1_regime *r);
/*
 * Virtual address or window to place, by guest_regime_for(). -EFAULT with text.
 * May be called for this very CPU or a parked one.
 */
int guest_translate(struct cpu *c, uint64_t addr, struct guest_place *p,
		    struct strbuf *why);
/* The same by another regime than the CPU's own, of another process say. */
int guest_translate_by(const struct stage1_regime *r, uint64_t addr,
		       struct guest_place *p, struct strbuf *why);

/*
 * Would this very CPU find the tags of RAM at pa other than va's, if the guest
 * accessed it now? False where it would not look.
 */
bool guest_tag_differs(uint64_t pstate, uint64_t va, uint64_t pa,
		       unsigned int size);

/*
 * Bytes moved, fewer at a fault, or -Exxx with text. Aligned 1, 2, 4 and 8
 * bytes are one access.
 */
int64_t guest_read(struct cpu *c, uint64_t addr, void *buf, size_t len,
		   struct strbuf *why);
int64_t guest_write(struct cpu *c, uint64_t addr, const void *buf, size_t len,
		    struct strbuf *why);
/* Plain RAM behind addr, or NULL; *len is cut to what is there. */
const uint8_t *guest_peek(struct cpu *c, uint64_t addr, size_t *len);

/* The instruction at the guest's PC. -EFAULT. */
int guest_fetch(struct cpu *c, uint64_t pc, uint32_t *insn);

/* `monitor mmio live on`: devices are really read. */
extern bool guest_mem_live;

#endif
