/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

#include "core/log_line.h"
#include "daemon/work.h"

/* Every line about a call begins with its subject. */
static void log_line(int priority, const char *verb, const struct log_subject *subject,
	const struct log_extra *extra)
{
	char user[LOG_VALUE_MAX], service[LOG_VALUE_MAX], host[LOG_VALUE_MAX];
	const char *rhost = subject->rhost;

	syslog(priority, "%s user=%s service=%s peer=%" PRIu32 "%s%s%s", verb,
		log_escape(subject->user, user), log_escape(subject->service, service),
		(uint32_t)subject->peer, rhost != NULL ? " rhost=" : "",
		rhost != NULL ? log_escape(rhost, host) : "", extra->text);
}

static bool is_admitted(struct log_bounds *bounds, uid_t peer, enum log_kind kind)
{
	return log_bounds_admit(bounds, peer, kind, monotonic_microseconds() / 1000);
}

static void log_add_local(struct log_extra *extra, const struct log_subject *subject)
{
	if (subject->is_local)
		log_add(extra, " fallback=local");
}

void verify_log_result(const struct log_subject *subject, const struct totpgroup_result *result,
	const struct error *error)
{
	struct log_extra extra = LOG_EXTRA_INIT;
	char device[LOG_VALUE_MAX];

	metrics_count_result(subject->metrics, result);
	if (result->verdict == TOTPGROUP_ACCEPTED) {
		log_add(&extra, " method=%s", totpgroup_method_name(result->method));
		log_add_local(&extra, subject);
		log_add_offset(&extra, result);
		if (subject->device != NULL && *subject->device != '\0')
			log_add(&extra, " device=%s", log_escape(subject->device, device));
		log_add_behind(&extra, subject->counter_behind);
		log_line(subject->is_local ? LOG_ALERT : LOG_INFO, "accepted", subject, &extra);
		return;
	}
	if (result->reason == TOTPGROUP_REASON_RATE_LIMITED &&
		!is_admitted(subject->bounds, subject->peer, LOG_RATE_LIMITED))
		return;
	log_add(&extra, " reason=%s", totpgroup_reason_name(result->reason));
	log_add_local(&extra, subject);
	log_add_offset(&extra, result);
	if (result->retry_after > 0)
		log_add(&extra, " retry_after=%" PRId64 "s", result->retry_after);
	log_add_behind(&extra, subject->counter_behind);
	log_add_detail(&extra, error);
	log_line(log_priority(result->reason), "refused", subject, &extra);
}

static void log_not_permitted(const struct log_subject *subject)
{
	struct log_extra extra = LOG_EXTRA_INIT;

	log_add(&extra, " reason=not-permitted");
	log_line(LOG_NOTICE, "refused", subject, &extra);
}

void verify_log_not_permitted(const struct log_subject *subject)
{
	metrics_count_not_permitted(subject->metrics);
	if (is_admitted(subject->bounds, subject->peer, LOG_NOT_PERMITTED))
		log_not_permitted(subject);
}

void verify_log_not_covered(const struct log_subject *subject)
{
	metrics_count_not_permitted(subject->metrics);
	log_not_permitted(subject);
}

void verify_log_not_answered(struct log_bounds *bounds, uid_t peer, const struct error *error)
{
	if (is_admitted(bounds, peer, LOG_NOT_ANSWERED))
		syslog(LOG_ERR, "a call of peer=%" PRIu32 " was not answered: %s",
			(uint32_t)peer, error->message);
}

void verify_log_withheld(struct log_bounds *bounds, int64_t now)
{
	static const char *const reasons[LOG_KIND_COUNT] = {
		[LOG_NOT_PERMITTED] = "not-permitted",
		[LOG_RATE_LIMITED] = "rate-limited",
		[LOG_NOT_ANSWERED] = "not-answered",
	};
	struct log_withheld withheld;
	char peer[16];

	while (log_bounds_take(bounds, now, &withheld)) {
		if (withheld.peer == LOG_BOUNDS_OTHERS)
			snprintf(peer, sizeof peer, "others");
		else
			snprintf(peer, sizeof peer, "%" PRIu32, (uint32_t)withheld.peer);
		syslog(LOG_NOTICE, "withheld peer=%s reason=%s more=%" PRIu64, peer,
			reasons[withheld.kind], withheld.more);
	}
}

void verify_log_skipped(
	const struct log_subject *subject, const char *reason, int64_t days_left)
{
	struct log_extra extra = LOG_EXTRA_INIT;

	log_add(&extra, " reason=%s", reason);
	if (days_left > 0)
		log_add(&extra, " days_left=%" PRId64, days_left);
	log_line(LOG_INFO, "skipped", subject, &extra);
}

void verify_log_event(const struct log_subject *subject, const char *event)
{
	const struct log_extra extra = LOG_EXTRA_INIT;

	log_line(LOG_INFO, event, subject, &extra);
}

void verify_log_warning(const char *message)
{
	syslog(LOG_WARNING, "%s", message);
}

void verify_log_error(const char *what, const struct error *error)
{
	syslog(LOG_ERR, "%s: %s", what, error->message);
}
