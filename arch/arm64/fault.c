/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Exceptions of EL2 itself: a guarded access that failed goes on at its fixup;
 * anything else is a fault of the monitor, told to the debugger and the UART.
 */
#include "fault.h"

#include "console.h"
#include "cpu.h"
#include "esr.h"
#include "log.h"
#include "memory.h"
#include "platform/platform.h"
#include "stub/strbuf.h"
#include "sysreg.h"
#include "watch.h"
#include "world.h"

struct fixup {
	int32_t at, to; /* relative to the field itself */
};

extern const struct fixup _fixup_start[], _fixup_end[];
extern char _image_start[], _image_end[], _text_end[];
extern const char sysreg_thunks[], sysreg_thunks_end[], sysreg_thunk_failed[];

static const char *const vector_name[] = { "sync", "irq", "fiq", "serror" };

static uint64_t find_fixup(uint64_t pc)
{
	if (pc >= (uint64_t)sysreg_thunks && pc < (uint64_t)sysreg_thunks_end)
		return (uint64_t)sysreg_thunk_failed;
	for (const struct fixup *f = _fixup_start; f < _fixup_end; f++)
		if ((uint64_t)&f->at + (uint64_t)(int64_t)f->at == pc)
			return (uint64_t)&f->to + (uint64_t)(int64_t)f->to;
	return 0;
}

/* An SError is reported a few instructions after the access, at the barriers. */
static uint64_t find_fixup_serror(uint64_t pc)
{
	uint64_t to = 0;

	for (uint64_t a = pc; !to && a + 16 > pc; a -= 4)
		to = find_fixup(a);
	return to;
}

static void backtrace(uint64_t fp, uint64_t sp)
{
	for (unsigned int i = 0; i < 24; i++) {
		const uint64_t *f = (const uint64_t *)fp;

		/* frames lie upwards in the half of the block that is a stack */
		if (fp & 7 || fp < sp || fp - sp > MEMORY_STACK_BLOCK ||
		    !(fp & MEMORY_STACK_BLOCK / 2))
			return;
		log_line("  #%u 0x%llx", i,
			 (unsigned long long)(f[1] - (uint64_t)_image_start));
		sp = fp + 16;
		fp = f[0];
	}
}

void fault_take_uart(void)
{
	if (platform && platform->uart_kind == UART_PL011 &&
	    !console_is_played())
		log_set_uart(platform->uart.base);
}

static bool is_fiq(unsigned int vector)
{
	return (vector & 3) == 2 && this_cpu();
}

static void dump(const struct el2_frame *f, unsigned int vector, uint64_t esr,
		 uint64_t far)
{
	struct cpu *c = this_cpu();

	log_break_lock(c);
	console_break_lock(c);
	fault_take_uart();
	if (is_fiq(vector))
		log_line("FAULT in the monitor: CPU %u does not come back",
			 c->id);
	else
		log_line("FAULT in the monitor: %s, %s (ESR 0x%llx FAR 0x%llx) on CPU %u",
			 vector_name[vector & 3], esr_ec_name(esr_ec(esr)),
			 (unsigned long long)esr, (unsigned long long)far,
			 c ? c->id : 0);
	log_line("  pc image+0x%llx  sp 0x%llx  spsr 0x%llx  image at 0x%llx",
		 (unsigned long long)(f->pc - (uint64_t)_image_start),
		 (unsigned long long)f->sp, (unsigned long long)f->spsr,
		 (unsigned long long)(uint64_t)_image_start);
	for (unsigned int i = 0; i < 30; i += 3)
		log_line("  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", i,
			 (unsigned long long)f->x[i], i + 1,
			 (unsigned long long)f->x[i + 1], i + 2,
			 (unsigned long long)f->x[i + 2]);
	log_line("  x30 %016llx", (unsigned long long)f->x[30]);
	log_line("  called from (for addr2line -e hyperstub.elf):");
	backtrace(f->x[29], f->sp);
}

/* The line that the debugger shows. */
static const char *text_of(unsigned int vector, uint64_t esr, uint64_t far)
{
	static char text[200];
	struct strbuf sb;
	unsigned int id = this_cpu() ? this_cpu()->id : 0;

	strbuf_init(&sb, text, sizeof(text));
	if (is_fiq(vector))
		strbuf_printf(&sb, "hyperstub: CPU %u hangs in the monitor; `monitor log` has the registers",
			      id);
	else
		strbuf_printf(&sb, "hyperstub: fault in the monitor on CPU %u, ESR 0x%llx FAR 0x%llx; `monitor log` has the registers",
			      id, (unsigned long long)esr,
			      (unsigned long long)far);
	return text;
}

void el2_fault(struct el2_frame *f, unsigned int vector)
{
	uint64_t esr = read_sysreg(esr_el2), far = read_sysreg(far_el2);
	uint64_t to = (vector & 3) == 3 ? find_fixup_serror(f->pc) :
		      (vector & 3) == 0 ? find_fixup(f->pc) :
					  0;

	if (to) {
		f->pc = to;
		return;
	}
	if (is_fiq(vector) && !watch_asked(this_cpu()))
		return;
	dump(f, vector, esr, far);
	world_monitor_fault(this_cpu(), text_of(vector, esr, far));
}
