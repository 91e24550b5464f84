/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/render.h"

#include <string.h>

#include "base/utf8.h"
#include "message/translate.h"

/* What HTML takes for something else; NULL for any other character. */
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

/* How much of a string that ends at end goes in as it is. A character cannot reach over
 * an end that is a NUL or a brace. */
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

/* Appends the first character of a string that does not go in as it is. */
static int append_other(struct text *text, const char *string, bool html, size_t *length)
{
	const char *instead = html ? entity(string[0]) : NULL;

	*length = utf8_length(string);
	if (*length == 0)
		*length = 1;
	if (instead == NULL)
		instead = UTF8_REPLACEMENT;
	return text_append(text, instead, strlen(instead));
}

static int append_escaped(struct text *text, const char *string, size_t length, bool html)
{
	const char *end = string + length;
	int result = 0;

	while (result == 0 && string < end) {
		size_t step = plain_length(string, end, html);

		if (step > 0)
			result = text_append(text, string, step);
		else
			result = append_other(text, string, html, &step);
		string += step;
	}
	return result;
}

/* How far the last line of the text is indented, if nothing else is on it. */
static size_t indentation(const struct text *text)
{
	size_t start = text->length;

	while (start > 0 && text->data[start - 1] == ' ')
		start--;
	return start == 0 || text->data[start - 1] == '\n' ? text->length - start : 0;
}

/* The other lines of a list begin where the first does. */
static int begin_item(struct text *text, bool html, bool first, size_t indent)
{
	if (html)
		return text_append(text, "<li>", 4);
	return first ? 0 : text_append_format(text, "\n%*s", (int)indent, "");
}

static int append_list(struct text *text, const char *lines, bool html)
{
	size_t indent = html ? 0 : indentation(text);
	bool first = true;
	int result = 0;

	while (result == 0 && *lines != '\0') {
		size_t length = strcspn(lines, "\n");

		result = begin_item(text, html, first, indent);
		if (result == 0)
			result = append_escaped(text, lines, length, html);
		if (result == 0 && html)
			result = text_append(text, "</li>", 5);
		lines += length;
		lines += *lines == '\n';
		first = false;
	}
	return result;
}

static int append_value(const struct letter_markup *markup, const struct letter_value *value,
	const struct letter *letter, struct text *text)
{
	struct text raw = TEXT_INIT;
	int result;

	if (value->kind == LETTER_VALUE_MARKUP)
		return value->append(letter, text);
	result = value->append(letter, &raw);
	if (result == 0 && raw.length > 0)
		result = value->kind == LETTER_VALUE_LIST
				 ? append_list(text, raw.data, markup->html)
				 : append_escaped(text, raw.data, raw.length, markup->html);
	text_free(&raw);
	return result;
}

/* What a translation asks for is not checked before: what it cannot have stays as it
 * is written. */
static bool is_available(const struct letter_value *value, const struct letter *letter)
{
	return value->append != NULL && value->kind == LETTER_VALUE_WORDS &&
	       (value->common || letter != NULL);
}

static int append_sentence(const struct letter_markup *markup, const char *sentence,
	const struct letter *letter, struct text *text)
{
	const char *rest = translate(sentence), *before;
	const struct letter_value *value;
	size_t length;
	int result;

	do {
		const char *start = rest;
		bool known = letter_markup_next(&rest, &before, &length, &value);

		if (!known || (value != NULL && !is_available(value, letter)))
			return append_escaped(text, start, strlen(start), markup->html);
		result = append_escaped(text, before, length, markup->html);
		if (result == 0 && value != NULL)
			result = append_value(markup, value, letter, text);
	} while (result == 0 && value != NULL);
	return result;
}

static int append_node(const struct letter_markup *markup, const struct markup_node *node,
	const struct letter *letter, struct text *text)
{
	switch (node->kind) {
	case MARKUP_LITERAL:
		return text_append(text, node->literal, node->length);
	case MARKUP_VALUE:
		return append_value(markup, node->value, letter, text);
	case MARKUP_SENTENCE:
		return append_sentence(markup, node->sentence, letter, text);
	case MARKUP_SECTION:
		break;
	}
	return 0;
}

int letter_render(const struct letter_markup *markup, size_t from, size_t end,
	const struct letter *letter, struct text *text)
{
	int result = 0;

	while (result == 0 && from < end) {
		const struct markup_node *node = &markup->nodes[from++];

		if (node->kind == MARKUP_SECTION) {
			if (node->value->holds(letter) == node->inverted)
				from = node->end;
		} else {
			result = append_node(markup, node, letter, text);
		}
	}
	return result;
}
