/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/date.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"

/* Ten years: a longer time is a mistake. */
#define PENDING_MAX (3650 * DATE_DAY_SECONDS)

#define OPTIONS struct bulk_options

const struct option_row bulk_options_table[] = {
	GROUP_ROW,
	STRING_ROW(0, "users", users, 'G', 1, "FILE",
		"the users that FILE names, one on a line; - is "
		"standard input, as without --users and --group"),
	STRING_ROW('o', "output", output, 'o', 1, "DIR",
		"put the letters into this folder (mode 0700)"),
	LIST_ROW(0, "format", format, 'F', "svg|png|html|txt|csv|json", "LIST",
		"of svg,png,html,txt,csv,json (html)"),
	FLAG_ROW(0, "rotate", rotate, 'R', 1, "new secrets also for those who have one"),
	DRY_RUN_ROW("say what would happen, and do nothing"),
	STRING_ROW(0, "pending-for", pending_for, 'w', 1, "TIME",
		"a secret ends unless a first code comes in TIME (14d)"),
	ISSUER_ROW,
	STRING_ROW(0, "language", language, 'L', 1, "LANG",
		"the language of the letters, such as de"),
	STRING_ROW(0, "template", template_file, 't', 1, "FILE",
		"your own letter in HTML, with placeholders"),
	STRING_ROW(0, "organization", organization, 'O', 1, "NAME",
		"the name of your organization in the letters"),
	STRING_ROW(0, "logo", logo, 'l', 1, "FILE", "its logo in the letters, a PNG file"),
	STRING_ROW(0, "contact", contact, 'a', 1, "TEXT",
		"whom users ask: a name, a number, an address"),
	STRING_ROW(0, "exec", exec, 'x', 1, "CMD",
		"run CMD for each user, the letter on its input"),
	STRING_ROW(0, "service", service, 'S', 1, "SERVICE",
		"the PAM service that is logged in to; by default sshd"),
	PAM_FOLDER_ROW,
	SECRET_ROW,
	CONF_ROW,
	FLAG_ROW(0, "json", json, 'j', 1, "print the report as JSON"),
	QUIET_ROW("say nothing but what failed"),
	HELP_ROW,
	END_ROW,
};

static const char *const format_names[LETTER_FORMATS] = {
	[LETTER_SVG] = "svg",
	[LETTER_PNG] = "png",
	[LETTER_HTML] = "html",
	[LETTER_TXT] = "txt",
};

const char *bulk_format_name(enum letter_format format)
{
	return format_names[format];
}

/* Adds a format, or ignores one that was named before. */
static bool add_format(struct bulk_formats *formats, const char *word, size_t length)
{
	int format = 0;

	if (ascii_is_word(word, length, "csv"))
		return formats->csv = true;
	if (ascii_is_word(word, length, "json"))
		return formats->json = true;
	while (format < LETTER_FORMATS && !ascii_is_word(word, length, format_names[format]))
		format++;
	if (format == LETTER_FORMATS)
		return false;
	formats->html = formats->html || format == LETTER_HTML;
	for (size_t i = 0; i < formats->letter_count; i++)
		if ((int)formats->letters[i] == format)
			return true;
	formats->letters[formats->letter_count++] = (enum letter_format)format;
	return true;
}

bool bulk_formats_parse(struct bulk_formats *formats, const char *list)
{
	*formats = (struct bulk_formats){.letter_count = 0};
	for (const char *word = list;; word++) {
		size_t length = strcspn(word, ",");

		if (!add_format(formats, word, length))
			return false;
		word += length;
		if (*word == '\0')
			return true;
	}
}

/* The unit is required: 14 for 14d would be fourteen seconds, and no letter would work. */
static bool parse_pending(const char *text, int64_t *seconds)
{
	size_t length = strlen(text);

	return length > 0 && !(text[length - 1] >= '0' && text[length - 1] <= '9') &&
	       duration_parse(text, length, 1, PENDING_MAX, seconds);
}

static const char *find_problem(struct bulk_options *options)
{
	if (!bulk_formats_parse(&options->formats, options->format))
		return translate(
			"--format needs one or more of svg, png, html, txt, csv and json, with "
			"commas between");
	if (options->pending_for != NULL &&
		!parse_pending(options->pending_for, &options->pending_seconds))
		return translate(
			"--pending-for needs a time such as 14d, 36h or 90m, of ten years at "
			"most");
	if (options->output == NULL && options->dry_run == 0)
		return translate("--output DIR is missing, the folder for the letters");
	if (options->exec != NULL && options->formats.letter_count == 0)
		return translate(
			"--exec needs one of svg, png, html and txt, to have a letter for each "
			"user");
	if (options->rotate != 0 && options->formats.letter_count == 0)
		return translate(
			"--rotate needs one of svg, png, html and txt: a letter shows that its "
			"user has a new secret already");
	if (options->group == NULL && options->users == NULL && isatty(STDIN_FILENO))
		return translate(
			"name the users: --group GROUP, --users FILE, or names on standard "
			"input");
	return NULL;
}

enum exit_status bulk_options_read(struct bulk_options *options, int argc, char **argv)
{
	enum exit_status status = option_table_read(bulk_options_table, options, argc, argv);
	const char *problem;

	if (status != STATUS_DONE)
		return status;
	if (optind < argc) {
		terminal_complain("unexpected word '%s'; users are named in a file or on "
				  "standard input",
			argv[optind]);
		return STATUS_USAGE;
	}
	if (options->format == NULL)
		options->format = "html";
	problem = find_problem(options);
	if (problem == NULL)
		return STATUS_DONE;
	terminal_complain("%s", problem);
	return STATUS_USAGE;
}
