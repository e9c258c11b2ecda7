/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A session that goes on where another one ended: over a reset of the machine,
 * and after a fault of the monitor in the middle of a packet.
 */
#include <string.h>

#include "stub/session.h"

void gdbstub_restore(struct gdbstub *s, const struct gdbstub_client *client,
		     bool waiting)
{
	unsigned int count = target_cpu_count(s->target);

	s->client = *client;
	if (s->client.g_cpu < 0 || (unsigned int)s->client.g_cpu >= count)
		s->client.g_cpu = 0;
	if (s->client.c_cpu >= (int)count)
		s->client.c_cpu = SESSION_ALL;
	s->waiting = waiting;
}

/* An acknowledgement that the packet at hand has not had yet, and the reply. */
static void reply(struct gdbstub *s, const char *text)
{
	rsp_begin(&s->tx);
	rsp_put_hex(&s->tx, text, strlen(text));
	rsp_end(&s->tx, !s->client.noack);
}

void gdbstub_answer(struct gdbstub *s, const char *text)
{
	/* the client is told by this reply that the guest stands still */
	s->pending = 0;
	s->have_last = false;
	if (!rsp_tx_free(&s->tx))
		return;
	if (!s->client.noack)
		rsp_tx_control(&s->tx, '+');
	reply(s, text);
}

void gdbstub_abandon(struct gdbstub *s, const char *text)
{
	if (s->tx.open && !s->packet_ready) {
		/* in the middle of a reply that is on its way: a short one */
		s->reading.left = 0;
		rsp_end(&s->tx, false);
	}
	if (!s->packet_ready)
		return;
	s->packet_ready = false;
	s->packet_too_long = false;
	s->packet_damaged = false;
	rsp_begin(&s->tx);
	if (s->client.error_text) {
		rsp_puts(&s->tx, "E.");
		session_put_text(s, text, strlen(text));
	} else {
		rsp_puts(&s->tx, "E05");
	}
	rsp_end(&s->tx, !s->client.noack);
}

void gdbstub_exit(struct gdbstub *s)
{
	if (!s->waiting || !rsp_tx_free(&s->tx))
		return;
	s->waiting = false;
	rsp_begin(&s->tx);
	rsp_puts(&s->tx, "W00");
	rsp_end(&s->tx, !s->client.noack);
}
