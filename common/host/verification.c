/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One attempt: decided, recorded, and told to the log of a store that keeps one. */
#include "config.h"

#include "core/state.h"
#include "host/setuid_guard.h"
#include "host/user_credential.h"
#include "totpgroup.h"

/* What one attempt needs in a transaction. */
struct verification {
	const struct user_credential *credential;
	struct attempt attempt;
	struct decision decision;
};

/* Says what is spent, for stores that see to it themselves. */
static int note_spent(const struct store_record *record, const totpgroup_credential *parsed,
	const struct totpgroup_result *result, struct store_change *change, struct error *error)
{
	struct credential_parameters parameters;
	int status = 0;

	if (result->verdict != TOTPGROUP_ACCEPTED)
		return 0;
	change->value = result->step;
	if (result->method == TOTPGROUP_METHOD_TOTP) {
		change->spend = STORE_SPEND_TOTP;
		status = credential_parameters(parsed, &parameters, error);
		if (status == 0)
			change->value = result->step * parameters.period;
	} else if (result->method == TOTPGROUP_METHOD_HOTP) {
		change->spend = STORE_SPEND_HOTP;
	} else if (result->method == TOTPGROUP_METHOD_EMERGENCY) {
		change->spend = STORE_SPEND_CODE;
		if (record->apart)
			status = state_find_spent(
				&record->state, &change->state, change->digest, error);
	}
	return status;
}

/* The words of a decision for the log of a store. */
static struct store_note note_of(const struct user_credential *credential,
	const struct totpgroup_result *result, const char *device)
{
	bool accepted = result->verdict == TOTPGROUP_ACCEPTED;

	return (struct store_note){
		.service = credential->service,
		.rhost = credential->rhost,
		.result = accepted ? "accepted" : "refused",
		.reason = accepted ? NULL : totpgroup_reason_name(result->reason),
		.method = accepted ? totpgroup_method_name(result->method) : NULL,
		.device = device != NULL && *device != '\0' ? device : NULL,
		.offset = result->offset_known ? result->offset : 0,
	};
}

int user_credential_note(const struct user_credential *credential,
	const struct totpgroup_result *result, const char *device, struct error *error)
{
	const struct store_note note = note_of(credential, result, device);

	return credential->place != NULL ? store_note(credential->place, &note, error) : 0;
}

static int decide_on_record(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	struct verification *verification = argument;
	totpgroup_credential *parsed = NULL;
	int status = user_credential_parse(verification->credential, record, &parsed, error);

	verification->attempt.now = record->now;
	verification->decision = (struct decision)DECISION_INIT;
	if (status == 0)
		status = decide(parsed, &verification->attempt, &verification->decision, error);
	if (status == 0 && verification->decision.result.changed) {
		status = user_credential_change(record, parsed, change, error);
		if (status == 0)
			status = note_spent(
				record, parsed, &verification->decision.result, change, error);
	}
	change->note = note_of(verification->credential, &verification->decision.result,
		verification->decision.device);
	totpgroup_credential_free(parsed);
	return status;
}

/* Refuses. Only the offset of the clock is kept from the decision, for the log. */
static void refuse(struct decision *decision, int status)
{
	const struct totpgroup_result decided = decision->result;

	*decision = (struct decision)DECISION_INIT;
	decision->result.reason = user_credential_reason(status);
	decision->result.offset = decided.offset;
	decision->result.offset_known = decided.offset_known;
}

/*
 * The user who started a set-user-ID program can end it at any moment, if need be by its
 * control group, and may see by then which text is written. So its count is made first, in
 * a write of its own: then nothing is known that was not counted.
 *
 * Such an attempt has no verdict but that the limit was reached. True where the code may
 * be judged; otherwise *status is that of the transaction.
 */
static bool count_first(struct verification *verification, bool may_be_unrecorded, int *status,
	struct error *error)
{
	struct attempt attempt = verification->attempt;
	bool is_unlimited;

	if (!setuid_is_set() || !attempt.count || attempt.typed == NULL)
		return true;
	verification->attempt.typed = NULL;
	verification->attempt.last = false;
	*status = store_transact(
		verification->credential->place, decide_on_record, verification, error);
	attempt.count = false;
	attempt.now = verification->attempt.now;
	verification->attempt = attempt;
	is_unlimited =
		verification->decision.result.reason == TOTPGROUP_REASON_CONVERSATION &&
		(*status == 0 || (*status == TOTPGROUP_EUNWRITABLE && may_be_unrecorded));
	if (is_unlimited)
		*error = (struct error)ERROR_INIT;
	return is_unlimited;
}

/* Somebody else spent the code, on another host. What was decided stays for the log. */
static void refuse_spent(struct decision *decision, struct error *error)
{
	decision->result.verdict = TOTPGROUP_REFUSED;
	decision->result.reason = TOTPGROUP_REASON_REUSED;
	decision->result.method = TOTPGROUP_METHOD_NONE;
	decision->no_match = false;
	*error = (struct error)ERROR_INIT;
}

/* Tells the log of the store about a user who could not be judged, where the store answered: a
 * missing line would tell who is enrolled, and so would an error that only others get. */
static int note_failure(const struct user_credential *credential, struct decision *decision,
	int status, struct error *error)
{
	struct error of_log = ERROR_INIT;

	if (status != TOTPGROUP_ENOTFOUND && status != TOTPGROUP_EFORMAT &&
		status != TOTPGROUP_ECRYPTO)
		return status;
	if (user_credential_note(credential, &decision->result, NULL, &of_log) == 0)
		return status;
	*error = of_log;
	refuse(decision, error->code);
	return error->code;
}

int user_credential_pretend(const struct user_credential *credential, struct decision *decision,
	int status, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	struct error of_store = ERROR_INIT;
	int looked;

	if (credential->place == NULL)
		return status;
	looked = store_look(credential->place, &record, &of_store);
	store_record_free(&record);
	if (looked == 0 || looked == TOTPGROUP_ENOTFOUND || looked == TOTPGROUP_EFORMAT ||
		looked == TOTPGROUP_ECRYPTO)
		return note_failure(credential, decision, status, error);
	*error = of_store;
	refuse(decision, looked);
	return looked;
}

int user_credential_verify(const struct user_credential *credential, struct attempt *attempt,
	struct decision *decision, struct error *unrecorded, struct error *error)
{
	struct verification verification = {credential, *attempt, DECISION_INIT};
	struct setuid_guard guard;
	int status;

	setuid_guard_begin(&guard);
	if (count_first(&verification, unrecorded != NULL, &status, error))
		status = store_transact(
			credential->place, decide_on_record, &verification, error);
	setuid_guard_end(&guard);
	attempt->now = verification.attempt.now;
	*decision = verification.decision;
	if (status == TOTPGROUP_EUNWRITABLE && unrecorded != NULL) {
		*unrecorded = *error;
		*error = (struct error)ERROR_INIT;
		return 0;
	}
	if (status == STORE_SPENT) {
		refuse_spent(decision, error);
		return 0;
	}
	if (status != 0) {
		refuse(decision, status);
		status = note_failure(credential, decision, status, error);
	}
	return status;
}
