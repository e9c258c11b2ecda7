/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The loop: rounds of poll(), waiting for one answer within it, and what is
 * due between two rounds.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "say.h"

#define RECONNECT_MS 100
#define HUNG_MS 20

int64_t host_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int host_status_error(int status)
{
	switch (status) {
	case usb_redir_success:
		return 0;
	case usb_redir_stall:
		return -EPIPE;
	case usb_redir_babble:
		return -EOVERFLOW;
	case usb_redir_timeout:
		return -ETIMEDOUT;
	case usb_redir_cancelled:
		return -ECANCELED;
	}
	return -EIO;
}

/* One round of the loop. */

static void serve_inotify(struct host *h)
{
	char buf[4096] __attribute__((aligned(8)));
	const struct inotify_event *e;
	ssize_t len = read(h->inotify, buf, sizeof(buf)), at;
	unsigned int i;

	for (at = 0; at < len; at += sizeof(*e) + e->len) {
		e = (const void *)(buf + at);
		for (i = 0; i < h->ports_len; i++)
			if (h->ports[i].watch == e->wd)
				h->ports[i].look = true;
	}
}

static void serve_signal(struct host *h)
{
	struct signalfd_siginfo info;

	if (read(h->signals, &info, sizeof(info)) == sizeof(info))
		h->quit = true;
}

void host_round(struct host *h, int ms)
{
	struct pollfd p[3 + MAX_FUNCTIONS] = {
		{h->link.fd, link_events(&h->link), 0},
		{h->signals, POLLIN, 0},
		{h->inotify, POLLIN, 0},
	};
	unsigned int i, ports = h->ports_len;

	for (i = 0; i < ports; i++) {
		p[3 + i].fd = -1;
		p[3 + i].events = port_events(&h->ports[i]);
		if (p[3 + i].events)
			p[3 + i].fd = h->ports[i].master;
		if (h->ports[i].hung && (ms < 0 || ms > HUNG_MS))
			ms = HUNG_MS;
	}
	if (poll(p, 3 + ports, ms) < 0)
		return;
	if (p[1].revents)
		serve_signal(h);
	if (p[2].revents)
		serve_inotify(h);
	for (i = 0; i < ports; i++) {
		if (p[3 + i].revents)
			port_serve(&h->ports[i], p[3 + i].revents);
		h->ports[i].look |= h->ports[i].hung;
	}
	if (p[0].revents && link_serve(&h->link, p[0].revents) < 0)
		link_down(&h->link);
}

int host_wait(struct host *h, struct request *q, unsigned int ms)
{
	int64_t left, end = host_now_ms() + ms;

	while (q->under_way && !h->quit) {
		left = end - host_now_ms();
		if (left <= 0)
			break;
		host_round(h, left);
	}
	if (!q->under_way)
		return h->link.present ? 0 : -ENODEV;
	link_cancel(&h->link, q);
	link_forget(&h->link, q);
	return h->quit ? -ENODEV : -ETIMEDOUT;
}

/* Is the fault that was asked for due here? */
static bool is_due(struct host *h, const char *stage, bool after)
{
	return h->fault != FAULT_NONE && h->fault_after == after &&
	       strcmp(stage, h->fault_stage) == 0;
}

static int inject(struct host *h, struct request *q)
{
	enum fault fault = h->fault;

	h->fault = FAULT_NONE;
	link_forget(&h->link, q);
	link_free_data(&h->link, q);
	if (fault == FAULT_RESET) {
		link_reset(&h->link);
		return -ECONNRESET;
	}
	h->unplugged = true;
	link_down(&h->link);
	return -ENODEV;
}

static void trace(const char *stage, const struct setup *s, int r)
{
	fprintf(stderr,
		"usbhost: %s: %02x %02x wValue %04x wIndex %04x "
		"wLength %u: ",
		stage, s->bmRequestType, s->bRequest, s->wValue, s->wIndex,
		s->wLength);
	if (r < 0)
		fprintf(stderr, "%s\n", r == -EPIPE ? "stalled" : strerror(-r));
	else
		fprintf(stderr, "%d bytes\n", r);
}

int host_control(struct host *h, const char *stage, const struct setup *s,
		 uint8_t *data)
{
	struct request q = {0};
	int r;

	if (!h->link.present)
		return -ENODEV;
	link_control(&h->link, &q, s, data);
	if (is_due(h, stage, false))
		return inject(h, &q);
	r = host_wait(h, &q, CONTROL_MS);
	if (is_due(h, stage, true))
		return inject(h, &q);
	if (!r)
		r = host_status_error(q.status);
	if (!r && q.data && data)
		memcpy(data, q.data, q.actual);
	else if (!r && s->bmRequestType & USB_DIR_IN && !q.data && q.len == 1)
		data[0] = q.value;
	link_free_data(&h->link, &q);
	if (h->link.trace)
		trace(stage, s, r < 0 ? r : (int)q.actual);
	return r < 0 ? r : (int)q.actual;
}

/* Waits for anything; commands are taken here only, never within one. */
static void wait_for_work(struct host *h, int ms)
{
	struct pollfd p[2 + 3 + MAX_CLIENTS + MAX_FUNCTIONS];
	unsigned int i, n = 0;

	p[n++] = (struct pollfd){h->control, POLLIN, 0};
	for (i = 0; i < MAX_CLIENTS; i++)
		p[n++] = (struct pollfd){h->clients[i].in, POLLIN, 0};
	p[n++] = (struct pollfd){h->link.fd, link_events(&h->link), 0};
	p[n++] = (struct pollfd){h->signals, POLLIN, 0};
	p[n++] = (struct pollfd){h->inotify, POLLIN, 0};
	p[n++] = (struct pollfd){h->link.fd < 0 ? h->link.listener : -1, POLLIN,
				 0};
	for (i = 0; i < h->ports_len; i++) {
		short events = port_events(&h->ports[i]);

		p[n++] = (struct pollfd){events ? h->ports[i].master : -1,
					 events, 0};
		if (h->ports[i].hung && (ms < 0 || ms > HUNG_MS))
			ms = HUNG_MS;
		if (port_has_work(&h->ports[i]))
			ms = 0;
	}
	poll(p, n, ms);
	host_round(h, 0);
	clients_serve(h, p);
}

int host_step(struct host *h)
{
	unsigned int i;

	if (h->link.fd < 0 && !h->unplugged)
		link_up(&h->link, 0);
	if (!h->link.present && (h->configured || h->ports_len)) {
		host_leave(h);
		printf("gone\n");
		fflush(stdout);
	}
	if (link_take_arrival(&h->link))
		host_enumerate(h);
	for (i = 0; i < h->ports_len; i++)
		port_work(&h->ports[i]);
	if (h->link.fd < 0 && !h->unplugged && !h->stay) {
		say("the other side has gone");
		return -ENODEV;
	}
	return 0;
}

int host_run(struct host *h)
{
	while (!h->quit) {
		if (host_step(h) < 0)
			return 1;
		wait_for_work(h, h->link.fd < 0 && !h->unplugged ? RECONNECT_MS
								 : -1);
	}
	return 0;
}

int host_begin(struct host *h)
{
	int64_t end =
		host_now_ms() + (h->timeout_ms ? h->timeout_ms : INT32_MAX);
	int r;

	if (h->link.listens && link_listen(&h->link))
		return 1;
	do {
		r = link_up(&h->link, 100);
		host_round(h, 0);
	} while (r && r != -EINVAL && r != -EBADF && !h->quit &&
		 host_now_ms() < end);
	if (r) {
		say("%s: nobody is there: %s", h->link.address, strerror(-r));
		return 1;
	}
	while (!h->link.present && !h->quit && host_now_ms() < end &&
	       h->link.fd >= 0)
		host_round(h, 100);
	if (h->link.present || h->quit || h->stay)
		return 0;
	say("%s: %s", h->link.address,
	    h->link.fd < 0  ? "the other side has gone"
	    : h->link.hello ? "no device was plugged in"
			    : "it does not speak usbredir");
	return 1;
}

int host_list(struct host *h)
{
	link_take_arrival(&h->link);
	if (host_enumerate(h))
		return 1;
	device_print(&h->device, stdout);
	return 0;
}
