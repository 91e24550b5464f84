/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/bulk/bulk.h"
#include "cli/doctor/doctor.h"
#include "cli/enroll/enroll.h"
#include "cli/exchange/export.h"
#include "cli/exchange/import.h"
#include "cli/explain/explain.h"
#include "cli/manage/codes.h"
#include "cli/manage/revoke.h"
#include "cli/manage/show.h"
#include "cli/manage/status.h"
#include "cli/manage/verify.h"
#include "cli/ui/terminal.h"

const struct command commands[] = {
	{"enroll", enroll_user, "enroll yourself or, as root, another user (the default)"},
	{"bulk", bulk, "enroll a whole group, or a list of users, with a letter for each"},
	{"codes", codes, "make new emergency codes for the same secret"},
	{"verify", verify, "check a code from standard input, and spend it"},
	{"status", status_of_users, "say who is enrolled, and how it stands"},
	{"show", show, "show the QR code and the link of a secret again"},
	{"revoke", revoke_users, "remove secrets"},
	{"import", import_files, "take over the secrets of another program's file"},
	{"export", export_users, "write secrets in another program's format"},
	{"explain", explain, "say what a login would come to, and why"},
	{"doctor", doctor, "look whether this host is set up right, and say what mends it"},
	{NULL, NULL, NULL},
};

static const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; command->name != NULL; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

/* A file opened later must not become standard output. What stands in for a
 * closed descriptor fails when used, so that nobody is taken to have seen a
 * secret that went nowhere. */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) != fd)
			return false;
	}
	return true;
}

/* Files and questions are the caller's own: rights that the caller has not
 * got are refused rather than handled. */
static bool has_callers_rights(void)
{
	return getuid() == geteuid() && getgid() == getegid();
}

static enum exit_status dispatch(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2 || argv[1][0] == '-')
		return enroll_self(argc, argv);
	command = find_command(argv[1]);
	if (command == NULL) {
		terminal_complain("unknown command '%s'; see totp-enroll --help", argv[1]);
		return STATUS_USAGE;
	}
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	if (!fill_standard_descriptors())
		return STATUS_STORE_ERROR;
	if (!has_callers_rights()) {
		terminal_complain("refusing to run set-user-ID or set-group-ID");
		return STATUS_NOT_PERMITTED;
	}
	/* No core file, and no look into the memory from another process. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setlocale(LC_CTYPE, "");
	return (int)dispatch(argc, argv);
}
