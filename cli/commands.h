/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What totp-enroll can do, and how it says how that went. */
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
	STATUS_SOME_FAILED = 7, /* of many users, while others are done */
	STATUS_UNCHANGED = 8,	/* there was nothing to do; only where a script asks so */
};

struct command {
	const char *name;
	/* argv[0] is the command's name; whatever failed has been reported. */
	enum exit_status (*run)(int argc, char **argv);
	const char *help; /* one line */
};

/* The table of main.c, ended by a row whose name is NULL. */
extern const struct command commands[];

#endif
