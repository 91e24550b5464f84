/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/manage/options.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/users/device_file.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "cli/users/user_list.h"
#include "store/file_store.h"
#include "totpgroup.h"

/* A change that could break a program that reads it makes this greater. */
#define JSON_VERSION 1

/* How it went so far. */
struct tally {
	const struct life_options *options;
	const struct host_defaults *defaults;
	struct user_list list;
	struct json_object *users; /* NULL without --json */
	bool out_of_memory;
	size_t failed;
	enum exit_status first_failure;
};

static int remove_file(void *argument, struct text *text, struct error *error)
{
	const struct credential_place *place = argument;

	(void)text;
	return file_store_remove(&place->rules, error);
}

static int look_at_file(void *argument, struct text *text, struct error *error)
{
	const struct credential_place *place = argument;

	(void)text;
	return access(place->rules.path, F_OK) == 0
		       ? 0
		       : error_set_system(error, TOTPGROUP_ENOTFOUND, "cannot find %s",
				 place->rules.path);
}

static int perform(const struct user_file *file, rights_work work, struct error *error)
{
	struct credential_place place = user_file_place(file);

	return place.with_rights(place.context, work, &place, sizeof place, NULL, error);
}

/* On standard error, because standard output may be read by a program. */
static enum exit_status ask(
	const struct tally *tally, const struct user_file *file, struct error *error)
{
	const char *device = tally->options->device;
	char line[128];

	if (tally->options->force != 0 || isatty(STDIN_FILENO) != 1)
		return STATUS_DONE;
	if (device != NULL)
		dprintf(STDERR_FILENO,
			"The device '%s' can give no code any more once it is revoked in %s.\n"
			"Revoke it? [y/N] ",
			device, file->path);
	else
		dprintf(STDERR_FILENO,
			"%s can give no code any more once %s is removed.\nRemove it? [y/N] ",
			file->account.name, file->path);
	if (!terminal_read_line(line, sizeof line))
		dprintf(STDERR_FILENO, "\n");
	if (line[0] == 'y' || line[0] == 'Y')
		return STATUS_DONE;
	error_set(error, TOTPGROUP_EARGUMENT, "kept");
	return STATUS_REFUSED;
}

static enum exit_status revoke_file(
	const struct tally *tally, const struct user_file *file, struct error *error)
{
	int result = perform(file, look_at_file, error);
	enum exit_status status = STATUS_DONE;

	if (result == 0)
		status = ask(tally, file, error);
	if (status != STATUS_DONE)
		return status;
	if (result == 0)
		result = perform(file, remove_file, error);
	if (result != TOTPGROUP_ENOTFOUND)
		return result == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
	error_set(error, result, "not enrolled: there is no %s", file->path);
	return STATUS_NOT_ENROLLED;
}

/* One device alone; nobody is asked about one that there is not. */
static enum exit_status revoke_device(
	const struct tally *tally, const struct device_file *file, struct error *error)
{
	const struct device_change change = {.name = tally->options->device};
	struct text text = TEXT_INIT;
	enum exit_status status = device_file_try(file, &change, &text, error);

	text_free(&text);
	if (status == STATUS_DONE)
		status = ask(tally, &file->file, error);
	return status == STATUS_DONE ? device_file_make(file, &change, error) : status;
}

static enum exit_status revoke_what_is_named(const struct tally *tally, const char *user,
	struct device_file *file, struct error *error)
{
	const struct life_options *options = tally->options;
	enum exit_status status;

	if (options->device != NULL) {
		status = device_file_find(file, user, tally->defaults, options->secret, error);
		return status == STATUS_DONE ? revoke_device(tally, file, error) : status;
	}
	status = user_file_find_for_login(
		&file->file, user, tally->defaults, options->secret, error);
	return status == STATUS_DONE ? revoke_file(tally, &file->file, error) : status;
}

static void say_done(const struct tally *tally, const char *user, const struct user_file *file)
{
	const char *device = tally->options->device;

	if (tally->options->quiet != 0)
		return;
	if (device != NULL)
		terminal_say("%s: revoked the device '%s' in %s\n", user, device, file->path);
	else
		terminal_say("%s: removed %s\n", user, file->path);
}

static void report_json(struct tally *tally, const char *user, const struct user_file *file,
	const char *message, enum exit_status status)
{
	struct json_object *object = json_object_new_object();

	if (object != NULL && json_object_array_add(tally->users, object) != 0) {
		json_object_put(object);
		object = NULL;
	}
	if (!json_put_string(object, "user", user) ||
		!json_put(object, "status", json_object_new_int((int)status)) ||
		!json_put(object, "revoked", json_object_new_boolean(status == STATUS_DONE)) ||
		!json_put_string(object, "device", tally->options->device) ||
		!json_put_string(object, "file", file->path) ||
		!json_put_string(object, "message", status == STATUS_DONE ? NULL : message))
		tally->out_of_memory = true;
}

/* Of a group's members those who have no secret are as they should be. */
static bool is_failure(const struct tally *tally, enum exit_status status)
{
	if (status == STATUS_NOT_ENROLLED && tally->options->group != NULL)
		return false;
	return status != STATUS_DONE;
}

static void revoke_one(struct tally *tally, const char *user)
{
	struct device_file file = {.file = {.as_user = true}};
	struct error error = ERROR_INIT;
	enum exit_status status = revoke_what_is_named(tally, user, &file, &error);

	if (is_failure(tally, status) && tally->failed++ == 0)
		tally->first_failure = status;
	if (tally->users != NULL)
		report_json(tally, user, &file.file, error.message, status);
	else if (status != STATUS_DONE)
		terminal_complain("%s: %s", user, error.message);
	else
		say_done(tally, user, &file.file);
	device_file_free(&file);
}

/* What was removed stays so, whether or not that can be said. */
static enum exit_status print_json(struct tally *tally)
{
	struct json_object *root = json_object_new_object();
	enum exit_status status =
		user_list_conclude(&tally->list, tally->failed, tally->first_failure);
	bool done = json_put(root, "version", json_object_new_int(JSON_VERSION)) &&
		    json_put(root, "status", json_object_new_int((int)status)) &&
		    json_put(root, "users", json_object_get(tally->users));

	if (!done || tally->out_of_memory)
		status = terminal_out_of_memory();
	else if (!json_print(root))
		status = STATUS_STORE_ERROR;
	json_object_put(root);
	return status;
}

static enum exit_status revoke_all(struct tally *tally)
{
	enum exit_status status = user_list_make(&tally->list, tally->options);

	if (status == STATUS_DONE && tally->options->json != 0) {
		tally->users = json_object_new_array();
		if (tally->users == NULL)
			status = terminal_out_of_memory();
	}
	if (status != STATUS_DONE)
		return status;
	for (size_t i = 0; i < tally->list.count; i++)
		revoke_one(tally, tally->list.names[i]);
	if (tally->options->json != 0)
		return print_json(tally);
	return user_list_conclude(&tally->list, tally->failed, tally->first_failure);
}

enum exit_status command_revoke(int argc, char **argv)
{
	struct life_options options = {.users = NULL};
	struct host_defaults defaults = {.configuration = NULL};
	struct tally tally = {.options = &options, .defaults = &defaults};
	enum exit_status status =
		life_options_read(&options, revoke_options_table, 1, argc, argv);

	if (status != STATUS_DONE)
		return status;
	status = host_defaults_load(&defaults, options.conf);
	if (status == STATUS_DONE)
		status = revoke_all(&tally);
	json_object_put(tally.users);
	user_list_free(&tally.list);
	host_defaults_free(&defaults);
	return status;
}
