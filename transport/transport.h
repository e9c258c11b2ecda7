/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * How bytes reach the debugger. A transport carries up to three channels over
 * one device; the monitor polls it when its interrupt fires. Chosen once,
 * while struct platform is filled. Knows nothing of packets or of the guest.
 *
 * Calls are serialised by the session lock. Only tx() and lost() of console and
 * trace may come under a lock of their own, where writes_apart says so.
 */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transport_channel {
	TRANSPORT_GDB,
	TRANSPORT_CONSOLE,
	TRANSPORT_TRACE,
	TRANSPORT_CHANNELS,
};

struct transport;

/* What a channel tells besides bytes. */
#define TRANSPORT_EVENT_BREAK 1u

struct transport_ops {
	const char *name;
	/* tx() of console and trace needs no more than a lock per channel. */
	bool writes_apart;
	/* tx() of the console takes bytes with nobody there, for who comes. */
	bool keeps_console;
	/*
	 * Acknowledge the device's interrupt and take note of what is done.
	 * Bounded work; never waits.
	 */
	void (*poll)(struct transport *t);
	/* Does the device have this channel at all? */
	bool (*has)(struct transport *t, enum transport_channel ch);
	/*
	 * Is somebody there on the other side? A device that cannot tell says
	 * yes. Counts up in *epoch at each new connection, so that one that
	 * went and came back between two polls is seen.
	 */
	bool (*connected)(struct transport *t, enum transport_channel ch,
			  uint32_t *epoch);
	/* Bytes taken out of what had arrived at the last poll: 0..len. */
	size_t (*rx)(struct transport *t, enum transport_channel ch,
		     uint8_t *buf, size_t len);
	/*
	 * Bytes accepted for sending: 0..len; what is accepted is under way
	 * with no further call. Room again is told by an interrupt. None are
	 * accepted while nobody is connected.
	 */
	size_t (*tx)(struct transport *t, enum transport_channel ch,
		     const uint8_t *buf, size_t len);
	/* Everything that was accepted has left (used before a reset). */
	bool (*idle)(struct transport *t);
	/*
	 * Optional (NULL). What came before the next byte of rx(), once:
	 * TRANSPORT_EVENT_*. rx() ends at such a place, so ask before each of
	 * its calls. A break on the gdb channel is the byte 0x03 instead.
	 */
	uint32_t (*events)(struct transport *t, enum transport_channel ch);
	/*
	 * Optional. The caller dropped len bytes after those that tx() took:
	 * who reads is told how many are missing, at that place.
	 */
	void (*lost)(struct transport *t, enum transport_channel ch,
		     size_t len);
};

struct transport {
	const struct transport_ops *ops;
	uint32_t irq; /* interrupt number (GIC INTID), 0 = none */
};

#endif
