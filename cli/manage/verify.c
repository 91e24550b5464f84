/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/wipe.h"
#include "cli/manage/options.h"
#include "cli/manage/verify_user.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_list.h"
#include "totpgroup.h"

/* A change that could break a program that reads it makes this greater. */
#define JSON_VERSION 1

/* Longer than any name and any code with blanks in it. */
#define LINE_SIZE 512

/* Longer than any name that a web server passes on. */
#define NAME_SIZE 256

/* Longer than a path in a message. */
#define ANSWER_SIZE 512

/* How it went so far with several. */
struct tally {
	const struct life_options *options;
	const struct host_defaults *defaults;
	struct user_list users;
	struct json_object *answers; /* an array; NULL without --json */
	bool out_of_memory;
	bool output_failed;
	size_t lines;
	size_t failed;
};

/* What came of it, without the name. */
static void describe(const struct verification *verification, char *answer, size_t size)
{
	const struct totpgroup_result *result = &verification->result;
	enum exit_status status = verification->status;
	const char *reason = totpgroup_reason_name(result->reason);

	if (status == STATUS_DONE && result->method == TOTPGROUP_METHOD_NONE)
		snprintf(answer, size, "right");
	else if (status == STATUS_DONE)
		snprintf(answer, size, "right (%s)", totpgroup_method_name(result->method));
	else if (status == STATUS_LIMITED)
		snprintf(answer, size, "%s, retry_after=%llds", reason,
			(long long)result->retry_after);
	else if (verification->error.code != 0)
		snprintf(answer, size, "%s", verification->error.message);
	else if (result->offset_known && result->offset != 0)
		snprintf(answer, size, "%s, a code of another time: offset=%+llds", reason,
			(long long)result->offset);
	else
		snprintf(answer, size, "%s", reason);
}

/* Of one user: what is wrong goes to standard error. */
static void say(const struct verification *verification, bool quiet)
{
	char answer[ANSWER_SIZE];

	describe(verification, answer, sizeof answer);
	if (verification->status != STATUS_DONE)
		terminal_complain("%s: %s", verification->user, answer);
	else if (!quiet)
		terminal_say("%s: %s\n", verification->user, answer);
}

static bool put_number(struct json_object *root, const char *name, bool known, int64_t number)
{
	return known ? json_put(root, name, json_object_new_int64(number))
		     : json_put_string(root, name, NULL);
}

static bool put_answer(struct json_object *object, const struct verification *verification)
{
	const struct totpgroup_result *result = &verification->result;
	bool right = verification->status == STATUS_DONE;
	bool has_reason = !right && result->reason != TOTPGROUP_REASON_NONE;
	bool has_method = right && result->method != TOTPGROUP_METHOD_NONE;
	bool has_error = verification->error.code != 0;

	return json_put(object, "status", json_object_new_int((int)verification->status)) &&
	       json_put_string(object, "user", verification->user) &&
	       json_put(object, "accepted", json_object_new_boolean(right)) &&
	       json_put_string(object, "reason",
		       has_reason ? totpgroup_reason_name(result->reason) : NULL) &&
	       json_put_string(object, "method",
		       has_method ? totpgroup_method_name(result->method) : NULL) &&
	       put_number(object, "offset", result->offset_known, result->offset) &&
	       put_number(
		       object, "retry_after", result->retry_after > 0, result->retry_after) &&
	       json_put_string(
		       object, "message", has_error ? verification->error.message : NULL);
}

static void print_json(const struct verification *verification)
{
	struct json_object *root = json_object_new_object();
	bool done = json_put(root, "version", json_object_new_int(JSON_VERSION)) &&
		    put_answer(root, verification);

	if (!done)
		terminal_out_of_memory();
	else if (json_print(root) && verification->status == STATUS_LIMITED)
		say(verification, false);
	json_object_put(root);
}

/* A user's name with a line break in it would bring a code of its own: whoever wrote it
 * to the pipe would take that for the name of who was let in. */
static void refuse_more_lines(struct verification *verification)
{
	error_set(&verification->error, TOTPGROUP_EARGUMENT,
		"more than two lines on standard input: nothing was tried");
	verification->result.reason = TOTPGROUP_REASON_CONVERSATION;
	verification->status = STATUS_REFUSED;
}

static void read_and_judge(const struct life_options *options,
	const struct host_defaults *defaults, struct verification *verification)
{
	char line[LINE_SIZE];

	if (!terminal_read_hidden_line("Verification code: ", line, sizeof line))
		verification_give_up(verification);
	else if (options->pipe != 0 && !terminal_at_end())
		refuse_more_lines(verification);
	else
		verification_judge(verification, defaults, line);
	WIPE_ARRAY(line);
}

/* The code is spent by then: whether that can be said changes nothing. */
static enum exit_status verify_one(const struct life_options *options,
	const struct host_defaults *defaults, const char *user)
{
	struct verification verification = VERIFICATION_INIT;
	enum exit_status status;

	verification.user = user;
	verification_find(&verification, defaults, options->secret);
	if (verification.status == STATUS_DONE)
		read_and_judge(options, defaults, &verification);
	/* To a web server a user who does not exist is one more wrong answer. */
	if (options->pipe != 0 && verification.status == STATUS_USAGE)
		verification.status = STATUS_REFUSED;
	if (options->json != 0)
		print_json(&verification);
	else
		say(&verification, options->quiet != 0 || options->pipe != 0);
	status = verification.status;
	verification_free(&verification);
	return status;
}

/* Of those whom the command is for the one whose name the line begins with. Names may
 * have blanks in them: the longest one is meant. */
static const char *find_user(const struct user_list *users, const char *line)
{
	const char *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < users->count; i++) {
		size_t length = strlen(users->names[i]);
		char behind;

		if (length <= longest || strncmp(line, users->names[i], length) != 0)
			continue;
		behind = line[length];
		if (behind == '\0' || behind == ' ' || behind == '\t') {
			found = users->names[i];
			longest = length;
		}
	}
	return found;
}

static void answer_json(struct tally *tally, const struct verification *verification)
{
	struct json_object *object = json_object_new_object();

	if (object != NULL && json_object_array_add(tally->answers, object) != 0) {
		json_object_put(object);
		object = NULL;
	}
	if (!put_answer(object, verification))
		tally->out_of_memory = true;
}

static void answer(struct tally *tally, const struct verification *verification)
{
	char text[ANSWER_SIZE];

	if (tally->answers != NULL) {
		answer_json(tally, verification);
		return;
	}
	if (tally->options->quiet != 0 && verification->status == STATUS_DONE)
		return;
	describe(verification, text, sizeof text);
	ascii_hide_controls(text);
	if (!terminal_say("%s: %s\n", verification->user, text))
		tally->output_failed = true;
}

/* The rest of a line without a user might be a code: it is not repeated. */
static void judge_line(struct tally *tally, const char *line)
{
	struct verification verification = VERIFICATION_INIT;
	const char *user = find_user(&tally->users, line);

	tally->lines++;
	verification.user = user != NULL ? user : "?";
	if (user == NULL) {
		error_set(&verification.error, TOTPGROUP_EARGUMENT,
			"line %zu begins with none of the users: nothing was tried",
			tally->lines);
		verification.status = STATUS_USAGE;
	} else {
		verification_find(&verification, tally->defaults, tally->options->secret);
		if (verification.status == STATUS_DONE)
			verification_judge(&verification, tally->defaults, line + strlen(user));
	}
	if (verification.status != STATUS_DONE)
		tally->failed++;
	answer(tally, &verification);
	verification_free(&verification);
}

static enum exit_status print_answers(struct tally *tally, enum exit_status status)
{
	struct json_object *root = json_object_new_object();
	bool done = json_put(root, "version", json_object_new_int(JSON_VERSION)) &&
		    json_put(root, "status", json_object_new_int((int)status)) &&
		    json_put(root, "answers", json_object_get(tally->answers));

	if (!done || tally->out_of_memory)
		status = terminal_out_of_memory();
	else if (!json_print(root))
		status = STATUS_STORE_ERROR;
	json_object_put(root);
	return status;
}

static enum exit_status conclude(const struct tally *tally)
{
	if (tally->output_failed) {
		terminal_complain("cannot write to standard output: %s", strerror(errno));
		return STATUS_STORE_ERROR;
	}
	if (tally->lines == 0) {
		terminal_complain("no user and code on standard input: nothing was tried");
		return STATUS_REFUSED;
	}
	return tally->failed > 0 ? STATUS_SOME_FAILED : STATUS_DONE;
}

/* A word too many may be a code: it is said before anybody waits for lines. */
static enum exit_status check_names(const struct life_options *options)
{
	for (int i = 0; i < options->user_count; i++) {
		if (getpwnam(options->users[i]) != NULL)
			continue;
		terminal_complain("there is no user '%s'; codes come on standard input, a line "
				  "USER CODE for each",
			options->users[i]);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}

static enum exit_status verify_several(struct tally *tally)
{
	enum exit_status status = check_names(tally->options);
	char line[LINE_SIZE];

	if (status != STATUS_DONE)
		return status;
	if (tally->options->json != 0) {
		tally->answers = json_object_new_array();
		if (tally->answers == NULL)
			return terminal_out_of_memory();
	}
	while (!tally->output_failed &&
		terminal_read_hidden_line("User and verification code: ", line, sizeof line))
		if (line[0] != '\0')
			judge_line(tally, line);
	WIPE_ARRAY(line);
	status = conclude(tally);
	if (tally->answers != NULL)
		status = print_answers(tally, status);
	json_object_put(tally->answers);
	return status;
}

/* The first of two lines is the user. It comes from whoever wants to get in: what is no
 * name, or does not fit, is nobody's. */
static enum exit_status verify_piped(
	const struct life_options *options, const struct host_defaults *defaults)
{
	char user[NAME_SIZE];
	size_t length;

	if (!terminal_read_line(user, sizeof user)) {
		terminal_complain("no user on standard input: nothing was tried");
		return STATUS_REFUSED;
	}
	length = strlen(user);
	if (length > 0 && length < sizeof user - 1 && !ascii_has_control(user, length))
		return verify_one(options, defaults, user);
	terminal_complain("what stands on standard input is no user's name");
	return STATUS_REFUSED;
}

static enum exit_status verify_named(
	const struct life_options *options, const struct host_defaults *defaults)
{
	struct tally tally = {.options = options, .defaults = defaults};
	enum exit_status status = user_list_make(&tally.users, options);

	if (status == STATUS_DONE)
		status = tally.users.several ? verify_several(&tally)
					     : verify_one(options, defaults, options->users[0]);
	user_list_free(&tally.users);
	return status;
}

/* With --pipe nobody is named in the command, and else somebody. */
static enum exit_status check_whom(const struct life_options *options, const char *command)
{
	bool named = options->user_count > 0 || options->group != NULL;

	if (named && options->pipe != 0)
		terminal_complain("with --pipe the user stands on standard input");
	else if (!named && options->pipe == 0)
		terminal_complain("%s whom? totp-enroll %s USER", command, command);
	else
		return STATUS_DONE;
	return STATUS_USAGE;
}

enum exit_status command_verify(int argc, char **argv)
{
	struct life_options options = {.users = NULL};
	struct host_defaults defaults = {.configuration = NULL};
	enum exit_status status =
		life_options_read(&options, verify_options_table, 0, argc, argv);

	if (status == STATUS_DONE)
		status = check_whom(&options, argv[0]);
	if (status == STATUS_DONE)
		status = host_defaults_load(&defaults, options.conf);
	if (status == STATUS_DONE)
		status = options.pipe != 0 ? verify_piped(&options, &defaults)
					   : verify_named(&options, &defaults);
	host_defaults_free(&defaults);
	return status;
}
