/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/enroll/enroll.h"
#include "cli/ui/option_table.h"
#include "cli/ui/qr_option.h"
#include "cli/ui/terminal.h"
#include "core/device.h"
#include "core/otp.h"
#include "message/translate.h"

/* The configuration and the options have the same numbers. */
_Static_assert((int)CODE_FORMAT_CHOOSE == (int)ENROLL_CODES_CHOOSE &&
		       (int)CODE_FORMAT_PLAIN == (int)ENROLL_CODES_PLAIN &&
		       (int)CODE_FORMAT_HASHED == (int)ENROLL_CODES_HASHED,
	"formats of codes");

#define OPTIONS struct enroll_options

const struct option_row enroll_options_table[] = {
	FLAG_ROW(0, "if-missing", if_missing, 'm', 1,
		"ask nothing, and do nothing where there is a secret"),
	STRING_ROW(0, "from-file", from_file, 'I', 1, "FILE",
		"ask nothing; the secret is in FILE (- for standard "
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
	FLAG_ROW(0, "ask", ask, 'A', 1,
		"ask all questions, also those that nearly everybody answers alike"),
	QUIET_ROW("print questions and errors only; do not confirm"),
	LABEL_ROW,
	ISSUER_ROW,
	QR_ROWS("how the QR code is drawn: auto, none, ansi, ansi_inverse, ansi_grey, utf8, "
		"utf8_inverse, utf8_grey or ansi256; or into a picture, FILE.png or FILE.svg"),
	NUMBER_ROW('r', "rate-limit", rate_limit, 'r', 1, 10, "N",
		"at most N attempts (1 to 10) ..."),
	NUMBER_ROW(
		'R', "rate-time", rate_time, 'R', 15, 600, "M", "... in M seconds (15 to 600)"),
	FLAG_ROW('u', "no-rate-limit", no_rate_limit, 'u', 1, "any number of attempts"),
	DEVICE_ROW("what the device is called; adds this one where "
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
		N_("print the version and exit")},
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
		return terminal_fail(STATUS_USAGE, "one user at a time: '%s' is one too many",
			argv[optind + 1]);
	options->user = argv[optind];
	return STATUS_DONE;
}

bool enroll_options_is_given(const struct enroll_options *options, const struct option_row *row)
{
	const struct enroll_options none = ENROLL_OPTIONS_INIT;
	const void *value = (const char *)options + row->offset;
	const void *usual = (const char *)&none + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		return *(const int *)value == row->minimum;
	case OPTION_NUMBER:
	case OPTION_WORD:
		return *(const int *)value != *(const int *)usual;
	case OPTION_STRING:
		return *(const char *const *)value != NULL;
	default:
		return false;
	}
}

/* The families of the options that say what a new secret is to be like, of those that
 * answer a question or what stands for it, and of those that make sure that nobody is
 * asked. */
#define FAMILIES_NEW	 "tdrRuSwagek"
#define FAMILIES_ANSWERS "tdrRuwfq"
#define FAMILIES_SILENT	 "mIj"

/* The name of the first option of these families that is given; NULL where none is. */
static const char *find_given(const struct enroll_options *options, const char *families)
{
	for (const struct option_row *row = enroll_options_table; row->name != NULL; row++)
		if (row->family != '\0' && strchr(families, row->family) != NULL &&
			enroll_options_is_given(options, row))
			return row->name;
	return NULL;
}

bool enroll_options_ask_all(const struct enroll_options *given)
{
	return given->ask != 0 || given->no_confirm != 0 ||
	       find_given(given, FAMILIES_ANSWERS) != NULL || isatty(STDIN_FILENO) != 1;
}

bool enroll_options_ask_nothing(const struct enroll_options *options)
{
	return find_given(options, FAMILIES_SILENT) != NULL;
}

static enum exit_status refuse_pair(const char *one, const char *other, const char *why)
{
	return terminal_fail(STATUS_USAGE, N_("--%s contradicts --%s%s"), one, other, why);
}

enum exit_status enroll_options_check_flags(const struct enroll_options *options)
{
	const char *describing = find_given(options, FAMILIES_NEW);
	const char *silent = find_given(options, FAMILIES_SILENT);

	if (options->from_file != NULL && describing != NULL)
		return refuse_pair(describing, "from-file",
			translate(": the file says all of the secret"));
	if (options->with_secret != 0 && options->json == 0)
		return terminal_fail(STATUS_USAGE, "--with-secret needs --json");
	if (options->device != NULL && silent != NULL)
		return refuse_pair(
			"device", silent, translate(": it shows a secret to a person"));
	if (options->qr_file != NULL && (silent != NULL || options->quiet != 0))
		return refuse_pair(silent != NULL ? silent : "quiet", "qr=FILE",
			translate(": no secret is shown; for a picture later, see show"));
	if (options->ask != 0 && silent != NULL)
		return refuse_pair("ask", silent, translate(", which asks nothing"));
	return STATUS_DONE;
}

/* Hashed codes that nobody sees are of no use. The configuration may say that they are
 * hashed, too. */
static enum exit_status check_hidden_codes(const struct enroll_options *options)
{
	const char *silent = find_given(options, FAMILIES_SILENT);

	if (options->code_format != CODE_FORMAT_HASHED || options->emergency_codes == 0 ||
		options->from_file != NULL || options->with_secret != 0)
		return STATUS_DONE;
	if (silent != NULL)
		return refuse_pair(silent, "codes=hashed",
			translate(": nobody would see the emergency codes; add --json "
				  "--with-secret, or "
				  "-e 0"));
	if (options->quiet == 0)
		return STATUS_DONE;
	return refuse_pair(
		"quiet", "codes=hashed", translate(": nobody would see the emergency codes"));
}

/* Options that limit the attempts. */
static enum exit_status check_limit(const struct enroll_options *options)
{
	bool limit = options->rate_limit != 0, time = options->rate_time != 0;

	if (options->no_rate_limit != 0 && (limit || time))
		return refuse_pair("no-rate-limit", limit ? "rate-limit" : "rate-time", "");
	if (limit != time)
		return terminal_fail(STATUS_USAGE, "--rate-limit and --rate-time go together");
	return STATUS_DONE;
}

static enum exit_status check_reuse(const struct enroll_options *options)
{
	const char *name =
		options->disallow_reuse == ENROLL_YES ? "disallow-reuse" : "allow-reuse";

	if (options->disallow_reuse == ENROLL_ASK || options->time_based == ENROLL_YES)
		return STATUS_DONE;
	if (options->time_based == ENROLL_NO)
		return refuse_pair(name, "counter-based", "");
	return terminal_fail(STATUS_USAGE, "--%s needs --time-based", name);
}

static enum exit_status check_options(const struct enroll_options *options)
{
	enum exit_status status = check_limit(options);

	if (status == STATUS_DONE)
		status = check_reuse(options);
	if (status != STATUS_DONE)
		return status;
	if (options->device != NULL &&
		!device_name_is_allowed(options->device, strlen(options->device)))
		return terminal_fail(STATUS_USAGE,
			"--device: a name has 1 to 64 bytes of UTF-8, without control "
			"characters, and no blank at either end");
	return check_hidden_codes(options);
}

enum exit_status enroll_options_read(
	struct enroll_options *options, int argc, char **argv, bool user_allowed)
{
	const struct option_row *table =
		enroll_options_table + (user_allowed ? 0 : ENROLL_COMMAND_ROWS);
	enum exit_status status = option_table_read(table, options, argc, argv);

	if (status == STATUS_DONE)
		status = read_user(options, argc, argv, user_allowed);
	if (status == STATUS_DONE)
		status = qr_option_read(options->qr, &options->qr_mode, &options->qr_file);
	return status == STATUS_DONE ? check_options(options) : status;
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
