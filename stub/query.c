/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The q and Q packets, H and T: what the client and the stub tell each other,
 * and the thread list. Threads are CPUs: thread N is CPU N-1.
 */
#include <errno.h>
#include <string.h>

#include "stub/session.h"

/* ---- threads
 * ------------------------------------------------------------------ */

unsigned int session_any_cpu(struct gdbstub *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < target_cpu_count(s->target); cpu++) {
		if (target_cpu_state(s->target, cpu) != TARGET_CPU_OFF)
			return cpu;
	}
	return 0;
}

bool session_thread(struct gdbstub *s, struct cursor *c, int *cpu)
{
	uint64_t id;

	if (cursor_text(c, "-1")) {
		*cpu = SESSION_ALL;
		return true;
	}
	if (!cursor_hex(c, &id) || id > target_cpu_count(s->target))
		return false;
	*cpu = id ? (int)id - 1 : SESSION_ANY;
	return true;
}

void session_put_thread(struct gdbstub *s, unsigned int cpu)
{
	rsp_put_number(&s->tx, cpu + 1);
}

void session_put_threads(struct gdbstub *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < target_cpu_count(s->target); cpu++) {
		if (cpu)
			rsp_putc(&s->tx, ',');
		session_put_thread(s, cpu);
	}
}

int packet_H(struct gdbstub *s, struct cursor *c)
{
	bool general = cursor_char(c, 'g');
	int cpu;

	if (!general && !cursor_char(c, 'c'))
		return -ENOTSUP;
	if (!session_thread(s, c, &cpu) || !cursor_at_end(c))
		return session_fail(s, -ESRCH, "no such thread");
	if (!general)
		s->client.c_cpu = cpu < 0 ? SESSION_ALL : cpu;
	else if (cpu >= 0)
		s->client.g_cpu = cpu;
	else if (cpu == SESSION_ALL)
		return session_fail(s, -EINVAL, "one thread at a time");
	return session_ok(s);
}

int packet_T(struct gdbstub *s, struct cursor *c)
{
	int cpu;

	if (!session_thread(s, c, &cpu) || cpu < 0 || !cursor_at_end(c))
		return session_fail(s, -ESRCH, "no such thread");
	return session_ok(s);
}

static int query_current(struct gdbstub *s, struct cursor *c)
{
	rsp_puts(&s->tx, "QC");
	session_put_thread(s, (unsigned int)s->client.g_cpu);
	return 0;
}

static int query_first_threads(struct gdbstub *s, struct cursor *c)
{
	rsp_putc(&s->tx, 'm');
	session_put_threads(s);
	return 0;
}

static int query_next_threads(struct gdbstub *s, struct cursor *c)
{
	rsp_putc(&s->tx, 'l');
	return 0;
}

static int query_thread_extra(struct gdbstub *s, struct cursor *c)
{
	STRBUF(text, 200);
	int cpu;

	if (!session_thread(s, c, &cpu) || cpu < 0 || !cursor_at_end(c))
		return session_fail(s, -ESRCH, "no such thread");
	target_cpu_name(s->target, (unsigned int)cpu, &text);
	strbuf_puts(&text, " ");
	target_cpu_extra(s->target, (unsigned int)cpu, &text);
	rsp_put_hex(&s->tx, text.s, text.len);
	return 0;
}

/* ---- features
 * ------------------------------------------------------------------ */

static bool word_is(const uint8_t *p, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(p, word, len) == 0;
}

static void note_feature(struct gdbstub_client *client, const uint8_t *p,
			 size_t len)
{
	if (word_is(p, len, "swbreak+"))
		client->swbreak = true;
	else if (word_is(p, len, "hwbreak+"))
		client->hwbreak = true;
	else if (word_is(p, len, "error-message+"))
		client->error_text = true;
}

/*
 * Seen a second time without acks, it comes from a client that came unnoticed:
 * one that knows of no ack mode. (LLDB ends acks before its first.)
 */
static int query_supported(struct gdbstub *s, struct cursor *c)
{
	if (s->client.noack && s->client.told_features)
		session_restart(s);
	s->client.told_features = true;
	s->client.swbreak = s->client.hwbreak = s->client.error_text = false;
	while (!cursor_at_end(c)) {
		const uint8_t *word = c->p;

		while (!cursor_at_end(c) && *c->p != ';')
			c->p++;
		note_feature(&s->client, word, (size_t)(c->p - word));
		cursor_char(c, ';');
	}
	rsp_puts(&s->tx, "PacketSize=");
	rsp_put_number(&s->tx, s->packet_size);
	rsp_puts(&s->tx, ";QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+;"
			 "qXfer:features:read+;qXfer:threads:read+;"
			 "ConditionalBreakpoints+;binary-upload+;"
			 "error-message+");
	return 0;
}

static int set_noack(struct gdbstub *s, struct cursor *c)
{
	if (s->client.noack)
		session_restart(s);
	s->client.noack = true;
	return session_ok(s);
}

int packet_extended(struct gdbstub *s, struct cursor *c)
{
	s->client.extended = true;
	return session_ok(s);
}

static int query_attached(struct gdbstub *s, struct cursor *c)
{
	rsp_putc(&s->tx, '1');
	return 0;
}

static int query_symbol(struct gdbstub *s, struct cursor *c)
{
	return session_ok(s);
}

static int query_offsets(struct gdbstub *s, struct cursor *c)
{
	static const char *const sections[] = {"Text=", ";Data=", ";Bss="};
	uint64_t slide;
	unsigned int i;

	if (target_offsets(s->target, &slide))
		return -ENOTSUP;
	for (i = 0; i < 3; i++) {
		rsp_puts(&s->tx, sections[i]);
		rsp_put_number(&s->tx, slide);
	}
	return 0;
}

/* ---- QEMU's
 * -------------------------------------------------------------------- */

static int query_sstep_bits(struct gdbstub *s, struct cursor *c)
{
	rsp_puts(&s->tx, "ENABLE=1,NOIRQ=2,NOTIMER=4");
	return 0;
}

static int query_sstep(struct gdbstub *s, struct cursor *c)
{
	rsp_puts(&s->tx, "0x");
	rsp_put_number(&s->tx, target_sstep_get(s->target));
	return 0;
}

static int set_sstep(struct gdbstub *s, struct cursor *c)
{
	uint64_t bits;
	int err;

	cursor_text(c, "0x");
	if (!cursor_hex(c, &bits) || !cursor_at_end(c) || bits > 7)
		return -EINVAL;
	err = target_sstep_set(s->target, (unsigned int)bits);
	return err ? err : session_ok(s);
}

static int query_phys(struct gdbstub *s, struct cursor *c)
{
	rsp_putc(&s->tx, s->client.phys ? '1' : '0');
	return 0;
}

static int set_phys(struct gdbstub *s, struct cursor *c)
{
	uint64_t on;

	if (!cursor_hex(c, &on) || !cursor_at_end(c))
		return -EINVAL;
	s->client.phys = on != 0;
	return session_ok(s);
}

/* ---- LLDB's
 * --------------------------------------------------------------------- */

static int set_thread_suffix(struct gdbstub *s, struct cursor *c)
{
	s->client.lldb = true;
	return session_ok(s);
}

static int set_list_threads(struct gdbstub *s, struct cursor *c)
{
	s->client.list_threads = true;
	return session_ok(s);
}

static int set_error_strings(struct gdbstub *s, struct cursor *c)
{
	s->client.lldb_errors = true;
	return session_ok(s);
}

static void put_hex_text(struct gdbstub *s, const char *key, const char *text)
{
	rsp_puts(&s->tx, key);
	rsp_put_hex(&s->tx, text, strlen(text));
	rsp_putc(&s->tx, ';');
}

static int query_host(struct gdbstub *s, struct cursor *c)
{
	put_hex_text(s, "triple:", "aarch64-unknown-unknown");
	rsp_puts(&s->tx, "endian:little;ptrsize:8;"
			 "watchpoint_exceptions_received:before;");
	return 0;
}

static int query_process(struct gdbstub *s, struct cursor *c)
{
	rsp_puts(&s->tx, "pid:1;");
	put_hex_text(s, "triple:", "aarch64-unknown-unknown");
	rsp_puts(&s->tx, "endian:little;ptrsize:8;");
	return 0;
}

static int query_server(struct gdbstub *s, struct cursor *c)
{
	rsp_puts(&s->tx, "name:hyperstub;");
	return 0;
}

static int query_region(struct gdbstub *s, struct cursor *c)
{
	struct target_region r;
	uint64_t addr;
	int err;

	if (!cursor_hex(c, &addr) || !cursor_at_end(c))
		return -EINVAL;
	err = target_mem_region(s->target, (unsigned int)s->client.g_cpu, addr,
				&r);
	if (err)
		return session_fail(s, err, "the guest runs");
	rsp_puts(&s->tx, "start:");
	rsp_put_number(&s->tx, r.start);
	rsp_puts(&s->tx, ";size:");
	/* LLDB goes on at their sum, and ends where that is no larger */
	rsp_put_number(&s->tx, r.size ? r.size : 0 - r.start);
	rsp_putc(&s->tx, ';');
	if (r.mapped) {
		rsp_puts(&s->tx, "permissions:r");
		rsp_puts(&s->tx, r.writable ? "w" : "");
		rsp_puts(&s->tx, r.executable ? "x;" : ";");
	}
	return 0;
}

/* ---- tables
 * --------------------------------------------------------------------- */

static const struct session_packet queries[] = {
	{"Xfer:", packet_xfer, 0},
	{"ThreadExtraInfo,", query_thread_extra, 0},
	{"fThreadInfo", query_first_threads, SESSION_EXACT},
	{"sThreadInfo", query_next_threads, SESSION_EXACT},
	{"ThreadStopInfo", packet_stop_info, 0},
	{"C", query_current, SESSION_EXACT},
	{"Rcmd,", packet_rcmd, 0},
	{"Search:memory:", packet_search, 0},
	{"CRC:", packet_crc, 0},
	{"Supported:", query_supported, 0},
	{"Supported", query_supported, SESSION_EXACT},
	{"Attached:", query_attached, 0},
	{"Attached", query_attached, SESSION_EXACT},
	{"Offsets", query_offsets, SESSION_EXACT},
	{"Symbol:", query_symbol, 0},
	{"qemu.sstepbits", query_sstep_bits, SESSION_EXACT},
	{"qemu.sstep", query_sstep, SESSION_EXACT},
	{"qemu.PhyMemMode", query_phys, SESSION_EXACT},
	{"HostInfo", query_host, SESSION_EXACT},
	{"ProcessInfo", query_process, SESSION_EXACT},
	{"GDBServerVersion", query_server, SESSION_EXACT},
	{"MemoryRegionInfo:", query_region, 0},
};

static const struct session_packet settings[] = {
	{"StartNoAckMode", set_noack, SESSION_EXACT},
	{"qemu.sstep=", set_sstep, 0},
	{"qemu.PhyMemMode:", set_phys, 0},
	{"ThreadSuffixSupported", set_thread_suffix, SESSION_EXACT},
	{"ListThreadsInStopReply", set_list_threads, SESSION_EXACT},
	{"EnableErrorStrings", set_error_strings, SESSION_EXACT},
};

int packet_q(struct gdbstub *s, struct cursor *c)
{
	return session_dispatch(s, queries,
				sizeof(queries) / sizeof(queries[0]), c);
}

int packet_Q(struct gdbstub *s, struct cursor *c)
{
	return session_dispatch(s, settings,
				sizeof(settings) / sizeof(settings[0]), c);
}
