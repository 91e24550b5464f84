/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Enrollment inside a login: a user who has no secret yet is shown one, and
 * proves with a code that an app has it. */
#ifndef TOTPGROUP_PAM_ENROLLMENT_H
#define TOTPGROUP_PAM_ENROLLMENT_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "login/login.h"

/* The outcome of an offer. The values that matter are none that memory holds by
 * chance. */
enum enrollment {
	ENROLLMENT_REFUSED = 0,
	ENROLLMENT_STORED = 0x5c38a1e6,
	ENROLLMENT_DECLINED = 0x27d4b95a,
};

/*
 * Offers a new secret, made as the configuration's section [enroll] says but always
 * one whose codes change with time, three times at most, until a code of it comes back, and
 * only then stores it, where there is still no file. Nothing is locked, open or
 * on the disk while the person thinks, and the secret is erased in the end; what
 * the application and libqrencode copied of it is not.
 * With optional set an empty answer declines the offer.
 *
 * The verdict in login->decision is TOTPGROUP_ACCEPTED together with ENROLLMENT_STORED
 * and never otherwise; with ENROLLMENT_REFUSED it says why, and login->error has more.
 * A new secret is logged here, the outcome by the caller.
 */
enum enrollment enrollment_offer(pam_handle_t *pamh, struct login *login, bool optional);

#endif
