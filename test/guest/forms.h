/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Every form of load and store, to be done at an address of one's choice. */
#ifndef TEST_GUEST_FORMS_H
#define TEST_GUEST_FORMS_H

#include "guest.h"

#define FORM_READ 1
#define FORM_WRITE 2

#define FEATURE_LSE 1
#define FEATURE_RCPC 2
#define FEATURE_MAX 4

struct form {
	const char *name;
	uint64_t code; /* does it and returns */
	uint64_t at; /* the instruction */
	uint64_t end; /* behind it */
	uint64_t kind; /* FORM_READ | FORM_WRITE; 0: accesses nothing */
	int64_t offset; /* of the first byte accessed, from the address */
	uint64_t size;
	uint64_t feature;
};

struct form_state {
	uint64_t x[29];
	uint64_t nzcv;
	uint64_t pad[2];
	uint64_t v[32][2];
};

extern const struct form forms[], forms_end[];

/* The state after code at that address, from registers that are always the same. */
void run_form(uint64_t code, uint64_t addr, struct form_state *out);
uint64_t have_features(void);

#endif
