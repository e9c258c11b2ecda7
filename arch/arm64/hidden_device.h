/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Devices that the guest must not see: their pages trap, and read as nothing
 * there (0); writes have no effect. What else lies in their pages is accessed
 * for the guest.
 */
#ifndef ARCH_HIDDEN_DEVICE_H
#define ARCH_HIDDEN_DEVICE_H

#include "platform/platform.h"

/* Before view_init(). 0, -ENOSPC, -EEXIST, -EINVAL. */
int hidden_device_add(const struct platform_range *r);

#endif
