/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/enroll/show_new.h"
#include "cli/manage/new_codes.h"
#include "cli/manage/options.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_list.h"

/* A change that could break a program that reads it makes this greater. */
#define JSON_VERSION 1

/* How it went so far. */
struct tally {
	const struct life_options *options;
	const struct host_defaults *defaults;
	struct user_list users;
	struct json_object *json; /* an array; NULL without --json */
	bool out_of_memory;
	bool output_failed; /* codes are made, and nobody sees them */
	size_t failed;
	enum exit_status first_failure;
};

/* A file or a pipe may be read by others, or for ever. One user's codes have always
 * gone there. */
static enum exit_status check_output(const struct tally *tally)
{
	if ((!tally->users.several && tally->json == NULL) || tally->options->force != 0 ||
		isatty(STDOUT_FILENO) == 1)
		return STATUS_DONE;
	terminal_complain("this prints emergency codes, and standard output is no terminal: "
			  "say --force if they are to go there");
	return STATUS_REFUSED;
}

static enum exit_status show(const struct tally *tally, const struct renewal *renewal)
{
	if (tally->users.several)
		return present_codes_of(
			&renewal->codes, renewal->name, tally->options->quiet != 0);
	if (tally->options->quiet != 0)
		return present_bare_codes(&renewal->codes);
	return present_emergency_codes(&renewal->codes);
}

static bool put_codes(struct json_object *object, const struct renewal *renewal)
{
	struct json_object *array = json_object_new_array();
	bool done = array != NULL;

	for (unsigned int i = 0; done && i < renewal->codes.count; i++) {
		struct json_object *code = json_object_new_string(renewal->codes.code[i]);

		done = code != NULL && json_object_array_add(array, code) == 0;
		if (!done)
			json_object_put(code);
	}
	return json_put(object, "codes", array) && done &&
	       json_put(object, "hashed", json_object_new_boolean(renewal->hashed));
}

static bool put_no_codes(struct json_object *object)
{
	return json_put_string(object, "codes", NULL) &&
	       json_put_string(object, "hashed", NULL);
}

static void report_json(struct tally *tally, const struct renewal *renewal, const char *user,
	enum exit_status status)
{
	struct json_object *object = json_object_new_object();
	bool done = status == STATUS_DONE;
	const char *message = status == STATUS_REFUSED ? "kept" : renewal->error.message;

	if (object != NULL && json_object_array_add(tally->json, object) != 0) {
		json_object_put(object);
		object = NULL;
	}
	if (!json_put_string(object, "user", renewal->name != NULL ? renewal->name : user) ||
		!json_put(object, "status", json_object_new_int((int)status)) ||
		!json_put_string(object, "file", renewal->path) ||
		!json_put_string(object, "message", done ? NULL : message) ||
		!(done ? put_codes(object, renewal) : put_no_codes(object)))
		tally->out_of_memory = true;
}

static void complain(const struct tally *tally, const struct renewal *renewal, const char *user)
{
	const char *name = renewal->name != NULL ? renewal->name : user;

	if (renewal->error.code == 0)
		return;
	if (tally->users.several && name != NULL)
		terminal_complain("%s: %s", name, renewal->error.message);
	else
		terminal_complain_error(&renewal->error);
}

static void renew_one(struct tally *tally, const char *user)
{
	struct renewal renewal = RENEWAL_INIT;
	enum exit_status status;
	sigset_t before;

	sigprocmask(SIG_BLOCK, NULL, &before);
	renewal.options = tally->options;
	renewal.defaults = tally->defaults;
	renewal.several = tally->users.several || tally->json != NULL;
	status = renewal_make(&renewal, user);
	if (status != STATUS_DONE && tally->failed++ == 0)
		tally->first_failure = status;
	if (tally->json != NULL) {
		report_json(tally, &renewal, user, status);
	} else if (status != STATUS_DONE) {
		complain(tally, &renewal, user);
	} else if (show(tally, &renewal) != STATUS_DONE) {
		terminal_complain("%s: the old codes are void, and the new ones were not "
				  "shown: make new ones again",
			renewal.name);
		tally->output_failed = true;
	}
	/* Once codes are good signals wait until they are shown, which JSON is at the
	 * end. */
	if (tally->json == NULL)
		sigprocmask(SIG_SETMASK, &before, NULL);
	renewal_free(&renewal);
}

static enum exit_status print_json(struct tally *tally, enum exit_status status)
{
	struct json_object *root = json_object_new_object();
	bool done = json_put(root, "version", json_object_new_int(JSON_VERSION)) &&
		    json_put(root, "status", json_object_new_int((int)status)) &&
		    json_put(root, "users", json_object_get(tally->json)) &&
		    !tally->out_of_memory;

	if (!done)
		terminal_out_of_memory();
	else
		done = json_print(root);
	if (!done)
		terminal_complain("the old codes are void, and the new ones were not shown: "
				  "make new ones again");
	json_wipe(root);
	json_object_put(root);
	return done ? status : STATUS_STORE_ERROR;
}

static enum exit_status renew_all(struct tally *tally)
{
	enum exit_status status;

	for (size_t i = 0; i < tally->users.count && !tally->output_failed; i++)
		renew_one(tally, tally->users.names[i]);
	if (tally->output_failed)
		return STATUS_STORE_ERROR;
	status = user_list_conclude(&tally->users, tally->failed, tally->first_failure);
	return tally->json != NULL ? print_json(tally, status) : status;
}

static enum exit_status prepare(struct tally *tally)
{
	enum exit_status status = user_list_make(&tally->users, tally->options);

	if (status == STATUS_DONE && tally->options->json != 0) {
		tally->json = json_object_new_array();
		if (tally->json == NULL)
			status = terminal_out_of_memory();
	}
	return status == STATUS_DONE ? check_output(tally) : status;
}

enum exit_status command_codes(int argc, char **argv)
{
	struct life_options options = {.number = NEW_CREDENTIAL_EMERGENCY_CODES};
	struct host_defaults defaults = {.configuration = NULL};
	struct tally tally = {.options = &options, .defaults = &defaults};
	enum exit_status status =
		life_options_read(&options, codes_options_table, 0, argc, argv);

	if (status == STATUS_DONE)
		status = host_defaults_load(&defaults, options.conf);
	if (status == STATUS_DONE)
		status = prepare(&tally);
	if (status == STATUS_DONE)
		status = renew_all(&tally);
	json_object_put(tally.json);
	user_list_free(&tally.users);
	host_defaults_free(&defaults);
	return status;
}
