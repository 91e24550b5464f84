/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pam/log.h"

#include <inttypes.h>
#include <security/pam_ext.h>
#include <syslog.h>

#include "core/log_line.h"

void log_verdict(pam_handle_t *pamh, const struct login *login)
{
	const struct decision *decision = &login->decision;
	const struct totpgroup_result *result = &decision->result;
	char user[LOG_VALUE_MAX], host[LOG_VALUE_MAX], device[LOG_VALUE_MAX];
	struct log_extra extra = LOG_EXTRA_INIT;

	log_add_offset(&extra, result);
	if (result->verdict == TOTPGROUP_ACCEPTED) {
		if (*decision->device != '\0')
			log_add(&extra, " device=%s", log_escape(decision->device, device));
		log_add_behind(&extra, decision->counter_behind);
		pam_syslog(pamh, LOG_INFO, "accepted user=%s rhost=%s method=%s%s",
			log_escape(login->user, user), log_escape(login->facts.host, host),
			totpgroup_method_name(result->method), extra.text);
		return;
	}
	if (result->retry_after > 0)
		log_add(&extra, " retry_after=%" PRId64 "s", result->retry_after);
	log_add_behind(&extra, decision->counter_behind);
	log_add_detail(&extra, &login->error);
	pam_syslog(pamh, log_priority(result->reason), "refused user=%s rhost=%s reason=%s%s",
		log_escape(login->user, user), log_escape(login->facts.host, host),
		totpgroup_reason_name(result->reason), extra.text);
}

void log_skipped(pam_handle_t *pamh, const struct login *login)
{
	char user[LOG_VALUE_MAX], host[LOG_VALUE_MAX];
	struct log_extra extra = LOG_EXTRA_INIT;

	if (login->days_left > 0)
		log_add(&extra, " days_left=%" PRId64, login->days_left);
	pam_syslog(pamh, LOG_INFO, "skipped user=%s rhost=%s reason=%s%s",
		log_escape(login->user, user), log_escape(login->facts.host, host),
		login->skip_reason, extra.text);
}

/* Logs an event beside the verdict. */
static void log_event(pam_handle_t *pamh, int priority, const char *event,
	const struct login *login, const struct error *error)
{
	char user[LOG_VALUE_MAX], host[LOG_VALUE_MAX];
	struct log_extra extra = LOG_EXTRA_INIT;

	log_add_detail(&extra, error);
	pam_syslog(pamh, priority, "%s user=%s rhost=%s%s", event,
		log_escape(login->user, user), log_escape(login->facts.host, host), extra.text);
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

void log_debug(pam_handle_t *pamh, const char *step, const char *line)
{
	pam_syslog(pamh, LOG_DEBUG, "%s: %s", step, line);
}
