/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * One CPU's virtual interrupts: which sit in list registers, which wait in the
 * spill queue, which active ones had to leave their list register. Works on a
 * copy of the list registers that the caller loads and stores. Pure.
 */
#ifndef ARCH_IRQ_VGIC_H
#define ARCH_IRQ_VGIC_H

#include <stdbool.h>
#include <stdint.h>

#include "gicv3_regs.h"

#define VGIC_MAX_LRS 16
#define VGIC_QUEUE 512
/* From here on the caller stops acknowledging what may wait outside. */
#define VGIC_QUEUE_HIGH (VGIC_QUEUE - 64)
#define VGIC_EVICTED 64

enum vgic_flag {
	VGIC_GROUP1 = 1,
	VGIC_HW = 2,  /* active in the distributor until the guest is done */
	VGIC_EOI = 4, /* HW = 0, and the end of it is of interest */
	VGIC_PENDING = 8, /* evicted while active: and pending again */
	VGIC_NMI = 16,	  /* superpriority; prio is 0, the group 1 */
};

struct vgic_irq {
	uint32_t intid;
	uint8_t prio;
	uint8_t flags; /* enum vgic_flag */
};

enum vgic_groups {
	VGIC_GRP0_ON = 1,
	VGIC_GRP1_ON = 2
};

struct vgic_cpu {
	unsigned int nr_lrs;
	uint64_t lr[VGIC_MAX_LRS]; /* a copy while an operation runs */
	uint16_t dirty;		   /* which of the copy the caller must store */
	bool split;		   /* the guest's EOImode is 1 */
	uint8_t groups; /* enum vgic_groups: on in the guest's GICD_CTLR */
	unsigned int nr_queue, nr_evicted;
	struct vgic_irq queue[VGIC_QUEUE]; /* pending; the most urgent last */
	struct vgic_irq evicted[VGIC_EVICTED]; /* active */
};

enum vgic_result {
	VGIC_TAKEN,  /* in a list register, or waiting for one */
	VGIC_MERGED, /* it was pending already */
	VGIC_FULL,   /* no room anywhere: nothing was changed */
};

/* The order in which interrupts are taken: the least comes first. */
unsigned int vgic_rank(const struct vgic_irq *irq);

static inline uint64_t vgic_lr_encode(const struct vgic_irq *irq,
				      uint64_t state)
	__attribute__((always_inline));
static inline uint64_t vgic_lr_encode(const struct vgic_irq *irq,
				      uint64_t state)
{
	uint64_t lr = state | FIELD_PREP(ICH_LR_VINTID, irq->intid) |
		      FIELD_PREP(ICH_LR_PRIORITY, irq->prio);

	if (irq->flags & VGIC_GROUP1)
		lr |= ICH_LR_GROUP1;
	if (irq->flags & VGIC_NMI)
		lr |= ICH_LR_NMI;
	if (irq->flags & VGIC_HW)
		lr |= ICH_LR_HW | FIELD_PREP(ICH_LR_PINTID, irq->intid);
	else if (irq->flags & VGIC_EOI)
		lr |= ICH_LR_EOI;
	return lr;
}

struct vgic_irq vgic_lr_decode(uint64_t lr);

/*
 * After loading: with EOImode 1, LPIs that are still active are finished,
 * since LPIs have no active state that a guest would end. (QEMU before 9.0
 * leaves them so for ever; hardware does not.)
 */
void vgic_loaded(struct vgic_cpu *v);

/*
 * Interrupts with VGIC_EOI that the guest has ended since: their list registers
 * become free. Returns how many.
 */
unsigned int vgic_take_ended(struct vgic_cpu *v, uint32_t intid[VGIC_MAX_LRS]);

/* Make an interrupt pending for the guest. */
enum vgic_result vgic_inject(struct vgic_cpu *v, const struct vgic_irq *irq);
/* Fill free list registers from the queue, then with evicted active ones. */
void vgic_refill(struct vgic_cpu *v);
/* ICH_HCR_EL2 without En: what the guest's doings must be reported. */
uint64_t vgic_hcr(const struct vgic_cpu *v);

/*
 * Of the 32 INTIDs from first: which are held here, pending (in a list register
 * or the queue) and active.
 */
struct vgic_held {
	uint32_t pending, active;
};
struct vgic_held vgic_query(const struct vgic_cpu *v, uint32_t first);
/* Take the pending state away from those in mask: which had it. */
uint32_t vgic_take_pending(struct vgic_cpu *v, uint32_t first, uint32_t mask);
/* The same for the active state; what is pending too stays so. */
uint32_t vgic_take_active(struct vgic_cpu *v, uint32_t first, uint32_t mask);
/* Take one pending interrupt out, whichever; false when there is none. */
bool vgic_take_any(struct vgic_cpu *v, struct vgic_irq *irq);
/* All pending ones back into the queue: after v->groups changed. */
void vgic_unload(struct vgic_cpu *v);

/* The CPU interface's state as the guest sees it. */
struct vgic_prio_state {
	uint32_t ap0r[4], ap1r[4]; /* ICH_AP0R<n>_EL2, ICH_AP1R<n>_EL2 */
	bool nmi;		   /* ICH_AP1R0_EL2.NMI: one runs */
	uint32_t vmcr;
	unsigned int prebits;
};

/*
 * Is this evicted one still being handled, EOImode 0? It is while its bit in
 * the active priorities registers is not some list register's.
 */
bool vgic_is_running(const struct vgic_cpu *v, const struct vgic_prio_state *ps,
		     const struct vgic_irq *irq);

/*
 * EOImode 0, and the guest ended interrupts that have no list register: each
 * call hands out one that is over; false when there are no more.
 */
bool vgic_reap(struct vgic_cpu *v, const struct vgic_prio_state *ps,
	       struct vgic_irq *over);
/*
 * The guest's trapped write to ICC_DIR: true if over was active here and needs
 * the same in the distributor (over->flags has VGIC_HW) or is virtual.
 */
bool vgic_dir(struct vgic_cpu *v, uint32_t intid, struct vgic_irq *over);

/* Would the CPU interface signal one of the list registers' interrupts? */
bool vgic_can_take(const struct vgic_cpu *v, const struct vgic_prio_state *ps);

/* The most urgent active priority, NMIs aside, or VGIC_IDLE. */
#define VGIC_IDLE 0x100
unsigned int vgic_running_prio(const struct vgic_prio_state *ps);
/* What runs, to be compared with vgic_rank(). */
unsigned int vgic_running_rank(const struct vgic_prio_state *ps);
/* ICC_RPR_EL1 of the guest. */
uint64_t vgic_rpr_read(const struct vgic_prio_state *ps);

/* ICC_PMR_EL1 and ICC_CTLR_EL1 of the guest by way of ICH_VMCR_EL2. */
uint8_t vgic_pmr_read(uint64_t vmcr);
uint64_t vgic_pmr_write(uint64_t vmcr, uint64_t value, uint8_t prio_mask);
uint64_t vgic_ctlr_read(uint64_t vmcr, uint64_t vtr);
uint64_t vgic_ctlr_write(uint64_t vmcr, uint64_t value);

#endif
