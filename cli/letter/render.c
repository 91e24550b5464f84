/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

#include <string.h>

#include "base/lines.h"
#include "base/utf8.h"
#include "cli/ui/wrap.h"
#include "message/translate.h"

/* Of a line of plain text. */
#define COLUMNS_MAX 72

/* The entity for a character that is part of HTML's syntax; NULL for any other. */
static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Counts the bytes at the beginning of a string that need no replacement. The string ends
 * at `end`, where a NUL or a brace is: neither is part of a longer character. */
static size_t plain_length(const char *string, const char *end, bool html)
{
	size_t length = 0;

	while (string + length < end) {
		size_t character = utf8_length(string + length);

		if (character == 0 || !utf8_is_shown(string + length, character) ||
			(html && entity(string[length]) != NULL))
			break;
		length += character;
	}
	return length;
}

/* Replaces the first character of a string. Returns its length. */
static size_t append_replacement(struct text *text, const char *string, bool html)
{
	const char *replacement = html ? entity(string[0]) : NULL;
	size_t length = utf8_length(string);

	text_append_string(text, replacement != NULL ? replacement : UTF8_REPLACEMENT);
	return length > 0 ? length : 1;
}

static int append_escaped(struct text *text, const char *string, size_t length, bool html)
{
	const char *end = string + length;

	while (text->status == 0 && string < end) {
		size_t plain = plain_length(string, end, html);

		if (plain > 0)
			text_append(text, string, plain);
		else
			plain = append_replacement(text, string, html);
		string += plain;
	}
	return text->status;
}

/* How many blanks the last line of the text consists of; 0 where it has anything else. */
static size_t indentation(const struct text *text)
{
	size_t start = text->length;

	while (start > 0 && text->data[start - 1] == ' ')
		start--;
	return start == 0 || text->data[start - 1] == '\n' ? text->length - start : 0;
}

/* In plain text all lines of a list begin in the column of the first. */
static int append_list(struct text *text, const char *lines, bool html)
{
	size_t indent = html ? 0 : indentation(text);
	const char *line = lines;

	while (text->status == 0 && *line != '\0') {
		size_t length = strcspn(line, "\n");

		if (html)
			text_append_string(text, "<li>");
		else if (line != lines)
			text_append_format(text, "\n%*s", (int)indent, "");
		append_escaped(text, line, length, html);
		if (html)
			text_append_string(text, "</li>");
		line += length;
		line += *line == '\n';
	}
	return text->status;
}

static int append_value(const struct letter_markup *markup, const struct letter_value *value,
	const struct letter *letter, struct text *text)
{
	struct text raw = TEXT_INIT;
	int status;

	if (value->kind == LETTER_VALUE_MARKUP)
		return value->append(letter, text);
	status = value->append(letter, &raw);
	if (status == 0 && raw.length > 0)
		status = value->kind == LETTER_VALUE_LIST
				 ? append_list(text, raw.data, markup->html)
				 : append_escaped(text, raw.data, raw.length, markup->html);
	text_free(&raw);
	return status;
}

/* Whether a translated sentence can have a value. Translations are not checked when the
 * template is read. */
static bool is_available(const struct letter_value *value, const struct letter *letter)
{
	return value->append != NULL && value->kind == LETTER_VALUE_WORDS &&
	       (value->common || letter->user != NULL);
}

/* Appends the translation of a sentence. From a placeholder on that it cannot have, it
 * stays as it is written. */
static int append_sentence(const struct letter_markup *markup, const char *sentence,
	const struct letter *letter, struct text *text)
{
	const char *rest = translate(sentence), *before;
	const struct letter_value *value;
	size_t length;
	int status;

	do {
		const char *start = rest;
		bool known = letter_markup_next(&rest, &before, &length, &value);

		if (!known || (value != NULL && !is_available(value, letter)))
			return append_escaped(text, start, strlen(start), markup->html);
		status = append_escaped(text, before, length, markup->html);
		if (status == 0 && value != NULL)
			status = append_value(markup, value, letter, text);
	} while (status == 0 && value != NULL);
	return status;
}

/* Whether the text ends with punctuation of Chinese or Japanese: the next sentence follows without a
 * blank, because these characters have room of their own. */
static bool ends_with_wide_punctuation(const struct text *text)
{
	static const char *const signs[] = {"。", "！", "：", "？"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t length = strlen(signs[i]);

		if (text->length >= length &&
			memcmp(text->data + text->length - length, signs[i], length) == 0)
			return true;
	}
	return false;
}

/* HTML shows the line ends and blanks between two sentences as one blank. */
static int append_literal(
	const struct letter_markup *markup, const struct markup_node *node, struct text *text)
{
	size_t skip = 0;

	if (markup->html && ends_with_wide_punctuation(text))
		while (skip < node->length && strchr(" \t\r\n", node->literal[skip]) != NULL)
			skip++;
	return text_append(text, node->literal + skip, node->length - skip);
}

static int append_nodes(const struct letter_markup *markup, size_t from, size_t end,
	const struct letter *letter, struct text *text)
{
	int status = 0;

	while (status == 0 && from < end) {
		const struct markup_node *node = &markup->nodes[from++];

		switch (node->kind) {
		case MARKUP_LITERAL:
			status = append_literal(markup, node, text);
			break;
		case MARKUP_VALUE:
			status = append_value(markup, node->value, letter, text);
			break;
		case MARKUP_SENTENCE:
			status = append_sentence(markup, node->sentence, letter, text);
			break;
		case MARKUP_SECTION:
			if (node->value->holds(letter) == node->inverted)
				from = node->end;
			break;
		}
	}
	return status;
}

/* How far the rest of a line is indented when the line is broken. */
static size_t hanging_indentation(const char *line, size_t length)
{
	size_t blanks = 0, mark;
	char sign;

	while (blanks < length && line[blanks] == ' ')
		blanks++;
	mark = blanks;
	while (mark < length && line[mark] >= '0' && line[mark] <= '9')
		mark++;
	sign = mark > blanks ? '.' : '-';
	if (mark + 1 < length && line[mark] == sign && line[mark + 1] == ' ')
		return mark + 2;
	return blanks;
}

static void wrap_line(const char *line, size_t length, struct text *text)
{
	size_t indent = hanging_indentation(line, length);

	if (indent >= COLUMNS_MAX)
		indent = 0;
	text_append(text, line, indent);
	wrapped_line_append(text, line + indent, length - indent, indent, COLUMNS_MAX);
}

static int wrap_lines(const struct text *lines, struct text *text)
{
	struct lines reader = {.text = lines->data, .length = lines->length};
	const char *line;
	size_t length;

	while (lines->length > 0 && lines_next(&reader, &line, &length)) {
		if (words_width_of(line, length) <= COLUMNS_MAX)
			text_append(text, line, length);
		else
			wrap_line(line, length, text);
		text_append_string(text, "\n");
	}
	return text->status;
}

int letter_render(const struct letter_markup *markup, size_t from, size_t end,
	const struct letter *letter, struct text *text)
{
	struct text lines = TEXT_INIT;
	int status;

	if (markup->html)
		return append_nodes(markup, from, end, letter, text);
	status = append_nodes(markup, from, end, letter, &lines);
	if (status == 0)
		status = wrap_lines(&lines, text);
	text_free(&lines);
	return status;
}
