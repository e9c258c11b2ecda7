/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * All that the remote stub knows of the machine. arch/arm64/target.c implements
 * it for real, test/unit/stub/fake_target.c for tests; the linker binds one of
 * them. The stub never waits: every call here returns at once.
 *
 * Addresses are the selected CPU's virtual addresses, or lie in one of the
 * windows below (bits 55..48), in every call alike.
 * Errors are 0 or -Exxx; where a struct strbuf *why is taken, the function puts
 * one line of text for the user there when it fails.
 */
#ifndef STUB_TARGET_H
#define STUB_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target;
struct strbuf;
struct bp_table;

/* Address windows: bits 54..52 set, bit 55 clear, so gdb passes them on. */
#define TARGET_WINDOW_MASK 0xffff000000000000ull
#define TARGET_WINDOW_PHYS 0x0072000000000000ull /* physical address */
#define TARGET_WINDOW_IPA 0x0074000000000000ull /* guest physical address */
#define TARGET_WINDOW_LIVE 0x0076000000000000ull /* as PHYS, device really read */

#define TARGET_MAX_CPUS 64
#define TARGET_MAX_REG_SIZE 16
/* The program counter's number, as in gdb's org.gnu.gdb.aarch64.core. */
#define TARGET_REG_PC 32

/* ---- CPUs: gdb's thread N is CPU N-1 ------------------------------------ */

enum target_cpu_state {
	TARGET_CPU_OFF, /* never started, or powered off */
	TARGET_CPU_RUNNING, /* executes the guest */
	TARGET_CPU_STOPPED, /* parked for the debugger; registers are there */
	TARGET_CPU_LOST, /* did not answer a stop request in time */
};

/* Number of CPUs, 1..TARGET_MAX_CPUS; constant for a target. */
unsigned int target_cpu_count(struct target *t);
enum target_cpu_state target_cpu_state(struct target *t, unsigned int cpu);
/* Name shown by `info threads`, such as "cpu0 EL1h"; no XML in it. */
void target_cpu_name(struct target *t, unsigned int cpu, struct strbuf *out);
/* More for qThreadExtraInfo and the threads document, such as "running EL0". */
void target_cpu_extra(struct target *t, unsigned int cpu, struct strbuf *out);

/* ---- registers ----------------------------------------------------------- */

/*
 * Registers 0..target_g_count()-1, in order, make up the g packet. expedited
 * numbers go into each stop reply.
 */
unsigned int target_g_count(void);
const uint16_t *target_expedited(size_t *count);
/* Size in bytes (1..TARGET_MAX_REG_SIZE), or -ENOENT: no such register. */
int target_reg_size(struct target *t, unsigned int reg);
/*
 * Read or write one register in target (little-endian) byte order. buf has
 * target_reg_size() bytes. -ENODATA: exists but cannot be read now ("xxxx").
 * -EPERM: cannot be written. -EBUSY: the CPU is running or off.
 */
int target_reg_read(struct target *t, unsigned int cpu, unsigned int reg,
		    uint8_t *buf);
int target_reg_write(struct target *t, unsigned int cpu, unsigned int reg,
		     const uint8_t *buf);
/* Target description document by annex ("target.xml"), or NULL. */
const char *target_xml(struct target *t, const char *annex, size_t *len);
/* Slide of the guest kernel for qOffsets; -ENODATA where there is none. */
int target_offsets(struct target *t, uint64_t *slide);

/* ---- memory -------------------------------------------------------------- */

/*
 * Bytes moved (may be fewer than len, at a fault), or -Exxx with text when not
 * even the first byte could be. An aligned access of 1, 2, 4 or 8 bytes
 * is done as one access of that width.
 */
int64_t target_mem_read(struct target *t, unsigned int cpu, uint64_t addr,
			void *buf, size_t len, struct strbuf *why);
int64_t target_mem_write(struct target *t, unsigned int cpu, uint64_t addr,
			 const void *buf, size_t len, struct strbuf *why);
/*
 * For bulk reads: a pointer to plain RAM behind addr and, in *len (in: wanted),
 * how many bytes may be read there; NULL where target_mem_read() must be used.
 * Valid until the session hands control back to the machine.
 */
const uint8_t *target_mem_peek(struct target *t, unsigned int cpu,
			       uint64_t addr, size_t *len);

/* How the selected CPU's own tables map what lies around an address. */
struct target_region {
	uint64_t start, size; /* size 0: to the end of the address space */
	bool mapped, writable, executable; /* at any exception level */
};

/* 0; -EBUSY: the CPU is running or off. */
int target_mem_region(struct target *t, unsigned int cpu, uint64_t addr,
		      struct target_region *r);

/* ---- breakpoints and watchpoints ------------------------------------------ */

struct bp; /* breakpoint.h */
/*
 * Can this entry be inserted? Called for a Z packet after it was put into
 * the table; may look at the machine but changes nothing in it. The difference
 * between what is wanted and what is armed is applied by target_resume(), which
 * calls bp_table_commit() when it is done with the removed ones.
 * -ENOTSUP: no such kind ("" reply); other -Exxx with text.
 */
int target_bp_check(struct target *t, unsigned int cpu, struct bp *bp,
		    struct strbuf *why);

/* ---- running and stopping -------------------------------------------------- */

enum target_action_kind {
	TARGET_STAY, /* keep it stopped */
	TARGET_CONTINUE,
	TARGET_STEP, /* one instruction */
	TARGET_RANGE, /* step while start <= PC < end */
};

struct target_action {
	enum target_action_kind kind;
	uint64_t start, end;
};

/*
 * Arm what the breakpoint table wants and let CPUs go: action[cpu] for each of
 * target_cpu_count(). Returns 0, or -Exxx with text and nothing resumed. The
 * stop that ends it is told by gdbstub_event(), never from inside this call.
 */
int target_resume(struct target *t, const struct target_action *action,
		  struct bp_table *table, struct strbuf *why);

/* Ask for a stop of all CPUs; gdbstub_event() follows (TARGET_STOP_HALT). */
void target_stop(struct target *t);

enum target_stop_reason {
	TARGET_STOP_HALT, /* asked for by target_stop() */
	TARGET_STOP_TRAP, /* plain SIGTRAP: a step that is done, a guest's event */
	TARGET_STOP_SWBREAK, /* one of the Z0 at this PC was executed */
	TARGET_STOP_HWBREAK, /* one of the Z1 is at this PC */
	TARGET_STOP_WATCH, /* Z2, Z3, Z4: addr inside the watched range */
	TARGET_STOP_RWATCH,
	TARGET_STOP_AWATCH,
	TARGET_STOP_FAULT, /* the monitor's own fault: SIGABRT, with text */
	TARGET_STOP_EXIT, /* the guest powered the machine off or reset it */
};

struct target_event {
	enum target_stop_reason reason;
	unsigned int cpu;
	uint64_t addr; /* watchpoints */
	const char *text; /* a line for the console before the stop, or NULL */
	bool step; /* TARGET_STOP_TRAP: a step that was asked for is done */
};

/* ---- the rest --------------------------------------------------------------- */

/* qqemu.sstep: 1 = step is supported, 2 = no IRQs, 4 = no timers. */
unsigned int target_sstep_get(struct target *t);
int target_sstep_set(struct target *t, unsigned int bits);

/*
 * `monitor NAME ARGS` beyond what the stub itself answers. args has no leading
 * blanks. -ENOENT: no such command. Other errors with text in out.
 */
int target_command(struct target *t, unsigned int cpu, const char *name,
		   const char *args, struct strbuf *out);
/* One line a command, "name ARGS -- what it does", for `monitor help`. */
void target_command_help(struct target *t, struct strbuf *out);

/* ---- the agent: called from ax_eval() on any CPU, at any time ----------------- */

/*
 * ctx is what the caller gave to ax_eval(): the machine's own per-CPU state.
 * They take no lock that a session or a world stop could hold.
 */
int target_agent_reg(void *ctx, unsigned int reg, uint64_t *value);
int target_agent_mem(void *ctx, uint64_t addr, void *buf, size_t len);
int target_agent_getv(void *ctx, unsigned int number, uint64_t *value);
int target_agent_setv(void *ctx, unsigned int number, uint64_t value);

#endif
