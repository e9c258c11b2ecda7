/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See dwc3_io.h. */
#include "transport/usb/dwc3_io.h"

#include "clock.h"
#include "mmio.h"
#include "transport/dma.h"

uint32_t dwc3_read(uint64_t base, uint32_t reg)
{
	uint32_t v = mmio_read32(base + reg);

	dma_rmb(); /* orders the register before memory that it speaks of */
	return v;
}

void dwc3_write(uint64_t base, uint32_t reg, uint32_t value)
{
	dma_wmb(); /* orders memory before the register that speaks of it */
	mmio_write32(base + reg, value);
}

uint64_t dwc3_now_us(void)
{
	return clock_us();
}
