/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/state_text.h"

#include <stdint.h>
#include <string.h>

#include "base/lines.h"
#include "base/number.h"

#define SIGHTINGS_MAX 3

const char *const state_keys[] = {
	"RATE_LIMIT",
	"FRONT_END_ATTEMPTS",
	"DISALLOW_REUSE",
	"TIME_SKEW",
	"RESETTING_TIME_SKEW",
	"HOTP_COUNTER",
	"LAST0",
	"LAST1",
	"LAST2",
	"LAST3",
	"LAST4",
	"LAST5",
	"LAST6",
	"LAST7",
	"LAST8",
	"LAST9",
	STATE_CONFIRMED,
	STATE_SPENT,
	NULL,
};

static bool are_numbers(struct credential_option rest, int64_t maximum)
{
	const char *word;
	size_t length;
	int64_t number;

	while (credential_next_word(&rest, &word, &length))
		if (!number_parse(word, length, 0, maximum, &number))
			return false;
	return true;
}

static bool is_number(struct credential_option rest, int64_t minimum, int64_t maximum)
{
	const char *word;
	size_t length;
	int64_t number;

	return credential_next_word(&rest, &word, &length) &&
	       number_parse(word, length, minimum, maximum, &number) &&
	       !credential_next_word(&rest, &word, &length);
}

/* Whether a word is `step+skew` or `step-skew`. */
static bool is_sighting(const char *word, size_t length)
{
	size_t sign = 0;
	int64_t number;

	while (sign < length && word[sign] != '+' && word[sign] != '-')
		sign++;
	return sign < length && number_parse(word, sign, 0, INT64_MAX / 2, &number) &&
	       number_parse(word + sign + 1, length - sign - 1, 0, INT32_MAX, &number);
}

static bool are_sightings(struct credential_option rest)
{
	const char *word;
	size_t length, count = 0;

	while (credential_next_word(&rest, &word, &length))
		if (!is_sighting(word, length) || ++count > SIGHTINGS_MAX)
			return false;
	return true;
}

static bool is_printable(const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (word[i] <= ' ' || word[i] > '~')
			return false;
	return true;
}

/* Whether it is a host, a time, and a service or nothing. */
static bool is_login(struct credential_option rest)
{
	const char *word;
	size_t length;
	int64_t number;

	if (!credential_next_word(&rest, &word, &length) || !is_printable(word, length) ||
		!credential_next_word(&rest, &word, &length) ||
		!number_parse(word, length, 0, INT64_MAX / 2, &number))
		return false;
	return !credential_next_word(&rest, &word, &length) ||
	       (is_printable(word, length) && !credential_next_word(&rest, &word, &length));
}

static bool is_digest(const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (word[i] == '\0' || strchr("0123456789abcdef", word[i]) == NULL)
			return false;
	return length == STATE_DIGEST_LENGTH;
}

static bool are_digests(struct credential_option rest)
{
	const char *word;
	size_t length;

	while (credential_next_word(&rest, &word, &length))
		if (!is_digest(word, length))
			return false;
	return true;
}

bool state_value_is_sound(const char *key, const struct credential_option *value)
{
	if (strcmp(key, "RATE_LIMIT") == 0 || strcmp(key, "FRONT_END_ATTEMPTS") == 0)
		return are_numbers(*value, INT64_MAX);
	if (strcmp(key, "DISALLOW_REUSE") == 0)
		return are_numbers(*value, INT64_MAX / 2);
	if (strcmp(key, "TIME_SKEW") == 0)
		return is_number(*value, INT32_MIN, INT32_MAX);
	if (strcmp(key, "RESETTING_TIME_SKEW") == 0)
		return are_sightings(*value);
	if (strcmp(key, "HOTP_COUNTER") == 0)
		return is_number(*value, 1, INT64_MAX / 2);
	if (strcmp(key, STATE_CONFIRMED) == 0)
		return is_number(*value, 0, INT64_MAX / 2);
	if (strcmp(key, STATE_SPENT) == 0)
		return are_digests(*value);
	return is_login(*value);
}

static bool is_text(const char *bytes, size_t length, const char *text)
{
	return length == strlen(text) && memcmp(bytes, text, length) == 0;
}

/* Takes `" KEY value` apart; false where it is something else. */
static bool split(const char *line, size_t length, const char **key, size_t *key_length,
	struct credential_option *value)
{
	if (length < 3 || memcmp(line, "\" ", 2) != 0)
		return false;
	*value = (struct credential_option){line + 2, length - 2, 0};
	return credential_next_word(value, key, key_length) && *key == line + 2;
}

/* The place of a key among all; that of NULL where it is none. */
static unsigned int find_key(const char *key, size_t length)
{
	unsigned int i = 0;

	while (state_keys[i] != NULL && !is_text(key, length, state_keys[i]))
		i++;
	return i;
}

/* What is being read. */
struct reader {
	struct state_sections *sections;
	uint32_t seen; /* a bit for each key of the latest section */
	bool ended;
};

/* Takes a section's first line; says what is wrong with it, or NULL. */
static const char *begin_section(
	struct reader *reader, struct credential_option value, const char *next)
{
	struct state_sections *sections = reader->sections;
	const char *id, *word;
	size_t length;

	if (!credential_next_word(&value, &id, &length) || !is_digest(id, length) ||
		credential_next_word(&value, &word, &length))
		return "not the id of a secret";
	if (state_text_find(sections, id) != NULL)
		return "the same secret twice";
	if (sections->count > STATE_EARLIER_MAX)
		return "one secret too many";
	sections->sections[sections->count++] = (struct state_section){id, next, 0};
	reader->seen = 0;
	return NULL;
}

/* Takes a line of a section. */
static const char *take_value(struct reader *reader, unsigned int key,
	const struct credential_option *value, const char *next)
{
	struct state_section *section;

	if (reader->sections->count == 0)
		return "a value that belongs to no secret";
	if (state_keys[key] == NULL)
		return "not a key that a state has";
	if ((reader->seen >> key & 1) != 0)
		return "the same key twice";
	if (!state_value_is_sound(state_keys[key], value))
		return "a value that is malformed";
	reader->seen |= UINT32_C(1) << key;
	section = &reader->sections->sections[reader->sections->count - 1];
	section->length = (size_t)(next - section->lines);
	return NULL;
}

/* Takes one line behind the first. */
static const char *take_line(
	struct reader *reader, const char *line, size_t length, const char *next)
{
	struct credential_option value;
	const char *key;
	size_t key_length;

	if (reader->ended)
		return "something behind the end";
	reader->ended = is_text(line, length, STATE_LAST_LINE);
	if (reader->ended)
		return NULL;
	if (!split(line, length, &key, &key_length, &value))
		return "not a line that a state has";
	if (is_text(key, key_length, "SECRET"))
		return begin_section(reader, value, next);
	return take_value(reader, find_key(key, key_length), &value, next);
}

int state_text_read(
	const struct text *text, struct state_sections *sections, struct error *error)
{
	struct lines lines = {.text = text->data, .length = text->length};
	struct reader reader = {.sections = sections};
	const char *line, *problem = NULL;
	size_t length;

	sections->count = 0;
	if (text->length == 0)
		return 0;
	if (!lines_next(&lines, &line, &length) || !is_text(line, length, STATE_FIRST_LINE))
		problem = "not a state, or one of another version";
	while (problem == NULL && lines_next(&lines, &line, &length))
		problem = take_line(&reader, line, length, text->data + lines.at);
	if (problem == NULL && (!reader.ended || text->data[text->length - 1] != '\n'))
		problem = "the end is missing";
	if (problem == NULL)
		return 0;
	sections->count = 0;
	return error_set(error, TOTPGROUP_EFORMAT, "line %u: %s", lines.number, problem);
}

const struct state_section *state_text_find(
	const struct state_sections *sections, const char *id)
{
	for (size_t i = 0; i < sections->count; i++)
		if (memcmp(sections->sections[i].id, id, STATE_DIGEST_LENGTH) == 0)
			return &sections->sections[i];
	return NULL;
}

bool state_section_find(
	const struct state_section *section, const char *key, struct credential_option *value)
{
	struct lines lines = {.text = section->lines, .length = section->length};
	const char *line, *name;
	size_t length, name_length;

	while (lines_next(&lines, &line, &length))
		if (split(line, length, &name, &name_length, value) &&
			is_text(name, name_length, key))
			return true;
	return false;
}

int state_append_words(struct text *text, struct credential_option value)
{
	const char *word;
	size_t length;
	int status = 0;

	while (status == 0 && credential_next_word(&value, &word, &length)) {
		status = text_append(text, " ", 1);
		if (status == 0)
			status = text_append(text, word, length);
	}
	return status;
}

int state_put_line(totpgroup_credential *credential, const char *key, const char *value)
{
	struct text *text = &credential->text;
	struct credential_option found;
	int status = 0;

	if (credential_find(credential, key, &found))
		return credential_set(credential, key, value);
	if (text->data[text->length - 1] != '\n')
		status = text_append(text, "\n", 1);
	return status != 0 ? status : text_append_format(text, "\" %s %s\n", key, value);
}
