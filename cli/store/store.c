/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/store/store.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "totpgroup.h"

#define OPTIONS struct store_options

const struct option_row store_options_table[] = {
	STRING_ROW(0, "connection", connection, 'N', 1, "STRING",
		"with init and upgrade: connect so, as an administrator of the database"),
	STRING_ROW(0, "schema-dir", folder, 'D', 1, "DIR",
		"with init and upgrade: the schema's files are in DIR"),
	STRING_ROW(0, "before", before, 'b', 1, "TIME",
		"with prune: the log's lines before this day (YYYY-MM-DD), or this long ago "
		"(90d)"),
	CONF_ROW,
	FORCE_ROW("with rekey: although hosts lack the key"),
	DRY_RUN_ROW("say what would be done"),
	FLAG_ROW(0, "json", json, 'j', 1, "with status: print JSON for a program to read"),
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

static const struct {
	const char *name;
	enum exit_status (*act)(struct store_run *run);
	bool is_for_schema;
} actions[] = {
	{"init", store_init, true},
	{"upgrade", store_upgrade, true},
	{"status", store_status, false},
	{"rekey", store_rekey, false},
	{"prune", store_prune, false},
};

#define ACTIONS (sizeof actions / sizeof actions[0])

static size_t find_action(const char *name)
{
	size_t i = 0;

	while (i < ACTIONS && strcmp(actions[i].name, name) != 0)
		i++;
	return i;
}

/* The action is the one word behind the options, or before them. */
static enum exit_status read_options(
	struct store_options *options, int argc, char **argv, size_t *action)
{
	enum exit_status status = option_table_read(store_options_table, options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	*action = argc - optind == 1 ? find_action(argv[optind]) : ACTIONS;
	if (*action == ACTIONS)
		return terminal_fail(STATUS_USAGE,
			"store does one of init, upgrade, status, rekey and prune");
	if ((options->connection != NULL || options->folder != NULL) &&
		!actions[*action].is_for_schema)
		return terminal_fail(STATUS_USAGE, "%s is for init and upgrade",
			options->connection != NULL ? "--connection" : "--schema-dir");
	if ((options->before != NULL) != (strcmp(actions[*action].name, "prune") == 0))
		return terminal_fail(STATUS_USAGE,
			options->before != NULL
				? N_("--before is for prune")
				: N_("prune what? Name a time with --before, such as 90d"));
	return STATUS_DONE;
}

static int load(struct store_run *run, struct error *error)
{
	const char *conf = run->options.conf;
	char *argument = NULL;
	int status;

	if (conf != NULL && asprintf(&argument, "conf=%s", conf) < 0)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	status = configuration_load(
		&run->configuration, conf != NULL, (const char *const *)&argument, error);
	run->configuration.options.conf = NULL;
	free(argument);
	return status;
}

static enum exit_status open_store(struct store_run *run, bool is_for_schema)
{
	struct error error = ERROR_INIT;
	int status = load(run, &error);

	if (status == 0 && is_for_schema)
		status = shared_store_open_for_schema(
			&run->shared, &run->configuration, run->options.connection, &error);
	else if (status == 0)
		status = shared_store_open(&run->shared, &run->configuration, &error);
	if (status != 0)
		return terminal_complain_error(&error);
	if (run->shared == NULL)
		return terminal_fail(STATUS_REFUSED, "the configuration does not say "
						     "store=pgsql; name the one that does with "
						     "--conf");
	return STATUS_DONE;
}

enum exit_status store_run_statement(const struct store_run *run,
	const struct store_statement *statement, store_take_row *take, void *context)
{
	struct error error = ERROR_INIT;

	return shared_store_run(run->shared, statement, take, context, &error) == 0
		       ? STATUS_DONE
		       : terminal_complain_error(&error);
}

const char *store_show(const struct store_value *field, char shown[STORE_SHOWN_MAX])
{
	(void)snprintf(shown, STORE_SHOWN_MAX, "%.*s", (int)field->length,
		field->kind == STORE_VALUE_TEXT ? field->bytes : "");
	ascii_hide_controls(shown);
	return shown;
}

struct store_value store_text(const char *text)
{
	return (struct store_value){
		.kind = STORE_VALUE_TEXT, .bytes = text, .length = strlen(text)};
}

enum exit_status command_store(int argc, char **argv)
{
	struct store_run run = {.configuration = CONFIGURATION_INIT};
	size_t action = ACTIONS;
	enum exit_status status = read_options(&run.options, argc, argv, &action);

	if (status == STATUS_DONE && getuid() != 0)
		status = terminal_fail(STATUS_NOT_PERMITTED, "only root may do that");
	if (status == STATUS_DONE)
		status = open_store(&run, actions[action].is_for_schema);
	if (status == STATUS_DONE)
		status = actions[action].act(&run);
	shared_store_close(run.shared);
	configuration_free(&run.configuration);
	return status;
}
