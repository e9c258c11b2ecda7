/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What the files of the GICv3 driver share. gicv3.c gives interrupts to this
 * CPU's guest, gicv3_mail.c speaks to other CPUs, gicv3_dist.c and gicv3_bits.c
 * answer trapped frames, gicv3_sysreg.c trapped registers, gicv3_spi.c plays the
 * SPIs that the monitor took for itself, gicv3_lr.c holds the system registers.
 */
#ifndef ARCH_IRQ_GICV3_H
#define ARCH_IRQ_GICV3_H

#include <stdbool.h>
#include <stdint.h>

#include "gicv3_regs.h"
#include "irq/irqchip.h"
#include "irq/vgic.h"
#include "irq/vgic_reg.h"
#include "lock.h"
#include "platform/platform.h"

#define GIC_KICK_SGI 7
#define GIC_ASK_SGI 6 /* in group 0: an FIQ */
#define GIC_INBOX 64
#define GIC_LEVELS 4
#define GIC_MAX_VIRTUAL_SPI 32

/* What one CPU asks another to do with its list registers. */
enum gic_op {
	GIC_QUERY,
	GIC_TAKE_PENDING,
	GIC_TAKE_ACTIVE,
	GIC_GROUPS, /* v.groups and what hangs on them */
};

enum gic_mail_state {
	GIC_MAIL_FREE,
	GIC_MAIL_POSTED,
	GIC_MAIL_DOING,
	GIC_MAIL_DONE
};

struct gic_mail {
	uint32_t state; /* atomic, enum gic_mail_state */
	enum gic_op op;
	uint32_t first, mask;
	struct vgic_held held; /* the answer */
};

/* What a CPU has to look at before it enters its guest, besides its pend. */
enum gic_work {
	GIC_WORK_MAIL = 1,
	GIC_WORK_INBOX = 2,
	GIC_WORK_ALL = 3
};

struct gic_cpu {
	unsigned int id;
	struct vgic_sgi_target at;
	uint32_t online; /* atomic */
	uint32_t work;	 /* atomic, enum gic_work */
	uint32_t kicked; /* atomic: a kick is on its way */
	uint32_t pend;	 /* atomic: SGIs and played PPIs */
	uint32_t enable; /* of those; changed under gic.lock */
	uint32_t edge;
	uint32_t nmi;	   /* of the played ones, the guest's INMIR */
	uint32_t group[3]; /* guest's IGROUPR of private interrupts */
	uint8_t prio[GIC_PRIVATE];
	uint64_t rd;	   /* redistributor; 0: this CPU has none */
	struct vgic_cpu v; /* its own CPU's only */
	bool asleep;	      /* the guest's GICR_WAKER */
	struct gic_mail mail; /* written under gic.lock */
	struct spinlock inbox_lock;
	unsigned int nr_inbox;
	struct vgic_irq inbox[GIC_INBOX];
	uint64_t hcr; /* as in ICH_HCR_EL2 */
	bool held, throttled;
	unsigned int nr_level; /* gicv3_level.c */
	uint32_t level[GIC_LEVELS];
	uint32_t soft; /* private ones that the guest ever made pending */
	uint32_t lr_intid[VGIC_MAX_LRS]; /* what was last written there */
	uint64_t injected, spilled, maintained, lost;
};

/* An SPI that is the monitor's, as the guest is to see it. */
struct gic_spi {
	uint32_t intid;
	uint64_t route;
	uint8_t prio;
	bool enable, latch, level, edge, nmi;
	unsigned int held; /* 1 + the CPU that has it in hand */
};

struct gic {
	const struct platform *p;
	uint64_t gicd;
	bool ds; /* one security state */
	bool timer_asks; /* a lone CPU has its timer ask it */
	unsigned int idbits, prebits;
	uint8_t prio_mask;
	unsigned int nr_lrs;
	bool tds;			/* ICH_HCR_EL2.TDIR works */
	bool nmi;			/* GICD_INMIR and its kin are there */
	struct spinlock lock;		/* what follows; gic_lock() */
	uint32_t vctlr;			/* atomic: the guest's GICD_CTLR */
	uint32_t group[VGIC_SPIS / 32]; /* the guest's IGROUPR */
	uint32_t soft[GIC_SPECIAL / 32 + 1]; /* as in gic_cpu; SPIs */
	uint32_t own[VGIC_SPIS / 32]; /* the monitor's; read without lock */
	uint8_t holder[VGIC_SPIS];    /* 1 + CPU that acknowledged it last */
	uint8_t by_bit[16]; /* a CPU with that bit in a target list; a hint */
	unsigned int nr_spi;
	struct gic_spi spi[GIC_MAX_VIRTUAL_SPI];
	uint64_t refused;
};

extern struct gic gic;
extern struct gic_cpu gic_cpus[PLATFORM_MAX_CPUS];

/* gicv3_lr.c: list registers and the CPU interface */
void gic_lr_load(struct gic_cpu *g);
void gic_lr_store(struct gic_cpu *g);
/* One more pending interrupt straight into a free one, if there is nothing to
 * weigh up. */
bool gic_lr_fast(struct gic_cpu *g, struct vgic_irq irq);
void gic_hcr_update(struct gic_cpu *g, bool force);
void gic_prio_state(struct vgic_prio_state *ps);
void gic_interface_init(struct gic_cpu *g);
void gic_interface_off(struct gic_cpu *g);
uint32_t gic_ack(void);
bool gic_is_pending(void); /* an IRQ, for EL2 */
uint64_t gic_running(void); /* ICC_RPR_EL1 */
void gic_eoi(uint32_t intid);
void gic_deactivate(uint32_t intid);
void gic_probe(void);
void gic_send_kick(const struct vgic_sgi_target *t);
void gic_send_question(const struct vgic_sgi_target *t);
uint32_t gic_ack_group0(void);
void gic_end_group0(uint32_t intid);

uint64_t gic_vmcr_read(void);
void gic_vmcr_write(uint64_t vmcr);
uint64_t gic_vtr_read(void);

/* gicv3_mail.c: between CPUs; never with a loaded copy of list registers */
enum vgic_result gic_inject(struct gic_cpu *g, struct vgic_irq irq);
void gic_mail_serve(struct gic_cpu *g);
void gic_inbox_drain(struct gic_cpu *g);
void gic_groups_follow(struct gic_cpu *g);
void gic_lock(void);
void gic_unlock(void);
struct vgic_held gic_request(struct gic_cpu *t, enum gic_op op, uint32_t first,
			     uint32_t mask);
void gic_post(struct gic_cpu *t, const struct vgic_irq *irq);
void gic_wake(struct gic_cpu *t, enum gic_work work);
void gic_nudge(struct gic_cpu *t); /* look again, if it is another CPU */
void gic_kick(struct gic_cpu *t); /* unless one is on its way */

/* gicv3_sysreg.c: of struct irqchip_ops */
int gic_sysreg(struct cpu *c, uint32_t enc, bool read, uint64_t *value);
bool gic_ipi(struct cpu *c, uint64_t value);

/* gicv3.c */
uint8_t gic_groups(void);
/* Is one of its virtual private interrupts due? */
static inline bool gic_private_due(const struct gic_cpu *g)
{
	return __atomic_load_n(&g->pend, __ATOMIC_RELAXED) &
	       __atomic_load_n(&g->enable, __ATOMIC_RELAXED);
}

/* Is it in group 1, as the guest has it: an SGI or a PPI. */
static inline bool gic_private_group1(const struct gic_cpu *g, uint32_t intid)
	__attribute__((always_inline));
static inline bool gic_private_group1(const struct gic_cpu *g, uint32_t intid)
{
	return !gic.ds || (g->group[0] >> intid & 1);
}

bool gic_is_edge(const struct gic_cpu *g, uint32_t intid);
/* With superpriority, which only group 1 has. */
void gic_make_nmi(struct vgic_irq *irq);
/* Address of the 32 bits for the INTIDs from first on. */
uint64_t gic_bits(const struct gic_cpu *g, enum vgic_reg_kind kind,
		  uint32_t first);
/* Deactivate what the guest will not end; pending once more if edge. */
void gic_give_back(const struct gic_cpu *g, uint32_t intid);

/* gicv3_bits.c: under gic.lock */
/* A word of 32 interrupts: g's private ones, or SPIs where g is NULL. */
struct gic_word {
	struct gic_cpu *g;
	uint32_t first;
	uint32_t played; /* those that have no hardware behind them */
};
uint32_t gic_private_played(void);
struct gic_word gic_word_of(struct gic_cpu *g, uint32_t first);
uint32_t gic_bits_read(const struct gic_word *w, enum vgic_reg_kind kind);
void gic_bits_write(const struct gic_word *w, enum vgic_reg_kind kind,
		    uint32_t v);
/* The guest may take no more of these that are pending: nor lose them. */
void gic_retract(const struct gic_word *w, uint32_t mask);

/* gicv3_level.c: on g's own CPU, never with a loaded copy */
/* One was given to the guest: is its line to be looked at again? */
void gic_level_note(struct gic_cpu *g, const struct vgic_irq *irq);
/* Take back those whose line has fallen. */
void gic_level_check(struct gic_cpu *g);
/* The same, before the guest looks at its CPU interface, untrapped then. */
void gic_level_look(struct gic_cpu *g);
/* The guest made these pending: no line says how long they are. */
void gic_level_set_by_software(const struct gic_word *w, uint32_t v);

/* gicv3_dist.c */
int gic_dist_init(struct strbuf *why);

/* gicv3_spi.c: all under gic.lock unless said otherwise */
bool gic_spi_is_own(uint32_t intid); /* no lock */
struct gic_spi *gic_spi_find(uint32_t intid);
void gic_spi_deliver(struct gic_spi *s);
/* Taken out of a CPU's hands before the guest took it. */
void gic_spi_taken(struct gic_spi *s);
void gic_spi_ended(uint32_t intid); /* takes the lock */
void gic_spi_cpu_off(struct gic_cpu *g);
void gicv3_own(uint32_t intid, unsigned int cpu);
void gicv3_set_level(uint32_t intid, bool level);

#endif
