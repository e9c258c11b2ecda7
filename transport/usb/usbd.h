/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The USB device core: the states and standard requests of chapter 9 of USB
 * 2.0, control transfers, and endpoints as a configuration describes them.
 * Pure; knows a controller as struct udc and no class. Which device this is
 * (its descriptors, its class requests) is told by the functions
 * usbd_device_*() at the end, which the linker binds.
 *
 * Interfaces have one setting (alternate 0), configurations are numbered as
 * their descriptors say, and remote wake-up is declined.
 */
#ifndef TRANSPORT_USB_USBD_H
#define TRANSPORT_USB_USBD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/usb/ch9.h"
#include "transport/usb/udc.h"

#define USBD_EP0_PACKET 64
/* The longest data stage either way. */
#define USBD_EP0_SIZE 512
#define USBD_ENDPOINTS 15 /* of a configuration */

enum usbd_state {
	USBD_DETACHED, /* no cable, or no reset since there is one */
	USBD_DEFAULT,
	USBD_ADDRESS,
	USBD_CONFIGURED,
};

enum usbd_stage {
	USBD_NO_REQUEST,
	USBD_DATA_STAGE,
	USBD_STATUS_STAGE
};

struct usbd_endpoint {
	uint8_t addr;
	uint8_t interface;
	bool halted;
};

struct usbd {
	struct udc *udc;
	enum usbd_state state;
	enum udc_speed speed;
	bool suspended;
	/* the request that is served */
	struct ch9_setup setup;
	enum usbd_stage stage;
	uint8_t test; /* selector to be tested after the status stage, or 0 */
	struct udc_transfer data;
	uint8_t *buf; /* of the data stage */
	/* the configuration in force */
	uint8_t configuration;
	uint8_t interfaces;
	uint8_t endpoints;
	struct usbd_endpoint endpoint[USBD_ENDPOINTS];
};

/*
 * buf: USBD_EP0_SIZE bytes that the controller reaches, aligned to UDC_ALIGN.
 * Nothing is started.
 */
void usbd_init(struct usbd *d, struct udc *u, void *buf);
/* On the bus, or not. What start() of the controller says. */
int usbd_start(struct usbd *d);
void usbd_stop(struct usbd *d);

/*
 * Queue a transfer on an endpoint of the configuration; cache maintenance is
 * done. 0; -ENODEV: not configured, no such endpoint; else as submit() of the
 * controller says.
 */
int usbd_submit(struct usbd *d, uint8_t addr, struct udc_transfer *x);
/* All that is queued there completes with -ECANCELED, now or later. */
void usbd_flush(struct usbd *d, uint8_t addr);

/* What the device provides. */

/*
 * CH9_DEVICE, CH9_CONFIGURATION (as it is at that speed) and CH9_STRING
 * descriptors, by index. The length, or -EINVAL: there is none.
 */
int usbd_device_descriptor(struct usbd *d, uint8_t type, uint8_t index,
			   enum udc_speed speed, uint8_t *buf, size_t size);
/*
 * A class request to an interface of the configuration, or to one of its
 * endpoints. Negative: stalled. Else taken: for a read, that many bytes are in
 * buf (size of them fit); a write of wLength bytes is received, then told by
 * usbd_device_data().
 */
int usbd_device_setup(struct usbd *d, uint8_t interface,
		      const struct ch9_setup *s, uint8_t *buf, size_t size);
/* len bytes came for the request s: 0, or negative: stalled. */
int usbd_device_data(struct usbd *d, uint8_t interface,
		     const struct ch9_setup *s, const uint8_t *buf, size_t len);
/* Configured: all endpoints are open, none has been used. */
void usbd_device_opened(struct usbd *d);
/* No more; what is queued is cancelled after this. */
void usbd_device_closed(struct usbd *d);
/* The bus sleeps, or wakes (d->suspended). Only told while configured. */
void usbd_device_suspended(struct usbd *d);
/* A transfer of an endpoint other than 0 is over; actual is len at most. */
void usbd_device_complete(struct usbd *d, uint8_t addr, struct udc_transfer *x);

#endif
