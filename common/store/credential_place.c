/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/credential_place.h"

#include <time.h>

#include "core/state.h"
#include "store/state_store.h"
#include "totpgroup.h"

/* How often to decide anew because somebody else changed the file. */
#define CONFLICTS_MAX 10

/* A credential between begin and commit. Holds secrets. */
struct transaction {
	const struct credential_place *place;
	struct file_store_transaction
		*file; /* that is locked: the state's, where it is apart */
	struct text secret;
	struct text state;
	totpgroup_credential *credential;
	struct error unwritable; /* why there is no file of the state: what commit reports */
};

/* What comes of an attempt. */
struct verification {
	const struct credential_place *place;
	struct attempt attempt;
	struct decision decision;
	bool may_be_unrecorded;
	struct error unrecorded;
};

struct creation {
	const struct credential_place *place;
	const struct text *text;
	mode_t mode;
};

static int with_rights(const struct credential_place *place, rights_work work, void *argument,
	size_t size, struct text *text, struct error *error)
{
	if (place->with_rights == NULL)
		return work(argument, text, error);
	return place->with_rights(place->context, work, argument, size, text, error);
}

static int look(void *argument, struct text *text, struct error *error)
{
	const struct credential_place *const *place = argument;

	return file_store_look(&(*place)->rules, text, error);
}

int credential_place_read(
	const struct credential_place *place, struct text *secret, struct error *error)
{
	return with_rights(place, look, &place, sizeof place, secret, error);
}

static int put_together(const struct credential_place *place, const struct text *secret,
	const struct text *state, totpgroup_credential **credential, struct error *error)
{
	bool damaged_state;
	int status = state_apply(secret, state, credential, &damaged_state, error);
	const struct error line = *error;

	/* The line is not one of the secret's file, which is the one that is named
	 * elsewhere. */
	if (status != 0 && damaged_state)
		error_set(error, line.code,
			"%.150s, %.100s; once it is removed, spent codes are good again",
			place->state, line.message);
	return status;
}

int credential_place_load(const struct credential_place *place, const struct text *secret,
	totpgroup_credential **credential, struct error *error)
{
	struct text state = TEXT_INIT;
	int status;

	*credential = NULL;
	if (place->state == NULL)
		return credential_load(credential, secret->data, secret->length, error);
	status = state_store_look(place->state, &state, error);
	if (status == 0)
		status = put_together(place, secret, &state, credential, error);
	text_free(&state);
	return status;
}

/* Where the file of the state cannot be made there is nothing in it. What is decided is
 * not recorded then, and commit says so. */
static int begin_state(struct transaction *transaction, struct error *error)
{
	int status = state_store_begin(
		transaction->place->state, &transaction->file, &transaction->state, error);

	if (status != TOTPGROUP_EUNWRITABLE)
		return status;
	transaction->unwritable = *error;
	*error = (struct error)ERROR_INIT;
	return 0;
}

static int begin_apart(struct transaction *transaction, struct error *error)
{
	int status = begin_state(transaction, error);

	if (status == 0)
		status = credential_place_read(transaction->place, &transaction->secret, error);
	if (status == 0)
		status = put_together(transaction->place, &transaction->secret,
			&transaction->state, &transaction->credential, error);
	return status;
}

/* Step 5 of a login. */
static int begin(struct transaction *transaction, struct error *error)
{
	int status;

	if (transaction->place->state != NULL)
		return begin_apart(transaction, error);
	status = file_store_begin(
		&transaction->place->rules, &transaction->file, &transaction->secret, error);
	if (status == 0)
		status = credential_load(&transaction->credential, transaction->secret.data,
			transaction->secret.length, error);
	return status;
}

/* Ends the lock, too. */
static int commit_text(
	struct transaction *transaction, const struct text *text, struct error *error)
{
	int status = file_store_commit(transaction->file, text, error);

	transaction->file = NULL;
	return status;
}

static int commit_apart(struct transaction *transaction, struct error *error)
{
	struct text next = TEXT_INIT;
	int status = state_extract(&transaction->secret, &transaction->state,
		transaction->credential, &next, error);

	if (status == 0 && next.length > 0 && transaction->file == NULL) {
		*error = transaction->unwritable;
		status = error->code;
	} else if (status == 0 && next.length > 0) {
		status = commit_text(transaction, &next, error);
	}
	text_free(&next);
	return status;
}

/* Step 7. */
static int commit(struct transaction *transaction, struct error *error)
{
	if (transaction->place->state != NULL)
		return commit_apart(transaction, error);
	return commit_text(transaction, &transaction->credential->text, error);
}

static void end(struct transaction *transaction)
{
	file_store_abort(transaction->file);
	totpgroup_credential_free(transaction->credential);
	text_free(&transaction->secret);
	text_free(&transaction->state);
}

static int decide_once(struct verification *verification, struct error *error)
{
	struct transaction transaction = {
		.place = verification->place, .secret = TEXT_INIT, .state = TEXT_INIT};
	int status = begin(&transaction, error);

	/* Read under the lock, so that of two logins the later one has the later time,
	 * and drops nothing of the earlier one as being in its future. */
	verification->attempt.now = (int64_t)time(NULL);
	if (status == 0)
		status = decide(transaction.credential, &verification->attempt,
			&verification->decision, error);
	if (status == 0 && verification->decision.result.changed)
		status = commit(&transaction, error);
	end(&transaction);
	return status;
}

/* Whether the verdict stands although its state could not be written. */
static bool is_forgiven(struct verification *verification, int status, struct error *error)
{
	if (status != TOTPGROUP_EUNWRITABLE || !verification->may_be_unrecorded)
		return false;
	verification->unrecorded = *error;
	*error = (struct error)ERROR_INIT;
	return true;
}

static int decide_until_committed(void *argument, struct text *text, struct error *error)
{
	struct verification *verification = argument;
	int status = TOTPGROUP_ECONFLICT;

	(void)text;
	for (int i = 0; i < CONFLICTS_MAX && status == TOTPGROUP_ECONFLICT; i++) {
		verification->decision = (struct decision)DECISION_INIT;
		*error = (struct error)ERROR_INIT;
		status = decide_once(verification, error);
	}
	return is_forgiven(verification, status, error) ? 0 : status;
}

enum totpgroup_reason credential_place_reason(int status)
{
	switch (status) {
	case TOTPGROUP_EUNSAFE:
	case TOTPGROUP_EFORMAT:
		return TOTPGROUP_REASON_BAD_FILE;
	case TOTPGROUP_ENOTFOUND:
	case TOTPGROUP_EARGUMENT:
		return TOTPGROUP_REASON_NOT_ENROLLED;
	case TOTPGROUP_ECONFIG:
		return TOTPGROUP_REASON_CONFIG_ERROR;
	default:
		return TOTPGROUP_REASON_STORE_ERROR;
	}
}

/* Of what was decided there is left by how much the clock was off, for the log. */
static void refuse(struct decision *decision, int status)
{
	const struct totpgroup_result decided = decision->result;

	*decision = (struct decision)DECISION_INIT;
	decision->result.reason = credential_place_reason(status);
	decision->result.offset = decided.offset;
	decision->result.offset_known = decided.offset_known;
}

int credential_place_verify(const struct credential_place *place, struct attempt *attempt,
	struct decision *decision, struct error *unrecorded, struct error *error)
{
	struct verification verification = {
		.place = place,
		.attempt = *attempt,
		.decision = DECISION_INIT,
		.may_be_unrecorded = unrecorded != NULL,
		.unrecorded = ERROR_INIT,
	};
	int status;

	if (place->state == NULL)
		status = with_rights(place, decide_until_committed, &verification,
			sizeof verification, NULL, error);
	else
		status = decide_until_committed(&verification, NULL, error);
	attempt->now = verification.attempt.now;
	*decision = verification.decision;
	if (status != 0)
		refuse(decision, status);
	else if (unrecorded != NULL)
		*unrecorded = verification.unrecorded;
	return status;
}

static int create(void *argument, struct text *text, struct error *error)
{
	const struct creation *creation = argument;

	(void)text;
	return file_store_create(
		&creation->place->rules, creation->text, creation->mode, false, error);
}

int credential_place_create(const struct credential_place *place, const struct text *text,
	mode_t mode, struct error *error)
{
	struct creation creation = {place, text, mode};

	return with_rights(place, create, &creation, sizeof creation, NULL, error);
}
