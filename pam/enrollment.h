/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Enrollment inside a login: a user who has no secret yet is shown one, and
 * proves with a code that an app has it. */
#ifndef TOTPGROUP_PAM_ENROLLMENT_H
#define TOTPGROUP_PAM_ENROLLMENT_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "base/error.h"
#include "config/configuration.h"
#include "pam/login.h"
#include "totpgroup.h"

/* What came of an offer. The values that matter are none that memory holds by
 * chance. */
enum enrollment {
	ENROLLMENT_REFUSED = 0,
	ENROLLMENT_STORED = 0x5c38a1e6,
	ENROLLMENT_PASSED_OVER = 0x27d4b95a,
};

/*
 * Whether this login, of a user who has no secret, is to be offered one: the
 * option is given, the user is known, messages are wanted, and there was a
 * factor before this one: sshd names a completed method (SSH_AUTH_INFO_0), or an
 * earlier module left a password (PAM_AUTHTOK). Whether that password was right
 * no module can see: the administrator's stack has to end where it was not.
 */
bool enrollment_is_due(pam_handle_t *pamh, int flags, const struct options *options,
	const struct login *login);

/*
 * Offers a new secret, made as the configuration's section [enroll] says but always
 * one whose codes change with time, three times at most, until a code of it comes back, and
 * only then stores it, where there is still no file. Nothing is locked, open or
 * on the disk while the person thinks, and the secret is erased in the end; what
 * the application and libqrencode copied of it is not.
 * With optional set an empty answer passes the offer over.
 *
 * result is TOTPGROUP_ACCEPTED together with ENROLLMENT_STORED and never
 * otherwise; with ENROLLMENT_REFUSED it says why, and error has more. A new
 * secret is logged here, the outcome by the caller.
 */
enum enrollment enrollment_offer(pam_handle_t *pamh, const struct configuration *configuration,
	const struct login *login, bool optional, struct totpgroup_result *result,
	struct error *error);

#endif
