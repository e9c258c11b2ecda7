/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * usbdev: the project's own USB device (transport/usb) as an ordinary program,
 * for hosts that speak usbredir. Its three serial ports end at Unix sockets, or
 * echo. No controller, no monitor: what is tested is the device core against
 * hosts, and hosts against the device core.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "line.h"
#include "say.h"
#include "socket.h"
#include "transport/usb/cdc_acm.h"
#include "udc_redir.h"

static const char usage[] =
	"usage: usbdev [options] unix:PATH | tcp:127.0.0.1:PORT\n"
	"\n"
	"The USB device of the monitor, its usbredir side listening there.\n"
	"\n"
	"  --gdb, --console, --trace WHERE\n"
	"                   where that port's bytes go: unix:PATH (listens),\n"
	"                   echo or null (null)\n"
	"  --connect        connect to the host instead of listening\n"
	"  --speed high|full\n"
	"  --serial TEXT    iSerialNumber\n"
	"  --with-parent    end when the parent process ends\n"
	"  --verbose        say what the parser says\n"
	"\n"
	"Commands on standard input, one a line: unplug, plug, quit,\n"
	"state PORT BITS (SERIAL_STATE). What happens is told on standard\n"
	"output.\n";

static const char *const names[CDC_ACM_FUNCTIONS] = {"gdb", "console", "trace"};

struct program {
	const char *address;
	bool connects, quit, verbose, plugged;
	int listener, signals;
	enum udc_speed speed;
	struct cdc_acm_identity id;
	struct udc_redir udc;
	struct cdc_acm device;
	struct line lines[CDC_ACM_FUNCTIONS];
	char command[256];
	size_t command_len;
	bool told_attached;
};

static struct program *program_of(struct cdc_acm *c)
{
	return (struct program *)((char *)c - offsetof(struct program, device));
}

static void tell(const char *what, const char *port)
{
	printf("%s%s%s\n", what, port ? " " : "", port ? port : "");
	fflush(stdout);
}

/* What the device says. */

void cdc_acm_on_open(struct cdc_acm *c)
{
	struct program *p = program_of(c);
	unsigned int i;

	tell("configured", NULL);
	for (i = 0; i < CDC_ACM_FUNCTIONS; i++)
		line_start(&p->lines[i]);
}

void cdc_acm_on_close(struct cdc_acm *c)
{
	struct program *p = program_of(c);
	unsigned int i;

	tell("deconfigured", NULL);
	for (i = 0; i < CDC_ACM_FUNCTIONS; i++)
		line_stop(&p->lines[i]);
}

void cdc_acm_on_suspend(struct cdc_acm *c)
{
	tell(c->usbd.suspended ? "suspended" : "resumed", NULL);
}

void cdc_acm_on_dtr(struct cdc_acm *c, unsigned int n, bool on)
{
	tell(on ? "dtr-on" : "dtr-off", names[n]);
	line_dtr(&program_of(c)->lines[n], on);
}

void cdc_acm_on_break(struct cdc_acm *c, unsigned int n)
{
	tell("break", names[n]);
}

void cdc_acm_on_complete(struct cdc_acm *c, unsigned int n, bool in,
			 struct udc_transfer *x)
{
	line_complete(&program_of(c)->lines[n], in, x);
}

/* Commands. */

static void set_state(struct program *p, const char *text)
{
	char name[16];
	unsigned int bits, i;

	if (sscanf(text, "%15s %i", name, (int *)&bits) == 2)
		for (i = 0; i < CDC_ACM_FUNCTIONS; i++)
			if (strcmp(name, names[i]) == 0) {
				cdc_acm_set_state(&p->device, i, bits);
				return;
			}
	say("state PORT BITS");
}

static void plug(struct program *p, bool in)
{
	if (in == p->plugged)
		return;
	p->plugged = in;
	if (in)
		usbd_start(&p->device.usbd);
	else
		usbd_stop(&p->device.usbd);
	tell(in ? "plugged" : "unplugged", NULL);
}

static void run_command(struct program *p, const char *line)
{
	if (strcmp(line, "unplug") == 0)
		plug(p, false);
	else if (strcmp(line, "plug") == 0)
		plug(p, true);
	else if (strcmp(line, "quit") == 0)
		p->quit = true;
	else if (strncmp(line, "state ", 6) == 0)
		set_state(p, line + 6);
	else
		say("%s: no such command; see usbdev --help", line);
}

/* False: standard input has ended. */
static bool serve_commands(struct program *p)
{
	ssize_t got = read(0, p->command + p->command_len,
			   sizeof(p->command) - 1 - p->command_len);
	char *end;

	if (got <= 0)
		return false;
	p->command_len += got;
	p->command[p->command_len] = '\0';
	while ((end = strchr(p->command, '\n'))) {
		*end++ = '\0';
		run_command(p, p->command);
		p->command_len -= end - p->command;
		memmove(p->command, end, p->command_len + 1);
	}
	if (p->command_len == sizeof(p->command) - 1)
		p->command_len = 0;
	return true;
}

/* The loop. */

static void find_host(struct program *p)
{
	int fd;

	if (p->udc.fd >= 0)
		return;
	fd = p->connects ? socket_connect(p->address, 0)
			 : socket_accept(p->listener, 0);
	if (fd < 0)
		return;
	udc_redir_attach(&p->udc, fd);
	tell("attached", NULL);
	p->told_attached = true;
}

static void run(struct program *p)
{
	struct udc *u = &p->udc.udc;
	bool input = true;
	struct pollfd f[4 + 2 * CDC_ACM_FUNCTIONS];
	struct signalfd_siginfo info;
	unsigned int i;

	while (!p->quit) {
		f[0] = (struct pollfd){p->udc.fd, udc_redir_events(&p->udc), 0};
		f[1] = (struct pollfd){p->signals, POLLIN, 0};
		f[2] = (struct pollfd){input ? 0 : -1, POLLIN, 0};
		f[3] = (struct pollfd){p->udc.fd < 0 ? p->listener : -1, POLLIN,
				       0};
		for (i = 0; i < CDC_ACM_FUNCTIONS; i++)
			line_poll(&p->lines[i], f + 4 + 2 * i);
		/* Nothing tells that a host to connect to has come. */
		poll(f, 4 + 2 * CDC_ACM_FUNCTIONS,
		     p->connects && p->udc.fd < 0 ? 100 : -1);
		if (f[1].revents &&
		    read(p->signals, &info, sizeof(info)) == sizeof(info))
			break;
		if (f[2].revents)
			input = serve_commands(p);
		find_host(p);
		for (i = 0; i < CDC_ACM_FUNCTIONS; i++)
			line_serve(&p->lines[i], f + 4 + 2 * i);
		u->ops->poll(u);
		if (p->told_attached && p->udc.fd < 0) {
			p->told_attached = false;
			tell("detached", NULL);
		}
	}
}

/* Arguments. */

static void take_option(struct program *p, int option, const char *value)
{
	switch (option) {
	case 'C':
		p->connects = true;
		break;
	case 'S':
		if (strcmp(value, "high") != 0 && strcmp(value, "full") != 0) {
			say("--speed %s: write high or full", value);
			exit(2);
		}
		p->speed = value[0] == 'h' ? UDC_SPEED_HIGH : UDC_SPEED_FULL;
		break;
	case 's':
		p->id.serial = value;
		break;
	case 'p':
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		break;
	case 'v':
		p->verbose = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		if (option < CDC_ACM_FUNCTIONS) {
			p->lines[option].where = value;
			break;
		}
		fputs("usbdev: see usbdev --help\n", stderr);
		exit(2);
	}
}

static void take_options(struct program *p, int argc, char **argv)
{
	static const struct option options[] = {
		{"gdb", 1, NULL, 0},	       {"console", 1, NULL, 1},
		{"trace", 1, NULL, 2},	       {"connect", 0, NULL, 'C'},
		{"speed", 1, NULL, 'S'},       {"serial", 1, NULL, 's'},
		{"with-parent", 0, NULL, 'p'}, {"verbose", 0, NULL, 'v'},
		{"help", 0, NULL, 'h'},	       {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		take_option(p, option, optarg);
	if (optind + 1 != argc) {
		say("one address, please; see usbdev --help");
		exit(2);
	}
	p->address = argv[optind];
}

static void set_up(struct program *p)
{
	void *memory = aligned_alloc(UDC_ALIGN, CDC_ACM_MEMORY);
	unsigned int i;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	p->listener = -1;
	if (!p->connects) {
		p->listener = socket_listen(p->address);
		if (p->listener < 0)
			exit(1);
	}
	udc_redir_init(&p->udc, p->speed);
	p->udc.trace = p->verbose;
	memset(memory, 0, CDC_ACM_MEMORY);
	cdc_acm_init(&p->device, &p->udc.udc, &p->id, memory);
	for (i = 0; i < CDC_ACM_FUNCTIONS; i++)
		if (line_init(&p->lines[i], &p->device, i))
			exit(1);
	plug(p, true);
}

int main(int argc, char **argv)
{
	static struct program program = {
		.speed = UDC_SPEED_HIGH,
		.id = {CDC_ACM_TEST_VID, CDC_ACM_TEST_PID, "usbdev"},
	};
	struct program *p = &program;
	unsigned int i;

	take_options(p, argc, argv);
	set_up(p);
	run(p);
	plug(p, false);
	socket_unlisten(p->listener, p->address);
	for (i = 0; i < CDC_ACM_FUNCTIONS; i++)
		line_end(&p->lines[i]);
	return 0;
}
