/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * usbhost: a small USB host in user space for devices exported by usbredir.
 * This file: the arguments, and what makes it end.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host.h"
#include "say.h"

static const char usage[] =
	"usage: usbhost [options] unix:PATH | tcp:HOST:PORT | fd:NUMBER\n"
	"\n"
	"A USB host for one device that stands behind a usbredir connection.\n"
	"It enumerates the device and gives each CDC-ACM function as a pseudo\n"
	"terminal; it ends by SIGTERM and when the other side goes.\n"
	"\n"
	"  --as linux|windows  whose requests to make (linux)\n"
	"  --list              print the descriptors, and end\n"
	"  --dir DIR           symlinks to the terminals, by interface "
	"string:\n"
	"                      DIR/ttyHyperstubGdb, ...\n"
	"  --listen            wait to be connected to\n"
	"  --stay              do not end when the other side goes, wait for\n"
	"                      the next\n"
	"  --control PATH      take commands on this Unix socket (try: help)\n"
	"  --stdin             take commands on standard input\n"
	"  --timeout SECONDS   for the connection and the first device; 0: "
	"for\n"
	"                      ever (30)\n"
	"  --requests N        bulk requests in flight, each way (4, at most "
	"8)\n"
	"  --size BYTES        of a bulk request (65536)\n"
	"  --zlp               a zero-length packet after writes of whole "
	"packets\n"
	"  --with-parent       end when the parent process ends\n"
	"  --trace             say each control request\n";

static unsigned int number(const char *text, unsigned int least,
			   unsigned int most, const char *option)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (*end || end == text || n < least || n > most) {
		say("--%s %s: it must be a number from %u to %u", option, text,
		    least, most);
		exit(2);
	}
	return n;
}

static void take_option(struct host *h, int option, const char *value)
{
	switch (option) {
	case 'a':
		if (strcmp(value, "linux") != 0 &&
		    strcmp(value, "windows") != 0) {
			say("--as %s: write linux or windows", value);
			exit(2);
		}
		h->windows = value[0] == 'w';
		break;
	case 'l':
		h->lists = true;
		break;
	case 'd':
		h->folder = value;
		break;
	case 'L':
		h->link.listens = true;
		break;
	case 's':
		h->stay = true;
		break;
	case 'c':
		h->control_path = value;
		break;
	case 'i':
		h->clients[0] = (struct client){0, 1, true, "", 0};
		break;
	case 't':
		h->timeout_ms = 1000 * number(value, 0, 86400, "timeout");
		break;
	case 'n':
		h->in_flight = number(value, 1, PORT_REQUESTS, "requests");
		break;
	case 'b':
		h->transfer_size = number(value, 1, LINK_BUFFER, "size");
		break;
	case 'z':
		h->zlp = true;
		break;
	case 'p':
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		break;
	case 'T':
		h->link.trace = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		fputs("usbhost: see usbhost --help\n", stderr);
		exit(2);
	}
}

static void take_options(struct host *h, int argc, char **argv)
{
	static const struct option options[] = {
		{"as", 1, NULL, 'a'},	    {"list", 0, NULL, 'l'},
		{"dir", 1, NULL, 'd'},	    {"listen", 0, NULL, 'L'},
		{"stay", 0, NULL, 's'},	    {"control", 1, NULL, 'c'},
		{"stdin", 0, NULL, 'i'},    {"timeout", 1, NULL, 't'},
		{"requests", 1, NULL, 'n'}, {"size", 1, NULL, 'b'},
		{"zlp", 0, NULL, 'z'},	    {"with-parent", 0, NULL, 'p'},
		{"trace", 0, NULL, 'T'},    {"help", 0, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		take_option(h, option, optarg);
	if (optind + 1 != argc) {
		say(optind == argc ? "where is the device? see usbhost --help"
				   : "one address, please: unix:PATH, "
				     "tcp:HOST:PORT or fd:NUMBER");
		exit(2);
	}
	h->link.address = argv[optind];
}

static void interrupted(void *owner, uint8_t ep, int status,
			const uint8_t *data, size_t len)
{
	struct host *h = owner;
	unsigned int i;

	for (i = 0; i < h->ports_len; i++)
		if (h->ports[i].function->notify_ep == ep)
			port_notification(&h->ports[i], status, data, len);
}

static struct host *make(void)
{
	struct host *h = calloc(1, sizeof(*h));
	unsigned int i;

	if (!h) {
		say("no memory");
		exit(1);
	}
	h->link.fd = h->link.listener = h->control = -1;
	h->link.owner = h;
	h->link.on_interrupt = interrupted;
	h->timeout_ms = 30000;
	h->in_flight = 4;
	h->transfer_size = LINK_BUFFER;
	for (i = 0; i < MAX_CLIENTS; i++)
		h->clients[i].in = h->clients[i].out = -1;
	device_clear(&h->device);
	return h;
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct host *h = make();
	sigset_t set;
	int status;

	take_options(h, argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	h->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	h->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (h->signals < 0 || h->inotify < 0) {
		say("%s", strerror(errno));
		return 1;
	}
	if (getppid() != parent)
		return 1;
	status = clients_listen(h) ? 1 : host_begin(h);
	if (!status && !h->quit)
		status = h->lists ? host_list(h) : host_run(h);
	host_leave(h);
	link_down(&h->link);
	link_unlisten(&h->link);
	if (h->control >= 0)
		unlink(h->control_path);
	device_clear(&h->device);
	free(h);
	return status;
}
