/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines for the system's log. None holds a code or a secret. */
#ifndef TOTPGROUP_DAEMON_LOG_H
#define TOTPGROUP_DAEMON_LOG_H

#include <sys/types.h>

#include "base/error.h"
#include "totpgroup.h"

/* What a line about a call is about. */
struct log_subject {
	const char *user;
	const char *service; /* the name of the grant, or NULL */
	uid_t peer;
	const char *device; /* the device that an accepted code is of; NULL or empty: no name */
};

/* `accepted user=... service=... peer=... method=... offset=...`, or
 * `refused user=... service=... peer=... reason=...`, as in the lines of the module. */
void verify_log_result(const struct log_subject *subject, const struct totpgroup_result *result,
	const struct error *error);

/* `refused ... reason=WORD`, for a reason that totpgroup.h does not have. */
void verify_log_refused(const struct log_subject *subject, const char *reason);

/* `WORD user=...`, for an event that is no decision on a code. */
void verify_log_event(const struct log_subject *subject, const char *event);

/* Lines about the daemon itself. */
void verify_log_warning(const char *message);
void verify_log_error(const char *what, const struct error *error);

#endif
