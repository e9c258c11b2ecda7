/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Commands, one a line: what a test asks for and the faults it wants. Each
 * answer ends with a line `ok` or `error: ...`.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define MAX_WORDS 12
#define MAX_BYTES 4096
#define TRANSFER_MS 2000

struct command {
	const char *name;
	unsigned int least, most; /* arguments */
	void (*run)(struct host *h, char **args, unsigned int n, FILE *out);
	const char *help;
};

static void ok(FILE *out)
{
	fputs("ok\n", out);
}

static void error(FILE *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void error(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("error: ", out);
	vfprintf(out, format, args);
	fputc('\n', out);
	va_end(args);
}

static void ended(FILE *out, int r)
{
	if (r < 0)
		error(out, "%s", r == -EPIPE ? "stalled" : strerror(-r));
	else
		ok(out);
}

/* Arguments. */

static bool number(FILE *out, const char *text, unsigned long most,
		   unsigned long *value)
{
	char *end;

	*value = strtoul(text, &end, 0);
	if (end != text && !*end && *value <= most)
		return true;
	error(out, "%s is no number up to %lu", text, most);
	return false;
}

/* A number of bRequest, wValue and so on: always hexadecimal. */
static bool hexadecimal(FILE *out, const char *text, unsigned long most,
			unsigned long *value)
{
	char *end;

	*value = strtoul(text, &end, 16);
	if (end != text && !*end && *value <= most)
		return true;
	error(out, "%s is no hexadecimal number up to %lx", text, most);
	return false;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Bytes in hexadecimal; -1: no such. */
static int bytes(FILE *out, const char *text, uint8_t data[MAX_BYTES])
{
	int n = 0;

	for (; *text; text += 2) {
		if (n == MAX_BYTES || digit(text[0]) < 0 ||
		    digit(text[1]) < 0) {
			error(out,
			      "bytes are written as hexadecimal digits, "
			      "at most %d",
			      MAX_BYTES);
			return -1;
		}
		data[n++] = digit(text[0]) << 4 | digit(text[1]);
	}
	return n;
}

static void show(FILE *out, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		fprintf(out, "%02x", data[i]);
}

/* By its name or the end of it: Gdb is ttyHyperstubGdb. */
static struct port *port_named(struct host *h, const char *name, FILE *out)
{
	size_t len = strlen(name), whole;
	unsigned int i;

	for (i = 0; i < h->ports_len; i++) {
		const char *full = h->ports[i].function->name;

		whole = strlen(full);
		if (len <= whole && strcmp(full + whole - len, name) == 0)
			return &h->ports[i];
	}
	error(out, "there is no port %s", name);
	return NULL;
}

static bool here(struct host *h, FILE *out)
{
	if (h->link.present)
		return true;
	error(out, "no device is plugged in");
	return false;
}

/* What there is. */

static void do_status(struct host *h, char **args, unsigned int n, FILE *out)
{
	unsigned int i;

	fprintf(out, "device %s%s\n",
		h->configured	  ? "configured"
		: h->link.present ? "present"
				  : "absent",
		h->link.fd < 0 ? " disconnected" : "");
	for (i = 0; i < h->ports_len; i++) {
		const struct port *p = &h->ports[i];

		fprintf(out,
			"port %s %s %s lines %u in %llu out %llu lost %llu "
			"errors %u notifications %u state %04x%s%s\n",
			p->function->name, p->slave,
			p->open ? "open" : "closed", p->lines,
			(unsigned long long)p->bytes_in,
			(unsigned long long)p->bytes_out,
			(unsigned long long)p->bytes_lost, p->errors,
			p->notifications, p->serial_state,
			p->stopped ? " stopped" : "", p->dead ? " dead" : "");
	}
	ok(out);
}

static void do_list(struct host *h, char **args, unsigned int n, FILE *out)
{
	if (!h->configured) {
		error(out, "no device is configured");
		return;
	}
	device_print(&h->device, out);
	ok(out);
}

static bool reached(struct host *h, const char *what)
{
	if (strcmp(what, "configured") == 0)
		return h->configured;
	return !h->link.present;
}

static void do_wait(struct host *h, char **args, unsigned int n, FILE *out)
{
	unsigned long seconds = 10;
	int64_t end;

	if (strcmp(args[0], "configured") != 0 &&
	    strcmp(args[0], "absent") != 0) {
		error(out, "wait for configured or absent");
		return;
	}
	if (n > 1 && !number(out, args[1], 600, &seconds))
		return;
	end = host_now_ms() + 1000 * seconds;
	while (!reached(h, args[0]) && host_now_ms() < end && !h->quit) {
		host_round(h, 20);
		host_step(h);
	}
	if (reached(h, args[0]))
		ok(out);
	else
		error(out, "not %s after %lu s", args[0], seconds);
}

static void do_quit(struct host *h, char **args, unsigned int n, FILE *out)
{
	h->quit = true;
	ok(out);
}

/* Transfers of any kind. */

static void do_control(struct host *h, char **args, unsigned int n, FILE *out)
{
	unsigned long v[5];
	static const unsigned long most[5] = {0xff, 0xff, 0xffff, 0xffff,
					      0xffff};
	static uint8_t data[65536];
	struct setup s;
	unsigned int i;
	int r;

	for (i = 0; i < 5; i++)
		if (!hexadecimal(out, args[i], most[i], &v[i]))
			return;
	s = (struct setup){v[0], v[1], v[2], v[3], v[4]};
	memset(data, 0, sizeof(data));
	if (n > 5 && bytes(out, args[5], data) < 0)
		return;
	if (!here(h, out))
		return;
	r = host_control(h, "command", &s, data);
	if (r >= 0) {
		fprintf(out, "data ");
		if (s.bmRequestType & USB_DIR_IN)
			show(out, data, r);
		fputc('\n', out);
	}
	ended(out, r);
}

static void transfer(struct host *h, uint8_t ep, uint8_t *data, uint32_t len,
		     unsigned int ms, FILE *out)
{
	struct request q = {0};
	int r;

	if (!here(h, out))
		return;
	link_bulk(&h->link, &q, ep, data, len);
	r = host_wait(h, &q, ms);
	if (!r) {
		fprintf(out, "%s %u ", link_status_name(q.status), q.actual);
		if (q.data)
			show(out, q.data, q.actual);
		fputc('\n', out);
		r = host_status_error(q.status);
	}
	link_free_data(&h->link, &q);
	ended(out, r);
}

static void do_in(struct host *h, char **args, unsigned int n, FILE *out)
{
	unsigned long ep, len, ms = TRANSFER_MS;

	if (hexadecimal(out, args[0], 0x8f, &ep) &&
	    number(out, args[1], LINK_BUFFER, &len) &&
	    (n < 3 || number(out, args[2], 60000, &ms)))
		transfer(h, ep | USB_DIR_IN, NULL, len, ms, out);
}

static void do_out(struct host *h, char **args, unsigned int n, FILE *out)
{
	unsigned long ep, ms = TRANSFER_MS;
	uint8_t data[MAX_BYTES];
	int len = bytes(out, n > 1 && strcmp(args[1], "-") != 0 ? args[1] : "",
			data);

	if (len >= 0 && hexadecimal(out, args[0], 0x0f, &ep) &&
	    (n < 3 || number(out, args[2], 60000, &ms)))
		transfer(h, ep, data, len, ms, out);
}

static void do_raw(struct host *h, char **args, unsigned int n, FILE *out)
{
	uint8_t data[MAX_BYTES];
	int len = bytes(out, args[0], data);

	if (len >= 0 && here(h, out))
		ended(out, link_raw(&h->link, data, len));
}

/* Faults. */

static void do_reset(struct host *h, char **args, unsigned int n, FILE *out)
{
	int r;

	if (!here(h, out))
		return;
	r = host_enumerate(h);
	if (!r && h->fault != FAULT_NONE)
		error(out, "there is no stage %s", h->fault_stage);
	else
		ended(out, r);
}

static void do_bare_reset(struct host *h, char **args, unsigned int n,
			  FILE *out)
{
	if (!here(h, out))
		return;
	host_leave(h);
	link_reset(&h->link);
	ok(out);
}

static void do_unplug(struct host *h, char **args, unsigned int n, FILE *out)
{
	h->unplugged = true;
	link_down(&h->link);
	host_step(h);
	ok(out);
}

static void do_plug(struct host *h, char **args, unsigned int n, FILE *out)
{
	h->unplugged = false;
	ended(out, link_up(&h->link, 5000));
}

static void do_at(struct host *h, char **args, unsigned int n, FILE *out)
{
	h->fault = FAULT_NONE;
	h->fault_after = n > 2 && strcmp(args[2], "after") == 0;
	if (strcmp(args[0], "reset") == 0)
		h->fault = FAULT_RESET;
	else if (strcmp(args[0], "unplug") == 0)
		h->fault = FAULT_UNPLUG;
	else if (strcmp(args[0], "none") != 0) {
		error(out, "reset, unplug or none");
		return;
	}
	snprintf(h->fault_stage, sizeof(h->fault_stage), "%s",
		 n > 1 ? args[1] : "");
	ok(out);
}

static void feature(struct host *h, uint8_t request, const char *text,
		    FILE *out)
{
	struct setup s = {0x02, request, 0, 0, 0};
	unsigned long ep;

	if (!hexadecimal(out, text, 0x8f, &ep) || !here(h, out))
		return;
	s.wIndex = ep;
	ended(out, host_control(h, "command", &s, NULL));
}

static void do_halt(struct host *h, char **args, unsigned int n, FILE *out)
{
	feature(h, 3, args[0], out);
}

static void do_unhalt(struct host *h, char **args, unsigned int n, FILE *out)
{
	feature(h, 1, args[0], out);
}

/* Tokens with nothing behind them: requests that are taken back at once. */
static void do_nak_storm(struct host *h, char **args, unsigned int n, FILE *out)
{
	unsigned long ep, count, i, came = 0;
	struct request q = {0};

	if (!hexadecimal(out, args[0], 0x8f, &ep) ||
	    !number(out, args[1], 1000000, &count) || !here(h, out))
		return;
	for (i = 0; i < count && h->link.present; i++) {
		link_bulk(&h->link, &q, ep | USB_DIR_IN, NULL, 512);
		link_cancel(&h->link, &q);
		if (host_wait(h, &q, TRANSFER_MS))
			break;
		came += q.actual;
		link_free_data(&h->link, &q);
	}
	fprintf(out, "storm %lu requests, %lu bytes came\n", i, came);
	if (i < count)
		error(out, "a request that was taken back is not answered");
	else
		ok(out);
}

static void do_stop(struct host *h, char **args, unsigned int n, FILE *out)
{
	struct port *p = port_named(h, args[0], out);

	if (!p)
		return;
	p->stopped = true;
	ok(out);
}

static void do_start(struct host *h, char **args, unsigned int n, FILE *out)
{
	struct port *p = port_named(h, args[0], out);

	if (!p)
		return;
	p->stopped = false;
	port_fill(p);
	ok(out);
}

static void do_split(struct host *h, char **args, unsigned int n, FILE *out)
{
	struct port *p = port_named(h, args[0], out);
	unsigned long len;

	if (!p || !number(out, args[1], LINK_BUFFER, &len))
		return;
	p->split = len;
	ok(out);
}

static void do_flip(struct host *h, char **args, unsigned int n, FILE *out)
{
	struct port *p = port_named(h, args[0], out);
	unsigned long count;

	if (!p || !number(out, args[2], 1000000, &count))
		return;
	if (strcmp(args[1], "in") == 0)
		p->flip_in = count;
	else if (strcmp(args[1], "out") == 0)
		p->flip_out = count;
	else
		error(out, "flip what comes in or what goes out");
	if (strcmp(args[1], "in") == 0 || strcmp(args[1], "out") == 0)
		ok(out);
}

static void do_zlp(struct host *h, char **args, unsigned int n, FILE *out)
{
	h->zlp = strcmp(args[0], "on") == 0;
	ok(out);
}

/* CDC requests. */

static void do_break(struct host *h, char **args, unsigned int n, FILE *out)
{
	struct port *p = port_named(h, args[0], out);
	unsigned long ms = 0xffff;

	if (p && (n < 2 || number(out, args[1], 0xffff, &ms)))
		ended(out, port_break(p, ms));
}

static void do_dtr(struct host *h, char **args, unsigned int n, FILE *out)
{
	struct port *p = port_named(h, args[0], out);
	unsigned long lines;

	if (!p)
		return;
	if (strcmp(args[1], "auto") == 0) {
		p->dtr = -1;
		ended(out, port_set_lines(p, p->open ? 3 : 0));
	} else if (number(out, args[1], 1, &lines)) {
		p->dtr = lines;
		ended(out, port_set_lines(p, lines ? 3 : 0));
	}
}

static void do_suspend(struct host *h, char **args, unsigned int n, FILE *out)
{
	error(out, "usbredir has no packet for suspend; a machine's own "
		   "controls can do it");
}

static void do_help(struct host *h, char **args, unsigned int n, FILE *out);

static const struct command commands[] = {
	{"help", 0, 0, do_help, "-- this list"},
	{"status", 0, 0, do_status, "-- the device and its ports"},
	{"list", 0, 0, do_list, "-- the descriptors"},
	{"wait", 1, 2, do_wait,
	 "configured|absent [SECONDS] -- until it is so (10)"},
	{"control", 5, 6, do_control,
	 "TYPE REQUEST VALUE INDEX LENGTH [BYTES] -- any control request, in "
	 "hexadecimal"},
	{"in", 2, 3, do_in, "EP LENGTH [MS] -- one bulk IN request"},
	{"out", 1, 3, do_out,
	 "EP [BYTES|-] [MS] -- one bulk OUT request, perhaps empty"},
	{"raw", 1, 1, do_raw, "BYTES -- on the connection, as they are"},
	{"reset", 0, 0, do_reset, "-- the bus, and enumerate again"},
	{"bare-reset", 0, 0, do_bare_reset, "-- the bus, and nothing after it"},
	{"unplug", 0, 0, do_unplug, "-- pull the cable"},
	{"plug", 0, 0, do_plug, "-- put it in again"},
	{"at", 1, 3, do_at,
	 "reset|unplug|none STAGE [after] -- while that request is under way, "
	 "or right after it (--trace shows the stages)"},
	{"halt", 1, 1, do_halt, "EP -- SET_FEATURE(ENDPOINT_HALT)"},
	{"unhalt", 1, 1, do_unhalt, "EP -- CLEAR_FEATURE(ENDPOINT_HALT)"},
	{"nak-storm", 2, 2, do_nak_storm,
	 "EP N -- so many IN requests, each taken back at once"},
	{"stop", 1, 1, do_stop, "PORT -- read nothing more from it"},
	{"start", 1, 1, do_start, "PORT -- read again"},
	{"split", 2, 2, do_split,
	 "PORT N -- OUT requests of at most N bytes, 0: no limit"},
	{"flip", 3, 3, do_flip,
	 "PORT in|out N -- a bit in each of N transfers"},
	{"zlp", 1, 1, do_zlp, "on|off -- as --zlp"},
	{"break", 1, 2, do_break, "PORT [MS] -- SEND_BREAK (65535: until 0)"},
	{"dtr", 2, 2, do_dtr, "PORT 0|1|auto -- auto: follows the terminal"},
	{"suspend", 0, 0, do_suspend, "-- says why not"},
	{"quit", 0, 0, do_quit, "-- end"},
};

static void do_help(struct host *h, char **args, unsigned int n, FILE *out)
{
	unsigned int i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "%s %s\n", commands[i].name, commands[i].help);
	ok(out);
}

void host_command(struct host *h, char *line, FILE *out)
{
	char *words[MAX_WORDS], *save = NULL, *word;
	unsigned int i, n = 0;

	for (word = strtok_r(line, " \t\r", &save); word && n < MAX_WORDS;
	     word = strtok_r(NULL, " \t\r", &save))
		words[n++] = word;
	if (!n)
		return;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->name, words[0]) != 0)
			continue;
		if (n - 1 < c->least || n - 1 > c->most)
			error(out, "%s %s", c->name, c->help);
		else
			c->run(h, words + 1, n - 1, out);
		return;
	}
	error(out, "no command %s; try help", words[0]);
}
