/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DWC3 USB controller in device mode, and the USB cable at its PHY. The
 * controller (dwc3_*.c) knows tokens, TRBs and registers; the host's side
 * (host.c, redir.c) knows transfers and usbredir. Between them are the five
 * calls of "the bus" below.
 */
#ifndef HYPERSTUB_DWC3_H
#define HYPERSTUB_DWC3_H

#include "chardev/char-fe.h"
#include "dwc3_hw.h"
#include "hw/sysbus.h"
#include "qemu/timer.h"

#define TYPE_HSDWC3 "hyperstub-dwc3"
OBJECT_DECLARE_SIMPLE_TYPE(HsDwc3, HSDWC3)

/* Physical endpoints, as GHWPARAMS3 says. */
#define HSDWC3_EPS 16
/* What DEPCFG can say at most, and what USB 2.0 allows. */
#define HSDWC3_PACKET_BUFFER 2048
#define HSDWC3_LARGEST_PACKET 1024
/* TRBs that one packet may be spread over. */
#define HSDWC3_TRBS_A_PACKET 256

/* One TRB in the controller's cache, and where it came from. */
struct hs_trb {
	uint64_t at;
	uint64_t buffer;
	uint32_t size;
	uint32_t ctrl;
};

/* A physical endpoint. */
struct hs_ep {
	bool configured;
	uint32_t par0;
	uint32_t par1;
	bool has_resource;
	uint8_t resource; /* transfer resource index */
	bool active;      /* a transfer was started and did not end */
	bool have_trb;    /* trb is valid and the controller's */
	bool starved;     /* HWO was 0: nothing until Update Transfer */
	bool stalled;
	bool told;        /* XferNotReady was sent */
	bool bus_error;
	bool end_waits;   /* End Transfer waits for a SETUP to be stored */
	uint32_t end_cmd;
	struct hs_trb trb;
	uint64_t next;    /* the TRB after this one */
	uint32_t cmd;     /* DEPCMD as it reads */
	uint32_t par[3];
	int64_t busy_until;
	bool cmd_blocked; /* waits for the PHY to leave suspend */
};

enum hs_stage { STAGE_IDLE, STAGE_DATA, STAGE_STATUS };

/* Endpoint 0's control transfer as the controller sees it. */
struct hs_control {
	enum hs_stage stage;
	bool in;            /* direction of the data stage */
	bool three_stages;
	bool setup_pending; /* a SETUP packet waits in the RX FIFO */
	uint8_t setup[8];
	bool data_done;     /* the data stage's TRBs are used up */
	bool lost;          /* a reset or unplug ended it, no SETUP since */
};

struct hs_host; /* host.c */

struct HsDwc3 {
	SysBusDevice parent;
	MemoryRegion mmio;
	MemoryRegion *dma_mr;
	AddressSpace dma;
	qemu_irq irq;
	/* properties */
	CharBackend chr;
	char *speed;
	uint32_t snpsid;
	bool pace;
	bool plugged;
	/* registers that only store, by word */
	uint32_t regs[HSDWC3_SIZE / 4];
	/* event ring */
	uint32_t ev_pos;
	uint32_t ev_count;
	bool ev_overflow;
	bool ehb;
	int64_t imod_until;
	QEMUTimer *imod_timer;
	bool line;
	/* device */
	struct hs_ep ep[HSDWC3_EPS];
	uint32_t next_resource;
	struct hs_control control;
	uint32_t link;
	uint32_t connected_speed; /* DSTS.CONNECTSPD */
	uint8_t address;          /* the one that is answered */
	int64_t reset_until;
	uint64_t mistakes;
	struct hs_host *host;
};

/* ---- the bus: what the host's side calls ---- */

enum {
	HS_NAK = -1,
	HS_STALL = -2,
	HS_SILENT = -3, /* no answer: not addressed, not enabled, no bus */
};

/* All return bytes (>= 0) or one of the above. */
int dwc3_setup(HsDwc3 *s, uint8_t address, const uint8_t setup[8]);
int dwc3_in(HsDwc3 *s, uint8_t address, uint8_t number, uint8_t *data);
int dwc3_out(HsDwc3 *s, uint8_t address, uint8_t number, const uint8_t *data,
	     uint32_t length);

void dwc3_bus_reset(HsDwc3 *s);
void dwc3_connect_done(HsDwc3 *s, bool full_speed);
void dwc3_bus_suspend(HsDwc3 *s);
void dwc3_bus_resume(HsDwc3 *s);
void dwc3_bus_disconnect(HsDwc3 *s);
bool dwc3_pulled_up(HsDwc3 *s);

/* ---- what the controller calls at the host's side ---- */

struct hs_host *host_new(HsDwc3 *s);
void host_device_changed(struct hs_host *h); /* pull-up, reset */
void host_kick(struct hs_host *h);           /* a NAK may be none now */
bool host_set_suspended(struct hs_host *h, bool suspended);
bool host_suspended(struct hs_host *h);
void host_set_plugged(struct hs_host *h, bool plugged);
uint64_t host_slots(struct hs_host *h, bool in, bool ready);
void host_remote_wakeup(struct hs_host *h);
/* "NAME COUNT"; false: no such fault. */
bool host_inject(struct hs_host *h, const char *text);
char *host_injected(struct hs_host *h); /* those that are due; to be freed */

/* ---- within the controller ---- */

#define REG(s, offset) ((s)->regs[(offset) / 4])

int64_t dwc3_now(void);
void dwc3_core_reset(HsDwc3 *s, bool power_on);
uint32_t dwc3_frame(HsDwc3 *s);

/* The driver did what the databook forbids. */
void dwc3_mistake(HsDwc3 *s, int ep, const char *what, uint32_t value);

/* Events and the interrupt. */
void dwc3_event(HsDwc3 *s, uint32_t event);
void dwc3_device_event(HsDwc3 *s, int type, uint32_t info);
void dwc3_event_count_write(HsDwc3 *s, uint32_t value);
void dwc3_irq_update(HsDwc3 *s);
void dwc3_events_reset(HsDwc3 *s);
void dwc3_imod_timer(void *opaque);

/* Commands. */
uint64_t dwc3_ep_read(HsDwc3 *s, uint32_t offset);
void dwc3_ep_write(HsDwc3 *s, uint32_t offset, uint32_t value);
void dwc3_generic_command(HsDwc3 *s, uint32_t value);
void dwc3_phy_awake(HsDwc3 *s);
void dwc3_setup_stored(HsDwc3 *s);

/* TRBs. */
bool dwc3_trb_get(HsDwc3 *s, int ep);
void dwc3_trb_done(HsDwc3 *s, int ep, uint32_t left, uint32_t status);
bool dwc3_trb_copy(HsDwc3 *s, int ep, uint8_t *data, uint32_t length,
		   bool to_memory);
void dwc3_xfer_end(HsDwc3 *s, int ep, uint32_t status);
int dwc3_packet_in(HsDwc3 *s, int ep, uint8_t *data);
int dwc3_packet_out(HsDwc3 *s, int ep, const uint8_t *data, uint32_t length);
void dwc3_not_ready(HsDwc3 *s, int ep, uint32_t status);

/* Endpoint 0. */
void dwc3_control_started(HsDwc3 *s, int ep);
void dwc3_control_setup(HsDwc3 *s, const uint8_t setup[8]);
int dwc3_control_in(HsDwc3 *s, uint8_t *data);
int dwc3_control_out(HsDwc3 *s, const uint8_t *data, uint32_t length);

#endif
