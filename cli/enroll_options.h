/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of `totp-enroll enroll`: google-authenticator's, letter by
 * letter. One table serves reading and help. */
#ifndef TOTPGROUP_CLI_ENROLL_OPTIONS_H
#define TOTPGROUP_CLI_ENROLL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"
#include "qr_mode.h"

/* What the options say about something that is asked otherwise. */
enum choice {
	CHOICE_ASK = 0,
	CHOICE_YES,
	CHOICE_NO,
};

/* Numbers are 0 where the option is not given. Strings point into the
 * argument vector. Begins as ENROLL_OPTIONS_INIT. */
struct enroll_options {
	int time_based;	    /* enum choice */
	int disallow_reuse; /* enum choice */
	int force;	    /* replace a file without asking */
	int no_confirm;
	int quiet;
	const char *label;
	const char *issuer; /* empty: leave it out */
	const char *secret_file;
	enum qr_mode qr_mode;
	int rate_limit; /* attempts in ... */
	int rate_time;	/* ... that many seconds */
	int no_rate_limit;
	int step_size; /* seconds */
	int window_size;
	int minimal_window;
	int emergency_codes;
	int help;
	int version;
	const char *user; /* whom to enrol; NULL for the caller */
};

#define ENROLL_EMERGENCY_CODES_MAX 10

#define ENROLL_OPTIONS_INIT                                                                    \
	{                                                                                      \
		.emergency_codes = 5                                                           \
	}

/* What an option's value is. */
enum enroll_option_kind {
	ENROLL_OPTION_FLAG,   /* no argument; the value is `minimum` */
	ENROLL_OPTION_NUMBER, /* minimum to maximum */
	ENROLL_OPTION_STRING, /* minimum is the least length */
	ENROLL_OPTION_QR_MODE,
};

struct enroll_option {
	char letter; /* '\0' where there is a long name only */
	const char *name;
	enum enroll_option_kind kind;
	size_t offset; /* of the value in struct enroll_options */
	/* Of the options with one family only one may be given, and once;
	 * '\0' for those that may be repeated. */
	char family;
	int minimum;
	int maximum;
	const char *argument; /* what help calls it */
	const char *help;
};

/* The table, ended by a row whose name is NULL. */
extern const struct enroll_option enroll_options_table[];

/*
 * Reads an argument vector; with user_allowed one user may be named. Reports
 * what is wrong and returns STATUS_USAGE; else STATUS_DONE. Reading stops at
 * --help and --version.
 */
enum exit_status enroll_options_read(
	struct enroll_options *options, int argc, char **argv, bool user_allowed);

#endif
