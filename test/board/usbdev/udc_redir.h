/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A device controller (transport/usb/udc.h) whose bus is a usbredir
 * connection: whoever stands at its other end, QEMU's usb-redir or usbhost, is
 * the host. In usbredir's words this is the "usb-host" side.
 *
 * Packets are cut as on a high-speed bus: an IN request ends with a short
 * packet or when it is full, an OUT transfer likewise.
 */
#ifndef USBDEV_UDC_REDIR_H
#define USBDEV_UDC_REDIR_H

#include <usbredirparser.h>

#include "transport/usb/udc.h"

#define UDC_REDIR_BUFFER 65536
#define UDC_REDIR_CONFIG 512

struct host_request; /* of a bulk or interrupt endpoint */
struct host_control;

struct udc_redir_ep {
	bool open, halted;
	bool receiving; /* the host asked for interrupt packets */
	enum udc_ep_type type;
	uint16_t max_packet;
	uint8_t interval;
	struct udc_transfer *queue[UDC_QUEUE];
	unsigned int head, count;
	uint32_t progress; /* bytes of the first transfer */
	bool data_sent;	   /* of it; what is left is an empty packet */
	struct host_request *requests;
};

struct udc_redir {
	struct udc udc;	   /* first */
	struct usbd *usbd; /* NULL: stopped */
	int fd;		   /* -1: no host */
	bool hello, gone;  /* the host has greeted; has hung up */
	bool learning;	   /* its descriptors are read for device_connect */
	bool shown;	   /* which was sent */
	bool addressed;	   /* SET_ADDRESS was made since the last reset */
	bool trace;
	struct usbredirparser *parser;
	struct host_control *controls; /* the first is served */
	struct udc_redir_ep eps[32];   /* 16..31: IN */
	uint8_t device[18];
	uint8_t config[UDC_REDIR_CONFIG];
	size_t config_len;
	uint8_t in[UDC_REDIR_BUFFER];
	size_t in_start, in_end;
	unsigned int resets;
};

void udc_redir_init(struct udc_redir *u, enum udc_speed speed);
/* A host's connection; owned from here on. */
void udc_redir_attach(struct udc_redir *u, int fd);
/* poll() for this on u->fd (-1: not at all), then ops->poll(). */
short udc_redir_events(const struct udc_redir *u);

/* Between its files. */
unsigned int udc_redir_index(uint8_t addr);
uint8_t udc_redir_addr(unsigned int index);
void udc_redir_pump(struct udc_redir *u);
void udc_redir_flush(struct udc_redir *u, uint8_t addr);
void udc_redir_drop_requests(struct udc_redir *u, uint8_t addr, int status);
bool udc_redir_add_bulk(struct udc_redir *u, uint64_t id, uint8_t ep,
			uint32_t len, uint8_t *data);
bool udc_redir_cancel(struct udc_redir *u, uint64_t id);
void udc_redir_control(struct udc_redir *u, uint64_t id, const uint8_t setup[8],
		       uint8_t *data, bool plain);
bool udc_redir_cancel_control(struct udc_redir *u, uint64_t id);
void udc_redir_pump_control(struct udc_redir *u);
void udc_redir_drop_controls(struct udc_redir *u);
/* Read the descriptors that device_connect tells, then send it. */
void udc_redir_learn(struct udc_redir *u);
void udc_redir_show(struct udc_redir *u);
void udc_redir_send_endpoints(struct udc_redir *u);
int udc_redir_ep0_data(struct udc *udc, struct udc_transfer *x);
void udc_redir_ep0_status(struct udc *udc);
void udc_redir_ep0_stall(struct udc *udc);

#endif
