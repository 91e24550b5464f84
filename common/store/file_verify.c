/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/file_verify.h"

#include <time.h>

#include "base/text.h"
#include "core/credential.h"
#include "totpgroup.h"

/* How often to begin again because somebody else changed the file. */
#define CONFLICTS_MAX 10

static int verify_once(const struct file_store_rules *rules, struct attempt *attempt,
	struct decision *decision, struct error *error)
{
	struct file_store_transaction *transaction = NULL;
	totpgroup_credential *credential = NULL;
	struct text text = TEXT_INIT;
	int status = file_store_begin(rules, &transaction, &text, error);

	if (status == 0)
		status = credential_load(&credential, text.data, text.length, error);
	/* Read under the lock, so that of two attempts the later one has the later
	 * time. */
	attempt->now = (int64_t)time(NULL);
	if (status == 0)
		status = decide(credential, attempt, decision, error);
	if (status == 0 && decision->result.changed) {
		status = file_store_commit(transaction, &credential->text, error);
		transaction = NULL;
	}
	file_store_abort(transaction);
	totpgroup_credential_free(credential);
	text_free(&text);
	return status;
}

int file_verify(const struct file_store_rules *rules, struct attempt *attempt,
	struct decision *decision, struct error *error)
{
	int status = TOTPGROUP_ECONFLICT;

	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++) {
		*decision = (struct decision)DECISION_INIT;
		*error = (struct error)ERROR_INIT;
		status = verify_once(rules, attempt, decision, error);
	}
	if (status == 0)
		return 0;
	*decision = (struct decision)DECISION_INIT;
	decision->result.reason = status == TOTPGROUP_EFORMAT || status == TOTPGROUP_EUNSAFE
					  ? TOTPGROUP_REASON_BAD_FILE
					  : TOTPGROUP_REASON_STORE_ERROR;
	return status;
}
