/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/complete.h"

#include <dirent.h>
#include <string.h>

#include "base/text.h"
#include "cli/pamconf/pamconf.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"

/* What stands for an argument in the help, and the answer for it. */
static const struct kind {
	const char *argument;
	const char *answer;
} kinds[] = {
	{"USER", ":users\n"},
	{"GROUP", ":groups\n"},
	{"FILE", ":files\n"},
	{"SPEC", ":files\n"},
	{"DIR", ":folders\n"},
};

/* A command line up to the word that is completed. */
struct line {
	const struct command *command; /* NULL: none is given */
	const struct option_row *options;
	const struct option_row *waiting; /* the option whose argument comes next, or NULL */
	bool options_ended;		  /* behind "--" */
};

static bool has_argument(const struct option_row *row)
{
	return row->kind != OPTION_FLAG && row->kind != OPTION_STOP;
}

static const struct option_row *find_long(
	const struct option_row *row, const char *name, size_t length)
{
	for (; row->name != NULL; row++)
		if (strlen(row->name) == length && strncmp(row->name, name, length) == 0)
			return row;
	return NULL;
}

static const struct option_row *find_letter(const struct option_row *row, char letter)
{
	for (; row->name != NULL; row++)
		if (row->letter == letter)
			return row;
	return NULL;
}

/* The option at the end of a word, if its argument is the next word; else NULL. */
static const struct option_row *waiting_option(const struct option_row *table, const char *word)
{
	const struct option_row *row;

	if (strncmp(word, "--", 2) == 0) {
		row = find_long(table, word + 2, strlen(word + 2));
		return row != NULL && has_argument(row) ? row : NULL;
	}
	/* Letters in one word: the rest of the word is the argument of the first that has one. */
	for (word++; *word != '\0'; word++) {
		row = find_letter(table, *word);
		if (row == NULL)
			return NULL;
		if (has_argument(row))
			return word[1] == '\0' ? row : NULL;
	}
	return NULL;
}

static void read_word(struct line *line, const char *word)
{
	if (line->waiting != NULL)
		line->waiting = NULL;
	else if (line->options_ended || word[0] != '-')
		return;
	else if (strcmp(word, "--") == 0)
		line->options_ended = true;
	else
		line->waiting = waiting_option(line->options, word);
}

static void append_commands(struct text *text, const struct command *command)
{
	for (; command->name != NULL; command++)
		text_append_format(text, "%s\t%s\n", command->name, translate(command->help));
}

static void append_options(struct text *text, const struct option_row *row)
{
	for (; row->name != NULL; row++) {
		const char *help = translate(row->help);
		size_t length = strlen(help);

		/* The words that follow ':' in the help are offered behind '='. */
		if (help[length - 1] == ':')
			length--;
		text_append_format(text, "--%s%s\t%.*s\n", row->name,
			has_argument(row) ? "=" : "", (int)length, help);
	}
}

static void append_words(struct text *text, const char *words)
{
	for (;;) {
		size_t length = strcspn(words, "|");

		text_append_format(text, "%.*s\t\n", (int)length, words);
		if (words[length] == '\0')
			return;
		words += length + 1;
	}
}

/* The services that PAM has files for. */
static void append_services(struct text *text)
{
	for (const char *const *folder = pam_stack_folders; *folder != NULL; folder++) {
		DIR *entries = opendir(*folder);
		const struct dirent *entry;

		if (entries == NULL)
			continue;
		while ((entry = readdir(entries)) != NULL)
			if (entry->d_name[0] != '.' && strpbrk(entry->d_name, "\t\n") == NULL)
				text_append_format(text, "%s\t\n", entry->d_name);
		closedir(entries);
	}
}

static void append_argument(struct text *text, const struct option_row *row)
{
	if (row->words != NULL)
		append_words(text, row->words);
	else if (row->argument != NULL && strcmp(row->argument, "SERVICE") == 0)
		append_services(text);
	for (size_t i = 0; row->argument != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(row->argument, kinds[i].argument) == 0)
			text_append_string(text, kinds[i].answer);
}

/* What the help names behind the options: "[USER]...", say. */
static void append_operand(struct text *text, const struct command *command)
{
	/* Words that are alternatives have no brackets. */
	if (command != NULL && strchr(command->operands, '|') != NULL)
		append_words(text, command->operands + 1);
	for (size_t i = 0; command != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strstr(command->operands, kinds[i].argument) != NULL)
			text_append_string(text, kinds[i].answer);
}

static void append_answer(struct text *text, const struct line *line, const char *word)
{
	size_t length = strcspn(word, "=");

	if (line->waiting != NULL) {
		append_argument(text, line->waiting);
	} else if (line->options_ended || word[0] != '-') {
		append_operand(text, line->command);
	} else if (word[length] == '\0') {
		append_options(text, line->options);
	} else if (length > 2) {
		const struct option_row *row = find_long(line->options, word + 2, length - 2);

		if (row != NULL)
			append_argument(text, row);
	}
}

enum exit_status complete_print(const struct command *commands, int count, char **words)
{
	struct line line = {.options = enroll_options_table + ENROLL_COMMAND_ROWS};
	struct text text = TEXT_INIT;
	enum exit_status status;
	int first = 0;

	if (words[0][0] != '-' && count > 1) {
		line.command = command_find(commands, words[0]);
		if (line.command != NULL)
			line.options = line.command->options;
		first = 1;
	}
	for (int i = first; i < count - 1; i++)
		read_word(&line, words[i]);
	if (first == 0 && words[0][0] != '-')
		append_commands(&text, commands);
	else if (first == 1 && strcmp(words[0], "help") == 0 && count == 2)
		append_commands(&text, commands);
	else if (first == 0 || line.command != NULL)
		append_answer(&text, &line, words[count - 1]);
	status = terminal_write(&text);
	text_free(&text);
	return status;
}
