/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The words for the outcome of a login. */
#ifndef TOTPGROUP_LOGIN_OUTCOME_H
#define TOTPGROUP_LOGIN_OUTCOME_H

#include "login/login.h"

/* What becomes of a login that login_prepare() has looked at. */
enum login_outcome {
	LOGIN_REFUSED = 0,   /* without being asked; result.reason says why */
	LOGIN_ASKED_IN_VAIN, /* asked, but no code can be right; login->unusable */
	LOGIN_ASKED,
	LOGIN_OFFERED, /* a secret, because there is none yet */
	LOGIN_LET_IN,  /* without being asked, by grace */
	LOGIN_SKIPPED,
};

/* due is what login_prepare() returned. */
enum login_outcome outcome_of_prepared(const struct login *login, bool due);

/* The one place where the outcome of a login becomes a PAM code: PAM_SUCCESS after a right
 * code that is durably spent, or within a grace period; PAM_IGNORE where it was positively
 * decided that no code is due; and an error otherwise. */
int outcome_pam_code(const struct login *login);

/* Room for the longest message in any language, in bytes with the NUL. */
#define OUTCOME_MESSAGE_SIZE 512

/*
 * Writes what the person is told about the outcome, translated, without a line end: empty
 * where there is nothing to say. Only somebody who has passed an earlier factor, or whom
 * the option tell_reason trusts, is told the reason of a refusal: it tells who is
 * enrolled, and that a code was seen before.
 */
void outcome_message(const struct login *login, char message[OUTCOME_MESSAGE_SIZE]);

#endif
