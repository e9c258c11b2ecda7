/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Where the other side of a usbredir connection stands: unix:PATH,
 * tcp:HOST:PORT, fd:NUMBER. Loopback and Unix sockets only: what runs here is
 * a test. Each returns a descriptor or -errno; what is wrong with an address
 * is said on stderr.
 */
#ifndef TEST_BOARD_SOCKET_H
#define TEST_BOARD_SOCKET_H

int socket_listen(const char *address);
/* No more: the Unix socket's name goes too. */
void socket_unlisten(int listener, const char *address);
/* Wait at most so many milliseconds for the other side. */
int socket_accept(int listener, unsigned int ms);
int socket_connect(const char *address, unsigned int ms);

#endif
