/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * A machine behind target.h for tests: a few CPUs that understand five
 * instructions, two pieces of RAM with holes around them, one "device"
 * that cannot be peeked. It records what the stub asked for.
 */
#ifndef TEST_FAKE_TARGET_H
#define TEST_FAKE_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "stub/breakpoint.h"
#include "stub/target.h"

#define FAKE_CPUS 4
#define FAKE_REGS 34
#define FAKE_RAM_BASE 0x40000000ull
#define FAKE_RAM_SIZE 0x100000
#define FAKE_HIGH_BASE 0xffff800000000000ull
#define FAKE_HIGH_SIZE 0x3000
#define FAKE_DEVICE_BASE 0x09000000ull
#define FAKE_DEVICE_SIZE 0x1000
#define FAKE_READ_ONLY_REG 68
#define FAKE_UNREADABLE_REG 69
#define FAKE_VARIABLES 8

#define FAKE_NOP 0xd503201fu
#define FAKE_ADD_X0_1 0x91000400u  /* add x0, x0, #1 */
#define FAKE_STR_X0_X1 0xf9000020u /* str x0, [x1] */
#define FAKE_LDR_X2_X1 0xf9400022u /* ldr x2, [x1] */
#define FAKE_BRK 0xd4200000u
#define FAKE_B(words) (0x14000000u | ((uint32_t)(words)&0x3ffffffu))

/* A test of cmocka's with no vector registers to be had (stub/vregs.h). */
#define FAKE_WITHOUT_VREGS(f) \
	{ #f " without vector registers", f, fake_no_vregs, fake_vregs, NULL }
int fake_no_vregs(void **state);
int fake_vregs(void **state);

struct fake_cpu {
	enum target_cpu_state state;
	uint64_t regs[FAKE_REGS];
	struct target_action action;
	bool moved; /* since it was resumed */
};

struct gdbstub;

struct target {
	struct gdbstub *stub; /* where events go */
	struct fake_cpu cpus[FAKE_CPUS];
	struct bp_table *table;
	uint8_t ram[FAKE_RAM_SIZE];
	uint8_t high[FAKE_HIGH_SIZE];
	uint8_t device[FAKE_DEVICE_SIZE];
	unsigned int device_reads; /* accesses, not bytes */
	unsigned int last_width;
	uint64_t variables[FAKE_VARIABLES];
	unsigned int sstep;
	bool no_offsets;
	bool stop_wanted;
	unsigned int stops_asked;
	unsigned int resumes;
	struct target_action resumed[FAKE_CPUS];
	int resume_error;     /* what target_resume() returns, with text */
	uint64_t refuse_addr; /* target_bp_check() refuses this one */
	char command[80];     /* the last `monitor` that came */
};

struct fake_agent {
	struct target *target;
	unsigned int cpu;
};

/* All CPUs stopped, the last one off; RAM filled with a pattern. */
void fake_init(struct target *t);
/* bytes at addr, or NULL; *len is cut to what is there. */
uint8_t *fake_bytes(struct target *t, uint64_t addr, size_t *len);
/* words at addr, as a program. */
void fake_program(struct target *t, uint64_t addr, const uint32_t *words,
		  size_t count);
/* Run up to so many instructions a CPU; stops by itself with an event. */
void fake_run(struct target *t, unsigned int instructions);
bool fake_is_running(const struct target *t);
/* Stop everything and tell the stub. */
void fake_fire(struct target *t, enum target_stop_reason reason,
	       unsigned int cpu, uint64_t addr, const char *text);

#endif
