/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"

struct command {
	const char *name;
	enum exit_status (*run)(int argc, char **argv);
	const struct option_row *options;
	const char *operands; /* what follows the options, for the help */
	const char *help;     /* one line */
};

static const struct command commands[] = {
	{"enroll", command_enroll, enroll_options_table, " [USER]",
		"enroll yourself or, as root, another user (the default)"},
	{"bulk", command_bulk, bulk_options_table, "",
		"enroll a whole group, or a list of users, with a letter for each"},
	{"codes", command_codes, codes_options_table, " [USER]...",
		"make new emergency codes for the same secret"},
	{"verify", command_verify, verify_options_table, " USER...",
		"check a code from standard input, and spend it"},
	{"status", command_status, status_options_table, " [USER]...",
		"say who is enrolled, and the state of each secret"},
	{"show", command_show, show_options_table, " [USER]...",
		"show the QR code and the link of a secret again"},
	{"revoke", command_revoke, revoke_options_table, " USER...", "remove secrets"},
	{"import", command_import, import_options_table, " [FILE]...",
		"enroll users with the secrets in another program's file"},
	{"export", command_export, export_options_table, " [USER]...",
		"write secrets in another program's format"},
	{"explain", command_explain, explain_options_table, " USER",
		"say what would happen at a login, and why"},
	{"doctor", command_doctor, doctor_options_table, " [USER]",
		"check whether this host is set up right, and say how to mend it"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const char usage[] =
	"Usage: totp-enroll [OPTION]...\n"
	"       totp-enroll COMMAND [OPTION]...\n\n"
	"Makes a secret for one-time codes and stores it where the login looks for it.\n"
	"Asks for what no option says; Enter takes the answer in capitals.\n\n"
	"Commands:\n";

static const char exit_statuses[] =
	"\nExit status: 0 done, 1 refused, given up or problem found, 2 usage, "
	"3 not enrolled,\n"
	"4 limited, 5 not permitted, 6 file or system error, 7 some of many failed,\n"
	"8 nothing to do (enroll --if-missing, --from-file or --json).\n";

static bool print_help(void)
{
	bool done = terminal_say("%s", usage);

	for (size_t i = 0; done && i < COMMAND_COUNT; i++)
		done = terminal_say("  %-10s %s\n", commands[i].name, commands[i].help);
	for (size_t i = 0; done && i < COMMAND_COUNT; i++)
		done = terminal_say("\nOptions of %s%s:\n", commands[i].name,
			       commands[i].operands) &&
		       option_table_print(commands[i].options);
	return done && terminal_say("%s", exit_statuses);
}

/* A file that is opened later must not become standard output. The stand-in for a closed
 * descriptor is opened the wrong way round: its use fails, so that a secret that went
 * nowhere does not count as shown. */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) != fd)
			return false;
	}
	return true;
}

/* The program answers to the caller and writes the caller's files. It refuses to run with
 * rights that the caller does not have. */
static bool has_callers_rights(void)
{
	return getuid() == geteuid() && getgid() == getegid();
}

static enum exit_status run_command(int argc, char **argv)
{
	if (argc < 2 || argv[1][0] == '-')
		return command_enroll_self(argc, argv);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	terminal_complain("unknown command '%s'; see totp-enroll --help", argv[1]);
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	enum exit_status status;
	bool printed = true;

	if (!fill_standard_descriptors())
		return STATUS_STORE_ERROR;
	if (!has_callers_rights()) {
		terminal_complain("refusing to run set-user-ID or set-group-ID");
		return STATUS_NOT_PERMITTED;
	}
	/* Neither a core file nor another process may show the memory. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0});
	setlocale(LC_CTYPE, "");
	status = run_command(argc, argv);
	if (status == STATUS_HELP)
		printed = print_help();
	else if (status == STATUS_VERSION)
		printed = terminal_say("totp-enroll (totpgroup) %s\n", PACKAGE_VERSION);
	else
		return (int)status;
	return printed ? STATUS_DONE : STATUS_STORE_ERROR;
}
