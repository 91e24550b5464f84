/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/manage/options.h"

#include <getopt.h>
#include <stddef.h>

#include "cli/ui/terminal.h"
#include "core/emergency_codes.h"

/* clang-format off */
#define FIELD(name) offsetof(struct life_options, name)

#define SECRET_ROW \
	{'s', "secret", OPTION_STRING, FIELD(secret), 's', 1, 0, "SPEC", \
		"where secrets are, as in the module's option secret="}
#define CONF_ROW \
	{'\0', "conf", OPTION_STRING, FIELD(conf), 'F', 1, 0, "FILE", \
		"read this configuration, as the module's conf="}
#define DEVICE_ROW(meaning) \
	{'\0', "device", OPTION_STRING, FIELD(device), 'v', 1, 0, "NAME", meaning}
#define JSON_ROW \
	{'\0', "json", OPTION_FLAG, FIELD(json), 'j', 1, 0, NULL, \
		"print JSON for a program to read"}
#define QUIET_ROW \
	{'q', "quiet", OPTION_FLAG, FIELD(quiet), 'q', 1, 0, NULL, \
		"say nothing but errors"}
#define HELP_ROW \
	{'h', "help", OPTION_END, FIELD(help), '\0', 1, 0, NULL, "print this and exit"}
#define END_ROW {'\0', NULL, OPTION_FLAG, 0, '\0', 0, 0, NULL, NULL}

#define GROUP_ROW \
	{'g', "group", OPTION_STRING, FIELD(group), 'g', 1, 0, "GROUP", \
		"all members of GROUP, primary and supplementary"}

const struct option_row codes_options_table[] = {
	{'n', "number", OPTION_NUMBER, FIELD(number), 'n', 1, EMERGENCY_CODES_MAX, "N",
		"make N emergency codes (1 to 10; 5)"},
	{'\0', "codes", OPTION_WORD, FIELD(code_format), 'k', CODE_FORMAT_PLAIN, 0,
		"plain|hashed", "what of them is kept in the file (as before)"},
	GROUP_ROW,
	{'s', "secret", OPTION_STRING, FIELD(secret), 's', 1, 0, "FILE",
		"change this file (~/.google_authenticator); of\n"
		"several users, and with --json, a SPEC as below"},
	CONF_ROW,
	{'f', "force", OPTION_FLAG, FIELD(force), 'f', 1, 0, NULL,
		"do not ask; several users' into a file or a pipe, too"},
	JSON_ROW,
	{'q', "quiet", OPTION_FLAG, FIELD(quiet), 'q', 1, 0, NULL,
		"print the codes alone, one a line"},
	HELP_ROW, END_ROW,
};

const struct option_row verify_options_table[] = {
	{'\0', "pipe", OPTION_FLAG, FIELD(pipe), 'p', 1, 0, NULL,
		"read the user and the code from standard input, one on\na line, and say nothing but errors"},
	GROUP_ROW, SECRET_ROW, CONF_ROW, JSON_ROW, QUIET_ROW, HELP_ROW, END_ROW,
};

const struct option_row status_options_table[] = {
	GROUP_ROW, SECRET_ROW, CONF_ROW, JSON_ROW, HELP_ROW, END_ROW,
};

const struct option_row show_options_table[] = {
	{'l', "label", OPTION_STRING, FIELD(label), 'l', 1, 0, "LABEL",
		"the account's name in the app (user@host)"},
	{'i', "issuer", OPTION_STRING, FIELD(issuer), 'i', 0, 0, "ISSUER",
		"the issuer's name in the app (host); empty for none"},
	{'Q', "qr-mode", OPTION_QR_MODE, FIELD(qr_mode), 'Q', 0, 0, "MODE", "as in enroll"},
	{'\0', "qr", OPTION_QR_MODE, FIELD(qr_mode), 'Q', 0, 0, "MODE", "the same"},
	{'f', "force", OPTION_FLAG, FIELD(force), 'f', 1, 0, NULL,
		"into a file or a pipe, too"},
	DEVICE_ROW("that device, and not the first"),
	GROUP_ROW, SECRET_ROW, CONF_ROW, HELP_ROW, END_ROW,
};

const struct option_row revoke_options_table[] = {
	{'f', "force", OPTION_FLAG, FIELD(force), 'f', 1, 0, NULL, "do not ask"},
	DEVICE_ROW("that device alone"),
	GROUP_ROW, SECRET_ROW, CONF_ROW, JSON_ROW, QUIET_ROW, HELP_ROW, END_ROW,
};
/* clang-format on */

enum exit_status life_options_read(struct life_options *options, const struct option_row *table,
	int least, int argc, char **argv)
{
	enum exit_status status = option_table_read(table, options, argc, argv);

	if (status != STATUS_DONE || options->help != 0)
		return status;
	options->users = argv + optind;
	options->user_count = argc - optind;
	if (options->user_count < least && options->group == NULL) {
		terminal_complain("%s whom? totp-enroll %s USER", argv[0], argv[0]);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}
