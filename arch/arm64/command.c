/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* `monitor ...`: what the machine answers itself. */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "stub/strbuf.h"
#include "stub/target.h"

int target_command(struct target *t, unsigned int cpu, const char *name,
		   const char *args, struct strbuf *out)
{
	if (strcmp(name, "log"))
		return -ENOENT;
	log_copy(out);
	return 0;
}

void target_command_help(struct target *t, struct strbuf *out)
{
	strbuf_puts(out, "log -- what the monitor has said\n");
}
