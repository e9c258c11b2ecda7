/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's port and its transfers: cut into tokens and packets, NAKs waited
 * for without polling, retries, babble, stalls; time where USB has it (reset,
 * interrupt intervals, and bulk slots if asked to keep pace).
 */
#include "qemu/osdep.h"
#include "host.h"
#include "hw/usb/trace.h"
#include "qemu/main-loop.h"
#include "sysemu/cpu-timers.h"
#include <usbredirproto.h>

#define MS 1000000ll
#define DEBOUNCE_NS (2 * MS)
/* USB 2.0, 7.1.7.5: TDRST and TRSTRCY. */
#define RESET_NS (10 * MS)
#define RECOVERY_NS (10 * MS)
#define RETRY_NS MS
/* Bulk packets of full size: 13 in a microframe, 19 in a frame. */
#define SLOT_HIGH_NS (125000 / 13)
#define SLOT_FULL_NS (1000000 / 19)
#define PACKETS_AT_ONCE 512
#define TRIES 3

enum { CTL_SETUP, CTL_DATA, CTL_STATUS };

static int64_t slot_length(struct hs_host *h)
{
	return h->full_speed ? SLOT_FULL_NS : SLOT_HIGH_NS;
}

struct hs_request *host_request(uint64_t id, uint8_t ep, uint32_t length)
{
	struct hs_request *q = g_new0(struct hs_request, 1);

	q->id = id;
	q->ep = ep;
	q->tries = TRIES;
	q->length = length;
	q->data = g_malloc0(length ? length : 1);
	return q;
}

static struct hs_pipe *pipe_of(struct hs_host *h, struct hs_request *q)
{
	return &h->pipe[q->ep & 0x0f ? EP_INDEX(q->ep) : 0];
}

/* ---- slots ---- */

static void slot_waits(struct hs_pipe *p)
{
	if (p->type == EP_BULK && !p->wait_since)
		p->wait_since = dwc3_now();
}

static void slot_wait_ends(struct hs_host *h, struct hs_pipe *p, bool in)
{
	if (p->wait_since)
		h->waited_ns[in] += dwc3_now() - p->wait_since;
	p->wait_since = 0;
}

static void slot_used(struct hs_host *h, struct hs_pipe *p, bool in)
{
	int64_t now = dwc3_now();

	if (p->type != EP_BULK)
		return;
	slot_wait_ends(h, p, in);
	h->ready[in]++;
	h->slot_ns = MAX(h->slot_ns, now - 8 * slot_length(h)) + slot_length(h);
}

/* Later, when there may be something to do. */
static void wake_at(struct hs_host *h, int64_t when)
{
	if (!timer_pending(h->slot_timer) ||
	    timer_expire_time_ns(h->slot_timer) > when)
		timer_mod(h->slot_timer, when);
}

static bool slot_free(struct hs_host *h, struct hs_pipe *p)
{
	if (!h->dev->pace || p->type != EP_BULK || h->slot_ns <= dwc3_now())
		return true;
	wake_at(h, h->slot_ns);
	return false;
}

uint64_t host_slots(struct hs_host *h, bool in, bool ready)
{
	return ready ? h->ready[in] : h->waited_ns[in] / slot_length(h);
}

/* ---- transfers ---- */

static void finish(struct hs_host *h, struct hs_request *q, int status)
{
	struct hs_pipe *p = pipe_of(h, q);

	slot_wait_ends(h, p, q->ep & 0x80);
	QTAILQ_REMOVE(&p->queue, q, entry);
	trace_hsdwc3_host_done(q->id, q->ep, status, q->actual);
	q->done(h->redir, q, status);
	g_free(q->data);
	g_free(q);
}

/* A token without an answer or with STALL; true if the transfer is over. */
static bool failed(struct hs_host *h, struct hs_request *q, int result)
{
	if (result == HS_SILENT && ++q->errors < q->tries) {
		q->retry_at = dwc3_now() + RETRY_NS;
		return false;
	}
	finish(h, q, result == HS_STALL ? usb_redir_stall : usb_redir_ioerror);
	return true;
}

static int babble(struct hs_host *h, uint8_t number, uint16_t mps)
{
	static const uint8_t packet[HSDWC3_PACKET_BUFFER];

	return dwc3_out(h->dev, h->address, number, packet, mps + 1);
}

/* One packet of a transfer's data. HS_NAK, 0 (go on), 1 (data done), 2 (the
 * transfer is over). */
static int data_packet(struct hs_host *h, struct hs_request *q, uint16_t mps,
		       bool in)
{
	uint8_t packet[HSDWC3_PACKET_BUFFER];
	uint32_t left = q->length - q->actual;
	int result;

	if (q->ep & 0x0f && host_fault(h, FAULT_LOST))
		result = HS_SILENT;
	else if (in)
		result = dwc3_in(h->dev, h->address, q->ep & 0x0f, packet);
	else if (q->ep & 0x0f && host_fault(h, FAULT_BABBLE))
		result = babble(h, q->ep & 0x0f, mps);
	else
		result = dwc3_out(h->dev, h->address, q->ep & 0x0f,
				  q->data + q->actual, MIN(left, mps));
	if (result == HS_NAK)
		return HS_NAK;
	if (result < 0)
		return failed(h, q, result) ? 2 : 0;
	q->errors = 0;
	if (in && (result > mps || result > left)) {
		finish(h, q, usb_redir_babble);
		return 2;
	}
	if (in)
		memcpy(q->data + q->actual, packet, result);
	q->actual += result;
	return result < mps || q->actual == q->length;
}

/* A step of the control transfer at the queue's head; false: it waits. */
static bool control_step(struct hs_host *h, struct hs_request *q)
{
	bool in = q->setup[0] & 0x80;
	uint8_t none[HSDWC3_PACKET_BUFFER];
	int result;

	switch (q->stage) {
	case CTL_SETUP:
		q->actual = 0;
		result = dwc3_setup(h->dev, h->address, q->setup);
		if (result < 0)
			failed(h, q, result);
		else
			q->stage = q->length ? CTL_DATA : CTL_STATUS;
		return true;
	case CTL_DATA:
		result = data_packet(h, q, h->mps0, in);
		if (result == 1)
			q->stage = CTL_STATUS;
		else if (!result && host_fault(h, FAULT_SETUP_AGAIN))
			q->stage = CTL_SETUP;
		else if (!result && in && host_fault(h, FAULT_EARLY_STATUS))
			q->stage = CTL_STATUS;
		return result != HS_NAK;
	}
	if (in && q->length)
		result = dwc3_out(h->dev, h->address, 0, NULL, 0);
	else
		result = dwc3_in(h->dev, h->address, 0, none);
	if (result == HS_NAK)
		return false;
	if (result < 0)
		failed(h, q, result);
	else if (result > 0)
		finish(h, q, usb_redir_babble);
	else
		finish(h, q, usb_redir_success);
	return true;
}

static bool request_step(struct hs_host *h, struct hs_pipe *p,
			 struct hs_request *q)
{
	bool in = q->ep & 0x80;
	int result;

	if (p->type == 255) {
		finish(h, q, usb_redir_inval);
		return true;
	}
	if (!slot_free(h, p))
		return false;
	result = data_packet(h, q, p->mps, in);
	if (result == HS_NAK) {
		slot_waits(p);
		return false;
	}
	slot_used(h, p, in);
	if (result == 1)
		finish(h, q, usb_redir_success);
	return true;
}

static int64_t interval_ns(struct hs_host *h, struct hs_pipe *p)
{
	if (p->type != EP_INTERRUPT)
		return 0;
	if (h->full_speed)
		return MAX(p->interval, 1) * MS;
	return 125000ll << (MIN(MAX(p->interval, 1), 16) - 1);
}

/* Buffered input: a packet if there is one and its time has come. */
static bool receive_step(struct hs_host *h, struct hs_pipe *p, uint8_t ep)
{
	int64_t now = dwc3_now();
	uint8_t packet[HSDWC3_PACKET_BUFFER];
	int result;

	if (now < p->next_poll) {
		wake_at(h, p->next_poll);
		return false;
	}
	if (!slot_free(h, p))
		return false;
	result = dwc3_in(h->dev, h->address, ep & 0x0f, packet);
	if (result == HS_NAK) {
		slot_waits(p);
		return false;
	}
	slot_used(h, p, true);
	p->next_poll = now + interval_ns(h, p);
	if (result < 0 || result > p->mps) {
		int status = result == HS_STALL	   ? usb_redir_stall
			     : result == HS_SILENT ? usb_redir_ioerror
						   : usb_redir_babble;

		p->receiving = 0;
		redir_received(h->redir, ep, status, NULL, 0);
		return true;
	}
	memcpy(p->buffer + p->filled, packet, result);
	p->filled += result;
	if (result < p->mps || p->filled + p->mps > p->receiving) {
		uint32_t filled = p->filled;

		p->filled = 0;
		redir_received(h->redir, ep, usb_redir_success, p->buffer,
			       filled);
	}
	return true;
}

static bool pipe_step(struct hs_host *h, int i)
{
	struct hs_pipe *p = &h->pipe[i];
	struct hs_request *q = QTAILQ_FIRST(&p->queue);

	if (q && dwc3_now() < q->retry_at) {
		wake_at(h, q->retry_at);
		return false;
	}
	if (q)
		return i == 0 ? control_step(h, q) : request_step(h, p, q);
	if (p->receiving)
		return receive_step(h, p, EP_ADDRESS(i));
	return false;
}

/* Work until everything waits, a packet of each endpoint in turn. */
static void pump(void *opaque)
{
	struct hs_host *h = opaque;
	int packets = 0, i;
	bool progress = true;

	while (progress && packets < PACKETS_AT_ONCE) {
		progress = false;
		for (i = 0; i < 32; i++) {
			if (h->port != PORT_UP || h->suspended)
				return;
			if (pipe_step(h, i)) {
				progress = true;
				packets++;
			}
		}
	}
	if (progress)
		host_kick(h);
}

/* With -icount by a timer: until a bottom half comes the clock may jump. */
void host_kick(struct hs_host *h)
{
	if (!h || h->port != PORT_UP)
		return;
	if (icount_enabled())
		timer_mod(h->slot_timer, dwc3_now());
	else
		qemu_bh_schedule(h->bh);
}

void host_submit(struct hs_host *h, struct hs_request *q, bool first)
{
	struct hs_pipe *p = pipe_of(h, q);

	if (first)
		QTAILQ_INSERT_HEAD(&p->queue, q, entry);
	else
		QTAILQ_INSERT_TAIL(&p->queue, q, entry);
	host_kick(h);
}

bool host_cancel(struct hs_host *h, uint64_t id)
{
	struct hs_request *q;
	int i;

	for (i = 0; i < 32; i++)
		QTAILQ_FOREACH(q, &h->pipe[i].queue, entry)
			if (q->id == id) {
				finish(h, q, usb_redir_cancelled);
				return true;
			}
	return false;
}

void host_fail_all(struct hs_host *h)
{
	struct hs_request *q, *next;
	int i;

	for (i = 0; i < 32; i++) {
		QTAILQ_FOREACH_SAFE(q, &h->pipe[i].queue, entry, next)
			finish(h, q, usb_redir_ioerror);
		h->pipe[i].receiving = 0;
		h->pipe[i].filled = 0;
	}
}

/* Begin (bytes per transfer) or end (0) buffered input. */
void host_receive(struct hs_host *h, uint8_t ep, uint32_t bytes)
{
	struct hs_pipe *p = &h->pipe[EP_INDEX(ep)];

	g_free(p->buffer);
	p->buffer = bytes ? g_malloc(bytes + HSDWC3_LARGEST_PACKET) : NULL;
	p->receiving = bytes;
	p->filled = 0;
	p->next_poll = 0;
	host_kick(h);
}

/* ---- the port ---- */

static void start_reset(struct hs_host *h)
{
	trace_hsdwc3_host("port reset", h->port);
	h->port = PORT_RESET;
	h->suspended = false;
	h->address = 0;
	h->mps0 = 64;
	host_fail_all(h);
	dwc3_bus_reset(h->dev);
	timer_mod(h->port_timer, dwc3_now() + RESET_NS);
}

static void port_timer(void *opaque)
{
	struct hs_host *h = opaque;

	switch (h->port) {
	case PORT_DEBOUNCE:
		start_reset(h);
		break;
	case PORT_RESET:
		dwc3_connect_done(h->dev, !strcmp(h->dev->speed, "full"));
		h->full_speed = h->dev->connected_speed == DCFG_SPEED_FULL;
		h->port = PORT_RECOVERY;
		timer_mod(h->port_timer, dwc3_now() + RECOVERY_NS);
		break;
	case PORT_RECOVERY:
		h->port = PORT_UP;
		redir_port_up(h->redir);
		host_kick(h);
		break;
	default:
		break;
	}
}

void host_device_changed(struct hs_host *h)
{
	bool up;

	if (!h)
		return;
	up = h->peer && h->dev->plugged && dwc3_pulled_up(h->dev);
	if (up == (h->port != PORT_OFF))
		return;
	if (up) {
		trace_hsdwc3_host("device attached", 0);
		h->port = PORT_DEBOUNCE;
		timer_mod(h->port_timer, dwc3_now() + DEBOUNCE_NS);
		return;
	}
	trace_hsdwc3_host("device gone", h->port);
	timer_del(h->port_timer);
	h->port = PORT_OFF;
	h->suspended = false;
	host_fail_all(h);
	redir_port_off(h->redir);
	if (dwc3_pulled_up(h->dev))
		dwc3_bus_disconnect(h->dev);
}

void host_peer(struct hs_host *h, bool peer)
{
	h->peer = peer;
	host_device_changed(h);
}

void host_set_plugged(struct hs_host *h, bool plugged)
{
	host_device_changed(h);
}

void host_reset_port(struct hs_host *h)
{
	if (h->port != PORT_OFF)
		start_reset(h);
}

bool host_suspended(struct hs_host *h)
{
	return h && h->suspended;
}

bool host_set_suspended(struct hs_host *h, bool suspended)
{
	if (!h || h->port != PORT_UP)
		return false;
	if (suspended == h->suspended)
		return true;
	h->suspended = suspended;
	if (suspended) {
		dwc3_bus_suspend(h->dev);
	} else {
		dwc3_bus_resume(h->dev);
		host_kick(h);
	}
	return true;
}

void host_remote_wakeup(struct hs_host *h)
{
	trace_hsdwc3_host("remote wake-up", h->suspended);
	host_set_suspended(h, false);
}

struct hs_host *host_new(HsDwc3 *s)
{
	struct hs_host *h = g_new0(struct hs_host, 1);
	int i;

	h->dev = s;
	h->bh = qemu_bh_new(pump, h);
	h->port_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, port_timer, h);
	h->slot_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, pump, h);
	for (i = 0; i < 32; i++) {
		QTAILQ_INIT(&h->pipe[i].queue);
		h->pipe[i].type = 255;
	}
	h->mps0 = 64;
	h->redir = redir_new(h);
	return h;
}
