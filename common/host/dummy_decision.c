/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/dummy_decision.h"

#include <string.h>

/* What totp-enroll writes. That the secret is known to everybody is no harm:
 * the verdict on it never leaves this file. */
static const char text[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
			   "\" RATE_LIMIT 3 30\n"
			   "\" WINDOW_SIZE 3\n"
			   "\" DISALLOW_REUSE\n"
			   "\" TOTP_AUTH\n";

void dummy_decide(const struct attempt *attempt)
{
	totpgroup_credential *credential = NULL;
	struct decision decision = DECISION_INIT;
	struct error error = ERROR_INIT;

	if (credential_load(&credential, text, strlen(text), &error) == 0)
		(void)decide(credential, attempt, &decision, &error);
	totpgroup_credential_free(credential);
}
