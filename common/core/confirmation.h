/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a person's app gives the codes of a credential that is being made. */
#ifndef TOTPGROUP_CORE_CONFIRMATION_H
#define TOTPGROUP_CORE_CONFIRMATION_H

#include <stdint.h>

#include "base/error.h"
#include "core/new_credential.h"

/* Only RIGHT confirms. Its value is unlikely to be in memory by chance. */
enum confirmation_verdict {
	CONFIRMATION_WRONG = 0,
	CONFIRMATION_OTHER_TIME, /* a code of the credential for another time */
	CONFIRMATION_NO_CODE,	 /* wrong number of digits */
	CONFIRMATION_RIGHT = 0x36d1e94b,
};

struct confirmation {
	enum confirmation_verdict verdict;
	int64_t step;	/* RIGHT: the time step of the code */
	int64_t offset; /* RIGHT and OTHER_TIME: otp_step_offset(), in seconds */
};

/*
 * Judges a code that was typed, possibly with blanks, for a credential whose codes
 * change with time. Codes of the current step and of the steps before and after it are
 * RIGHT; codes of up to 1500 steps away are OTHER_TIME. now is in seconds since 1970.
 *
 * Returns 0 with a verdict, or a TOTPGROUP_E... with a message and CONFIRMATION_WRONG.
 */
int confirmation_judge(const struct new_credential *credential, const char *typed, int64_t now,
	struct confirmation *confirmation, struct error *error);

#endif
