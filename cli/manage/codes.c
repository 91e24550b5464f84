/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <signal.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/enroll/enroll.h"
#include "cli/manage/manage.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/users/place_json.h"
#include "core/new_credential.h"
#include "message/translate.h"

#define NOT_SHOWN                                                                              \
	N_("the old codes are void, and the new ones were not shown: make new ones again")

/* The codes of one user have always gone into files and pipes. Those of several do only
 * with --force: others may read them there, or they may be kept for ever. */
static enum exit_status check_output(const struct manage *manage)
{
	if ((!manage->several && manage->options.json == 0) || manage->options.force != 0 ||
		isatty(STDOUT_FILENO) == 1)
		return STATUS_DONE;
	return terminal_fail(STATUS_REFUSED, "this prints emergency codes, and standard output "
					     "is no terminal: use --force to send them there");
}

static enum exit_status show_codes(const struct manage *manage, const struct new_codes *made)
{
	bool bare = manage->options.quiet != 0;

	if (!manage->several && !bare)
		return show_emergency_codes(&made->codes);
	return list_emergency_codes(
		&made->codes, manage->several ? made->file.name : NULL, bare);
}

static bool put_codes(struct json_object *object, const struct new_codes *made)
{
	struct json_object *array = json_put_array(object, "codes");
	bool done = array != NULL;

	for (unsigned int i = 0; done && i < made->codes.count; i++)
		done = json_add_string(array, made->codes.code[i]);
	return done && json_put_bool(object, "hashed", made->hashed);
}

static bool put_no_codes(struct json_object *object)
{
	return json_put_string(object, "codes", NULL) &&
	       json_put_string(object, "hashed", NULL);
}

static void add_to_report(struct json_report *report, const struct new_codes *made,
	const char *user, enum exit_status status)
{
	struct json_object *object = json_report_add(report);
	bool done = status == STATUS_DONE;
	const char *message = status == STATUS_REFUSED ? "kept" : made->error.message;

	if (!json_put_string(
		    object, "user", made->file.name != NULL ? made->file.name : user) ||
		!json_put_number(object, "status", status) ||
		!user_file_put_place(object, &made->file) ||
		!json_put_string(object, "message", done ? NULL : message) ||
		!(done ? put_codes(object, made) : put_no_codes(object)))
		report->failed = true;
}

static void report_failure(
	const struct manage *manage, const struct new_codes *made, const char *user)
{
	const char *name = made->file.name != NULL ? made->file.name : user;

	if (made->error.code == 0)
		return;
	if (manage->several && name != NULL)
		terminal_complain("%s: %s", name, made->error.message);
	else
		terminal_complain_error(&made->error);
}

/* False where there are new codes that could not be shown. */
static bool make_codes(struct manage *manage, const char *user)
{
	struct new_codes made = NEW_CODES_INIT;
	bool json = manage->options.json != 0;
	enum exit_status status;
	sigset_t before;
	bool shown = true;

	sigprocmask(SIG_BLOCK, NULL, &before);
	made.manage = manage;
	made.by_flags = !manage->several && !json;
	status = new_codes_make(&made, user);
	manage_count(manage, status);
	if (json)
		add_to_report(&manage->report, &made, user, status);
	else if (status != STATUS_DONE)
		report_failure(manage, &made, user);
	else
		shown = show_codes(manage, &made) == STATUS_DONE;
	if (!shown)
		terminal_complain("%s: %s", made.file.name, translate(NOT_SHOWN));
	/* From the moment that new codes are good, signals wait until the codes are shown.
	 * JSON is shown at the end. */
	if (!json)
		sigprocmask(SIG_SETMASK, &before, NULL);
	new_codes_free(&made);
	return shown;
}

static enum exit_status make_all_codes(struct manage *manage)
{
	enum exit_status status;

	if (manage->options.json != 0)
		json_report_begin(&manage->report, "users");
	for (size_t i = 0; i < manage->user_count; i++)
		if (!make_codes(manage, manage->users[i]))
			return STATUS_STORE_ERROR;
	status = manage_conclude(manage);
	if (manage->options.json == 0 || json_report_print(&manage->report, status))
		return status;
	return terminal_fail(STATUS_STORE_ERROR, NOT_SHOWN);
}

/* The file is root's, and its codes are hashed. */
static enum exit_status check_local(const struct manage *manage)
{
	const struct manage_options *options = &manage->options;

	if (options->local == 0)
		return STATUS_DONE;
	if (options->secret != NULL || options->code_format == CODE_FORMAT_PLAIN)
		return terminal_fail(
			STATUS_USAGE, "--local goes with neither --secret nor plain codes");
	return getuid() == 0 ? STATUS_DONE
			     : terminal_fail(STATUS_NOT_PERMITTED,
				       "only root may make the codes of this host");
}

enum exit_status command_codes(int argc, char **argv)
{
	struct manage manage = {.options = {.number = NEW_CREDENTIAL_EMERGENCY_CODES}};
	enum exit_status status =
		manage_read_options(&manage, codes_options_table, 0, argc, argv);

	if (status == STATUS_DONE)
		status = check_local(&manage);
	if (status == STATUS_DONE)
		status = manage_begin(&manage);
	if (status == STATUS_DONE)
		status = check_output(&manage);
	if (status == STATUS_DONE)
		status = make_all_codes(&manage);
	manage_end(&manage);
	return status;
}
