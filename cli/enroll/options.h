/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of `totp-enroll enroll`: google-authenticator's, letter by
 * letter, and some more. */
#ifndef TOTPGROUP_CLI_ENROLL_OPTIONS_H
#define TOTPGROUP_CLI_ENROLL_OPTIONS_H

#include <stdbool.h>

#include "cli/commands.h"
#include "cli/ui/option_table.h"
#include "config/enroll_defaults.h"
#include "base/qr_render.h"
#include "core/emergency_codes.h"
#include "core/new_credential.h"

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
	const char *secret;
	const char *conf;
	const char *device; /* what it is called */
	enum qr_mode qr_mode;
	int rate_limit; /* attempts in ... */
	int rate_time;	/* ... that many seconds */
	int no_rate_limit;
	int step_size; /* seconds */
	int window_size;
	int minimal_window;
	int emergency_codes;
	int algorithm; /* enum hmac_algorithm */
	int digits;
	int code_format; /* enum code_format */
	int if_missing;
	const char *from_file; /* "-" for standard input */
	int json;
	int with_secret;
	const char *user; /* whose credential; NULL for the caller's */
};

#define ENROLL_OPTIONS_INIT                                                                    \
	{                                                                                      \
		.emergency_codes = NEW_CREDENTIAL_EMERGENCY_CODES,                             \
		.digits = NEW_CREDENTIAL_DIGITS                                                \
	}

/*
 * Reads an argument vector; with user_allowed one user may be named. Reports
 * what is wrong and returns STATUS_USAGE; else as option_table_read().
 */
enum exit_status enroll_options_read(
	struct enroll_options *options, int argc, char **argv, bool user_allowed);

/* Of flags alone, before what follows: whether those of a secret that somebody
 * else has made contradict others. Reports and returns as above. */
enum exit_status enroll_options_check_source(const struct enroll_options *options);

/* Whether the flags are those of a script, which is asked nothing. */
bool enroll_options_ask_nothing(const struct enroll_options *options);

/* What no flag says so far: before the flags are read, what they may
 * overrule; and behind them, what goes together with others of them. */
void enroll_options_preset(
	struct enroll_options *options, const struct enroll_defaults *defaults);
void enroll_options_complete(
	struct enroll_options *options, const struct enroll_defaults *defaults);

#endif
