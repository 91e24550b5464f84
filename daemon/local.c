/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/local.h"

#include "host/local_codes.h"
#include "totpgroup.h"

/* Nobody is let in without a trace. The code is spent, whatever comes of that. */
static void keep_trace(const struct work *work, struct decision *decision, struct error *error)
{
	if (local_log_add(&work->call, error) == 0)
		return;
	*decision = (struct decision)DECISION_INIT;
	decision->result.reason = TOTPGROUP_REASON_STORE_ERROR;
}

bool local_verify(const struct work *work, struct user_store *store,
	const struct attempt *attempt, struct decision *decision, struct error *error)
{
	const struct configuration *configuration = user_store_configuration(store);
	struct error of_store = *error, of_codes = ERROR_INIT;

	if (!local_codes_are_on(configuration))
		return false;
	if (!local_codes_judge(configuration, work->call.user, attempt, decision, &of_codes)) {
		/* Most texts are no such code, and of them there is nothing to say. */
		if (of_codes.code != TOTPGROUP_EARGUMENT)
			error_set(error, of_store.code, "%.180s; no code of this host: %.100s",
				of_store.message, of_codes.message);
		return false;
	}
	*error = of_codes;
	if (decision->result.verdict == TOTPGROUP_ACCEPTED)
		keep_trace(work, decision, error);
	return true;
}
