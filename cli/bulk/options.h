/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of `totp-enroll bulk`. */
#ifndef TOTPGROUP_CLI_BULK_OPTIONS_H
#define TOTPGROUP_CLI_BULK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/commands.h"
#include "cli/letter/letter.h"
#include "cli/ui/option_table.h"

#define LETTER_FORMATS 4

/* What is written, from --format. */
struct bulk_formats {
	enum letter_format letters[LETTER_FORMATS]; /* one file for each user, as named */
	size_t letter_count;
	bool csv;
	bool json;
	bool html; /* among the letters, so that there is a print run */
};

/* Begins zeroed. Strings point into the argument vector; NULL where not given. */
struct bulk_options {
	const char *group;
	const char *users;
	const char *output;
	const char *format;
	const char *pending_for;
	const char *issuer;
	const char *language;
	const char *template_file;
	const char *exec;
	const char *secret;
	const char *conf;
	int rotate;
	int dry_run;
	int json;
	int quiet;
	struct bulk_formats formats;
	int64_t pending_seconds; /* 0: not pending */
};

/* Reads an argument vector. Reports what is wrong and returns STATUS_USAGE; else as
 * option_table_read(). */
enum exit_status bulk_options_read(struct bulk_options *options, int argc, char **argv);

/* The word for a format, which is also how its files end. */
const char *bulk_format_name(enum letter_format format);

/* The names of the letters' formats with commas between, and back; false where
 * there is another word in it. */
bool bulk_formats_parse(struct bulk_formats *formats, const char *list);

#endif
