/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * One debugging session: bytes in, bytes out, and "the guest stopped". Never
 * waits, allocates nothing, touches no hardware; all its state is in struct
 * gdbstub and in the memory that the caller gives. Calls are serialised by the
 * caller. The machine is behind target.h.
 */
#ifndef STUB_GDBSTUB_H
#define STUB_GDBSTUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stub/breakpoint.h"
#include "stub/rsp.h"
#include "stub/strbuf.h"
#include "stub/target.h"

#define GDBSTUB_PACKET_SIZE 0x40000
#define GDBSTUB_RX_SIZE (GDBSTUB_PACKET_SIZE + 1)
#define GDBSTUB_TX_SIZE (GDBSTUB_PACKET_SIZE + RSP_FRAME_EXTRA)
#define GDBSTUB_SCRATCH_SIZE 0x8000
#define GDBSTUB_MIN_PACKET_SIZE 0x400
#define GDBSTUB_CONSOLE_SIZE 4096

struct gdbstub_memory {
	uint8_t *rx;		 /* one packet */
	size_t rx_size;		 /* GDBSTUB_RX_SIZE, or less in a test */
	uint8_t *tx;		 /* one reply with its frame */
	size_t tx_size;		 /* GDBSTUB_TX_SIZE, or less in a test */
	uint8_t *scratch;	 /* bounce buffer, documents; aligned to 8 */
	size_t scratch_size;	 /* GDBSTUB_SCRATCH_SIZE, at least 8192 */
	struct bp_table *points; /* after bp_table_init() */
};

/* What this client has told of itself; forgotten with it. */
struct gdbstub_client {
	bool noack;
	bool extended;
	bool told_features; /* qSupported was seen */
	bool swbreak, hwbreak;
	bool error_text; /* error-message+ */
	bool lldb;	 /* QThreadSuffixSupported was seen */
	bool lldb_errors;
	bool list_threads; /* LLDB: all threads in each stop reply */
	bool phys;	   /* Qqemu.PhyMemMode */
	bool interrupt;	   /* a ^C that no stop reply has answered yet */
	bool spoke;	   /* a packet came since the last stop */
	bool ok_follows;   /* LLDB: behind the O packet that is being sent */
	int g_cpu;	   /* Hg: for registers and memory */
	int c_cpu;	   /* Hc: for c and s; -1: all */
};

/* A read of memory, of whose reply a part may be on its way already. */
struct gdbstub_reading {
	uint64_t addr, left;
	size_t (*put)(struct rsp_tx *tx, const void *p, size_t n);
	bool begun; /* some bytes are in the reply */
};

struct gdbstub {
	struct target *target;
	struct gdbstub_memory mem;
	struct bp_table *points;
	size_t packet_size; /* longest body, either way */
	struct rsp_rx rx;
	struct rsp_tx tx;
	bool packet_ready;    /* rx holds a packet that waits for tx */
	bool packet_too_long; /* what waits is a packet that did not fit */
	bool packet_damaged;  /* what waits failed its checksum, without acks */
	unsigned int damaged; /* frames in a row with a bad checksum */
	struct gdbstub_reading reading;
	struct gdbstub_client client;
	bool connected;
	bool keep; /* leave points and stopped CPUs alone at a disconnect */

	/* The guest, as this session knows it. */
	bool running;
	bool waiting;	     /* the client waits for a stop reply */
	bool quiet;	     /* to `?', before which no output may come */
	bool releasing;	     /* stops only to take points out, then goes on */
	bool stop_asked;     /* target_stop() was called */
	uint8_t halt_signal; /* for the stop reply: 2 after ^C, 5 after '?' */
	bool have_last;
	struct target_event last; /* the stop that was reported */
	uint8_t last_signal;
	uint64_t pending; /* CPUs that have an event in events[] */
	unsigned int first_pending;
	struct target_event events[TARGET_MAX_CPUS];
	struct target_action action[TARGET_MAX_CPUS];

	struct strbuf document; /* half of scratch, for qXfer:threads */

	/* Text for the client's console, sent while it waits. */
	uint8_t console[GDBSTUB_CONSOLE_SIZE];
	size_t console_head, console_len;
	size_t console_lost;

	/* Why the packet at hand failed. */
	char why_text[256];
	struct strbuf why;
};

/*
 * The session begins disconnected. Whether the guest runs is asked of the
 * target now; every CPU stopped or off means that it does not.
 */
void gdbstub_init(struct gdbstub *s, struct target *t,
		  const struct gdbstub_memory *mem);

/*
 * Bytes from the client. Returns how many were taken: fewer than len while a
 * reply waits to be sent; offer the rest again after gdbstub_tx_done().
 */
size_t gdbstub_rx(struct gdbstub *s, const uint8_t *bytes, size_t len);

/*
 * What is to be sent next (*len is 0 if nothing is), and how much of it was
 * accepted. Nothing else may be called between the two.
 */
const uint8_t *gdbstub_tx_peek(struct gdbstub *s, size_t *len);
void gdbstub_tx_done(struct gdbstub *s, size_t n);

/*
 * The guest has stopped: every CPU is parked. Another event of the same stop
 * may follow and is reported after the first. A TARGET_STOP_HALT for a guest
 * that has stopped already is ignored. ev->text is not needed afterwards.
 */
void gdbstub_event(struct gdbstub *s, const struct target_event *ev);

/* Would text be sent now: has the client let the guest run, and waits? */
bool gdbstub_takes_console(const struct gdbstub *s);
/* Text from the guest's console; dropped when it would not be sent. */
void gdbstub_console(struct gdbstub *s, const void *bytes, size_t len);

/* A client came, or went (its points go and the guest runs, unless keep). */
void gdbstub_connect(struct gdbstub *s);
void gdbstub_disconnect(struct gdbstub *s);

/*
 * After gdbstub_connect(): this client is one that was there before the machine
 * was reset, with what it had told then. waiting: for a stop reply.
 */
void gdbstub_restore(struct gdbstub *s, const struct gdbstub_client *client,
		     bool waiting);
/*
 * After gdbstub_event(): the reply to the monitor command by which such a
 * client reset the machine. It says that the guest stands still.
 */
void gdbstub_answer(struct gdbstub *s, const char *text);
/* The packet at hand cannot be finished: an error with that text. */
void gdbstub_abandon(struct gdbstub *s, const char *text);
/* The machine goes: a client that waits is told that the guest has ended. */
void gdbstub_exit(struct gdbstub *s);

#endif
