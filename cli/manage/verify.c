/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/wipe.h"
#include "cli/commands.h"
#include "cli/manage/manage.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The longest line: longer than any name and any code with blanks in it. */
#define LINE_SIZE 512

/* The longest name that a web server passes on is shorter. */
#define NAME_SIZE 256

/* A path in a message is shorter. */
#define ANSWER_SIZE 512

/* Describes the outcome, without the user's name. */
static void describe_outcome(const struct verification *verification, char *answer, size_t size)
{
	const struct totpgroup_result *result = &verification->result;
	enum exit_status status = verification->status;
	const char *reason = totpgroup_reason_name(result->reason);

	if (status == STATUS_DONE && result->method == TOTPGROUP_METHOD_NONE)
		snprintf(answer, size, "%s", translate("right"));
	else if (status == STATUS_DONE)
		snprintf(answer, size, translate("right (%s)"),
			totpgroup_method_name(result->method));
	else if (status == STATUS_LIMITED)
		snprintf(answer, size, "%s, retry_after=%llds", reason,
			(long long)result->retry_after);
	else if (verification->error.code != 0)
		snprintf(answer, size, "%s", verification->error.message);
	else if (result->offset_known && result->offset != 0)
		snprintf(answer, size, translate("%s, a code of another time: offset=%+llds"),
			reason, (long long)result->offset);
	else
		snprintf(answer, size, "%s", reason);
}

/* Says the outcome for the only user; failures go to standard error. */
static void say_outcome(const struct verification *verification, bool quiet)
{
	char answer[ANSWER_SIZE];

	describe_outcome(verification, answer, sizeof answer);
	if (verification->status != STATUS_DONE)
		terminal_complain("%s: %s", verification->user, answer);
	else if (!quiet)
		terminal_say("%s: %s\n", verification->user, answer);
}

static bool put_number_or_null(
	struct json_object *object, const char *name, bool known, int64_t number)
{
	return known ? json_put_number(object, name, number)
		     : json_put_string(object, name, NULL);
}

static bool put_answer(struct json_object *object, const struct verification *verification)
{
	const struct totpgroup_result *result = &verification->result;
	bool right = verification->status == STATUS_DONE;
	bool has_reason = !right && result->reason != TOTPGROUP_REASON_NONE;
	bool has_method = right && result->method != TOTPGROUP_METHOD_NONE;
	bool has_error = verification->error.code != 0;

	return json_put_number(object, "status", verification->status) &&
	       json_put_string(object, "user", verification->user) &&
	       json_put_bool(object, "accepted", right) &&
	       json_put_string(object, "reason",
		       has_reason ? totpgroup_reason_name(result->reason) : NULL) &&
	       json_put_string(object, "method",
		       has_method ? totpgroup_method_name(result->method) : NULL) &&
	       put_number_or_null(object, "offset", result->offset_known, result->offset) &&
	       put_number_or_null(
		       object, "retry_after", result->retry_after > 0, result->retry_after) &&
	       json_put_string(
		       object, "message", has_error ? verification->error.message : NULL);
}

static void print_json(const struct verification *verification)
{
	struct json_report report;

	json_report_begin(&report, NULL);
	if (!put_answer(report.root, verification))
		report.failed = true;
	if (json_report_print(&report, verification->status) &&
		verification->status == STATUS_LIMITED)
		say_outcome(verification, false);
	json_report_free(&report);
}

/* Nothing is tried. */
static void refuse_input(struct verification *verification, const char *problem)
{
	error_set(&verification->error, TOTPGROUP_EARGUMENT,
		translate("%s on standard input: nothing was tried"), problem);
	verification->result.reason = TOTPGROUP_REASON_CONVERSATION;
	verification->status = STATUS_REFUSED;
}

/* With --pipe, a line break in the user's name would add a line with a code of the
 * attacker's choice: the program at the other end would take the whole for the name of the
 * user who was let in. */
static void read_and_judge(const struct manage *manage, struct verification *verification)
{
	char line[LINE_SIZE];

	if (!terminal_read_hidden_line(OPTIONS_PROMPT, line, sizeof line))
		refuse_input(verification, translate("no code"));
	else if (manage->options.pipe != 0 && !terminal_at_end())
		refuse_input(verification, translate("more than two lines"));
	else
		verification_judge(verification, &manage->defaults, line);
	WIPE_ARRAY(line);
}

/* The code is spent before the outcome is printed: an error in printing changes nothing. */
static enum exit_status verify_one(const struct manage *manage, const char *user)
{
	const struct manage_options *options = &manage->options;
	struct verification verification = VERIFICATION_INIT;
	enum exit_status status;

	verification.user = user;
	verification_find(&verification, &manage->defaults, options->secret);
	if (verification.status == STATUS_DONE)
		read_and_judge(manage, &verification);
	/* A web server gets the same answer for a user who does not exist. */
	if (options->pipe != 0 && verification.status == STATUS_USAGE)
		verification.status = STATUS_REFUSED;
	if (options->json != 0)
		print_json(&verification);
	else
		say_outcome(&verification, options->quiet != 0 || options->pipe != 0);
	status = verification.status;
	verification_free(&verification);
	return status;
}

/* Finds the user whose name the line begins with. Names may contain blanks: the longest one
 * that matches is meant. */
static const char *find_user(const struct manage *manage, const char *line)
{
	const char *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < manage->user_count; i++) {
		const char *name = manage->users[i];
		size_t length = strlen(name);

		if (length <= longest || strncmp(line, name, length) != 0)
			continue;
		if (line[length] == '\0' || line[length] == ' ' || line[length] == '\t') {
			found = name;
			longest = length;
		}
	}
	return found;
}

/* False where the answer could not be printed. */
static bool answer_line(struct manage *manage, const struct verification *verification)
{
	char text[ANSWER_SIZE];

	if (manage->options.json != 0) {
		if (!put_answer(json_report_add(&manage->report), verification))
			manage->report.failed = true;
		return true;
	}
	if (manage->options.quiet != 0 && verification->status == STATUS_DONE)
		return true;
	describe_outcome(verification, text, sizeof text);
	ascii_hide_controls(text);
	return terminal_say("%s: %s\n", verification->user, text);
}

/* The rest of a line without a user might be a code: it is not repeated. Returns as
 * answer_line(). */
static bool judge_line(struct manage *manage, const char *line, size_t number)
{
	struct verification verification = VERIFICATION_INIT;
	const char *user = find_user(manage, line);
	bool answered;

	verification.user = user != NULL ? user : "?";
	if (user == NULL) {
		error_set(&verification.error, TOTPGROUP_EARGUMENT,
			translate("line %zu does not begin with one of the users: nothing was "
				  "tried"),
			number);
		verification.status = STATUS_USAGE;
	} else {
		verification_find(&verification, &manage->defaults, manage->options.secret);
		if (verification.status == STATUS_DONE)
			verification_judge(
				&verification, &manage->defaults, line + strlen(user));
	}
	manage_count(manage, verification.status);
	answered = answer_line(manage, &verification);
	verification_free(&verification);
	return answered;
}

/* An unknown name may be a code that was typed there. The person is told before the
 * program waits for lines. */
static enum exit_status check_names(const struct manage *manage)
{
	for (size_t i = 0; i < manage->named_count; i++)
		if (getpwnam(manage->named[i]) == NULL)
			return terminal_fail(STATUS_USAGE,
				"there is no user '%s'; codes come on standard input, a line "
				"USER CODE for each",
				manage->named[i]);
	return STATUS_DONE;
}

static enum exit_status judge_lines(struct manage *manage)
{
	char line[LINE_SIZE];
	size_t count = 0;
	bool answered = true;

	while (answered && terminal_read_hidden_line(translate("User and verification code: "),
				   line, sizeof line))
		if (line[0] != '\0')
			answered = judge_line(manage, line, ++count);
	WIPE_ARRAY(line);
	if (!answered)
		return terminal_output_failed();
	if (count == 0)
		return terminal_fail(STATUS_REFUSED,
			"no user and code on standard input: nothing was tried");
	return manage_conclude(manage);
}

static enum exit_status verify_several(struct manage *manage)
{
	enum exit_status status = check_names(manage);

	if (status != STATUS_DONE)
		return status;
	if (manage->options.json != 0)
		json_report_begin(&manage->report, "answers");
	status = judge_lines(manage);
	if (manage->options.json == 0 || json_report_print(&manage->report, status))
		return status;
	return STATUS_STORE_ERROR;
}

/* The first of two lines is the user. It was typed by the person who wants to get in: a line
 * that is not text, or too long, is not a user's name. */
static enum exit_status verify_piped(const struct manage *manage)
{
	char user[NAME_SIZE];
	size_t length;

	if (!terminal_read_line(user, sizeof user))
		return terminal_fail(
			STATUS_REFUSED, "no user on standard input: nothing was tried");
	length = strlen(user);
	if (length > 0 && length < sizeof user - 1 && !ascii_has_control(user, length))
		return verify_one(manage, user);
	return terminal_fail(STATUS_REFUSED, "the line on standard input is not a user's name");
}

/* The users are named in the command, or, with --pipe, on standard input. */
static enum exit_status check_users(const struct manage *manage, const char *command)
{
	bool named = manage->named_count > 0 || manage->options.group != NULL;

	if (manage->options.group != NULL && manage->options.pipe != 0)
		return terminal_fail(STATUS_USAGE,
			"--group contradicts --pipe: the user stands on standard input");
	if (named && manage->options.pipe != 0)
		return terminal_fail(
			STATUS_USAGE, "with --pipe the user stands on standard input");
	if (!named && manage->options.pipe == 0)
		return terminal_fail(
			STATUS_USAGE, "%s whom? totp-enroll %s USER", command, command);
	return STATUS_DONE;
}

static enum exit_status verify(struct manage *manage)
{
	if (manage->options.pipe != 0)
		return verify_piped(manage);
	return manage->several ? verify_several(manage) : verify_one(manage, manage->named[0]);
}

enum exit_status command_verify(int argc, char **argv)
{
	struct manage manage = {.user_count = 0};
	enum exit_status status =
		manage_read_options(&manage, verify_options_table, 0, argc, argv);

	if (status == STATUS_DONE)
		status = check_users(&manage, argv[0]);
	if (status == STATUS_DONE)
		status = manage_begin(&manage);
	if (status == STATUS_DONE)
		status = verify(&manage);
	manage_end(&manage);
	return status;
}
