/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event ring of event buffer 0, its count, overflow and mask, and when the
 * interrupt line is up: plain level, or moderated by DEV_IMOD.
 */
#include "qemu/osdep.h"
#include "dwc3.h"
#include "hw/irq.h"
#include "hw/usb/trace.h"
#include "sysemu/dma.h"

/* DEV_IMOD counts in steps of 250 ns. */
#define IMOD_STEP_NS 250

static uint32_t ring_size(HsDwc3 *s)
{
	return REG(s, GEVNTSIZ) & 0xfffc;
}

void dwc3_events_reset(HsDwc3 *s)
{
	s->ev_pos = 0;
	s->ev_count = 0;
	s->ev_overflow = false;
	s->ehb = false;
	s->imod_until = 0;
	timer_del(s->imod_timer);
	dwc3_irq_update(s);
}

static void store(HsDwc3 *s, uint32_t event)
{
	uint64_t base = (uint64_t)REG(s, GEVNTADRHI) << 32 | REG(s, GEVNTADRLO);
	uint32_t word = cpu_to_le32(event);

	if (dma_memory_write(&s->dma, base + s->ev_pos, &word, 4,
			     MEMTXATTRS_UNSPECIFIED) != MEMTX_OK) {
		REG(s, GSTS) |= GSTS_BUS_ERR_ADDR_VLD;
		dwc3_mistake(s, -1, "the event buffer is no memory",
			     base + s->ev_pos);
	}
	s->ev_pos = (s->ev_pos + 4) % ring_size(s);
	s->ev_count += 4;
	trace_hsdwc3_event(event, s->ev_count);
}

/*
 * The last free entry is kept for the overflow event. What comes after that,
 * before the driver has taken something, is lost.
 */
void dwc3_event(HsDwc3 *s, uint32_t event)
{
	uint32_t size = ring_size(s);

	if (size < 8) {
		dwc3_mistake(s, -1, "an event and no event buffer", event);
		return;
	}
	if (s->ev_count + 8 > size) {
		if (!s->ev_overflow) {
			s->ev_overflow = true;
			dwc3_mistake(s, -1, "the event buffer is full", event);
			if (REG(s, DEVTEN) & BIT(DEVT_OVERFLOW))
				store(s, DEVT(DEVT_OVERFLOW, 0));
		}
		dwc3_irq_update(s);
		return;
	}
	s->ev_overflow = false;
	store(s, event);
	dwc3_irq_update(s);
}

void dwc3_device_event(HsDwc3 *s, int type, uint32_t info)
{
	if (REG(s, DEVTEN) & BIT(type))
		dwc3_event(s, DEVT(type, info));
}

static void set_line(HsDwc3 *s, bool level)
{
	if (s->line == level)
		return;
	s->line = level;
	trace_hsdwc3_irq(level);
	qemu_set_irq(s->irq, level);
}

/*
 * Without moderation: up while there are events and no mask. With it: an
 * assertion sets EHB, and the next one waits until the driver has cleared EHB
 * and the interval has passed.
 */
void dwc3_irq_update(HsDwc3 *s)
{
	bool wanted = s->ev_count && !(REG(s, GEVNTSIZ) & GEVNTSIZ_INTMASK);
	uint32_t interval = REG(s, DEV_IMOD0) & 0xffff;

	if (!interval || !wanted || s->line) {
		set_line(s, wanted && (!interval || s->line));
		return;
	}
	if (s->ehb)
		return;
	if (dwc3_now() < s->imod_until) {
		timer_mod(s->imod_timer, s->imod_until);
		return;
	}
	s->ehb = true;
	set_line(s, true);
}

void dwc3_imod_timer(void *opaque)
{
	dwc3_irq_update(opaque);
}

/* What is written is taken off the count; EHB is cleared by a one. */
void dwc3_event_count_write(HsDwc3 *s, uint32_t value)
{
	uint32_t taken = value & 0xffff;

	if (value & GEVNTCOUNT_EHB) {
		s->ehb = false;
		s->imod_until = dwc3_now() +
				(REG(s, DEV_IMOD0) & 0xffff) * IMOD_STEP_NS;
	}
	if (taken > s->ev_count || taken % 4) {
		dwc3_mistake(s, -1, "GEVNTCOUNT: not that many", taken);
		taken = MIN(taken & ~3u, s->ev_count);
	}
	s->ev_count -= taken;
	dwc3_irq_update(s);
}
