/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/manage/options.h"

#include <getopt.h>
#include <stddef.h>

#include "cli/ui/terminal.h"
#include "core/emergency_codes.h"

#define OPTIONS struct life_options

const struct option_row codes_options_table[] = {
	NUMBER_ROW('n', "number", number, 'n', 1, EMERGENCY_CODES_MAX, "N",
		"make N emergency codes (1 to 10; 5)"),
	CODE_FORMAT_ROW("how the file keeps them (as before)"),
	GROUP_ROW,
	STRING_ROW('s', "secret", secret, 's', 1, "FILE",
		"change this file (~/.google_authenticator); with\n"
		"several users or --json, a SPEC as below"),
	CONF_ROW,
	FORCE_ROW("do not ask; print several users' codes into a file or a\npipe, too"),
	JSON_ROW,
	QUIET_ROW("print the codes alone, one a line"),
	HELP_ROW,
	END_ROW,
};

const struct option_row verify_options_table[] = {
	FLAG_ROW(0, "pipe", pipe, 'p', 1,
		"read the user and the code from standard input, one on\n"
		"a line, and say nothing but errors"),
	GROUP_ROW,
	SECRET_ROW,
	CONF_ROW,
	JSON_ROW,
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

const struct option_row status_options_table[] = {
	GROUP_ROW,
	SECRET_ROW,
	CONF_ROW,
	JSON_ROW,
	HELP_ROW,
	END_ROW,
};

const struct option_row show_options_table[] = {
	LABEL_ROW,
	ISSUER_ROW,
	QR_MODE_ROWS("as in enroll"),
	FORCE_ROW("print into a file or a pipe, too"),
	DEVICE_ROW("that device, and not the first"),
	GROUP_ROW,
	SECRET_ROW,
	CONF_ROW,
	HELP_ROW,
	END_ROW,
};

const struct option_row revoke_options_table[] = {
	FORCE_ROW("do not ask"),
	DEVICE_ROW("that device alone"),
	GROUP_ROW,
	SECRET_ROW,
	CONF_ROW,
	JSON_ROW,
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

enum exit_status life_options_read(struct life_options *options, const struct option_row *table,
	int least, int argc, char **argv)
{
	enum exit_status status = option_table_read(table, options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	options->users = argv + optind;
	options->user_count = argc - optind;
	if (options->user_count < least && options->group == NULL) {
		terminal_complain("%s whom? totp-enroll %s USER", argv[0], argv[0]);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}
