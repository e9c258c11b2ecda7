/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Which device carries the debugger: found, tried and set up once at boot, and
 * from then on hidden from the guest. What is said over it is link.c's.
 */
#ifndef ARCH_LINK_DEVICE_H
#define ARCH_LINK_DEVICE_H

#include <stdbool.h>

#include "platform/platform.h"

struct strbuf;
struct transport;

enum link_kind { LINK_NONE, LINK_VIRTIO, LINK_USB, LINK_UART };

/*
 * By hyperstub.gdb=, with a line in the log where that is not to be had. NULL:
 * there is none. After mmu_init(), before view_init().
 */
struct transport *link_device_choose(void);
enum link_kind link_device_kind(void);
/* Registers that the guest must not see; how many ranges. */
unsigned int link_device_hidden(struct platform_range *r, unsigned int max);
/*
 * Interrupt number i; 0 after the last. Several USB ports have one each, while
 * none of them has seen a cable.
 */
uint32_t link_device_irq(unsigned int i);
bool link_device_has_irq(uint32_t intid);
/* After the transport's poll(): if a port was chosen there, the log says so. */
void link_device_polled(void);

/*
 * Does the other side lose the connection when the machine is reset? Then
 * link_device_leave() takes the device away in good order before.
 */
bool link_device_leaves(void);
void link_device_leave(void);
/* Lines for `monitor info transport`. */
void link_device_info(struct strbuf *out);

#endif
