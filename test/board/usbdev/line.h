/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Where one serial port's bytes go: a Unix socket that serves one client after
 * the other, an echo, or nowhere. Bytes for the host wait while DTR is off;
 * bytes from the host wait (the device answers NAK) while nobody takes them.
 */
#ifndef USBDEV_LINE_H
#define USBDEV_LINE_H

#include <poll.h>
#include <stdbool.h>

#include "transport/usb/cdc_acm.h"

#define LINE_IN 8
#define LINE_IN_SIZE 65536
#define LINE_OUT 32

struct line_buffer {
	struct udc_transfer x;
	bool queued;
	bool full; /* OUT: came, and is not taken yet */
	uint32_t taken;
};

struct line {
	const char *where;
	struct cdc_acm *device;
	unsigned int number;
	bool running, dtr, echo;
	int listener, client;
	struct line_buffer in[LINE_IN], out[LINE_OUT];
	unsigned int first_out; /* the oldest that is full or queued */
};

int line_init(struct line *l, struct cdc_acm *device, unsigned int number);
void line_end(struct line *l);
/* Configured, and no more. */
void line_start(struct line *l);
void line_stop(struct line *l);
void line_dtr(struct line *l, bool on);
void line_complete(struct line *l, bool in, struct udc_transfer *x);
/* Two entries for poll(): the listener and the client. */
void line_poll(struct line *l, struct pollfd p[2]);
void line_serve(struct line *l, const struct pollfd p[2]);

#endif
