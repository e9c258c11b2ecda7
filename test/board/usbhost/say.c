/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * Lines for people, on stderr; and how the programs are when they are built
 * with sanitizers.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "say.h"

const char *__asan_default_options(void);

/*
 * No search for leaks at the end: it stops the process by ptrace, which was
 * seen to hang on SIGTERM, and these programs must end when they are told to.
 */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}
