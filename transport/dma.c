/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See dma.h. */
#include "transport/dma.h"

#include "barrier.h"

void dma_wmb(void)
{
	dmb(oshst); /* orders writes before writes, for a device */
}

void dma_rmb(void)
{
	dmb(oshld); /* orders reads before reads and writes, for a device */
}

void dma_mb(void)
{
	dmb(osh); /* orders writes before reads, for a device */
}
