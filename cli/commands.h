/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The commands of totp-enroll, and their exit status. */
#ifndef TOTPGROUP_CLI_COMMANDS_H
#define TOTPGROUP_CLI_COMMANDS_H

/* totp-enroll(1) lists them: scripts rely on the numbers. */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_REFUSED = 1, /* given up before the end, or codes kept as they are */
	STATUS_USAGE = 2,
	STATUS_NOT_ENROLLED = 3,
	STATUS_LIMITED = 4, /* by the rate limit */
	STATUS_NOT_PERMITTED = 5,
	STATUS_STORE_ERROR = 6, /* the file, the user database, memory, output */
	STATUS_SOME_FAILED = 7, /* some of many users failed, the others are done */
	STATUS_UNCHANGED = 8,	/* nothing to do; only where a script asks for this */
	/* Not exit statuses: --help or --version was read. The command returns them
	 * to main(), which prints the help or the version. */
	STATUS_HELP = 256,
	STATUS_VERSION,
};

struct option_row;

/* A row of the table of commands. */
struct command {
	const char *name;
	enum exit_status (*run)(int argc, char **argv);
	const struct option_row *options;
	const char *operands; /* what follows the options, for the help */
	const char *help;     /* one line */
};

/* Finds a command in a table that a row without a name ends; NULL if it is not there. */
const struct command *command_find(const struct command *commands, const char *name);

/*
 * What each command does. argv[0] is the command's name. A command reports whatever
 * fails on standard error before it returns.
 */

/* Enrolls the caller. This runs where no command is given: argv[0] is the program. */
enum exit_status command_enroll_self(int argc, char **argv);
/* Enrolls the user who is named, or the caller. */
enum exit_status command_enroll(int argc, char **argv);
/* Enrolls a group or a list of users, and writes a letter for each. */
enum exit_status command_bulk(int argc, char **argv);
/* Replaces the emergency codes of the users who are named, or of the caller. */
enum exit_status command_codes(int argc, char **argv);
/* Checks a code from standard input, and spends it. */
enum exit_status command_verify(int argc, char **argv);
/* Prints who is enrolled, and the state of each secret. Never prints a secret. */
enum exit_status command_status(int argc, char **argv);
/* Prints an existing secret for one more device. */
enum exit_status command_show(int argc, char **argv);
/* Removes secrets, or one device of each. */
enum exit_status command_revoke(int argc, char **argv);
/* Enrolls users with the secrets in other programs' files. */
enum exit_status command_import(int argc, char **argv);
/* Finds the counter of a token again. */
enum exit_status command_resync(int argc, char **argv);
/* Writes secrets in the formats of other programs. */
enum exit_status command_export(int argc, char **argv);
/* Seals root's secrets at rest, opens them again, or seals them with the first key. */
enum exit_status command_seal(int argc, char **argv);
enum exit_status command_unseal(int argc, char **argv);
enum exit_status command_rekey(int argc, char **argv);
/* Looks after the store that hosts share. */
enum exit_status command_store(int argc, char **argv);
/* Says what the module would do with a login, and why. */
enum exit_status command_explain(int argc, char **argv);
/* Checks whether this host is set up right. */
enum exit_status command_doctor(int argc, char **argv);

#endif
