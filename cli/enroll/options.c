/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <getopt.h>
#include <string.h>

#include "base/crypto.h"
#include "cli/enroll/enroll.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"
#include "core/device.h"
#include "core/otp.h"

/* The configuration and the options have the same numbers. */
_Static_assert((int)CODE_FORMAT_CHOOSE == (int)ENROLL_CODES_CHOOSE &&
		       (int)CODE_FORMAT_PLAIN == (int)ENROLL_CODES_PLAIN &&
		       (int)CODE_FORMAT_HASHED == (int)ENROLL_CODES_HASHED,
	"formats of codes");

#define OPTIONS struct enroll_options

/* google-authenticator has none of the first rows. They are for the command enroll alone:
 * the names of options may be abbreviated, and without a command no abbreviation that
 * google-authenticator takes may become ambiguous. */
#define COMMAND_ROWS 4

const struct option_row enroll_options_table[] = {
	FLAG_ROW(0, "if-missing", if_missing, 'm', 1,
		"ask nothing, and do nothing where there is a secret"),
	STRING_ROW(0, "from-file", from_file, 'I', 1, "FILE",
		"ask nothing; the secret is in FILE (- for standard\n"
		"input), in a format that import reads"),
	FLAG_ROW(0, "json", json, 'j', 1, "ask nothing; print JSON for a program to read"),
	FLAG_ROW(0, "with-secret", with_secret, 'x', 1,
		"include the new secret and codes (with --json)"),
	FLAG_ROW('t', "time-based", time_based, 't', ENROLL_YES,
		"codes change with time (TOTP)"),
	FLAG_ROW('c', "counter-based", time_based, 't', ENROLL_NO,
		"codes change with each use (HOTP)"),
	FLAG_ROW('d', "disallow-reuse", disallow_reuse, 'd', ENROLL_YES,
		"a code is good once (with -t)"),
	FLAG_ROW('D', "allow-reuse", disallow_reuse, 'd', ENROLL_NO,
		"a code is good until its time is over (with -t)"),
	FORCE_ROW("write the file without asking, even over another"),
	FLAG_ROW('C', "no-confirm", no_confirm, 0, 1, "do not ask for a code from the app"),
	QUIET_ROW("print questions and errors only; do not confirm"),
	LABEL_ROW,
	ISSUER_ROW,
	QR_MODE_ROWS("auto, none, ansi, ansi_inverse, ansi_grey,\n"
		     "utf8, utf8_inverse, utf8_grey or ansi256"),
	NUMBER_ROW('r', "rate-limit", rate_limit, 'r', 1, 10, "N",
		"at most N attempts (1 to 10) ..."),
	NUMBER_ROW(
		'R', "rate-time", rate_time, 'R', 15, 600, "M", "... in M seconds (15 to 600)"),
	FLAG_ROW('u', "no-rate-limit", no_rate_limit, 'u', 1, "any number of attempts"),
	DEVICE_ROW("what the device is called; adds this one where\n"
		   "the user is enrolled"),
	STRING_ROW('s', "secret", secret, 's', 1, "FILE",
		"write this file (~/.google_authenticator)"),
	CONF_ROW,
	NUMBER_ROW('S', "step-size", step_size, 'S', OTP_PERIOD_MIN, OTP_PERIOD_MAX, "SECONDS",
		"a new code every 1 to 3600 seconds (30)"),
	WORD_ROW(0, "algorithm", algorithm, 'a', HMAC_SHA1, "SHA1|SHA256|SHA512", NULL,
		"the hash that codes are made with (SHA1)"),
	NUMBER_ROW(0, "digits", digits, 'g', OTP_DIGITS_MIN, OTP_DIGITS_MAX, "N",
		"codes of 6, 7 or 8 digits (6)"),
	NUMBER_ROW('w', "window-size", window_size, 'w', 1, 21, "W",
		"accept W codes around the current one (1 to 21)"),
	FLAG_ROW('W', "minimal-window", minimal_window, 'w', 1,
		"accept the fewest codes: 3 by time, 1 by counter"),
	NUMBER_ROW('e', "emergency-codes", emergency_codes, 'e', 0, EMERGENCY_CODES_MAX, "N",
		"make N emergency codes (0 to 10; 5)"),
	CODE_FORMAT_ROW("how the file keeps emergency codes"),
	HELP_ROW,
	{'V', "version", OPTION_STOP, 0, 0, STATUS_VERSION, 0, NULL, NULL,
		"print the version and exit"},
	END_ROW,
};

static enum exit_status read_user(
	struct enroll_options *options, int argc, char **argv, bool user_allowed)
{
	if (optind >= argc)
		return STATUS_DONE;
	if (!user_allowed)
		return terminal_fail(STATUS_USAGE,
			"unexpected word '%s'; to enroll another user: totp-enroll enroll USER",
			argv[optind]);
	if (argc - optind > 1)
		return terminal_fail(
			STATUS_USAGE, "one user at a time: '%s' is too much", argv[optind + 1]);
	options->user = argv[optind];
	return STATUS_DONE;
}

/* Whether any option says what a new secret is to be like. */
static bool describes_new(const struct enroll_options *options)
{
	const struct enroll_options none = ENROLL_OPTIONS_INIT;

	return options->time_based != none.time_based ||
	       options->disallow_reuse != none.disallow_reuse ||
	       options->rate_limit != none.rate_limit ||
	       options->no_rate_limit != none.no_rate_limit ||
	       options->step_size != none.step_size ||
	       options->window_size != none.window_size ||
	       options->minimal_window != none.minimal_window ||
	       options->emergency_codes != none.emergency_codes ||
	       options->algorithm != none.algorithm || options->digits != none.digits ||
	       options->code_format != none.code_format;
}

bool enroll_options_ask_nothing(const struct enroll_options *options)
{
	return options->if_missing != 0 || options->from_file != NULL || options->json != 0;
}

enum exit_status enroll_options_check_flags(const struct enroll_options *options)
{
	if (options->from_file != NULL && describes_new(options))
		return terminal_fail(STATUS_USAGE,
			"--from-file says all of the secret: no option can add to that");
	if (options->with_secret != 0 && options->json == 0)
		return terminal_fail(STATUS_USAGE, "--with-secret needs --json");
	if (options->device != NULL && enroll_options_ask_nothing(options))
		return terminal_fail(STATUS_USAGE,
			"--device shows a secret to a person: not with --if-missing, "
			"--from-file or --json");
	return STATUS_DONE;
}

/* Hashed codes that nobody sees are of no use. NULL where somebody sees them. */
static const char *find_hidden_codes(const struct enroll_options *options)
{
	if (options->code_format != CODE_FORMAT_HASHED || options->emergency_codes == 0 ||
		options->from_file != NULL || options->with_secret != 0)
		return NULL;
	if (enroll_options_ask_nothing(options))
		return "hashed emergency codes would be shown to nobody: add --json "
		       "--with-secret, or -e 0";
	return options->quiet != 0 ? "--quiet would show hashed emergency codes to nobody"
				   : NULL;
}

static const char *find_contradiction(const struct enroll_options *options)
{
	if ((options->rate_limit != 0) != (options->rate_time != 0))
		return "--rate-limit and --rate-time go together";
	if (options->no_rate_limit != 0 && options->rate_limit != 0)
		return "--no-rate-limit contradicts --rate-limit";
	if (options->disallow_reuse != ENROLL_ASK && options->time_based != ENROLL_YES)
		return "--disallow-reuse and --allow-reuse need --time-based";
	if (options->device != NULL &&
		!device_name_is_allowed(options->device, strlen(options->device)))
		return "--device: a name has 1 to 64 bytes of UTF-8, without control "
		       "characters, and no blank at either end";
	return find_hidden_codes(options);
}

enum exit_status enroll_options_read(
	struct enroll_options *options, int argc, char **argv, bool user_allowed)
{
	const struct option_row *table =
		enroll_options_table + (user_allowed ? 0 : COMMAND_ROWS);
	enum exit_status status = option_table_read(table, options, argc, argv);
	const char *problem;

	if (status == STATUS_DONE)
		status = read_user(options, argc, argv, user_allowed);
	if (status != STATUS_DONE)
		return status;
	problem = find_contradiction(options);
	return problem == NULL ? STATUS_DONE : terminal_fail(STATUS_USAGE, "%s", problem);
}

void enroll_options_preset(
	struct enroll_options *options, const struct enroll_defaults *defaults)
{
	options->issuer = defaults->issuer;
	options->qr_mode = (enum qr_mode)option_word_find(QR_MODE_WORDS, defaults->qr);
	options->time_based = defaults->time_based;
	options->algorithm = defaults->algorithm;
	options->digits = defaults->digits;
	options->step_size = defaults->step_size;
	options->emergency_codes = defaults->emergency_codes;
	options->code_format = defaults->codes;
}

void enroll_options_complete(
	struct enroll_options *options, const struct enroll_defaults *defaults)
{
	if (options->disallow_reuse == ENROLL_ASK)
		options->disallow_reuse = defaults->disallow_reuse;
	if (options->window_size == 0 && options->minimal_window == 0)
		options->window_size = defaults->window_size;
	if (options->rate_limit != 0 || options->no_rate_limit != 0)
		return;
	options->rate_limit = defaults->rate_limit.attempts;
	options->rate_time = defaults->rate_limit.seconds;
	options->no_rate_limit =
		defaults->rate_limit.given && defaults->rate_limit.attempts == 0;
}
