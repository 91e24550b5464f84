/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/enroll/unattended.h"

#include <string.h>

#include "cli/enroll/unattended_json.h"
#include "cli/enroll/unattended_source.h"
#include "cli/users/user_status.h"
#include "cli/ui/terminal.h"
#include "cli/users/user_file.h"
#include "totpgroup.h"

/* How often somebody else may put a file in place, or take it away. */
#define CONFLICTS_MAX 10

/* One user on the way. */
struct provisioning {
	const struct enroll_options *options;
	const struct host_defaults *defaults;
	struct user_file file;
	struct provision_source source;
	struct error error;
};

static enum exit_status find(struct provisioning *work)
{
	return user_file_find_for_login(&work->file, work->options->user, work->defaults,
		work->options->secret, &work->error);
}

/* Only root's folders are made as they are needed: others need an owner. */
static void name_folder(struct provisioning *work)
{
	const char *path = work->file.path;
	int length = (int)(strrchr(path, '/') - path);

	error_set(&work->error, TOTPGROUP_ENOTFOUND,
		"there is no folder %.*s: as root, install -d -m 0700 -o %s %.*s", length, path,
		work->file.as_owner ? work->file.owner.name : work->file.account.name, length,
		path);
}

static enum exit_status write_file(struct provisioning *work, bool replace)
{
	int result;

	if (work->source.text.length == 0) {
		enum exit_status status =
			provision_source_draw(&work->source, work->options, &work->error);

		if (status != STATUS_DONE)
			return status;
	}
	result = user_file_write(&work->file, &work->source.text, replace, &work->error);
	if (result == TOTPGROUP_ENOTFOUND)
		name_folder(work);
	return result == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

static enum exit_status refuse(struct provisioning *work, const char *why)
{
	error_set(&work->error, TOTPGROUP_ECONFLICT, "%s: %s", work->file.path, why);
	return STATUS_REFUSED;
}

/* A file that a login takes, but not by a code any more, is not usable. */
static enum exit_status on_secret(struct provisioning *work, bool expired)
{
	const struct enroll_options *options = work->options;
	struct text text = TEXT_INIT;
	bool same = false;

	if (options->from_file != NULL && user_file_read(&work->file, &text, &work->error) == 0)
		same = provision_source_is(&work->source, &text);
	text_free(&text);
	if (work->error.code != 0)
		return STATUS_STORE_ERROR;
	if (!expired && (same || options->if_missing != 0))
		return STATUS_UNCHANGED;
	if (options->force != 0)
		return write_file(work, true);
	if (expired)
		return refuse(work, "was not confirmed in time; --force makes it anew");
	return refuse(work, options->from_file != NULL
				    ? "there is another secret; --force replaces it"
				    : "there is a secret; --if-missing leaves it, and --force "
				      "replaces it");
}

/* What stands in the way of a login stands in ours: a person decides. */
static enum exit_status on_problem(struct provisioning *work, const struct error *problem)
{
	if (work->options->force != 0)
		return write_file(work, true);
	/* Where the system does not even let it be looked at, it will not be replaced. */
	if (problem->code == TOTPGROUP_ESYSTEM)
		work->error = *problem;
	else
		error_set(&work->error, problem->code, "%.200s (--force replaces it)",
			problem->message);
	return STATUS_STORE_ERROR;
}

static enum exit_status act_on(struct provisioning *work, const struct user_status *found)
{
	switch (found->state) {
	case USER_STATE_NOT_ENROLLED:
		return write_file(work, false);
	case USER_STATE_CONFIRMED:
	case USER_STATE_PENDING:
		return on_secret(work, false);
	case USER_STATE_PENDING_EXPIRED:
		return on_secret(work, true);
	case USER_STATE_PROBLEM:
		return on_problem(work, &found->error);
	case USER_STATE_UNKNOWN_USER:
	case USER_STATE_NOT_PERMITTED:
	default:
		work->error = found->error;
		return user_state_exit_status(found->state);
	}
}

static enum exit_status try_once(struct provisioning *work)
{
	struct user_status found = {.name = NULL};
	enum exit_status status = user_status_look(
		&found, work->file.account.name, work->defaults, work->options->secret);

	work->error = (struct error)ERROR_INIT;
	if (status == STATUS_DONE)
		status = act_on(work, &found);
	else
		error_set(&work->error, TOTPGROUP_EMEMORY, "out of memory");
	user_status_free(&found);
	return status;
}

/* Whoever is as quick as we are has enrolled the user as well. */
static enum exit_status put_in_place(struct provisioning *work)
{
	enum exit_status status = STATUS_STORE_ERROR;

	work->error.code = TOTPGROUP_ECONFLICT;
	for (int i = 0; i < CONFLICTS_MAX && status == STATUS_STORE_ERROR &&
			work->error.code == TOTPGROUP_ECONFLICT;
		i++)
		status = try_once(work);
	return status;
}

static enum exit_status take_steps(struct provisioning *work)
{
	enum exit_status status = find(work);

	if (status == STATUS_DONE && work->options->from_file != NULL)
		status = provision_source_read(
			&work->source, work->options, work->file.account.name, &work->error);
	return status == STATUS_DONE ? put_in_place(work) : status;
}

static void say(const struct provisioning *work, enum exit_status status)
{
	const char *user =
		work->file.account.name != NULL ? work->file.account.name : work->options->user;

	if (status != STATUS_DONE && status != STATUS_UNCHANGED)
		terminal_complain("%s%s%s", user != NULL ? user : "", user != NULL ? ": " : "",
			work->error.message);
	else if (work->options->quiet == 0)
		terminal_say("%s: %s %s\n", user,
			status == STATUS_DONE ? "enrolled, the secret is in"
					      : "unchanged, there is",
			work->file.path);
}

enum exit_status provision(
	const struct enroll_options *options, const struct host_defaults *defaults)
{
	struct provisioning work = {.options = options,
		.defaults = defaults,
		.file = {.as_user = true},
		.source = PROVISION_SOURCE_INIT,
		.error = ERROR_INIT};
	enum exit_status status = take_steps(&work);

	if (options->json != 0)
		status = provision_json_print(
			options, &work.file, &work.source, &work.error, status);
	else
		say(&work, status);
	provision_source_free(&work.source);
	user_file_free(&work.file);
	return status;
}
