/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/base32.h"
#include "base/lines.h"
#include "base/wipe.h"
#include "totpgroup.h"

typedef int set_function(
	struct otp_key *key, const char *value, size_t length, struct error *error);

static set_function set_type, set_emergency_codes;

/* In the order in which they are read: the first decides what others mean. */
static const struct {
	const char *name;
	set_function *set;
} columns[CSV_COLUMNS] = {
	{"user", otp_key_set_name},
	{"secret", otp_key_set_base32},
	{"algorithm", otp_key_set_algorithm},
	{"digits", otp_key_set_digits},
	{"period", otp_key_set_period},
	{"type", set_type},
	{"counter", otp_key_set_counter},
	{"issuer", otp_key_set_issuer},
	{"emergency_codes", set_emergency_codes},
};

enum { COLUMN_USER = 0, COLUMN_SECRET = 1 };

static int set_type(struct otp_key *key, const char *value, size_t length, struct error *error)
{
	key->hotp = ascii_is_word(value, length, "hotp");
	if (key->hotp || ascii_is_word(value, length, "totp"))
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "the type is neither totp nor hotp");
}

static int set_emergency_codes(
	struct otp_key *key, const char *value, size_t length, struct error *error)
{
	const char *word;
	size_t word_length;
	int status = 0;

	while (status == 0 && lines_next_word(&value, &length, &word, &word_length))
		status = otp_key_add_emergency_code(key, word, word_length, error);
	return status;
}

static bool at_end(const struct csv_reader *reader)
{
	return reader->at >= reader->length;
}

/* How many bytes of a line's end stand here; 0 where there is none. */
static size_t line_end(const struct csv_reader *reader)
{
	const char *here = reader->text + reader->at;

	if (!at_end(reader) && *here == '\n')
		return 1;
	if (reader->length - reader->at >= 2 && here[0] == '\r' && here[1] == '\n')
		return 2;
	return 0;
}

static bool at_field_end(const struct csv_reader *reader)
{
	return at_end(reader) || reader->text[reader->at] == ',' || line_end(reader) > 0;
}

static void skip_line(struct csv_reader *reader)
{
	while (!at_end(reader))
		if (reader->text[reader->at++] == '\n') {
			reader->line++;
			return;
		}
}

/* Behind the quote that opens the field. Two quotes stand for one. */
static int read_quoted(struct csv_reader *reader, struct text *field, struct error *error)
{
	int status = 0;

	for (; status == 0 && !at_end(reader); reader->at++) {
		const char *here = reader->text + reader->at;

		if (*here == '"') {
			reader->at++;
			if (at_field_end(reader))
				return 0;
			if (reader->text[reader->at] != '"')
				return error_set(error, TOTPGROUP_EFORMAT,
					"text behind a closing quote");
		}
		reader->line += *here == '\n';
		status = text_append(field, here, 1);
	}
	return status != 0 ? status
			   : error_set(error, TOTPGROUP_EFORMAT, "a quote is not closed");
}

static int read_plain(struct csv_reader *reader, struct text *field, struct error *error)
{
	int status = 0;

	for (; status == 0 && !at_field_end(reader); reader->at++) {
		if (reader->text[reader->at] == '"')
			return error_set(error, TOTPGROUP_EFORMAT,
				"a quote within a value that does not begin with one");
		status = text_append(field, reader->text + reader->at, 1);
	}
	return status;
}

/* Reads one field, and the comma or line's end behind it. */
static int read_field(
	struct csv_reader *reader, struct text *field, bool *last, struct error *error)
{
	int status = text_append(field, "", 0);

	if (status == 0 && !at_end(reader) && reader->text[reader->at] == '"') {
		reader->at++;
		status = read_quoted(reader, field, error);
	} else if (status == 0) {
		status = read_plain(reader, field, error);
	}
	if (status == TOTPGROUP_EMEMORY)
		return error_set(error, status, "out of memory");
	if (status != 0)
		return status;
	*last = at_end(reader) || reader->text[reader->at] != ',';
	if (!*last)
		reader->at++;
	else
		skip_line(reader);
	return 0;
}

static int find_column(const struct text *name, unsigned int *column)
{
	for (unsigned int i = 0; i < CSV_COLUMNS; i++)
		if (ascii_is_word(name->data, name->length, columns[i].name)) {
			*column = i;
			return 0;
		}
	return TOTPGROUP_EFORMAT;
}

static bool has_column(const struct csv_reader *reader, unsigned int column)
{
	for (unsigned int i = 0; i < reader->column_count; i++)
		if (reader->columns[i] == column)
			return true;
	return false;
}

static int add_column(struct csv_reader *reader, const struct text *name, struct error *error)
{
	unsigned int column;

	if (find_column(name, &column) != 0)
		return error_set(error, TOTPGROUP_EFORMAT,
			"line 1: there is no column '%.100s'", name->data);
	if (has_column(reader, column))
		return error_set(error, TOTPGROUP_EFORMAT,
			"line 1: the column %s is there twice", columns[column].name);
	reader->columns[reader->column_count++] = column;
	return 0;
}

static int require_column(
	const struct csv_reader *reader, unsigned int column, struct error *error)
{
	if (has_column(reader, column))
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT, "line 1: the column %s is missing",
		columns[column].name);
}

/* Spreadsheets put this before UTF-8. */
static void skip_byte_order_mark(struct csv_reader *reader)
{
	if (reader->length >= 3 && memcmp(reader->text, "\xef\xbb\xbf", 3) == 0)
		reader->at = 3;
}

int csv_open(struct csv_reader *reader, const char *text, size_t length, struct error *error)
{
	bool last = false;
	int status = 0;

	*reader = (struct csv_reader){.text = text, .length = length, .line = 1};
	skip_byte_order_mark(reader);
	while (status == 0 && !last) {
		struct error problem = ERROR_INIT;
		struct text name = TEXT_INIT;

		status = read_field(reader, &name, &last, &problem);
		if (status != 0)
			error_set(error, status, "line 1: %s", problem.message);
		else
			status = add_column(reader, &name, error);
		text_free(&name);
	}
	if (status == 0)
		status = require_column(reader, COLUMN_USER, error);
	return status == 0 ? require_column(reader, COLUMN_SECRET, error) : status;
}

bool csv_is_header(const char *line, size_t length)
{
	struct csv_reader reader;
	struct error ignored = ERROR_INIT;

	return csv_open(&reader, line, length, &ignored) == 0;
}

/* Reads the fields of a row into the places of their columns. */
static int read_fields(
	struct csv_reader *reader, struct text fields[CSV_COLUMNS], struct error *error)
{
	bool last = false;

	for (unsigned int i = 0; !last; i++) {
		int status;

		if (i == reader->column_count)
			return error_set(error, TOTPGROUP_EFORMAT,
				"more than the %u values that the header has",
				reader->column_count);
		status = read_field(reader, &fields[reader->columns[i]], &last, error);
		if (status != 0)
			return status;
		if (last && i + 1 < reader->column_count)
			return error_set(error, TOTPGROUP_EFORMAT,
				"fewer than the %u values that the header has",
				reader->column_count);
	}
	return 0;
}

static int read_key(
	struct otp_key *key, const struct text fields[CSV_COLUMNS], struct error *error)
{
	int status = 0;

	for (unsigned int i = 0; status == 0 && i < CSV_COLUMNS; i++)
		if (fields[i].length > 0)
			status = columns[i].set(key, fields[i].data, fields[i].length, error);
		else if (i == COLUMN_USER || i == COLUMN_SECRET)
			status = error_set(
				error, TOTPGROUP_EFORMAT, "the %s is empty", columns[i].name);
	/* What has no meaning for the type is read and not kept. */
	if (key->hotp)
		key->period = 30;
	else
		key->counter = 0;
	return status;
}

int csv_next(struct csv_reader *reader, struct otp_key *key, bool *found, struct error *error)
{
	struct text fields[CSV_COLUMNS] = {TEXT_INIT};
	struct error problem = ERROR_INIT;
	struct csv_reader start;
	int status;

	while (!at_end(reader) && line_end(reader) > 0)
		skip_line(reader);
	*found = !at_end(reader);
	if (!*found)
		return 0;
	start = *reader;
	key->line = reader->line;
	status = read_fields(reader, fields, &problem);
	if (status != 0) {
		/* A quote that is not closed must not swallow the rows behind it. */
		*reader = start;
		skip_line(reader);
	}
	if (status == 0)
		status = read_key(key, fields, &problem);
	for (unsigned int i = 0; i < CSV_COLUMNS; i++)
		text_free(&fields[i]);
	if (status == 0)
		return 0;
	return error_set(error, status, "line %u: %s", key->line, problem.message);
}

int csv_append_header(struct text *text)
{
	size_t before = text->length;
	int status = 0;

	for (unsigned int i = 0; i < CSV_COLUMNS && status == 0; i++)
		status = text_append_format(text, "%s%s", i > 0 ? "," : "", columns[i].name);
	if (status == 0)
		status = text_append(text, "\r\n", 2);
	if (status != 0 && text->length > before)
		(void)text_splice(text, before, text->length - before, NULL, 0);
	return status;
}

static int append_value(struct text *text, const char *value)
{
	int status = 0;

	if (value == NULL)
		return 0;
	if (strpbrk(value, ",\"\r\n") == NULL)
		return text_append(text, value, strlen(value));
	status = text_append(text, "\"", 1);
	for (; *value != '\0' && status == 0; value++)
		status = text_append(
			text, *value == '"' ? "\"\"" : value, *value == '"' ? 2 : 1);
	return status == 0 ? text_append(text, "\"", 1) : status;
}

static int append_secret(struct text *text, const struct otp_key *key)
{
	size_t size = BASE32_LENGTH(key->secret_length) + 1;
	char *characters = malloc(size);
	int status;

	if (characters == NULL)
		return TOTPGROUP_EMEMORY;
	base32_encode(key->secret, key->secret_length, characters);
	status = text_append(text, characters, size - 1);
	wipe_free(characters, size);
	return status;
}

static int append_parameters(struct text *text, const struct otp_key *key)
{
	int status = text_append_format(
		text, ",%s,%u,", hmac_algorithm_name(key->algorithm), key->digits);

	if (status == 0 && key->hotp)
		status = text_append_format(text, ",hotp,%" PRId64 ",", key->counter);
	else if (status == 0)
		status = text_append_format(text, "%u,totp,,", key->period);
	return status;
}

static int append_emergency_codes(struct text *text, const struct otp_key *key)
{
	int status = text_append(text, ",", 1);

	for (size_t i = 0; i < key->emergency_code_count && status == 0; i++)
		status = text_append_format(
			text, "%s%08" PRIu32, i > 0 ? " " : "", key->emergency_codes[i]);
	return status;
}

int csv_append(struct text *text, const struct otp_key *key)
{
	size_t before = text->length;
	int status;

	if (hmac_algorithm_name(key->algorithm) == NULL)
		return TOTPGROUP_EARGUMENT;
	if ((status = append_value(text, key->name)) == 0 &&
		(status = text_append(text, ",", 1)) == 0 &&
		(status = append_secret(text, key)) == 0 &&
		(status = append_parameters(text, key)) == 0 &&
		(status = append_value(text, key->issuer)) == 0 &&
		(status = append_emergency_codes(text, key)) == 0)
		status = text_append(text, "\r\n", 2);
	if (status != 0 && text->length > before)
		(void)text_splice(text, before, text->length - before, NULL, 0);
	return status;
}
