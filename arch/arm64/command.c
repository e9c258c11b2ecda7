/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * `monitor ...`: finding a command, help, and the switches of `monitor set`.
 * What is shown is in command_info.c, addresses in command_translate.c.
 */
#include "command.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bits.h"
#include "guest_mem.h"
#include "link.h"
#include "log.h"
#include "point.h"
#include "stub/strbuf.h"
#include "stub/target.h"
#include "sysreg_access.h"
#include "world.h"

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

const char *command_word(const char *args, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(args, word, n) || (args[n] && args[n] != ' '))
		return NULL;
	return skip_blanks(args + n);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

int command_number(const char **p, uint64_t *v)
{
	const char *s = *p, *first;
	unsigned int base = 10;

	if (s[0] == '0' && (s[1] | 32) == 'x') {
		base = 16;
		s += 2;
	}
	*v = 0;
	for (first = s; digit(*s) < (int)base; s++) {
		if (*v > (UINT64_MAX - (unsigned int)digit(*s)) / base)
			return -EINVAL;
		*v = *v * base + (unsigned int)digit(*s);
	}
	if (s == first || (*s && *s != ' '))
		return -EINVAL;
	*p = skip_blanks(s);
	return 0;
}

/* ---- switches ----------------------------------------------------------- */

struct setting {
	const char *name;
	bool *value;
	const char *help;
};

static const struct setting settings[] = {
	{ "stop-time", &world_stops_time,
	  "the guest's clocks stand still while it is stopped" },
	{ "bp-global", &point_global,
	  "breakpoints at user addresses count in every process" },
	{ "unsafe", &sysreg_unsafe,
	  "EL2's own registers may be written" },
	{ "show-keys", &sysreg_show_keys,
	  "pointer authentication keys may be read" },
	{ "mmio-live", &guest_mem_live,
	  "the debugger's reads of device memory go to the device" },
	{ "catch-reset", &link_catches_reset,
	  "stop before the guest resets or powers off the machine" },
};

static void list_settings(struct strbuf *out)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++)
		strbuf_printf(out, "%-14s %-9s %s\n", settings[i].name,
			      *settings[i].value ? "on" : "off", settings[i].help);
	strbuf_printf(out, "%-14s %-9s %s\n", "on-disconnect",
		      *link_keeps() ? "stop" : "continue",
		      "what the guest does when a debugger goes without detaching");
}

static int set_value(const char *name, bool *value, const char *on,
		     const char *off, const char *arg, struct strbuf *out)
{
	if (strcmp(arg, on) && strcmp(arg, off)) {
		strbuf_printf(out, "set %s: %s or %s, not `%s'\n", name, on, off,
			      arg);
		return -EINVAL;
	}
	*value = !strcmp(arg, on);
	return 0;
}

static int do_set(unsigned int cpu, const char *args, struct strbuf *out)
{
	const char *value;

	if (!*args) {
		list_settings(out);
		return 0;
	}
	value = command_word(args, "on-disconnect");
	if (value)
		return set_value("on-disconnect", link_keeps(), "stop",
				 "continue", value, out);
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		value = command_word(args, s->name);
		if (value)
			return set_value(s->name, s->value, "on", "off",
					 value, out);
	}
	strbuf_printf(out, "set: no setting `%s'; `monitor set` lists them\n",
		      args);
	return -EINVAL;
}

uint32_t command_settings(void)
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++)
		bits |= (uint32_t)*settings[i].value << i;
	return bits;
}

void command_settings_put(uint32_t bits)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++)
		*settings[i].value = bits >> i & 1;
}

/* ---- the others ---------------------------------------------------------- */

static int do_log(unsigned int cpu, const char *args, struct strbuf *out)
{
	log_copy(out);
	return 0;
}

static int do_mmio(unsigned int cpu, const char *args, struct strbuf *out)
{
	const char *value = command_word(args, "live");

	if (!value) {
		strbuf_puts(out, "mmio live on|off\n");
		return -EINVAL;
	}
	if (!*value) {
		strbuf_printf(out, "mmio live is %s\n",
			      guest_mem_live ? "on" : "off");
		return 0;
	}
	return set_value("mmio-live", &guest_mem_live, "on", "off", value, out);
}

static int do_type(unsigned int cpu, const char *args, struct strbuf *out)
{
	int err = link_type(args, strlen(args));

	if (!err)
		err = link_type("\r", 1);
	if (err == -ENODEV)
		strbuf_puts(out, "type: the guest has its serial port for itself; only with hyperstub.serial=channel or gdb is it the monitor's\n");
	else if (err)
		strbuf_puts(out, "type: the guest has not read what was typed before; no room for all of this\n");
	return err;
}

static int do_break(unsigned int cpu, const char *args, struct strbuf *out)
{
	int err = link_break();

	if (err)
		strbuf_puts(out, "break: the guest has its serial port for itself; only with hyperstub.serial=channel or gdb is it the monitor's\n");
	return err;
}

static int do_reset(unsigned int cpu, const char *args, struct strbuf *out)
{
	if (*args) {
		strbuf_puts(out, "reset takes no arguments\n");
		return -EINVAL;
	}
	if (!link_reset()) {
		strbuf_puts(out, "the machine is reset, and this connection ends; connect again: the guest is then at its first instruction\n");
		return 0;
	}
	strbuf_puts(out, "the firmware does not reset the machine (no PSCI SYSTEM_RESET)\n");
	return -EIO;
}

static const struct command {
	const char *name, *args, *help; /* help NULL: for tests, not listed */
	command_fn *fn;
} commands[] = {
	{ "info", "", "the monitor, its guest and its CPUs", command_info },
	{ "info exits", "", "why CPUs left the guest, in all and a second", NULL },
	{ "info breakpoints", "", "how breakpoints are armed, what is left", NULL },
	{ "info irq", "", "interrupts", NULL },
	{ "info memory", "", "who has which memory", NULL },
	{ "info stage2", "ADDR", "how a guest physical address is mapped", NULL },
	{ "info mmu", "", "the monitor's own address space", NULL },
	{ "info transport", "", "the debugger's device and its ports", NULL },
	{ "log", "", "what the monitor has said", do_log },
	{ "translate", "ADDR", "the selected CPU's walk of its tables",
	  command_translate },
	{ "mmio", "live on|off", "reads of device memory go to the device", do_mmio },
	{ "set", "[NAME VALUE]", "a setting; alone: all of them", do_set },
	{ "type", "TEXT", "a line for the guest's serial port, where that is played",
	  do_type },
	{ "break", "", "a break on the guest's serial port (sysrq)", do_break },
	{ "reset", "", "reset the machine and stop at the guest's first instruction",
	  do_reset },
	{ "crash", NULL, NULL, command_crash },
};

int target_command(struct target *t, unsigned int cpu, const char *name,
		   const char *args, struct strbuf *out)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].fn && !strcmp(name, commands[i].name))
			return commands[i].fn(cpu, args, out);
	return -ENOENT;
}

void target_command_help(struct target *t, struct strbuf *out)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		if (c->help)
			strbuf_printf(out, "%s%s%s -- %s\n", c->name,
				      *c->args ? " " : "", c->args, c->help);
	}
}
