/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one line in the system's log about one decision, for whoever writes it: how its
 * values are written so that a machine can read them. */
#ifndef TOTPGROUP_CORE_LOG_LINE_H
#define TOTPGROUP_CORE_LOG_LINE_H

#include <stddef.h>

#include "base/error.h"
#include "totpgroup.h"

/* Names and hosts come from outside: longer ones are cut. */
#define LOG_VALUE_MAX 256

/* Writes a value so that it cannot be taken for anything else in the line:
 * blanks, quotes, '=', '\' and what is not printable ASCII become \xNN. Returns escaped,
 * or "-" for an empty value and for NULL. */
const char *log_escape(const char *value, char escaped[LOG_VALUE_MAX]);

/* The optional part of a line; empty where there is nothing to say. Begins as
 * LOG_EXTRA_INIT. */
struct log_extra {
	char text[LOG_VALUE_MAX + 512];
	size_t length;
};

#define LOG_EXTRA_INIT                                                                         \
	{                                                                                      \
		"", 0                                                                          \
	}

/* Appends to it; what does not fit is left out. */
void log_add(struct log_extra *extra, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ` offset=...` where the result has one. */
void log_add_offset(struct log_extra *extra, const struct totpgroup_result *result);

/* ` detail="..."` where there is an error. */
void log_add_detail(struct log_extra *extra, const struct error *error);

/* The priority for syslog(3) of a refusal. */
int log_priority(enum totpgroup_reason reason);

#endif
