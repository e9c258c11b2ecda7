/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * `monitor ...`: the stub's own commands; everything else is the target's.
 */
#include <errno.h>
#include <string.h>

#include "stub/session.h"

#define MAX_COMMAND 512

static void do_help(struct gdbstub *s, struct strbuf *out)
{
	strbuf_puts(out,
		    "help -- this list\n"
		    "set keep on|off -- leave breakpoints in, and CPUs\n"
		    "    stopped, when the debugger goes without detaching\n");
	target_command_help(s->target, out);
}

static int set_keep(struct gdbstub *s, const char *value, struct strbuf *out)
{
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
		strbuf_puts(out, "on or off\n");
		return -EINVAL;
	}
	s->keep = strcmp(value, "on") == 0;
	return 0;
}

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Cuts line behind its first word; returns what follows, without blanks. */
static char *split(char *line)
{
	size_t n = 0;

	while (line[n] && line[n] != ' ' && line[n] != '\t')
		n++;
	if (!line[n])
		return line + n;
	line[n] = '\0';
	return line + n + 1 + (skip_blanks(line + n + 1) - (line + n + 1));
}

static int run_command(struct gdbstub *s, char *line, struct strbuf *out)
{
	char *name = line + (skip_blanks(line) - line);
	char *args = split(name);
	size_t n = strlen(args);

	while (n && (args[n - 1] == ' ' || args[n - 1] == '\n'))
		args[--n] = '\0';
	if (!*name || strcmp(name, "help") == 0) {
		do_help(s, out);
		return 0;
	}
	if (strcmp(name, "set") == 0 && strncmp(args, "keep ", 5) == 0)
		return set_keep(s, skip_blanks(args + 5), out);
	return target_command(s->target, (unsigned int)s->client.g_cpu, name,
			      args, out);
}

/*
 * Output goes to the second half of the reply's own buffer and becomes hex
 * from the first half on: digits never overtake the text they are made of.
 */
static void output_init(struct gdbstub *s, struct strbuf *out)
{
	size_t half = s->tx.cap / 2 + 8;

	strbuf_init(out, (char *)s->tx.buf + half, s->tx.cap - half);
}

int packet_rcmd(struct gdbstub *s, struct cursor *c)
{
	size_t n = cursor_left(c) / 2;
	char line[MAX_COMMAND];
	struct strbuf out;
	int err;

	if (cursor_left(c) % 2 || n >= sizeof(line) ||
	    hex_decode((uint8_t *)line, c->p, n))
		return session_fail(s, -EINVAL, "bad or too long a command");
	line[n] = '\0';
	output_init(s, &out);
	err = run_command(s, line, &out);
	if (err == -ENOENT && !out.len)
		strbuf_puts(&out, "unknown command; see `monitor help`\n");
	if (!out.len)
		return err < 0 ? err : session_ok(s);
	/* LLDB prints what comes as console output, and waits for an OK. */
	s->client.ok_follows = s->client.lldb;
	if (s->client.lldb)
		rsp_putc(&s->tx, 'O');
	rsp_put_hex(&s->tx, out.s, out.len);
	if (out.lost)
		rsp_put_hex(&s->tx, "[cut]\n", 6);
	return 0;
}
