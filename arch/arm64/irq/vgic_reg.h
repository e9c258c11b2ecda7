/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What a guest's access to a GICv3 frame means: which register of which
 * interrupts, and whether it is forwarded, played or refused. Pure.
 */
#ifndef ARCH_IRQ_VGIC_REG_H
#define ARCH_IRQ_VGIC_REG_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

enum vgic_reg_kind {
	VGIC_RAZ,     /* reads as zero, writes are ignored */
	VGIC_PASS,    /* goes to the hardware as it is */
	VGIC_PASS_RO, /* reads do, writes are ignored */
	VGIC_CTLR,    /* GICD_CTLR */
	VGIC_WAKER,
	/* one bit an interrupt, 32 bits wide */
	VGIC_GROUP,
	VGIC_ENABLE_SET,
	VGIC_ENABLE_CLEAR,
	VGIC_PEND_SET,
	VGIC_PEND_CLEAR,
	VGIC_ACTIVE_SET,
	VGIC_ACTIVE_CLEAR,
	VGIC_INMIR,    /* superpriority */
	VGIC_PRIORITY, /* one byte an interrupt */
	VGIC_CONFIG,   /* two bits an interrupt */
	VGIC_ROUTE,    /* GICD_IROUTER, or a half of it */
	VGIC_MESSAGE,  /* GICD_SETSPI_NSR and its kin: the value is the INTID */
	VGIC_PROPBASER, /* tables that the GIC reads and writes by itself */
	VGIC_PENDBASER,
	VGIC_ITS_CBASER,
	VGIC_ITS_BASER,
};

struct vgic_reg {
	enum vgic_reg_kind kind;
	uint32_t intid; /* the first that it is about */
	uint32_t base;	/* offset of the whole register of a 64-bit one */
};

/* offset within the frame; sizes other than the register's give VGIC_RAZ. */
struct vgic_reg vgic_gicd_decode(uint32_t offset, unsigned int size,
				 bool write);
/* offset from the redistributor's base; both of its frames, then the rest. */
struct vgic_reg vgic_gicr_decode(uint32_t offset, unsigned int size,
				 bool write);
struct vgic_reg vgic_its_decode(uint32_t offset, unsigned int size, bool write);

/*
 * Where the 32 bits for the INTIDs from first on are: the offset in the
 * distributor, or from a redistributor's base for private ones.
 */
uint32_t vgic_bit_offset(enum vgic_reg_kind kind, uint32_t first);
bool vgic_is_private(uint32_t intid);
/* The first INTID of the word that holds this one's bit. */
uint32_t vgic_word_first(uint32_t intid);
/* SPIs, extended ones too: dense index below VGIC_SPIS; else VGIC_SPIS. */
#define VGIC_SPIS 2048
unsigned int vgic_spi_index(uint32_t intid);

/* A 32-bit half or the whole of a 64-bit register: the new whole value. */
uint64_t vgic_merge64(uint64_t old, uint64_t value, uint32_t offset,
		      unsigned int size);

/* A write to ICC_SGI1R_EL1, ICC_ASGI1R_EL1 or ICC_SGI0R_EL1. */
#define VGIC_SGI_INTID GENMASK(27, 24)
#define VGIC_SGI_LIST GENMASK(15, 0)
#define VGIC_SGI_OTHERS BIT(40) /* IRM: everyone but the sender */
/* Aff3, the range selector, Aff2, Aff1 */
#define VGIC_SGI_WHERE \
	(GENMASK(55, 48) | GENMASK(47, 44) | GENMASK(39, 32) | GENMASK(23, 16))

/* A CPU as such a write names it: those bits and one of the list. */
struct vgic_sgi_target {
	uint64_t where;
	uint16_t bit;
};
struct vgic_sgi_target vgic_sgi_target(uint64_t mpidr);

/* Is it named by a write without VGIC_SGI_OTHERS? */
static inline bool vgic_sgi_targets(uint64_t value,
				    const struct vgic_sgi_target *t)
{
	return (value & VGIC_SGI_WHERE) == t->where && (value & t->bit);
}

/* The memory that a table register's value lets the GIC use. */
struct vgic_table {
	uint64_t base, size;
};
struct vgic_table vgic_table_of(enum vgic_reg_kind kind, uint64_t value,
				unsigned int idbits);
bool vgic_table_overlaps(const struct vgic_table *t, uint64_t base,
			 uint64_t size);

#endif
