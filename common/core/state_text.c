/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/state_text.h"

#include <stdint.h>
#include <string.h>

#include "base/lines.h"
#include "base/number.h"

#define SIGHTINGS_MAX 3

static bool are_numbers(struct credential_option rest, int64_t minimum, int64_t maximum)
{
	struct word word;
	int64_t number;

	while (credential_next_word(&rest, &word))
		if (!number_parse(word.start, word.length, minimum, maximum, &number))
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

static bool are_sightings(struct credential_option rest, int64_t minimum, int64_t maximum)
{
	struct word word;
	size_t count = 0;

	(void)minimum;
	(void)maximum;
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

/* Whether the value is a host, a time, and optionally a service, and an uptime behind it. */
static bool is_login(struct credential_option rest, int64_t minimum, int64_t maximum)
{
	struct word word;
	int64_t number;

	(void)minimum;
	(void)maximum;
	if (!credential_next_word(&rest, &word) || !is_printable(&word) ||
		!credential_next_number(&rest, 0, INT64_MAX / 2, &number))
		return false;
	if (!credential_next_word(&rest, &word))
		return true;
	if (!is_printable(&word))
		return false;
	if (!credential_next_word(&rest, &word))
		return true;
	return number_parse(word.start, word.length, 0, INT64_MAX / 2, &number) &&
	       !credential_next_word(&rest, &word);
}

static bool is_digest(const struct word *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (word->start[i] == '\0' ||
			strchr("0123456789abcdef", word->start[i]) == NULL)
			return false;
	return word->length == STATE_DIGEST_LENGTH;
}

static bool are_digests(struct credential_option rest, int64_t minimum, int64_t maximum)
{
	struct word word;

	(void)minimum;
	(void)maximum;
	while (credential_next_word(&rest, &word))
		if (!is_digest(&word))
			return false;
	return true;
}

const struct state_key state_keys[] = {
	{"RATE_LIMIT", true, are_numbers, 0, INT64_MAX},
	{"FRONT_END_ATTEMPTS", true, are_numbers, 0, INT64_MAX},
	{"DISALLOW_REUSE", true, are_numbers, 0, INT64_MAX / 2},
	{"TIME_SKEW", true, is_number, INT32_MIN, INT32_MAX},
	{"RESETTING_TIME_SKEW", true, are_sightings, 0, 0},
	{"HOTP_COUNTER", true, is_number, 1, INT64_MAX / 2},
	{"LAST0", true, is_login, 0, 0},
	{"LAST1", true, is_login, 0, 0},
	{"LAST2", true, is_login, 0, 0},
	{"LAST3", true, is_login, 0, 0},
	{"LAST4", true, is_login, 0, 0},
	{"LAST5", true, is_login, 0, 0},
	{"LAST6", true, is_login, 0, 0},
	{"LAST7", true, is_login, 0, 0},
	{"LAST8", true, is_login, 0, 0},
	{"LAST9", true, is_login, 0, 0},
	{STATE_CONFIRMED, false, is_number, 0, INT64_MAX / 2},
	{STATE_SPENT, false, are_digests, 0, 0},
	{STATE_REVOKED, false, is_number, 0, INT64_MAX / 2},
	{NULL, false, NULL, 0, 0},
};

/* The row of a key; that of NULL for an unknown key. */
static const struct state_key *find_key(const struct word *name)
{
	const struct state_key *key = state_keys;

	while (key->name != NULL && !word_is(name, key->name))
		key++;
	return key;
}

bool state_value_is_valid(const struct state_key *key, const struct credential_option *value)
{
	return key->is_valid(*value, key->minimum, key->maximum);
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
	const struct state_key *key = find_key(name);
	const uint32_t bit = UINT32_C(1) << (key - state_keys);
	struct state_section *section;

	if (reader->sections->count == 0)
		return "a value that belongs to no secret";
	if (key->name == NULL)
		return "not a key that a state has";
	if ((reader->seen & bit) != 0)
		return "the same key twice";
	if (!state_value_is_valid(key, value))
		return "a value that is malformed";
	reader->seen |= bit;
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
