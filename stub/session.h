/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What the files of the stub share among themselves: the shape of a packet
 * handler, replies, and the handlers themselves. Not for the outside.
 */
#ifndef STUB_SESSION_H
#define STUB_SESSION_H

#include "stub/gdbstub.h"
#include "stub/hex.h"

/*
 * A handler reads its packet from c, which stands behind the prefix that
 * chose it, and writes the reply's body to s->tx. It returns 0, or
 * SESSION_NO_REPLY, or -Exxx with or without text in s->why: then whatever it
 * has written is thrown away for an error reply; -ENOTSUP means the empty one.
 */
#define SESSION_NO_REPLY 1
/* What is written is to be sent; memory_go_on() writes the rest. */
#define SESSION_MORE 2
typedef int session_handler(struct gdbstub *s, struct cursor *c);

struct session_packet {
	const char *prefix;
	session_handler *handle;
	uint8_t flags;
};

#define SESSION_STOPPED 1 /* only while the guest is stopped */
#define SESSION_EXACT 2	  /* the whole packet is the prefix */

/* Find and run the handler; -ENOTSUP if there is none. */
int session_dispatch(struct gdbstub *s, const struct session_packet *table,
		     size_t count, struct cursor *c);

int session_ok(struct gdbstub *s); /* writes "OK", returns 0 */
/* -Exxx, with text for the user. */
int session_fail(struct gdbstub *s, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Append what the target put into text, made harmless for a packet. */
void session_put_text(struct gdbstub *s, const char *text, size_t len);
/* A client that came unannounced: forget what the last one said and set. */
void session_restart(struct gdbstub *s);
void session_console(struct gdbstub *s, const void *bytes, size_t len);

/*
 * Thread id: 1.. as CPU 0.., "0" (any) as -2, "-1" (all) as -1. False: not a
 * thread id, or no such CPU.
 */
#define SESSION_ALL -1
#define SESSION_ANY -2
bool session_thread(struct gdbstub *s, struct cursor *c, int *cpu);
/* The first CPU that is not off, or 0. */
unsigned int session_any_cpu(struct gdbstub *s);
/* The CPU for registers: LLDB's ";thread:ID;" behind the packet, or Hg's. */
int session_register_cpu(struct gdbstub *s, struct cursor *c,
			 unsigned int *cpu);
void session_put_thread(struct gdbstub *s, unsigned int cpu);
void session_put_threads(struct gdbstub *s); /* "1,2,3" */

/* registers.c */
session_handler packet_g, packet_G, packet_p, packet_P;
/* A register in hex, or "xx.." where it cannot be read; -ENOENT. */
int registers_put(struct gdbstub *s, unsigned int cpu, unsigned int reg);

/* memory.c */
session_handler packet_m, packet_M, packet_x, packet_X;
session_handler packet_search, packet_crc;
/*
 * The next piece of a reply that has begun: SESSION_MORE, or 0: it is whole,
 * or as long as it can be. Nobody may be told of an error any more.
 */
int memory_go_on(struct gdbstub *s);

/* points.c */
session_handler packet_Z, packet_z;

/* resume.c */
session_handler packet_question, packet_c, packet_C, packet_s, packet_S;
session_handler packet_vCont, packet_vCont_query, packet_vCtrlC;
session_handler packet_D, packet_k, packet_vKill, packet_stop_info;
void resume_interrupt(struct gdbstub *s); /* ^C */
/* Take the points out: at once, or at the next stop, which is asked for. */
void resume_forget_points(struct gdbstub *s);
/* Take the points out and let the guest run, for a client that goes. */
int resume_release(struct gdbstub *s);
/* Write the body of the next stop reply, which is now the last reported. */
void resume_put_stop(struct gdbstub *s);

/* query.c */
session_handler packet_q, packet_Q, packet_H, packet_T, packet_extended;

/* xfer.c */
session_handler packet_xfer;

/* command.c */
session_handler packet_rcmd;

#endif
