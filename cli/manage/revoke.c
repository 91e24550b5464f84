/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/manage/manage.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/users/place_json.h"
#include "message/translate.h"
#include "totpgroup.h"

/* Whether there is a file at all, damaged or not. */
static int look_for_file(const struct user_file *file, struct error *error)
{
	struct text text = TEXT_INIT;
	struct error ignored = ERROR_INIT;
	int status = user_file_read(file, &text, &ignored);

	text_free(&text);
	return status != TOTPGROUP_ENOTFOUND
		       ? 0
		       : error_set(error, status, translate("cannot find %s"), file->path);
}

/* Asks on standard error, because a program may read standard output. */
static enum exit_status confirm_with_person(
	const struct manage_options *options, const struct user_file *file, struct error *error)
{
	char line[128];

	if (options->force != 0)
		return STATUS_DONE;
	if (isatty(STDIN_FILENO) != 1) {
		error_set(error, TOTPGROUP_EARGUMENT,
			translate("nobody can be asked here: give --force to revoke without a "
				  "question"));
		return STATUS_REFUSED;
	}
	if (options->device != NULL)
		terminal_say_on(STDERR_FILENO,
			"The device '%s' can give no code any more once it is revoked in %s.\n"
			"Revoke it? [%s] ",
			options->device, file->path, translate("y/N"));
	else
		terminal_say_on(STDERR_FILENO,
			"%s can give no code any more once %s is removed.\nRemove it? [%s] ",
			file->name, file->path, translate("y/N"));
	if (!terminal_read_line(line, sizeof line))
		terminal_say_on(STDERR_FILENO, "\n");
	if (terminal_is_yes(line))
		return STATUS_DONE;
	error_set(error, TOTPGROUP_EARGUMENT, translate("kept"));
	return STATUS_REFUSED;
}

static enum exit_status revoke_file(
	const struct manage_options *options, const struct user_file *file, struct error *error)
{
	int result = look_for_file(file, error);
	enum exit_status status = STATUS_DONE;

	if (result == 0)
		status = confirm_with_person(options, file, error);
	if (status != STATUS_DONE)
		return status;
	/* The owner of a file can hold its lock for ever. That keeps root from nothing. Where
	 * the file is gone already, a state may still say that the user is enrolled. */
	if (result == 0 || (result == TOTPGROUP_ENOTFOUND && getuid() == 0))
		result = store_remove(file->credential->place, getuid() == 0, error);
	if (result != TOTPGROUP_ENOTFOUND)
		return result == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
	error_set(error, result, translate("not enrolled: there is no %s"), file->path);
	return STATUS_NOT_ENROLLED;
}

/* Nobody is asked about a device that does not exist. */
static enum exit_status revoke_device(
	const struct manage_options *options, const struct user_file *file, struct error *error)
{
	const struct device_change change = {.name = options->device};
	struct text text = TEXT_INIT;
	enum exit_status status = user_file_try_device(file, &change, &text, error);

	text_free(&text);
	if (status == STATUS_DONE)
		status = confirm_with_person(options, file, error);
	return status == STATUS_DONE ? user_file_change_device(file, &change, error) : status;
}

/* Revokes the device that is named, or the whole secret. */
static enum exit_status revoke_named(const struct manage *manage, const char *user,
	struct user_file *file, struct error *error)
{
	const struct manage_options *options = &manage->options;
	enum exit_status status;

	if (options->device != NULL) {
		status = user_file_find(file, user, &manage->defaults, options->secret, error);
		return status == STATUS_DONE ? revoke_device(options, file, error) : status;
	}
	status = user_file_find(file, user, &manage->defaults, options->secret, error);
	return status == STATUS_DONE ? revoke_file(options, file, error) : status;
}

static void say_done(
	const struct manage_options *options, const char *user, const struct user_file *file)
{
	if (options->quiet != 0)
		return;
	if (options->device != NULL)
		terminal_say("%s: revoked the device '%s' in %s\n", user, options->device,
			file->path);
	else
		terminal_say("%s: removed %s\n", user, file->path);
	if (options->device == NULL && file->credential->place->state_name != NULL &&
		getuid() != 0)
		terminal_say("Logins are refused until you are enrolled anew, or root revokes, "
			     "too: %s says that you are enrolled.\n",
			file->credential->place->state_name);
}

static void add_to_report(struct manage *manage, const char *user, const struct user_file *file,
	const char *message, enum exit_status status)
{
	struct json_object *object = json_report_add(&manage->report);
	bool done = status == STATUS_DONE;

	if (!json_put_string(object, "user", user) ||
		!json_put_number(object, "status", status) ||
		!json_put_bool(object, "revoked", done) ||
		!json_put_string(object, "device", manage->options.device) ||
		!user_file_put_place(object, file) ||
		!json_put_string(object, "message", done ? NULL : message))
		manage->report.failed = true;
}

static enum exit_status revoke_one(struct manage *manage, const char *user)
{
	struct user_file file = {.path = NULL};
	struct error error = ERROR_INIT;
	enum exit_status status = revoke_named(manage, user, &file, &error);

	if (manage->options.json != 0)
		add_to_report(manage, user, &file, error.message, status);
	else if (status != STATUS_DONE)
		terminal_complain("%s: %s", user, error.message);
	else
		say_done(&manage->options, user, &file);
	user_file_free(&file);
	/* A member of a group who has no secret is no failure. */
	return status == STATUS_NOT_ENROLLED && manage->options.group != NULL ? STATUS_DONE
									      : status;
}

static enum exit_status revoke_all(struct manage *manage)
{
	enum exit_status status;

	if (manage->options.json != 0)
		json_report_begin(&manage->report, "users");
	manage_each(manage, revoke_one);
	status = manage_conclude(manage);
	if (manage->options.json == 0 || json_report_print(&manage->report, status))
		return status;
	return STATUS_STORE_ERROR;
}

enum exit_status command_revoke(int argc, char **argv)
{
	struct manage manage = {.user_count = 0};
	enum exit_status status =
		manage_read_options(&manage, revoke_options_table, 1, argc, argv);

	if (status == STATUS_DONE)
		status = manage_begin(&manage);
	if (status == STATUS_DONE)
		status = revoke_all(&manage);
	manage_end(&manage);
	return status;
}
