/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The host: one connection, the device on it, and its ports. One thread, one
 * poll(); what waits for an answer (host_control()) runs that same loop with a
 * limit, so that bulk data flow on meanwhile.
 */
#ifndef USBHOST_HOST_H
#define USBHOST_HOST_H

#include "device.h"
#include "link.h"
#include "port.h"

#define MAX_CLIENTS 4
#define CONTROL_MS 5000 /* as Linux's USB_CTRL_SET_TIMEOUT */
#define MAX_LINE 16384

enum fault {
	FAULT_NONE,
	FAULT_RESET,
	FAULT_UNPLUG
};

struct client {
	int in, out; /* -1: none */
	bool is_stdin;
	char line[MAX_LINE];
	size_t len;
};

struct host {
	struct link link;
	struct device device;
	struct port ports[MAX_FUNCTIONS];
	unsigned int ports_len;
	bool windows, stay, zlp;
	bool lists;		  /* descriptors only: no ports */
	const char *folder;	  /* of the symlinks; NULL: none */
	const char *control_path; /* NULL: none */
	unsigned int timeout_ms;  /* 0: for ever */
	unsigned int in_flight;
	uint32_t transfer_size;
	bool configured;
	bool unplugged; /* by command: not connected again by itself */
	bool quit;
	int signals, inotify, control;
	struct client clients[MAX_CLIENTS];
	/* A fault for the next enumeration, within or after this stage. */
	enum fault fault;
	bool fault_after;
	char fault_stage[32];
};

struct pollfd;

/* The connection and the first device: an exit status. */
int host_begin(struct host *h);
/* Until the end: an exit status. */
int host_run(struct host *h);
int host_list(struct host *h);
/* What is due since the last round; < 0: that was the end. */
int host_step(struct host *h);
/* One round of the loop: at most ms milliseconds (-1: until something comes).
 */
void host_round(struct host *h, int ms);
/* Rounds until q is done. 0, -ETIMEDOUT (q is forgotten), -ENODEV. */
int host_wait(struct host *h, struct request *q, unsigned int ms);
int64_t host_now_ms(void);
/*
 * One control request. stage names it for faults and for --trace. Bytes moved,
 * or -EPIPE: stalled; -ETIMEDOUT; -EOVERFLOW: more came than asked for;
 * -ENODEV; -ECONNRESET: the fault for this stage happened; -EIO.
 */
int host_control(struct host *h, const char *stage, const struct setup *s,
		 uint8_t *data);
int host_status_error(int status);

/* From a device that arrived to a configured one with its ports open. */
int host_enumerate(struct host *h);
/* The device is gone, or will be enumerated anew. */
void host_leave(struct host *h);

/* Where commands come from. p: the listener, then each client. 0 or -errno. */
int clients_listen(struct host *h);
void clients_serve(struct host *h, const struct pollfd *p);
/* Run one command line; what there is to say goes to out. */
void host_command(struct host *h, char *line, FILE *out);

#endif
