/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one line in the system's log about one login. */
#ifndef TOTPGROUP_PAM_LOG_H
#define TOTPGROUP_PAM_LOG_H

#include <security/pam_modules.h>
#include <stdint.h>

#include "base/error.h"
#include "login/login.h"
#include "totpgroup.h"

/* `accepted user=... rhost=... method=... offset=...` or
 * `refused user=... rhost=... reason=...`, with what else is known: where the user has
 * several devices, `device=...` stands at the end of the first. */
void log_verdict(pam_handle_t *pamh, const struct login *login);

/* `skipped user=... rhost=... reason=...`, and `days_left=...` where it is not
 * 0. */
void log_skipped(pam_handle_t *pamh, const struct login *login);

/* `unrecorded user=... rhost=... detail=...`, before the line above: state
 * could not be written, and allow_readonly forgives that. */
void log_unrecorded(pam_handle_t *pamh, const struct login *login, const struct error *error);

/* `enrolled user=... rhost=...`, before the line above: a user who had no secret
 * has one now. error is a remark, or ERROR_INIT. */
void log_enrolled(pam_handle_t *pamh, const struct login *login, const struct error *error);

/* `no-qr user=... rhost=... detail=...`: a new secret is shown without a QR code. */
void log_without_qr(pam_handle_t *pamh, const struct login *login, const char *why);

/* `STEP: LINE`, for the option debug; never a code or a secret. */
void log_debug(pam_handle_t *pamh, const char *step, const char *line);

#endif
