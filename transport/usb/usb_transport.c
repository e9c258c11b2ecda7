/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See usb_transport.h. What the controller calls back only notes what became
 * of a transfer; the next ones are queued at the end of a poll, when it is
 * known whether the bus is still there, and by rx() and tx().
 */
#include "transport/usb/usb_transport.h"

#include <errno.h>
#include <string.h>

/* With this many under way bytes are gathered until they are worth another. */
#define ENOUGH_TRANSFERS 2
#define ENOUGH_BYTES 4096
#define NOTICE_SIZE 64
#define INTERRUPT 0x03 /* what a break is to the stub: ^C */

_Static_assert(CDC_ACM_FUNCTIONS == TRANSPORT_CHANNELS, "one for each");
_Static_assert(USB_TRANSPORT_IN_QUEUE <= UDC_QUEUE, "as many may be queued");

static struct usb_transport *usb_of(struct transport *t)
{
	return (struct usb_transport *)t;
}

static struct usb_transport *of_acm(struct cdc_acm *c)
{
	return (struct usb_transport *)((uint8_t *)c -
					offsetof(struct usb_transport, acm));
}

static bool is_awake(const struct usb_transport *t)
{
	return t->acm.open && !t->acm.usbd.suspended;
}

/* From the host */

static struct udc_transfer *out_transfer(struct usb_out *o, uint16_t at)
{
	return &o->x[at % o->count];
}

/* Between the buffers before it, all read, and those after it. */
static bool at_break(const struct usb_out *o)
{
	return o->broken && o->read == o->break_at;
}

/* Past buffers without bytes, and back to the controller with them. */
static void out_post(struct usb_transport *t, unsigned int n)
{
	struct usb_out *o = &t->channel[n].out;

	while (o->read != o->done && !at_break(o) &&
	       o->off == out_transfer(o, o->read)->actual) {
		o->read++;
		o->off = 0;
	}
	while (is_awake(t) && (uint16_t)(o->posted - o->read) < o->count) {
		struct udc_transfer *x = out_transfer(o, o->posted);

		x->len = t->acm.max_packet;
		x->more = (uint16_t)(o->posted + 1 - o->read) < o->count;
		if (cdc_acm_submit(&t->acm, n, false, x))
			break;
		o->posted++;
	}
}

static void out_done(struct usb_channel *c, struct udc_transfer *x)
{
	if (x->status || !c->connected)
		x->actual = 0;
	c->out.done++;
}

/* What an older client sent is nobody's. */
static void out_drop(struct usb_out *o)
{
	for (uint16_t i = o->read; i != o->done; i++)
		out_transfer(o, i)->actual = 0;
	o->off = 0;
	o->broken = false;
}

/* Bytes of the buffer that is read: 0 if there is none, or a break. */
static size_t out_take(struct usb_out *o, uint8_t *buf, size_t len)
{
	const struct udc_transfer *x = out_transfer(o, o->read);
	size_t n;

	if (o->read == o->done || at_break(o))
		return 0;
	n = x->actual - o->off;
	if (n > len)
		n = len;
	memcpy(buf, x->buf + o->off, n);
	o->off += (uint32_t)n;
	if (o->off == x->actual) {
		o->read++;
		o->off = 0;
	}
	return n;
}

/* To the host */

static uint32_t in_flight(const struct usb_in *in)
{
	return (uint16_t)(in->posted - in->first);
}

static uint32_t in_room(const struct usb_in *in)
{
	return in->size - (in->head - in->tail);
}

static size_t in_put(struct usb_in *in, const uint8_t *buf, size_t len)
{
	uint32_t at = in->head & (in->size - 1);
	size_t first = in->size - at;

	if (len > in_room(in))
		len = in_room(in);
	if (first > len)
		first = len;
	memcpy(in->mem + at, buf, first);
	memcpy(in->mem, buf + first, len - first);
	in->head += (uint32_t)len;
	return len;
}

/*
 * The bytes of the next transfer: up to the end of the ring's memory, 0 if it
 * is not worth one yet.
 */
static uint32_t in_next(const struct usb_in *in)
{
	uint32_t n = in->head - in->next;
	uint32_t end = in->size - (in->next & (in->size - 1));

	if (in->drain || in_flight(in) == USB_TRANSPORT_IN_QUEUE ||
	    (in_flight(in) >= ENOUGH_TRANSFERS && n < ENOUGH_BYTES))
		return 0;
	if (n > USB_TRANSPORT_IN_MAX)
		n = USB_TRANSPORT_IN_MAX;
	return n < end ? n : end;
}

static void in_pump(struct usb_transport *t, unsigned int n)
{
	struct usb_in *in = &t->channel[n].in;
	uint32_t len;

	while (is_awake(t) && (len = in_next(in))) {
		uint16_t i = in->posted % USB_TRANSPORT_IN_QUEUE;
		struct udc_transfer *x = &in->x[i];

		x->buf = in->mem + (in->next & (in->size - 1));
		x->len = len;
		/* the host waits for more after a full packet */
		x->zlp = len % t->acm.max_packet == 0 &&
			 in->next + len == in->head;
		in->start[i] = in->next;
		if (cdc_acm_submit(&t->acm, n, true, x))
			break;
		in->next += len;
		in->posted++;
	}
}

/*
 * Cancelled: all that is queued is. What is kept goes on after the last byte
 * that is known to have left.
 */
static void in_cancelled(struct usb_channel *c, uint16_t i)
{
	struct usb_in *in = &c->in;

	in->drain = (uint16_t)in_flight(in);
	if (!c->keeps)
		return;
	if (in->start[i] == in->tail)
		in->tail += in->x[i].actual;
	in->next = in->tail;
}

static void note_lost(struct usb_channel *c, size_t len)
{
	c->lost += len;
	if (c->connected || c->keeps)
		c->untold += len;
}

static void in_done(struct usb_channel *c, struct udc_transfer *x)
{
	struct usb_in *in = &c->in;
	uint16_t i = in->first % USB_TRANSPORT_IN_QUEUE;

	in->first++;
	if (in->drain)
		in->drain--;
	if (x->status == -ECANCELED) {
		in_cancelled(c, i);
	} else {
		if (x->status)
			note_lost(c, x->len);
		in->tail = in->start[i] + x->len;
	}
	if (!in_flight(in))
		in->tail = in->next;
}

/* What is not sent is dropped, what is under way called back. */
static void in_drop(struct usb_transport *t, unsigned int n)
{
	struct usb_in *in = &t->channel[n].in;

	if (t->channel[n].keeps)
		return;
	t->channel[n].untold = 0;
	in->next = in->head;
	if (!in_flight(in)) {
		in->tail = in->next;
	} else if (is_awake(t)) {
		in->drain = (uint16_t)in_flight(in);
		cdc_acm_flush(&t->acm, n, true);
	}
}

/* Clients */

static void note_client(struct usb_transport *t, unsigned int n)
{
	struct usb_channel *c = &t->channel[n];
	bool now = c->dtr && is_awake(t);

	if (now == c->connected)
		return;
	c->connected = now;
	if (now)
		c->epoch++;
	out_drop(&c->out);
	in_drop(t, n);
}

void cdc_acm_on_open(struct cdc_acm *c)
{
	(void)c; /* buffers are queued at the end of the poll */
}

void cdc_acm_on_close(struct cdc_acm *c)
{
	struct usb_transport *t = of_acm(c);

	for (unsigned int n = 0; n < TRANSPORT_CHANNELS; n++) {
		struct usb_in *in = &t->channel[n].in;

		t->channel[n].dtr = false;
		in->drain = (uint16_t)in_flight(in);
		note_client(t, n);
	}
}

void cdc_acm_on_suspend(struct cdc_acm *c)
{
	for (unsigned int n = 0; n < TRANSPORT_CHANNELS; n++)
		note_client(of_acm(c), n);
}

void cdc_acm_on_dtr(struct cdc_acm *c, unsigned int n, bool on)
{
	of_acm(c)->channel[n].dtr = on;
	note_client(of_acm(c), n);
}

void cdc_acm_on_break(struct cdc_acm *c, unsigned int n)
{
	struct usb_channel *ch = &of_acm(c)->channel[n];

	if (!ch->connected || ch->out.broken)
		return;
	ch->out.broken = true;
	ch->out.break_at = ch->out.done;
}

void cdc_acm_on_complete(struct cdc_acm *c, unsigned int n, bool in,
			 struct udc_transfer *x)
{
	struct usb_channel *ch = &of_acm(c)->channel[n];

	if (in)
		in_done(ch, x);
	else
		out_done(ch, x);
}

/* The transport */

/*
 * Where bytes are missing a line says how many, once there is room for it. Not
 * between gdb's packets: there it would be noise.
 */
static bool tell_lost(struct usb_transport *t, unsigned int n)
{
	struct usb_channel *c = &t->channel[n];
	STRBUF(line, NOTICE_SIZE);

	if (!c->untold || n == TRANSPORT_GDB)
		return true;
	strbuf_printf(&line, "\r\n[hyperstub: %llu bytes lost here]\r\n",
		      (unsigned long long)c->untold);
	if (in_room(&c->in) < line.len)
		return false;
	in_put(&c->in, (const uint8_t *)line.s, line.len);
	c->untold = 0;
	return true;
}

static void usb_poll(struct transport *tr)
{
	struct usb_transport *t = usb_of(tr);
	struct udc *u = t->acm.usbd.udc;

	u->ops->poll(u);
	for (unsigned int n = 0; n < TRANSPORT_CHANNELS; n++) {
		out_post(t, n);
		tell_lost(t, n);
		in_pump(t, n);
	}
}

static bool usb_has(struct transport *tr, enum transport_channel ch)
{
	return true;
}

static bool usb_connected(struct transport *tr, enum transport_channel ch,
			  uint32_t *epoch)
{
	const struct usb_channel *c = &usb_of(tr)->channel[ch];

	*epoch = c->epoch;
	return c->connected;
}

/* A break that the caller did not ask for is passed over. */
static size_t usb_rx(struct transport *tr, enum transport_channel ch,
		     uint8_t *buf, size_t len)
{
	struct usb_transport *t = usb_of(tr);
	struct usb_out *o = &t->channel[ch].out;
	size_t done = 0, n;

	out_post(t, ch); /* past empty ones */
	if (at_break(o) && ch != TRANSPORT_GDB)
		o->broken = false;
	while (done < len) {
		n = out_take(o, buf + done, len - done);
		done += n;
		if (!n && at_break(o) && ch == TRANSPORT_GDB) {
			buf[done++] = INTERRUPT;
			o->broken = false;
		} else if (!n) {
			break;
		}
	}
	out_post(t, ch);
	return done;
}

static size_t usb_tx(struct transport *tr, enum transport_channel ch,
		     const uint8_t *buf, size_t len)
{
	struct usb_transport *t = usb_of(tr);
	struct usb_channel *c = &t->channel[ch];
	size_t n;

	if ((!c->connected && !c->keeps) || !tell_lost(t, ch))
		return 0;
	n = in_put(&c->in, buf, len);
	in_pump(t, ch);
	return n;
}

/*
 * Has each reader who is there got all? The controller is not asked: what waits
 * for readers who are not there, notifications too, may wait for ever.
 */
static bool usb_idle(struct transport *tr)
{
	struct usb_transport *t = usb_of(tr);

	for (unsigned int n = 0; n < TRANSPORT_CHANNELS; n++) {
		const struct usb_channel *c = &t->channel[n];

		if (c->connected && c->in.tail != c->in.head)
			return false;
	}
	return true;
}

static uint32_t usb_events(struct transport *tr, enum transport_channel ch)
{
	struct usb_transport *t = usb_of(tr);
	struct usb_out *o = &t->channel[ch].out;

	out_post(t, ch);
	if (ch == TRANSPORT_GDB || !at_break(o))
		return 0;
	o->broken = false;
	return TRANSPORT_EVENT_BREAK;
}

static void usb_lost(struct transport *tr, enum transport_channel ch,
		     size_t len)
{
	note_lost(&usb_of(tr)->channel[ch], len);
}

static const struct transport_ops usb_ops = {
	.name = "usb",
	.keeps_console = true,
	.poll = usb_poll,
	.has = usb_has,
	.connected = usb_connected,
	.rx = usb_rx,
	.tx = usb_tx,
	.idle = usb_idle,
	.events = usb_events,
	.lost = usb_lost,
};

/* Starting up */

static const struct {
	uint16_t out;
	uint32_t in;
} room[TRANSPORT_CHANNELS] = {
	[TRANSPORT_GDB] = {USB_TRANSPORT_GDB_OUT, USB_TRANSPORT_GDB_IN},
	[TRANSPORT_CONSOLE] = {USB_TRANSPORT_OTHER_OUT, USB_TRANSPORT_OTHER_IN},
	[TRANSPORT_TRACE] = {USB_TRANSPORT_OTHER_OUT, USB_TRANSPORT_OTHER_IN},
};

int usb_transport_init(struct usb_transport *t, struct udc *u,
		       const struct cdc_acm_identity *id, void *mem,
		       size_t memlen)
{
	uint8_t *at = mem;

	if (((uintptr_t)mem & (USB_TRANSPORT_ALIGN - 1)) ||
	    memlen < USB_TRANSPORT_MEMORY)
		return -EINVAL;
	memset(t, 0, sizeof(*t));
	t->transport.ops = &usb_ops;
	t->transport.irq = u->irq;
	for (unsigned int n = 0; n < TRANSPORT_CHANNELS; n++) {
		struct usb_channel *c = &t->channel[n];

		c->keeps = n == TRANSPORT_CONSOLE;
		c->in.mem = at;
		c->in.size = room[n].in;
		at += room[n].in;
		c->out.count = room[n].out;
		for (uint16_t i = 0; i < room[n].out; i++) {
			c->out.x[i].buf = at;
			at += USB_TRANSPORT_OUT_SIZE;
		}
	}
	cdc_acm_init(&t->acm, u, id, at);
	return 0;
}

int usb_transport_start(struct usb_transport *t)
{
	return usbd_start(&t->acm.usbd);
}

void usb_transport_stop(struct usb_transport *t)
{
	usbd_stop(&t->acm.usbd);
}

bool usb_transport_sees_host(const struct usb_transport *t)
{
	return t->acm.usbd.state != USBD_DETACHED;
}

void usb_transport_describe(const struct usb_transport *t, struct strbuf *out)
{
	static const char *const names[] = {"gdb", "console", "trace"};
	static const char *const states[] = {"no host", "reset", "addressed",
					     "configured"};
	static const char *const speeds[] = {"", ", full speed",
					     ", high speed"};
	const struct usbd *d = &t->acm.usbd;

	strbuf_printf(out, "%s%s%s", states[d->state], speeds[d->speed],
		      d->suspended ? ", suspended" : "");
	for (unsigned int n = 0; n < TRANSPORT_CHANNELS; n++) {
		const struct usb_channel *c = &t->channel[n];

		strbuf_printf(out, "; %s %s", names[n],
			      c->connected ? "open" : "closed");
		if (c->lost)
			strbuf_printf(out, " (%llu bytes lost)",
				      (unsigned long long)c->lost);
	}
}
