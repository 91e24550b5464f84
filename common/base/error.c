/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

/* Sets all of error, with the text of system_error unless that is 0. */
__attribute__((format(printf, 4, 0))) static int format_error(
	struct error *error, int code, int system_error, const char *format, va_list arguments)
{
	int saved_errno = errno;
	size_t length;

	if (vsnprintf(error->message, sizeof error->message, format, arguments) < 0)
		strcpy(error->message, "an error whose message could not be put together");
	length = strlen(error->message);
	errno = system_error;
	if (system_error != 0)
		snprintf(error->message + length, sizeof error->message - length, ": %m");
	/* Messages contain file names and option values. A newline in one must not make
	 * two log lines, and an escape must not move the cursor. */
	ascii_hide_controls(error->message);
	error->code = code;
	error->system_error = system_error;
	errno = saved_errno;
	return code;
}

int error_set(struct error *error, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)format_error(error, code, 0, format, arguments);
	va_end(arguments);
	return code;
}

int error_set_system(struct error *error, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)format_error(error, code, errno, format, arguments);
	va_end(arguments);
	return code;
}
