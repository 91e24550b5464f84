/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/csv_text.h"

#include <string.h>

#include "totpgroup.h"

char csv_text_separator(const char *text, size_t length)
{
	static const char separators[] = {',', ';', '\t'};
	const char *end = memchr(text, '\n', length);
	size_t line = end != NULL ? (size_t)(end - text) : length;

	for (size_t i = 0; i < sizeof separators; i++)
		if (memchr(text, separators[i], line) != NULL)
			return separators[i];
	return ',';
}

void csv_text_open(struct csv_text *csv, const char *text, size_t length)
{
	*csv = (struct csv_text){.text = text,
		.length = length,
		.separator = csv_text_separator(text, length),
		.line = 1};
	/* Some spreadsheets write a byte order mark before UTF-8. */
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		csv->at = 3;
}

bool csv_text_at_end(const struct csv_text *csv)
{
	return csv->at >= csv->length;
}

size_t csv_text_line_end(const struct csv_text *csv)
{
	const char *here = csv->text + csv->at;

	if (!csv_text_at_end(csv) && *here == '\n')
		return 1;
	if (csv->length - csv->at >= 2 && here[0] == '\r' && here[1] == '\n')
		return 2;
	return 0;
}

static bool at_field_end(const struct csv_text *csv)
{
	return csv_text_at_end(csv) || csv->text[csv->at] == csv->separator ||
	       csv_text_line_end(csv) > 0;
}

void csv_text_skip_line(struct csv_text *csv)
{
	while (!csv_text_at_end(csv))
		if (csv->text[csv->at++] == '\n') {
			csv->line++;
			return;
		}
}

/* Reads a field in quotes, in which two quotes stand for one. */
static int read_quoted(struct csv_text *csv, struct text *field, struct error *error)
{
	for (csv->at++; !csv_text_at_end(csv); csv->at++) {
		const char *here = csv->text + csv->at;

		if (*here == '"') {
			csv->at++;
			if (at_field_end(csv))
				return 0;
			if (csv->text[csv->at] != '"')
				return error_set(error, TOTPGROUP_EFORMAT,
					"text behind a closing quote");
		}
		csv->line += *here == '\n';
		(void)text_append(field, here, 1);
	}
	return error_set(error, TOTPGROUP_EFORMAT, "a quote is not closed");
}

static int read_plain(struct csv_text *csv, struct text *field, struct error *error)
{
	for (; !at_field_end(csv); csv->at++) {
		if (csv->text[csv->at] == '"')
			return error_set(error, TOTPGROUP_EFORMAT,
				"a quote within a value that does not begin with one");
		(void)text_append(field, csv->text + csv->at, 1);
	}
	return 0;
}

int csv_text_read(struct csv_text *csv, struct text *field, bool *last, struct error *error)
{
	bool quoted = !csv_text_at_end(csv) && csv->text[csv->at] == '"';
	int status = quoted ? read_quoted(csv, field, error) : read_plain(csv, field, error);

	/* Gives an empty field its NUL. */
	if (text_append_string(field, "") != 0)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status != 0)
		return status;
	*last = csv_text_at_end(csv) || csv->text[csv->at] != csv->separator;
	if (!*last)
		csv->at++;
	else
		csv_text_skip_line(csv);
	return 0;
}

void csv_text_append(struct text *text, const char *value)
{
	if (value == NULL || strpbrk(value, ",\"\r\n") == NULL) {
		(void)text_append_string(text, value != NULL ? value : "");
		return;
	}
	(void)text_append_string(text, "\"");
	for (; *value != '\0'; value++)
		(void)text_append(text, *value == '"' ? "\"\"" : value, *value == '"' ? 2 : 1);
	(void)text_append_string(text, "\"");
}
