/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "log.h"

#include <inttypes.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* Names and hosts come from outside: longer ones are cut. */
#define VALUE_MAX 256

/* Writes a value so that it cannot be taken for anything else in the line:
 * blanks, quotes, '=', '\' and what is not printable ASCII become \xNN. */
static const char *escape(const char *value, char escaped[VALUE_MAX])
{
	size_t length = 0;

	if (value == NULL || *value == '\0')
		return "-";
	for (; *value != '\0' && length + sizeof "\\xNN" <= VALUE_MAX; value++) {
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

/* The optional part of a line; empty where there is nothing to say. */
struct extra {
	char text[VALUE_MAX + 512];
	size_t length;
};

static void add(struct extra *extra, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct extra *extra, const char *format, ...)
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

static void add_offset(struct extra *extra, const struct totpgroup_result *result)
{
	if (!result->offset_known)
		return;
	if (result->offset == 0)
		add(extra, " offset=0");
	else
		add(extra, " offset=%+" PRId64 "s", result->offset);
}

/* The message came through error_set(), so only a quote could end it early. */
static void add_detail(struct extra *extra, const struct error *error)
{
	struct error quoted = *error;

	if (error->code == 0)
		return;
	for (char *at = strchr(quoted.message, '"'); at != NULL; at = strchr(at, '"'))
		*at = '\'';
	add(extra, " detail=\"%s\"", quoted.message);
}

static int priority_of(enum totpgroup_reason reason)
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

void log_verdict(pam_handle_t *pamh, const struct login *login, const struct decision *decision,
	const struct error *error)
{
	const struct totpgroup_result *result = &decision->result;
	char user[VALUE_MAX], host[VALUE_MAX], device[VALUE_MAX];
	struct extra extra = {"", 0};

	add_offset(&extra, result);
	if (result->verdict == TOTPGROUP_ACCEPTED) {
		if (*decision->device != '\0')
			add(&extra, " device=%s", escape(decision->device, device));
		pam_syslog(pamh, LOG_INFO, "accepted user=%s rhost=%s method=%s%s",
			escape(login->user, user), escape(login->host, host),
			totpgroup_method_name(result->method), extra.text);
		return;
	}
	if (result->retry_after > 0)
		add(&extra, " retry_after=%" PRId64 "s", result->retry_after);
	add_detail(&extra, error);
	pam_syslog(pamh, priority_of(result->reason), "refused user=%s rhost=%s reason=%s%s",
		escape(login->user, user), escape(login->host, host),
		totpgroup_reason_name(result->reason), extra.text);
}

void log_skipped(
	pam_handle_t *pamh, const struct login *login, const char *reason, int64_t days_left)
{
	char user[VALUE_MAX], host[VALUE_MAX];
	struct extra extra = {"", 0};

	if (days_left > 0)
		add(&extra, " days_left=%" PRId64, days_left);
	pam_syslog(pamh, LOG_INFO, "skipped user=%s rhost=%s reason=%s%s",
		escape(login->user, user), escape(login->host, host), reason, extra.text);
}

/* A line about something that is no verdict. */
static void log_event(pam_handle_t *pamh, int priority, const char *event,
	const struct login *login, const struct error *error)
{
	char user[VALUE_MAX], host[VALUE_MAX];
	struct extra extra = {"", 0};

	add_detail(&extra, error);
	pam_syslog(pamh, priority, "%s user=%s rhost=%s%s", event, escape(login->user, user),
		escape(login->host, host), extra.text);
}

void log_unrecorded(pam_handle_t *pamh, const struct login *login, const struct error *error)
{
	log_event(pamh, LOG_WARNING, "unrecorded", login, error);
}

void log_enrolled(pam_handle_t *pamh, const struct login *login, const struct error *error)
{
	log_event(pamh, LOG_INFO, "enrolled", login, error);
}

void log_without_qr(pam_handle_t *pamh, const struct login *login, const char *why)
{
	struct error error = ERROR_INIT;

	error_set(&error, TOTPGROUP_ENOTFOUND, "%s", why);
	log_event(pamh, LOG_WARNING, "no-qr", login, &error);
}

void log_debug(pam_handle_t *pamh, const struct options *options, const char *format, ...)
{
	va_list arguments;

	if (!options->debug)
		return;
	va_start(arguments, format);
	pam_vsyslog(pamh, LOG_DEBUG, format, arguments);
	va_end(arguments);
}
