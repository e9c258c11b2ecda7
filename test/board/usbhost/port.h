/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * One CDC-ACM function as a pseudo terminal. The slave's being open is the
 * port's being open: IN requests run and DTR is set only then, as Linux's
 * cdc_acm has it. IN data that the terminal does not take yet stay in their
 * request, and no other is submitted in its place: the device waits.
 */
#ifndef USBHOST_PORT_H
#define USBHOST_PORT_H

#include "device.h"
#include "link.h"

#define PORT_REQUESTS 8
#define PORT_ERRORS 10 /* in a row, until a port gives up */

struct host;
struct port;

struct port_in {
	struct request q;
	bool full;
	uint32_t written;
	struct port_in *next;
};

struct port_out {
	struct request q;
	bool busy;
	uint8_t data[LINK_BUFFER];
};

struct port {
	struct host *host;
	struct function *function;
	int master; /* -1: closed */
	int watch;  /* inotify's, -1: none */
	char slave[64];
	bool open; /* somebody has the slave open */
	bool look; /* see whether that has changed */
	bool hup;  /* POLLHUP was seen and not looked at yet */
	bool hung; /* nobody has, but there are bytes to send */
	int64_t hung_until;
	bool stopped;  /* by command: does not read */
	bool dead;     /* after too many errors */
	bool stalled;  /* an endpoint is halted, and to be cleared */
	int dtr;       /* -1: follows open; else as commanded */
	uint8_t lines; /* last SET_CONTROL_LINE_STATE */
	uint8_t coding[7];
	bool coding_known;
	unsigned int errors; /* in a row */
	unsigned int split;  /* bytes of an OUT request, 0: no limit */
	unsigned int flip_in, flip_out; /* transfers to damage */
	struct port_in in[PORT_REQUESTS];
	struct port_in *full, **full_end; /* in the order of arrival */
	struct port_out out[PORT_REQUESTS];
	uint64_t bytes_in, bytes_out, bytes_lost;
	uint16_t serial_state; /* last SERIAL_STATE notification */
	unsigned int notifications;
};

/* 0 or -errno. The pty is there, raw, with its symlink. */
int port_open(struct port *p, struct host *h, struct function *f);
void port_close(struct port *p);
/* poll() on p->master for these (0: not at all), then serve. */
short port_events(const struct port *p);
void port_serve(struct port *p, short revents);
/* What needs a control request: opened, closed, speed, stalls. */
void port_work(struct port *p);
bool port_has_work(const struct port *p);
void port_notification(struct port *p, int status, const uint8_t *data,
		       size_t len);
/* Submit what may be under way. */
void port_fill(struct port *p);
int port_set_lines(struct port *p, uint8_t lines);
int port_set_coding(struct port *p, const uint8_t coding[7]);
int port_break(struct port *p, uint16_t ms);

#endif
