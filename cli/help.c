/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "help.h"

#include <stdio.h>
#include <string.h>

#include "enroll_options.h"
#include "terminal.h"

#define HELP_COLUMN 31

/* Lines of help after the first are indented below it. */
static void print_option(const struct enroll_option *row)
{
	char left[HELP_COLUMN + 1];
	const char *help = row->help;
	const char *newline;

	snprintf(left, sizeof(left), "  %c%c%c --%s%s%s", row->letter != '\0' ? '-' : ' ',
		row->letter != '\0' ? row->letter : ' ', row->letter != '\0' ? ',' : ' ',
		row->name, row->argument != NULL ? "=" : "",
		row->argument != NULL ? row->argument : "");
	while ((newline = strchr(help, '\n')) != NULL) {
		terminal_say("%-*s%.*s\n", HELP_COLUMN, left, (int)(newline - help), help);
		left[0] = '\0';
		help = newline + 1;
	}
	terminal_say("%-*s%s\n", HELP_COLUMN, left, help);
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
	for (const struct enroll_option *row = enroll_options_table; row->name != NULL; row++)
		print_option(row);
	return terminal_say("\nExit status: 0 done, 1 declined or given up, 2 usage,\n"
			    "5 not permitted, 6 file or system error.\n")
		       ? STATUS_DONE
		       : STATUS_STORE_ERROR;
}

enum exit_status help_print_version(void)
{
	return terminal_say("totp-enroll (totpgroup) %s\n", PACKAGE_VERSION)
		       ? STATUS_DONE
		       : STATUS_STORE_ERROR;
}
