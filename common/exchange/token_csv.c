/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/token_csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/hex.h"
#include "base/lines.h"
#include "base/wipe.h"
#include "totpgroup.h"

enum column {
	COLUMN_SERIAL,
	COLUMN_SECRET,
	COLUMN_TYPE,
	COLUMN_DIGITS,
	COLUMN_PERIOD,
	COLUMN_ALGORITHM,
	COLUMN_COUNTER,
	COLUMN_USER,
	COLUMN_IGNORED,
	COLUMNS,
};

/* The columns of a row without names, in this order. */
#define PLAIN_COLUMNS COLUMN_COUNTER

/* The shortest secret by which a row without names is told from other texts, in digits. */
#define SECRET_DIGITS_MIN 32

/* Values of a row, trimmed. They point into the texts. */
struct row {
	struct text values[TOKEN_CSV_COLUMNS_MAX];
	unsigned int count;
};

static const struct {
	const char *name;
	enum column column;
} names[] = {
	{"serial", COLUMN_SERIAL},
	{"serial number", COLUMN_SERIAL},
	{"serialnumber", COLUMN_SERIAL},
	{"serial_number", COLUMN_SERIAL},
	{"serialno", COLUMN_SERIAL},
	{"token serial", COLUMN_SERIAL},
	{"sn", COLUMN_SERIAL},
	{"secret", COLUMN_SECRET},
	{"secret key", COLUMN_SECRET},
	{"secretkey", COLUMN_SECRET},
	{"secret_key", COLUMN_SECRET},
	{"shared secret", COLUMN_SECRET},
	{"sharedsecret", COLUMN_SECRET},
	{"shared_secret", COLUMN_SECRET},
	{"seed", COLUMN_SECRET},
	{"otpkey", COLUMN_SECRET},
	{"key", COLUMN_SECRET},
	{"type", COLUMN_TYPE},
	{"token type", COLUMN_TYPE},
	{"digits", COLUMN_DIGITS},
	{"otplen", COLUMN_DIGITS},
	{"otp length", COLUMN_DIGITS},
	{"otplength", COLUMN_DIGITS},
	{"otp_length", COLUMN_DIGITS},
	{"period", COLUMN_PERIOD},
	{"timestep", COLUMN_PERIOD},
	{"time step", COLUMN_PERIOD},
	{"time_step", COLUMN_PERIOD},
	{"timeinterval", COLUMN_PERIOD},
	{"time interval", COLUMN_PERIOD},
	{"interval", COLUMN_PERIOD},
	{"algorithm", COLUMN_ALGORITHM},
	{"hmac algorithm", COLUMN_ALGORITHM},
	{"hmacalgorithm", COLUMN_ALGORITHM},
	{"hmac_algorithm", COLUMN_ALGORITHM},
	{"hash", COLUMN_ALGORITHM},
	{"hashlib", COLUMN_ALGORITHM},
	{"counter", COLUMN_COUNTER},
	{"user", COLUMN_USER},
	{"username", COLUMN_USER},
	{"upn", COLUMN_USER},
};

static void free_row(struct row *row)
{
	for (unsigned int i = 0; i < TOKEN_CSV_COLUMNS_MAX; i++)
		text_free(&row->values[i]);
	row->count = 0;
}

static struct word value_of(const struct row *row, unsigned int index)
{
	struct word word = {"", 0};

	if (index < row->count && row->values[index].data != NULL)
		word = (struct word){row->values[index].data, row->values[index].length};
	while (word.length > 0 && ascii_is_blank(word.start[0])) {
		word.start++;
		word.length--;
	}
	while (word.length > 0 && ascii_is_blank(word.start[word.length - 1]))
		word.length--;
	return word;
}

static enum column find_column(struct word name)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (ascii_is_word(name.start, name.length, names[i].name))
			return names[i].column;
	return COLUMN_IGNORED;
}

static bool is_hexadecimal(struct word word)
{
	for (size_t i = 0; i < word.length; i++)
		if (memchr("0123456789abcdefABCDEF", word.start[i], 22) == NULL)
			return false;
	return word.length > 0 && word.length % 2 == 0;
}

/* A secret of base32 that has only letters and digits of hexadecimal is hardly ever drawn. */
int otp_key_set_hex_or_base32(
	struct otp_key *key, const char *value, size_t length, struct error *error)
{
	uint8_t *bytes;
	int status;

	if (!is_hexadecimal((struct word){value, length}))
		return otp_key_set_base32(key, value, length, error);
	bytes = malloc(length / 2);
	if (bytes == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	(void)hex_decode(value, length, bytes);
	status = otp_key_set_secret(key, bytes, length / 2, error);
	wipe_free(bytes, length / 2);
	return status;
}

static bool is_comment(const struct csv_text *text)
{
	size_t at = text->at;

	while (at < text->length && ascii_is_blank(text->text[at]))
		at++;
	return at < text->length &&
	       (text->text[at] == '#' || text->text[at] == '\n' || text->text[at] == '\r');
}

/* Moves to the next row, and finds what separates its values. False at the end. */
static bool find_row(struct csv_text *text)
{
	const char *here, *end;
	size_t left;

	while (!csv_text_at_end(text) && is_comment(text))
		csv_text_skip_line(text);
	if (csv_text_at_end(text))
		return false;
	here = text->text + text->at;
	left = text->length - text->at;
	end = memchr(here, '\n', left);
	left = end != NULL ? (size_t)(end - here) : left;
	text->separator = csv_text_separator(here, left);
	if (memchr(here, text->separator, left) == NULL)
		text->separator = ' ';
	return true;
}

static int read_row(struct csv_text *text, struct row *row, struct error *error)
{
	bool last = false;

	while (!last) {
		struct text *value = &row->values[row->count];
		int status;

		if (row->count == TOKEN_CSV_COLUMNS_MAX)
			return error_set(error, TOTPGROUP_EFORMAT, "more than %d values",
				TOKEN_CSV_COLUMNS_MAX);
		status = csv_text_read(text, value, &last, error);
		if (status != 0)
			return status;
		/* Blanks in a row are one separator. */
		if (value->length > 0 || text->separator != ' ')
			row->count++;
	}
	return 0;
}

static bool has_names(const struct row *row)
{
	bool serial = false, secret = false;

	for (unsigned int i = 0; i < row->count; i++) {
		serial |= find_column(value_of(row, i)) == COLUMN_SERIAL;
		secret |= find_column(value_of(row, i)) == COLUMN_SECRET;
	}
	return serial && secret;
}

/* A log of programs for YubiKeys; what they call the kind of a key is in front. */
static bool is_yubikey_log(const struct row *row)
{
	struct word kind = value_of(row, 0);

	return row->count >= 6 &&
	       (ascii_is_word(kind.start, kind.length, "oath-hotp") ||
		       ascii_is_word(kind.start, kind.length, "yubico otp") ||
		       ascii_is_word(kind.start, kind.length, "static password"));
}

static bool is_yubikey_row(const struct row *row)
{
	struct word zero = value_of(row, 2);

	return row->count >= 6 && word_is(&zero, "0") && is_hexadecimal(value_of(row, 3));
}

static bool is_secret(struct word word)
{
	return word.length >= SECRET_DIGITS_MIN && is_hexadecimal(word);
}

bool token_csv_guess(const char *text, size_t length)
{
	struct row row = {.count = 0};
	struct error ignored = ERROR_INIT;
	struct csv_text csv;
	bool is_table = false;

	csv_text_open(&csv, text, length);
	if (find_row(&csv) && read_row(&csv, &row, &ignored) == 0)
		is_table = has_names(&row) || is_yubikey_log(&row) || is_yubikey_row(&row) ||
			   is_secret(value_of(&row, 1));
	free_row(&row);
	return is_table;
}

/* Keeps the names of columns, if the first row has them. */
static int read_names(struct token_csv *csv, const struct row *row, struct error *error)
{
	unsigned int seen = 0; /* a bit for each column */

	for (unsigned int i = 0; i < row->count; i++) {
		enum column column = find_column(value_of(row, i));

		if (column != COLUMN_IGNORED && (seen & 1U << column) != 0)
			return error_set(error, TOTPGROUP_EFORMAT,
				"line %u: two columns mean the same: '%.*s'",
				csv->text.line - 1, (int)value_of(row, i).length,
				value_of(row, i).start);
		seen |= 1U << column;
		csv->columns[i] = column;
	}
	csv->column_count = row->count;
	return 0;
}

int token_csv_open(struct token_csv *csv, const char *text, size_t length,
	const struct token_defaults *defaults, struct error *error)
{
	struct row row = {.count = 0};
	struct error ignored = ERROR_INIT;
	struct csv_text start;
	int status = 0;

	*csv = (struct token_csv){.defaults = *defaults};
	csv_text_open(&csv->text, text, length);
	start = csv->text;
	if (find_row(&csv->text) && read_row(&csv->text, &row, &ignored) == 0 &&
		has_names(&row))
		status = read_names(csv, &row, error);
	else
		csv->text = start;
	free_row(&row);
	return status;
}

/* Puts the values where they belong. */
static int sort_values(const struct token_csv *csv, const struct row *row,
	struct word values[COLUMNS], struct error *error)
{
	struct word kind = value_of(row, 0);

	for (unsigned int i = 0; i < COLUMNS; i++)
		values[i] = (struct word){"", 0};
	if (csv->column_count > 0) {
		if (row->count != csv->column_count)
			return error_set(error, TOTPGROUP_EFORMAT,
				"%u values, and not the %u of the first line", row->count,
				csv->column_count);
		for (unsigned int i = 0; i < row->count; i++)
			values[csv->columns[i]] = value_of(row, i);
	} else if (is_yubikey_log(row)) {
		values[COLUMN_SERIAL] = value_of(row, 3);
		if (!ascii_is_word(kind.start, kind.length, "oath-hotp"))
			return error_set(error, TOTPGROUP_EFORMAT,
				"a key of the kind '%.*s' has no codes of OATH",
				(int)kind.length, kind.start);
		values[COLUMN_SECRET] = value_of(row, 5);
		values[COLUMN_DIGITS] = value_of(row, 11);
		values[COLUMN_TYPE] = (struct word){"hotp", 4};
	} else if (is_yubikey_row(row)) {
		values[COLUMN_SERIAL] = value_of(row, 0);
		values[COLUMN_SECRET] = value_of(row, 3);
		values[COLUMN_TYPE] = (struct word){"hotp", 4};
	} else {
		for (unsigned int i = 0; i < PLAIN_COLUMNS; i++)
			values[i] = value_of(row, i);
	}
	return 0;
}

/* Gives a value, or else its default, to a setter. A missing one is noted. */
static int set_value(struct otp_key *key, struct word value, const char *preset,
	otp_key_setter *set, struct error *error)
{
	if (value.length == 0 && preset != NULL)
		value = (struct word){preset, strlen(preset)};
	if (value.length > 0)
		return set(key, value.start, value.length, error);
	key->notes |= OTP_KEY_KIND_ASSUMED;
	return 0;
}

static int set_type(struct otp_key *key, const struct token_csv *csv,
	const struct word values[COLUMNS], struct error *error)
{
	struct word type = values[COLUMN_TYPE];

	/* A period or a counter says it, too. */
	if (type.length == 0 && values[COLUMN_PERIOD].length > 0)
		type = (struct word){"totp", 4};
	else if (type.length == 0 && values[COLUMN_COUNTER].length > 0)
		type = (struct word){"hotp", 4};
	if (type.length == 0 && csv->defaults.type == NULL)
		return error_set(error, TOTPGROUP_EFORMAT,
			"does not say whether codes change with time or with use: name "
			"--type=totp or --type=hotp");
	return set_value(key, type, csv->defaults.type, otp_key_set_type, error);
}

static int set_numbers(struct otp_key *key, const struct token_csv *csv,
	const struct word values[COLUMNS], struct error *error)
{
	const struct token_defaults *defaults = &csv->defaults;
	int status = 0;

	if (values[COLUMN_DIGITS].length == 0 && defaults->digits > 0)
		key->digits = defaults->digits;
	else
		status = set_value(key, values[COLUMN_DIGITS], NULL, otp_key_set_digits, error);
	if (status == 0 && key->hotp && values[COLUMN_COUNTER].length > 0)
		status = set_value(
			key, values[COLUMN_COUNTER], NULL, otp_key_set_counter, error);
	if (status != 0 || key->hotp)
		return status;
	if (values[COLUMN_PERIOD].length == 0 && defaults->period > 0)
		key->period = defaults->period;
	else
		status = set_value(key, values[COLUMN_PERIOD], NULL, otp_key_set_period, error);
	return status;
}

static int read_token(struct otp_key *key, const struct token_csv *csv,
	const struct word values[COLUMNS], struct error *error)
{
	int status = set_type(key, csv, values, error);

	if (status == 0 && values[COLUMN_SECRET].length == 0)
		return error_set(error, TOTPGROUP_EFORMAT, "the secret is empty");
	if (status == 0)
		status = otp_key_set_hex_or_base32(
			key, values[COLUMN_SECRET].start, values[COLUMN_SECRET].length, error);
	if (status == 0)
		status = set_value(key, values[COLUMN_ALGORITHM], csv->defaults.algorithm,
			otp_key_set_algorithm, error);
	if (status == 0)
		status = set_numbers(key, csv, values, error);
	if (status == 0 && values[COLUMN_USER].length > 0)
		status = otp_key_set_name(
			key, values[COLUMN_USER].start, values[COLUMN_USER].length, error);
	return status;
}

static int read_values(struct token_csv *csv, const struct row *row, struct otp_key *key,
	struct text *serial, struct error *error)
{
	struct word values[COLUMNS];
	int status = sort_values(csv, row, values, error);
	const struct word *number = &values[COLUMN_SERIAL];

	if (ascii_has_control(number->start, number->length))
		return error_set(error, TOTPGROUP_EFORMAT, "the serial is no text");
	if (number->length > 0 && text_append(serial, number->start, number->length) != 0)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0 && number->length == 0)
		return error_set(error, TOTPGROUP_EFORMAT, "the serial is empty");
	return status == 0 ? read_token(key, csv, values, error) : status;
}

int token_csv_next(struct token_csv *csv, struct otp_key *key, struct text *serial, bool *found,
	struct error *error)
{
	struct row row = {.count = 0};
	struct error problem = ERROR_INIT;
	struct csv_text start;
	int status;

	*found = find_row(&csv->text);
	if (!*found)
		return 0;
	start = csv->text;
	key->line = csv->text.line;
	status = read_row(&csv->text, &row, &problem);
	if (status != 0) {
		/* A quote that is not closed must not hide the rows behind it. */
		csv->text = start;
		csv_text_skip_line(&csv->text);
	} else {
		status = read_values(csv, &row, key, serial, &problem);
	}
	free_row(&row);
	if (status == 0)
		return 0;
	return error_set(error, status, "line %u: %s", key->line, problem.message);
}
