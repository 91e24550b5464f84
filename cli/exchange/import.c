/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <time.h>

#include "cli/commands.h"
#include "cli/exchange/exchange.h"
#include "cli/ui/input.h"
#include "cli/ui/terminal.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "message/translate.h"
#include "totpgroup.h"

/* One run of the command. */
struct import {
	struct exchange_options options;
	struct host_defaults defaults;
	struct import_list list;
	unsigned int done;
	unsigned int not_permitted;
	unsigned int failed; /* or skipped, for any other reason */
	bool output_failed;
	struct import_said said;
};

static enum exchange_format choose_format(
	const struct exchange_options *options, const char *source, const struct text *text)
{
	enum exchange_format format = options->format;

	if (format != FORMAT_UNKNOWN)
		return format;
	format = import_guess_format(text->data != NULL ? text->data : "", text->length);
	if (format != FORMAT_UNKNOWN && options->quiet == 0)
		terminal_complain(
			"%s: taken for the format %s", source, exchange_format_name(format));
	return format;
}

static enum exit_status read_input(struct import *import, const char *path)
{
	const char *source = input_name(path);
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	int status = input_read(path, &text, &error);

	if (status == 0) {
		const struct import_how how = {choose_format(&import->options, source, &text),
			(int64_t)time(NULL), &import->options};

		status = import_list_read(&import->list, source, &text, &how, &error);
	}
	text_free(&text);
	if (status == TOTPGROUP_EMEMORY)
		return terminal_out_of_memory();
	if (status == 0)
		return STATUS_DONE;
	import->failed++;
	terminal_complain("failed %s: %s", source, error.message);
	return STATUS_DONE;
}

static enum exit_status read_inputs(struct import *import)
{
	enum exit_status status = STATUS_DONE;

	if (import->options.word_count == 0)
		status = read_input(import, "-");
	for (int i = 0; status == STATUS_DONE && i < import->options.word_count; i++)
		status = read_input(import, import->options.words[i]);
	return status;
}

/* Puts the line and the user before the message. */
static void name_record(struct import_record *record)
{
	struct error problem = record->error;

	if (record->key.line > 0)
		error_set(&record->error, problem.code, translate("line %u: %s: %s"),
			record->key.line, record->user, problem.message);
	else
		error_set(
			&record->error, problem.code, "%s: %s", record->user, problem.message);
}

/* Finds out what a dry run can: whether there is a file, and whether it can be read. */
static int try_to_read(const struct user_file *file, bool force, struct error *error)
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

static enum exit_status store_credential(
	const struct import *import, struct import_record *record)
{
	const struct exchange_options *options = &import->options;
	struct user_file file = {.path = NULL};
	enum exit_status status = user_file_find(
		&file, record->user, &import->defaults, options->secret, &record->error);
	int result = 0;

	if (status == STATUS_DONE && options->dry_run != 0)
		result = try_to_read(&file, options->force != 0, &record->error);
	else if (status == STATUS_DONE)
		result = user_file_write(
			&file, &record->credential, options->force != 0, &record->error);
	user_file_free(&file);
	if (status == STATUS_DONE && result == TOTPGROUP_ECONFLICT)
		return STATUS_REFUSED;
	if (status == STATUS_DONE && result == 0)
		return STATUS_DONE;
	name_record(record);
	return status == STATUS_DONE ? STATUS_STORE_ERROR : status;
}

/* Prints a line for a record: to standard output what was done, to standard error what was
 * not. False where standard output fails. */
static bool report_record(const struct exchange_options *options,
	const struct import_record *record, enum exit_status status)
{
	bool dry = options->dry_run != 0;

	if (status == STATUS_DONE && options->quiet != 0)
		return true;
	if (status == STATUS_DONE && record->device_count > 1)
		return terminal_say(dry ? N_("would import %s with %zu devices\n")
					: N_("imported %s with %zu devices\n"),
			record->user, record->device_count);
	if (status == STATUS_DONE)
		return terminal_say(
			dry ? N_("would import %s\n") : N_("imported %s\n"), record->user);
	if (status == STATUS_REFUSED)
		terminal_complain("skipped %s: has a secret already; use --force to replace it",
			record->user);
	else
		terminal_complain("failed %s: %s", record->source, record->error.message);
	return true;
}

/* An export consists of several parts, and people forget one. */
static void say_missing_parts(const struct import_list *list)
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
	if (first != NULL && parts < first->part_count)
		terminal_complain("%s: an export of %d parts, of which %d are here",
			first->source, (int)first->part_count, (int)parts);
}

static void store_record(struct import *import, struct import_record *record)
{
	enum exit_status status = STATUS_STORE_ERROR;

	if (record->error.code == 0)
		status = store_credential(import, record);
	if (status == STATUS_DONE)
		import->done++;
	else if (status == STATUS_NOT_PERMITTED)
		import->not_permitted++;
	else
		import->failed++;
	if (!report_record(&import->options, record, status))
		import->output_failed = true;
	if (status == STATUS_DONE && import->options.quiet == 0)
		import_say_notes(record, &import->said);
}

static enum exit_status choose_exit_status(const struct import *import)
{
	if (import->output_failed)
		return terminal_fail(STATUS_STORE_ERROR, "cannot write to standard output");
	if (import->done + import->not_permitted + import->failed == 0)
		return terminal_fail(STATUS_STORE_ERROR,
			import->list.first == NULL ? N_("nothing to import")
						   : N_("nothing to import for that user"));
	if (import->list.first == NULL)
		return STATUS_STORE_ERROR;
	if (import->failed > 0 || (import->not_permitted > 0 && import->done > 0))
		return STATUS_SOME_FAILED;
	return import->not_permitted > 0 ? STATUS_NOT_PERMITTED : STATUS_DONE;
}

static enum exit_status store_all(struct import *import)
{
	if (import->options.quiet == 0)
		say_missing_parts(&import->list);
	for (struct import_record *record = import->list.first; record != NULL;
		record = record->next)
		if (!record->passed_over)
			store_record(import, record);
	return choose_exit_status(import);
}

/* The name of an option that is about an input; NULL where none was given. */
static const char *name_of_input_option(const struct exchange_options *options)
{
	const struct {
		bool given;
		const char *name;
	} all[] = {
		{options->format != FORMAT_UNKNOWN && options->format != FORMAT_FILES, "from"},
		{options->issuer != NULL, "issuer"},
		{options->label != NULL, "label"},
		{options->users != NULL, "users"},
		{options->key_file != NULL, "key-file"},
		{options->password_file != NULL, "password-file"},
		{options->type > 0, "type"},
		{options->algorithm > 0, "algorithm"},
		{options->digits > 0, "digits"},
		{options->period > 0, "period"},
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].given)
			return all[i].name;
	return NULL;
}

static bool is_from_files(const struct exchange_options *options)
{
	return options->format == FORMAT_FILES;
}

/* Options that are for the one or the other alone. */
static enum exit_status check_old(const struct exchange_options *options)
{
	if (!is_from_files(options) && (options->old_conf != NULL || options->all != 0))
		return terminal_fail(STATUS_USAGE, "%s is for --from=files",
			options->all != 0 ? "--all" : "--old-conf");
	if (!is_from_files(options) && options->from_homes == 0 &&
		(options->group != NULL || options->remove != 0))
		return terminal_fail(STATUS_USAGE, "%s is for --from-homes and --from=files",
			options->group != NULL ? "--group" : "--remove");
	if (is_from_files(options) && options->from_homes != 0)
		return terminal_fail(STATUS_USAGE, "--from=files contradicts --from-homes");
	if (is_from_files(options) && options->old_conf == NULL)
		return terminal_fail(STATUS_USAGE,
			"which files? Name the configuration that says where they are, with "
			"--old-conf");
	return STATUS_DONE;
}

/* With --from-homes and --from=files there is no input to be read. */
static enum exit_status check_homes(const struct exchange_options *options)
{
	const char *way = is_from_files(options) ? "--from=files" : "--from-homes";
	const char *other = name_of_input_option(options);

	if (check_old(options) != STATUS_DONE)
		return STATUS_USAGE;
	if (options->from_homes == 0 && !is_from_files(options))
		return STATUS_DONE;
	if (options->group == NULL && options->user == NULL && options->all == 0)
		return terminal_fail(STATUS_USAGE,
			is_from_files(options)
				? N_("whose files? Name --all, --group=GROUP or --user=USER")
				: N_("whose homes? Name --group=GROUP or --user=USER"));
	if (options->word_count > 0)
		return terminal_fail(STATUS_USAGE, "%s reads no FILE", way);
	if (other != NULL)
		return terminal_fail(STATUS_USAGE, "--%s contradicts %s", other, way);
	return STATUS_DONE;
}

/* Copies what is in users' homes, or where another configuration says. */
static enum exit_status copy_files(
	const struct exchange_options *options, const struct host_defaults *defaults)
{
	struct host_defaults old = {.secret = NULL};
	enum exit_status status = STATUS_DONE;

	if (options->from_homes != 0)
		return import_homes(options, defaults, NULL);
	status = host_defaults_load(&old, options->old_conf);
	if (status == STATUS_DONE)
		status = import_homes(options, defaults, &old);
	host_defaults_free(&old);
	return status;
}

enum exit_status command_import(int argc, char **argv)
{
	struct import import = {.options = {.format = FORMAT_UNKNOWN}};
	struct exchange_options *options = &import.options;
	enum exit_status status =
		exchange_options_read(options, import_options_table, argc, argv);

	if (status == STATUS_DONE)
		status = check_homes(options);
	if (status == STATUS_DONE)
		status = host_defaults_load(&import.defaults, options->conf);
	if (status == STATUS_DONE && (options->from_homes != 0 || is_from_files(options))) {
		status = copy_files(options, &import.defaults);
		host_defaults_free(&import.defaults);
		return status;
	}
	if (status == STATUS_DONE)
		status = read_inputs(&import);
	if (status == STATUS_DONE)
		status = import_list_assign(&import.list, options);
	if (status == STATUS_DONE)
		import_list_choose(&import.list, options);
	if (status == STATUS_DONE)
		status = import_list_find_users(&import.list, options->user);
	if (status == STATUS_DONE)
		status = import_list_join(&import.list, &import.defaults, options);
	if (status == STATUS_DONE)
		status = store_all(&import);
	import_list_free(&import.list);
	host_defaults_free(&import.defaults);
	return status;
}
