/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The values in the log line of a decision, written so that a program can read them. */
#ifndef TOTPGROUP_CORE_LOG_LINE_H
#define TOTPGROUP_CORE_LOG_LINE_H

#include <stddef.h>

#include "base/error.h"
#include "totpgroup.h"

/* Names and hosts are cut to this size, because strangers choose them. */
#define LOG_VALUE_MAX 256

/* Escapes a value so that it cannot be mistaken for another part of the line: blanks,
 * quotes, '=', '\' and all but printable ASCII become \xNN. Returns escaped, or "-" for
 * an empty value and for NULL. */
const char *log_escape(const char *value, char escaped[LOG_VALUE_MAX]);

/* The optional part of a line. Begins as LOG_EXTRA_INIT. */
struct log_extra {
	char text[LOG_VALUE_MAX + 512];
	size_t length;
};

#define LOG_EXTRA_INIT                                                                         \
	{                                                                                      \
		"", 0                                                                          \
	}

/* Appends to it, or appends nothing where the result would not fit. */
void log_add(struct log_extra *extra, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Appends ` offset=...` where the result has an offset. */
void log_add_offset(struct log_extra *extra, const struct totpgroup_result *result);

/* Adds how far an HOTP counter seems to be behind, unless that is 0. */
void log_add_behind(struct log_extra *extra, int64_t behind);

/* Appends ` detail="..."` where there is an error. */
void log_add_detail(struct log_extra *extra, const struct error *error);

/* The syslog(3) priority of a refusal. */
int log_priority(enum totpgroup_reason reason);

#endif
