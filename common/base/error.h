/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What went wrong, in one line that a person can act upon. */
#ifndef TOTPGROUP_BASE_ERROR_H
#define TOTPGROUP_BASE_ERROR_H

#include <stddef.h>

/* Filled in where something fails, printed or logged by whoever knows how.
 * Never holds a code, a secret or a line of a secret file. */
struct error {
	int code;	   /* a TOTPGROUP_E... of totpgroup.h, or 0 for none */
	int system_error;  /* errno, where a system call failed, else 0 */
	char message[320]; /* what is wrong, where, what to do; no newline */
};

#define ERROR_INIT                                                                             \
	{                                                                                      \
		0, 0, ""                                                                       \
	}

/*
 * Records a failure and returns code, so that a function can end with
 * `return error_set(error, TOTPGROUP_EFORMAT, "...", ...)`. A message that is
 * too long is cut. errno is left as it was.
 */
int error_set(struct error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: records errno and appends ": " and its
 * text to the message. */
int error_set_system(struct error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
