/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
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
#include "verify_daemon.h"

/* A change that could break a program that reads it makes this greater. */
#define JSON_VERSION 1

/* Longer than any code with blanks in it. */
#define LINE_SIZE 256

/* One verification on its way. */
struct verification {
	struct life_options options;
	struct host_defaults defaults;
	struct user_file file;
	const char *user;
	char piped_user[LINE_SIZE];
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
	case TOTPGROUP_REASON_NOT_ENROLLED:
		return STATUS_NOT_ENROLLED;
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

static enum exit_status decide_by_daemon(struct verification *verification)
{
	enum exit_status status = verify_daemon_ask(&verification->defaults, verification->user,
		verification->line, &verification->result, &verification->error);

	return status == STATUS_DONE ? status_of(&verification->result) : status;
}

/* The store is not the caller's to read, and there is somebody whose it is. A store
 * that was named in the command is meant, and no other. */
static bool is_left_to_daemon(const struct verification *verification, enum exit_status status)
{
	bool barred =
		status == STATUS_NOT_PERMITTED ||
		/* Who is not to learn who exists asks about anybody. */
		status == STATUS_USAGE ||
		(status == STATUS_STORE_ERROR && verification->error.system_error == EACCES);

	return barred && verification->options.secret == NULL &&
	       verify_daemon_is_there(&verification->defaults);
}

/* Where the decision is made: on the file if the caller can reach it, and nothing was
 * spent or counted where he cannot. */
static enum exit_status reach_verdict(struct verification *verification, enum exit_status found)
{
	enum exit_status status = found;

	if (status == STATUS_DONE)
		status = decide_on_file(verification);
	if (!is_left_to_daemon(verification, status))
		return status;
	verification->error = (struct error)ERROR_INIT;
	return decide_by_daemon(verification);
}

static enum exit_status take_steps(struct verification *verification)
{
	enum exit_status status, found;

	found = user_file_find_for_login(&verification->file, verification->user,
		&verification->defaults, verification->options.secret, &verification->error);
	if (found != STATUS_DONE && !is_left_to_daemon(verification, found))
		return found;
	status = read_code(verification);
	if (status == STATUS_DONE)
		status = reach_verdict(verification, found);
	WIPE_ARRAY(verification->line);
	return status;
}

static void say(const struct verification *verification, enum exit_status status)
{
	const struct totpgroup_result *result = &verification->result;
	const char *user = verification->user;
	const char *reason = totpgroup_reason_name(result->reason);

	if (status == STATUS_DONE && verification->options.quiet != 0)
		return;
	if (status == STATUS_DONE && result->method == TOTPGROUP_METHOD_NONE)
		terminal_say("%s: right\n", user);
	else if (status == STATUS_DONE)
		terminal_say("%s: right (%s)\n", user, totpgroup_method_name(result->method));
	else if (status == STATUS_LIMITED)
		terminal_complain("%s: %s, retry_after=%llds", user, reason,
			(long long)result->retry_after);
	else if (verification->error.code != 0)
		terminal_complain("%s: %s", user, verification->error.message);
	else if (result->offset_known && result->offset != 0)
		terminal_complain("%s: %s, a code of another time: offset=%+llds", user, reason,
			(long long)result->offset);
	else
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
		json_put_string(root, "user", verification->user) &&
		json_put(root, "accepted", json_object_new_boolean(right)) &&
		json_put_string(root, "reason",
			has_reason ? totpgroup_reason_name(result->reason) : NULL) &&
		json_put_string(root, "method",
			right && result->method != TOTPGROUP_METHOD_NONE
				? totpgroup_method_name(result->method)
				: NULL) &&
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

/* The first of the two lines. It comes from whoever wants to get in: what is no name,
 * or does not fit, is nobody's. */
static enum exit_status read_piped_user(struct verification *verification)
{
	char *user = verification->piped_user;
	size_t length;

	verification->options.quiet = 1;
	verification->user = user;
	if (!terminal_read_line(user, LINE_SIZE)) {
		terminal_complain("no user on standard input: nothing was tried");
		return STATUS_REFUSED;
	}
	length = strlen(user);
	if (length > 0 && length < LINE_SIZE - 1 && !ascii_has_control(user, length))
		return STATUS_DONE;
	terminal_complain("what stands on standard input is no user's name");
	return STATUS_REFUSED;
}

static enum exit_status find_whom(struct verification *verification, const char *command)
{
	const struct life_options *options = &verification->options;

	if (options->pipe != 0 && options->user_count == 0)
		return read_piped_user(verification);
	if (options->pipe != 0)
		terminal_complain("with --pipe the user stands on standard input");
	else if (options->user_count == 0)
		terminal_complain("%s whom? totp-enroll %s USER", command, command);
	else
		verification->user = options->users[0];
	return verification->user != NULL ? STATUS_DONE : STATUS_USAGE;
}

/* To a web server a user who does not exist is one more wrong answer. */
static enum exit_status verify_user(struct verification *verification)
{
	enum exit_status status =
		host_defaults_load(&verification->defaults, verification->options.conf);

	if (status != STATUS_DONE)
		return status;
	status = take_steps(verification);
	if (verification->options.pipe != 0 && status == STATUS_USAGE)
		status = STATUS_REFUSED;
	return report(verification, status);
}

enum exit_status verify(int argc, char **argv)
{
	struct verification verification = {
		.result = TOTPGROUP_RESULT_INIT, .error = ERROR_INIT};
	enum exit_status status = life_options_read(
		&verification.options, verify_options_table, 0, 1, argc, argv);

	if (status == STATUS_DONE && verification.options.help != 0)
		return help_print();
	if (status == STATUS_DONE)
		status = find_whom(&verification, argv[0]);
	if (status == STATUS_DONE)
		status = verify_user(&verification);
	user_file_free(&verification.file);
	host_defaults_free(&verification.defaults);
	return status;
}
