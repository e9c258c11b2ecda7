/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Where commands come from: a Unix socket, standard input. Lines in, lines out.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host.h"
#include "say.h"

static void drop_client(struct client *c)
{
	if (!c->is_stdin)
		close(c->in);
	c->in = c->out = -1;
}

static void accept_client(struct host *h)
{
	int fd = accept4(h->control, NULL, NULL, SOCK_CLOEXEC);
	struct timeval limit = {2, 0};
	unsigned int i;

	if (fd < 0)
		return;
	/* A client that does not read its answers cannot hold us up. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	for (i = 0; i < MAX_CLIENTS; i++)
		if (h->clients[i].in < 0) {
			h->clients[i] = (struct client){fd, fd, false, "", 0};
			return;
		}
	close(fd);
}

static void run_line(struct host *h, struct client *c, char *line)
{
	char *text = NULL;
	size_t len = 0, put = 0;
	ssize_t n;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	host_command(h, line, out);
	fclose(out);
	while (put < len) {
		n = c->is_stdin
			    ? write(c->out, text + put, len - put)
			    : send(c->out, text + put, len - put, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		put += n;
	}
	free(text);
}

static void serve_client(struct host *h, struct client *c)
{
	ssize_t got = read(c->in, c->line + c->len, MAX_LINE - 1 - c->len);
	char *end;

	if (got <= 0) {
		drop_client(c);
		return;
	}
	c->len += got;
	c->line[c->len] = '\0';
	while ((end = strchr(c->line, '\n'))) {
		*end++ = '\0';
		run_line(h, c, c->line);
		c->len -= end - c->line;
		memmove(c->line, end, c->len + 1);
	}
	if (c->len == MAX_LINE - 1) {
		say("a command of more than %d characters", MAX_LINE - 2);
		drop_client(c);
	}
}

int clients_listen(struct host *h)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (!h->control_path)
		return 0;
	if (strlen(h->control_path) >= sizeof(a.sun_path)) {
		say("--control: the path is too long");
		return -EINVAL;
	}
	strcpy(a.sun_path, h->control_path);
	h->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(a.sun_path);
	if (h->control < 0 || bind(h->control, (void *)&a, sizeof(a)) ||
	    listen(h->control, MAX_CLIENTS)) {
		say("%s: %s", h->control_path, strerror(errno));
		return -EIO;
	}
	return 0;
}

void clients_serve(struct host *h, const struct pollfd *p)
{
	unsigned int i;

	if (p[0].revents)
		accept_client(h);
	for (i = 0; i < MAX_CLIENTS; i++)
		if (p[1 + i].revents && h->clients[i].in >= 0)
			serve_client(h, &h->clients[i]);
}
