/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <getopt.h>

#include "cli/exchange/exchange.h"

#define OPTIONS struct exchange_options

const struct option_row import_options_table[] = {
	WORD_ROW(0, "from", format, 'F', FORMAT_UNKNOWN + 1, IMPORT_FORMAT_WORDS, "FORMAT",
		"the format of the files, where a guess would be wrong:"),
	STRING_ROW(0, "user", user, 'U', 1, "USER", "for this user only"),
	FLAG_ROW(0, "from-homes", from_homes, 'H', 1,
		"copy the secrets of --user or --group from their homes"),
	STRING_ROW(0, "old-conf", old_conf, 'O', 1, "FILE",
		"with --from=files: the configuration that says where they are"),
	FLAG_ROW('A', "all", all, 'A', 1, "with --from=files: all who have one there"),
	GROUP_ROW,
	FLAG_ROW(0, "remove", remove, 'R', 1,
		"with --from-homes or --from=files: then remove the file"),
	STRING_ROW(0, "users", users, 'u', 1, "FILE",
		"hardware tokens: a line with user and serial for each"),
	STRING_ROW(0, "key-file", key_file, 'k', 1, "FILE",
		"the key of an encrypted PSKC container"),
	STRING_ROW(0, "password-file", password_file, 'p', 1, "FILE",
		"the password of an encrypted PSKC container"),
	WORD_ROW(0, "type", type, 't', 1, "totp|hotp", NULL,
		"tokens' codes, where a table does not say it"),
	WORD_ROW(0, "algorithm", algorithm, 'a', 1 + HMAC_SHA1, "SHA1|SHA256|SHA512", NULL,
		"the same for their algorithm (SHA1)"),
	NUMBER_ROW(0, "digits", digits, 'd', OTP_DIGITS_MIN, OTP_DIGITS_MAX, "N",
		"the same for their length (6)"),
	NUMBER_ROW(0, "period", period, 'P', OTP_PERIOD_MIN, OTP_PERIOD_MAX, "SECONDS",
		"the same for how long each is shown (30)"),
	STRING_ROW(0, "label", label, 'l', 1, "LABEL", "the account with this label only"),
	STRING_ROW('i', "issuer", issuer, 'i', 0, "ISSUER", "accounts of this issuer only"),
	SECRET_ROW,
	CONF_ROW,
	FORCE_ROW("replace secrets"),
	DRY_RUN_ROW("report, but write nothing"),
	QUIET_ROW("say only what was not done"),
	HELP_ROW,
	END_ROW,
};

const struct option_row export_options_table[] = {
	WORD_ROW(0, "to", format, 'F', FORMAT_UNKNOWN + 1, EXCHANGE_FORMAT_WORDS, "FORMAT",
		"the format to write (uri):"),
	SECRET_ROW,
	CONF_ROW,
	ISSUER_ROW,
	STRING_ROW(
		0, "output", output, 'o', 1, "FILE", "write this file, which must not exist"),
	FORCE_ROW("print secrets on a terminal"),
	QUIET_ROW("say only what was not done"),
	HELP_ROW,
	END_ROW,
};

enum exit_status exchange_options_read(
	struct exchange_options *options, const struct option_row *table, int argc, char **argv)
{
	enum exit_status status = option_table_read(table, options, argc, argv);

	options->words = argv + optind;
	options->word_count = argc - optind;
	return status;
}

const char *exchange_format_name(enum exchange_format format)
{
	static const char *const names[] = {
		[FORMAT_UNKNOWN] = "unknown",
		[FORMAT_GOOGLE_AUTHENTICATOR] = "google-authenticator",
		[FORMAT_USERS_FILE] = "users-file",
		[FORMAT_URI] = "uri",
		[FORMAT_MIGRATION] = "migration",
		[FORMAT_CSV] = "csv",
		[FORMAT_AEGIS] = "aegis",
		[FORMAT_BITWARDEN] = "bitwarden",
		[FORMAT_PSKC] = "pskc",
		[FORMAT_TOKENS] = "tokens",
		[FORMAT_FILES] = "files",
		[FORMAT_SECRET] = "secret",
	};

	return names[format];
}
