/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Steps 1 to 4 of a login: what is known before anybody is asked. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "core/device.h"
#include "core/pending.h"
#include "gate/gate.h"
#include "pam/enrollment.h"
#include "pam/flow_state.h"
#include "pam/log.h"
#include "store/credential_place.h"

#define NOTE_MAX 400

void flow_end(struct flow *flow)
{
	login_free(&flow->login);
	configuration_free(&flow->configuration);
}

void flow_refuse(struct flow *flow, enum totpgroup_reason reason)
{
	flow->decision.result.verdict = TOTPGROUP_REFUSED;
	flow->decision.result.reason = reason;
	flow->decision.no_match = false;
}

void flow_note(const struct flow *flow, const char *step, const char *format, ...)
{
	char line[NOTE_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (flow->watcher != NULL)
		flow->watcher->tell(flow->watcher->context, step, line);
	else
		log_debug(flow->pamh, &flow->options, "%s: %s", step, line);
}

/* The files that were read, the one that overrules the others first. */
static void note_files(const struct flow *flow)
{
	const struct configuration_path *file = NULL;
	const char *path;

	while ((file = configuration_next_path(&flow->configuration, file, &path)) != NULL)
		flow_note(flow, "conf", "%s", path);
}

/* Step 1. */
static bool read_options(struct flow *flow, int argc, const char *const *argv)
{
	int status;

	login_name(flow->pamh, &flow->login);
	status = configuration_load(&flow->configuration, argc, argv, &flow->error);
	flow->options = flow->configuration.options;
	options_leave_to_daemon(&flow->options);
	if (status == 0) {
		note_files(flow);
		return true;
	}
	flow_refuse(flow, TOTPGROUP_REASON_CONFIG_ERROR);
	return false;
}

/* Step 2. A user without a place for a credential is asked all the same. */
static bool find_login(struct flow *flow)
{
	int status = login_find(flow->pamh, &flow->options, &flow->login, &flow->error);

	if (status == TOTPGROUP_ECONFIG) {
		flow_refuse(flow, TOTPGROUP_REASON_CONFIG_ERROR);
		return false;
	}
	flow_note(flow, "user", "%s",
		flow->login.place.account == NULL ? "unknown to the system: asked, and refused"
						  : "known to the system");
	flow->unusable =
		status == 0 ? TOTPGROUP_REASON_NOT_ENROLLED : credential_place_reason(status);
	return true;
}

static void pass_note_on(void *context, const char *step, const char *line)
{
	flow_note(context, step, "%s", line);
}

/* In place of SSH_CONNECTION, in a session: PAM_RHOST counts where there is one, and
 * else nothing that could be a place to skip. */
static const char *session_connection(const struct login *login)
{
	bool has_host = login->host != NULL && *login->host != '\0';

	return !has_host && login->ssh_connection != NULL ? "" : NULL;
}

/* Step 3. */
static bool pass_gate(struct flow *flow)
{
	const struct login *login = &flow->login;
	const struct gate_rules rules = {
		.services = flow->options.services,
		.group = flow->options.group,
		.skip_net = flow->options.skip_net,
		.skip_after = flow->options.skip_after,
	};
	const struct gate_facts facts = {
		.service = login->service,
		.user = login->user,
		.user_known = login->place.account != NULL,
		.primary_gid =
			login->place.account != NULL ? login->place.account->pw_gid : (gid_t)-1,
		.rhost = login->host,
		.ssh_connection =
			flow->is_session ? session_connection(login) : login->ssh_connection,
		.ssh_auth_info = login->ssh_auth_info,
	};
	const struct gate_note note = {pass_note_on, flow};
	struct gate_answer answer = gate_judge(&rules, &facts, &note, &flow->error);

	if (answer.gate == GATE_ASK)
		return true;
	if (answer.gate == GATE_SKIP) {
		flow->skip = SKIP_GATE;
		flow->skip_reason = answer.reason;
	} else {
		flow_refuse(flow, flow->error.code == TOTPGROUP_ECONFIG
					  ? TOTPGROUP_REASON_CONFIG_ERROR
					  : TOTPGROUP_REASON_GROUP_ERROR);
	}
	return false;
}

void flow_begin_attempt(const struct flow *flow, struct attempt *attempt)
{
	*attempt = (struct attempt)ATTEMPT_INIT;
	attempt->now = (int64_t)time(NULL);
	attempt->grace = (struct grace_key){flow->login.service, flow->login.peer};
	attempt->grace_period = flow->options.grace_period;
	attempt->count = !flow->counted;
	attempt->disallow_reuse = flow->options.disallow_reuse;
	attempt->no_skew_adjust = flow->options.noskewadj;
	attempt->no_increment_hotp = flow->options.no_increment_hotp;
	attempt->blocked_uncounted = flow->options.strict;
}

static void note_result(const struct flow *flow, const struct totpgroup_result *result)
{
	if (result->verdict == TOTPGROUP_ACCEPTED)
		flow_note(flow, "grace", "a code was accepted from here within the last %lld s",
			(long long)flow->options.grace_period);
	else if (result->reason == TOTPGROUP_REASON_RATE_LIMITED)
		flow_note(flow, "rate limit", "reached; again in %lld s",
			(long long)result->retry_after);
	else if (result->reason == TOTPGROUP_REASON_NONE)
		flow_note(flow, "rate limit", "not reached");
}

/* Of a credential that whoever explains has read: what counts, or what is wrong,
 * which a login learns after the prompt. */
static void examine(struct flow *flow, const totpgroup_credential *credential)
{
	struct credential_parameters parameters;
	struct pending pending = {.pending = false};
	struct devices devices;
	struct hmac *hmac = NULL;
	int status = credential_open_hmac(credential, &hmac, &flow->error);

	hmac_close(hmac);
	if (status == 0)
		status = credential_parameters(credential, &parameters, &flow->error);
	if (status == 0)
		status = devices_read(credential, &devices, &flow->error);
	if (status == 0)
		status = pending_look(credential, (int64_t)time(NULL), &pending, &flow->error);
	if (status != 0 || pending.expired) {
		flow->usable = false;
		flow->unusable = status != 0 ? credential_place_reason(status)
					     : TOTPGROUP_REASON_PENDING_EXPIRED;
	}
	if (status != 0)
		return;
	if (pending.pending)
		flow_note(flow, "secret", "%s, by PENDING_UNTIL",
			pending.expired ? "was not confirmed in time"
					: "waits for a first good code");
	flow_note(flow, "secret", "%s, %u digits, period %u s, window %u",
		parameters.totp		      ? "TOTP"
		: parameters.hotp_counter > 0 ? "HOTP"
					      : "emergency codes alone",
		parameters.digits, parameters.period, parameters.window);
	if (devices.count > 1)
		flow_note(flow, "secret", "%zu devices, any of which will do", devices.count);
}

/* The credential of a text that was read, with its state where that is kept
 * apart. */
static int load(struct flow *flow, const struct text *text, totpgroup_credential **credential)
{
	const struct credential_place *place = &flow->login.place.credential;
	int status = credential_place_load(place, text, credential, &flow->error);

	if (place->state != NULL)
		flow_note(flow, "state", "%s, kept apart from the secret: %s", place->state,
			status == 0 ? "as it should be" : flow->error.message);
	return status;
}

/* What the text says before anybody is asked; false where that is final. */
static bool look_at_text(struct flow *flow, const struct text *text)
{
	totpgroup_credential *credential = NULL;
	struct totpgroup_result *result = &flow->decision.result;
	struct attempt attempt;
	int status;

	status = load(flow, text, &credential);
	if (status != 0) {
		flow->unusable = credential_place_reason(status);
		return true;
	}
	flow_begin_attempt(flow, &attempt);
	status = decide_before_prompt(credential, &attempt, result, &flow->error);
	flow->usable = status == 0;
	flow->unusable = TOTPGROUP_REASON_STORE_ERROR;
	if (flow->watcher != NULL)
		examine(flow, credential);
	totpgroup_credential_free(credential);
	note_result(flow, result);
	return result->verdict != TOTPGROUP_ACCEPTED && result->reason == TOTPGROUP_REASON_NONE;
}

/* A user without a file. */
static bool look_at_nothing(struct flow *flow)
{
	bool passes;

	if (flow->login.place.account == NULL)
		return true;
	passes = roll_out_passes(flow);
	if (flow->decision.result.reason != TOTPGROUP_REASON_NONE)
		return false;
	flow->enrollment_due =
		enrollment_is_due(flow->pamh, flow->flags, &flow->options, &flow->login);
	if (flow->enrollment_due)
		flow_note(flow, "enroll", "a secret is offered, which %s",
			passes ? "may be passed over" : "must be confirmed");
	return flow->enrollment_due || !passes;
}

/* What there is to look at is the daemon's; a place for a secret is not needed. */
static bool leave_to_daemon(struct flow *flow)
{
	flow_note(flow, "store", "store=%s: totp-verifyd has the secret, and decides",
		flow->options.store);
	flow->usable = flow->login.place.account != NULL &&
		       flow->unusable == TOTPGROUP_REASON_NOT_ENROLLED;
	flow->error = (struct error)ERROR_INIT;
	return true;
}

/* Step 4, first half: is there a credential, is it limited, does grace apply? */
static bool look(struct flow *flow)
{
	struct text text = TEXT_INIT;
	const struct user_place *place = &flow->login.place;
	bool go_on = true;
	int status;

	if (options_socket(&flow->options) != NULL)
		return leave_to_daemon(flow);
	if (place->path == NULL)
		return true;
	status = credential_place_read(&place->credential, &text, &flow->error);
	flow_note(flow, "secret", "%s, read with the rights of uid %u%s%s", place->path,
		place->identity->pw_uid, status == 0 ? ": there" : ": ",
		status == 0			? ""
		: status == TOTPGROUP_ENOTFOUND ? "not there"
						: flow->error.message);
	if (status == 0)
		go_on = look_at_text(flow, &text);
	else
		flow->unusable = credential_place_reason(status);
	text_free(&text);
	return status == TOTPGROUP_ENOTFOUND ? look_at_nothing(flow) : go_on;
}

bool flow_approach(struct flow *flow, int argc, const char *const *argv)
{
	return read_options(flow, argc, argv) && find_login(flow) && pass_gate(flow) &&
	       look(flow);
}
