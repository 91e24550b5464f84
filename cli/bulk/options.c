/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/options.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/date.h"
#include "cli/ui/terminal.h"

/* Ten years: more is a slip of the hand. */
#define PENDING_MAX (3650 * DATE_DAY_SECONDS)

#define AT(field) offsetof(struct bulk_options, field)

#define FLAG   OPTION_FLAG
#define STRING OPTION_STRING

const struct option_row bulk_options_table[] = {
	{'g', "group", STRING, AT(group), 'g', 1, 0, "GROUP",
		"all members of GROUP, primary and supplementary"},
	{'\0', "users", STRING, AT(users), 'g', 1, 0, "FILE",
		"the users that FILE names, one on a line; - is\n"
		"standard input, as without --users and --group"},
	{'o', "output", STRING, AT(output), 'o', 1, 0, "DIR",
		"put the letters into this folder (mode 0700)"},
	{'\0', "format", STRING, AT(format), 'F', 1, 0, "LIST",
		"of svg,png,html,txt,csv,json (html)"},
	{'\0', "rotate", FLAG, AT(rotate), 'R', 1, 0, NULL,
		"new secrets also for those who have one"},
	{'n', "dry-run", FLAG, AT(dry_run), 'n', 1, 0, NULL,
		"say what would happen, and do nothing"},
	{'\0', "pending-for", STRING, AT(pending_for), 'p', 1, 0, "TIME",
		"a secret ends unless a first code comes in TIME (14d)"},
	{'i', "issuer", STRING, AT(issuer), 'i', 0, 0, "ISSUER",
		"the issuer's name in the app (host); empty for none"},
	{'\0', "language", STRING, AT(language), 'L', 1, 0, "LANG",
		"the language of the letters, such as de"},
	{'\0', "template", STRING, AT(template_file), 't', 1, 0, "FILE",
		"your own letter in HTML, with placeholders"},
	{'\0', "exec", STRING, AT(exec), 'x', 1, 0, "CMD",
		"run CMD for each user, the letter on its input"},
	{'s', "secret", STRING, AT(secret), 's', 1, 0, "SPEC",
		"where secrets are, as in the module's option secret="},
	{'\0', "conf", STRING, AT(conf), 'C', 1, 0, "FILE",
		"read this configuration, as the module's conf="},
	{'\0', "json", FLAG, AT(json), 'j', 1, 0, NULL, "print the report as JSON"},
	{'q', "quiet", FLAG, AT(quiet), 'q', 1, 0, NULL, "say nothing but what failed"},
	{'h', "help", OPTION_END, AT(help), '\0', 1, 0, NULL, "print this and exit"},
	{'\0', NULL, FLAG, 0, '\0', 0, 0, NULL, NULL},
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

static bool has_letter(const struct bulk_formats *formats, enum letter_format format)
{
	for (size_t i = 0; i < formats->letter_count; i++)
		if (formats->letters[i] == format)
			return true;
	return false;
}

/* A format that is named twice is made once. */
static bool add_format(struct bulk_formats *formats, const char *word, size_t length)
{
	if (ascii_is_word(word, length, "csv"))
		return formats->csv = true;
	if (ascii_is_word(word, length, "json"))
		return formats->json = true;
	for (int i = 0; i < LETTER_FORMATS; i++) {
		if (!ascii_is_word(word, length, format_names[i]))
			continue;
		if (!has_letter(formats, (enum letter_format)i))
			formats->letters[formats->letter_count++] = (enum letter_format)i;
		formats->html = formats->html || i == LETTER_HTML;
		return true;
	}
	return false;
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

/* With its unit: 14 for 14d would be fourteen seconds, and every letter worth nothing. */
static bool parse_pending(const char *text, int64_t *seconds)
{
	size_t length = strlen(text);

	return length > 0 && !(text[length - 1] >= '0' && text[length - 1] <= '9') &&
	       duration_parse(text, length, 1, PENDING_MAX, seconds);
}

static const char *find_problem(struct bulk_options *options)
{
	if (!bulk_formats_parse(&options->formats, options->format))
		return "--format needs one or more of svg, png, html, txt, csv and json, with "
		       "commas between";
	if (options->pending_for != NULL &&
		!parse_pending(options->pending_for, &options->pending_seconds))
		return "--pending-for needs a time such as 14d, 36h or 90m, of ten years at "
		       "most";
	if (options->output == NULL && options->dry_run == 0)
		return "where to? --output DIR names the folder for the letters";
	if (options->exec != NULL && options->formats.letter_count == 0)
		return "--exec needs one of svg, png, html and txt, to have a letter for each "
		       "user";
	if (options->rotate != 0 && options->formats.letter_count == 0)
		return "--rotate needs one of svg, png, html and txt: the letters tell who "
		       "has a new secret already";
	if (options->group == NULL && options->users == NULL && isatty(STDIN_FILENO))
		return "whom? --group GROUP, --users FILE, or names on standard input";
	return NULL;
}

enum exit_status bulk_options_read(struct bulk_options *options, int argc, char **argv)
{
	enum exit_status status = option_table_read(bulk_options_table, options, argc, argv);
	const char *problem;

	if (status != STATUS_DONE || options->help != 0)
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
