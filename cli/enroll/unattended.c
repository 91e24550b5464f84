/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base32.h"
#include "base/wipe.h"
#include "cli/enroll/enroll.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "cli/users/place_json.h"
#include "cli/users/user_file.h"
#include "cli/users/user_status.h"
#include "message/translate.h"
#include "totpgroup.h"

/* How often to begin again where somebody else creates or removes the file. */
#define CONFLICTS_MAX 10

/* The enrollment of one user. */
struct unattended {
	const struct enroll_options *options;
	const struct host_defaults *defaults;
	struct user_file file;
	struct unattended_source source;
	struct error error;
};

/* Says how to make the folder. Only folders that belong to root are made when they are
 * needed: the program cannot know the owner of others. */
static void explain_folder(struct unattended *work)
{
	const char *path = work->file.path;
	int length = (int)(strrchr(path, '/') - path);

	error_set(&work->error, TOTPGROUP_ENOTFOUND,
		translate("there is no folder %.*s: as root, install -d -m 0700 -o %s %.*s"),
		length, path, work->file.credential->owner->pw_name, length, path);
}

static enum exit_status write_file(struct unattended *work, bool replace)
{
	int result;

	if (work->source.text.length == 0) {
		enum exit_status status =
			unattended_source_draw(&work->source, work->options, &work->error);

		if (status != STATUS_DONE)
			return status;
	}
	result = user_file_write(&work->file, &work->source.text, replace, &work->error);
	if (result == TOTPGROUP_ENOTFOUND)
		explain_folder(work);
	return result == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

static enum exit_status refuse_to_replace(struct unattended *work, const char *why)
{
	error_set(&work->error, TOTPGROUP_ECONFLICT, "%s: %s", work->file.path, why);
	return STATUS_REFUSED;
}

/* The user has a secret. An expired one is of no use for a login. */
static enum exit_status handle_secret(struct unattended *work, bool expired)
{
	const struct enroll_options *options = work->options;
	struct text text = TEXT_INIT;
	bool same = false;

	if (options->from_file != NULL && user_file_read(&work->file, &text, &work->error) == 0)
		same = unattended_source_is(&work->source, &text);
	text_free(&text);
	if (work->error.code != 0)
		return STATUS_STORE_ERROR;
	if (!expired && (same || options->if_missing != 0))
		return STATUS_UNCHANGED;
	if (options->force != 0)
		return write_file(work, true);
	if (expired)
		return refuse_to_replace(
			work, translate("was not confirmed in time; --force makes it anew"));
	return refuse_to_replace(work,
		options->from_file != NULL
			? translate("there is another secret; --force replaces it")
			: translate("there is a secret; --if-missing leaves it, and --force "
				    "replaces it"));
}

/* A login would fail on this problem, too: a person has to decide. */
static enum exit_status handle_problem(struct unattended *work, const struct error *problem)
{
	if (work->options->force != 0)
		return write_file(work, true);
	/* A file that the system does not let us read cannot be replaced either. */
	if (problem->code == TOTPGROUP_ESYSTEM)
		work->error = *problem;
	else
		error_set(&work->error, problem->code,
			translate("%.200s (--force replaces it)"), problem->message);
	return STATUS_STORE_ERROR;
}

static enum exit_status handle_state(struct unattended *work, const struct user_status *found)
{
	switch (found->state) {
	case USER_STATE_NOT_ENROLLED:
		return write_file(work, false);
	case USER_STATE_CONFIRMED:
	case USER_STATE_PENDING:
		return handle_secret(work, false);
	case USER_STATE_PENDING_EXPIRED:
		return handle_secret(work, true);
	case USER_STATE_PROBLEM:
		return handle_problem(work, &found->error);
	case USER_STATE_UNKNOWN_USER:
	case USER_STATE_NOT_PERMITTED:
	default:
		work->error = found->error;
		return user_state_exit_status(found->state);
	}
}

static enum exit_status try_once(struct unattended *work)
{
	struct user_status *found = calloc(1, sizeof *found);
	enum exit_status status = found != NULL ? STATUS_DONE : STATUS_STORE_ERROR;

	work->error = (struct error)ERROR_INIT;
	if (status == STATUS_DONE)
		status = user_status_find(
			found, work->file.name, NULL, work->defaults, work->options->secret);
	if (status == STATUS_DONE)
		status = user_status_read(found, 1);
	if (status == STATUS_DONE)
		status = handle_state(work, found);
	else
		error_set(&work->error, TOTPGROUP_EMEMORY, translate("out of memory"));
	if (found != NULL)
		user_status_free(found);
	free(found);
	return status;
}

/* Where somebody else enrolls the user at the same time, the user is enrolled as well. */
static enum exit_status enroll_user(struct unattended *work)
{
	enum exit_status status = STATUS_STORE_ERROR;

	work->error.code = TOTPGROUP_ECONFLICT;
	for (int i = 0; i < CONFLICTS_MAX && status == STATUS_STORE_ERROR &&
			work->error.code == TOTPGROUP_ECONFLICT;
		i++)
		status = try_once(work);
	return status;
}

static const char *user_name(const struct unattended *work)
{
	return work->file.name != NULL ? work->file.name : work->options->user;
}

static void say_outcome(const struct unattended *work, enum exit_status status)
{
	const char *user = user_name(work);

	if (status != STATUS_DONE && status != STATUS_UNCHANGED)
		terminal_complain("%s%s%s", user != NULL ? user : "", user != NULL ? ": " : "",
			work->error.message);
	else if (work->options->quiet == 0)
		terminal_say("%s: %s %s\n", user,
			status == STATUS_DONE ? translate("enrolled, the secret is in")
					      : translate("unchanged, there is"),
			work->file.path);
}

/* The codes as they are typed: those that were drawn, or those that were read. */
static bool put_codes(struct json_object *root, const struct unattended_source *source)
{
	struct json_object *array = json_put_array(root, "emergency_codes");
	const struct emergency_codes *drawn = &source->new_codes;
	const struct otp_key *key = &source->key;
	bool done = array != NULL;
	char code[16];

	for (unsigned int i = 0; done && i < drawn->count; i++)
		done = json_add_string(array, drawn->code[i]);
	for (size_t i = 0; done && drawn->count == 0 && i < key->emergency_code_count; i++) {
		snprintf(code, sizeof code, "%08" PRIu32, key->emergency_codes[i]);
		done = json_add_string(array, code);
	}
	WIPE_ARRAY(code);
	return done;
}

static bool put_base32(struct json_object *root, const struct otp_key *key)
{
	size_t size = BASE32_LENGTH(key->secret_length) + 1;
	char *characters = malloc(size);
	bool done = characters != NULL;

	if (done) {
		base32_encode(key->secret, key->secret_length, characters);
		done = json_put_string(root, "secret", characters);
	}
	wipe_free(characters, size);
	return done;
}

static bool put_secret(struct json_object *root, struct unattended *work)
{
	struct unattended_source *source = &work->source;
	struct text uri = TEXT_INIT;
	bool done = append_key_uri(&source->key, work->options, user_name(work), &uri) == 0 &&
		    json_put_string(root, "uri", uri.data) && put_base32(root, &source->key) &&
		    put_codes(root, source);

	text_free(&uri);
	return done;
}

static bool put_no_secret(struct json_object *root)
{
	return json_put_string(root, "uri", NULL) && json_put_string(root, "secret", NULL) &&
	       json_put_string(root, "emergency_codes", NULL);
}

/* Returns the status, or STATUS_STORE_ERROR where it cannot be printed. */
static enum exit_status print_json(struct unattended *work, enum exit_status status)
{
	bool changed = status == STATUS_DONE;
	bool good = changed || status == STATUS_UNCHANGED;
	struct json_report report;
	bool done;

	json_report_begin(&report, NULL);
	done = json_put_string(report.root, "user", user_name(work)) &&
	       json_put_bool(report.root, "changed", changed) &&
	       user_file_put_place(report.root, &work->file) &&
	       json_put_string(report.root, "message", good ? NULL : work->error.message);
	if (done && work->options->with_secret != 0)
		done = changed ? put_secret(report.root, work) : put_no_secret(report.root);
	report.failed = report.failed || !done;
	if (!json_report_print(&report, status))
		status = STATUS_STORE_ERROR;
	json_report_free(&report);
	return status;
}

enum exit_status enroll_unattended(
	const struct enroll_options *options, const struct host_defaults *defaults)
{
	struct unattended work = {.options = options,
		.defaults = defaults,
		.source = UNATTENDED_SOURCE_INIT,
		.error = ERROR_INIT};
	struct import_said said = {.pin = false};
	enum exit_status status = user_file_find(
		&work.file, options->user, defaults, options->secret, &work.error);

	/* With sudo, a person may have meant himself. A script gets no more than the outcome. */
	if (status == STATUS_DONE && options->user == NULL && getuid() == 0 &&
		options->quiet == 0 && isatty(STDERR_FILENO) == 1)
		terminal_complain("no user is named: this is for %s", work.file.name);
	if (status == STATUS_DONE && options->from_file != NULL)
		status = unattended_source_read(
			&work.source, options, work.file.name, &work.error);
	if (status == STATUS_DONE)
		status = enroll_user(&work);
	if (options->json != 0)
		status = print_json(&work, status);
	else
		say_outcome(&work, status);
	if (status == STATUS_DONE && work.source.record != NULL && options->quiet == 0)
		import_say_notes(work.source.record, &said);
	unattended_source_free(&work.source);
	user_file_free(&work.file);
	return status;
}
