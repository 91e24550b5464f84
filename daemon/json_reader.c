/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "json_reader.h"

#include <stdint.h>
#include <string.h>

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void skip_blanks(struct json_reader *reader)
{
	while (reader->at < reader->end && is_blank(*reader->at))
		reader->at++;
}

/* Takes one byte, if it is the next one. */
static bool take(struct json_reader *reader, char byte)
{
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

static bool take_word(struct json_reader *reader, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(reader->end - reader->at) < length ||
		memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

enum json_kind json_peek(struct json_reader *reader)
{
	skip_blanks(reader);
	if (reader->at == reader->end)
		return JSON_BAD;
	switch (*reader->at) {
	case 'n':
		return JSON_NULL;
	case 'f':
		return JSON_FALSE;
	case 't':
		return JSON_TRUE;
	case '"':
		return JSON_STRING;
	case '[':
		return JSON_ARRAY;
	case '{':
		return JSON_OBJECT;
	default:
		return *reader->at == '-' || (*reader->at >= '0' && *reader->at <= '9')
			       ? JSON_NUMBER
			       : JSON_BAD;
	}
}

/* Four hexadecimal digits, or -1. */
static int32_t take_hex(struct json_reader *reader)
{
	int32_t value = 0;

	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit;
		char byte;

		if (reader->at == reader->end)
			return -1;
		byte = *reader->at++;
		if (byte >= 'A' && byte <= 'F')
			byte = (char)(byte - 'A' + 'a');
		digit = byte != '\0' ? strchr(digits, byte) : NULL;
		if (digit == NULL)
			return -1;
		value = value * 16 + (int32_t)(digit - digits);
	}
	return value;
}

/* What stands behind \u: a character, or both halves of one. -1 where it is none, or
 * NUL, which would end the string early. */
static int32_t take_unicode(struct json_reader *reader)
{
	int32_t first = take_hex(reader), second;

	if (first <= 0 || (first >= 0xdc00 && first <= 0xdfff))
		return -1;
	if (first < 0xd800 || first > 0xdbff)
		return first;
	if (!take(reader, '\\') || !take(reader, 'u'))
		return -1;
	second = take_hex(reader);
	if (second < 0xdc00 || second > 0xdfff)
		return -1;
	return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

/* Writes a character in UTF-8, which is shorter than any escape of it. */
static char *put_utf8(char *to, int32_t character)
{
	if (character < 0x80) {
		*to++ = (char)character;
	} else if (character < 0x800) {
		*to++ = (char)(0xc0 | character >> 6);
		*to++ = (char)(0x80 | (character & 0x3f));
	} else if (character < 0x10000) {
		*to++ = (char)(0xe0 | character >> 12);
		*to++ = (char)(0x80 | (character >> 6 & 0x3f));
		*to++ = (char)(0x80 | (character & 0x3f));
	} else {
		*to++ = (char)(0xf0 | character >> 18);
		*to++ = (char)(0x80 | (character >> 12 & 0x3f));
		*to++ = (char)(0x80 | (character >> 6 & 0x3f));
		*to++ = (char)(0x80 | (character & 0x3f));
	}
	return to;
}

static bool unescape(struct json_reader *reader, char **to)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	int32_t character;
	char byte;

	if (reader->at == reader->end)
		return false;
	byte = *reader->at++;
	if (byte == 'u') {
		character = take_unicode(reader);
		if (character > 0)
			*to = put_utf8(*to, character);
		return character > 0;
	}
	letter = byte != '\0' ? strchr(letters, byte) : NULL;
	if (letter == NULL)
		return false;
	*(*to)++ = meanings[letter - letters];
	return true;
}

/* How long the character is that begins here, if it is one in UTF-8; else 0. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	unsigned char lead = at[0], low = 0x80, high = 0xbf;
	size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (length == 1)
		return lead >= 0x20;
	if (lead < 0xc2 || lead > 0xf4 || left < length)
		return 0;
	/* Neither longer than it must be, nor half a pair, nor beyond the last. */
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool json_read_string(struct json_reader *reader, const char **string)
{
	char *to;

	skip_blanks(reader);
	if (!take(reader, '"'))
		return false;
	*string = to = reader->at;
	while (reader->at < reader->end && *reader->at != '"') {
		size_t length;

		if (take(reader, '\\')) {
			if (!unescape(reader, &to))
				return false;
			continue;
		}
		length = utf8_length(
			(const unsigned char *)reader->at, (size_t)(reader->end - reader->at));
		if (length == 0)
			return false;
		memmove(to, reader->at, length);
		to += length;
		reader->at += length;
	}
	if (!take(reader, '"'))
		return false;
	*to = '\0';
	return true;
}

static bool take_digits(struct json_reader *reader)
{
	char *start = reader->at;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		reader->at++;
	return reader->at > start;
}

static bool skip_number(struct json_reader *reader)
{
	(void)take(reader, '-');
	if (!take(reader, '0') && !take_digits(reader))
		return false;
	if (take(reader, '.') && !take_digits(reader))
		return false;
	if (!take(reader, 'e') && !take(reader, 'E'))
		return true;
	if (!take(reader, '+'))
		(void)take(reader, '-');
	return take_digits(reader);
}

static bool skip_scalar(struct json_reader *reader, enum json_kind kind)
{
	const char *ignored;

	switch (kind) {
	case JSON_NULL:
		return take_word(reader, "null");
	case JSON_FALSE:
		return take_word(reader, "false");
	case JSON_TRUE:
		return take_word(reader, "true");
	case JSON_NUMBER:
		return skip_number(reader);
	case JSON_STRING:
		return json_read_string(reader, &ignored);
	case JSON_BAD:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return false;
}

bool json_enter(struct json_reader *reader)
{
	skip_blanks(reader);
	return take(reader, '{');
}

bool json_next_member(struct json_reader *reader, bool *first, const char **name)
{
	bool begins = *first;

	*name = NULL;
	*first = false;
	skip_blanks(reader);
	if (take(reader, '}'))
		return true;
	if (!begins && !take(reader, ','))
		return false;
	if (!json_read_string(reader, name))
		return false;
	skip_blanks(reader);
	return take(reader, ':');
}

/* Where it goes on inside of nested values: the kinds that are open. */
struct nesting {
	bool objects[JSON_DEPTH_MAX];
	unsigned int depth;
};

/* Reads what stands before the next value of what is open, and closes what ends.
 * *done is set behind the outermost. */
static bool go_on(struct json_reader *reader, struct nesting *nesting, bool begins, bool *done)
{
	while (nesting->depth > 0) {
		bool object = nesting->objects[nesting->depth - 1];
		const char *name;

		skip_blanks(reader);
		if (object) {
			if (!json_next_member(reader, &begins, &name))
				return false;
			if (name != NULL)
				return true;
		} else if (!take(reader, ']')) {
			return begins || take(reader, ',');
		}
		begins = false;
		nesting->depth--;
	}
	*done = true;
	return true;
}

enum json_kind json_skip(struct json_reader *reader)
{
	const enum json_kind outermost = json_peek(reader);
	struct nesting nesting = {.depth = 0};
	bool done = false;

	while (!done) {
		enum json_kind kind = json_peek(reader);
		bool nested = kind == JSON_ARRAY || kind == JSON_OBJECT;

		if (nested && nesting.depth == JSON_DEPTH_MAX)
			return JSON_BAD;
		if (nested) {
			reader->at++;
			nesting.objects[nesting.depth++] = kind == JSON_OBJECT;
		} else if (!skip_scalar(reader, kind)) {
			return JSON_BAD;
		}
		if (!go_on(reader, &nesting, nested, &done))
			return JSON_BAD;
	}
	return outermost;
}

bool json_at_end(struct json_reader *reader)
{
	skip_blanks(reader);
	return reader->at == reader->end;
}
