/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/similar.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/ui/complete.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"
#include "cli/ui/wrap.h"
#include "host/shared_store.h"

static const struct command commands[] = {
	{"enroll", command_enroll, enroll_options_table, " [USER]",
		N_("enroll yourself or, as root, another user (the default)")},
	{"bulk", command_bulk, bulk_options_table, "",
		N_("enroll a whole group, or a list of users, with a letter for each")},
	{"codes", command_codes, codes_options_table, " [USER]...",
		N_("make new emergency codes for the same secret")},
	{"verify", command_verify, verify_options_table, " USER...",
		N_("check a code from standard input, and spend it")},
	{"status", command_status, status_options_table, " [USER]...",
		N_("say who is enrolled, and the state of each secret")},
	{"show", command_show, show_options_table, " [USER]...",
		N_("show the QR code and the link of a secret again")},
	{"resync", command_resync, resync_options_table, " [USER]",
		N_("find the counter of a token again by two codes in a row")},
	{"revoke", command_revoke, revoke_options_table, " USER...", N_("remove secrets")},
	{"seal", command_seal, seal_options_table, " [USER]...",
		N_("seal root's secrets, so that a copy of the disk has none")},
	{"unseal", command_unseal, unseal_options_table, " [USER]...",
		N_("keep root's secrets as plain text again")},
	{"rekey", command_rekey, rekey_options_table, " [USER]...",
		N_("seal with the first key what others seal")},
	{"import", command_import, import_options_table, " [FILE]...",
		N_("enroll users with the secrets in another program's file")},
	{"export", command_export, export_options_table, " [USER]...",
		N_("write secrets in another program's format")},
	{"store", command_store, store_options_table, " init|upgrade|status|rekey|prune",
		N_("look after the store that hosts share")},
	{"explain", command_explain, explain_options_table, " USER",
		N_("say what would happen at a login, and why")},
	{"doctor", command_doctor, doctor_options_table, " [USER]",
		N_("check whether this host is set up right, and say how to correct it")},
	{NULL, NULL, NULL, NULL, NULL},
};

static const char usage[] = N_("Usage: totp-enroll [OPTION]...\n"
			       "       totp-enroll COMMAND [OPTION]...\n"
			       "       totp-enroll help COMMAND\n");

static const char purpose[] = N_(
	"Makes a secret for one-time codes and stores it where the login looks for it. "
	"At a terminal it asks for a code from the app; --ask asks for all the rest as well.");

static const char exit_statuses[] = N_(
	"Exit status: 0 done, 1 refused, given up or problem found, 2 usage, 3 not enrolled, "
	"4 limited, 5 not permitted, 6 file or system error, 7 some of many failed, "
	"8 nothing to do (enroll --if-missing, --from-file or --json).");

/* The command that a shell's completion runs. It is in no help, and is not completed. */
#define COMPLETE "complete"

/* Where the meaning of a command begins in the list. */
#define MEANING_COLUMN 13

const struct command *command_find(const struct command *command, const char *name)
{
	/* British people look for this one. */
	if (strcmp(name, "enrol") == 0)
		name = "enroll";
	for (; command->name != NULL; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

static const struct command *find_command_or_complain(const char *name)
{
	const struct command *command = command_find(commands, name);
	const char *near =
		command == NULL ? similar_name(commands, sizeof commands[0], name, strlen(name))
				: NULL;

	if (near != NULL)
		terminal_complain(
			"unknown command '%s'; did you mean %s? See totp-enroll --help", name,
			near);
	else if (command == NULL)
		terminal_complain("unknown command '%s'; see totp-enroll --help", name);
	return command;
}

static bool print_options(const struct command *command)
{
	return terminal_say("\nOptions of %s%s:\n", command->name, command->operands) &&
	       option_table_print(command->options);
}

/* Prints words as lines of the help, which begins with `begin`. */
static bool print_words(const char *begin, size_t column, const char *words)
{
	struct text text = TEXT_INIT;
	bool done = text_append_string(&text, begin) == 0 &&
		    wrapped_text_append(&text, words, column, option_help_width()) == 0 &&
		    terminal_print(&text);

	text_free(&text);
	return done;
}

static bool print_command(const struct command *command)
{
	char name[MEANING_COLUMN + 1];

	snprintf(name, sizeof name, "  %-*s", MEANING_COLUMN - 2, command->name);
	return print_words(name, MEANING_COLUMN, translate(command->help));
}

static bool print_help_of(const struct command *command)
{
	const char *meaning = translate(command->help);
	bool lower = meaning[0] >= 'a' && meaning[0] <= 'z';
	struct text sentence = TEXT_INIT;
	bool done;

	/* A sentence. */
	text_append_format(&sentence, translate("%c%s."), meaning[0] - (lower ? 'a' - 'A' : 0),
		meaning + 1);
	done = sentence.status == 0 &&
	       terminal_say("Usage: totp-enroll %s [OPTION]...%s\n\n", command->name,
		       command->operands) &&
	       print_words("", 0, sentence.data) && print_options(command) &&
	       print_words("\n", 0, translate(exit_statuses)) &&
	       terminal_say("\nManual: totp-enroll-%s(1)\n", command->name);
	text_free(&sentence);
	return done;
}

/* Prints the help of one command, or, for NULL, of the whole program. */
static bool print_help(const struct command *only)
{
	const struct command *command = commands;
	bool done;

	if (only != NULL)
		return print_help_of(only);
	done = terminal_say("%s\n", translate(usage)) &&
	       print_words("", 0, translate(purpose)) && terminal_say("\nCommands:\n");
	for (; done && command->name != NULL; command++)
		done = print_command(command);
	for (command = commands; done && command->name != NULL; command++)
		done = print_options(command);
	return done && print_words("\n", 0, translate(exit_statuses));
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

/* *command is the one that the help is asked about, or NULL. */
static enum exit_status run_command(int argc, char **argv, const struct command **command)
{
	bool is_help;

	*command = NULL;
	if (argc < 2 || argv[1][0] == '-')
		return command_enroll_self(argc, argv);
	is_help = strcmp(argv[1], "help") == 0;
	if (is_help && argc == 2)
		return STATUS_HELP;
	if (strcmp(argv[1], COMPLETE) == 0 && argc > 2)
		return complete_print(commands, argc - 2, argv + 2);
	*command = find_command_or_complain(argv[is_help ? 2 : 1]);
	if (*command == NULL)
		return STATUS_USAGE;
	return is_help ? STATUS_HELP : (*command)->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const struct command *command;
	enum exit_status status;
	bool printed = true;

	if (!fill_standard_descriptors())
		return STATUS_STORE_ERROR;
	if (!has_callers_rights()) {
		terminal_complain("refusing to run set-user-ID or set-group-ID");
		return STATUS_NOT_PERMITTED;
	}
	shared_store_clear_environment();
	/* Neither a core file nor another process may show the memory. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0});
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	status = run_command(argc, argv, &command);
	if (status == STATUS_HELP)
		printed = print_help(command);
	else if (status == STATUS_VERSION)
		printed = terminal_say("totp-enroll (totpgroup) %s\n", PACKAGE_VERSION);
	else
		return (int)status;
	return printed ? STATUS_DONE : STATUS_STORE_ERROR;
}
