/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a person's app gives the codes of a credential that is being made.
 * The time is an argument. */
#ifndef TOTPGROUP_CORE_CONFIRMATION_H
#define TOTPGROUP_CORE_CONFIRMATION_H

#include <stdint.h>

#include "base/error.h"
#include "core/new_credential.h"

/* Only RIGHT, which memory does not hold by chance, confirms. */
enum confirmation_verdict {
	CONFIRMATION_WRONG = 0,
	CONFIRMATION_OTHER_TIME, /* a code of the credential, but not one of now */
	CONFIRMATION_NO_CODE,	 /* not as many digits as a code has */
	CONFIRMATION_RIGHT = 0x36d1e94b,
};

struct confirmation {
	enum confirmation_verdict verdict;
	int64_t step;	/* RIGHT: the time step of the code */
	int64_t offset; /* RIGHT and OTHER_TIME: as of otp_step_offset(), in seconds */
};

/*
 * Judges what was typed, in which blanks do not count, for a credential whose
 * codes change with time. Codes of the current step and of the one on either
 * side are right; a code of up to 1500 steps away is one of another time. now
 * is in seconds since 1970.
 *
 * Returns 0 when there is a verdict, or a TOTPGROUP_E... with a message, and
 * CONFIRMATION_WRONG then.
 */
int confirmation_judge(const struct new_credential *credential, const char *typed, int64_t now,
	struct confirmation *confirmation, struct error *error);

#endif
