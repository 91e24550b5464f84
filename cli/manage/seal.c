/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* seal, unseal and rekey: how root's secrets and their states are kept at rest. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/manage/manage.h"
#include "cli/ui/terminal.h"
#include "config/configuration.h"
#include "core/state.h"
#include "host/user_credential.h"
#include "message/translate.h"
#include "store/sealing.h"
#include "store/state_file.h"
#include "totpgroup.h"

enum act { SEAL, UNSEAL, REKEY };

static const struct {
	const char *done;
	const char *would;
} words[] = {
	[SEAL] = {N_("sealed"), N_("would be sealed")},
	[UNSEAL] = {N_("unsealed"), N_("would be unsealed")},
	[REKEY] = {N_("sealed with the first key"), N_("would be sealed with the first key")},
};

/* One run of one of the commands. */
struct sealing_run {
	enum act act;
	const char *key_file;
	sealing_key_id first_key;
	size_t changed;
	size_t unchanged;
};

/* What was done, or with --dry-run would be done, to a secret. */
static const char *say_act(const struct manage *manage, const struct sealing_run *run)
{
	return translate(
		manage->options.dry_run != 0 ? words[run->act].would : words[run->act].done);
}

/* Whether a text that is sealed with that key, or plain, is to be written otherwise. */
static bool is_due(const struct sealing_run *run, const char *key)
{
	switch (run->act) {
	case SEAL:
		return *key == '\0';
	case UNSEAL:
		return *key != '\0';
	default:
		return *key != '\0' && strcmp(key, run->first_key) != 0;
	}
}

/* A state that is empty may have no file yet, and needs none. */
static bool is_state_due(const struct sealing_run *run, const struct store_record *record)
{
	bool is_empty =
		record->state.data == NULL || strcmp(record->state.data, STATE_EMPTY) == 0;

	return record->apart && is_due(run, record->state_key) &&
	       !(is_empty && *record->state_key == '\0');
}

/* For store_transact(): the same texts are written again, otherwise. */
static int rewrite(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	const struct sealing_run *run = argument;
	int status = 0;

	change->rewrites = true;
	change->has_secret = is_due(run, record->secret_key);
	change->has_state = is_state_due(run, record);
	if (change->has_secret)
		status = text_append(
			&change->secret, record->secret.data, record->secret.length);
	if (status == 0 && change->has_state)
		status = text_append(&change->state, record->state.data, record->state.length);
	return status == 0 ? 0 : error_set(error, status, translate("out of memory"));
}

/* Whether there is anything to do. A user who has no secret, or none any more, may have a state:
 * once its key is dropped, the next secret would be refused. */
static enum exit_status look(const struct sealing_run *run, const struct user_file *file,
	bool *due, bool *has_secret, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = user_file_look(file, &record, NULL, error);

	*has_secret = status == 0;
	if (status == TOTPGROUP_ENOTFOUND && record.state_status != 0)
		status = error_set(error, record.state_status,
			"there is no secret, and %.150s cannot be read: %s",
			file->credential->place->state_name,
			totpgroup_strerror(record.state_status));
	*due = (*has_secret && is_due(run, record.secret_key)) ||
	       ((*has_secret || status == TOTPGROUP_ENOTFOUND) && is_state_due(run, &record));
	if (status == TOTPGROUP_ENOTFOUND && *due) {
		*error = (struct error)ERROR_INIT;
		status = 0;
	}
	store_record_free(&record);
	return user_file_status(status);
}

static int change_files(struct sealing_run *run, const struct user_file *file, bool has_secret,
	struct error *error)
{
	struct sealing sealing = {.key_file = run->key_file,
		.user = file->credential->name,
		.seals = run->act != UNSEAL};
	struct store_place *place = file->credential->place;
	int status;

	if (has_secret)
		return store_transact(place, rewrite, run, error);
	status = state_file_reseal(place->state_name, &sealing, error);
	sealing_forget(&sealing);
	return status;
}

static enum exit_status change_one(struct manage *manage, struct sealing_run *run,
	struct user_file *file, const char *user, struct error *error)
{
	enum exit_status status =
		user_file_find(file, user, &manage->defaults, manage->options.secret, error);
	bool due = false, has_secret = false;

	if (status == STATUS_DONE && !user_credential_is_roots(file->credential)) {
		error_set(error, TOTPGROUP_EARGUMENT,
			translate("%s stays plain: it is the user's own, and only root's are "
				  "sealed"),
			file->path);
		return STATUS_REFUSED;
	}
	if (status == STATUS_DONE)
		status = look(run, file, &due, &has_secret, error);
	if (status != STATUS_DONE)
		return status;
	if (!due) {
		run->unchanged++;
		return STATUS_DONE;
	}
	if (manage->options.dry_run == 0)
		status = user_file_status(change_files(run, file, has_secret, error));
	if (status != STATUS_DONE)
		return status;
	run->changed++;
	if (manage->options.quiet == 0)
		terminal_say("%s: %s\n", file->name, say_act(manage, run));
	return STATUS_DONE;
}

static enum exit_status change_each(struct manage *manage, struct sealing_run *run)
{
	for (size_t i = 0; i < manage->user_count; i++) {
		const char *user = manage->users[i];
		struct user_file file = {.leaves_plain = run->act == UNSEAL};
		struct error error = ERROR_INIT;
		enum exit_status status = change_one(manage, run, &file, user, &error);

		if (status == STATUS_NOT_ENROLLED && manage->options.all != 0)
			run->unchanged++;
		else if (status != STATUS_DONE && user != NULL)
			terminal_complain("%s: %s", user, error.message);
		else if (status != STATUS_DONE)
			terminal_complain("%s", error.message);
		/* Where nobody was named, a user who has no secret is no failure. */
		if (status == STATUS_NOT_ENROLLED &&
			(manage->options.group != NULL || manage->options.all != 0))
			status = STATUS_DONE;
		manage_count(manage, status);
		user_file_free(&file);
	}
	if (manage->several && manage->options.quiet == 0)
		terminal_say("%s %zu; unchanged %zu; failed %zu\n", say_act(manage, run),
			run->changed, run->unchanged, manage->failed);
	return manage_conclude(manage);
}

/* A store that hosts share is sealed always, with keys of its own. */
static enum exit_status check_store(const struct manage *manage)
{
	if (manage->options.secret == NULL &&
		options_is_shared(&manage->defaults.configuration->options))
		return terminal_fail(STATUS_REFUSED,
			"the store that hosts share is always sealed; for another key: "
			"totp-enroll store rekey");
	return STATUS_DONE;
}

/* Reads the id of the key that seals, so that a mistake in the file is said once. */
static enum exit_status read_first_key(const char *key_file, struct sealing_run *run)
{
	struct error error = ERROR_INIT;

	if (key_file == NULL)
		return terminal_fail(STATUS_REFUSED,
			"seal_key= of the configuration does not say where the keys are");
	if (sealing_find_first_key(key_file, run->first_key, &error) != 0)
		return terminal_fail(STATUS_STORE_ERROR, "%s", error.message);
	return STATUS_DONE;
}

static enum exit_status add_key(const struct manage *manage, const char *key_file)
{
	struct error error = ERROR_INIT;

	if (key_file == NULL)
		return terminal_fail(STATUS_REFUSED,
			"seal_key= of the configuration does not say where the keys are");
	if (sealing_add_key(key_file, manage->options.new_key, &error) != 0)
		return terminal_fail(STATUS_STORE_ERROR, "%s", error.message);
	if (manage->options.quiet == 0)
		terminal_say("%s: the key %s seals from now on. Keep a copy of the file where "
			     "the secrets are not: without it they are lost.\n",
			key_file, manage->options.new_key);
	return STATUS_DONE;
}

static enum exit_status run_command(
	enum act act, const struct option_row *table, int argc, char **argv)
{
	struct manage manage = {.user_count = 0};
	struct sealing_run run = {.act = act};
	enum exit_status status = manage_read_options(&manage, table, 0, argc, argv);
	const char *key_file = NULL;

	if (status == STATUS_DONE && manage.named_count == 0 && manage.options.group == NULL &&
		manage.options.all == 0 && manage.options.new_key == NULL)
		status = terminal_fail(STATUS_USAGE, "%s whom? totp-enroll %s USER, or --all",
			argv[0], argv[0]);
	if (status == STATUS_DONE)
		status = manage_begin(&manage);
	if (status == STATUS_DONE)
		status = check_store(&manage);
	if (status == STATUS_DONE)
		key_file = manage.defaults.configuration->options.seal_key;
	if (status == STATUS_DONE && manage.options.new_key != NULL) {
		status = add_key(&manage, key_file);
	} else if (status == STATUS_DONE) {
		run.key_file = key_file;
		status = read_first_key(key_file, &run);
		if (status == STATUS_DONE)
			status = change_each(&manage, &run);
	}
	manage_end(&manage);
	return status;
}

enum exit_status command_seal(int argc, char **argv)
{
	return run_command(SEAL, seal_options_table, argc, argv);
}

enum exit_status command_unseal(int argc, char **argv)
{
	return run_command(UNSEAL, unseal_options_table, argc, argv);
}

enum exit_status command_rekey(int argc, char **argv)
{
	return run_command(REKEY, rekey_options_table, argc, argv);
}
