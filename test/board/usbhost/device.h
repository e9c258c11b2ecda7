/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What a device says of itself: its descriptors as they were read, and the
 * CDC-ACM functions found in them. No input or output but print; descriptors
 * are hostile and bounded.
 * USB 2.0 chapter 9; CDC 1.2 and PSTN 1.2; the IAD ECN.
 */
#ifndef USBHOST_DEVICE_H
#define USBHOST_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_FUNCTIONS 8
#define MAX_CONFIG 4096
#define MAX_STRINGS 32
#define MAX_NAME 64

enum {
	DT_DEVICE = 1,
	DT_CONFIG = 2,
	DT_STRING = 3,
	DT_INTERFACE = 4,
	DT_ENDPOINT = 5,
	DT_QUALIFIER = 6,
	DT_ASSOCIATION = 11,
	DT_BOS = 15,
	DT_CS_INTERFACE = 0x24,
};

/* One CDC-ACM function: a communication and a data interface. */
struct function {
	uint8_t control_interface;
	uint8_t data_interface;
	uint8_t string;	   /* index of its name, 0: none */
	uint8_t notify_ep; /* 0: none */
	uint8_t in_ep, out_ep;
	uint16_t in_packet, out_packet;
	uint8_t capabilities; /* of ACM: bit 1 line coding, bit 2 break */
	char name[MAX_NAME];  /* ttyHyperstubGdb */
};

struct device {
	uint8_t descriptor[18];
	uint8_t config[MAX_CONFIG];
	unsigned int config_len;
	uint16_t language;  /* 0: no strings */
	char *strings[256]; /* UTF-8, NULL: not read */
	struct function functions[MAX_FUNCTIONS];
	unsigned int functions_len;
	const char *ms_os; /* what the answer to string 0xee was */
	const char *qualifier;
};

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

void device_clear(struct device *d);
/* Find the functions in config. -EPROTO: it is malformed, and say()s how. */
int device_parse(struct device *d);
/* Once the strings are there: each function's name, all different. */
void device_name_functions(struct device *d);
/* Indices of the strings that config's interfaces name, 0 after the last. */
unsigned int device_string_indices(const struct device *d,
				   uint8_t indices[MAX_STRINGS]);
/* A string descriptor as UTF-8, for free(); NULL: malformed. */
char *device_decode_string(const uint8_t *data, unsigned int len);
/* All of it in words, as lsusb -v has it. */
void device_print(const struct device *d, FILE *out);

#endif
