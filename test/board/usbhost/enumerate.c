/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * From a device that arrived to one that works: the requests that Linux and
 * Windows make, in their order and with their lengths.
 *
 * Linux: drivers/usb/core/hub.c (hub_port_init(), the scheme that reads 64
 * bytes at address 0 first), config.c, message.c, class/cdc-acm.c. Windows: as
 * Microsoft's descriptions of its enumeration and of MS OS 1.0 descriptors
 * have it. SET_ADDRESS is made by the other side of the connection.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "say.h"

#define GET_DESCRIPTOR 6
#define SET_CONFIGURATION 9
#define GET_LINE_CODING 0x21
#define TRIES 3 /* as SET_CONFIG_TRIES and PORT_INIT_TRIES of Linux */
#define MS_OS_INDEX 0xee

/* Bytes read, or an error. */
static int get_descriptor(struct host *h, const char *stage, uint8_t type,
			  uint8_t index, uint16_t language, uint8_t *data,
			  uint16_t len)
{
	struct setup s = {0x80, GET_DESCRIPTOR, type << 8 | index, language,
			  len};
	int r = host_control(h, stage, &s, data);

	if (r < 0 || (r >= 2 && data[1] == type))
		return r;
	say("%s: %d bytes that are no descriptor of type %u", stage, r, type);
	return -EPROTO;
}

static int failed(const char *stage, int r)
{
	if (r >= 0) {
		say("%s: only %d bytes came", stage, r);
		return -EPROTO;
	}
	if (r != -ECONNRESET)
		say("%s: %s", stage,
		    r == -EPIPE ? "the device stalls it" : strerror(-r));
	return r;
}

static int bus_reset(struct host *h)
{
	link_reset(&h->link);
	/* A host gives a device 10 ms after a reset (USB 2.0, 7.1.7.5). */
	for (int64_t end = host_now_ms() + 10; host_now_ms() < end;)
		host_round(h, end - host_now_ms());
	return h->link.present ? 0 : -ENODEV;
}

/* Address 0: 64 bytes are asked for, whatever the size of endpoint 0. */
static int first_look(struct host *h)
{
	uint8_t data[64];
	int r = bus_reset(h);

	if (r)
		return r;
	r = get_descriptor(h, "first-descriptor", DT_DEVICE, 0, 0, data, 64);
	return r >= 8 ? 0 : failed("first-descriptor", r);
}

static int read_device(struct host *h, const char *stage)
{
	int r = get_descriptor(h, stage, DT_DEVICE, 0, 0, h->device.descriptor,
			       18);

	return r == 18 ? 0 : failed(stage, r);
}

static int read_config(struct host *h, const char *stage, uint16_t len)
{
	struct device *d = &h->device;
	int r = get_descriptor(h, stage, DT_CONFIG, 0, 0, d->config, len);

	if (r < 9)
		return failed(stage, r);
	d->config_len = r;
	return 0;
}

static int read_whole_config(struct host *h)
{
	struct device *d = &h->device;
	uint16_t total;
	int r = read_config(h, "config-header", 9);

	if (r)
		return r;
	total = get16(d->config + 2);
	if (total < 9 || total > MAX_CONFIG) {
		say("a configuration of %u bytes", total);
		return -EPROTO;
	}
	r = read_config(h, "config", total);
	if (!r && d->config_len != total)
		r = failed("config", d->config_len);
	return r;
}

static int read_bos(struct host *h)
{
	uint8_t data[256];
	int r;

	if (get16(h->device.descriptor + 2) < 0x0201)
		return 0;
	r = get_descriptor(h, "bos-header", DT_BOS, 0, 0, data, 5);
	if (r == 5 && get16(data + 2) <= sizeof(data))
		r = get_descriptor(h, "bos", DT_BOS, 0, 0, data,
				   get16(data + 2));
	return r >= 5 ? 0 : failed("bos", r);
}

/* Strings are no reason to fail: a stalled one is none. */
static int read_languages(struct host *h)
{
	uint8_t data[255];
	int r = get_descriptor(h, "languages", DT_STRING, 0, 0, data, 255);

	h->device.language = r >= 4 ? get16(data + 2) : 0;
	return r >= 0 || r == -EPIPE || r == -EPROTO ? 0 : r;
}

static int read_string(struct host *h, const char *stage, uint8_t index)
{
	struct device *d = &h->device;
	uint8_t data[255];
	int r;

	if (!index || !d->language || d->strings[index])
		return 0;
	r = get_descriptor(h, stage, DT_STRING, index, d->language, data, 255);
	if (r >= 2)
		d->strings[index] = device_decode_string(data, r);
	if (r >= 2 && !d->strings[index])
		say("string %u is malformed", index);
	return r >= 0 || r == -EPIPE || r == -EPROTO ? 0 : r;
}

static int read_qualifier(struct host *h)
{
	uint8_t data[10];
	int r = get_descriptor(h, "qualifier", DT_QUALIFIER, 0, 0, data, 10);

	h->device.qualifier = r == 10	    ? "present"
			      : r == -EPIPE ? "stalled"
					    : "malformed";
	return r >= 0 || r == -EPIPE || r == -EPROTO ? 0 : r;
}

static int probe_ms_os(struct host *h)
{
	static const uint8_t signature[] = {'M', 0,   'S', 0,	'F', 0,	  'T',
					    0,	 '1', 0,   '0', 0,   '0', 0};
	uint8_t data[18];
	int r = get_descriptor(h, "ms-os", DT_STRING, MS_OS_INDEX, 0, data, 18);

	h->device.ms_os = r == -EPIPE ? "stalled"
			  : r == 18 && memcmp(data + 2, signature, 14) == 0
				  ? "MSFT100"
				  : "malformed";
	return r >= 0 || r == -EPIPE || r == -EPROTO ? 0 : r;
}

static int device_strings(struct host *h)
{
	const uint8_t *d = h->device.descriptor;
	int r = read_string(h, "product", d[15]);

	if (!r)
		r = read_string(h, "manufacturer", d[14]);
	if (!r)
		r = read_string(h, "serial", d[16]);
	return r;
}

static int interface_strings(struct host *h)
{
	uint8_t indices[MAX_STRINGS];
	unsigned int i, n = device_string_indices(&h->device, indices);
	int r = 0;

	for (i = 0; i < n && !r; i++)
		r = read_string(h, "interface-strings", indices[i]);
	return r;
}

static int set_configuration(struct host *h)
{
	struct setup s = {0x00, SET_CONFIGURATION, h->device.config[5], 0, 0};
	int r = host_control(h, "set-configuration", &s, NULL);

	return r < 0 ? failed("set-configuration", r) : 0;
}

static bool is_full_speed(const struct host *h)
{
	return h->link.who.speed == usb_redir_speed_full;
}

static int as_linux(struct host *h)
{
	return first_look(h) ?:
	       bus_reset(h) ?:
	       read_device(h, "device") ?:
	       read_bos(h) ?:
	       (is_full_speed(h) ? read_qualifier(h) : 0) ?:
	       read_whole_config(h) ?:
	       read_languages(h) ?:
	       device_strings(h) ?:
	       set_configuration(h);
}

static int as_windows(struct host *h)
{
	return first_look(h) ?:
	       bus_reset(h) ?:
	       read_device(h, "device") ?:
	       read_config(h, "config-255", 255) ?:
	       read_bos(h) ?:
	       probe_ms_os(h) ?:
	       read_languages(h) ?:
	       device_strings(h) ?:
	       read_qualifier(h) ?:
	       read_device(h, "device-again") ?:
	       read_whole_config(h) ?:
	       set_configuration(h);
}

/* What the class driver asks a function when it binds. */
static int bind_function(struct host *h, struct port *p)
{
	static const uint8_t coding[7] = {0x80, 0x25, 0, 0, 0, 0, 8};
	struct setup s = {0xa1, GET_LINE_CODING, 0,
			  p->function->control_interface, 7};
	uint8_t data[7];
	int r;

	if (!h->windows)
		return port_set_coding(p, coding);
	r = host_control(h, "line-coding", &s, data);
	if (r == 7 || r == -EPIPE)
		return 0;
	return failed("line-coding", r);
}

static int bring_up(struct host *h)
{
	struct device *d = &h->device;
	unsigned int i;
	int r;

	device_clear(d);
	r = h->windows ? as_windows(h) : as_linux(h);
	if (!r)
		r = device_parse(d);
	if (!r)
		r = interface_strings(h);
	if (r)
		return r;
	device_name_functions(d);
	if (h->lists)
		return 0;
	for (i = 0; i < d->functions_len && !r; i++) {
		r = port_open(&h->ports[i], h, &d->functions[i]);
		h->ports_len = i + 1;
		if (!r)
			r = bind_function(h, &h->ports[i]);
	}
	return r;
}

void host_leave(struct host *h)
{
	unsigned int i;

	for (i = 0; i < h->ports_len; i++)
		port_close(&h->ports[i]);
	h->ports_len = 0;
	h->configured = false;
}

int host_enumerate(struct host *h)
{
	const uint8_t *d = h->device.descriptor;
	unsigned int i, tries = 0;
	int r;

	do {
		host_leave(h);
		r = bring_up(h);
		/* A fault that was asked for is no failed try. */
		tries += r != -ECONNRESET;
	} while (r && r != -ENODEV && tries < TRIES);
	if (r) {
		say("the device does not work: %s", strerror(-r));
		host_leave(h);
		return r;
	}
	h->configured = true;
	if (h->lists)
		return 0;
	printf("configured %04x:%04x %s\n", get16(d + 8), get16(d + 10),
	       h->device.strings[d[16]] ? h->device.strings[d[16]] : "");
	for (i = 0; i < h->ports_len; i++)
		printf("port %s %s\n", h->ports[i].function->name,
		       h->ports[i].slave);
	fflush(stdout);
	return 0;
}
