/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Lines for people, on stderr. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "say.h"

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}
