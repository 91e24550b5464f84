/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Answers, as frames with their NUL. A text to write to must be TEXT_INIT, and is
 * the caller's to text_free(); after a failure it is TEXT_INIT again.
 */
#ifndef TOTPGROUP_DAEMON_REPLY_H
#define TOTPGROUP_DAEMON_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define VERIFY_INTERFACE  "org.totpgroup.Verify"
#define SERVICE_INTERFACE "org.varlink.service"

#define ERROR_NOT_PERMITTED VERIFY_INTERFACE ".NotPermitted"
#define ERROR_STORE	    VERIFY_INTERFACE ".StoreError"
#define ERROR_BUSY	    VERIFY_INTERFACE ".Busy"

/* An answer on its way. */
struct reply {
	struct text *text;
	int status; /* the first failure */
	bool begun; /* a parameter was written */
};

/* Begins an answer: without an error for NULL. */
struct reply reply_begin(struct text *text, const char *error_name);

/* Adds a parameter; nothing for a NULL string. */
void reply_string(struct reply *reply, const char *name, const char *value);
void reply_number(struct reply *reply, const char *name, int64_t value);
void reply_flag(struct reply *reply, const char *name, bool value);
void reply_strings(
	struct reply *reply, const char *name, const char *const *values, size_t count);

/* Ends it. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EARGUMENT where a string was not
 * UTF-8: all are that are the program's own or came as JSON. */
int reply_end(struct reply *reply);

/* An error with one parameter, or with none for NULL. */
int reply_error(struct text *text, const char *error_name, const char *name, const char *value);

#endif
