/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The machine that tests run the stub against; see fake_target.h.
 */
#include "fake_target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stub/gdbstub.h"
#include "stub/strbuf.h"
#include "stub/vregs.h"

#define PC TARGET_REG_PC

static bool vregs_refused, vregs_taken;

int fake_no_vregs(void **state)
{
	vregs_refused = true;
	return 0;
}

int fake_vregs(void **state)
{
	vregs_refused = false;
	return 0;
}

bool vregs_take(void)
{
	if (vregs_taken)
		abort(); /* never twice */
	vregs_taken = !vregs_refused;
	return vregs_taken;
}

void vregs_give(void)
{
	if (!vregs_taken)
		abort();
	vregs_taken = false;
}

void fake_init(struct target *t)
{
	unsigned int i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < 0x10000; i++)
		t->ram[i] = (uint8_t)(i ^ i >> 8);
	for (; i < FAKE_RAM_SIZE; i += 0x10000)
		memcpy(t->ram + i, t->ram, 0x10000);
	for (i = 0; i < FAKE_HIGH_SIZE; i++)
		t->high[i] = (uint8_t)i;
	for (i = 0; i < FAKE_CPUS; i++) {
		t->cpus[i].state = TARGET_CPU_STOPPED;
		t->cpus[i].regs[0] = i;
		t->cpus[i].regs[31] = FAKE_RAM_BASE + 0x8000;
		t->cpus[i].regs[PC] = FAKE_RAM_BASE + 0x1000;
	}
	t->cpus[FAKE_CPUS - 1].state = TARGET_CPU_OFF;
	t->sstep = 7;
}

uint8_t *fake_bytes(struct target *t, uint64_t addr, size_t *len)
{
	struct {
		uint64_t base;
		size_t size;
		uint8_t *bytes;
	} parts[] = {
		{FAKE_RAM_BASE, FAKE_RAM_SIZE, t->ram},
		{FAKE_HIGH_BASE, FAKE_HIGH_SIZE, t->high},
		{FAKE_DEVICE_BASE, FAKE_DEVICE_SIZE, t->device},
		{TARGET_WINDOW_PHYS | 0x1000, FAKE_RAM_SIZE, t->ram},
	};
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint64_t offset = addr - parts[i].base;

		if (offset >= parts[i].size)
			continue;
		if (*len > parts[i].size - offset)
			*len = parts[i].size - offset;
		return parts[i].bytes + offset;
	}
	return NULL;
}

void fake_program(struct target *t, uint64_t addr, const uint32_t *words,
		  size_t count)
{
	size_t len = count * 4;

	memcpy(fake_bytes(t, addr, &len), words, count * 4);
}

/* ---- CPUs and registers
 * ------------------------------------------------------- */

unsigned int target_cpu_count(struct target *t)
{
	return FAKE_CPUS;
}

enum target_cpu_state target_cpu_state(struct target *t, unsigned int cpu)
{
	return t->cpus[cpu].state;
}

void target_cpu_name(struct target *t, unsigned int cpu, struct strbuf *out)
{
	strbuf_printf(out, "cpu%u", cpu);
}

void target_cpu_extra(struct target *t, unsigned int cpu, struct strbuf *out)
{
	static const char *const names[] = {"off", "running", "stopped",
					    "lost"};

	strbuf_puts(out, names[t->cpus[cpu].state]);
}

unsigned int target_g_count(void)
{
	return FAKE_REGS;
}

const uint16_t *target_expedited(size_t *count)
{
	static const uint16_t regs[] = {29, 30, 31, 32, 33};

	*count = sizeof(regs) / sizeof(regs[0]);
	return regs;
}

int target_reg_size(struct target *t, unsigned int reg)
{
	if (reg < 33 || reg == FAKE_READ_ONLY_REG || reg == FAKE_UNREADABLE_REG)
		return 8;
	if (reg == 33)
		return 4;
	if (reg >= 34 && reg < 66)
		return 16;
	return -ENOENT;
}

static int reg_access(struct target *t, unsigned int cpu, unsigned int reg)
{
	if (reg == FAKE_UNREADABLE_REG)
		return -ENODATA;
	return t->cpus[cpu].state == TARGET_CPU_STOPPED ? 0 : -EBUSY;
}

int target_reg_read(struct target *t, unsigned int cpu, unsigned int reg,
		    uint8_t *buf)
{
	int err = reg_access(t, cpu, reg), size = target_reg_size(t, reg);

	if (err || size <= 0)
		return err ? err : -ENOENT;
	memset(buf, 0, (size_t)size);
	if (reg < FAKE_REGS)
		memcpy(buf, &t->cpus[cpu].regs[reg], (size_t)size);
	else
		buf[0] = (uint8_t)reg;
	return 0;
}

int target_reg_write(struct target *t, unsigned int cpu, unsigned int reg,
		     const uint8_t *buf)
{
	int err = reg_access(t, cpu, reg);

	if (err)
		return err;
	if (reg >= FAKE_REGS)
		return -EPERM;
	memcpy(&t->cpus[cpu].regs[reg], buf, (size_t)target_reg_size(t, reg));
	return 0;
}

const char *target_xml(struct target *t, const char *annex, size_t *len)
{
	static const char xml[] =
		"<?xml version=\"1.0\"?>\n"
		"<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
		"<target><architecture>aarch64</architecture>\n"
		"<feature name=\"org.gnu.gdb.aarch64.core\">\n"
#define X(n) "<reg name=\"x" #n "\" bitsize=\"64\"/>\n"
		X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(
			12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20)
			X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(
				30)
#undef X
				"<reg name=\"sp\" bitsize=\"64\" "
				"type=\"data_ptr\"/>\n"
				"<reg name=\"pc\" bitsize=\"64\" "
				"type=\"code_ptr\"/>\n"
				"<reg name=\"cpsr\" bitsize=\"32\"/>\n"
				"</feature>\n"
				"<feature name=\"org.hyperstub.test\">\n"
				"<reg name=\"LOCKED\" bitsize=\"64\" "
				"regnum=\"68\"/>\n"
				"<reg name=\"HIDDEN\" bitsize=\"64\" "
				"regnum=\"69\"/>\n"
				"</feature></target>\n";

	if (strcmp(annex, "target.xml") != 0)
		return NULL;
	*len = sizeof(xml) - 1;
	return xml;
}

int target_offsets(struct target *t, uint64_t *slide)
{
	*slide = 0x14e00000;
	return t->no_offsets ? -ENODATA : 0;
}

/* ---- memory
 * -------------------------------------------------------------------- */

static bool is_device(uint64_t addr)
{
	return addr - FAKE_DEVICE_BASE < FAKE_DEVICE_SIZE;
}

int64_t target_mem_read(struct target *t, unsigned int cpu, uint64_t addr,
			void *buf, size_t len, struct strbuf *why)
{
	uint8_t *bytes = fake_bytes(t, addr, &len);

	if (!bytes) {
		strbuf_printf(why, "no memory at 0x%llx",
			      (unsigned long long)addr);
		return -EFAULT;
	}
	t->device_reads += is_device(addr);
	t->last_width = (unsigned int)len;
	memcpy(buf, bytes, len);
	return (int64_t)len;
}

int64_t target_mem_write(struct target *t, unsigned int cpu, uint64_t addr,
			 const void *buf, size_t len, struct strbuf *why)
{
	uint8_t *bytes = fake_bytes(t, addr, &len);

	if (!bytes) {
		strbuf_printf(why, "no memory at 0x%llx",
			      (unsigned long long)addr);
		return -EFAULT;
	}
	t->last_width = (unsigned int)len;
	memcpy(bytes, buf, len);
	return (int64_t)len;
}

const uint8_t *target_mem_peek(struct target *t, unsigned int cpu,
			       uint64_t addr, size_t *len)
{
	return is_device(addr) ? NULL : fake_bytes(t, addr, len);
}

/* RAM is "rwx", the high piece "r", up to the end a gap. */
int target_mem_region(struct target *t, unsigned int cpu, uint64_t addr,
		      struct target_region *r)
{
	if (t->cpus[cpu].state != TARGET_CPU_STOPPED)
		return -EBUSY;
	*r = (struct target_region){0, FAKE_RAM_BASE, false, false, false};
	if (addr >= FAKE_RAM_BASE)
		*r = (struct target_region){FAKE_RAM_BASE, FAKE_RAM_SIZE, true,
					    true, true};
	if (addr >= FAKE_HIGH_BASE)
		*r = (struct target_region){FAKE_HIGH_BASE, FAKE_HIGH_SIZE,
					    true, false, false};
	if (addr >= FAKE_HIGH_BASE + FAKE_HIGH_SIZE)
		*r = (struct target_region){FAKE_HIGH_BASE + FAKE_HIGH_SIZE, 0,
					    false, false, false};
	return 0;
}

/* ---- points and running
 * -------------------------------------------------------- */

int target_bp_check(struct target *t, unsigned int cpu, struct bp *bp,
		    struct strbuf *why)
{
	if (bp->kind == BP_RWATCH && bp->len == 0x77)
		return -ENOTSUP;
	if (t->refuse_addr && bp->addr == t->refuse_addr) {
		strbuf_puts(why, "not there: $phys #1 *p {int}0");
		return -EINVAL;
	}
	return 0;
}

int target_resume(struct target *t, const struct target_action *action,
		  struct bp_table *table, struct strbuf *why)
{
	unsigned int i;

	if (t->resume_error) {
		strbuf_puts(why, "cannot resume");
		return t->resume_error;
	}
	t->resumes++;
	t->table = table;
	t->stop_wanted = false;
	bp_table_commit(table);
	for (i = 0; i < FAKE_CPUS; i++) {
		struct fake_cpu *c = &t->cpus[i];

		t->resumed[i] = action[i];
		c->action = action[i];
		c->moved = false;
		if (c->state == TARGET_CPU_STOPPED &&
		    action[i].kind != TARGET_STAY)
			c->state = TARGET_CPU_RUNNING;
	}
	return 0;
}

void target_stop(struct target *t)
{
	t->stops_asked++;
	t->stop_wanted = true;
}

bool fake_is_running(const struct target *t)
{
	unsigned int i;

	for (i = 0; i < FAKE_CPUS; i++) {
		if (t->cpus[i].state == TARGET_CPU_RUNNING)
			return true;
	}
	return false;
}

void fake_fire(struct target *t, enum target_stop_reason reason,
	       unsigned int cpu, uint64_t addr, const char *text)
{
	struct target_event ev = {reason, cpu, addr, text, false};
	unsigned int i;

	t->stop_wanted = false;
	for (i = 0; i < FAKE_CPUS; i++) {
		if (t->cpus[i].state == TARGET_CPU_RUNNING)
			t->cpus[i].state = TARGET_CPU_STOPPED;
	}
	gdbstub_event(t->stub, &ev);
}

static bool hit_breakpoint(struct target *t, unsigned int cpu)
{
	struct fake_agent ctx = {t, cpu};
	uint64_t pc = t->cpus[cpu].regs[PC];
	struct bp *bp = bp_lookup(t->table, BP_MASK_BREAK, pc);
	STRBUF(why, 120);

	if (!bp || !t->cpus[cpu].moved ||
	    !bp_should_stop(t->table, bp, &ctx, &why))
		return false;
	fake_fire(t,
		  bp->kind == BP_SOFTWARE ? TARGET_STOP_SWBREAK
					  : TARGET_STOP_HWBREAK,
		  cpu, 0, why.len ? why.s : NULL);
	return true;
}

static bool hit_watchpoint(struct target *t, unsigned int cpu, bool write)
{
	uint64_t addr = t->cpus[cpu].regs[1];
	unsigned int mask =
		BP_MASK(BP_AWATCH) | BP_MASK(write ? BP_WATCH : BP_RWATCH);
	struct bp *bp = bp_lookup_watch(t->table, mask, addr, 8);

	if (!bp)
		return false;
	fake_fire(t,
		  bp->kind == BP_WATCH	  ? TARGET_STOP_WATCH
		  : bp->kind == BP_RWATCH ? TARGET_STOP_RWATCH
					  : TARGET_STOP_AWATCH,
		  cpu, addr > bp->addr ? addr : bp->addr, NULL);
	return true;
}

/* False: the CPU has stopped everything instead. */
static bool execute(struct target *t, unsigned int cpu)
{
	uint64_t *regs = t->cpus[cpu].regs;
	size_t len = 4;
	uint8_t *bytes = fake_bytes(t, regs[PC], &len);
	uint32_t insn = 0;
	bool store;

	if (bytes && len == 4)
		memcpy(&insn, bytes, 4);
	if (insn == FAKE_BRK || insn == 0) {
		fake_fire(t, TARGET_STOP_TRAP, cpu, 0, NULL);
		return false;
	}
	store = insn == FAKE_STR_X0_X1;
	if (store || insn == FAKE_LDR_X2_X1) {
		if (hit_watchpoint(t, cpu, store))
			return false;
		len = 8;
		bytes = fake_bytes(t, regs[1], &len);
		if (bytes && len == 8 && store)
			memcpy(bytes, &regs[0], 8);
		else if (bytes && len == 8)
			memcpy(&regs[2], bytes, 8);
	}
	regs[0] += insn == FAKE_ADD_X0_1;
	if (insn >> 26 == 5)
		regs[PC] += (uint64_t)((int64_t)((uint64_t)insn << 38) >> 36);
	else
		regs[PC] += 4;
	t->cpus[cpu].moved = true;
	return true;
}

static bool step_done(const struct fake_cpu *c)
{
	uint64_t pc = c->regs[PC];

	if (c->action.kind == TARGET_RANGE)
		return pc < c->action.start || pc >= c->action.end;
	return c->action.kind == TARGET_STEP;
}

/* False: everything has stopped. */
static bool run_one(struct target *t, unsigned int cpu)
{
	struct fake_cpu *c = &t->cpus[cpu];

	if (c->state != TARGET_CPU_RUNNING)
		return true;
	if (hit_breakpoint(t, cpu) || !execute(t, cpu))
		return false;
	if (!step_done(c))
		return true;
	fake_fire(t, TARGET_STOP_TRAP, cpu, 0, NULL);
	return false;
}

void fake_run(struct target *t, unsigned int instructions)
{
	unsigned int cpu;

	while (instructions-- && fake_is_running(t)) {
		if (t->stop_wanted) {
			fake_fire(t, TARGET_STOP_HALT, 0, 0, NULL);
			return;
		}
		for (cpu = 0; cpu < FAKE_CPUS; cpu++) {
			if (!run_one(t, cpu))
				return;
		}
	}
}

/* ---- the rest
 * ------------------------------------------------------------------- */

unsigned int target_sstep_get(struct target *t)
{
	return t->sstep;
}

int target_sstep_set(struct target *t, unsigned int bits)
{
	t->sstep = bits;
	return 0;
}

int target_command(struct target *t, unsigned int cpu, const char *name,
		   const char *args, struct strbuf *out)
{
	struct strbuf all;
	unsigned int i;

	strbuf_init(&all, t->command, sizeof(t->command));
	strbuf_printf(&all, "%u:%s:%s", cpu, name, args);
	if (strcmp(name, "quiet") == 0)
		return 0;
	if (strcmp(name, "echo") == 0) {
		strbuf_printf(out, "%s\n", args);
		return 0;
	}
	if (strcmp(name, "flood") == 0) {
		for (i = 0; i < 100000; i++)
			strbuf_puts(out, "0123456789");
		return 0;
	}
	return strcmp(name, "fail") == 0 ? -EIO : -ENOENT;
}

void target_command_help(struct target *t, struct strbuf *out)
{
	strbuf_puts(out, "echo TEXT -- says it\n");
}

int target_agent_reg(void *ctx, unsigned int reg, uint64_t *value)
{
	struct fake_agent *a = ctx;

	if (reg >= FAKE_REGS)
		return -EFAULT;
	*value = a->target->cpus[a->cpu].regs[reg];
	return 0;
}

int target_agent_mem(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct fake_agent *a = ctx;
	size_t there = len;
	uint8_t *bytes = fake_bytes(a->target, addr, &there);

	if (!bytes || there < len)
		return -EFAULT;
	memcpy(buf, bytes, len);
	return 0;
}

int target_agent_getv(void *ctx, unsigned int number, uint64_t *value)
{
	struct fake_agent *a = ctx;

	if (number >= FAKE_VARIABLES)
		return -ENOENT;
	*value = a->target->variables[number];
	return 0;
}

int target_agent_setv(void *ctx, unsigned int number, uint64_t value)
{
	struct fake_agent *a = ctx;

	if (number >= FAKE_VARIABLES)
		return -ENOENT;
	a->target->variables[number] = value;
	return 0;
}
