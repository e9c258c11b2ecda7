/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * What outlives a reset of the machine: a record in the last page of the
 * monitor's memory, which boot leaves alone. RAM keeps its content over a warm
 * reset; where it does not, the record is not there and nothing is assumed.
 */
#ifndef ARCH_RESET_H
#define ARCH_RESET_H

#include <stdbool.h>
#include <stdint.h>

#include "stub/gdbstub.h"

#define RESET_RECORD_ROOM 4096 /* at the end of the monitor's memory */

struct reset_record {
	bool by_debugger; /* `monitor reset`: its reply is still due */
	bool waiting; /* the client waits for a stop reply */
	bool client_valid; /* somebody was connected */
	bool keep;
	uint32_t settings; /* command_settings() */
	uint32_t resets; /* how many there were */
	struct gdbstub_client client;
};

void reset_record_save(const struct reset_record *r);
/* The record of the last reset; then it is gone. False: there is none. */
bool reset_record_take(struct reset_record *r);

#endif
