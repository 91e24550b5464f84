/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/log_line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

const char *log_escape(const char *value, char escaped[LOG_VALUE_MAX])
{
	size_t length = 0;

	if (value == NULL || *value == '\0')
		return "-";
	for (; *value != '\0' && length + sizeof "\\xNN" <= LOG_VALUE_MAX; value++) {
		unsigned char byte = (unsigned char)*value;

		if (byte > ' ' && byte < 0x7f && strchr("\"'=\\", byte) == NULL)
			escaped[length++] = (char)byte;
		else
			length += (size_t)snprintf(
				escaped + length, sizeof "\\xNN", "\\x%02x", byte);
	}
	escaped[length] = '\0';
	return escaped;
}

void log_add(struct log_extra *extra, const char *format, ...)
{
	size_t room = sizeof extra->text - extra->length;
	va_list arguments;
	int written;

	va_start(arguments, format);
	written = vsnprintf(extra->text + extra->length, room, format, arguments);
	va_end(arguments);
	if (written > 0 && (size_t)written < room)
		extra->length += (size_t)written;
	extra->text[extra->length] = '\0';
}

void log_add_offset(struct log_extra *extra, const struct totpgroup_result *result)
{
	if (!result->offset_known)
		return;
	if (result->offset == 0)
		log_add(extra, " offset=0");
	else
		log_add(extra, " offset=%+" PRId64 "s", result->offset);
}

void log_add_behind(struct log_extra *extra, int64_t behind)
{
	if (behind > 0)
		log_add(extra, " detail=\"counter behind by about %" PRId64 "\"", behind);
}

/* error_set() has replaced control characters, so only a quote could end the value. */
void log_add_detail(struct log_extra *extra, const struct error *error)
{
	struct error quoted = *error;

	if (error->code == 0)
		return;
	for (char *at = strchr(quoted.message, '"'); at != NULL; at = strchr(at, '"'))
		*at = '\'';
	log_add(extra, " detail=\"%s\"", quoted.message);
}

int log_priority(enum totpgroup_reason reason)
{
	switch (reason) {
	case TOTPGROUP_REASON_STORE_ERROR:
		return LOG_CRIT;
	case TOTPGROUP_REASON_CONFIG_ERROR:
	case TOTPGROUP_REASON_GROUP_ERROR:
	case TOTPGROUP_REASON_BAD_FILE:
		return LOG_ERR;
	default:
		return LOG_NOTICE;
	}
}
