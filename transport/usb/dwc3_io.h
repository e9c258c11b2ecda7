/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What the DWC3 driver needs of the machine: its registers and the time. The
 * driver itself is pure and runs in tests on a register file of theirs.
 */
#ifndef TRANSPORT_USB_DWC3_IO_H
#define TRANSPORT_USB_DWC3_IO_H

#include <stdint.h>

uint32_t dwc3_read(uint64_t base, uint32_t reg);
/* Memory that was written before is seen by the controller before this is. */
void dwc3_write(uint64_t base, uint32_t reg, uint32_t value);
uint64_t dwc3_now_us(void);

#endif
