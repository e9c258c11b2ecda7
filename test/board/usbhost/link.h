/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The usbredir connection, seen from the side that has no device: the socket,
 * the parser and the transfers under way on it. In usbredir's own words this
 * is the "usb-guest". Knows nothing of descriptors or of what the bytes mean.
 *
 * Protocol: usbredirproto.h, and usb-redirection-protocol.md of the usbredir
 * project. A SET_ADDRESS is no packet there: the side with the device does it.
 */
#ifndef USBHOST_LINK_H
#define USBHOST_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <usbredirparser.h>

#define USB_DIR_IN 0x80
#define LINK_BUFFER 65536

struct link;

/*
 * One transfer. The caller owns it and leaves it where it is until done (or
 * link_forget()); data is the library's, freed by link_free_data().
 */
struct request {
	struct request *next;
	uint64_t id;
	uint8_t ep;   /* bEndpointAddress; 0 or 0x80: control */
	uint32_t len; /* asked for (IN), sent (OUT) */
	bool under_way;
	int status;    /* enum usb_redir_success ... */
	uint8_t *data; /* what came (IN) */
	uint32_t actual;
	uint8_t value;			 /* GET_CONFIGURATION, GET_INTERFACE */
	void (*done)(struct request *q); /* may be NULL */
	void *owner;
};

struct setup {
	uint8_t bmRequestType;
	uint8_t bRequest;
	uint16_t wValue;
	uint16_t wIndex;
	uint16_t wLength;
};

struct link {
	const char *address; /* unix:PATH, tcp:HOST:PORT, fd:N */
	bool listens;
	int listener;
	int fd; /* -1: no connection */
	struct usbredirparser *parser;
	bool hello;   /* the other side has greeted */
	bool present; /* it has a device */
	bool arrived; /* a device came since link_take_arrival() */
	bool ending;  /* all that is under way is being cancelled */
	bool trace;
	struct usb_redir_device_connect_header who;
	struct request *under_way;
	uint64_t last_id;
	uint8_t in[LINK_BUFFER];
	size_t in_start, in_end;
	void (*on_interrupt)(void *owner, uint8_t ep, int status,
			     const uint8_t *data, size_t len);
	void *owner;
};

/* Waits are in milliseconds. All return 0 or -errno, and say why on stderr. */
int link_listen(struct link *l);
int link_up(struct link *l, unsigned int ms);
void link_down(struct link *l);
void link_unlisten(struct link *l);

/* poll() on l->fd for these events, then link_serve(); < 0: it has gone. */
short link_events(const struct link *l);
int link_serve(struct link *l, short revents);

bool link_take_arrival(struct link *l);
uint32_t link_max_transfer(const struct link *l, uint32_t wanted);

/* Begin a transfer. Nothing fails here: an answer comes, or the link goes. */
void link_control(struct link *l, struct request *q, const struct setup *s,
		  uint8_t *data);
void link_bulk(struct link *l, struct request *q, uint8_t ep, uint8_t *data,
	       uint32_t len);
void link_cancel(struct link *l, struct request *q);
void link_forget(struct link *l, struct request *q);
void link_free_data(struct link *l, struct request *q);
void link_interrupt(struct link *l, uint8_t ep, bool on);
/* A bus reset. What was under way ends with usb_redir_cancelled. */
void link_reset(struct link *l);
/* Bytes as they are, between two packets. -EAGAIN, -ENODEV. */
int link_raw(struct link *l, const uint8_t *data, size_t len);

const char *link_status_name(int status);

#endif
