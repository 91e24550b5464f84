/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "separate_state.h"

#include "core/state.h"
#include "store/state_store.h"

/* Says which file the line is of. */
static void name_state(const struct login *login, struct error *error)
{
	const struct error line = *error;

	error_set(error, line.code,
		"%.150s, %.100s; once it is removed, spent codes are good again",
		login->state_path, line.message);
}

static int put_together(const struct login *login, const struct text *secret,
	const struct text *state, totpgroup_credential **credential, struct error *error)
{
	bool damaged_state;
	int status = state_apply(secret, state, credential, &damaged_state, error);

	if (status != 0 && damaged_state)
		name_state(login, error);
	return status;
}

int separate_state_look(const struct login *login, const struct text *secret,
	totpgroup_credential **credential, struct error *error)
{
	struct text state = TEXT_INIT;
	int status = state_store_look(login->state_path, &state, error);

	*credential = NULL;
	if (status == 0)
		status = put_together(login, secret, &state, credential, error);
	text_free(&state);
	return status;
}

/* A piece of work for login_as_identity(). */
struct read_work {
	const struct login *login;
	struct text *secret;
	struct error *error;
};

static int read_secret(void *argument)
{
	struct read_work *work = argument;

	return file_store_look(&work->login->rules, work->secret, work->error);
}

/* Where the state file cannot be made there is nothing in it. What is decided is
 * not recorded then, and commit says so. */
static int begin_state(
	const struct login *login, struct separate_state *work, struct error *error)
{
	int status =
		state_store_begin(login->state_path, &work->transaction, &work->state, error);

	if (status != TOTPGROUP_EUNWRITABLE)
		return status;
	work->unwritable = *error;
	*error = (struct error)ERROR_INIT;
	return 0;
}

int separate_state_begin(pam_handle_t *pamh, const struct login *login,
	struct separate_state *work, totpgroup_credential **credential, struct error *error)
{
	struct read_work read = {login, &work->secret, error};
	int status = begin_state(login, work, error);

	*credential = NULL;
	if (status == 0)
		status = login_as_identity(pamh, login, read_secret, &read, error);
	if (status == 0)
		status = put_together(login, &work->secret, &work->state, credential, error);
	return status;
}

int separate_state_commit(struct separate_state *work, const totpgroup_credential *credential,
	struct error *error)
{
	struct text next = TEXT_INIT;
	int status = state_extract(&work->secret, &work->state, credential, &next, error);

	if (status == 0 && next.length > 0 && work->transaction == NULL) {
		*error = work->unwritable;
		status = error->code;
	} else if (status == 0 && next.length > 0) {
		status = file_store_commit(work->transaction, &next, error);
		work->transaction = NULL;
	}
	text_free(&next);
	return status;
}

void separate_state_end(struct separate_state *work)
{
	file_store_abort(work->transaction);
	text_free(&work->secret);
	text_free(&work->state);
	*work = (struct separate_state)SEPARATE_STATE_INIT;
}
