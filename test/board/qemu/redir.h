/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The usbredir end of the cable, shared by the files that speak for it:
 * redir.c (the stream and plain requests), enumerate.c (descriptors, address,
 * configuration), receive.c (buffered input and what is refused).
 */
#ifndef HYPERSTUB_REDIR_H
#define HYPERSTUB_REDIR_H

#include "host.h"
#include <usbredirparser.h>

#define CONFIGURATIONS 8

enum { KIND_OWN, KIND_CONTROL, KIND_BULK, KIND_INTERRUPT };

struct hs_redir {
	struct hs_host *host;
	struct usbredirparser *parser;
	const uint8_t *in;
	int in_length;
	guint watch;
	bool announced; /* device_connect was sent */
	QEMUTimer *timer;
	int attempts;
	uint8_t device[18];
	int configs; /* read so far */
	GByteArray *config[CONFIGURATIONS];
	int current; /* index in config, -1: not configured */
	uint8_t alt[32];
	uint64_t receive_id;
};

/* redir.c */
void redir_send_out(struct hs_redir *r);

/* enumerate.c: fills in those of the parser's callbacks that are its own. */
void redir_enumeration_init(struct hs_redir *r);
void redir_configuration_callbacks(struct usbredirparser *p);

/* receive.c */
void redir_receive_callbacks(struct usbredirparser *p);

#endif
