/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one line in the system's log about one login. */
#ifndef TOTPGROUP_PAM_LOG_H
#define TOTPGROUP_PAM_LOG_H

#include <security/pam_modules.h>

#include "base/error.h"
#include "login.h"
#include "totpgroup.h"

/* `accepted user=... rhost=... method=... offset=...` or
 * `refused user=... rhost=... reason=...`, with what is known besides. */
void log_verdict(pam_handle_t *pamh, const struct login *login,
	const struct totpgroup_result *result, const struct error *error);

/* `skipped user=... rhost=... reason=...`. */
void log_skipped(pam_handle_t *pamh, const struct login *login, const char *reason);

/* `unrecorded user=... rhost=... detail=...`, before the line above: state
 * could not be written, and allow_readonly forgives that. */
void log_unrecorded(pam_handle_t *pamh, const struct login *login, const struct error *error);

/* A remark for whoever gave the option debug; never a code or a secret. */
void log_debug(pam_handle_t *pamh, const struct options *options, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
