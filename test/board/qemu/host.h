/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The USB host at the other end of the cable, as far as it is hardware: a port
 * and transfers on endpoints (host.c). What it is asked to do comes from the
 * usbredir peer (redir.c).
 */
#ifndef HYPERSTUB_HOST_H
#define HYPERSTUB_HOST_H

#include "dwc3.h"
#include "qemu/queue.h"

/* Index of an endpoint address, as usbredir counts: OUT 0-15, IN 16-31. */
#define EP_INDEX(addr) (((addr) & 0x80) >> 3 | ((addr) & 0x0f))
#define EP_ADDRESS(i) (((i) & 0x10) << 3 | ((i) & 0x0f))

struct hs_redir;
struct hs_request;
typedef void hs_done(struct hs_redir *r, struct hs_request *q, int status);

/* A transfer. status of done: one of usbredir's. */
struct hs_request {
	QTAILQ_ENTRY(hs_request) entry;
	uint64_t id;
	uint8_t ep; /* address; for control 0 or 0x80 */
	uint8_t kind; /* redir's */
	uint8_t setup[8];
	uint8_t *data; /* length bytes, ours to free */
	uint32_t length;
	uint32_t actual;
	uint8_t stage;
	uint8_t errors;
	uint8_t tries; /* tokens without an answer before it fails */
	int64_t retry_at;
	hs_done *done;
};

struct hs_pipe {
	QTAILQ_HEAD(, hs_request) queue;
	uint8_t type; /* EP_BULK..., 255: not there */
	uint8_t interval;
	uint8_t interface;
	uint16_t mps;
	/* Buffered input: packets are taken as they come. */
	uint32_t receiving; /* bytes per transfer; 0: off */
	uint8_t *buffer;
	uint32_t filled;
	int64_t next_poll;
	int64_t wait_since;
};

enum hs_port { PORT_OFF, PORT_DEBOUNCE, PORT_RESET, PORT_RECOVERY, PORT_UP };

enum hs_fault {
	FAULT_BABBLE,	    /* an OUT packet with a byte too many */
	FAULT_LOST,	    /* a bulk packet that does not arrive */
	FAULT_SETUP_AGAIN,  /* a SETUP packet within a data stage */
	FAULT_EARLY_STATUS, /* the status stage before all data were read */
	HS_FAULTS,
};

struct hs_host {
	HsDwc3 *dev;
	struct hs_redir *redir;
	QEMUBH *bh;
	QEMUTimer *port_timer;
	QEMUTimer *slot_timer;
	enum hs_port port;
	bool peer; /* someone is at the other end */
	bool suspended;
	bool full_speed;
	uint8_t address;
	uint16_t mps0;
	struct hs_pipe pipe[32];
	int64_t slot_ns; /* when the next bulk slot is free */
	int64_t waited_ns[2]; /* OUT, IN */
	uint64_t ready[2];
	unsigned int fault[HS_FAULTS]; /* so many are due */
};

/* host.c */
void host_peer(struct hs_host *h, bool peer);
void host_reset_port(struct hs_host *h);
void host_submit(struct hs_host *h, struct hs_request *q, bool first);
void host_fail_all(struct hs_host *h);
/* false: no such request. */
bool host_cancel(struct hs_host *h, uint64_t id);
void host_receive(struct hs_host *h, uint8_t ep, uint32_t bytes);
struct hs_request *host_request(uint64_t id, uint8_t ep, uint32_t length);

/* fault.c */
bool host_fault(struct hs_host *h, enum hs_fault which);

/* redir.c */
struct hs_redir *redir_new(struct hs_host *h);
void redir_port_up(struct hs_redir *r);
void redir_port_off(struct hs_redir *r);
void redir_received(struct hs_redir *r, uint8_t ep, int status,
		    const uint8_t *data, uint32_t length);

#endif
