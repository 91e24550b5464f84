/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/option_table.h"

#include <getopt.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/similar.h"
#include "base/text.h"
#include "cli/ui/terminal.h"
#include "cli/ui/words.h"
#include "cli/ui/wrap.h"
#include "message/translate.h"

/* getopt_long() returns a row's number plus this for a long name. */
#define LONG_BASE 256

/* Where the meaning of an option begins in the help; on a terminal that has fewer than
 * HELP_WIDTH_WIDE columns it stands below. */
#define HELP_COLUMN	   31
#define HELP_COLUMN_NARROW 8
#define HELP_WIDTH_WIDE	   64

/* Longer lines are hard to read. */
#define HELP_WIDTH_MAX 80

/* An argument vector that is being read. */
struct reading {
	const struct option_row *table;
	void *options;
	struct option long_options[OPTION_ROWS_MAX + 1];
	char short_options[2 * OPTION_ROWS_MAX + 2];
	/* Which option of each family was given: the number of its row, counted from 1. */
	unsigned char given[128];
};

static bool has_argument(const struct option_row *row)
{
	return row->kind != OPTION_FLAG && row->kind != OPTION_STOP;
}

static void build_long_options(struct reading *reading)
{
	const struct option_row *row = reading->table;

	for (int i = 0; i < OPTION_ROWS_MAX && row[i].name != NULL; i++)
		reading->long_options[i] = (struct option){
			.name = row[i].name,
			.has_arg = has_argument(&row[i]) ? required_argument : no_argument,
			.val = LONG_BASE + i,
		};
}

/* ':' makes getopt_long() tell a missing argument from an unknown option. */
static void build_short_options(struct reading *reading)
{
	const struct option_row *row = reading->table;
	char *end = reading->short_options;

	*end++ = ':';
	for (int i = 0; i < OPTION_ROWS_MAX && row[i].name != NULL; i++) {
		if (row[i].letter == '\0')
			continue;
		*end++ = row[i].letter;
		if (has_argument(&row[i]))
			*end++ = ':';
	}
	*end = '\0';
}

static const struct option_row *find_row(const struct reading *reading, int value)
{
	if (value >= LONG_BASE)
		return &reading->table[value - LONG_BASE];
	for (const struct option_row *row = reading->table; row->name != NULL; row++)
		if (row->letter == (char)value)
			return row;
	return NULL;
}

static enum exit_status store_number(
	const struct option_row *row, const char *argument, void *field)
{
	int64_t number;
	int value;

	if (!number_parse(argument, strlen(argument), row->minimum, row->maximum, &number)) {
		terminal_complain("--%s needs a number from %d to %d", row->name, row->minimum,
			row->maximum);
		return STATUS_USAGE;
	}
	value = (int)number;
	memcpy(field, &value, sizeof(value));
	return STATUS_DONE;
}

static enum exit_status store_string(
	const struct option_row *row, const char *argument, void *field)
{
	if (strlen(argument) < (size_t)row->minimum) {
		terminal_complain("--%s must not be empty", row->name);
		return STATUS_USAGE;
	}
	memcpy(field, &argument, sizeof(argument));
	return STATUS_DONE;
}

/* Not tolower(): a Turkish locale has another 'i'. */
static char fold(char c)
{
	if (c == '-')
		return '_';
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_word(const char *word, size_t length, const char *given)
{
	for (size_t i = 0; i < length; i++)
		if (fold(word[i]) != fold(given[i]))
			return false;
	return given[length] == '\0';
}

int option_word_find(const char *words, const char *word)
{
	for (int number = 0;; number++) {
		size_t length = strcspn(words, "|");

		if (is_word(words, length, word))
			return number;
		if (words[length] == '\0')
			return -1;
		words += length + 1;
	}
}

/* Appends the words of a list, with commas between. */
static int append_word_list(struct text *text, const char *words)
{
	for (;;) {
		size_t length = strcspn(words, "|");

		text_append(text, words, length);
		if (words[length] == '\0')
			return text->status;
		text_append_string(text, ", ");
		words += length + 1;
	}
}

static enum exit_status store_word(
	const struct option_row *row, const char *argument, void *field)
{
	int number = option_word_find(row->words, argument);
	int value = row->minimum + number;

	if (number < 0) {
		struct text list = TEXT_INIT;

		append_word_list(&list, row->words);
		terminal_complain("--%s needs one of %s", row->name,
			list.status == 0 ? list.data : row->words);
		text_free(&list);
		return STATUS_USAGE;
	}
	memcpy(field, &value, sizeof(value));
	return STATUS_DONE;
}

static enum exit_status store_value(
	const struct option_row *row, const char *argument, void *options)
{
	void *field = (char *)options + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		memcpy(field, &row->minimum, sizeof(row->minimum));
		return STATUS_DONE;
	case OPTION_NUMBER:
		return store_number(row, argument, field);
	case OPTION_STRING:
		return store_string(row, argument, field);
	case OPTION_WORD:
		return store_word(row, argument, field);
	case OPTION_STOP:
		return (enum exit_status)row->minimum;
	}
	return STATUS_USAGE;
}

static enum exit_status read_option(
	struct reading *reading, const struct option_row *row, const char *argument)
{
	unsigned char family = (unsigned char)row->family;
	unsigned char number = (unsigned char)(row - reading->table + 1);

	if (family != 0 && reading->given[family] == number) {
		terminal_complain("--%s is given twice", row->name);
		return STATUS_USAGE;
	}
	if (family != 0 && reading->given[family] != 0) {
		terminal_complain("--%s contradicts --%s", row->name,
			reading->table[reading->given[family] - 1].name);
		return STATUS_USAGE;
	}
	reading->given[family] = number;
	/* What programs read is the same in every language. */
	if (strcmp(row->name, "json") == 0)
		(void)setlocale(LC_MESSAGES, "C");
	return store_value(row, argument, reading->options);
}

/* An option that is unknown, or the beginning of several. */
static void complain_of_name(const struct reading *reading, const char *word)
{
	const char *name = word + strspn(word, "-");
	size_t length = strcspn(name, "=");
	const char *near = similar_name(
		reading->long_options, sizeof reading->long_options[0], name, length);
	unsigned int begun = 0;

	for (const struct option_row *row = reading->table; row->name != NULL; row++)
		begun += strncmp(row->name, name, length) == 0;
	if (begun > 1)
		terminal_complain("several options begin with '%s'; see --help", word);
	else if (near != NULL)
		terminal_complain(
			"unknown option '%s'; did you mean --%s? See --help", word, near);
	else
		terminal_complain("unknown option '%s'; see --help", word);
}

/* word is the argument at which getopt_long() stopped. */
static enum exit_status refuse_option(
	const struct reading *reading, int value, const char *word)
{
	const struct option_row *row = optopt != 0 ? find_row(reading, optopt) : NULL;

	if (value == ':' && row != NULL)
		terminal_complain("--%s needs an argument", row->name);
	else if (row != NULL)
		terminal_complain("--%s takes no argument", row->name);
	else if (optopt != 0)
		terminal_complain("unknown option '-%c'; see --help", optopt);
	else
		complain_of_name(reading, word);
	return STATUS_USAGE;
}

enum exit_status option_table_read(
	const struct option_row *table, void *options, int argc, char **argv)
{
	struct reading reading = {.table = table, .options = options};
	enum exit_status status;
	int value;

	build_long_options(&reading);
	build_short_options(&reading);
	opterr = 0;
	optind = 0;
	while ((value = getopt_long(
			argc, argv, reading.short_options, reading.long_options, NULL)) != -1) {
		if (value == '?' || value == ':')
			return refuse_option(&reading, value, argv[optind - 1]);
		status = read_option(&reading, find_row(&reading, value), optarg);
		if (status != STATUS_DONE)
			return status;
	}
	return STATUS_DONE;
}

size_t option_help_width(void)
{
	size_t width = wrapped_text_width();

	return width < HELP_WIDTH_MAX ? width : HELP_WIDTH_MAX;
}

/* Appends what an option means, to the right of its name or, on a narrow terminal, below
 * it. left is what the line has already. */
static int append_meaning(
	struct text *text, const struct option_row *row, size_t left, size_t width)
{
	size_t column = width < HELP_WIDTH_WIDE ? HELP_COLUMN_NARROW : HELP_COLUMN;
	struct text words = TEXT_INIT;

	if (left < column)
		text_append_format(text, "%*s", (int)(column - left), "");
	else
		text_append_format(text, "\n%*s", (int)column, "");
	text_append_string(&words, translate(row->help));
	if (row->words != NULL && row->help[strlen(row->help) - 1] == ':') {
		text_append_string(&words, " ");
		append_word_list(&words, row->words);
	}
	if (words.status != 0)
		text->status = words.status;
	else
		wrapped_text_append(text, words.data, column, width);
	text_free(&words);
	return text->status;
}

static int append_row(struct text *text, const struct option_row *row, size_t width)
{
	const char *argument = row->argument != NULL ? row->argument : row->words;
	const char letter[] = {'-', row->letter, ',', '\0'};
	size_t before = text->length;

	text_append_format(text, "  %3s --%s%s%s", row->letter != 0 ? letter : "", row->name,
		argument != NULL ? "=" : "", argument != NULL ? argument : "");
	return append_meaning(text, row, text->length - before, width);
}

bool option_table_print(const struct option_row *table)
{
	size_t width = option_help_width();
	struct text text = TEXT_INIT;
	bool done;

	for (const struct option_row *row = table; row->name != NULL; row++)
		append_row(&text, row, width);
	done = text.status == 0 && terminal_print(&text);
	text_free(&text);
	return done;
}
