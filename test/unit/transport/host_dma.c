/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The barriers of transport/dma.h on a host, where threads play devices. */
#include "transport/dma.h"

void dma_wmb(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void dma_rmb(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

void dma_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
