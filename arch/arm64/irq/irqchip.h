/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The interrupt controller seam: giving interrupts to the guest, and getting
 * back into EL2. One implementation is chosen while struct platform is filled.
 */
#ifndef ARCH_IRQ_IRQCHIP_H
#define ARCH_IRQ_IRQCHIP_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct platform;
struct strbuf;

struct irqchip_ops {
	const char *name;
	/* Once, on the boot CPU; registers its MMIO traps. 0 or -Exxx with text. */
	int (*init)(const struct platform *p, struct strbuf *why);
	/* On each CPU as it starts (again), and before it powers off. */
	void (*cpu_init)(struct cpu *c);
	void (*cpu_off)(struct cpu *c);
	/*
	 * A physical interrupt came to EL2 on this CPU, running or parked: take all
	 * that is there. The monitor's own go to irq_own(); the guest's are left
	 * as enter() would, for the guest may go on right after this. Bounded.
	 */
	void (*handle)(struct cpu *c);
	/*
	 * Before the guest is entered after any other exit: queued ones into the
	 * hardware.
	 */
	void (*enter)(struct cpu *c);
	/*
	 * While held no interrupt reaches this CPU's guest (hidden steps). Physical
	 * ones still come to EL2.
	 */
	void (*hold)(struct cpu *c, bool hold);
	/* Is there one that the guest could take now, masked by PSTATE or not? */
	bool (*pending)(struct cpu *c);
	/* Make another CPU leave its guest: irq_kicked() runs there. */
	void (*kick)(unsigned int cpu);
	/*
	 * Questions that EL2 does not mask (watch.h), where there is an
	 * exception for nothing else: ask another CPU; was this one asked?
	 */
	bool (*can_ask)(void);
	void (*ask)(unsigned int cpu);
	bool (*asked)(struct cpu *c);
	/*
	 * Take an SPI for the monitor: enabled, hidden from the guest, delivered to
	 * this CPU. Called again to route it elsewhere.
	 */
	void (*own)(uint32_t intid, unsigned int cpu);
	/*
	 * Level of a device that the monitor plays for the guest, on an SPI
	 * whose hardware line the guest does not get. Any CPU.
	 */
	void (*set_level)(uint32_t intid, bool level);
	/*
	 * A trapped system register of the controller. -ENOENT: not one of its;
	 * -EAGAIN: the guest is to do it itself, it is not trapped any more.
	 */
	int (*sysreg)(struct cpu *c, uint32_t enc, bool read, uint64_t *value);
	/*
	 * The register whose writes send the guest's IPIs, which nothing is trapped
	 * more often than: ESR_SYSREG_WRITE(), or 0. They come here, not to
	 * sysreg(), and nobody watches: no lock, no wait. True: it is for this CPU
	 * as well, and enter() is to be called.
	 */
	uint32_t ipi_register;
	bool (*ipi)(struct cpu *c, uint64_t value);
	/* State for `monitor info irq`. */
	void (*info)(struct strbuf *out);
};

extern const struct irqchip_ops gicv3_ops;

/* Provided by the monitor: one of its own interrupts fired. */
void irq_own(struct cpu *c, uint32_t intid);
void irq_kicked(struct cpu *c);

#endif
