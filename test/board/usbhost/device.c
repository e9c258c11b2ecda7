/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* From descriptors to CDC-ACM functions and their names. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "say.h"

#define CLASS_COMM 0x02
#define CLASS_DATA 0x0a
#define SUBCLASS_ACM 0x02
#define CDC_ACM 0x02
#define CDC_UNION 0x06

struct parse {
	struct device *d;
	struct function *function; /* whose descriptors these are */
	uint8_t interface, class;
	uint8_t association; /* iFunction of the one under way */
	bool endpoint_of_data;
};

void device_clear(struct device *d)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		free(d->strings[i]);
	memset(d, 0, sizeof(*d));
	d->ms_os = d->qualifier = "not asked";
}

static struct function *with_data(struct device *d, uint8_t interface)
{
	unsigned int i;

	for (i = 0; i < d->functions_len; i++)
		if (d->functions[i].data_interface == interface)
			return &d->functions[i];
	return NULL;
}

static void on_interface(struct parse *s, const uint8_t *p)
{
	struct device *d = s->d;

	s->interface = p[2];
	s->class = p[5];
	if (p[5] == CLASS_COMM && p[6] == SUBCLASS_ACM && p[3] == 0) {
		s->function = NULL;
		if (d->functions_len == MAX_FUNCTIONS)
			return;
		s->function = &d->functions[d->functions_len++];
		s->function->control_interface = p[2];
		s->function->data_interface = p[2] + 1;
		s->function->string = p[8] ? p[8] : s->association;
	} else if (p[5] == CLASS_DATA) {
		s->function = with_data(d, p[2]);
		if (s->function && !s->function->string)
			s->function->string = p[8];
	} else {
		s->function = NULL;
	}
}

static void on_class(struct parse *s, const uint8_t *p)
{
	if (!s->function || s->class != CLASS_COMM)
		return;
	if (p[2] == CDC_UNION && p[0] >= 5)
		s->function->data_interface = p[4];
	if (p[2] == CDC_ACM && p[0] >= 4)
		s->function->capabilities = p[3];
}

static void on_endpoint(struct parse *s, const uint8_t *p)
{
	struct function *f = s->function;
	uint8_t type = p[3] & 3;

	if (!f)
		return;
	if (s->class == CLASS_COMM && type == 3 && p[2] & 0x80) {
		f->notify_ep = p[2];
	} else if (s->class == CLASS_DATA && type == 2 && p[2] & 0x80) {
		f->in_ep = p[2];
		f->in_packet = get16(p + 4) & 0x7ff;
	} else if (s->class == CLASS_DATA && type == 2) {
		f->out_ep = p[2];
		f->out_packet = get16(p + 4) & 0x7ff;
	}
}

static int malformed(unsigned int at, const char *what)
{
	say("the configuration descriptor is wrong at byte %u: %s", at, what);
	return -EPROTO;
}

/* The least length of each type that is looked into. */
static uint8_t least(uint8_t type)
{
	switch (type) {
	case DT_CONFIG:
	case DT_INTERFACE:
		return 9;
	case DT_ENDPOINT:
		return 7;
	case DT_ASSOCIATION:
		return 8;
	case DT_CS_INTERFACE:
		return 3;
	}
	return 2;
}

int device_parse(struct device *d)
{
	struct parse s = {.d = d};
	unsigned int at, i, kept = 0;

	for (at = 0; at < d->config_len; at += d->config[at]) {
		const uint8_t *p = d->config + at;

		if (d->config_len - at < 2 || p[0] < 2)
			return malformed(at, "a descriptor has no length");
		if (p[0] > d->config_len - at)
			return malformed(at, "a descriptor ends past the end");
		if (p[0] < least(p[1]))
			return malformed(at, "a descriptor is too short");
		if ((at == 0) != (p[1] == DT_CONFIG))
			return malformed(at, "configuration in a wrong place");
		if (p[1] == DT_ASSOCIATION)
			s.association = p[7];
		else if (p[1] == DT_INTERFACE)
			on_interface(&s, p);
		else if (p[1] == DT_CS_INTERFACE)
			on_class(&s, p);
		else if (p[1] == DT_ENDPOINT)
			on_endpoint(&s, p);
	}
	for (i = 0; i < d->functions_len; i++) {
		struct function *f = &d->functions[i];

		if (f->in_ep && f->out_ep && f->in_packet && f->out_packet)
			d->functions[kept++] = *f;
		else
			say("interface %u lacks a bulk endpoint",
			    f->control_interface);
	}
	d->functions_len = kept;
	return 0;
}

/* tty, then each word with a capital: "hyperstub gdb" -> ttyHyperstubGdb. */
static void make_name(struct function *f, const char *text, unsigned int n)
{
	size_t len = 3;
	bool start = true;

	strcpy(f->name, "tty");
	for (; text && *text && len < MAX_NAME - 4; text++) {
		if (isalnum((unsigned char)*text)) {
			f->name[len++] = start ? toupper((unsigned char)*text)
					       : tolower((unsigned char)*text);
			start = false;
		} else {
			start = true;
		}
	}
	f->name[len] = '\0';
	if (len == 3)
		snprintf(f->name, MAX_NAME, "ttyAcm%u", n);
}

void device_name_functions(struct device *d)
{
	unsigned int i, j;

	for (i = 0; i < d->functions_len; i++) {
		struct function *f = &d->functions[i];

		make_name(f, d->strings[f->string], i);
		for (j = 0; j < i; j++)
			if (strcmp(f->name, d->functions[j].name) == 0)
				snprintf(f->name, MAX_NAME, "ttyAcm%u", i);
	}
}

unsigned int device_string_indices(const struct device *d,
				   uint8_t indices[MAX_STRINGS])
{
	static const uint8_t where[256] = {
		[DT_CONFIG] = 6,
		[DT_INTERFACE] = 8,
		[DT_ASSOCIATION] = 7,
	};
	bool seen[256] = {true};
	unsigned int at, n = 0;

	for (at = 0; at < d->config_len; at += d->config[at]) {
		const uint8_t *p = d->config + at;
		uint8_t i = where[p[1]] ? p[where[p[1]]] : 0;

		if (!seen[i] && n < MAX_STRINGS)
			indices[n++] = i;
		seen[i] = true;
	}
	return n;
}

static size_t utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = 0xc0 | c >> 6;
		out[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	out[0] = 0xe0 | c >> 12;
	out[1] = 0x80 | (c >> 6 & 0x3f);
	out[2] = 0x80 | (c & 0x3f);
	return 3;
}

char *device_decode_string(const uint8_t *data, unsigned int len)
{
	unsigned int i;
	size_t put = 0;
	char *text;

	if (len < 2 || data[1] != DT_STRING || data[0] < 2 || data[0] & 1 ||
	    data[0] > len)
		return NULL;
	text = malloc(3 * data[0]);
	if (!text)
		return NULL;
	for (i = 2; i + 1 < data[0]; i += 2) {
		uint32_t c = get16(data + i);

		/* Halves of pairs and control characters are not shown. */
		if (c < 0x20 || (c >= 0xd800 && c < 0xe000))
			c = '?';
		put += utf8(text + put, c);
	}
	text[put] = '\0';
	return text;
}
