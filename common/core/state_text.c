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
	struct word word;
	int64_t number;

	while (credential_next_word(&rest, &word))
		if (!number_parse(word.start, word.length, 0, maximum, &number))
			return false;
	return true;
}

static bool is_number(struct credential_option rest, int64_t minimum, int64_t maximum)
{
	struct word word;
	int64_t number;

	return credential_next_number(&rest, minimum, maximum, &number) &&
	       !credential_next_word(&rest, &word);
}

/* Whether a word is `step+skew` or `step-skew`. */
static bool is_sighting(const struct word *word)
{
	size_t sign = 0;
	int64_t number;

	while (sign < word->length && word->start[sign] != '+' && word->start[sign] != '-')
		sign++;
	return sign < word->length &&
	       number_parse(word->start, sign, 0, INT64_MAX / 2, &number) &&
	       number_parse(
		       word->start + sign + 1, word->length - sign - 1, 0, INT32_MAX, &number);
}

static bool are_sightings(struct credential_option rest)
{
	struct word word;
	size_t count = 0;

	while (credential_next_word(&rest, &word))
		if (!is_sighting(&word) || ++count > SIGHTINGS_MAX)
			return false;
	return true;
}

static bool is_printable(const struct word *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (word->start[i] <= ' ' || word->start[i] > '~')
			return false;
	return true;
}

/* Whether the value is a host, a time, and optionally a service. */
static bool is_login(struct credential_option rest)
{
	struct word word;
	int64_t number;

	if (!credential_next_word(&rest, &word) || !is_printable(&word) ||
		!credential_next_number(&rest, 0, INT64_MAX / 2, &number))
		return false;
	return !credential_next_word(&rest, &word) ||
	       (is_printable(&word) && !credential_next_word(&rest, &word));
}

static bool is_digest(const struct word *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (word->start[i] == '\0' ||
			strchr("0123456789abcdef", word->start[i]) == NULL)
			return false;
	return word->length == STATE_DIGEST_LENGTH;
}

static bool are_digests(struct credential_option rest)
{
	struct word word;

	while (credential_next_word(&rest, &word))
		if (!is_digest(&word))
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

/* Reads `" KEY value`; false for another line. */
static bool read_line(
	const struct word *line, struct word *key, struct credential_option *value)
{
	if (line->length < 3 || memcmp(line->start, "\" ", 2) != 0)
		return false;
	*value = (struct credential_option){line->start + 2, line->length - 2, 0};
	return credential_next_word(value, key) && key->start == line->start + 2;
}

/* The index of a key in state_keys; that of NULL for another key. */
static unsigned int find_key(const struct word *key)
{
	unsigned int i = 0;

	while (state_keys[i] != NULL && !word_is(key, state_keys[i]))
		i++;
	return i;
}

struct reader {
	struct state_sections *sections;
	uint32_t seen; /* a bit for each key of the latest section */
	bool ended;
};

/* Reads the first line of a section. Returns what is wrong with it, or NULL. */
static const char *begin_section(
	struct reader *reader, struct credential_option value, const char *next)
{
	struct state_sections *sections = reader->sections;
	struct word id, word;

	if (!credential_next_word(&value, &id) || !is_digest(&id) ||
		credential_next_word(&value, &word))
		return "not the id of a secret";
	if (state_text_find(sections, id.start) != NULL)
		return "the same secret twice";
	if (sections->count > STATE_EARLIER_MAX)
		return "one secret too many";
	sections->sections[sections->count++] = (struct state_section){id.start, next, 0};
	reader->seen = 0;
	return NULL;
}

/* Reads another line of a section. */
static const char *add_value(struct reader *reader, const struct word *name,
	const struct credential_option *value, const char *next)
{
	const unsigned int key = find_key(name);
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

/* Reads any line but the first of the text. */
static const char *add_line(struct reader *reader, const struct word *line, const char *next)
{
	struct credential_option value;
	struct word key;

	if (reader->ended)
		return "something behind the end";
	reader->ended = word_is(line, STATE_LAST_LINE);
	if (reader->ended)
		return NULL;
	if (!read_line(line, &key, &value))
		return "not a line that a state has";
	if (word_is(&key, "SECRET"))
		return begin_section(reader, value, next);
	return add_value(reader, &key, &value, next);
}

int state_text_read(
	const struct text *text, struct state_sections *sections, struct error *error)
{
	struct lines lines = {.text = text->data, .length = text->length};
	struct reader reader = {.sections = sections};
	const char *problem = NULL;
	struct word line;

	sections->count = 0;
	if (text->length == 0)
		return 0;
	if (!lines_next(&lines, &line.start, &line.length) || !word_is(&line, STATE_FIRST_LINE))
		problem = "not a state, or one of another version";
	while (problem == NULL && lines_next(&lines, &line.start, &line.length))
		problem = add_line(&reader, &line, text->data + lines.at);
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
	struct lines lines = {"", 0, 0, 0};
	struct word line, name;

	if (section != NULL)
		lines = (struct lines){.text = section->lines, .length = section->length};
	while (lines_next(&lines, &line.start, &line.length))
		if (read_line(&line, &name, value) && word_is(&name, key))
			return true;
	return false;
}

void state_append_words(struct text *text, struct credential_option value)
{
	struct word word;

	while (credential_next_word(&value, &word)) {
		(void)text_append_string(text, " ");
		(void)text_append(text, word.start, word.length);
	}
}

bool state_has_word(struct credential_option value, const struct word *wanted)
{
	struct word word;

	while (credential_next_word(&value, &word))
		if (word.length == wanted->length &&
			memcmp(word.start, wanted->start, word.length) == 0)
			return true;
	return false;
}

int state_put_line(totpgroup_credential *credential, const char *key, const char *value)
{
	struct text *text = &credential->text;
	struct credential_option found;

	if (credential_find(credential, key, &found))
		return credential_set(credential, key, value);
	if (text->data[text->length - 1] != '\n')
		(void)text_append_string(text, "\n");
	return text_append_format(text, "\" %s %s\n", key, value);
}

int state_blank(struct text *text, size_t start, size_t end)
{
	int status = 0;

	while (status == 0 && end > start) {
		end--;
		if (text->data[end] != '\n' && text->data[end] != '\r')
			status = text_splice(text, end, 1, "", 0);
	}
	return status;
}
