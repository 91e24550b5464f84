/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <time.h>

#include "cli/exchange/import_list.h"
#include "cli/exchange/import_users.h"
#include "cli/exchange/options.h"
#include "cli/ui/input.h"
#include "cli/ui/terminal.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "totpgroup.h"

/* How it went so far. */
struct tally {
	unsigned int done;
	unsigned int not_permitted;
	unsigned int failed; /* or left alone, for any other reason */
	bool output_failed;
};

static void say_input_failed(const char *source, const struct error *error, struct tally *tally)
{
	tally->failed++;
	if (!terminal_say("failed %s: %s\n", source, error->message))
		tally->output_failed = true;
}

static enum transfer_format choose_format(
	const struct transfer_options *options, const char *source, const struct text *text)
{
	enum transfer_format format = options->format;

	if (format != FORMAT_UNKNOWN)
		return format;
	format = transfer_format_guess(text->data != NULL ? text->data : "", text->length);
	if (format != FORMAT_UNKNOWN && options->quiet == 0)
		terminal_complain(
			"%s: taken for the format %s", source, transfer_format_name(format));
	return format;
}

static enum exit_status read_input(struct import_list *list,
	const struct transfer_options *options, const char *path, struct tally *tally)
{
	const char *source = input_name(path);
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	int status = input_read(path, &text, &error);

	if (status == 0)
		status = import_list_read(list, source, &text,
			choose_format(options, source, &text), (int64_t)time(NULL), &error);
	text_free(&text);
	if (status == TOTPGROUP_EMEMORY)
		return terminal_out_of_memory();
	if (status != 0)
		say_input_failed(source, &error, tally);
	return STATUS_DONE;
}

static enum exit_status read_inputs(
	struct import_list *list, const struct transfer_options *options, struct tally *tally)
{
	enum exit_status status = STATUS_DONE;

	if (options->word_count == 0)
		status = read_input(list, options, "-", tally);
	for (int i = 0; status == STATUS_DONE && i < options->word_count; i++)
		status = read_input(list, options, options->words[i], tally);
	return status;
}

/* Prefixes a message with the line and the user that it is about. */
static void blame(struct import_record *record)
{
	struct error problem = record->error;

	if (record->key.line > 0)
		error_set(&record->error, problem.code, "line %u: %s: %s", record->key.line,
			record->user, problem.message);
	else
		error_set(
			&record->error, problem.code, "%s: %s", record->user, problem.message);
}

/* What a dry run can find out: is there a file, and can it be reached? */
static int look(const struct user_file *file, bool force, struct error *error)
{
	struct text text = TEXT_INIT;
	int status = user_file_read(file, &text, error);

	text_free(&text);
	if (status == TOTPGROUP_ENOTFOUND)
		return 0;
	if (status == 0 && !force)
		return TOTPGROUP_ECONFLICT;
	return status;
}

static enum exit_status store(const struct transfer_options *options,
	const struct host_defaults *defaults, struct import_record *record)
{
	struct user_file file = {.as_user = true};
	enum exit_status status = user_file_find_for_login(
		&file, record->user, defaults, options->secret, &record->error);
	int result = 0;

	if (status == STATUS_DONE && options->dry_run != 0)
		result = look(&file, options->force != 0, &record->error);
	else if (status == STATUS_DONE)
		result = user_file_write(
			&file, &record->credential, options->force != 0, &record->error);
	user_file_free(&file);
	if (status == STATUS_DONE && result == TOTPGROUP_ECONFLICT)
		return STATUS_REFUSED;
	if (status == STATUS_DONE && result == 0)
		return STATUS_DONE;
	blame(record);
	return status == STATUS_DONE ? STATUS_STORE_ERROR : status;
}

/* A line on standard output for each record. */
static bool report(const struct transfer_options *options, const struct import_record *record,
	enum exit_status status)
{
	if (status == STATUS_DONE && options->quiet != 0)
		return true;
	if (status == STATUS_DONE)
		return terminal_say("%s %s\n",
			options->dry_run != 0 ? "would import" : "imported", record->user);
	if (status == STATUS_REFUSED)
		return terminal_say("skipped %s: has a secret already; use --force to "
				    "replace it\n",
			record->user);
	return terminal_say("failed %s: %s\n", record->source, record->error.message);
}

static void count(struct tally *tally, enum exit_status status)
{
	if (status == STATUS_DONE)
		tally->done++;
	else if (status == STATUS_NOT_PERMITTED)
		tally->not_permitted++;
	else
		tally->failed++;
}

/* What the person should know of a record that went in. */
static void say_notes(const struct transfer_options *options,
	const struct import_record *record, bool *pin_said)
{
	const struct otp_key *key = &record->key;

	if (options->quiet != 0)
		return;
	if ((key->notes & OTP_KEY_ISSUERS_DIFFER) != 0)
		terminal_complain("%s: line %u: the label names another issuer than the "
				  "parameter, which is taken: %s",
			record->source, key->line, key->issuer);
	if (key->hotp && key->counter == 0)
		terminal_complain("%s: line %u: %s begins at counter 1; the code of counter "
				  "0 is not accepted",
			record->source, key->line, record->user);
	if ((key->notes & OTP_KEY_DEVICES_LEFT_OUT) != 0)
		terminal_complain("%s: %s gets the first device only: the further ones are "
				  "left out",
			record->source, record->user);
	if ((key->notes & OTP_KEY_PIN_LEFT_OUT) != 0 && !*pin_said) {
		*pin_said = true;
		terminal_complain(
			"%s: PINs are left out: the login asks for codes only", record->source);
	}
}

/* Of an export in several parts, people forget one. */
static void say_missing_parts(
	const struct transfer_options *options, const struct import_list *list)
{
	const struct import_record *before = NULL;
	const struct import_record *first = NULL;
	int32_t parts = 0;

	for (const struct import_record *record = list->first; record != NULL;
		record = record->next) {
		if (record->part_count <= 1)
			continue;
		if (first == NULL)
			first = record;
		if (before == NULL || before->part != record->part ||
			before->export_id != record->export_id)
			parts++;
		before = record;
	}
	if (first != NULL && parts < first->part_count && options->quiet == 0)
		terminal_complain("%s: an export of %d parts, of which %d are here",
			first->source, (int)first->part_count, (int)parts);
}

static void store_all(struct import_list *list, const struct transfer_options *options,
	const struct host_defaults *defaults, struct tally *tally)
{
	bool pin_said = false;

	for (struct import_record *record = list->first; record != NULL;
		record = record->next) {
		enum exit_status status = STATUS_STORE_ERROR;

		if (record->passed_over)
			continue;
		if (record->error.code == 0)
			status = store(options, defaults, record);
		count(tally, status);
		if (!report(options, record, status))
			tally->output_failed = true;
		if (status == STATUS_DONE)
			say_notes(options, record, &pin_said);
	}
}

static enum exit_status conclude(const struct import_list *list, const struct tally *tally)
{
	if (tally->output_failed) {
		terminal_complain("cannot write to standard output");
		return STATUS_STORE_ERROR;
	}
	if (tally->done + tally->not_permitted + tally->failed == 0) {
		terminal_complain(list->first == NULL ? "nothing to import"
						      : "nothing to import for that user");
		return STATUS_STORE_ERROR;
	}
	if (list->first == NULL)
		return STATUS_STORE_ERROR;
	if (tally->failed > 0 || (tally->not_permitted > 0 && tally->done > 0))
		return STATUS_SOME_FAILED;
	return tally->not_permitted > 0 ? STATUS_NOT_PERMITTED : STATUS_DONE;
}

enum exit_status command_import(int argc, char **argv)
{
	struct transfer_options options = {.format = FORMAT_UNKNOWN};
	struct host_defaults defaults = {.configuration = NULL};
	struct import_list list = {.first = NULL};
	struct tally tally = {.done = 0};
	enum exit_status status =
		transfer_options_read(&options, import_options_table, argc, argv);

	if (status != STATUS_DONE)
		return status;
	status = host_defaults_load(&defaults, options.conf);
	if (status == STATUS_DONE)
		status = read_inputs(&list, &options, &tally);
	if (status == STATUS_DONE)
		status = import_users_find(&list, options.user);
	if (status == STATUS_DONE) {
		say_missing_parts(&options, &list);
		store_all(&list, &options, &defaults, &tally);
		status = conclude(&list, &tally);
	}
	import_list_free(&list);
	host_defaults_free(&defaults);
	return status;
}
