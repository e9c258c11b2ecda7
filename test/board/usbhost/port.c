/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Bytes between a pty's master and two bulk endpoints, and the terminal's
 * state as CDC requests.
 *
 * Who opens the slave is seen by inotify (IN_OPEN on /dev/pts/N), who closes
 * it by POLLHUP on the master, which stays until the next one opens it: the
 * slave is opened once here so that it begins in that state. Two programs that
 * follow each other faster than one round of the loop are taken for one.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <asm/termbits.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

#include "host.h"
#include "say.h"

#define SET_LINE_CODING 0x20
#define SET_CONTROL_LINE_STATE 0x22
#define SEND_BREAK 0x23
#define CLEAR_FEATURE 1
#define DTR_RTS 3
#define DRAIN_MS 1000

static int set_raw(int fd)
{
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t) < 0)
		return -errno;
	t.c_iflag = t.c_oflag = t.c_lflag = 0;
	t.c_cflag = (t.c_cflag & ~(CSIZE | PARENB | CBAUD)) | CS8 | CREAD |
		    CLOCAL | B115200;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return ioctl(fd, TCSETS2, &t) < 0 ? -errno : 0;
}

/* Throws away what was not read, as the close of a real port does. */
static int settle(struct port *p)
{
	int fd = open(p->slave, O_RDWR | O_NOCTTY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	ioctl(fd, TCFLSH, TCIFLUSH);
	r = set_raw(fd);
	close(fd);
	return r;
}

static int make_link(struct port *p)
{
	char path[4096], temp[4200];

	if (!p->host->folder)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", p->host->folder,
		 p->function->name);
	snprintf(temp, sizeof(temp), "%s.%d", path, (int)getpid());
	unlink(temp);
	/* Renamed into place: there is never half a name. */
	if (symlink(p->slave, temp) == 0 && rename(temp, path) == 0)
		return 0;
	say("%s: %s", path, strerror(errno));
	return -EIO;
}

static void drop_link(struct port *p)
{
	char path[4096], target[sizeof(p->slave)] = "";

	if (!p->host->folder)
		return;
	snprintf(path, sizeof(path), "%s/%s", p->host->folder,
		 p->function->name);
	if (readlink(path, target, sizeof(target) - 1) > 0 &&
	    strcmp(target, p->slave) == 0)
		unlink(path);
}

int port_open(struct port *p, struct host *h, struct function *f)
{
	int r;

	memset(p, 0, sizeof(*p));
	p->host = h;
	p->function = f;
	p->watch = -1;
	p->dtr = -1;
	p->full_end = &p->full;
	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (p->master < 0 || grantpt(p->master) || unlockpt(p->master) ||
	    ptsname_r(p->master, p->slave, sizeof(p->slave))) {
		r = -errno;
		say("no pseudo terminal: %s", strerror(-r));
		return r;
	}
	r = settle(p);
	if (r < 0)
		return r;
	p->watch = inotify_add_watch(h->inotify, p->slave, IN_OPEN);
	if (p->watch < 0) {
		say("%s: cannot be watched: %s", p->slave, strerror(errno));
		return -EIO;
	}
	if (f->notify_ep)
		link_interrupt(&h->link, f->notify_ep, true);
	return make_link(p);
}

static void drop_in(struct port *p)
{
	unsigned int i;

	for (i = 0; i < PORT_REQUESTS; i++) {
		struct port_in *in = &p->in[i];

		if (in->full)
			p->bytes_lost += in->q.actual - in->written;
		link_free_data(&p->host->link, &in->q);
		in->full = false;
	}
	p->full = NULL;
	p->full_end = &p->full;
}

void port_close(struct port *p)
{
	unsigned int i;

	if (p->master < 0)
		return;
	for (i = 0; i < PORT_REQUESTS; i++) {
		link_forget(&p->host->link, &p->in[i].q);
		link_forget(&p->host->link, &p->out[i].q);
	}
	drop_in(p);
	drop_link(p);
	if (p->watch >= 0)
		inotify_rm_watch(p->host->inotify, p->watch);
	close(p->master);
	p->master = -1;
}

/* From the device to the terminal. */

static void error_seen(struct port *p, uint8_t ep, int status)
{
	if (status == usb_redir_cancelled)
		return;
	if (status == usb_redir_stall)
		p->stalled = true;
	if (++p->errors < PORT_ERRORS)
		return;
	if (!p->dead)
		say("%s: endpoint %02x gives nothing but errors (%s); this "
		    "port rests until the device comes again",
		    p->function->name, ep, link_status_name(status));
	p->dead = true;
}

static void flip(unsigned int *left, uint8_t *data, uint32_t len)
{
	if (!*left || !len)
		return;
	(*left)--;
	data[len / 2] ^= 0x10;
}

/* To the terminal, as far as it takes it. */
static void push(struct port *p)
{
	struct port_in *in;
	ssize_t put;

	while ((in = p->full) && !p->stopped) {
		while (in->written < in->q.actual) {
			put = write(p->master, in->q.data + in->written,
				    in->q.actual - in->written);
			if (put <= 0)
				return;
			in->written += put;
			p->bytes_in += put;
		}
		p->full = in->next;
		if (!p->full)
			p->full_end = &p->full;
		link_free_data(&p->host->link, &in->q);
		in->full = false;
	}
}

static void in_done(struct request *q)
{
	struct port *p = q->owner;
	struct port_in *in = (struct port_in *)q;

	flip(&p->flip_in, q->data, q->actual);
	if (q->status == usb_redir_success)
		p->errors = 0;
	else
		error_seen(p, q->ep, q->status);
	if (!q->actual || !q->data || !p->open) {
		p->bytes_lost += q->data ? q->actual : 0;
		link_free_data(&p->host->link, q);
	} else {
		in->full = true;
		in->written = 0;
		in->next = NULL;
		*p->full_end = in;
		p->full_end = &in->next;
		push(p);
	}
	port_fill(p);
}

/* From the terminal to the device. */

static void out_done(struct request *q)
{
	struct port *p = q->owner;
	struct port_out *out = (struct port_out *)q;

	out->busy = false;
	p->look |= p->hung;
	if (q->status == usb_redir_success)
		p->errors = 0;
	else
		error_seen(p, q->ep, q->status);
}

static bool is_sending(const struct port *p)
{
	unsigned int i;

	for (i = 0; i < PORT_REQUESTS; i++)
		if (p->out[i].busy)
			return true;
	return false;
}

static struct port_out *free_out(struct port *p)
{
	unsigned int i;

	for (i = 0; i < p->host->in_flight; i++)
		if (!p->out[i].busy)
			return &p->out[i];
	return NULL;
}

static void send_out(struct port *p, struct port_out *out, uint32_t len)
{
	out->busy = true;
	out->q.owner = p;
	out->q.done = out_done;
	flip(&p->flip_out, out->data, len);
	link_bulk(&p->host->link, &out->q, p->function->out_ep, out->data, len);
	p->bytes_out += len;
}

/* What was typed or written, gathered into requests as large as may be. */
static void pull(struct port *p)
{
	struct port_out *out, *empty;
	uint32_t limit, len;
	ssize_t got;

	if (!p->host->link.present)
		return;
	while (!p->dead && !p->stalled && (out = free_out(p))) {
		limit = link_max_transfer(&p->host->link,
					  p->host->transfer_size);
		if (p->split && p->split < limit)
			limit = p->split;
		for (len = 0; len < limit; len += got) {
			got = read(p->master, out->data + len, limit - len);
			if (got <= 0)
				break;
		}
		if (!len)
			return;
		send_out(p, out, len);
		if (p->host->zlp && len % p->function->out_packet == 0) {
			empty = free_out(p);
			/* With none free the data end with the next packet. */
			if (empty)
				send_out(p, empty, 0);
		}
		if (len < limit)
			return;
	}
}

void port_fill(struct port *p)
{
	struct host *h = p->host;
	unsigned int i;

	if (p->master < 0 || !p->open || p->stopped || p->dead || p->stalled)
		return;
	if (!h->link.present || h->link.ending)
		return;
	for (i = 0; i < h->in_flight; i++) {
		struct request *q = &p->in[i].q;

		if (q->under_way || p->in[i].full)
			continue;
		q->owner = p;
		q->done = in_done;
		link_bulk(&h->link, q, p->function->in_ep, NULL,
			  link_max_transfer(&h->link, h->transfer_size));
	}
}

short port_events(const struct port *p)
{
	short events = 0;

	/* POLLHUP comes unasked for and stays: once seen, port_work() looks on.
	 */
	if (p->master < 0 || !p->open || p->hung)
		return 0;
	if (p->full && !p->stopped)
		events |= POLLOUT;
	if (free_out((struct port *)p) && !p->dead && !p->stalled)
		events |= POLLIN;
	/* With nothing wanted the end of the last user is still told. */
	return events ? events : POLLPRI;
}

void port_serve(struct port *p, short revents)
{
	if (p->master < 0 || !p->open)
		return;
	if (revents & POLLOUT) {
		push(p);
		port_fill(p);
	}
	if (revents & POLLIN)
		pull(p);
	p->hup |= revents & POLLHUP;
	/* A changed speed is told by nothing: it is looked at with the data. */
	if (revents & (POLLIN | POLLHUP))
		p->look = true;
}

/* The terminal's state. */

static int class_request(struct port *p, uint8_t request, uint16_t value,
			 uint8_t *data, uint16_t len)
{
	struct setup s = {0x21, request, value, p->function->control_interface,
			  len};
	int r = host_control(p->host, "class", &s, data);

	if (r < 0)
		say("%s: request %02x: %s", p->function->name, request,
		    strerror(-r));
	return r;
}

int port_set_lines(struct port *p, uint8_t lines)
{
	int r = class_request(p, SET_CONTROL_LINE_STATE, lines, NULL, 0);

	if (r >= 0)
		p->lines = lines;
	return r < 0 ? r : 0;
}

int port_set_coding(struct port *p, const uint8_t coding[7])
{
	uint8_t data[7];
	int r;

	memcpy(data, coding, 7);
	r = class_request(p, SET_LINE_CODING, 0, data, 7);
	if (r >= 0) {
		memcpy(p->coding, coding, 7);
		p->coding_known = true;
	}
	return r < 0 ? r : 0;
}

int port_break(struct port *p, uint16_t ms)
{
	int r = class_request(p, SEND_BREAK, ms, NULL, 0);

	return r < 0 ? r : 0;
}

/* The slave's speed and frame as a line coding (PSTN 1.2, table 17). */
static bool coding_changed(struct port *p, uint8_t coding[7])
{
	static const uint8_t bits[] = {5, 6, 7, 8};
	struct termios2 t;
	unsigned int i;

	if (ioctl(p->master, TCGETS2, &t) < 0)
		return false;
	for (i = 0; i < 4; i++)
		coding[i] = t.c_ospeed >> 8 * i;
	coding[4] = t.c_cflag & CSTOPB ? 2 : 0;
	coding[5] = !(t.c_cflag & PARENB) ? 0 : t.c_cflag & PARODD ? 1 : 2;
	coding[6] = bits[(t.c_cflag & CSIZE) / CS6];
	return !p->coding_known || memcmp(coding, p->coding, 7) != 0;
}

static void opened(struct port *p)
{
	uint8_t coding[7];

	if (coding_changed(p, coding))
		port_set_coding(p, coding);
	if (p->dtr < 0)
		port_set_lines(p, DTR_RTS);
	p->open = true;
	port_fill(p);
}

static void closed(struct port *p)
{
	unsigned int i;

	p->open = false;
	for (i = 0; i < PORT_REQUESTS; i++)
		link_cancel(&p->host->link, &p->in[i].q);
	drop_in(p);
	settle(p);
	if (p->dtr < 0)
		port_set_lines(p, 0);
}

static void clear_halts(struct port *p)
{
	struct setup s = {0x02, CLEAR_FEATURE, 0, p->function->in_ep, 0};
	int r = host_control(p->host, "clear-halt", &s, NULL);

	s.wIndex = p->function->out_ep;
	if (r >= 0)
		r = host_control(p->host, "clear-halt", &s, NULL);
	if (r < 0)
		p->dead = true;
	p->stalled = false;
	port_fill(p);
}

bool port_has_work(const struct port *p)
{
	return p->master >= 0 && (p->look || p->stalled);
}

/* The last user has gone: what was written leaves first, as with a real tty. */
static void hung_up(struct port *p, bool unread)
{
	if (!p->hung) {
		p->hung = true;
		p->hung_until = host_now_ms() + DRAIN_MS;
	}
	if ((unread || is_sending(p)) && host_now_ms() < p->hung_until) {
		pull(p);
		return;
	}
	p->hung = false;
	closed(p);
}

void port_work(struct port *p)
{
	struct pollfd state = {p->master, POLLIN, 0};
	uint8_t coding[7];

	if (p->master < 0)
		return;
	if (p->stalled)
		clear_halts(p);
	if (!p->look)
		return;
	p->look = p->hup = false;
	poll(&state, 1, 0);
	if (state.revents & POLLHUP) {
		if (p->open)
			hung_up(p, state.revents & POLLIN);
		return;
	}
	p->hung = false;
	if (!p->open)
		opened(p);
	else if (coding_changed(p, coding))
		port_set_coding(p, coding);
}

void port_notification(struct port *p, int status, const uint8_t *data,
		       size_t len)
{
	if (status != usb_redir_success) {
		say("%s: notifications end: %s", p->function->name,
		    link_status_name(status));
		return;
	}
	p->notifications++;
	/* SERIAL_STATE, PSTN 1.2 section 6.5.4 */
	if (len >= 10 && data[0] == 0xa1 && data[1] == 0x20)
		p->serial_state = get16(data + 8);
}
