/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * gdb's agent expressions (GDB manual, appendix "The GDB Agent Expression
 * Mechanism"): bytecode over a stack of 64-bit cells, verified once when it
 * arrives and then evaluated on any CPU at any time, without locks. Reaches the
 * machine through target_agent_*() only.
 */
#ifndef STUB_AX_H
#define STUB_AX_H

#include <stddef.h>
#include <stdint.h>

struct strbuf;

#define AX_MAX_CODE 2048   /* bytes in one expression */
#define AX_MAX_STACK 32	   /* cells */
#define AX_MAX_STEPS 10000 /* instructions in one evaluation */

/*
 * 0 if ax_eval() can run it: known instructions only, complete operands, jumps
 * to instructions, the same stack depth on every way to one, a value at its
 * end. Else -EINVAL or -ENOTSUP, with text in why. NULL for why is allowed,
 * here and below.
 */
int ax_verify(const uint8_t *code, size_t len, struct strbuf *why);

/*
 * Evaluate verified code; the value on the stack at its end is the result.
 * -EFAULT: memory or a register could not be read. -EDOM: division by zero.
 * -ETIMEDOUT: too many steps. -EINVAL: it was never verified.
 */
int ax_eval(const uint8_t *code, size_t len, void *ctx, uint64_t *result,
	    struct strbuf *why);

#endif
