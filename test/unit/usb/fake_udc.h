/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A device controller with a host on its other side, as functions: control
 * transfers, packets out and in, resets. What the core may not do with a
 * controller (udc.h) ends the program.
 */
#ifndef FAKE_UDC_H
#define FAKE_UDC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/usb/udc.h"

#define FAKE_STALL (-1) /* the device answered so */
#define FAKE_NAK (-2)	/* it had nothing, or no room */
#define FAKE_ENDPOINTS 32
#define FAKE_LATE 1024

enum fake_answer {
	FAKE_NO_ANSWER,
	FAKE_DATA,
	FAKE_STATUS,
	FAKE_STALLED,
};

struct fake_ep {
	bool open, halted;
	enum udc_ep_type type;
	uint16_t max_packet;
	uint8_t interval;
	unsigned int opened, toggles; /* how often */
	struct udc_transfer *queue[UDC_QUEUE];
	unsigned int queued;
	bool zlp_due; /* of the first one */
};

struct fake_late {
	uint8_t addr;
	struct udc_transfer *x;
};

struct fake_udc {
	struct udc udc; /* first */
	struct usbd *d;
	bool started, configured;
	uint8_t address;
	int test_mode;
	int refuse; /* ep_open() of this address says -ENOSPC */
	/* cancelled transfers complete at the next poll */
	bool late;
	struct fake_late lates[FAKE_LATE];
	unsigned int late_count;
	/* endpoint 0 */
	bool in_setup; /* an answer is owed */
	uint16_t wLength;
	bool reads;
	enum fake_answer answer;
	struct udc_transfer *data;
	struct fake_ep ep[FAKE_ENDPOINTS]; /* index: number, 16 + number: IN */
	/* memory that it reaches; NULL: any */
	const uint8_t *mem;
	size_t mem_len;
};

void fake_udc_init(struct fake_udc *f, enum udc_speed max_speed);
struct fake_ep *fake_ep(struct fake_udc *f, uint8_t addr);

/* Bus events. */
void fake_reset(struct fake_udc *f, enum udc_speed speed);
void fake_unplug(struct fake_udc *f);

/*
 * A whole control transfer. Reads: the bytes that came into buf (of wLength
 * bytes), or FAKE_STALL. Writes: buf is sent, 0 or FAKE_STALL.
 */
int fake_control(struct fake_udc *f, uint8_t bmRequestType, uint8_t bRequest,
		 uint16_t wValue, uint16_t wIndex, void *buf, uint16_t wLength);
/* Its parts. */
enum fake_answer fake_setup(struct fake_udc *f, uint8_t bmRequestType,
			    uint8_t bRequest, uint16_t wValue, uint16_t wIndex,
			    uint16_t wLength);
/* The host sends len bytes and the data stage is over with them. */
enum fake_answer fake_data_out(struct fake_udc *f, const void *buf, size_t len);
/* The host reads packet by packet: its bytes. */
int fake_data_in(struct fake_udc *f, void *buf);
void fake_status(struct fake_udc *f);

/*
 * The host sends one packet: len, FAKE_NAK or FAKE_STALL. With a length that
 * is more than wMaxPacketSize the program ends.
 */
int fake_packet_out(struct fake_udc *f, uint8_t addr, const void *buf,
		    size_t len);
/* As a host's driver writes: full packets, no empty one. Bytes taken. */
size_t fake_write(struct fake_udc *f, uint8_t addr, const void *buf,
		  size_t len);
/* The host reads one packet: its length, FAKE_NAK or FAKE_STALL. */
int fake_packet_in(struct fake_udc *f, uint8_t addr, void *buf);
/*
 * A host's transfer of up to size bytes, which a short packet ends. *whole:
 * it ended; else the device has no more for now.
 */
size_t fake_read(struct fake_udc *f, uint8_t addr, void *buf, size_t size,
		 bool *whole);

/* Enumerated as Linux does it, in configuration 1. */
void fake_enumerate(struct fake_udc *f, enum udc_speed speed);

void fake_must(bool ok, const char *what);

#endif
