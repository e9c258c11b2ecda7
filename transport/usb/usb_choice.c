/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* See usb_choice.h. Each call goes to the port that was chosen. */
#include "transport/usb/usb_choice.h"

#include <errno.h>
#include <string.h>

static struct usb_choice *choice_of(struct transport *t)
{
	return (struct usb_choice *)t;
}

/* The transport that was chosen, or NULL. */
static struct transport *chosen(struct transport *t)
{
	struct usb_choice *c = choice_of(t);

	return c->chosen < 0 ? NULL : &c->port[c->chosen]->transport;
}

static void settle(struct usb_choice *c, unsigned int winner)
{
	struct transport *t = &c->port[winner]->transport;

	c->chosen = (int)winner;
	for (unsigned int i = 0; i < c->count; i++)
		if (i != winner)
			usb_transport_stop(c->port[i]);
	for (unsigned int n = 0; n < TRANSPORT_CHANNELS; n++)
		if (c->lost[n])
			t->ops->lost(t, n, c->lost[n]);
}

int usb_choice_look(struct usb_choice *c)
{
	for (unsigned int i = 0; i < c->count && c->chosen < 0; i++) {
		struct transport *t = &c->port[i]->transport;

		t->ops->poll(t);
		if (usb_transport_sees_host(c->port[i]))
			settle(c, i);
	}
	return c->chosen;
}

static void choice_poll(struct transport *t)
{
	struct transport *port = chosen(t);

	if (port)
		port->ops->poll(port);
	else
		usb_choice_look(choice_of(t));
}

static bool choice_has(struct transport *t, enum transport_channel ch)
{
	return true;
}

static bool choice_connected(struct transport *t, enum transport_channel ch,
			     uint32_t *epoch)
{
	struct transport *port = chosen(t);

	return port && port->ops->connected(port, ch, epoch);
}

static size_t choice_rx(struct transport *t, enum transport_channel ch,
			uint8_t *buf, size_t len)
{
	struct transport *port = chosen(t);

	return port ? port->ops->rx(port, ch, buf, len) : 0;
}

static size_t choice_tx(struct transport *t, enum transport_channel ch,
			const uint8_t *buf, size_t len)
{
	struct transport *port = chosen(t);

	return port ? port->ops->tx(port, ch, buf, len) : 0;
}

static bool choice_idle(struct transport *t)
{
	struct transport *port = chosen(t);

	return !port || port->ops->idle(port);
}

static uint32_t choice_events(struct transport *t, enum transport_channel ch)
{
	struct transport *port = chosen(t);

	return port ? port->ops->events(port, ch) : 0;
}

static void choice_lost(struct transport *t, enum transport_channel ch,
			size_t len)
{
	struct transport *port = chosen(t);

	if (port)
		port->ops->lost(port, ch, len);
	else
		choice_of(t)->lost[ch] += len;
}

static const struct transport_ops ops = {
	.name = "usb",
	.keeps_console = true,
	.poll = choice_poll,
	.has = choice_has,
	.connected = choice_connected,
	.rx = choice_rx,
	.tx = choice_tx,
	.idle = choice_idle,
	.events = choice_events,
	.lost = choice_lost,
};

void usb_choice_init(struct usb_choice *c)
{
	memset(c, 0, sizeof(*c));
	c->transport.ops = &ops;
	c->chosen = -1;
}

int usb_choice_add(struct usb_choice *c, struct usb_transport *t)
{
	if (c->count == USB_CHOICE_MAX)
		return -ENOSPC;
	c->port[c->count] = t;
	return (int)c->count++;
}

void usb_choice_stop(struct usb_choice *c)
{
	for (unsigned int i = 0; i < c->count; i++)
		usb_transport_stop(c->port[i]);
}
