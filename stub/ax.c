/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * The agent-expression verifier and interpreter. One table says what each
 * instruction takes and leaves; the verifier proves bounds and stack depth
 * with it, and the interpreter checks them again where that costs nothing.
 */
#include "stub/ax.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "stub/strbuf.h"
#include "stub/target.h"

enum ax_op {
	AX_FLOAT = 0x01,
	AX_ADD = 0x02,
	AX_SUB,
	AX_MUL,
	AX_DIV_SIGNED,
	AX_DIV_UNSIGNED,
	AX_REM_SIGNED,
	AX_REM_UNSIGNED,
	AX_LSH,
	AX_RSH_SIGNED,
	AX_RSH_UNSIGNED,
	AX_TRACE,
	AX_TRACE_QUICK,
	AX_LOG_NOT,
	AX_BIT_AND,
	AX_BIT_OR,
	AX_BIT_XOR,
	AX_BIT_NOT,
	AX_EQUAL,
	AX_LESS_SIGNED,
	AX_LESS_UNSIGNED,
	AX_EXT,
	AX_REF8,
	AX_REF16,
	AX_REF32,
	AX_REF64,
	AX_REF_FLOAT,
	AX_REF_DOUBLE,
	AX_REF_LONG_DOUBLE,
	AX_L_TO_D,
	AX_D_TO_L,
	AX_IF_GOTO = 0x20,
	AX_GOTO,
	AX_CONST8,
	AX_CONST16,
	AX_CONST32,
	AX_CONST64,
	AX_REG,
	AX_END,
	AX_DUP,
	AX_POP,
	AX_ZERO_EXT,
	AX_SWAP,
	AX_GETV,
	AX_SETV,
	AX_TRACEV,
	AX_TRACENZ,
	AX_TRACE16,
	AX_PICK = 0x32,
	AX_ROT,
	AX_PRINTF,
	AX_OPS,
};

enum ax_class {
	AX_UNKNOWN,
	AX_PLAIN,
	AX_FLOATING, /* no gdb has ever sent one */
	AX_TRACING,  /* means something in a tracepoint's actions only */
};

struct ax_info {
	uint8_t class;
	uint8_t operand; /* bytes */
	uint8_t need;	 /* cells that must be there */
	int8_t grow;	 /* cells more afterwards */
};

#define BINARY                     \
	{                          \
		AX_PLAIN, 0, 2, -1 \
	}
#define UNARY                     \
	{                         \
		AX_PLAIN, 0, 1, 0 \
	}
#define PUSH(operand)                   \
	{                               \
		AX_PLAIN, operand, 0, 1 \
	}
#define NO_FLOAT                     \
	{                            \
		AX_FLOATING, 0, 0, 0 \
	}
#define NO_TRACE                    \
	{                           \
		AX_TRACING, 0, 0, 0 \
	}

static const struct ax_info ax_table[AX_OPS] = {
	[AX_FLOAT] = NO_FLOAT,
	[AX_ADD] = BINARY,
	[AX_SUB] = BINARY,
	[AX_MUL] = BINARY,
	[AX_DIV_SIGNED] = BINARY,
	[AX_DIV_UNSIGNED] = BINARY,
	[AX_REM_SIGNED] = BINARY,
	[AX_REM_UNSIGNED] = BINARY,
	[AX_LSH] = BINARY,
	[AX_RSH_SIGNED] = BINARY,
	[AX_RSH_UNSIGNED] = BINARY,
	[AX_TRACE] = NO_TRACE,
	[AX_TRACE_QUICK] = NO_TRACE,
	[AX_LOG_NOT] = UNARY,
	[AX_BIT_AND] = BINARY,
	[AX_BIT_OR] = BINARY,
	[AX_BIT_XOR] = BINARY,
	[AX_BIT_NOT] = UNARY,
	[AX_EQUAL] = BINARY,
	[AX_LESS_SIGNED] = BINARY,
	[AX_LESS_UNSIGNED] = BINARY,
	[AX_EXT] = {AX_PLAIN, 1, 1, 0},
	[AX_REF8] = UNARY,
	[AX_REF16] = UNARY,
	[AX_REF32] = UNARY,
	[AX_REF64] = UNARY,
	[AX_REF_FLOAT] = NO_FLOAT,
	[AX_REF_DOUBLE] = NO_FLOAT,
	[AX_REF_LONG_DOUBLE] = NO_FLOAT,
	[AX_L_TO_D] = NO_FLOAT,
	[AX_D_TO_L] = NO_FLOAT,
	[AX_IF_GOTO] = {AX_PLAIN, 2, 1, -1},
	[AX_GOTO] = {AX_PLAIN, 2, 0, 0},
	[AX_CONST8] = PUSH(1),
	[AX_CONST16] = PUSH(2),
	[AX_CONST32] = PUSH(4),
	[AX_CONST64] = PUSH(8),
	[AX_REG] = PUSH(2),
	[AX_END] = {AX_PLAIN, 0, 1, 0},
	[AX_DUP] = {AX_PLAIN, 0, 1, 1},
	[AX_POP] = {AX_PLAIN, 0, 1, -1},
	[AX_ZERO_EXT] = {AX_PLAIN, 1, 1, 0},
	[AX_SWAP] = {AX_PLAIN, 0, 2, 0},
	[AX_GETV] = PUSH(2),
	[AX_SETV] = {AX_PLAIN, 2, 1, 0},
	[AX_TRACEV] = NO_TRACE,
	[AX_TRACENZ] = NO_TRACE,
	[AX_TRACE16] = NO_TRACE,
	[AX_PICK] = {AX_PLAIN, 1, 1, 1},
	[AX_ROT] = {AX_PLAIN, 0, 3, 0},
	[AX_PRINTF] = NO_TRACE,
};

static int fail(struct strbuf *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int fail(struct strbuf *why, int err, const char *fmt, ...)
{
	va_list ap;

	if (why) {
		va_start(ap, fmt);
		strbuf_vprintf(why, fmt, ap);
		va_end(ap);
	}
	return err;
}

static inline uint64_t operand(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | *p++;
	return v;
}

/* ---- verification
 * ------------------------------------------------------------ */

/* What is known of each byte of the code. */
#define AT_UNKNOWN 0xff /* nothing jumps here and nothing falls into it */
#define AT_OPERAND 0xfe
/* Else the stack depth on arrival. */

struct ax_check {
	const uint8_t *code;
	size_t len;
	uint8_t at[AX_MAX_CODE];
	struct strbuf *why;
};

static int check_instruction(struct ax_check *c, size_t pc)
{
	uint8_t op = c->code[pc];
	const struct ax_info *info = op < AX_OPS ? &ax_table[op] : NULL;

	if (!info || info->class == AX_UNKNOWN)
		return fail(c->why, -EINVAL, "unknown bytecode 0x%02x at %u",
			    op, (unsigned int)pc);
	if (info->class == AX_FLOATING)
		return fail(c->why, -ENOTSUP,
			    "unsupported floating-point bytecode 0x%02x", op);
	if (info->class == AX_TRACING)
		return fail(c->why, -ENOTSUP,
			    "bytecode 0x%02x is not possible in a condition",
			    op);
	if (info->operand > c->len - pc - 1)
		return fail(c->why, -EINVAL, "bytecode is cut short");
	return 0;
}

/* Pass 1: where the instructions begin. */
static int mark_boundaries(struct ax_check *c)
{
	size_t pc = 0;

	memset(c->at, AT_OPERAND, c->len);
	while (pc < c->len) {
		int err = check_instruction(c, pc);

		if (err)
			return err;
		c->at[pc] = AT_UNKNOWN;
		pc += 1u + ax_table[c->code[pc]].operand;
	}
	return 0;
}

static int arrive(struct ax_check *c, size_t pc, size_t target,
		  unsigned int depth)
{
	if (target >= c->len || c->at[target] == AT_OPERAND)
		return fail(c->why, -EINVAL,
			    "bytecode jumps to %u, where no instruction is",
			    (unsigned int)target);
	if (c->at[target] == AT_UNKNOWN && target <= pc)
		return fail(c->why, -EINVAL,
			    "bytecode jumps back into code never reached");
	if (c->at[target] != AT_UNKNOWN && c->at[target] != depth)
		return fail(c->why, -EINVAL,
			    "stack depth at %u of the bytecode varies",
			    (unsigned int)target);
	c->at[target] = (uint8_t)depth;
	return 0;
}

static int check_operand(struct ax_check *c, size_t pc, unsigned int depth)
{
	uint8_t value = c->code[pc + 1];

	switch (c->code[pc]) {
	case AX_EXT:
	case AX_ZERO_EXT:
		if (value >= 1 && value <= 64)
			return 0;
		return fail(c->why, -EINVAL, "extension from %u bits", value);
	case AX_PICK:
		if (value < depth)
			return 0;
		return fail(c->why, -EINVAL, "bytecode stack underflow");
	default:
		return 0;
	}
}

static int check_depth(struct ax_check *c, size_t pc)
{
	const struct ax_info *info = &ax_table[c->code[pc]];
	unsigned int depth = c->at[pc];
	size_t next = pc + 1 + info->operand, target;
	uint8_t op = c->code[pc];
	int err;

	if (depth < info->need)
		return fail(c->why, -EINVAL, "bytecode stack underflow");
	err = check_operand(c, pc, depth);
	if (err || op == AX_END)
		return err;
	depth = (unsigned int)((int)depth + info->grow);
	if (depth > AX_MAX_STACK)
		return fail(c->why, -EINVAL, "bytecode stack overflow");
	if (op == AX_GOTO || op == AX_IF_GOTO) {
		target = (size_t)operand(c->code + pc + 1, 2);
		err = arrive(c, pc, target, depth);
		if (err || op == AX_GOTO)
			return err;
	}
	if (next == c->len)
		return fail(c->why, -EINVAL, "bytecode without an end");
	return arrive(c, pc, next, depth);
}

int ax_verify(const uint8_t *code, size_t len, struct strbuf *why)
{
	struct ax_check c = {.code = code, .len = len, .why = why};
	size_t pc;
	int err;

	if (!len || len > AX_MAX_CODE)
		return fail(why, -EINVAL,
			    "%u bytes of bytecode, 1 to %u are possible",
			    (unsigned int)len, AX_MAX_CODE);
	err = mark_boundaries(&c);
	c.at[0] = err ? AT_UNKNOWN : 0;
	for (pc = 0; !err && pc < len; pc += 1u + ax_table[code[pc]].operand) {
		if (c.at[pc] != AT_UNKNOWN)
			err = check_depth(&c, pc);
	}
	return err;
}

/* ---- evaluation
 * ---------------------------------------------------------------- */

static int64_t divide_signed(int64_t a, int64_t b)
{
	/* The one quotient that does not fit wraps, as SDIV does. */
	return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t shift_right_signed(int64_t a, uint64_t n)
{
	return a >> (n < 64 ? n : 63);
}

static inline uint64_t binary(uint8_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case AX_ADD:
		return a + b;
	case AX_SUB:
		return a - b;
	case AX_MUL:
		return a * b;
	case AX_LSH:
		return b < 64 ? a << b : 0;
	case AX_RSH_SIGNED:
		return (uint64_t)shift_right_signed((int64_t)a, b);
	case AX_RSH_UNSIGNED:
		return b < 64 ? a >> b : 0;
	case AX_BIT_AND:
		return a & b;
	case AX_BIT_OR:
		return a | b;
	case AX_BIT_XOR:
		return a ^ b;
	case AX_EQUAL:
		return a == b;
	case AX_LESS_SIGNED:
		return (int64_t)a < (int64_t)b;
	case AX_LESS_UNSIGNED:
		return a < b;
	case AX_DIV_SIGNED:
		return (uint64_t)divide_signed((int64_t)a, (int64_t)b);
	case AX_DIV_UNSIGNED:
		return a / b;
	case AX_REM_SIGNED:
		return b == ~0ull ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
	default: /* AX_REM_UNSIGNED */
		return a % b;
	}
}

static uint64_t sign_extend(uint64_t v, unsigned int bits)
{
	unsigned int shift = (64 - bits) & 63;

	return (uint64_t)((int64_t)(v << shift) >> shift);
}

static uint64_t zero_extend(uint64_t v, unsigned int bits)
{
	unsigned int shift = (64 - bits) & 63;

	return v << shift >> shift;
}

static int load(void *ctx, uint64_t *cell, size_t size, struct strbuf *why)
{
	uint64_t addr = *cell, v = 0;

	if (target_agent_mem(ctx, addr, &v, size))
		return fail(why, -EFAULT,
			    "condition cannot read %u bytes at 0x%llx",
			    (unsigned int)size, (unsigned long long)addr);
	*cell = v;
	return 0;
}

static int read_reg(void *ctx, unsigned int reg, uint64_t *cell,
		    struct strbuf *why)
{
	if (target_agent_reg(ctx, reg, cell))
		return fail(why, -EFAULT, "condition cannot read register %u",
			    reg);
	return 0;
}

static int variable(uint8_t op, void *ctx, unsigned int number, uint64_t *cell,
		    struct strbuf *why)
{
	int err = op == AX_GETV ? target_agent_getv(ctx, number, cell)
				: target_agent_setv(ctx, number, *cell);

	if (err)
		return fail(why, -EFAULT, "condition cannot use variable %u",
			    number);
	return 0;
}

struct ax_state {
	uint64_t stack[AX_MAX_STACK];
	unsigned int depth;
	size_t pc; /* of the next instruction */
	void *ctx;
	struct strbuf *why;
};

/* sp is the first free cell as the instruction begins. */
static int execute_binary(struct ax_state *s, uint8_t op, uint64_t *sp)
{
	bool divides = op >= AX_DIV_SIGNED && op <= AX_REM_UNSIGNED;

	if (divides && !sp[-1])
		return fail(s->why, -EDOM, "condition divides by zero");
	sp[-2] = binary(op, sp[-2], sp[-1]);
	return 0;
}

static void rotate(uint64_t *sp)
{
	uint64_t top = sp[-1];

	sp[-1] = sp[-2];
	sp[-2] = sp[-3];
	sp[-3] = top;
}

static void exchange(uint64_t *sp)
{
	uint64_t top = sp[-1];

	sp[-1] = sp[-2];
	sp[-2] = top;
}

static int execute(struct ax_state *s, uint8_t op, const uint8_t *arg)
{
	uint64_t *sp = s->stack + s->depth;

	switch (op) {
	case AX_LOG_NOT:
		sp[-1] = !sp[-1];
		return 0;
	case AX_BIT_NOT:
		sp[-1] = ~sp[-1];
		return 0;
	case AX_EXT:
		sp[-1] = sign_extend(sp[-1], *arg);
		return 0;
	case AX_ZERO_EXT:
		sp[-1] = zero_extend(sp[-1], *arg);
		return 0;
	case AX_REF8:
	case AX_REF16:
	case AX_REF32:
	case AX_REF64:
		return load(s->ctx, sp - 1, (size_t)1 << (op - AX_REF8),
			    s->why);
	case AX_IF_GOTO:
		if (sp[-1])
			s->pc = (size_t)operand(arg, 2);
		return 0;
	case AX_GOTO:
		s->pc = (size_t)operand(arg, 2);
		return 0;
	case AX_CONST8:
	case AX_CONST16:
	case AX_CONST32:
	case AX_CONST64:
		sp[0] = operand(arg, ax_table[op].operand);
		return 0;
	case AX_REG:
		return read_reg(s->ctx, (unsigned int)operand(arg, 2), sp,
				s->why);
	case AX_GETV:
	case AX_SETV:
		return variable(op, s->ctx, (unsigned int)operand(arg, 2),
				op == AX_GETV ? sp : sp - 1, s->why);
	case AX_DUP:
		sp[0] = sp[-1];
		return 0;
	case AX_PICK:
		if (*arg >= s->depth)
			return -EINVAL;
		sp[0] = s->stack[s->depth - 1 - *arg];
		return 0;
	case AX_POP:
		return 0;
	case AX_SWAP:
		exchange(sp);
		return 0;
	case AX_ROT:
		rotate(sp);
		return 0;
	default:
		return execute_binary(s, op, sp);
	}
}

int ax_eval(const uint8_t *code, size_t len, void *ctx, uint64_t *result,
	    struct strbuf *why)
{
	struct ax_state s;
	unsigned int steps;

	s.depth = 0;
	s.pc = 0;
	s.ctx = ctx;
	s.why = why;
	for (steps = 0; steps < AX_MAX_STEPS; steps++) {
		const struct ax_info *info;
		size_t pc = s.pc;
		int err;

		if (pc >= len || code[pc] >= AX_OPS)
			return -EINVAL;
		info = &ax_table[code[pc]];
		s.pc = pc + 1 + info->operand;
		if (info->class != AX_PLAIN || s.pc > len ||
		    s.depth < info->need ||
		    (int)s.depth + info->grow > AX_MAX_STACK)
			return -EINVAL;
		if (code[pc] == AX_END) {
			*result = s.stack[s.depth - 1];
			return 0;
		}
		err = execute(&s, code[pc], code + pc + 1);
		if (err)
			return err;
		s.depth = (unsigned int)((int)s.depth + info->grow);
	}
	return fail(why, -ETIMEDOUT, "condition takes more than %u steps",
		    AX_MAX_STEPS);
}
