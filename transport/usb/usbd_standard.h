/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Between the two halves of the USB device core: control transfers and
 * endpoints (usbd.c), and the standard requests (usbd_standard.c).
 */
#ifndef TRANSPORT_USB_USBD_STANDARD_H
#define TRANSPORT_USB_USBD_STANDARD_H

#include "transport/usb/usbd.h"

/*
 * Serve a standard request: negative, it is stalled; else done, with that many
 * bytes in d->buf where it reads.
 */
int usbd_standard_request(struct usbd *d, const struct ch9_setup *s);

/* An endpoint of the configuration in force, or NULL. Not endpoint 0. */
struct usbd_endpoint *usbd_find_endpoint(struct usbd *d, uint16_t addr);
void usbd_set_halt(struct usbd *d, struct usbd_endpoint *ep, bool halt);
/* Does the configuration in force have this interface? */
bool usbd_has_interface(const struct usbd *d, uint16_t wIndex);

/*
 * Go from the address or the configured state to this configuration: open its
 * endpoints, tell the device. -EINVAL: there is none, nothing has changed; what
 * ep_open() says: the address state.
 */
int usbd_configure(struct usbd *d, uint8_t value);
/* Leave the configured state for the address state, if it is that. */
void usbd_unconfigure(struct usbd *d);

#endif
