/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/users_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/number.h"
#include "base/wipe.h"
#include "totpgroup.h"

enum column {
	COLUMN_TYPE,
	COLUMN_USER,
	COLUMN_PIN,
	COLUMN_SECRET,
	COLUMN_COUNTER,
	COLUMN_CODE,
	COLUMN_TIME,
	COLUMNS,
};

/* All types of liboath. Those that say how many digits codes have are written. */
static const struct {
	const char *name;
	unsigned int period; /* 0 for HOTP */
	unsigned int digits;
	bool assumed; /* the digits: pam_oath takes what its option digits= says */
} types[] = {
	{"HOTP", 0, 6, true},
	{"HOTP/E", 0, 6, true},
	{"HOTP/E/6", 0, 6, false},
	{"HOTP/E/7", 0, 7, false},
	{"HOTP/E/8", 0, 8, false},
	{"HOTP/T30", 30, 6, true},
	{"HOTP/T30/6", 30, 6, false},
	{"HOTP/T30/7", 30, 7, false},
	{"HOTP/T30/8", 30, 8, false},
	{"HOTP/T60", 60, 6, true},
	{"HOTP/T60/6", 60, 6, false},
	{"HOTP/T60/7", 60, 7, false},
	{"HOTP/T60/8", 60, 8, false},
};

#define TYPES (sizeof types / sizeof types[0])

static int read_type(struct otp_key *key, const struct word *word, struct error *error)
{
	for (size_t i = 0; i < TYPES; i++) {
		if (!word_is(word, types[i].name))
			continue;
		key->hotp = types[i].period == 0;
		key->period = key->hotp ? 30 : types[i].period;
		key->digits = types[i].digits;
		if (types[i].assumed)
			key->notes |= OTP_KEY_DIGITS_ASSUMED;
		return 0;
	}
	return error_set(
		error, TOTPGROUP_EFORMAT, "not a type that pam_oath knows, such as HOTP/T30");
}

static int read_secret(struct otp_key *key, const struct word *word, struct error *error)
{
	uint8_t bytes[USERS_FILE_SECRET_MAX];
	int status;

	if (word->length > 2 * sizeof bytes)
		return error_set(error, TOTPGROUP_EFORMAT,
			"the secret is longer than %zu bytes, which pam_oath does not take",
			sizeof bytes);
	if (!hex_decode(word->start, word->length, bytes))
		return error_set(error, TOTPGROUP_EFORMAT, "the secret is not hexadecimal");
	status = otp_key_set_secret(key, bytes, word->length / 2, error);
	WIPE_ARRAY(bytes);
	return status;
}

static bool is_digits(const struct word *word)
{
	int64_t value;

	return number_parse(word->start, word->length, 0, INT64_MAX, &value);
}

/* YYYY-MM-DDThh:mm:ssL, where the L stands for local time. */
static bool is_time(const struct word *word)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddL";

	if (word->length != strlen(form))
		return false;
	for (size_t i = 0; i < word->length; i++) {
		bool digit = word->start[i] >= '0' && word->start[i] <= '9';

		if (form[i] == 'd' ? !digit : word->start[i] != form[i])
			return false;
	}
	return true;
}

/* Where the type does not say how many digits codes have, the last code does. */
static void take_digits(struct otp_key *key, const struct word *code)
{
	if ((key->notes & OTP_KEY_DIGITS_ASSUMED) == 0 || code->length < OTP_DIGITS_MIN ||
		code->length > OTP_DIGITS_MAX)
		return;
	key->digits = (unsigned int)code->length;
	key->notes &= ~(unsigned int)OTP_KEY_DIGITS_ASSUMED;
}

/* For HOTP the file has the counter of the last code, which was accepted already. */
static int spend_code(struct otp_key *key, const struct word *word, struct error *error)
{
	take_digits(key, word);
	if (word->length != key->digits || !is_digits(word))
		return error_set(error, TOTPGROUP_EFORMAT,
			"the last code does not have %u digits", key->digits);
	if (!key->hotp) {
		memcpy(key->last_code, word->start, word->length);
		key->last_code[word->length] = '\0';
	} else if (key->counter == CREDENTIAL_HOTP_COUNTER_MAX) {
		return error_set(error, TOTPGROUP_EFORMAT, "the counter is at its end");
	} else {
		key->counter++;
	}
	return 0;
}

/* Reads the columns that pam_oath adds. For TOTP the counter means nothing. */
static int read_state(struct otp_key *key, const struct word *words, struct error *error)
{
	const struct word *counter = &words[COLUMN_COUNTER];
	int status = 0;

	if (counter->length > 0 && !key->hotp && !is_digits(counter))
		return error_set(error, TOTPGROUP_EFORMAT, "the counter is not a number");
	if (counter->length > 0 && key->hotp)
		status = otp_key_set_counter(key, counter->start, counter->length, error);
	if (status == 0 && words[COLUMN_CODE].length > 0)
		status = spend_code(key, &words[COLUMN_CODE], error);
	if (status == 0 && words[COLUMN_TIME].length > 0 && !is_time(&words[COLUMN_TIME]))
		status = error_set(error, TOTPGROUP_EFORMAT,
			"the time is not in the form 2026-01-31T23:59:59L");
	return status;
}

static int read_columns(struct otp_key *key, const struct word *words, struct error *error)
{
	const struct word *pin = &words[COLUMN_PIN];
	int status = read_type(key, &words[COLUMN_TYPE], error);

	if (status != 0)
		return status;
	if (words[COLUMN_SECRET].length == 0)
		return error_set(error, TOTPGROUP_EFORMAT,
			"fewer than four columns: type, user, PIN, secret");
	if (!word_is(pin, "-") && !word_is(pin, "+"))
		key->notes |= OTP_KEY_PIN_LEFT_OUT;
	status = otp_key_set_name(
		key, words[COLUMN_USER].start, words[COLUMN_USER].length, error);
	if (status == 0)
		status = read_secret(key, &words[COLUMN_SECRET], error);
	return status == 0 ? read_state(key, words, error) : status;
}

/* Ignores words behind the last column, as pam_oath does. */
static void split_columns(const char *line, size_t length, struct word words[COLUMNS])
{
	memset(words, 0, COLUMNS * sizeof words[0]);
	for (size_t i = 0; i < COLUMNS; i++)
		if (!lines_next_word(&line, &length, &words[i].start, &words[i].length))
			return;
}

int users_file_next(struct lines *lines, struct otp_key *key, bool *found, struct error *error)
{
	struct word words[COLUMNS] = {{NULL, 0}};
	struct error problem = ERROR_INIT;
	const char *line;
	size_t length;
	int status;

	do {
		*found = lines_next(lines, &line, &length);
		if (!*found)
			return 0;
		split_columns(line, length, words);
	} while (words[0].length == 0 || words[0].start[0] == '#');
	key->line = lines->number;
	status = read_columns(key, words, &problem);
	if (status == 0)
		return 0;
	return error_set(error, status, "line %u: %s", lines->number, problem.message);
}

bool users_file_is_row(const char *line, size_t length)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error ignored = ERROR_INIT;
	struct word words[COLUMNS];

	split_columns(line, length, words);
	return words[COLUMN_SECRET].length > 0 &&
	       read_type(&key, &words[COLUMN_TYPE], &ignored) == 0;
}

static const char *find_type(const struct otp_key *key)
{
	unsigned int period = key->hotp ? 0 : key->period;

	for (size_t i = 0; i < TYPES; i++)
		if (types[i].period == period && types[i].digits == key->digits &&
			!types[i].assumed)
			return types[i].name;
	return NULL;
}

static int check_key(const struct otp_key *key, struct error *error)
{
	const char *name = key->name != NULL ? key->name : "";

	if (key->algorithm != HMAC_SHA1)
		return error_set(error, TOTPGROUP_EFORMAT,
			"a users file cannot hold the algorithm %s, only SHA1",
			hmac_algorithm_name(key->algorithm));
	if (find_type(key) == NULL)
		return error_set(error, TOTPGROUP_EFORMAT,
			"a users file cannot hold a period of %u s, only 30 and 60",
			key->period);
	if (key->secret_length == 0 || key->secret_length > USERS_FILE_SECRET_MAX)
		return error_set(error, TOTPGROUP_EFORMAT,
			"a users file cannot hold a secret of %zu bytes, only of 1 to %d",
			key->secret_length, USERS_FILE_SECRET_MAX);
	if (name[0] == '\0' || strpbrk(name, " \t\r\n") != NULL)
		return error_set(error, TOTPGROUP_EFORMAT,
			"a users file cannot hold a name with blanks, or none");
	return 0;
}

int users_file_append(struct text *text, const struct otp_key *key, struct error *error)
{
	char digits[2 * USERS_FILE_SECRET_MAX + 1];
	int status = check_key(key, error);

	if (status != 0)
		return status;
	hex_encode(key->secret, key->secret_length, digits);
	if (key->hotp)
		status = text_append_format(text, "%s\t%s\t-\t%s\t%" PRId64 "\n",
			find_type(key), key->name, digits, key->counter);
	else
		status = text_append_format(
			text, "%s\t%s\t-\t%s\n", find_type(key), key->name, digits);
	WIPE_ARRAY(digits);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}
