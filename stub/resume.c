/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Running and stopping: vCont, c and s, ^C, detach, and the stop replies.
 * All-stop; what runs is decided for each CPU (struct target_action).
 */
#include <errno.h>
#include <string.h>

#include "stub/session.h"

#define SIGNAL_INT 2
#define SIGNAL_TRAP 5
#define SIGNAL_ABORT 6

/* ---- stop replies
 * ------------------------------------------------------------ */

static void put_key_address(struct gdbstub *s, const char *key, uint64_t addr)
{
	rsp_puts(&s->tx, key);
	rsp_putc(&s->tx, ':');
	rsp_put_number(&s->tx, addr);
	rsp_putc(&s->tx, ';');
}

/*
 * swbreak and hwbreak only for a client that knows them: for others they are
 * an error. gdb silently resumes from one at a PC where it has no breakpoint.
 */
static void put_reason(struct gdbstub *s, const struct target_event *ev)
{
	switch (ev->reason) {
	case TARGET_STOP_SWBREAK:
		if (s->client.swbreak)
			rsp_puts(&s->tx, "swbreak:;");
		return;
	case TARGET_STOP_HWBREAK:
		if (s->client.hwbreak)
			rsp_puts(&s->tx, "hwbreak:;");
		return;
	case TARGET_STOP_WATCH:
		put_key_address(s, "watch", ev->addr);
		return;
	case TARGET_STOP_RWATCH:
		put_key_address(s, "rwatch", ev->addr);
		return;
	case TARGET_STOP_AWATCH:
		put_key_address(s, "awatch", ev->addr);
		return;
	default:
		return;
	}
}

/* Keys that only LLDB asked for. */
static void put_lldb_keys(struct gdbstub *s, const struct target_event *ev)
{
	static const char *const reasons[] = {
		[TARGET_STOP_HALT] = "signal",
		[TARGET_STOP_TRAP] = "trace",
		[TARGET_STOP_SWBREAK] = "breakpoint",
		[TARGET_STOP_HWBREAK] = "breakpoint",
		[TARGET_STOP_WATCH] = "watchpoint",
		[TARGET_STOP_RWATCH] = "watchpoint",
		[TARGET_STOP_AWATCH] = "watchpoint",
		[TARGET_STOP_FAULT] = "exception",
		[TARGET_STOP_EXIT] = "signal",
	};
	if (s->client.list_threads) {
		rsp_puts(&s->tx, "threads:");
		session_put_threads(s);
		rsp_putc(&s->tx, ';');
	}
	if (s->client.lldb && ev) {
		rsp_puts(&s->tx, "reason:");
		rsp_puts(&s->tx, reasons[ev->reason]);
		rsp_putc(&s->tx, ';');
	}
}

static void put_expedited(struct gdbstub *s, unsigned int cpu)
{
	size_t count, i;
	const uint16_t *regs = target_expedited(&count);
	uint8_t value[TARGET_MAX_REG_SIZE];

	for (i = 0; i < count; i++) {
		int size = target_reg_size(s->target, regs[i]);

		if (size <= 0 || size > TARGET_MAX_REG_SIZE ||
		    target_reg_read(s->target, cpu, regs[i], value))
			continue;
		rsp_put_number(&s->tx, regs[i]);
		rsp_putc(&s->tx, ':');
		rsp_put_hex(&s->tx, value, (size_t)size);
		rsp_putc(&s->tx, ';');
	}
}

static void put_stop(struct gdbstub *s, uint8_t signal, unsigned int cpu,
		     const struct target_event *ev)
{
	rsp_putc(&s->tx, 'T');
	rsp_put_hex(&s->tx, &signal, 1);
	if (ev)
		put_reason(s, ev);
	rsp_puts(&s->tx, "thread:");
	session_put_thread(s, cpu);
	rsp_puts(&s->tx, ";core:");
	rsp_put_number(&s->tx, cpu);
	rsp_putc(&s->tx, ';');
	put_lldb_keys(s, ev);
	put_expedited(s, cpu);
}

static uint8_t signal_of(const struct gdbstub *s, const struct target_event *ev)
{
	switch (ev->reason) {
	case TARGET_STOP_HALT:
		return s->halt_signal;
	case TARGET_STOP_FAULT:
		return SIGNAL_ABORT;
	default:
		return SIGNAL_TRAP;
	}
}

/* The event to be reported next becomes the last one. */
static void take_event(struct gdbstub *s)
{
	unsigned int cpu = s->first_pending;

	if (s->pending) {
		if (!(s->pending >> cpu & 1))
			cpu = (unsigned int)__builtin_ctzll(s->pending);
		s->pending &= ~(1ull << cpu);
		s->last = s->events[cpu];
	} else if (!s->have_last) {
		memset(&s->last, 0, sizeof(s->last));
		s->last.reason = TARGET_STOP_HALT;
		s->last.cpu = session_any_cpu(s);
	} else {
		return;
	}
	s->have_last = true;
	s->client.spoke = false;
	s->last_signal = signal_of(s, &s->last);
	s->halt_signal = SIGNAL_TRAP;
	if (s->last_signal == SIGNAL_INT)
		s->client.interrupt = false;
}

static void put_last(struct gdbstub *s)
{
	s->client.g_cpu = (int)s->last.cpu;
	if (s->last.reason == TARGET_STOP_EXIT && s->client.extended)
		rsp_puts(&s->tx, "W00");
	else
		put_stop(s, s->last_signal, s->last.cpu, &s->last);
}

void resume_put_stop(struct gdbstub *s)
{
	take_event(s);
	put_last(s);
}

static void ask_stop(struct gdbstub *s, uint8_t signal)
{
	s->halt_signal = signal;
	if (s->stop_asked)
		return;
	s->stop_asked = true;
	target_stop(s->target);
}

int packet_question(struct gdbstub *s, struct cursor *c)
{
	if (s->running) {
		s->waiting = true;
		s->quiet = true;
		ask_stop(s, s->stop_asked ? s->halt_signal : SIGNAL_TRAP);
		return SESSION_NO_REPLY;
	}
	if (!s->have_last)
		take_event(s);
	put_last(s);
	return 0;
}

/* qThreadStopInfoID: LLDB asks each thread why it has stopped. */
int packet_stop_info(struct gdbstub *s, struct cursor *c)
{
	int cpu;

	if (!session_thread(s, c, &cpu) || cpu < 0)
		return -EINVAL;
	if (s->running)
		return -EBUSY;
	if (s->have_last && s->last.cpu == (unsigned int)cpu)
		put_stop(s, s->last_signal, s->last.cpu, &s->last);
	else
		put_stop(s, 0, (unsigned int)cpu, NULL);
	return 0;
}

/*
 * Another stop may come first, one that gdb does not show (a condition that is
 * false); or gdb sends it ahead of the vCont that it is just preparing: it is
 * answered when the client lets the guest go. One that follows right after the
 * T02 of another is the same one, said twice.
 */
void resume_interrupt(struct gdbstub *s)
{
	if (s->running) {
		s->client.interrupt = true;
		ask_stop(s, SIGNAL_INT);
	} else if (s->have_last &&
		   (s->last_signal != SIGNAL_INT || s->client.spoke)) {
		s->client.interrupt = true;
	}
}

/* A ^C that is owed is a stop of a CPU that would go. */
static void put_off_interrupt(struct gdbstub *s, uint64_t moving)
{
	struct target_event ev = { .reason = TARGET_STOP_HALT };

	ev.cpu = (unsigned int)__builtin_ctzll(moving);
	s->events[ev.cpu] = ev;
	s->pending |= 1ull << ev.cpu;
	s->first_pending = ev.cpu;
	s->halt_signal = SIGNAL_INT;
}

int packet_vCtrlC(struct gdbstub *s, struct cursor *c)
{
	resume_interrupt(s);
	return session_ok(s);
}

/* ---- resuming
 * ------------------------------------------------------------------- */

/* CPUs that s->action makes run, those that are off left out. */
static uint64_t moving_cpus(struct gdbstub *s)
{
	unsigned int cpu, count = target_cpu_count(s->target);
	uint64_t moving = 0;

	for (cpu = 0; cpu < count; cpu++) {
		if (s->action[cpu].kind != TARGET_STAY &&
		    target_cpu_state(s->target, cpu) != TARGET_CPU_OFF)
			moving |= 1ull << cpu;
	}
	return moving;
}

static void all_actions(struct gdbstub *s, enum target_action_kind kind)
{
	unsigned int cpu;

	memset(s->action, 0, sizeof(s->action));
	for (cpu = 0; cpu < TARGET_MAX_CPUS; cpu++)
		s->action[cpu].kind = kind;
}

static int resume_target(struct gdbstub *s)
{
	int err = target_resume(s->target, s->action, s->points, &s->why);

	if (err)
		return err;
	s->running = true;
	s->stop_asked = false;
	s->have_last = false;
	s->halt_signal = SIGNAL_TRAP;
	return 0;
}

/* The client's wish to run; the reply is a stop reply, later. */
static int resume_client(struct gdbstub *s)
{
	uint64_t moving = moving_cpus(s), ready = s->pending & moving;
	int err;

	if (!moving)
		return session_fail(s, -ESRCH, "no CPU that is on would run");
	if (ready) {
		/* An event of the last stop comes first; nobody moves. */
		s->first_pending = (unsigned int)__builtin_ctzll(ready);
	} else if (s->client.interrupt) {
		put_off_interrupt(s, moving);
	} else {
		err = resume_target(s);
		if (err)
			return err;
	}
	s->waiting = true;
	s->quiet = false;
	return SESSION_NO_REPLY;
}

/* A client that finds the guest running may wait for it, but not steer it. */
static int resume_while_running(struct gdbstub *s, bool continues)
{
	if (!continues || s->waiting)
		return session_fail(s, -EBUSY, "the guest is running");
	s->waiting = true;
	s->quiet = false;
	return SESSION_NO_REPLY;
}

static int write_pc(struct gdbstub *s, unsigned int cpu, uint64_t pc)
{
	uint8_t value[8];
	unsigned int i;

	for (i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(pc >> (8 * i));
	s->pending &= ~(1ull << cpu);
	return target_reg_write(s->target, cpu, TARGET_REG_PC, value);
}

/* c and s: [SIG][;][ADDR], the signal having been read. */
static int resume_plain(struct gdbstub *s, struct cursor *c,
			enum target_action_kind kind)
{
	bool all = s->client.c_cpu < 0;
	unsigned int cpu =
		(unsigned int)(all ? s->client.g_cpu : s->client.c_cpu);
	uint64_t pc;
	int err;

	if (s->running)
		return resume_while_running(s, kind == TARGET_CONTINUE &&
						       cursor_at_end(c));
	if (!cursor_at_end(c)) {
		if (!cursor_hex(c, &pc) || !cursor_at_end(c))
			return -EINVAL;
		err = write_pc(s, cpu, pc);
		if (err)
			return err;
	}
	if (kind == TARGET_CONTINUE && all) {
		all_actions(s, TARGET_CONTINUE);
	} else {
		all_actions(s, TARGET_STAY);
		s->action[cpu].kind = kind;
	}
	return resume_client(s);
}

/* The guest has no use for gdb's signal numbers. */
static int skip_signal(struct cursor *c)
{
	uint64_t signal;

	if (!cursor_hex(c, &signal))
		return -EINVAL;
	cursor_char(c, ';');
	return 0;
}

int packet_c(struct gdbstub *s, struct cursor *c)
{
	return resume_plain(s, c, TARGET_CONTINUE);
}

int packet_C(struct gdbstub *s, struct cursor *c)
{
	int err = skip_signal(c);

	return err ? err : resume_plain(s, c, TARGET_CONTINUE);
}

int packet_s(struct gdbstub *s, struct cursor *c)
{
	return resume_plain(s, c, TARGET_STEP);
}

int packet_S(struct gdbstub *s, struct cursor *c)
{
	int err = skip_signal(c);

	return err ? err : resume_plain(s, c, TARGET_STEP);
}

/* ---- vCont
 * ------------------------------------------------------------------------ */

int packet_vCont_query(struct gdbstub *s, struct cursor *c)
{
	rsp_puts(&s->tx, "vCont;c;C;s;S;t;r");
	return 0;
}

static int parse_action(struct cursor *c, struct target_action *action)
{
	uint64_t signal;

	memset(action, 0, sizeof(*action));
	if (cursor_char(c, 'c')) {
		action->kind = TARGET_CONTINUE;
	} else if (cursor_char(c, 's')) {
		action->kind = TARGET_STEP;
	} else if (cursor_char(c, 'C')) {
		action->kind = TARGET_CONTINUE;
		return cursor_hex(c, &signal) ? 0 : -EINVAL;
	} else if (cursor_char(c, 'S')) {
		action->kind = TARGET_STEP;
		return cursor_hex(c, &signal) ? 0 : -EINVAL;
	} else if (cursor_char(c, 't')) {
		action->kind = TARGET_STAY;
	} else if (cursor_char(c, 'r')) {
		action->kind = TARGET_RANGE;
		if (!cursor_hex(c, &action->start) || !cursor_char(c, ',') ||
		    !cursor_hex(c, &action->end))
			return -EINVAL;
		if (action->end <= action->start)
			action->kind = TARGET_STEP;
	} else {
		return -EINVAL;
	}
	return 0;
}

/* The leftmost action that names a thread is the one that counts. */
static void assign_action(struct gdbstub *s, uint64_t *assigned, int cpu,
			  const struct target_action *action)
{
	uint64_t mask = ~0ull;
	unsigned int i;

	if (cpu == SESSION_ANY)
		cpu = s->client.g_cpu;
	if (cpu >= 0)
		mask = 1ull << cpu;
	mask &= ~*assigned;
	*assigned |= mask;
	for (i = 0; i < TARGET_MAX_CPUS; i++) {
		if (mask >> i & 1)
			s->action[i] = *action;
	}
}

int packet_vCont(struct gdbstub *s, struct cursor *c)
{
	uint64_t assigned = 0;
	bool continues = true;

	all_actions(s, TARGET_STAY);
	do {
		struct target_action action;
		int cpu = SESSION_ALL;

		if (parse_action(c, &action))
			return session_fail(s, -EINVAL, "bad vCont action");
		if (cursor_char(c, ':') && !session_thread(s, c, &cpu))
			return session_fail(s, -ESRCH, "no such thread");
		assign_action(s, &assigned, cpu, &action);
		continues &= action.kind == TARGET_CONTINUE;
	} while (cursor_char(c, ';'));
	if (!cursor_at_end(c))
		return session_fail(s, -EINVAL, "bad vCont packet");
	if (s->running)
		return resume_while_running(s, continues);
	return resume_client(s);
}

/* ---- leaving
 * ------------------------------------------------------------------------ */

void resume_forget_points(struct gdbstub *s)
{
	bp_remove_all(s->points);
	if (!s->running)
		return;
	/* A stop that the last client asked for is nobody's now. */
	if (!s->stop_asked && !bp_next_changed(s->points, NULL))
		return;
	s->releasing = true;
	ask_stop(s, SIGNAL_TRAP);
}

int resume_release(struct gdbstub *s)
{
	s->waiting = false;
	resume_forget_points(s);
	if (s->running)
		return 0;
	s->pending = 0;
	all_actions(s, TARGET_CONTINUE);
	return moving_cpus(s) ? resume_target(s) : 0;
}

int packet_D(struct gdbstub *s, struct cursor *c)
{
	int err;

	if (!cursor_at_end(c) && *c->p != ';')
		return -ENOTSUP;
	err = resume_release(s);
	if (err)
		return err;
	s->client.noack = false;
	return session_ok(s);
}

/*
 * `k` of a debugger that quits must not take the machine down: a detach. LLDB
 * waits for word that the process is dead.
 */
int packet_k(struct gdbstub *s, struct cursor *c)
{
	resume_release(s);
	if (!s->client.lldb)
		return SESSION_NO_REPLY;
	rsp_puts(&s->tx, "X09");
	return 0;
}

int packet_vKill(struct gdbstub *s, struct cursor *c)
{
	int err = resume_release(s);

	return err ? err : session_ok(s);
}
