/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An error with a message of one line that a person can act upon. */
#ifndef TOTPGROUP_BASE_ERROR_H
#define TOTPGROUP_BASE_ERROR_H

#include <stddef.h>

/* Set where something fails, printed or logged by a caller. Never holds a code, a
 * secret or a line of a secret file. */
struct error {
	int code;	   /* a TOTPGROUP_E... of totpgroup.h, or 0 for none */
	int system_error;  /* errno of a failed system call, else 0 */
	char message[320]; /* what is wrong, where, what to do; no newline */
};

#define ERROR_INIT                                                                             \
	{                                                                                      \
		0, 0, ""                                                                       \
	}

/*
 * Sets code and message, and returns code, so that a function can end with
 * `return error_set(error, TOTPGROUP_EFORMAT, "...", ...)`. Cuts a message that
 * is too long. Does not change errno.
 */
int error_set(struct error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: also stores errno, and appends ": " and its
 * text to the message. */
int error_set_system(struct error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
