/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/options.h"

#include <getopt.h>

#include "cli/ui/option_table.h"

#define OPTIONS struct transfer_options

const struct option_row import_options_table[] = {
	WORD_ROW(0, "from", format, 'F', FORMAT_UNKNOWN + 1, TRANSFER_FORMAT_WORDS, NULL,
		"the format of the files, where a guess would be wrong"),
	STRING_ROW(0, "user", user, 'U', 1, "USER", "for this user only"),
	SECRET_ROW,
	CONF_ROW,
	FORCE_ROW("replace secrets"),
	DRY_RUN_ROW("report, but write nothing"),
	QUIET_ROW("say only what was not done"),
	HELP_ROW,
	END_ROW,
};

const struct option_row export_options_table[] = {
	WORD_ROW(0, "to", format, 'F', FORMAT_UNKNOWN + 1, TRANSFER_FORMAT_WORDS, NULL,
		"the format to write (uri)"),
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

enum exit_status transfer_options_read(
	struct transfer_options *options, const struct option_row *table, int argc, char **argv)
{
	enum exit_status status = option_table_read(table, options, argc, argv);

	options->words = argv + optind;
	options->word_count = argc - optind;
	return status;
}
