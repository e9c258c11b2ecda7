/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Several USB ports of which one will carry the debugger: the first one that
 * sees a cable with a host at its end, which is to say a bus reset. The others
 * leave the bus then, and nobody comes back to them before a reset of the
 * machine: a debugger that moved from port to port would be hard to find. Until
 * then this is a transport on which nobody is. Pure.
 */
#ifndef TRANSPORT_USB_USB_CHOICE_H
#define TRANSPORT_USB_USB_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/transport.h"
#include "transport/usb/usb_transport.h"

#define USB_CHOICE_MAX 4

struct usb_choice {
	struct transport transport; /* first; its irq is 0, the ports have theirs */
	struct usb_transport *port[USB_CHOICE_MAX];
	unsigned int count;
	int chosen; /* index, or -1: none yet */
	uint64_t lost[TRANSPORT_CHANNELS]; /* told before there was a port */
};

void usb_choice_init(struct usb_choice *c);
/* A port that was started. Its number, or -ENOSPC. */
int usb_choice_add(struct usb_choice *c, struct usb_transport *t);
/*
 * Look at each port, in their order. The number of the one that was chosen,
 * now or before; -1: none has seen a host yet.
 */
int usb_choice_look(struct usb_choice *c);
/* All leave the bus. */
void usb_choice_stop(struct usb_choice *c);

#endif
