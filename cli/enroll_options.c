/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "enroll_options.h"

#include <getopt.h>
#include <stdint.h>
#include <string.h>

#include "base/number.h"
#include "terminal.h"

#define AT(field) offsetof(struct enroll_options, field)

#define FLAG   ENROLL_OPTION_FLAG
#define NUMBER ENROLL_OPTION_NUMBER
#define STRING ENROLL_OPTION_STRING
#define MODE   ENROLL_OPTION_QR_MODE

const struct enroll_option enroll_options_table[] = {
	{'t', "time-based", FLAG, AT(time_based), 't', CHOICE_YES, 0, NULL,
		"codes change with time (TOTP)"},
	{'c', "counter-based", FLAG, AT(time_based), 't', CHOICE_NO, 0, NULL,
		"codes change with each use (HOTP)"},
	{'d', "disallow-reuse", FLAG, AT(disallow_reuse), 'd', CHOICE_YES, 0, NULL,
		"a code is good once (with -t)"},
	{'D', "allow-reuse", FLAG, AT(disallow_reuse), 'd', CHOICE_NO, 0, NULL,
		"a code is good until its time is over (with -t)"},
	{'f', "force", FLAG, AT(force), 'f', 1, 0, NULL,
		"write the file without asking, even over another"},
	{'C', "no-confirm", FLAG, AT(no_confirm), '\0', 1, 0, NULL,
		"do not ask for a code from the app"},
	{'q', "quiet", FLAG, AT(quiet), 'q', 1, 0, NULL,
		"print questions and errors only; do not confirm"},
	{'l', "label", STRING, AT(label), 'l', 1, 0, "LABEL",
		"the account's name in the app (user@host)"},
	{'i', "issuer", STRING, AT(issuer), 'i', 0, 0, "ISSUER",
		"the issuer's name in the app (host); empty for none"},
	{'Q', "qr-mode", MODE, AT(qr_mode), 'Q', 0, 0, "MODE",
		"auto, none, ansi, ansi_inverse, ansi_grey,\n"
		"utf8, utf8_inverse, utf8_grey or ansi256"},
	{'\0', "qr", MODE, AT(qr_mode), 'Q', 0, 0, "MODE", "the same"},
	{'r', "rate-limit", NUMBER, AT(rate_limit), 'r', 1, 10, "N",
		"at most N attempts (1 to 10) ..."},
	{'R', "rate-time", NUMBER, AT(rate_time), 'R', 15, 600, "M",
		"... in M seconds (15 to 600)"},
	{'u', "no-rate-limit", FLAG, AT(no_rate_limit), 'u', 1, 0, NULL,
		"any number of attempts"},
	{'s', "secret", STRING, AT(secret_file), 's', 1, 0, "FILE",
		"write this file (~/.google_authenticator)"},
	{'S', "step-size", NUMBER, AT(step_size), 'S', 1, 60, "SECONDS",
		"a new code every 1 to 60 seconds (30)"},
	{'w', "window-size", NUMBER, AT(window_size), 'w', 1, 21, "W",
		"accept W codes around the current one (1 to 21)"},
	{'W', "minimal-window", FLAG, AT(minimal_window), 'w', 1, 0, NULL,
		"accept the fewest codes: 3 by time, 1 by counter"},
	{'e', "emergency-codes", NUMBER, AT(emergency_codes), 'e', 0,
		ENROLL_EMERGENCY_CODES_MAX, "N", "make N emergency codes (0 to 10; 5)"},
	{'h', "help", FLAG, AT(help), '\0', 1, 0, NULL, "print this and exit"},
	{'\0', "version", FLAG, AT(version), '\0', 1, 0, NULL, "print the version and exit"},
	{'\0', NULL, FLAG, 0, '\0', 0, 0, NULL, NULL},
};

/* Rows, without the one that ends the table. */
#define ROWS (sizeof(enroll_options_table) / sizeof(enroll_options_table[0]) - 1)

/* getopt_long() gives a row's number plus this for a long name. */
#define LONG_BASE 256

/* Which families have been given, by letter. */
struct families {
	bool given[128];
};

static void build_long_options(struct option long_options[ROWS + 1])
{
	memset(long_options, 0, (ROWS + 1) * sizeof(long_options[0]));
	for (size_t i = 0; i < ROWS; i++) {
		long_options[i].name = enroll_options_table[i].name;
		long_options[i].has_arg =
			enroll_options_table[i].kind == FLAG ? no_argument : required_argument;
		long_options[i].val = LONG_BASE + (int)i;
	}
}

/* ':' makes getopt_long() tell a missing argument from an unknown option. */
static void build_short_options(char short_options[2 * ROWS + 2])
{
	char *end = short_options;

	*end++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		if (enroll_options_table[i].letter == '\0')
			continue;
		*end++ = enroll_options_table[i].letter;
		if (enroll_options_table[i].kind != FLAG)
			*end++ = ':';
	}
	*end = '\0';
}

static const struct enroll_option *find_row(int value)
{
	if (value >= LONG_BASE)
		return &enroll_options_table[value - LONG_BASE];
	for (size_t i = 0; i < ROWS; i++)
		if (enroll_options_table[i].letter == (char)value)
			return &enroll_options_table[i];
	return NULL;
}

static enum exit_status store_number(
	const struct enroll_option *row, const char *argument, void *field)
{
	int64_t number;
	int value;

	if (!number_parse(argument, strlen(argument), row->minimum, row->maximum, &number)) {
		terminal_complain("--%s needs a number from %d to %d", row->name, row->minimum,
			row->maximum);
		return STATUS_USAGE;
	}
	value = (int)number;
	memcpy(field, &value, sizeof(value));
	return STATUS_DONE;
}

static enum exit_status store_string(
	const struct enroll_option *row, const char *argument, void *field)
{
	if (strlen(argument) < (size_t)row->minimum) {
		terminal_complain("--%s must not be empty", row->name);
		return STATUS_USAGE;
	}
	memcpy(field, &argument, sizeof(argument));
	return STATUS_DONE;
}

static enum exit_status store(
	const struct enroll_option *row, const char *argument, struct enroll_options *options)
{
	void *field = (char *)options + row->offset;

	switch (row->kind) {
	case ENROLL_OPTION_FLAG:
		memcpy(field, &row->minimum, sizeof(row->minimum));
		return STATUS_DONE;
	case ENROLL_OPTION_NUMBER:
		return store_number(row, argument, field);
	case ENROLL_OPTION_STRING:
		return store_string(row, argument, field);
	case ENROLL_OPTION_QR_MODE:
		if (qr_mode_parse(argument, &options->qr_mode))
			return STATUS_DONE;
		terminal_complain("unknown QR mode '%s'; see totp-enroll --help", argument);
		return STATUS_USAGE;
	}
	return STATUS_USAGE;
}

static enum exit_status read_one(const struct enroll_option *row, const char *argument,
	struct families *families, struct enroll_options *options)
{
	unsigned char family = (unsigned char)row->family;

	if (family != 0 && families->given[family]) {
		terminal_complain("--%s repeats or contradicts an earlier option", row->name);
		return STATUS_USAGE;
	}
	families->given[family] = true;
	return store(row, argument, options);
}

/* word is the argument that getopt_long() stopped at, and optopt what it made
 * of it. */
static enum exit_status complain_about(int value, const char *word)
{
	const struct enroll_option *row = optopt != 0 ? find_row(optopt) : NULL;

	if (value == ':' && row != NULL)
		terminal_complain("--%s needs an argument", row->name);
	else if (row != NULL)
		terminal_complain("--%s takes no argument", row->name);
	else if (optopt != 0)
		terminal_complain("unknown option '-%c'; see totp-enroll --help", optopt);
	else
		terminal_complain(
			"unknown or ambiguous option '%s'; see totp-enroll --help", word);
	return STATUS_USAGE;
}

static enum exit_status read_user(
	struct enroll_options *options, int argc, char **argv, bool user_allowed)
{
	if (optind >= argc)
		return STATUS_DONE;
	if (!user_allowed) {
		terminal_complain("unexpected word '%s'; to enrol another user: "
				  "totp-enroll enroll USER",
			argv[optind]);
		return STATUS_USAGE;
	}
	if (argc - optind > 1) {
		terminal_complain("one user at a time: '%s' is too much", argv[optind + 1]);
		return STATUS_USAGE;
	}
	options->user = argv[optind];
	return STATUS_DONE;
}

static enum exit_status check_together(const struct enroll_options *options)
{
	const char *problem = NULL;

	if ((options->rate_limit != 0) != (options->rate_time != 0))
		problem = "--rate-limit and --rate-time go together";
	else if (options->no_rate_limit != 0 && options->rate_limit != 0)
		problem = "--no-rate-limit contradicts --rate-limit";
	else if (options->disallow_reuse != CHOICE_ASK && options->time_based != CHOICE_YES)
		problem = "--disallow-reuse and --allow-reuse need --time-based";
	if (problem == NULL)
		return STATUS_DONE;
	terminal_complain("%s", problem);
	return STATUS_USAGE;
}

enum exit_status enroll_options_read(
	struct enroll_options *options, int argc, char **argv, bool user_allowed)
{
	struct option long_options[ROWS + 1];
	char short_options[2 * ROWS + 2];
	struct families families = {{false}};
	enum exit_status status;
	int value;

	build_long_options(long_options);
	build_short_options(short_options);
	opterr = 0;
	optind = 0;
	while ((value = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (value == '?' || value == ':')
			return complain_about(value, argv[optind - 1]);
		status = read_one(find_row(value), optarg, &families, options);
		if (status != STATUS_DONE || options->help != 0 || options->version != 0)
			return status;
	}
	status = read_user(options, argc, argv, user_allowed);
	return status == STATUS_DONE ? check_together(options) : status;
}
