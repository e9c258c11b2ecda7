/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A remote stub that costs nothing: every packet is answered at once with
 * something plausible, memory with the same pseudo-random bytes, from frames
 * made once. What gdb does against it is gdb's own ceiling.
 *
 * nullstub SOCKET PACKETSIZE: listens on a Unix socket, serves one client after
 * the other until it is killed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAMES 64

struct frame {
	char kind; /* 'm', 'x' */
	size_t bytes, len;
	char *text;
};

static struct frame frames[FRAMES];
static unsigned int frame_count;
static size_t packet_size;
static char *request;
static uint64_t pc = 0x40000000;

static const char target_xml[] =
	"<?xml version=\"1.0\"?><target><architecture>aarch64</architecture>"
	"<feature name=\"org.gnu.gdb.aarch64.core\">";

static void send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = write(fd, p, n);

		if (k <= 0)
			return;
		p += k;
		n -= (size_t)k;
	}
}

static size_t close_frame(char *f, size_t n)
{
	uint8_t sum = 0;

	for (size_t i = 1; i < n; i++)
		sum += (uint8_t)f[i];
	return n + (size_t)sprintf(f + n, "#%02x", sum);
}

static void reply(int fd, const char *body)
{
	static char f[8192];
	size_t n = (size_t)snprintf(f, sizeof(f) - 8, "$%s", body);

	send_all(fd, f, close_frame(f, n));
}

static size_t put_byte(char *f, char kind, uint8_t b)
{
	if (kind == 'm')
		return (size_t)sprintf(f, "%02x", b);
	if (b == '#' || b == '$' || b == '}' || b == '*') {
		f[0] = '}';
		f[1] = (char)(b ^ 0x20);
		return 2;
	}
	f[0] = (char)b;
	return 1;
}

/* The answer to a read of that many bytes, made once for each length. */
static const struct frame *memory_frame(char kind, size_t bytes)
{
	uint32_t seed = 12345;
	struct frame *f;

	for (unsigned int i = 0; i < frame_count; i++)
		if (frames[i].kind == kind && frames[i].bytes == bytes)
			return &frames[i];
	if (frame_count == FRAMES)
		free(frames[--frame_count].text);
	f = &frames[frame_count++];
	f->kind = kind;
	f->bytes = bytes;
	f->text = malloc(2 * bytes + 16);
	if (!f->text)
		abort();
	f->text[0] = '$';
	f->len = 1;
	if (kind == 'x')
		f->text[f->len++] = 'b';
	for (size_t i = 0; i < bytes && f->len < packet_size; i++) {
		seed = seed * 1664525 + 1013904223;
		f->len +=
			put_byte(f->text + f->len, kind, (uint8_t)(seed >> 24));
	}
	f->len = close_frame(f->text, f->len);
	return f;
}

static void put_pc(char *out)
{
	for (unsigned int i = 0; i < 8; i++)
		sprintf(out + 2 * i, "%02x", (unsigned int)(pc >> 8 * i) & 255);
}

static void features(int fd)
{
	char xml[6000], hex[64];
	size_t n = (size_t)sprintf(xml, "l%s", target_xml);

	for (unsigned int i = 0; i < 33; i++) {
		sprintf(hex, i < 31 ? "x%u" : i == 31 ? "sp" : "pc", i);
		n += (size_t)sprintf(xml + n,
				     "<reg name=\"%s\" bitsize=\"64\"/>", hex);
	}
	sprintf(xml + n,
		"<reg name=\"cpsr\" bitsize=\"32\"/></feature></target>");
	reply(fd, xml);
}

static void registers(int fd)
{
	char text[33 * 16 + 9];

	memset(text, '0', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	put_pc(text + 32 * 16);
	text[33 * 16] = '0';
	reply(fd, text);
}

static void stop(int fd)
{
	char text[64] = "T05thread:1;20:";

	put_pc(text + 15);
	strcpy(text + 31, ";");
	reply(fd, text);
}

static void query(int fd, const char *p)
{
	char text[128];

	if (!strncmp(p, "qSupported", 10)) {
		sprintf(text,
			"PacketSize=%zx;QStartNoAckMode+;vContSupported+;"
			"binary-upload+;qXfer:features:read+",
			packet_size);
		reply(fd, text);
	} else if (!strncmp(p, "qXfer:features:read:", 20)) {
		features(fd);
	} else if (!strncmp(p, "qfThreadInfo", 12)) {
		reply(fd, "m1");
	} else if (!strncmp(p, "qsThreadInfo", 12)) {
		reply(fd, "l");
	} else if (!strcmp(p, "qC")) {
		reply(fd, "QC1");
	} else if (!strncmp(p, "qAttached", 9)) {
		reply(fd, "1");
	} else {
		reply(fd, *p == 'Q' ? "OK" : "");
	}
}

static void answer(int fd, const char *p)
{
	const char *comma = strchr(p, ',');
	const struct frame *f;

	switch (*p) {
	case 'm':
	case 'x':
		f = memory_frame(*p, comma ? strtoul(comma + 1, NULL, 16) : 0);
		send_all(fd, f->text, f->len);
		return;
	case 'M':
	case 'X':
	case 'H':
	case 'T':
	case 'Z':
	case 'z':
	case 'D':
		reply(fd, "OK");
		return;
	case '?':
		stop(fd);
		return;
	case 'g':
		registers(fd);
		return;
	case 'p':
		reply(fd, "0000000000000000");
		return;
	case 'v':
		if (!strcmp(p, "vCont?")) {
			reply(fd, "vCont;c;C;s;S");
		} else if (!strncmp(p, "vCont", 5)) {
			pc += 4;
			stop(fd);
		} else {
			reply(fd, "");
		}
		return;
	case 'q':
	case 'Q':
		query(fd, p);
		return;
	default:
		reply(fd, "");
	}
}

/* Frames are found byte by byte but for their bodies, by memchr. */
static void serve(int fd)
{
	static char buf[1 << 17];
	bool acks = true;
	size_t have = 0;

	for (ssize_t n; (n = read(fd, buf, sizeof(buf))) > 0;) {
		const char *p = buf, *end = buf + n;

		while (p < end) {
			const char *hash = memchr(p, '#', (size_t)(end - p));
			size_t k = (size_t)((hash ? hash + 1 : end) - p);

			if (!have && *p != '$') {
				p++; /* an acknowledgement, or ^C */
				continue;
			}
			if (have && request[have - 1] == '#') {
				have = 0;
				p++; /* the first digit; the second is no '$' */
				if (acks)
					send_all(fd, "+", 1);
				acks = acks &&
				       strcmp(request + 1, "QStartNoAckMode");
				answer(fd, request + 1);
				continue;
			}
			if (have + k > 2 * packet_size)
				return;
			memcpy(request + have, p, k);
			have += k;
			p += k;
			if (hash)
				request[have - 1] = 0;
			if (hash)
				request[have++] = '#';
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (argc != 3 || strlen(argv[1]) >= sizeof(a.sun_path) || s < 0)
		return 2;
	packet_size = strtoul(argv[2], NULL, 0);
	request = malloc(2 * packet_size + 128);
	strcpy(a.sun_path, argv[1]);
	if (!request || packet_size < 1024 ||
	    bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 1))
		return 1;
	for (;;) {
		int c = accept(s, NULL, NULL);

		if (c < 0)
			return 1;
		serve(c);
		close(c);
	}
}
