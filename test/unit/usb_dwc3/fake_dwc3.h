/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A register file that answers the DWC3 driver, and a core above it that writes
 * down what it is told. No model of the hardware (test/board has one): it obeys
 * commands and lets the test say what the controller and the host do.
 */
#ifndef TEST_FAKE_DWC3_H
#define TEST_FAKE_DWC3_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/usb/udc_dwc3.h"

#define FAKE_COMMANDS 512
#define FAKE_LOG 256

struct fake_command {
	uint8_t ep, cmd; /* DEPCMD's number */
	uint32_t par0, par1, param, flags;
};

struct fake_dwc3 {
	uint32_t reg[DWC3_REGS_SIZE / 4];
	uint64_t now;
	uint32_t pending; /* bytes of events */
	uint32_t event_at;
	struct fake_command command[FAKE_COMMANDS];
	unsigned int commands;
	bool refuse;	   /* commands get status 1 */
	bool deaf;	   /* CMDACT stays */
	bool never_resets; /* CSFTRST stays */
	bool never_runs;
	uint64_t xfer[DWC3_ENDPOINTS]; /* the TRB that is next, 0: none */
	bool running_when_armed;
};

extern struct fake_dwc3 fake;

/* What the core was told: "reset", "setup 80060001...", "done 81 0 512". */
struct fake_core {
	char log[FAKE_LOG][64];
	unsigned int at;
	/* called from on_complete() and on_setup(), if not NULL */
	void (*react)(const char *entry);
};

extern struct fake_core core;

/* A controller after power on, and the driver over it, started or not. */
struct udc_dwc3 *fake_power_on(void);
struct udc_dwc3 *fake_start(void);
void fake_power_off(struct udc_dwc3 *w);

void fake_event(uint32_t raw);
void fake_ep_event(unsigned int phys, unsigned int event, unsigned int status);
void fake_device_event(unsigned int type, unsigned int info);

/* The next TRB of a transfer, links followed; NULL where it is not ready. */
volatile struct dwc3_trb *fake_trb(unsigned int phys);
void *fake_buffer(const volatile struct dwc3_trb *t);
/* The controller is done with that TRB: left bytes over, a status. */
void fake_trb_done(unsigned int phys, uint32_t left, uint32_t status);

/* The host: a SETUP packet, the rest of its stages, a bus reset, ... */
void fake_setup(struct udc_dwc3 *w, const uint8_t s[8]);
void fake_stage_done(struct udc_dwc3 *w, unsigned int phys, uint32_t left);
void fake_bus_reset(struct udc_dwc3 *w);

/* The next line that the core wrote down, "" where there is none. */
const char *fake_log(void);
/* The last command of that kind, or NULL; how many there were. */
const struct fake_command *fake_last(unsigned int cmd);
unsigned int fake_count(unsigned int cmd);

#endif
