/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* import --from-homes and --from=files: secrets in home folders, or where another configuration
 * says, are copied to where the configuration says. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/exchange/exchange.h"
#include "cli/ui/terminal.h"
#include "cli/users/group_walk.h"
#include "cli/users/store_users.h"
#include "cli/users/user_file.h"
#include "config/configuration.h"
#include "core/judge.h"
#include "core/take_over.h"
#include "exchange/otp_key.h"
#include "host/user_credential.h"
#include "message/translate.h"
#include "totpgroup.h"

#define HOME_FILE "~/.google_authenticator"

/* One run. */
struct moving {
	const struct exchange_options *options;
	const struct host_defaults *defaults;
	const struct host_defaults *old; /* of the files; NULL for those in homes */
	unsigned int done;
	unsigned int failed;
	bool output_failed;
};

/* One user's secret on its way. Holds secrets. */
struct home_secret {
	struct user_file home; /* or the user's file, wherever it is */
	struct user_file store;
	struct text text; /* of the home */
	totpgroup_credential *parsed;
	struct error error;
};

enum outcome {
	OUTCOME_FAILED = 0,
	OUTCOME_NONE, /* there is no secret in the home */
	OUTCOME_COPIED,
	OUTCOME_BROUGHT_UP, /* it was there, and is spent as in the home now */
	OUTCOME_UNCHANGED,
};

/* Whether both are the same file, which must not be removed then. In a store without files they never
 * are. */
static bool is_same_file(const struct user_file *file, const struct user_file *copy)
{
	const char *one = file->credential->place->file;
	const char *other = copy->credential->place->file;
	struct stat a, b;

	if (one == NULL || other == NULL)
		return false;
	if (strcmp(one, other) == 0)
		return true;
	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int refuse_same(const struct moving *moving, struct error *error)
{
	return error_set(error, TOTPGROUP_ECONFIG,
		moving->old != NULL
			? translate("both configurations keep the secret there")
			: translate("the configuration keeps the secret in the home: set "
				    "secret= first, or name a folder with --secret"));
}

static bool find_files(
	struct home_secret *secret, const struct moving *moving, const char *user)
{
	const struct exchange_options *options = moving->options;

	/* What the host keeps apart from secrets stays where it is. */
	secret->home.without_state = moving->old == NULL;
	if (user_file_find(&secret->home, user,
		    moving->old != NULL ? moving->old : moving->defaults,
		    moving->old != NULL ? NULL : HOME_FILE, &secret->error) != STATUS_DONE ||
		user_file_find(&secret->store, user, moving->defaults, options->secret,
			&secret->error) != STATUS_DONE)
		return false;
	return !is_same_file(&secret->home, &secret->store) ||
	       refuse_same(moving, &secret->error) == 0;
}

/* Reads what a login would go by, secret and state, into one text. */
static int read_file(struct home_secret *secret)
{
	int status = user_file_load(&secret->home, &secret->parsed, NULL, &secret->error);

	if (status == 0 && text_append(&secret->text, secret->parsed->text.data,
				   secret->parsed->text.length) != 0)
		status = error_set(
			&secret->error, TOTPGROUP_EMEMORY, translate("out of memory"));
	return status;
}

/* Reads the secret of a home, byte by byte. A file that a login would refuse is not copied. */
static int read_home(struct home_secret *secret)
{
	int status = user_file_read(&secret->home, &secret->text, &secret->error);

	if (status == 0)
		status = credential_load(&secret->parsed, secret->text.data,
			secret->text.length, &secret->error);
	return status == 0 ? credential_judge(secret->parsed, &secret->error) : status;
}

/* Whether both texts have one secret in their first line. */
static bool has_same_secret(const totpgroup_credential *a, const totpgroup_credential *b)
{
	struct credential_option one = credential_secret(a), other = credential_secret(b);
	struct otp_key keys[] = {OTP_KEY_INIT, OTP_KEY_INIT};
	struct error ignored = ERROR_INIT;
	bool same =
		otp_key_set_credential_secret(&keys[0], one.value, one.length, &ignored) == 0 &&
		otp_key_set_credential_secret(&keys[1], other.value, other.length, &ignored) ==
			0 &&
		otp_key_same_secret(&keys[0], &keys[1]);

	otp_key_free(&keys[0]);
	otp_key_free(&keys[1]);
	return same;
}

/* For store_transact(). */
static int bring_up(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	struct home_secret *secret = argument;
	totpgroup_credential *parsed = NULL;
	int status = user_credential_parse(secret->store.credential, record, &parsed, error);
	bool changed = false;

	if (status == 0 && !has_same_secret(parsed, secret->parsed))
		status = error_set(error, TOTPGROUP_ECONFLICT,
			translate("has another secret already; use --force to replace it"));
	if (status == 0)
		status = take_over_spent(parsed, secret->parsed, &changed, error);
	if (status == 0 && changed)
		status = user_credential_change(record, parsed, change, error);
	totpgroup_credential_free(parsed);
	return status;
}

/* Looks what bring_up() would come to, and whether it would write. */
static int try_bring_up(struct home_secret *secret, bool *changed)
{
	struct store_record record = STORE_RECORD_INIT;
	struct store_change change = STORE_CHANGE_INIT;
	int status = user_file_look(&secret->store, &record, NULL, &secret->error);

	if (status == 0)
		status = bring_up(&record, secret, &change, &secret->error);
	*changed = change.has_secret || change.has_state;
	store_change_free(&change);
	store_record_free(&record);
	return status;
}

static enum outcome copy(struct home_secret *secret, const struct exchange_options *options)
{
	bool changed = false;
	int status = options->force != 0 ? TOTPGROUP_ENOTFOUND : try_bring_up(secret, &changed);

	if (status == 0 && !changed)
		return OUTCOME_UNCHANGED;
	if (status == 0) {
		if (options->dry_run == 0)
			status = store_transact(secret->store.credential->place, bring_up,
				secret, &secret->error);
		return status == 0 ? OUTCOME_BROUGHT_UP : OUTCOME_FAILED;
	}
	if (status != TOTPGROUP_ENOTFOUND)
		return OUTCOME_FAILED;
	secret->error = (struct error)ERROR_INIT;
	if (options->dry_run == 0)
		status = user_file_write(
			&secret->store, &secret->text, options->force != 0, &secret->error);
	else
		status = 0;
	return status == 0 ? OUTCOME_COPIED : OUTCOME_FAILED;
}

/* The file goes only when the copy is durable. */
static bool remove_home(struct home_secret *secret, const struct exchange_options *options)
{
	int status = 0;

	if (options->remove != 0 && options->dry_run == 0)
		status = store_remove(
			secret->home.credential->place, getuid() == 0, &secret->error);
	return status == 0 || status == TOTPGROUP_ENOTFOUND;
}

static enum outcome move(
	struct home_secret *secret, const struct moving *moving, const char *user)
{
	enum outcome outcome;
	int status;

	if (!find_files(secret, moving, user))
		return OUTCOME_FAILED;
	status = moving->old != NULL ? read_file(secret) : read_home(secret);
	if (status == TOTPGROUP_ENOTFOUND)
		return OUTCOME_NONE;
	if (status != 0)
		return OUTCOME_FAILED;
	outcome = copy(secret, moving->options);
	if (outcome != OUTCOME_FAILED && !remove_home(secret, moving->options))
		outcome = OUTCOME_FAILED;
	return outcome;
}

static bool say_brought_up(const struct moving *moving, const char *user)
{
	bool dry = moving->options->dry_run != 0;

	if (moving->old != NULL)
		return terminal_say(dry ? N_("would have spent for %s what the file says\n")
					: N_("spent for %s what the file says\n"),
			user);
	return terminal_say(dry ? N_("would have spent for %s what the home's file says\n")
				: N_("spent for %s what the home's file says\n"),
		user);
}

static void say(struct moving *moving, const char *user, enum outcome outcome,
	const struct error *error)
{
	const struct exchange_options *options = moving->options;
	bool good = true;

	if (outcome == OUTCOME_FAILED)
		terminal_complain("failed %s: %s", user, error->message);
	else if (options->quiet != 0)
		return;
	else if (outcome == OUTCOME_COPIED)
		good = terminal_say(options->dry_run != 0 ? N_("would have imported %s\n")
							  : N_("imported %s\n"),
			user);
	else if (outcome == OUTCOME_BROUGHT_UP)
		good = say_brought_up(moving, user);
	else if (outcome == OUTCOME_UNCHANGED)
		good = terminal_say("unchanged %s\n", user);
	else
		good = terminal_say(moving->old != NULL
					    ? N_("skipped %s: no secret in the old store\n")
					    : N_("skipped %s: no secret in the home\n"),
			user);
	moving->output_failed |= !good;
}

static void move_user(struct moving *moving, const char *user)
{
	struct home_secret secret = {.text = TEXT_INIT, .error = ERROR_INIT};
	enum outcome outcome = move(&secret, moving, user);

	moving->done += outcome != OUTCOME_FAILED;
	moving->failed += outcome == OUTCOME_FAILED;
	say(moving, user, outcome, &secret.error);
	totpgroup_credential_free(secret.parsed);
	text_free(&secret.text);
	user_file_free(&secret.home);
	user_file_free(&secret.store);
}

/* Users whose secrets are to be moved, each by name; owned. */
struct names {
	char **names;
	size_t count;
	enum exit_status status;
};

/* For store_users_list(), too. */
static bool add_name(void *argument, const char *name)
{
	struct names *names = argument;
	char **more = reallocarray(names->names, names->count + 1, sizeof(char *));

	if (more != NULL)
		names->names = more;
	if (more == NULL || (more[names->count] = strdup(name)) == NULL)
		names->status = terminal_out_of_memory();
	else
		names->count++;
	return names->status == STATUS_DONE;
}

static void list_group(struct names *names, const char *group)
{
	struct group_walk walk = {.group = NULL};
	const struct passwd *entry;
	const char *name;

	names->status = group_walk_begin(&walk, group);
	/* All are listed first: the files are found through the same database. */
	while (names->status == STATUS_DONE && group_walk_next(&walk, &name, &entry))
		(void)add_name(names, name);
	group_walk_end(&walk);
}

static void list_files(struct names *names, const struct host_defaults *old)
{
	struct error error = ERROR_INIT;
	struct store *shared;

	names->status = host_defaults_store(old, &shared, &error);
	if (names->status != STATUS_DONE ||
		store_users_list(shared, &old->configuration->options, NULL, false, add_name,
			names, &error) != 0)
		names->status = terminal_complain_error(&error);
}

static enum exit_status move_all(struct moving *moving)
{
	const struct exchange_options *options = moving->options;
	struct names names = {.status = STATUS_DONE};

	if (options->user != NULL)
		move_user(moving, options->user);
	if (options->group != NULL)
		list_group(&names, options->group);
	if (names.status == STATUS_DONE && options->all != 0)
		list_files(&names, moving->old);
	for (size_t i = 0; names.status == STATUS_DONE && i < names.count; i++)
		move_user(moving, names.names[i]);
	while (names.count > 0)
		free(names.names[--names.count]);
	free(names.names);
	return names.status;
}

enum exit_status import_homes(const struct exchange_options *options,
	const struct host_defaults *defaults, const struct host_defaults *old)
{
	struct moving moving = {.options = options, .defaults = defaults, .old = old};
	enum exit_status status;

	if (getuid() != 0)
		return terminal_fail(STATUS_NOT_PERMITTED, "only root may move secrets");
	status = move_all(&moving);
	if (status != STATUS_DONE)
		return status;
	if (moving.output_failed)
		return terminal_fail(STATUS_STORE_ERROR, "cannot write to standard output");
	return moving.failed > 0 ? STATUS_SOME_FAILED : STATUS_DONE;
}
