/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller's registers as a memory region. */
#ifndef HYPERSTUB_DWC3_REG_H
#define HYPERSTUB_DWC3_REG_H

#include "exec/memory.h"

extern const MemoryRegionOps dwc3_mmio_ops;

#endif
