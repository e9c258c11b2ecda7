/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What the board is, as data: filled once from an FDT (or boot_args), never
 * asked "which board" afterwards. Addresses are physical, sizes in bytes,
 * interrupts GIC INTIDs (0 = none).
 */
#ifndef ARCH_PLATFORM_H
#define ARCH_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLATFORM_MAX_CPUS 64
#define PLATFORM_MAX_GICR 8
#define PLATFORM_MAX_ITS 4
#define PLATFORM_MAX_RAM 8
#define PLATFORM_MAX_VIRTIO 64
#define PLATFORM_MAX_USB 4

struct platform_range {
	uint64_t base, size;
};

struct platform_cpu {
	uint64_t mpidr; /* affinity bits only */
};

/* A DWC3 that may be a USB device controller. */
struct platform_usb {
	struct platform_range regs;
	uint32_t irq;
	bool coherent;	   /* it snoops the caches */
	bool host_only;	   /* the board says so */
	bool full_speed;   /* and no faster */
	bool elsewhere;	   /* it sees memory at other addresses than the CPU */
	uint8_t utmi_bits; /* 8 or 16: width of the PHY's interface; 0: not said */
};

enum platform_uart_kind { UART_NONE, UART_PL011 };

struct platform {
	/* RAM as the board has it, and the monitor's part of it */
	struct platform_range ram[PLATFORM_MAX_RAM];
	unsigned int ram_count;
	struct platform_range monitor;

	struct platform_cpu cpu[PLATFORM_MAX_CPUS];
	unsigned int cpu_count;

	/* GICv3 */
	struct platform_range gicd;
	struct platform_range gicr[PLATFORM_MAX_GICR]; /* regions */
	unsigned int gicr_count;
	uint64_t gicr_stride; /* 0: from GICR_TYPER.VLPIS */
	struct platform_range its[PLATFORM_MAX_ITS];
	unsigned int its_count;
	uint32_t gic_maintenance_irq; /* PPI INTID */
	uint32_t el2_timer_irq; /* CNTHP, PPI INTID, normally 26 */

	/* serial port */
	enum platform_uart_kind uart_kind;
	struct platform_range uart;
	uint32_t uart_irq;
	/* where there is none: an 8250 that the log is written to, or 0 */
	uint64_t log_8250;

	/* virtio-mmio slots, in FDT order */
	struct platform_range virtio[PLATFORM_MAX_VIRTIO];
	uint32_t virtio_irq[PLATFORM_MAX_VIRTIO];
	unsigned int virtio_count;

	/* USB controllers that are not disabled, in FDT order */
	struct platform_usb usb[PLATFORM_MAX_USB];
	unsigned int usb_count;
	char serial[64]; /* the machine's serial number, or "" */

	bool psci_smc; /* firmware beneath answers PSCI by SMC */
};

#endif
