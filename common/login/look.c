/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is known about the credential before anybody is asked: is there one, is it limited
 * now, does a grace period apply? */
#include "config.h"

#include "core/device.h"
#include "core/judge.h"
#include "core/pending.h"
#include "core/state.h"
#include "login/login.h"

static void tell_result(const struct login *login, const struct totpgroup_result *result)
{
	if (result->verdict == TOTPGROUP_ACCEPTED)
		login_tell(login, "grace",
			"a code was accepted from here within the last %lld s",
			(long long)login->options.grace_period);
	else if (result->reason == TOTPGROUP_REASON_RATE_LIMITED)
		login_tell(login, "rate limit", "reached; again in %lld s",
			(long long)result->retry_after);
	else if (result->reason == TOTPGROUP_REASON_NONE)
		login_tell(login, "rate limit", "not reached");
}

static void tell_credential(const struct login *login,
	const struct credential_parameters *parameters, const struct devices *devices,
	const struct pending *pending)
{
	if (pending->pending)
		login_tell(login, "secret", "%s, by PENDING_UNTIL",
			pending->expired ? "was not confirmed in time"
					 : "waits for a first good code");
	login_tell(login, "secret", "%s, %u digits, period %u s, window %u",
		parameters->totp	       ? "TOTP"
		: parameters->hotp_counter > 0 ? "HOTP"
					       : "emergency codes alone",
		parameters->digits, parameters->period, parameters->window);
	if (devices->count > 1)
		login_tell(
			login, "secret", "%zu devices, any of which will do", devices->count);
}

/* For an explanation: finds out now what a login would learn only after the prompt. */
static void examine(struct login *login, const totpgroup_credential *parsed, int64_t now)
{
	struct credential_parameters parameters;
	struct pending pending = {.pending = false};
	struct devices devices;
	int status = credential_judge(parsed, &login->error);

	if (status == 0)
		status = credential_parameters(parsed, &parameters, &login->error);
	if (status == 0)
		status = devices_read(parsed, &devices, &login->error);
	if (status == 0)
		status = pending_look(parsed, now, &pending, &login->error);
	if (status != 0 || pending.expired) {
		login->usable = false;
		login->unusable = status != 0 ? user_credential_reason(status)
					      : TOTPGROUP_REASON_PENDING_EXPIRED;
	}
	if (status == 0)
		tell_credential(login, &parameters, &devices, &pending);
}

/* Judges what the texts say before anybody is asked; false where that is final. */
static bool look_at_record(struct login *login, const struct store_record *record)
{
	totpgroup_credential *parsed = NULL;
	struct totpgroup_result *result = &login->decision.result;
	struct attempt attempt;
	int status = user_credential_parse(&login->credential, record, &parsed, &login->error);

	if (record->apart)
		login_tell(login, "state", "%s, kept apart from the secret: %s",
			login->credential.place->state_name,
			status == 0 ? "as it should be" : login->error.message);
	if (status != 0) {
		login->unusable = user_credential_reason(status);
		return true;
	}
	login_begin_attempt(login, &attempt);
	attempt.now = record->now;
	status = decide_before_prompt(parsed, &attempt, result, &login->error);
	login->usable = status == 0;
	login->unusable = TOTPGROUP_REASON_STORE_ERROR;
	if (login->explains)
		examine(login, parsed, record->now);
	totpgroup_credential_free(parsed);
	tell_result(login, result);
	return result->verdict != TOTPGROUP_ACCEPTED && result->reason == TOTPGROUP_REASON_NONE;
}

/* Whether the login itself may offer a secret. There must have been a factor before this
 * one: sshd names a completed method, or an earlier module left a password. Whether that
 * password was right no module can see, so the administrator's stack has to end where it
 * was not. use_first_pass never prompts, and with forward_pass the password is still to be
 * judged by the modules that follow. */
static bool may_offer_enrollment(const struct login *login)
{
	const struct options *options = &login->options;
	const char *methods = login->facts.ssh_auth_info;

	if (!options->enroll || options->use_first_pass || options->forward_pass)
		return false;
	return !login->facts.is_silent &&
	       ((methods != NULL && *methods != '\0') || login->facts.has_password);
}

static bool look_at_unenrolled(struct login *login, int64_t now)
{
	bool passes;

	if (login->credential.user == NULL)
		return true;
	login->is_unenrolled = true;
	passes = login_may_pass_unenrolled(login, now);
	if (login->decision.result.reason != TOTPGROUP_REASON_NONE)
		return false;
	return login_go_on_unenrolled(login, passes);
}

bool login_go_on_unenrolled(struct login *login, bool passes)
{
	login->enrollment_due = may_offer_enrollment(login);
	if (login->enrollment_due)
		login_tell(login, "enroll", "a secret is offered, which %s",
			passes ? "may be passed over" : "must be confirmed");
	return login->enrollment_due || !passes;
}

static void tell_secret(const struct login *login, const char *found)
{
	const struct user_credential *credential = &login->credential;

	if (credential->shared != NULL)
		login_tell(login, "secret", "%s: %s", credential->place->name, found);
	else
		login_tell(login, "secret", "%s, read with the rights of uid %u: %s",
			credential->place->name, credential->owner->pw_uid, found);
}

/* After an error the secret alone was read where it is the state that is to blame. */
static void tell_what_was_read(
	const struct login *login, const struct store_record *record, int status)
{
	const struct user_credential *credential = &login->credential;
	bool is_secret_there = status == 0 || record->secret.length > 0;

	if (*record->secret_key != '\0' && credential->shared == NULL)
		login_tell(login, "secret", "sealed with the key %s of %s", record->secret_key,
			login->options.seal_key != NULL ? login->options.seal_key
							: "nobody knows where");
	tell_secret(login, is_secret_there		   ? "there"
			   : status == TOTPGROUP_ENOTFOUND ? "not there"
							   : login->error.message);
	if (status != 0 && is_secret_there)
		login_tell(login, "state", "%s, kept apart from the secret: %s",
			credential->place->state_name, login->error.message);
}

/* Whether this user can have a credential. If not, she is asked all the same. */
static bool has_place(struct login *login)
{
	int status = user_credential_locate(&login->credential, &login->error);

	if (status != 0)
		login->unusable = user_credential_reason(status);
	return login->credential.place != NULL;
}

/* Whether a user who has no secret had one that nobody revoked, as the state tells. It may
 * be in a home that is not mounted, so nobody else may have one made. */
static bool has_lost_secret(struct login *login, const struct store_record *record)
{
	const char *name = login->credential.place->state_name;
	bool enrolled = false;
	int status = record->state_status;

	if (!record->apart)
		return false;
	if (status == 0)
		status = state_is_enrolled(&record->state, &enrolled, &login->error);
	if (status == 0 && !enrolled)
		return false;
	login->unusable = TOTPGROUP_REASON_STORE_ERROR;
	error_set(&login->error, TOTPGROUP_ESYSTEM,
		status == 0 ? "the secret is missing, although %.150s knows one: is the home "
			      "folder mounted? If it is gone for good, use totp-enroll revoke"
			    : "there is no secret, and %.150s cannot be read",
		name);
	login_tell(login, "state", "%s", login->error.message);
	return true;
}

bool login_look(struct login *login)
{
	struct store_record record = STORE_RECORD_INIT;
	bool ask = true, is_unenrolled, is_stranger;
	int64_t now;
	int status;

	if (options_socket(&login->options) != NULL)
		return login_look_by_daemon(login);
	if (login->unusable != TOTPGROUP_REASON_NOT_ENROLLED || !has_place(login))
		return true;
	status = user_credential_look(&login->credential, &record, &login->error);
	tell_what_was_read(login, &record, status);
	/* A store that hosts share may know a user whom this host does not. */
	is_stranger = status == 0 && login->credential.shared != NULL &&
		      login->credential.user == NULL;
	if (is_stranger)
		login->unusable = TOTPGROUP_REASON_NOT_ENROLLED;
	else if (status == 0)
		ask = look_at_record(login, &record);
	else
		login->unusable = user_credential_reason(status);
	is_unenrolled = status == TOTPGROUP_ENOTFOUND && !has_lost_secret(login, &record);
	now = record.now;
	store_record_free(&record);
	return is_unenrolled ? look_at_unenrolled(login, now) : ask;
}
