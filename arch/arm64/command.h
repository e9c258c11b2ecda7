/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * `monitor ...`: what the files of the commands share. command.c finds and
 * explains them; the others do what they say.
 */
#ifndef ARCH_COMMAND_H
#define ARCH_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct strbuf;

/*
 * args: what follows the command's name, without leading blanks. cpu: the one
 * that the debugger has selected. 0, or -Exxx with text for the person in out.
 */
typedef int command_fn(unsigned int cpu, const char *args, struct strbuf *out);

command_fn command_info, command_translate, command_crash;

struct cpu;
/* EL2's timer: `monitor crash KIND later' is due. */
void command_crash_later(struct cpu *c);

/* Is the first word of args that one? Then what follows it, else NULL. */
const char *command_word(const char *args, const char *word);
/* Decimal or 0x; *p is moved past it and the blanks behind. -EINVAL. */
int command_number(const char **p, uint64_t *v);
/* The switches of `monitor set`, a bit each, kept over a reset. */
uint32_t command_settings(void);
void command_settings_put(uint32_t bits);

#endif
