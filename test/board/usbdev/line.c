/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Transfers of one port, filled from and emptied into a socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "line.h"
#include "say.h"
#include "socket.h"

static int allocate(struct line_buffer *b, size_t size)
{
	b->x.buf = aligned_alloc(UDC_ALIGN, size);
	b->x.owner = b;
	return b->x.buf ? 0 : -ENOMEM;
}

int line_init(struct line *l, struct cdc_acm *device, unsigned int number)
{
	unsigned int i;
	int r = 0;

	l->device = device;
	l->number = number;
	l->listener = l->client = -1;
	for (i = 0; i < LINE_IN; i++)
		r |= allocate(&l->in[i], LINE_IN_SIZE);
	for (i = 0; i < LINE_OUT; i++)
		r |= allocate(&l->out[i], CDC_ACM_BULK_HIGH);
	if (r)
		return r;
	if (!l->where || strcmp(l->where, "null") == 0) {
		l->where = NULL;
	} else if (strcmp(l->where, "echo") == 0) {
		l->echo = true;
	} else {
		l->listener = socket_listen(l->where);
		return l->listener < 0 ? l->listener : 0;
	}
	return 0;
}

void line_end(struct line *l)
{
	unsigned int i;

	if (l->client >= 0)
		close(l->client);
	socket_unlisten(l->listener, l->where);
	for (i = 0; i < LINE_IN; i++)
		free(l->in[i].x.buf);
	for (i = 0; i < LINE_OUT; i++)
		free(l->out[i].x.buf);
}

/* To the host. */

static struct line_buffer *free_in(struct line *l)
{
	unsigned int i;

	for (i = 0; i < LINE_IN; i++)
		if (!l->in[i].queued)
			return &l->in[i];
	return NULL;
}

static void send_in(struct line *l, struct line_buffer *b, uint32_t len)
{
	b->x.len = len;
	b->x.zlp = true;
	b->queued = cdc_acm_submit(l->device, l->number, true, &b->x) == 0;
}

static void drop_client(struct line *l)
{
	close(l->client);
	l->client = -1;
}

static void fill_from_client(struct line *l)
{
	struct line_buffer *b;
	ssize_t got;

	while (l->client >= 0 && l->running && l->dtr && (b = free_in(l))) {
		got = recv(l->client, b->x.buf, LINE_IN_SIZE, MSG_DONTWAIT);
		if (got < 0)
			return;
		if (got == 0)
			drop_client(l);
		else
			send_in(l, b, got);
	}
}

/* From the host. */

static void queue_out(struct line *l)
{
	unsigned int i;

	/* In a circle from the oldest, as they complete. */
	for (i = 0; i < LINE_OUT; i++) {
		struct line_buffer *b = &l->out[(l->first_out + i) % LINE_OUT];

		if (b->queued || b->full || !l->running)
			continue;
		b->x.len = l->device->max_packet;
		b->taken = 0;
		b->queued =
			cdc_acm_submit(l->device, l->number, false, &b->x) == 0;
	}
}

/* Where the bytes go; how many were taken. */
static ssize_t take(struct line *l, struct line_buffer *b)
{
	const uint8_t *data = b->x.buf + b->taken;
	uint32_t len = b->x.actual - b->taken;
	struct line_buffer *in;

	if (!len)
		return 0;
	if (!l->where)
		return len;
	if (l->client >= 0)
		return send(l->client, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!l->echo)
		return -1;
	in = l->dtr ? free_in(l) : NULL;
	if (!in)
		return -1;
	memcpy(in->x.buf, data, len);
	send_in(l, in, len);
	return len;
}

static void empty_out(struct line *l)
{
	struct line_buffer *b;
	ssize_t put;

	while ((b = &l->out[l->first_out])->full) {
		put = take(l, b);
		if (put < 0)
			break;
		b->taken += put;
		if (b->taken < b->x.actual)
			break;
		b->full = false;
		l->first_out = (l->first_out + 1) % LINE_OUT;
	}
	queue_out(l);
}

/* What the device says. */

void line_start(struct line *l)
{
	l->running = true;
	l->dtr = false;
	cdc_acm_set_state(l->device, l->number,
			  CDC_ACM_STATE_DCD | CDC_ACM_STATE_DSR);
	queue_out(l);
}

void line_stop(struct line *l)
{
	l->running = l->dtr = false;
}

void line_dtr(struct line *l, bool on)
{
	l->dtr = on;
	/* What the last one did not read is not for the next one. */
	if (!on)
		cdc_acm_flush(l->device, l->number, true);
}

void line_complete(struct line *l, bool in, struct udc_transfer *x)
{
	struct line_buffer *b = x->owner;

	b->queued = false;
	if (!in && x->status == 0)
		b->full = true;
	if (l->running)
		empty_out(l);
}

/* The socket. */

void line_poll(struct line *l, struct pollfd p[2])
{
	bool waits = l->out[l->first_out].full;
	short events = waits ? POLLOUT : 0;

	if (l->running && l->dtr && free_in(l))
		events |= POLLIN;
	p[0] = (struct pollfd){l->client < 0 ? l->listener : -1, POLLIN, 0};
	p[1] = (struct pollfd){events ? l->client : -1, events, 0};
}

void line_serve(struct line *l, const struct pollfd p[2])
{
	if (p[0].revents)
		l->client = socket_accept(l->listener, 0);
	if (p[1].revents & POLLERR)
		drop_client(l);
	else if (p[1].revents)
		fill_from_client(l);
	if (l->running)
		empty_out(l);
}
