/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "file_state.h"

#include <time.h>

#include "config/configuration.h"
#include "core/state.h"
#include "store/secret_path.h"
#include "store/state_store.h"

/* How often to decide anew because somebody else changed the state. */
#define CONFLICTS_MAX 10

int file_state_path(const struct host_defaults *defaults, const char *user, char **path,
	struct error *error)
{
	const char *specification = defaults->configuration->options.state;

	*path = NULL;
	return specification != NULL
		       ? secret_path_expand(specification, user, NULL, path, error)
		       : 0;
}

/* Ends the transaction. */
static int commit(struct file_store_transaction *transaction, const struct text *secret,
	const struct text *state, const totpgroup_credential *credential, struct error *error)
{
	struct text next = TEXT_INIT;
	int status = state_extract(secret, state, credential, &next, error);

	if (status == 0 && next.length > 0)
		status = file_store_commit(transaction, &next, error);
	else
		file_store_abort(transaction);
	text_free(&next);
	return status;
}

/* Says which file a line is of that is damaged. */
static void name_state(const char *path, struct error *error)
{
	const struct error line = *error;

	error_set(error, line.code, "%.150s, %.100s", path, line.message);
}

static int try_once(const struct user_file *file, const char *path, struct attempt *attempt,
	struct decision *decision, struct error *error)
{
	struct file_store_transaction *transaction = NULL;
	totpgroup_credential *credential = NULL;
	struct text secret = TEXT_INIT, state = TEXT_INIT;
	bool damaged_state = false;
	int status = state_store_begin(path, &transaction, &state, error);

	if (status == 0)
		status = user_file_read(file, &secret, error);
	if (status == 0)
		status = state_apply(&secret, &state, &credential, &damaged_state, error);
	if (damaged_state)
		name_state(path, error);
	attempt->now = (int64_t)time(NULL);
	if (status == 0)
		status = decide(credential, attempt, decision, error);
	if (status == 0 && decision->result.changed) {
		status = commit(transaction, &secret, &state, credential, error);
		transaction = NULL;
	}
	file_store_abort(transaction);
	totpgroup_credential_free(credential);
	text_free(&secret);
	text_free(&state);
	return status;
}

int file_state_verify(const struct user_file *file, const char *path, struct attempt *attempt,
	struct decision *decision, struct error *error)
{
	int status = TOTPGROUP_ECONFLICT;

	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++) {
		*decision = (struct decision)DECISION_INIT;
		*error = (struct error)ERROR_INIT;
		status = try_once(file, path, attempt, decision, error);
	}
	if (status != 0)
		*decision = (struct decision)DECISION_INIT;
	return status;
}
