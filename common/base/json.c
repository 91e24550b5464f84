/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/json.h"

#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "totpgroup.h"

struct cursor {
	const char *at;
	const char *end;
};

static const struct json_value absent = {JSON_ABSENT, NULL, 0};

static bool skip_value(struct cursor *cursor, unsigned int depth);

static bool is_one_of(const struct cursor *cursor, const char *bytes, size_t count)
{
	return cursor->at < cursor->end && memchr(bytes, *cursor->at, count) != NULL;
}

static void skip_blanks(struct cursor *cursor)
{
	while (is_one_of(cursor, " \t\n\r", 4))
		cursor->at++;
}

static bool take(struct cursor *cursor, char byte)
{
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

/* Takes a sign between values, with blanks around it. */
static bool take_sign(struct cursor *cursor, char sign)
{
	bool taken;

	skip_blanks(cursor);
	taken = take(cursor, sign);
	skip_blanks(cursor);
	return taken;
}

static bool take_word(struct cursor *cursor, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(cursor->end - cursor->at) < length ||
		memcmp(cursor->at, word, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

/* Takes the four digits of \uXXXX. */
static bool take_hexadecimal(struct cursor *cursor, uint32_t *number)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	*number = 0;
	for (int i = 0; i < 4; i++) {
		uint32_t digit;

		if (!is_one_of(cursor, digits, sizeof digits - 1))
			return false;
		digit = (uint32_t)(strchr(digits, *cursor->at++) - digits);
		*number = *number << 4 | (digit < 16 ? digit : digit - 6);
	}
	return true;
}

/* A number of more than four digits is written as two surrogates. */
static size_t take_number(struct cursor *cursor, char bytes[4])
{
	uint32_t high, low;

	if (!take_hexadecimal(cursor, &high) || high == 0)
		return 0;
	if (high < 0xd800 || high > 0xdbff)
		return utf8_write(high, bytes);
	if (!take_word(cursor, "\\u") || !take_hexadecimal(cursor, &low) || low < 0xdc00 ||
		low > 0xdfff)
		return 0;
	return utf8_write(0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00)), bytes);
}

static size_t take_escape(struct cursor *cursor, char bytes[4])
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";

	if (take(cursor, 'u'))
		return take_number(cursor, bytes);
	if (!is_one_of(cursor, letters, sizeof letters - 1))
		return 0;
	bytes[0] = meanings[strchr(letters, *cursor->at++) - letters];
	return 1;
}

/* How many bytes the character at the cursor takes; 0 where there is none. The text
 * need not end with a NUL, so the bytes are copied; the copy is wiped. */
static size_t character_length(const struct cursor *cursor)
{
	size_t left = (size_t)(cursor->end - cursor->at), length;
	char bytes[5] = "";

	memcpy(bytes, cursor->at, left < 4 ? left : 4);
	length = utf8_length(bytes);
	explicit_bzero(bytes, sizeof bytes);
	return length;
}

/* Takes one character of a string, and returns its bytes; 0 where there is none. */
static size_t take_character(struct cursor *cursor, char bytes[4])
{
	size_t length;

	if (take(cursor, '\\'))
		return take_escape(cursor, bytes);
	if (cursor->at == cursor->end || (unsigned char)*cursor->at < ' ')
		return 0;
	if ((unsigned char)*cursor->at < 0x80) {
		bytes[0] = *cursor->at++;
		return 1;
	}
	length = character_length(cursor);
	memcpy(bytes, cursor->at, length);
	cursor->at += length;
	return length;
}

static bool skip_string(struct cursor *cursor)
{
	char bytes[4];

	if (!take(cursor, '"'))
		return false;
	while (!take(cursor, '"'))
		if (take_character(cursor, bytes) == 0)
			return false;
	return true;
}

static bool skip_digits(struct cursor *cursor)
{
	const char *begin = cursor->at;

	while (is_one_of(cursor, "0123456789", 10))
		cursor->at++;
	return cursor->at > begin;
}

static bool skip_number(struct cursor *cursor)
{
	bool right;

	(void)take(cursor, '-');
	right = take(cursor, '0') || skip_digits(cursor);
	if (right && take(cursor, '.'))
		right = skip_digits(cursor);
	if (right && (take(cursor, 'e') || take(cursor, 'E'))) {
		if (!take(cursor, '-'))
			(void)take(cursor, '+');
		right = skip_digits(cursor);
	}
	return right;
}

static bool skip_member(struct cursor *cursor, unsigned int depth)
{
	return skip_string(cursor) && take_sign(cursor, ':') && skip_value(cursor, depth);
}

/* Skips the values of an array or an object whose opening sign was taken. */
static bool skip_all(struct cursor *cursor, char end, unsigned int depth)
{
	bool (*skip)(struct cursor *, unsigned int) = end == '}' ? skip_member : skip_value;

	if (depth == JSON_DEPTH_MAX)
		return false;
	if (take_sign(cursor, end))
		return true;
	do
		if (!skip(cursor, depth + 1))
			return false;
	while (take_sign(cursor, ','));
	return take(cursor, end);
}

static enum json_kind kind_of(const struct cursor *cursor)
{
	switch (cursor->at < cursor->end ? *cursor->at : '\0') {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOLEAN;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

/* Moves the cursor right behind the value. */
static bool skip_value(struct cursor *cursor, unsigned int depth)
{
	switch (kind_of(cursor)) {
	case JSON_OBJECT:
		return take(cursor, '{') && skip_all(cursor, '}', depth);
	case JSON_ARRAY:
		return take(cursor, '[') && skip_all(cursor, ']', depth);
	case JSON_STRING:
		return skip_string(cursor);
	case JSON_BOOLEAN:
		return take_word(cursor, "true") || take_word(cursor, "false");
	case JSON_NULL:
		return take_word(cursor, "null");
	default:
		return skip_number(cursor);
	}
}

/* Takes the value at the cursor. */
static bool take_value(struct cursor *cursor, unsigned int depth, struct json_value *value)
{
	enum json_kind kind = kind_of(cursor);
	const char *begin = cursor->at;

	*value = absent;
	if (!skip_value(cursor, depth))
		return false;
	*value = (struct json_value){kind, begin, (size_t)(cursor->at - begin)};
	return true;
}

bool json_read(const char *text, size_t length, struct json_value *value)
{
	struct cursor cursor = {text, text + length};

	skip_blanks(&cursor);
	if (take_value(&cursor, 0, value)) {
		skip_blanks(&cursor);
		if (cursor.at == cursor.end)
			return true;
	}
	*value = absent;
	return false;
}

/* The functions below get values that json_read() has accepted. */

static struct cursor inside(const struct json_value *value)
{
	return (struct cursor){value->text + 1, value->text + value->length};
}

/* Where the next item or member begins: behind the previous value and a comma. */
static struct cursor behind(const struct json_value *value, const struct json_value *before)
{
	struct cursor cursor = inside(value);

	skip_blanks(&cursor);
	if (before->kind != JSON_ABSENT) {
		cursor.at = before->text + before->length;
		(void)take_sign(&cursor, ',');
	}
	return cursor;
}

bool json_next_member(const struct json_value *object, const struct json_value *before,
	struct json_value *name, struct json_value *value)
{
	struct cursor cursor;

	if (object->kind == JSON_OBJECT) {
		cursor = behind(object, before);
		if (take_value(&cursor, 0, name) && take_sign(&cursor, ':'))
			return take_value(&cursor, 0, value);
	}
	*name = *value = absent;
	return false;
}

bool json_member(const struct json_value *object, const char *name, struct json_value *value)
{
	struct json_value found = absent, member = absent, key;

	*value = absent;
	if (object->kind != JSON_OBJECT)
		return false;
	while (json_next_member(object, &member, &key, &member)) {
		if (!json_is(&key, name))
			continue;
		if (found.kind != JSON_ABSENT)
			return false;
		found = member;
	}
	*value = found;
	return true;
}

bool json_next(const struct json_value *array, const struct json_value *before,
	struct json_value *item)
{
	struct cursor cursor;

	if (array->kind != JSON_ARRAY) {
		*item = absent;
		return false;
	}
	cursor = behind(array, before);
	return take_value(&cursor, 0, item);
}

bool json_is(const struct json_value *value, const char *string)
{
	struct cursor cursor;
	char bytes[4];

	if (value->kind != JSON_STRING)
		return false;
	cursor = inside(value);
	while (!take(&cursor, '"')) {
		size_t length = take_character(&cursor, bytes);

		if (length == 0 || strncmp(string, bytes, length) != 0)
			return false;
		string += length;
	}
	return *string == '\0';
}

bool json_is_true(const struct json_value *value)
{
	return value->kind == JSON_BOOLEAN && *value->text == 't';
}

bool json_string(const struct json_value *value, char *buffer, size_t size)
{
	struct cursor cursor;
	size_t used = 0;
	char bytes[4];

	*buffer = '\0';
	if (value->kind != JSON_STRING)
		return false;
	cursor = inside(value);
	while (!take(&cursor, '"')) {
		size_t length = take_character(&cursor, bytes);

		if (length == 0 || used + length >= size) {
			explicit_bzero(buffer, size);
			return false;
		}
		memcpy(buffer + used, bytes, length);
		used += length;
	}
	buffer[used] = '\0';
	return true;
}

bool json_integer(
	const struct json_value *value, int64_t minimum, int64_t maximum, int64_t *number)
{
	return value->kind == JSON_NUMBER &&
	       number_parse(value->text, value->length, minimum, maximum, number);
}

/* How many bytes stand for themselves: up to the end, a sign that is escaped, or what is not
 * UTF-8. */
static size_t plain_length(const char *string)
{
	size_t length = 0;

	for (;;) {
		const unsigned char byte = (unsigned char)string[length];
		size_t size = byte < 0x80 ? 1 : utf8_length(string + length);

		if (size == 0 || byte < ' ' || byte == '"' || byte == '\\')
			return length;
		length += size;
	}
}

int json_append(struct text *text, const char *string)
{
	(void)text_append(text, "\"", 1);
	for (;;) {
		size_t length = plain_length(string);

		(void)text_append(text, string, length);
		string += length;
		if (*string == '\0')
			return text_append(text, "\"", 1);
		if ((unsigned char)*string >= 0x80)
			return TOTPGROUP_EARGUMENT;
		(void)text_append_format(
			text, "\\u%04x", (unsigned int)(unsigned char)*string++);
	}
}
