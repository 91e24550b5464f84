/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/keys.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/date.h"
#include "base/lines.h"
#include "base/number.h"
#include "base/similar.h"
#include "totpgroup.h"

static int refuse_unknown_key(const struct key_definition *table, const char *section,
	const char *name, struct error *error)
{
	const char *nearest = similar_name(table, sizeof *table, name, strlen(name));

	if (nearest != NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"unknown key %s in [%s]; did you mean %s?", name, section, nearest);
	return error_set(error, TOTPGROUP_ECONFIG,
		"unknown key %.*s in [%s]; totpgroup.conf(5) lists the keys",
		SIMILAR_NAME_MAXIMUM, name, section);
}

/* The position of the value among the row's words, or -1. */
static int find_word(const struct key_definition *row, const char *value)
{
	int position = 0;

	for (const char *word = row->words; *word != '\0'; position++) {
		size_t length = strcspn(word, "|");

		if (ascii_is_word(word, length, value))
			return position;
		word += length + (word[length] == '|');
	}
	return -1;
}

static bool parse_number(const struct key_definition *row, const char *value, int *field)
{
	size_t length = strlen(value);
	int64_t number;

	if (row->kind == KEY_SECONDS
			? !duration_parse(value, length, row->minimum, row->maximum, &number)
			: !number_parse(value, length, row->minimum, row->maximum, &number))
		return false;
	*field = (int)number;
	return true;
}

static bool parse_rate(
	const struct key_definition *row, const char *value, struct config_rate *rate)
{
	size_t rest = strlen(value), length;
	const char *word;
	int64_t attempts = 0, seconds = 0;

	if (strcmp(value, "no") != 0 &&
		(!lines_next_word(&value, &rest, &word, &length) ||
			!number_parse(word, length, row->minimum, row->maximum, &attempts) ||
			!lines_next_word(&value, &rest, &word, &length) ||
			!number_parse(word, length, row->seconds_minimum, row->seconds_maximum,
				&seconds) ||
			lines_next_word(&value, &rest, &word, &length)))
		return false;
	*rate = (struct config_rate){(int)attempts, (int)seconds, true};
	return true;
}

static bool parse_flag(const char *value, bool *field)
{
	*field = strcmp(value, "yes") == 0;
	return *field || strcmp(value, "no") == 0;
}

static int read_word(
	const struct key_definition *row, const char *value, void *field, struct error *error)
{
	int position = find_word(row, value);

	if (position < 0)
		return error_set(error, TOTPGROUP_ECONFIG, "key %s needs one of %s", row->name,
			row->words);
	if (row->kind == KEY_NAME)
		*(const char **)field = value;
	else
		*(int *)field = row->minimum + position;
	return 0;
}

static int read_value(
	const struct key_definition *row, const char *value, void *field, struct error *error)
{
	switch (row->kind) {
	case KEY_STRING:
		if (*value == '\0')
			return error_set(error, TOTPGROUP_ECONFIG,
				"key %s is empty; give it a value or leave it out", row->name);
		/* fall through */
	case KEY_TEXT:
		*(const char **)field = value;
		return 0;
	case KEY_NAME:
	case KEY_WORD:
		return read_word(row, value, field, error);
	case KEY_FLAG:
		if (parse_flag(value, field))
			return 0;
		return error_set(error, TOTPGROUP_ECONFIG, "key %s is yes or no", row->name);
	case KEY_NUMBER:
	case KEY_SECONDS:
		if (parse_number(row, value, field))
			return 0;
		return error_set(error, TOTPGROUP_ECONFIG,
			"key %s needs a number from %d to %d", row->name, row->minimum,
			row->maximum);
	case KEY_RATE:
		if (parse_rate(row, value, field))
			return 0;
		return error_set(error, TOTPGROUP_ECONFIG,
			"key %s needs attempts (%d to %d) and seconds (%d to %d), such as "
			"3 30; or no",
			row->name, row->minimum, row->maximum, row->seconds_minimum,
			row->seconds_maximum);
	}
	return 0;
}

int config_key_set(const struct key_definition *table, const char *section, void *fields,
	const char *name, const char *value, struct error *error)
{
	const struct key_definition *row = table;

	while (row->name != NULL && strcmp(row->name, name) != 0)
		row++;
	if (row->name == NULL)
		return refuse_unknown_key(table, section, name, error);
	return read_value(row, value, (char *)fields + row->offset, error);
}
