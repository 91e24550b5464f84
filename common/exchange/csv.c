/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/csv.h"

#include <inttypes.h>
#include <string.h>

#include "base/ascii.h"
#include "base/base32.h"
#include "base/lines.h"
#include "exchange/csv_text.h"
#include "exchange/otpauth_uri.h"
#include "totpgroup.h"

static otp_key_setter add_emergency_codes;

/* In the order in which the values of a row are read. */
static const struct {
	const char *name;
	otp_key_setter *set;
} columns[CSV_COLUMNS] = {
	{"user", otp_key_set_name},
	{"secret", otp_key_set_base32},
	{"algorithm", otp_key_set_algorithm},
	{"digits", otp_key_set_digits},
	{"period", otp_key_set_period},
	{"type", otp_key_set_type},
	{"counter", otp_key_set_counter},
	{"issuer", otp_key_set_issuer},
	{"emergency_codes", add_emergency_codes},
	{"device", otp_key_set_device},
};

enum { COLUMN_USER = 0, COLUMN_SECRET = 1, COLUMN_ISSUER = 7 };

static int add_emergency_codes(
	struct otp_key *key, const char *value, size_t length, struct error *error)
{
	const char *word;
	size_t word_length;
	int status = 0;

	while (status == 0 && lines_next_word(&value, &length, &word, &word_length))
		status = otp_key_add_emergency_code(key, word, word_length, error);
	return status;
}

/* Columns of vaults, and which of ours is like them. Their totp is read as the secret. */
static const struct {
	const char *name;
	unsigned int column;
} vault_columns[] = {
	{"totp", COLUMN_SECRET},
	{"login_totp", COLUMN_SECRET},
	{"username", COLUMN_USER},
	{"login_username", COLUMN_USER},
	{"title", COLUMN_ISSUER},
	{"name", COLUMN_ISSUER},
};

#define VAULT_COLUMNS (sizeof vault_columns / sizeof vault_columns[0])

/* A column that is not read. */
#define COLUMN_IGNORED CSV_COLUMNS

static unsigned int find_vault_column(const struct text *name)
{
	for (size_t i = 0; i < VAULT_COLUMNS; i++)
		if (ascii_is_word(name->data, name->length, vault_columns[i].name))
			return vault_columns[i].column;
	return COLUMN_IGNORED;
}

/* Other programs' names for a user. */
static const char *const user_words[] = {"username", "user name", "login"};

/* The column with that name, with blanks around it or not. */
static unsigned int find_column(const struct text *name)
{
	struct word word = {name->data, name->length};
	unsigned int i = 0;

	while (word.length > 0 && ascii_is_blank(word.start[0])) {
		word.start++;
		word.length--;
	}
	while (word.length > 0 && ascii_is_blank(word.start[word.length - 1]))
		word.length--;
	for (size_t j = 0; j < sizeof user_words / sizeof user_words[0]; j++)
		if (ascii_is_word(word.start, word.length, user_words[j]))
			return COLUMN_USER;
	while (i < CSV_COLUMNS && !ascii_is_word(word.start, word.length, columns[i].name))
		i++;
	return i;
}

/* Whether the first line has the column of codes that vaults have. */
static bool is_vault(struct csv_reader reader)
{
	struct error ignored = ERROR_INIT;
	bool last = false, found = false;

	while (!last && !found) {
		struct text name = TEXT_INIT;

		if (csv_text_read(&reader.text, &name, &last, &ignored) != 0)
			last = true;
		else
			found = find_vault_column(&name) == COLUMN_SECRET;
		text_free(&name);
	}
	return found;
}

/* Reads the first line of a vault's table. */
static int read_vault_header(struct csv_reader *reader, struct error *error)
{
	bool last = false;

	while (!last) {
		struct text name = TEXT_INIT;
		int status = csv_text_read(&reader->text, &name, &last, error);

		if (status == 0 && reader->column_count == CSV_COLUMNS_MAX)
			status = error_set(error, TOTPGROUP_EFORMAT, "more than %d columns",
				CSV_COLUMNS_MAX);
		else if (status == 0)
			reader->columns[reader->column_count++] = find_vault_column(&name);
		text_free(&name);
		if (status != 0)
			return status;
	}
	return 0;
}

/* Reads the first line. */
static int read_header(struct csv_reader *reader, struct error *error)
{
	unsigned int seen = 0; /* a bit for each column */
	bool last = false;

	while (!last) {
		struct text name = TEXT_INIT;
		unsigned int column = 0;
		int status = csv_text_read(&reader->text, &name, &last, error);

		if (status == 0)
			column = find_column(&name);
		if (column == CSV_COLUMNS)
			status = error_set(error, TOTPGROUP_EFORMAT,
				"there is no column '%.100s'", name.data);
		else if (status == 0 && (seen & 1U << column) != 0)
			status = error_set(error, TOTPGROUP_EFORMAT,
				"the column %s is there twice", columns[column].name);
		text_free(&name);
		if (status != 0)
			return status;
		seen |= 1U << column;
		reader->columns[reader->column_count++] = column;
	}
	for (unsigned int i = COLUMN_USER; i <= COLUMN_SECRET; i++)
		if ((seen & 1U << i) == 0)
			return error_set(error, TOTPGROUP_EFORMAT, "the column %s is missing",
				columns[i].name);
	return 0;
}

int csv_open(struct csv_reader *reader, const char *text, size_t length, struct error *error)
{
	struct error problem = ERROR_INIT;
	int status;

	*reader = (struct csv_reader){.vault = false};
	csv_text_open(&reader->text, text, length);
	reader->vault = is_vault(*reader);
	status = reader->vault ? read_vault_header(reader, &problem)
			       : read_header(reader, &problem);
	if (status == 0)
		return 0;
	return error_set(error, status, "line 1: %s", problem.message);
}

bool csv_is_header(const char *line, size_t length)
{
	struct csv_reader reader;
	struct error ignored = ERROR_INIT;

	return csv_open(&reader, line, length, &ignored) == 0;
}

/* Reads a row; fields has one text for each known column. */
static int read_fields(
	struct csv_reader *reader, struct text fields[CSV_COLUMNS + 1], struct error *error)
{
	bool last = false;

	for (unsigned int i = 0; !last; i++) {
		int status;

		if (i == reader->column_count)
			return error_set(error, TOTPGROUP_EFORMAT,
				"more than the %u values that the header has",
				reader->column_count);
		status =
			csv_text_read(&reader->text, &fields[reader->columns[i]], &last, error);
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
	/* A value that means nothing for the type is checked, but not kept. */
	if (key->hotp)
		key->period = 30;
	else
		key->counter = 0;
	return status;
}

/* Reads a row of a vault. The key has no secret where the row has none. */
static int read_vault_key(
	struct otp_key *key, const struct text fields[CSV_COLUMNS], struct error *error)
{
	const struct text *totp = &fields[COLUMN_SECRET];
	const struct text *user = &fields[COLUMN_USER], *title = &fields[COLUMN_ISSUER];
	int status = 0;

	if (totp->length == 0)
		return 0;
	status = otpauth_uri_or_secret(key, totp->data, totp->length, error);
	if (status == 0 && key->name == NULL && user->length > 0)
		status = otp_key_set_name(key, user->data, user->length, error);
	if (status == 0 && key->issuer == NULL && title->length > 0)
		status = otp_key_set_issuer(key, title->data, title->length, error);
	return status;
}

static int next_row(
	struct csv_reader *reader, struct otp_key *key, bool *found, struct error *error)
{
	/* One more for columns that are not read. */
	struct text fields[CSV_COLUMNS + 1] = {TEXT_INIT};
	struct csv_text *csv = &reader->text;
	struct error problem = ERROR_INIT;
	struct csv_text start;
	int status;

	while (!csv_text_at_end(csv) && csv_text_line_end(csv) > 0)
		csv_text_skip_line(csv);
	*found = !csv_text_at_end(csv);
	if (!*found)
		return 0;
	start = *csv;
	key->line = csv->line;
	status = read_fields(reader, fields, &problem);
	if (status != 0) {
		/* A quote that is not closed must not hide the rows behind it. */
		*csv = start;
		csv_text_skip_line(csv);
	}
	if (status == 0)
		status = reader->vault ? read_vault_key(key, fields, &problem)
				       : read_key(key, fields, &problem);
	for (unsigned int i = 0; i <= CSV_COLUMNS; i++)
		text_free(&fields[i]);
	if (status == 0)
		return 0;
	return error_set(error, status, "line %u: %s", key->line, problem.message);
}

int csv_next(struct csv_reader *reader, struct otp_key *key, bool *found, struct error *error)
{
	int status = next_row(reader, key, found, error);

	/* Skip passwords that have no one-time codes. */
	while (status == 0 && *found && reader->vault && key->secret_length == 0) {
		otp_key_free(key);
		status = next_row(reader, key, found, error);
	}
	return status;
}

int csv_append_header(struct text *text)
{
	size_t before = text->length;

	for (unsigned int i = 0; i < CSV_COLUMNS; i++)
		(void)text_append_format(text, "%s%s", i > 0 ? "," : "", columns[i].name);
	if (text_append_string(text, "\r\n") != 0)
		text_cut(text, before);
	return text->status;
}

int csv_append(struct text *text, const struct otp_key *key)
{
	size_t before = text->length;

	if (hmac_algorithm_name(key->algorithm) == NULL)
		return TOTPGROUP_EARGUMENT;
	csv_text_append(text, key->name);
	(void)text_append_string(text, ",");
	(void)base32_append(text, key->secret, key->secret_length);
	(void)text_append_format(
		text, ",%s,%u,", hmac_algorithm_name(key->algorithm), key->digits);
	if (key->hotp)
		(void)text_append_format(text, ",hotp,%" PRId64 ",", key->counter);
	else
		(void)text_append_format(text, "%u,totp,,", key->period);
	csv_text_append(text, key->issuer);
	(void)text_append_string(text, ",");
	for (size_t i = 0; i < key->emergency_code_count; i++)
		(void)text_append_format(
			text, "%s%08" PRIu32, i > 0 ? " " : "", key->emergency_codes[i]);
	(void)text_append_string(text, ",");
	csv_text_append(text, key->device);
	if (text_append_string(text, "\r\n") != 0)
		text_cut(text, before);
	return text->status;
}
