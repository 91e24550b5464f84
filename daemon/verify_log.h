/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the daemon tells the system's log: never a code or a secret. */
#ifndef TOTPGROUP_DAEMON_VERIFY_LOG_H
#define TOTPGROUP_DAEMON_VERIFY_LOG_H

#include <sys/types.h>

#include "base/error.h"
#include "totpgroup.h"

/* Whom a line is about: the user, the grant, and the uid that asked. */
struct log_subject {
	const char *user;
	const char *service; /* NULL where there is none */
	uid_t peer;
	const char *device; /* that a right code is of, NULL or empty where it has no name */
};

/* `accepted user=... service=... peer=... method=... offset=...` or
 * `refused user=... service=... peer=... reason=...`, as the module has it. */
void verify_log_result(const struct log_subject *subject, const struct totpgroup_result *result,
	const struct error *error);

/* `refused ... reason=WORD`, for a reason that is not one of a code's. */
void verify_log_refused(const struct log_subject *subject, const char *reason);

/* `WORD user=...`, for what is no decision on a code. */
void verify_log_event(const struct log_subject *subject, const char *event);

/* A line about the daemon itself. */
void verify_log_warning(const char *message);
void verify_log_error(const char *what, const struct error *error);

#endif
