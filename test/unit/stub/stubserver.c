/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The stub with the fake machine on a Unix socket, so that a real gdb can talk
 * to it: stubserver PATH. Serves one client after the other until a line
 * arrives on its standard input, or that ends.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_target.h"
#include "stub/gdbstub.h"

#define POINTS 20000
#define ARENA 65536

static struct target machine;
static struct gdbstub stub;
static uint8_t rx[GDBSTUB_RX_SIZE], tx[GDBSTUB_TX_SIZE];
static uint64_t scratch[GDBSTUB_SCRATCH_SIZE / 8];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		fail("socket");
	strcpy(addr.sun_path, path);
	unlink(path);
	if (bind(fd, (void *)&addr, sizeof(addr)) || listen(fd, 1))
		fail(path);
	return fd;
}

static void setup(void)
{
	static const uint32_t program[] = {
		FAKE_NOP,	FAKE_ADD_X0_1, FAKE_STR_X0_X1,
		FAKE_LDR_X2_X1, FAKE_NOP,      FAKE_B(-5),
	};
	struct gdbstub_memory mem = {
		rx,	    sizeof(rx),		tx,
		sizeof(tx), (uint8_t *)scratch, sizeof(scratch),
		NULL,
	};
	static struct bp_table points;
	unsigned int i;

	fake_init(&machine);
	machine.stub = &stub;
	fake_program(&machine, FAKE_RAM_BASE + 0x1000, program, 6);
	for (i = 0; i < FAKE_CPUS; i++)
		machine.cpus[i].regs[1] = FAKE_RAM_BASE + 0x4000 + 0x100 * i;
	bp_table_init(&points, malloc(bp_table_memory(POINTS, ARENA)), POINTS,
		      ARENA);
	mem.points = &points;
	gdbstub_init(&stub, &machine, &mem);
}

/* False: the client has gone. */
static bool pass_bytes(int fd, int timeout)
{
	static uint8_t buf[65536];
	static size_t have, used;
	struct pollfd p = {fd, used == have ? POLLIN : 0, 0};
	const uint8_t *out;
	size_t len;

	if (timeout < 0)
		have = used = 0;
	out = gdbstub_tx_peek(&stub, &len);
	if (len)
		p.events |= POLLOUT;
	poll(&p, 1, timeout < 0 ? 0 : timeout);
	if (len && (p.revents & POLLOUT)) {
		ssize_t n = send(fd, out, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return false;
		gdbstub_tx_done(&stub, (size_t)n);
	}
	if (p.revents & (POLLIN | POLLHUP) && used == have) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0)
			return false;
		have = (size_t)n;
		used = 0;
	}
	used += gdbstub_rx(&stub, buf + used, have - used);
	return true;
}

static void serve(int fd)
{
	gdbstub_connect(&stub);
	if (pass_bytes(fd, -1)) {
		while (pass_bytes(fd, fake_is_running(&machine) ? 0 : 1000))
			fake_run(&machine, 100);
	}
	gdbstub_disconnect(&stub);
	printf("gone: points %u, running %d\n", stub.points->wanted,
	       fake_is_running(&machine));
	fflush(stdout);
	close(fd);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: stubserver PATH\n");
		return 2;
	}
	fd = listen_at(argv[1]);
	setup();
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd p[2] = {{0, POLLIN, 0}, {fd, POLLIN, 0}};

		poll(p, 2, fake_is_running(&machine) ? 10 : 1000);
		fake_run(&machine, 100);
		if (p[0].revents)
			break;
		if (p[1].revents & POLLIN)
			serve(accept(fd, NULL, NULL));
	}
	unlink(argv[1]);
	return 0;
}
