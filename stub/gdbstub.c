/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The session's core: which packet is answered when, acknowledgements, what is
 * sent next, and events. What a packet means is decided elsewhere.
 */
#include "stub/gdbstub.h"

#include <errno.h>
#include <string.h>

#include "stub/session.h"

#define MAX_DAMAGED 3

static const struct session_packet packets[] = {
	{"m", packet_m, 0},
	{"x", packet_x, 0},
	{"X", packet_X, 0},
	{"p", packet_p, SESSION_STOPPED},
	{"g", packet_g, SESSION_STOPPED},
	{"Z", packet_Z, SESSION_STOPPED},
	{"z", packet_z, SESSION_STOPPED},
	{"vCont;", packet_vCont, 0},
	{"H", packet_H, 0},
	{"q", packet_q, 0},
	{"M", packet_M, 0},
	{"P", packet_P, SESSION_STOPPED},
	{"G", packet_G, SESSION_STOPPED},
	{"T", packet_T, 0},
	{"?", packet_question, SESSION_EXACT},
	{"c", packet_c, 0},
	{"C", packet_C, 0},
	{"s", packet_s, 0},
	{"S", packet_S, 0},
	{"Q", packet_Q, 0},
	{"vCont?", packet_vCont_query, SESSION_EXACT},
	{"vCtrlC", packet_vCtrlC, SESSION_EXACT},
	{"vKill;", packet_vKill, 0},
	{"D", packet_D, 0},
	{"k", packet_k, SESSION_EXACT},
	{"!", packet_extended, SESSION_EXACT},
};

/* ---- replies ---------------------------------------------------------------
 */

int session_ok(struct gdbstub *s)
{
	rsp_puts(&s->tx, "OK");
	return 0;
}

int session_fail(struct gdbstub *s, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&s->why, fmt, ap);
	va_end(ap);
	return err;
}

void session_put_text(struct gdbstub *s, const char *text, size_t len)
{
	for (; len; len--, text++) {
		char c = *text;

		if (c < ' ' || c > '~')
			c = ' ';
		if (c == '#' || c == '$' || c == '*')
			c = '.';
		rsp_putc(&s->tx, c);
	}
}

static void put_error(struct gdbstub *s, int err)
{
	uint8_t code = err < 0 && err > -256 ? (uint8_t)-err : EIO;

	if (s->client.error_text && s->why.len) {
		rsp_puts(&s->tx, "E.");
		session_put_text(s, s->why.s, s->why.len);
		return;
	}
	rsp_putc(&s->tx, 'E');
	rsp_put_hex(&s->tx, &code, 1);
	if (s->client.lldb_errors && s->why.len) {
		rsp_putc(&s->tx, ';');
		rsp_put_hex(&s->tx, s->why.s, s->why.len);
	}
}

int session_dispatch(struct gdbstub *s, const struct session_packet *table,
		     size_t count, struct cursor *c)
{
	for (; count; count--, table++) {
		const uint8_t *start = c->p;

		if (!cursor_text(c, table->prefix))
			continue;
		if ((table->flags & SESSION_EXACT) && !cursor_at_end(c)) {
			c->p = start;
			continue;
		}
		if ((table->flags & SESSION_STOPPED) && s->running)
			return session_fail(s, -EBUSY, "the guest is running");
		return table->handle(s, c);
	}
	return -ENOTSUP;
}

/* ---- packets
 * ----------------------------------------------------------------- */

static int run_packet(struct gdbstub *s)
{
	struct cursor c = {s->rx.body, s->rx.body + s->rx.len};

	if (s->packet_too_long)
		return session_fail(s, -EMSGSIZE,
				    "packet longer than 0x%x bytes",
				    (unsigned int)s->packet_size);
	if (s->packet_damaged)
		return session_fail(s, -EBADMSG, "packet with a bad checksum");
	return session_dispatch(s, packets,
				sizeof(packets) / sizeof(packets[0]), &c);
}

static void answer_packet(struct gdbstub *s)
{
	bool acks = !s->client.noack;
	int err;

	strbuf_init(&s->why, s->why_text, sizeof(s->why_text));
	rsp_begin(&s->tx);
	err = run_packet(s);
	s->packet_ready = false;
	s->packet_too_long = false;
	s->packet_damaged = false;
	if (err == SESSION_MORE)
		return;
	if (err == SESSION_NO_REPLY) {
		rsp_tx_drop(&s->tx);
		return;
	}
	if (err < 0) {
		rsp_begin(&s->tx);
		if (err != -ENOTSUP || s->why.len)
			put_error(s, err);
	}
	/* The reply to QStartNoAckMode itself is still acknowledged. */
	rsp_end(&s->tx, acks || !s->client.noack);
}

static void send_ok(struct gdbstub *s)
{
	s->client.ok_follows = false;
	rsp_begin(&s->tx);
	session_ok(s);
	rsp_end(&s->tx, !s->client.noack);
}

static void send_console(struct gdbstub *s)
{
	size_t head = s->console_head;
	size_t n = GDBSTUB_CONSOLE_SIZE - head;
	STRBUF(lost, 40);

	rsp_begin(&s->tx);
	rsp_putc(&s->tx, 'O');
	if (s->console_lost) {
		strbuf_printf(&lost, "[%zu bytes lost]", s->console_lost);
		rsp_put_hex(&s->tx, lost.s, lost.len);
		s->console_lost = 0;
	}
	if (n > s->console_len)
		n = s->console_len;
	n = rsp_put_hex(&s->tx, s->console + head, n);
	s->console_head = (head + n) % GDBSTUB_CONSOLE_SIZE;
	s->console_len -= n;
	rsp_end(&s->tx, !s->client.noack);
}

static void send_stop(struct gdbstub *s)
{
	s->waiting = false;
	rsp_begin(&s->tx);
	resume_put_stop(s);
	rsp_end(&s->tx, !s->client.noack);
}

bool gdbstub_takes_console(const struct gdbstub *s)
{
	return s->waiting && !s->quiet;
}

/* Whatever can be done next, until a frame is there to be sent. */
static void pump(struct gdbstub *s)
{
	for (;;) {
		/* A new packet says that the last reply has arrived. */
		if (s->packet_ready)
			rsp_tx_ack(&s->tx);
		if (rsp_tx_busy(&s->tx))
			return;
		if (s->tx.open && memory_go_on(s) == 0)
			rsp_end(&s->tx, false);
		if (!rsp_tx_free(&s->tx))
			return;
		if (s->client.ok_follows)
			send_ok(s);
		else if (s->packet_ready)
			answer_packet(s);
		else if (gdbstub_takes_console(s) && s->console_len)
			send_console(s);
		else if (s->waiting && !s->running)
			send_stop(s);
		else
			return;
	}
}

/* ---- the transport's side ---------------------------------------------------
 */

static void on_damaged(struct gdbstub *s)
{
	if (s->client.noack) {
		s->packet_damaged = true;
		s->packet_ready = true;
	} else if (++s->damaged <= MAX_DAMAGED) {
		rsp_tx_control(&s->tx, '-');
	}
}

static void on_packet(struct gdbstub *s, bool too_long)
{
	s->damaged = 0;
	s->client.spoke = true;
	s->packet_ready = true;
	s->packet_too_long = too_long;
	if (!s->client.noack)
		rsp_tx_control(&s->tx, '+');
}

static void on_event(struct gdbstub *s, enum rsp_event event)
{
	switch (event) {
	case RSP_NONE:
		return;
	case RSP_PACKET:
	case RSP_TOO_LONG:
		on_packet(s, event == RSP_TOO_LONG);
		return;
	case RSP_BAD:
		on_damaged(s);
		return;
	case RSP_ACK:
		rsp_tx_ack(&s->tx);
		return;
	case RSP_NACK:
		if (!s->client.noack)
			rsp_tx_nack(&s->tx);
		return;
	case RSP_BREAK:
		/* Who interrupts has seen whatever was sent so far. */
		rsp_tx_ack(&s->tx);
		resume_interrupt(s);
		return;
	}
}

/*
 * Nothing is taken while a frame is on its way: replies and acks then leave in
 * the order of what they answer, and one packet is in hand at a time.
 */
size_t gdbstub_rx(struct gdbstub *s, const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	for (;;) {
		enum rsp_event event;

		pump(s);
		if (n == len || rsp_tx_busy(&s->tx) ||
		    s->tx.control_len == RSP_MAX_CONTROL)
			return n;
		n += rsp_rx_feed(&s->rx, bytes + n, len - n, &event);
		on_event(s, event);
	}
}

const uint8_t *gdbstub_tx_peek(struct gdbstub *s, size_t *len)
{
	return rsp_tx_peek(&s->tx, len);
}

void gdbstub_tx_done(struct gdbstub *s, size_t n)
{
	rsp_tx_done(&s->tx, n);
	pump(s);
}

/* ---- the guest's side
 * ---------------------------------------------------------- */

void session_console(struct gdbstub *s, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (; len; len--, p++) {
		size_t tail = s->console_head + s->console_len;

		s->console[tail % GDBSTUB_CONSOLE_SIZE] = *p;
		if (s->console_len < GDBSTUB_CONSOLE_SIZE) {
			s->console_len++;
			continue;
		}
		s->console_head = (s->console_head + 1) % GDBSTUB_CONSOLE_SIZE;
		s->console_lost++;
	}
}

void gdbstub_console(struct gdbstub *s, const void *bytes, size_t len)
{
	if (!gdbstub_takes_console(s))
		return;
	session_console(s, bytes, len);
	pump(s);
}

/* What ended a run is told before what was left over from the last stop. */
static void keep_event(struct gdbstub *s, const struct target_event *ev,
		       bool ended_run)
{
	unsigned int cpu = ev->cpu < target_cpu_count(s->target) ? ev->cpu : 0;
	uint64_t bit = 1ull << cpu;

	if (s->pending & bit)
		return;
	if (!s->pending || ended_run)
		s->first_pending = cpu;
	s->pending |= bit;
	s->events[cpu] = *ev;
	s->events[cpu].cpu = cpu;
	s->events[cpu].text = NULL;
}

/* A stop that was asked for only to take the points of a client out. */
static bool release_now(struct gdbstub *s, const struct target_event *ev)
{
	if (!s->releasing)
		return false;
	s->releasing = false;
	if (s->waiting || ev->reason == TARGET_STOP_FAULT ||
	    ev->reason == TARGET_STOP_EXIT)
		return false;
	return resume_release(s) == 0;
}

void gdbstub_event(struct gdbstub *s, const struct target_event *ev)
{
	bool halt = ev->reason == TARGET_STOP_HALT;
	struct target_event plain = *ev;
	bool ended_run = s->running;

	if (halt && !s->running)
		return;
	/* A new client does not know the points of the one before. */
	if (s->releasing && ev->reason >= TARGET_STOP_SWBREAK &&
	    ev->reason <= TARGET_STOP_AWATCH)
		plain.reason = TARGET_STOP_HALT;
	s->running = false;
	s->stop_asked = false;
	if (release_now(s, ev))
		return;
	if (ev->text && (s->waiting || s->connected)) {
		session_console(s, ev->text, strlen(ev->text));
		session_console(s, "\n", 1);
	}
	keep_event(s, &plain, ended_run);
	pump(s);
}

/* ---- clients
 * ------------------------------------------------------------------- */

static void forget_client(struct gdbstub *s)
{
	memset(&s->client, 0, sizeof(s->client));
	s->client.c_cpu = SESSION_ALL;
	s->client.g_cpu = (int)session_any_cpu(s);
	s->damaged = 0;
	s->waiting = false;
	s->quiet = false;
	s->console_head = 0;
	s->console_len = 0;
	s->console_lost = 0;
	strbuf_init(&s->document, s->document.s, s->document.cap);
}

void session_restart(struct gdbstub *s)
{
	forget_client(s);
	resume_forget_points(s);
	rsp_tx_control(&s->tx, '+');
}

static void drop_link(struct gdbstub *s)
{
	rsp_rx_reset(&s->rx);
	rsp_tx_reset(&s->tx);
	s->packet_ready = false;
	s->packet_too_long = false;
	s->packet_damaged = false;
	forget_client(s);
}

void gdbstub_connect(struct gdbstub *s)
{
	drop_link(s);
	s->connected = true;
}

void gdbstub_disconnect(struct gdbstub *s)
{
	drop_link(s);
	s->connected = false;
	if (!s->keep)
		resume_release(s);
}

static bool any_running(struct gdbstub *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < target_cpu_count(s->target); cpu++) {
		if (target_cpu_state(s->target, cpu) == TARGET_CPU_RUNNING)
			return true;
	}
	return false;
}

void gdbstub_init(struct gdbstub *s, struct target *t,
		  const struct gdbstub_memory *mem)
{
	size_t tx_body = mem->tx_size - RSP_FRAME_EXTRA;

	memset(s, 0, sizeof(*s));
	s->target = t;
	s->mem = *mem;
	s->points = mem->points;
	s->mem.scratch_size /= 2;
	strbuf_init(&s->document, (char *)mem->scratch + s->mem.scratch_size,
		    s->mem.scratch_size);
	s->packet_size = mem->rx_size - 1;
	if (s->packet_size > tx_body)
		s->packet_size = tx_body;
	rsp_rx_init(&s->rx, mem->rx, s->packet_size + 1);
	rsp_tx_init(&s->tx, mem->tx, s->packet_size + RSP_FRAME_EXTRA);
	strbuf_init(&s->why, s->why_text, sizeof(s->why_text));
	s->running = any_running(s);
	s->halt_signal = 5;
	forget_client(s);
}
