/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/enroll_defaults.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "base/number.h"
#include "base/similar.h"
#include "core/otp.h"
#include "totpgroup.h"

#define EMERGENCY_CODES_MAXIMUM 10
#define WINDOW_MAXIMUM		21
#define RATE_COUNT_MAXIMUM	10
#define RATE_TIME_MINIMUM	15
#define RATE_TIME_MAXIMUM	600

#define QR_WORDS "auto|none|ansi|ansi_inverse|ansi_grey|utf8|utf8_inverse|utf8_grey|ansi256"

#define AT(field) offsetof(struct enroll_defaults, field)

const struct enroll_definition enroll_definitions[] = {
	{"issuer", ENROLL_KIND_TEXT, AT(issuer), 0, 0, NULL},
	{"qr", ENROLL_KIND_NAME, AT(qr), 0, 0, QR_WORDS},
	{"time_based", ENROLL_KIND_WORD, AT(time_based), ENROLL_YES, 0, "yes|no"},
	{"disallow_reuse", ENROLL_KIND_WORD, AT(disallow_reuse), ENROLL_YES, 0, "yes|no"},
	{"algorithm", ENROLL_KIND_WORD, AT(algorithm), HMAC_SHA1, 0, "SHA1|SHA256|SHA512"},
	{"digits", ENROLL_KIND_NUMBER, AT(digits), OTP_DIGITS_MIN, OTP_DIGITS_MAX, NULL},
	{"step_size", ENROLL_KIND_NUMBER, AT(step_size), OTP_PERIOD_MIN, OTP_PERIOD_MAX, NULL},
	{"window_size", ENROLL_KIND_NUMBER, AT(window_size), 1, WINDOW_MAXIMUM, NULL},
	{"rate_limit", ENROLL_KIND_RATE, AT(rate_limit), 0, 0, NULL},
	{"emergency_codes", ENROLL_KIND_NUMBER, AT(emergency_codes), 0, EMERGENCY_CODES_MAXIMUM,
		NULL},
	{"codes", ENROLL_KIND_WORD, AT(codes), ENROLL_CODES_PLAIN, 0, "plain|hashed"},
	{"language", ENROLL_KIND_TEXT, AT(language), 0, 0, NULL},
	{"template", ENROLL_KIND_TEXT, AT(letter_template), 0, 0, NULL},
	{NULL, ENROLL_KIND_TEXT, 0, 0, 0, NULL},
};

static int refuse_unknown(const char *name, struct error *error)
{
	const char *nearest = similar_name(
		enroll_definitions, sizeof enroll_definitions[0], name, strlen(name));

	if (nearest != NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"unknown key %s in [enroll]; did you mean %s?", name, nearest);
	return error_set(error, TOTPGROUP_ECONFIG,
		"unknown key %.*s in [enroll]; totpgroup.conf(5) lists the keys",
		SIMILAR_NAME_MAXIMUM, name);
}

/* The number of the word in the row's list, or -1. */
static int find_word(const struct enroll_definition *row, const char *value)
{
	int number = 0;

	for (const char *word = row->words; *word != '\0'; number++) {
		size_t length = strcspn(word, "|");

		if (ascii_is_word(word, length, value))
			return number;
		word += length + (word[length] == '|');
	}
	return -1;
}

static int read_word(const struct enroll_definition *row, const char *value, void *field,
	struct error *error)
{
	int number = find_word(row, value);

	if (number < 0)
		return error_set(error, TOTPGROUP_ECONFIG, "key %s needs one of %s", row->name,
			row->words);
	if (row->kind == ENROLL_KIND_NAME)
		*(const char **)field = value;
	else
		*(int *)field = row->minimum + number;
	return 0;
}

static int read_number(
	const struct enroll_definition *row, const char *value, int *field, struct error *error)
{
	int64_t number;

	if (!number_parse(value, strlen(value), row->minimum, row->maximum, &number))
		return error_set(error, TOTPGROUP_ECONFIG,
			"key %s needs a number from %d to %d", row->name, row->minimum,
			row->maximum);
	*field = (int)number;
	return 0;
}

static bool parse_rate(const char *value, int64_t *count, int64_t *seconds)
{
	size_t rest = strlen(value), length;
	const char *word;

	return lines_next_word(&value, &rest, &word, &length) &&
	       number_parse(word, length, 1, RATE_COUNT_MAXIMUM, count) &&
	       lines_next_word(&value, &rest, &word, &length) &&
	       number_parse(word, length, RATE_TIME_MINIMUM, RATE_TIME_MAXIMUM, seconds) &&
	       !lines_next_word(&value, &rest, &word, &length);
}

static int read_rate(struct enroll_defaults *defaults, const char *value, struct error *error)
{
	int64_t count = 0, seconds = 0;

	if (strcmp(value, "no") != 0 && !parse_rate(value, &count, &seconds))
		return error_set(error, TOTPGROUP_ECONFIG,
			"key rate_limit needs attempts (1 to %d) and seconds (%d to %d), such "
			"as 3 30; or no",
			RATE_COUNT_MAXIMUM, RATE_TIME_MINIMUM, RATE_TIME_MAXIMUM);
	defaults->rate_limit = count > 0 ? ENROLL_YES : ENROLL_NO;
	defaults->rate_limit_count = (int)count;
	defaults->rate_limit_time = (int)seconds;
	return 0;
}

int enroll_defaults_set(struct enroll_defaults *defaults, const char *name, const char *value,
	struct error *error)
{
	const struct enroll_definition *row = enroll_definitions;
	void *field;

	while (row->name != NULL && strcmp(row->name, name) != 0)
		row++;
	if (row->name == NULL)
		return refuse_unknown(name, error);
	field = (char *)defaults + row->offset;
	switch (row->kind) {
	case ENROLL_KIND_TEXT:
		*(const char **)field = value;
		return 0;
	case ENROLL_KIND_NAME:
	case ENROLL_KIND_WORD:
		return read_word(row, value, field, error);
	case ENROLL_KIND_NUMBER:
		return read_number(row, value, field, error);
	case ENROLL_KIND_RATE:
		return read_rate(defaults, value, error);
	}
	return 0;
}
