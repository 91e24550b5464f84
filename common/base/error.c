/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

__attribute__((format(printf, 2, 0))) static void format_message(
	struct error *error, const char *format, va_list arguments)
{
	int length = vsnprintf(error->message, sizeof error->message, format, arguments);

	if (length < 0)
		snprintf(error->message, sizeof error->message,
			"an error whose message could not be put together");
}

static void append_errno(struct error *error)
{
	size_t length = strlen(error->message);

	snprintf(error->message + length, sizeof error->message - length, ": %m");
}

int error_set(struct error *error, int code, const char *format, ...)
{
	int saved_errno = errno;
	va_list arguments;

	va_start(arguments, format);
	format_message(error, format, arguments);
	va_end(arguments);
	/* File names and option values get into messages: one with a newline in it
	 * must not make two log lines, nor one with an escape move the cursor. */
	ascii_hide_controls(error->message);
	error->code = code;
	error->system_error = 0;
	errno = saved_errno;
	return code;
}

int error_set_system(struct error *error, int code, const char *format, ...)
{
	int saved_errno = errno;
	va_list arguments;

	va_start(arguments, format);
	format_message(error, format, arguments);
	va_end(arguments);
	errno = saved_errno;
	append_errno(error);
	ascii_hide_controls(error->message);
	error->code = code;
	error->system_error = saved_errno;
	errno = saved_errno;
	return code;
}
