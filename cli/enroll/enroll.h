/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The commands that make a secret: enroll, for a person or for a script, and what they
 * print, which show and codes print as well. */
#ifndef TOTPGROUP_CLI_ENROLL_ENROLL_H
#define TOTPGROUP_CLI_ENROLL_ENROLL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/qr.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/ui/option_table.h"
#include "cli/exchange/exchange.h"
#include "cli/users/host_defaults.h"
#include "config/enroll_defaults.h"
#include "core/emergency_codes.h"
#include "core/new_credential.h"
#include "exchange/otp_key.h"

/* The options: google-authenticator's, letter by letter, and some more. Numbers are 0
 * where the option is not given. Strings point into the argument vector. Begins as
 * ENROLL_OPTIONS_INIT. */
struct enroll_options {
	int time_based;	    /* enum enroll_choice */
	int disallow_reuse; /* enum enroll_choice */
	int force;	    /* replace a file without asking */
	int no_confirm;
	int ask; /* all questions, also those whose preset is good for nearly everybody */
	int quiet;
	const char *label;
	const char *issuer; /* empty: none */
	const char *secret; /* a file */
	const char *conf;
	const char *device; /* its name */
	const char *qr;	    /* as it is given; what it says is in the next two */
	enum qr_mode qr_mode;
	const char *qr_file; /* a new file for the QR code; NULL: on the terminal */
	int rate_limit;	     /* attempts in ... */
	int rate_time;	     /* ... that many seconds */
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
	const char *user; /* whose secret it is; NULL for the caller's */
};

#define ENROLL_OPTIONS_INIT                                                                    \
	{                                                                                      \
		.emergency_codes = NEW_CREDENTIAL_EMERGENCY_CODES,                             \
		.digits = NEW_CREDENTIAL_DIGITS                                                \
	}

/* Reads an argument vector; with user_allowed it may name one user. Reports what is wrong
 * and returns STATUS_USAGE; else as option_table_read(). */
enum exit_status enroll_options_read(
	struct enroll_options *options, int argc, char **argv, bool user_allowed);

/* Checks options that come from flags alone: whether those of a script, or of a secret
 * that was made elsewhere, contradict others. Reports and returns as above. */
enum exit_status enroll_options_check_flags(const struct enroll_options *options);

/* Whether a flag set the option of this row of the table. */
bool enroll_options_is_given(
	const struct enroll_options *options, const struct option_row *row);

/* Whether each question is asked that the options leave open: where a person wants it,
 * where a script gives the answers to a pipe, and where a flag answers one of
 * google-authenticator's questions, as it does there. given is what the flags say, without
 * the configuration. */
bool enroll_options_ask_all(const struct enroll_options *given);

/* Whether the options are those of a script, which is asked nothing. */
bool enroll_options_ask_nothing(const struct enroll_options *options);

/* Fill in the host's defaults: preset before the flags are read, which overrule them;
 * complete behind them, for options that belong together with others. */
void enroll_options_preset(
	struct enroll_options *options, const struct enroll_defaults *defaults);
void enroll_options_complete(
	struct enroll_options *options, const struct enroll_defaults *defaults);

/*
 * The questions, in google-authenticator's order. Each is asked only where the options
 * leave it open. They return STATUS_DONE, or STATUS_REFUSED at the end of the input.
 */
enum exit_status question_time_based(
	const struct enroll_options *options, struct new_credential *credential);

/* Asks for codes from the app until one is right, and notes its step as spent. A negative
 * number skips the question. For a wrong code, says whether it belongs to another time,
 * but never which code is right. */
enum exit_status question_app_code(struct new_credential *credential);

/* Asks whether to write the file; *write is the answer. */
enum exit_status question_write(
	const struct enroll_options *options, const char *path, bool exists, bool *write);

/* Asks whether to replace a file that exists. */
enum exit_status question_replace(const char *path, bool *replace);

enum exit_status question_reuse(
	const struct enroll_options *options, struct new_credential *credential);
enum exit_status question_window(
	const struct enroll_options *options, struct new_credential *credential);
enum exit_status question_rate_limit(
	const struct enroll_options *options, struct new_credential *credential);

/* Gives each question the answer that an empty line gives, where nobody is asked. */
void questions_take_defaults(
	const struct enroll_options *options, struct new_credential *credential);

/* Says which answers were taken in that way. */
void questions_say_defaults(const struct new_credential *credential);

/* Prints the URI, the secret and the QR code of a new credential. The QR code comes last,
 * so that all of it is on the screen when the next question is asked. user is the user's
 * name. Reports what fails. */
enum exit_status show_secret(const struct new_credential *credential,
	const struct enroll_options *options, const char *user);

/* Does the same for an existing key, which gets the name and the issuer that are shown. */
enum exit_status show_key(
	struct otp_key *key, const struct enroll_options *options, const char *user);

/* Appends only the URI, and gives the key its name and issuer, too. Returns 0 or a
 * TOTPGROUP_E... */
int append_key_uri(struct otp_key *key, const struct enroll_options *options, const char *user,
	struct text *uri);

/* Prints emergency codes with an explanation. Reports what fails, as the next one does. */
enum exit_status show_emergency_codes(const struct emergency_codes *codes);

/* Prints emergency codes as a list. bare: each on a line, behind the user's name unless
 * that is NULL; otherwise below the name. */
enum exit_status list_emergency_codes(
	const struct emergency_codes *codes, const char *user, bool bare);

/* Whether totp-verifyd has to make the secret: it is the caller's own, the configuration
 * puts it where the caller may not write, and there is a daemon to ask. */
bool enroll_daemon_applies(
	const struct enroll_options *options, const struct host_defaults *defaults);

/* Checks that no flag says what the secret is to be like: the daemon decides that. given
 * is what the flags say, without the configuration. Reports, and returns STATUS_USAGE. */
enum exit_status enroll_daemon_check(const struct enroll_options *given);

/* Shows a secret that the daemon made, and asks for codes of it until one is right, which
 * makes the daemon store it. Reports what fails. STATUS_REFUSED at the end of the input,
 * after too many wrong codes, and where there is a secret already. */
enum exit_status enroll_with_daemon(
	const struct enroll_options *options, const struct host_defaults *defaults);

/* Adds the device that the options name to a user who is enrolled: shows its secret, asks
 * for a code, and writes. *enrolled is false, and nothing is done, where the user has no
 * secret yet. Reports what fails. */
enum exit_status enroll_device(const struct enroll_options *options,
	const struct host_defaults *defaults, bool *enrolled);

/* Enrolls for a script, which is asked nothing: writes a secret where there is none, or as
 * the options say. Prints the outcome to standard output, and a secret only if the options
 * ask for it. STATUS_UNCHANGED where there was nothing to do. */
enum exit_status enroll_unattended(
	const struct enroll_options *options, const struct host_defaults *defaults);

/* The secret for an unattended enrollment: a new one, or one from a file. Begins as
 * UNATTENDED_SOURCE_INIT, ends with unattended_source_free(). Holds secrets. */
struct unattended_source {
	struct text text;		    /* of the credential file */
	struct otp_key key;		    /* the same for apps */
	struct emergency_codes new_codes;   /* none where the secret was read */
	struct import_list list;	    /* of the file, where it was read */
	const struct import_record *record; /* the one in it that is the user's */
};

#define UNATTENDED_SOURCE_INIT                                                                 \
	{                                                                                      \
		.text = TEXT_INIT, .key = OTP_KEY_INIT                                         \
	}

/* Makes a new secret from the options and the default answers. */
enum exit_status unattended_source_draw(struct unattended_source *source,
	const struct enroll_options *options, struct error *error);

/* Reads the user's secret from the file that the options name. STATUS_STORE_ERROR where
 * the file has none for that user, several, or a damaged one. */
enum exit_status unattended_source_read(struct unattended_source *source,
	const struct enroll_options *options, const char *user, struct error *error);

/* Whether a credential text gives the same codes. */
bool unattended_source_is(const struct unattended_source *source, const struct text *text);

void unattended_source_free(struct unattended_source *source);

#endif
