/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "verify.h"

#include <stdlib.h>

#include "base/wipe.h"
#include "help.h"
#include "hidden_line.h"
#include "host_defaults.h"
#include "json_output.h"
#include "life_options.h"
#include "store/credential_place.h"
#include "terminal.h"
#include "totpgroup.h"
#include "user_file.h"

/* A change that could break a program that reads it makes this greater. */
#define JSON_VERSION 1

/* Longer than any code with blanks in it. */
#define LINE_SIZE 256

/* One verification on its way. */
struct verification {
	struct life_options options;
	struct host_defaults defaults;
	struct user_file file;
	char line[LINE_SIZE];
	struct totpgroup_result result;
	struct error error;
};

static enum exit_status status_of(const struct totpgroup_result *result)
{
	if (result->verdict == TOTPGROUP_ACCEPTED)
		return STATUS_DONE;
	switch (result->reason) {
	case TOTPGROUP_REASON_WRONG_CODE:
	case TOTPGROUP_REASON_REUSED:
	case TOTPGROUP_REASON_PENDING_EXPIRED:
		return STATUS_REFUSED;
	case TOTPGROUP_REASON_RATE_LIMITED:
		return STATUS_LIMITED;
	default:
		return STATUS_STORE_ERROR;
	}
}

/* Nothing is counted where nothing was read. */
static enum exit_status read_code(struct verification *verification)
{
	if (hidden_line_read("Verification code: ", verification->line, LINE_SIZE))
		return STATUS_DONE;
	error_set(&verification->error, TOTPGROUP_EARGUMENT,
		"no code on standard input: nothing was tried");
	verification->result.reason = TOTPGROUP_REASON_CONVERSATION;
	return STATUS_REFUSED;
}

static enum exit_status decide_on_file(struct verification *verification)
{
	struct credential_place place = user_file_place(&verification->file);
	struct attempt attempt;
	struct decision decision = DECISION_INIT;
	char *state = NULL;
	int status = host_defaults_state_path(&verification->defaults,
		verification->file.account.name, &state, &verification->error);

	host_defaults_begin_attempt(&verification->defaults, &attempt);
	attempt.typed = verification->line;
	place.state = state;
	if (status == 0)
		status = credential_place_verify(
			&place, &attempt, &decision, NULL, &verification->error);
	free(state);
	verification->result = decision.result;
	if (status == 0)
		return status_of(&verification->result);
	verification->result.reason = credential_place_reason(status);
	return status == TOTPGROUP_ENOTFOUND ? STATUS_NOT_ENROLLED : STATUS_STORE_ERROR;
}

static enum exit_status take_steps(struct verification *verification)
{
	enum exit_status status = user_file_find_for_login(&verification->file,
		verification->options.users[0], &verification->defaults,
		verification->options.secret, &verification->error);

	if (status == STATUS_DONE)
		status = read_code(verification);
	if (status == STATUS_DONE)
		status = decide_on_file(verification);
	WIPE_ARRAY(verification->line);
	return status;
}

static void say(const struct verification *verification, enum exit_status status)
{
	const struct totpgroup_result *result = &verification->result;
	const char *user = verification->options.users[0];
	const char *reason = totpgroup_reason_name(result->reason);

	if (status == STATUS_DONE && verification->options.quiet == 0)
		terminal_say("%s: right (%s)\n", user, totpgroup_method_name(result->method));
	else if (status == STATUS_LIMITED)
		terminal_complain("%s: %s, retry_after=%llds", user, reason,
			(long long)result->retry_after);
	else if (status != STATUS_DONE && verification->error.code != 0)
		terminal_complain("%s: %s", user, verification->error.message);
	else if (status != STATUS_DONE && result->offset_known && result->offset != 0)
		terminal_complain("%s: %s, a code of another time: offset=%+llds", user, reason,
			(long long)result->offset);
	else if (status != STATUS_DONE)
		terminal_complain("%s: %s", user, reason);
}

static bool put_number(struct json_object *root, const char *name, bool known, int64_t number)
{
	return known ? json_put(root, name, json_object_new_int64(number))
		     : json_put_string(root, name, NULL);
}

static enum exit_status print_json(
	const struct verification *verification, enum exit_status status)
{
	const struct totpgroup_result *result = &verification->result;
	bool right = status == STATUS_DONE;
	bool has_reason = !right && result->reason != TOTPGROUP_REASON_NONE;
	bool has_error = verification->error.code != 0;
	struct json_object *root = json_object_new_object();
	bool done =
		json_put(root, "version", json_object_new_int(JSON_VERSION)) &&
		json_put(root, "status", json_object_new_int((int)status)) &&
		json_put_string(root, "user", verification->options.users[0]) &&
		json_put(root, "accepted", json_object_new_boolean(right)) &&
		json_put_string(root, "reason",
			has_reason ? totpgroup_reason_name(result->reason) : NULL) &&
		json_put_string(
			root, "method", right ? totpgroup_method_name(result->method) : NULL) &&
		put_number(root, "offset", result->offset_known, result->offset) &&
		put_number(root, "retry_after", result->retry_after > 0, result->retry_after) &&
		json_put_string(
			root, "message", has_error ? verification->error.message : NULL);

	if (!done)
		terminal_out_of_memory();
	else if (json_print(root) && status == STATUS_LIMITED)
		say(verification, status);
	json_object_put(root);
	return status;
}

/* The code is spent by now: whether that can be said changes nothing. */
static enum exit_status report(const struct verification *verification, enum exit_status status)
{
	if (verification->options.json != 0)
		return print_json(verification, status);
	say(verification, status);
	return status;
}

enum exit_status verify(int argc, char **argv)
{
	struct verification verification = {
		.result = TOTPGROUP_RESULT_INIT, .error = ERROR_INIT};
	enum exit_status status = life_options_read(
		&verification.options, verify_options_table, 1, 1, argc, argv);

	if (status != STATUS_DONE)
		return status;
	if (verification.options.help != 0)
		return help_print();
	status = host_defaults_load(&verification.defaults, verification.options.conf);
	if (status == STATUS_DONE)
		status = report(&verification, take_steps(&verification));
	user_file_free(&verification.file);
	host_defaults_free(&verification.defaults);
	return status;
}
