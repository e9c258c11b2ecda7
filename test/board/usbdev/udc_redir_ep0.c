/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Endpoint 0, one control transfer after the other: the host's, and those that
 * usbredir leaves to this side (SET_ADDRESS, and what must be known of a device
 * before it can be shown).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "udc_redir.h"

#define GET_DESCRIPTOR 6
#define SET_ADDRESS 5
#define ADDRESS 5

enum stage {
	WAITING,
	SETUP,
	DATA,
	STATUS,
	STALLED
};

struct host_control {
	struct host_control *next;
	uint64_t id;
	uint8_t setup[8];
	enum stage stage;
	bool own;   /* ours, no answer to the host */
	bool plain; /* a control packet; else one of the four special ones */
	bool taken_back;
	uint8_t *out;
	struct udc_transfer *x;
	uint8_t *in;
	uint32_t actual;
};

static uint16_t length_of(const struct host_control *c)
{
	return c->setup[6] | c->setup[7] << 8;
}

static struct host_control *make(uint64_t id, const uint8_t setup[8])
{
	struct host_control *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->id = id;
	memcpy(c->setup, setup, 8);
	return c;
}

static void drop(struct host_control *c)
{
	free(c->out);
	free(c->in);
	free(c);
}

void udc_redir_control(struct udc_redir *u, uint64_t id, const uint8_t setup[8],
		       uint8_t *data, bool plain)
{
	struct host_control *c = make(id, setup), **p = &u->controls;

	c->out = data;
	c->plain = plain;
	while (*p)
		p = &(*p)->next;
	*p = c;
}

/* One of ours, before all that the host waits for. */
static void own_control(struct udc_redir *u, const uint8_t setup[8])
{
	struct host_control *c = make(0, setup);

	c->own = true;
	c->next = u->controls;
	u->controls = c;
}

/* Answers. */

static void answer_plain(struct udc_redir *u, struct host_control *c,
			 int status)
{
	bool in = c->setup[0] & UDC_EP_IN;
	struct usb_redir_control_packet_header h = {
		.endpoint = in ? UDC_EP_IN : 0,
		.requesttype = c->setup[0],
		.request = c->setup[1],
		.status = status,
		.value = c->setup[2] | c->setup[3] << 8,
		.index = c->setup[4] | c->setup[5] << 8,
		.length = c->actual,
	};

	usbredirparser_send_control_packet(
		u->parser, c->id, &h, in ? c->in : NULL, in ? c->actual : 0);
}

static void answer_special(struct udc_redir *u, struct host_control *c,
			   int status)
{
	bool get = c->setup[0] & UDC_EP_IN;
	uint8_t value = get && c->actual ? c->in[0] : c->setup[2];
	struct usb_redir_configuration_status_header config = {
		.status = status, .configuration = value};
	struct usb_redir_alt_setting_status_header alt = {
		.status = status, .interface = c->setup[4], .alt = value};

	if (c->setup[0] & 0x1f) {
		usbredirparser_send_alt_setting_status(u->parser, c->id, &alt);
		return;
	}
	if (!get && status == usb_redir_success)
		udc_redir_send_endpoints(u);
	usbredirparser_send_configuration_status(u->parser, c->id, &config);
}

/* Descriptors that we asked for ourselves. */
static void own_ended(struct udc_redir *u, struct host_control *c, int status)
{
	static const uint8_t config[8] = {
		0x80, GET_DESCRIPTOR, 0, 2, 0, 0, 0, UDC_REDIR_CONFIG >> 8};

	if (c->setup[1] == SET_ADDRESS)
		return;
	if (status != usb_redir_success || c->actual < 9) {
		say("the device does not tell its descriptors");
		return;
	}
	if (c->setup[3] == 1 && c->actual == sizeof(u->device)) {
		memcpy(u->device, c->in, sizeof(u->device));
		own_control(u, config);
	} else if (c->setup[3] == 2) {
		memcpy(u->config, c->in, c->actual);
		u->config_len = c->actual;
		udc_redir_show(u);
	}
}

static void end(struct udc_redir *u, int status)
{
	struct host_control *c = u->controls;

	u->controls = c->next;
	if (c->own)
		own_ended(u, c, status);
	else if (c->taken_back || c->plain)
		answer_plain(u, c,
			     c->taken_back ? usb_redir_cancelled : status);
	else
		answer_special(u, c, status);
	drop(c);
}

bool udc_redir_cancel_control(struct udc_redir *u, uint64_t id)
{
	struct host_control *c;

	for (c = u->controls; c; c = c->next)
		if (c->id == id && !c->own) {
			c->taken_back = true;
			return true;
		}
	return false;
}

/* What a new SETUP packet, or a reset, ends. */
static void abandon(struct udc_redir *u, struct host_control *c)
{
	struct udc_transfer *x = c->x;

	c->x = NULL;
	if (!x)
		return;
	x->actual = 0;
	x->status = -ECANCELED;
	usbd_on_complete(u->usbd, c->setup[0] & UDC_EP_IN, x);
}

void udc_redir_drop_controls(struct udc_redir *u)
{
	struct host_control *c;

	while ((c = u->controls)) {
		if (u->usbd)
			abandon(u, c);
		u->controls = c->next;
		if (!c->own && u->parser && c->plain)
			answer_plain(u, c, usb_redir_cancelled);
		drop(c);
	}
}

/* Stages. */

int udc_redir_ep0_data(struct udc *udc, struct udc_transfer *x)
{
	struct udc_redir *u = (struct udc_redir *)udc;
	struct host_control *c = u->controls;

	if (!c || c->stage != SETUP)
		return -EINVAL;
	c->x = x;
	c->stage = DATA;
	return 0;
}

void udc_redir_ep0_status(struct udc *udc)
{
	struct udc_redir *u = (struct udc_redir *)udc;

	if (u->controls &&
	    (u->controls->stage == SETUP || u->controls->stage == DATA))
		u->controls->stage = STATUS;
}

void udc_redir_ep0_stall(struct udc *udc)
{
	struct udc_redir *u = (struct udc_redir *)udc;

	if (u->controls && u->controls->stage != WAITING)
		u->controls->stage = STALLED;
}

/*
 * Hosts read the device descriptor at address 0 before SET_ADDRESS, which is no
 * packet of usbredir: it is made before the first request of another kind.
 */
static bool needs_address(const struct udc_redir *u,
			  const struct host_control *c)
{
	return !c->own && !u->addressed &&
	       !(c->setup[0] == 0x80 && c->setup[1] == GET_DESCRIPTOR &&
		 c->setup[3] == 1);
}

static void data_stage(struct udc_redir *u, struct host_control *c)
{
	struct udc_transfer *x = c->x;
	uint32_t len = length_of(c);

	c->x = NULL;
	if (x->len < len)
		len = x->len;
	if (c->setup[0] & UDC_EP_IN) {
		c->in = malloc(len ? len : 1);
		memcpy(c->in, x->buf, len);
	} else if (c->out) {
		memcpy(x->buf, c->out, len);
	}
	c->actual = len;
	x->actual = len;
	x->status = 0;
	usbd_on_complete(u->usbd, c->setup[0] & UDC_EP_IN, x);
}

static bool pump_one(struct udc_redir *u)
{
	static const uint8_t set_address[8] = {0, SET_ADDRESS, ADDRESS};
	struct host_control *c = u->controls;

	if (c->taken_back) {
		abandon(u, c);
		end(u, usb_redir_cancelled);
		return true;
	}
	switch (c->stage) {
	case WAITING:
		if (needs_address(u, c)) {
			u->addressed = true;
			own_control(u, set_address);
			return true;
		}
		c->stage = SETUP;
		usbd_on_setup(u->usbd, c->setup);
		return true;
	case SETUP: /* the device has not decided yet: it answers NAK */
		return false;
	case DATA:
		if (!c->x)
			return false;
		data_stage(u, c);
		return true;
	case STATUS:
		usbd_on_status(u->usbd);
		end(u, usb_redir_success);
		return true;
	case STALLED:
		c->actual = 0;
		end(u, usb_redir_stall);
		return true;
	}
	return false;
}

void udc_redir_pump_control(struct udc_redir *u)
{
	while (u->controls && u->usbd && pump_one(u))
		continue;
}

void udc_redir_learn(struct udc_redir *u)
{
	static const uint8_t device[8] = {0x80, GET_DESCRIPTOR, 0, 1, 0, 0, 18,
					  0};

	own_control(u, device);
}
