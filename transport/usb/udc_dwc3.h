/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The Synopsys DWC3 as a USB 2.0 device controller (udc.h). Clocks, power and
 * PHY run when it is started: the boot loader left them so, or glue of the
 * board saw to it before; here is nothing that is not the core's own. Knows
 * nothing of descriptors or of what the bytes mean. Everything that the
 * controller says is checked: a confused one costs its transfers, no more.
 */
#ifndef TRANSPORT_USB_UDC_DWC3_H
#define TRANSPORT_USB_UDC_DWC3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stub/strbuf.h"
#include "transport/usb/dwc3_event.h"
#include "transport/usb/dwc3_regs.h"
#include "transport/usb/dwc3_ring.h"
#include "transport/usb/udc.h"

#define UDC_DWC3_EVENT_BYTES 4096
/* What udc_dwc3_init() wants to be given, aligned to a page. */
#define UDC_DWC3_ALIGN 4096
#define UDC_DWC3_MEMORY \
	(UDC_DWC3_EVENT_BYTES + 4096 + DWC3_ENDPOINTS * DWC3_RING_BYTES)

#define UDC_DWC3_FIFO (2 * UDC_QUEUE)

/* The PHY's UTMI+ interface (phy_type in a device tree). */
enum udc_dwc3_utmi { UDC_DWC3_UTMI_KEEP, UDC_DWC3_UTMI_8, UDC_DWC3_UTMI_16 };

struct udc_dwc3_config {
	uint64_t base; /* of the registers, physical */
	uint32_t irq;  /* GIC INTID */
	enum udc_dwc3_utmi utmi;
	enum udc_speed max_speed; /* UDC_SPEED_HIGH or UDC_SPEED_FULL */
	void *mem; /* UDC_DWC3_MEMORY bytes that both see alike */
	size_t memlen;
};

/* An endpoint other than 0, by its number: 2 * number + (IN ? 1 : 0). */
struct dwc3_ep {
	uint8_t phys;	 /* the physical endpoint that it has got; 0: none */
	bool open;	 /* for the core */
	bool configured; /* DEPCFG was given what is below */
	bool running;	 /* a transfer is the controller's: ring in use */
	bool stop_due;	 /* End Transfer, as soon as endpoint 0 lets it */
	bool clear_due;	 /* then Clear Stall */
	bool update_due; /* TRBs were added that the controller was not told of */
	bool halted;
	bool failed;	 /* what is queued completes with -EIO */
	uint8_t resource;
	uint8_t type, interval;
	uint16_t max_packet;
	/*
	 * Oldest first: those that are finished and not told yet, then those
	 * that are cancelled, then the others.
	 */
	struct udc_transfer *fifo[UDC_DWC3_FIFO];
	uint8_t at, count, finished, cancelled;
	uint8_t on_ring;     /* the first that are not finished, that many */
	uint32_t first_done; /* bytes of the first one, before a restart */
	struct dwc3_ring ring;
};

enum dwc3_ep0_phase {
	DWC3_EP0_SETUP,	  /* a TRB waits for a SETUP packet */
	DWC3_EP0_DECIDE,  /* the core has the packet */
	DWC3_EP0_DATA,
	DWC3_EP0_BETWEEN, /* data are over, no status stage yet */
	DWC3_EP0_STATUS,
};

struct dwc3_ep0 {
	enum dwc3_ep0_phase phase;
	bool in, three;	   /* the data stage: its direction, is there one */
	bool asked;	   /* for a status stage, by the core */
	bool host_waits;   /* for a status stage */
	bool overtaken;	   /* by a new SETUP packet: the core is told no more */
	uint16_t length;   /* wLength */
	uint8_t resource;
	struct udc_transfer *x, *cancelled;
	volatile struct dwc3_trb *trb; /* two */
	volatile uint8_t *setup;       /* eight bytes */
};

struct udc_dwc3 {
	struct udc udc; /* first */
	uint64_t base;
	enum udc_dwc3_utmi utmi;
	struct usbd *usbd;
	uint16_t core, revision; /* GSNPSID; revision 0xffff: newer than all */
	uint8_t num_eps, num_in_eps;
	bool started;
	bool connected; /* since ConnectDone, until a disconnect */
	bool suspended;
	bool on_bus;	/* a bus reset was seen since the start */
	uint32_t end_delay_us; /* after End Transfer */
	struct dwc3_event_ring events;
	struct dwc3_ep0 ep0;
	struct dwc3_ep ep[DWC3_ENDPOINTS]; /* 0 and 1 are not used */
	uint8_t ep_of[DWC3_ENDPOINTS];	   /* by physical endpoint; 0: none */
	uint8_t *mem;
	uint8_t silent; /* commands in a row that were not answered */
	/* for people */
	uint32_t timeouts, refused, overflows, bad_trbs;
};

/*
 * Is a DWC3 there that can be a device, by the registers at base (which may be
 * read)? 0, -ENODEV with text.
 */
int udc_dwc3_probe(uint64_t base, struct strbuf *why);

/*
 * Make w a struct udc over it; writes no register. -EINVAL: memory too small,
 * not aligned, or out of the controller's reach; with text.
 */
int udc_dwc3_init(struct udc_dwc3 *w, const struct udc_dwc3_config *c,
		  struct strbuf *why);

/* "DWC_usb3 3.10a, high speed, ...": for `monitor info`. */
void udc_dwc3_info(const struct udc_dwc3 *w, struct strbuf *out);

#endif
