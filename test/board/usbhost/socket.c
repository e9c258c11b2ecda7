/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Addresses, connecting and accepting. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "socket.h"
#include "say.h"

#define RETRY_MS 20

union address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in in;
};

static int parse_unix(const char *path, union address *a, socklen_t *len)
{
	if (!*path || strlen(path) >= sizeof(a->un.sun_path)) {
		say("unix:%s: the path must have 1 to %zu characters", path,
		    sizeof(a->un.sun_path) - 1);
		return -EINVAL;
	}
	a->un.sun_family = AF_UNIX;
	strcpy(a->un.sun_path, path);
	*len = sizeof(a->un);
	return 0;
}

static int parse_tcp(const char *text, union address *a, socklen_t *len)
{
	const char *colon = strrchr(text, ':');
	char *end;
	long port = colon ? strtol(colon + 1, &end, 10) : 0;

	if (!colon || *end || port < 1 || port > 65535) {
		say("tcp:%s: write tcp:HOST:PORT", text);
		return -EINVAL;
	}
	if (colon != text && strncmp(text, "127.0.0.1:", 10) != 0 &&
	    strncmp(text, "localhost:", 10) != 0) {
		say("tcp:%s: only 127.0.0.1 is allowed", text);
		return -EINVAL;
	}
	a->in.sin_family = AF_INET;
	a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->in.sin_port = htons(port);
	*len = sizeof(a->in);
	return 0;
}

static int parse(const char *text, union address *a, socklen_t *len)
{
	memset(a, 0, sizeof(*a));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, a, len);
	if (strncmp(text, "tcp:", 4) == 0)
		return parse_tcp(text + 4, a, len);
	say("%s: write unix:PATH, tcp:HOST:PORT or fd:NUMBER", text);
	return -EINVAL;
}

int socket_listen(const char *address)
{
	union address a;
	socklen_t len;
	int one = 1, fd, r = parse(address, &a, &len);

	if (r)
		return r;
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (a.any.sa_family == AF_UNIX)
		unlink(a.un.sun_path);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd >= 0 && bind(fd, &a.any, len) == 0 && listen(fd, 1) == 0)
		return fd;
	r = -errno;
	say("%s: %s", address, strerror(-r));
	if (fd >= 0)
		close(fd);
	return r;
}

void socket_unlisten(int listener, const char *address)
{
	if (listener < 0)
		return;
	close(listener);
	if (strncmp(address, "unix:", 5) == 0)
		unlink(address + 5);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Small packets go at once; a Unix socket does not know the option. */
static int prompt(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

int socket_accept(int listener, unsigned int ms)
{
	struct pollfd p = {listener, POLLIN, 0};
	int fd;

	if (poll(&p, 1, ms) <= 0)
		return -ETIMEDOUT;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return fd < 0 ? -errno : prompt(fd);
}

/* A descriptor that the parent process opened. */
static int inherited(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*end && end != text && fcntl(n, F_GETFD) >= 0)
		return n;
	say("fd:%s: there is no such open file descriptor", text);
	return -EBADF;
}

int socket_connect(const char *address, unsigned int ms)
{
	int64_t end = now_ms() + ms;
	union address a;
	socklen_t len;
	int fd, r;

	if (strncmp(address, "fd:", 3) == 0)
		return inherited(address + 3);
	r = parse(address, &a, &len);
	if (r)
		return r;
	for (;;) {
		fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		if (connect(fd, &a.any, len) == 0)
			return prompt(fd);
		r = -errno;
		close(fd);
		if (now_ms() >= end)
			return r;
		/* Nobody is there yet; connect() has nothing to wait on. */
		poll(NULL, 0, RETRY_MS);
	}
}
