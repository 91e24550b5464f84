/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* store init and store upgrade: the schema's files, each in one transaction. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/store/store.h"
#include "cli/ui/input.h"
#include "cli/ui/terminal.h"
#include "totpgroup.h"

/* This text is in no file of the schema. */
#define QUOTE "$totpgroup_schema$"

/* What NONE means: there is no schema. */
#define NONE (-1000)

static int take_number(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	long long *number = context;

	(void)count;
	(void)error;
	*number = fields[0].number;
	return 0;
}

static enum exit_status find_version(const struct store_run *run, long long *version)
{
	const struct store_statement has_schema = {
		.text = "select count(*) from pg_namespace where nspname = 'totpgroup'",
		.columns = "n",
		.is_repeatable = true};
	const struct store_statement ask = {
		.text = "select schema::bigint from totpgroup.setting",
		.columns = "n",
		.is_repeatable = true};
	long long schemas = 0;
	enum exit_status status = store_run_statement(run, &has_schema, take_number, &schemas);

	*version = NONE;
	return status == STATUS_DONE && schemas > 0
		       ? store_run_statement(run, &ask, take_number, version)
		       : status;
}

/* Wraps the statements of a file into one, which is done or not. */
static enum exit_status read_statements(
	const struct store_run *run, const char *name, struct text *statement)
{
	const char *folder = run->options.folder != NULL ? run->options.folder : SCHEMADIR;
	struct error error = ERROR_INIT;
	struct text content = TEXT_INIT;
	char *path = NULL;
	int status = TOTPGROUP_EMEMORY;

	if (asprintf(&path, "%s/%s", folder, name) >= 0)
		status = input_read(path, &content, &error);
	free(path);
	if (status == 0 && strstr(content.data != NULL ? content.data : "", QUOTE) != NULL)
		status = error_set(&error, TOTPGROUP_EFORMAT, "%s/%s", folder, name);
	if (status == 0)
		status = text_append_format(statement,
			"do $totpgroup_do$ begin execute " QUOTE "%s" QUOTE
			"; end $totpgroup_do$",
			content.data != NULL ? content.data : "");
	text_free(&content);
	if (status == 0)
		return STATUS_DONE;
	return error.code != 0 ? terminal_complain_error(&error) : terminal_out_of_memory();
}

static enum exit_status run_file(const struct store_run *run, const char *name)
{
	struct text text = TEXT_INIT;
	enum exit_status status = read_statements(run, name, &text);
	const struct store_statement statement = {.text = text.data, .columns = ""};

	if (status == STATUS_DONE)
		status = store_run_statement(run, &statement, NULL, NULL);
	text_free(&text);
	return status;
}

static enum exit_status say_version(const struct store_run *run, long long version)
{
	if (run->options.quiet == 0)
		terminal_say("the schema has version %lld\n", version);
	return STATUS_DONE;
}

enum exit_status store_init(struct store_run *run)
{
	int newest = shared_store_schema(run->shared);
	enum exit_status status;
	char name[40];
	long long version;

	status = find_version(run, &version);
	if (status == STATUS_DONE && version != NONE)
		return terminal_fail(STATUS_REFUSED,
			"there is a schema already, of version %lld; for a newer one: "
			"totp-enroll store upgrade",
			version);
	(void)snprintf(name, sizeof name, "schema-%d.sql", newest);
	if (status == STATUS_DONE && run->options.dry_run == 0)
		status = run_file(run, name);
	return status == STATUS_DONE ? say_version(run, newest) : status;
}

/* From one version to the next, each in a transaction of its own. */
enum exit_status store_upgrade(struct store_run *run)
{
	int newest = shared_store_schema(run->shared);
	enum exit_status status;
	char name[40];
	long long version;

	status = find_version(run, &version);
	if (status == STATUS_DONE && version == NONE)
		return terminal_fail(STATUS_REFUSED,
			"there is no schema yet: totp-enroll store init makes it");
	if (status == STATUS_DONE && version > newest)
		return terminal_fail(STATUS_REFUSED,
			"the schema has version %lld, and this host knows version %d: upgrade "
			"totpgroup on this host",
			version, newest);
	for (; status == STATUS_DONE && version < newest; version++) {
		(void)snprintf(name, sizeof name, "upgrade-%lld.sql", version);
		if (run->options.dry_run == 0)
			status = run_file(run, name);
	}
	return status == STATUS_DONE ? say_version(run, version) : status;
}
