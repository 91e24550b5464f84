/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/bulk/options.h"
#include "cli/doctor/options.h"
#include "cli/enroll/options.h"
#include "cli/explain/explain.h"
#include "cli/manage/options.h"
#include "cli/ui/terminal.h"

#define HELP_COLUMN 31

/* Lines of help after the first are indented below it. */
static void print_option(const struct option_row *row)
{
	char left[80];
	const char *help = row->help;
	const char *newline;

	snprintf(left, sizeof(left), "  %c%c%c --%s%s%s", row->letter != '\0' ? '-' : ' ',
		row->letter != '\0' ? row->letter : ' ', row->letter != '\0' ? ',' : ' ',
		row->name, row->argument != NULL ? "=" : "",
		row->argument != NULL ? row->argument : "");
	if (strlen(left) >= HELP_COLUMN) {
		terminal_say("%s\n", left);
		left[0] = '\0';
	}
	while ((newline = strchr(help, '\n')) != NULL) {
		terminal_say("%-*s%.*s\n", HELP_COLUMN, left, (int)(newline - help), help);
		left[0] = '\0';
		help = newline + 1;
	}
	terminal_say("%-*s%s\n", HELP_COLUMN, left, help);
}

static const char transfer_help[] =
	"\nOptions of import [FILE]... and export [USER]...:\n"
	"      --from=FORMAT            import: what the files are, if not to be guessed\n"
	"      --to=FORMAT              export: what to write; by default uri\n"
	"                               FORMAT is google-authenticator, users-file (of\n"
	"                               pam_oath), uri, migration or csv\n"
	"      --user=USER              import: for this user only\n"
	"      --secret=SPEC            where secrets are, as in the module's option secret=\n"
	"      --conf=FILE              this configuration, not the host's\n"
	"      --issuer=ISSUER          export: what apps show beside the account\n"
	"      --output=FILE            export: write this file, which must not exist\n"
	"      --force                  replace secrets; print them on a terminal\n"
	"      --dry-run                import: report, but write nothing\n"
	"  -q, --quiet                  say only what was not done\n";

static void print_life_options(void)
{
	static const struct {
		const char *command;
		const struct option_row *rows;
	} tables[] = {
		{"codes [USER]...", codes_options_table},
		{"verify USER...", verify_options_table},
		{"status [USER]...", status_options_table},
		{"show [USER]...", show_options_table},
		{"revoke USER...", revoke_options_table},
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		terminal_say("\nOptions of %s:\n", tables[i].command);
		for (const struct option_row *row = tables[i].rows; row->name != NULL; row++)
			print_option(row);
	}
}

enum exit_status help_print(void)
{
	terminal_say("Usage: totp-enroll [OPTION]...\n"
		     "       totp-enroll COMMAND [OPTION]...\n\n"
		     "Makes a secret for one-time codes and puts it where the login finds it.\n"
		     "Asks what no option says; Enter takes the answer in capitals.\n\n"
		     "Commands:\n");
	for (const struct command *command = commands; command->name != NULL; command++)
		terminal_say("  %-10s %s\n", command->name, command->help);
	terminal_say("\nOptions of enroll [USER]:\n");
	for (const struct option_row *row = enroll_options_table; row->name != NULL; row++)
		print_option(row);
	terminal_say("\nOptions of bulk:\n");
	for (const struct option_row *row = bulk_options_table; row->name != NULL; row++)
		print_option(row);
	print_life_options();
	terminal_say("%s", transfer_help);
	terminal_say("\nOptions of explain USER:\n");
	for (const struct option_row *row = explain_options_rows(); row->name != NULL; row++)
		print_option(row);
	terminal_say("\nOptions of doctor [USER]:\n");
	for (const struct option_row *row = doctor_options_rows(); row->name != NULL; row++)
		print_option(row);
	return terminal_say("\nExit status: 0 done, 1 refused, given up or problem found, 2 "
			    "usage, 3 "
			    "not enrolled,\n"
			    "4 limited, 5 not permitted, 6 file or system error, 7 some of "
			    "many failed,\n"
			    "8 nothing to do (enroll --if-missing, --from-file or --json).\n")
		       ? STATUS_DONE
		       : STATUS_STORE_ERROR;
}

enum exit_status help_print_version(void)
{
	return terminal_say("totp-enroll (totpgroup) %s\n", PACKAGE_VERSION)
		       ? STATUS_DONE
		       : STATUS_STORE_ERROR;
}
