/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/similar.h"
#include "message/translate.h"
#include "totpgroup.h"

#define OPENED "{{"
#define CLOSED "}}"
#define PAGE   "page"

/* The state of parsing. */
struct parser {
	struct letter_markup *markup;
	const char *name;
	const char *at; /* not read yet */
	unsigned int line;
	size_t sections[LETTER_MARKUP_DEPTH_MAX]; /* that are open */
	unsigned int section_lines[LETTER_MARKUP_DEPTH_MAX];
	unsigned int depth;
	unsigned int page_line; /* 0: there was no page yet */
	bool in_page;
	struct error *error;
};

/* The text between the braces. */
struct tag {
	const char *text;
	size_t length;
	char mark; /* one of "#^/!_", or 0 */
};

/* Reports a mistake in a line of the template. */
__attribute__((format(printf, 3, 4))) static int refuse(
	const struct parser *parser, unsigned int line, const char *format, ...)
{
	char message[sizeof parser->error->message];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return error_set(
		parser->error, TOTPGROUP_ECONFIG, "%s:%u: %s", parser->name, line, message);
}

/* The length of a word of the template in a message. */
static int shown_length(size_t length)
{
	return (int)(length < SIMILAR_NAME_MAXIMUM ? length : SIMILAR_NAME_MAXIMUM);
}

static int refuse_name(const struct parser *parser, const char *name, size_t length)
{
	const char *nearest =
		similar_name(letter_values, sizeof letter_values[0], name, length);

	if (nearest != NULL)
		return refuse(parser, parser->line,
			"unknown placeholder %.*s; did you mean %s?", shown_length(length),
			name, nearest);
	return refuse(parser, parser->line,
		"unknown placeholder %.*s; totpgroup-letter(5) lists them",
		shown_length(length), name);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(struct tag *tag)
{
	while (tag->length > 0 && is_blank(tag->text[0])) {
		tag->text++;
		tag->length--;
	}
	while (tag->length > 0 && is_blank(tag->text[tag->length - 1]))
		tag->length--;
}

static int add_node(struct parser *parser, const struct markup_node *node)
{
	struct letter_markup *markup = parser->markup;

	if (markup->count == markup->capacity) {
		size_t capacity = markup->capacity > 0 ? 2 * markup->capacity : 64;
		struct markup_node *nodes =
			reallocarray(markup->nodes, capacity, sizeof *nodes);

		if (nodes == NULL)
			return error_set(
				parser->error, TOTPGROUP_EMEMORY, translate("out of memory"));
		markup->nodes = nodes;
		markup->capacity = capacity;
	}
	markup->nodes[markup->count++] = *node;
	return 0;
}

static int add_literal(struct parser *parser, const char *text, size_t length)
{
	const struct markup_node node = {
		.kind = MARKUP_LITERAL, .literal = text, .length = length};

	return length > 0 ? add_node(parser, &node) : 0;
}

/* Whether a value can be at this point of the template. */
static int check_value(const struct parser *parser, const struct letter_value *value)
{
	const char *name = value->name;

	if (value->append == NULL)
		return refuse(parser, parser->line,
			"%s is a condition: write {{#%s}} ... {{/%s}}", name, name, name);
	if (value->kind == LETTER_VALUE_MARKUP && !parser->markup->html)
		return refuse(parser, parser->line, "%s is for templates of HTML alone", name);
	if (!value->common && !parser->in_page)
		return refuse(parser, parser->line,
			"%s stands outside {{#page}} ... {{/page}}, where it is not known "
			"whom the letter is for",
			name);
	return 0;
}

static int add_value(struct parser *parser, const struct tag *tag)
{
	const struct markup_node node = {
		.kind = MARKUP_VALUE, .value = letter_value_find(tag->text, tag->length)};
	int status;

	if (node.value == NULL)
		return refuse_name(parser, tag->text, tag->length);
	status = check_value(parser, node.value);
	return status == 0 ? add_node(parser, &node) : status;
}

bool letter_markup_next(const char **sentence, const char **before, size_t *before_length,
	const struct letter_value **value)
{
	const char *name, *end;

	*before = *sentence;
	*before_length = strcspn(*sentence, "{");
	*value = NULL;
	name = *before + *before_length;
	if (*name == '\0') {
		*sentence = name;
		return true;
	}
	name++;
	end = name + strcspn(name, "}");
	*value = letter_value_find(name, (size_t)(end - name));
	if (*value == NULL || *end == '\0') {
		*before = name;
		*before_length = (size_t)(end - name);
		return false;
	}
	*sentence = end + 1;
	return true;
}

static int check_sentence(const struct parser *parser, const char *sentence)
{
	const struct letter_value *value;
	const char *before;
	size_t length;
	int status = 0;

	do {
		if (!letter_markup_next(&sentence, &before, &length, &value))
			return refuse_name(parser, before, length);
		if (value != NULL)
			status = check_value(parser, value);
		if (status == 0 && value != NULL && value->kind != LETTER_VALUE_WORDS)
			status = refuse(parser, parser->line, "%s cannot stand in a sentence",
				value->name);
	} while (status == 0 && value != NULL);
	return status;
}

/* Copies a sentence with one blank between words: translators get it without its lines. */
static char *copy_sentence(const struct tag *tag)
{
	char *sentence = malloc(tag->length + 1);
	size_t length = 0;

	if (sentence == NULL)
		return NULL;
	for (size_t i = 0; i < tag->length; i++)
		if (!is_blank(tag->text[i]))
			sentence[length++] = tag->text[i];
		else if (!is_blank(tag->text[i - 1]))
			sentence[length++] = ' ';
	sentence[length] = '\0';
	return sentence;
}

static int add_sentence(struct parser *parser, const struct tag *tag)
{
	struct markup_node node = {.kind = MARKUP_SENTENCE};
	int status;

	if (tag->length == 0)
		return refuse(parser, parser->line, "{{_}} without a sentence");
	node.sentence = copy_sentence(tag);
	if (node.sentence == NULL)
		return error_set(parser->error, TOTPGROUP_EMEMORY, translate("out of memory"));
	status = check_sentence(parser, node.sentence);
	if (status == 0)
		status = add_node(parser, &node);
	if (status != 0)
		free(node.sentence);
	return status;
}

static bool is_page(const struct tag *tag)
{
	return tag->length == strlen(PAGE) && strncmp(tag->text, PAGE, tag->length) == 0;
}

static int open_page(struct parser *parser, const struct tag *tag)
{
	if (tag->mark == '^')
		return refuse_name(parser, tag->text, tag->length);
	if (!parser->markup->html)
		return refuse(parser, parser->line, "page is for templates of HTML alone");
	if (parser->page_line != 0)
		return refuse(parser, parser->line,
			"a second page; the first one is in line %u", parser->page_line);
	if (parser->depth > 0)
		return refuse(parser, parser->line, "page cannot stand in a section");
	parser->page_line = parser->line;
	parser->in_page = true;
	parser->markup->page = parser->markup->count;
	return 0;
}

static int open_section(struct parser *parser, const struct tag *tag)
{
	const struct markup_node node = {
		.kind = MARKUP_SECTION,
		.value = letter_value_find(tag->text, tag->length),
		.inverted = tag->mark == '^',
	};

	if (is_page(tag))
		return open_page(parser, tag);
	if (node.value == NULL)
		return refuse_name(parser, tag->text, tag->length);
	if (node.value->holds == NULL)
		return refuse(parser, parser->line, "%s is always there: it needs no section",
			node.value->name);
	if (!parser->in_page && !node.value->common)
		return refuse(parser, parser->line, "%s stands outside {{#page}} ... {{/page}}",
			node.value->name);
	if (parser->depth == LETTER_MARKUP_DEPTH_MAX)
		return refuse(parser, parser->line, "more than %d sections within each other",
			LETTER_MARKUP_DEPTH_MAX);
	parser->section_lines[parser->depth] = parser->line;
	parser->sections[parser->depth++] = parser->markup->count;
	return add_node(parser, &node);
}

static int close_section(struct parser *parser, const struct tag *tag)
{
	struct letter_markup *markup = parser->markup;
	bool page = is_page(tag);
	struct markup_node *node =
		parser->depth > 0 ? &markup->nodes[parser->sections[parser->depth - 1]] : NULL;

	if (page && parser->in_page && node == NULL) {
		parser->in_page = false;
		markup->page_end = markup->count;
		return 0;
	}
	if (page || node == NULL || letter_value_find(tag->text, tag->length) != node->value)
		return refuse(parser, parser->line, "{{/%.*s}} closes what is not open here",
			shown_length(tag->length), tag->text);
	node->end = markup->count;
	parser->depth--;
	return 0;
}

static int add_tag(struct parser *parser, const struct tag *tag)
{
	switch (tag->mark) {
	case '#':
	case '^':
		return open_section(parser, tag);
	case '/':
		return close_section(parser, tag);
	case '_':
		return add_sentence(parser, tag);
	case '!':
		return 0;
	default:
		return add_value(parser, tag);
	}
}

static void count_lines(struct parser *parser, const char *end)
{
	for (const char *c = parser->at; c < end; c++)
		parser->line += *c == '\n';
}

/* Where a line consists of blanks and one tag of a section or a remark, cuts the blanks and
 * the line's end off, so that the line leaves nothing behind. */
static void swallow_line(
	const struct parser *parser, const char *opened, size_t *literal, const char **end)
{
	const char *start = opened, *rest = *end + strspn(*end, " \t\r");

	while (start > parser->at && (start[-1] == ' ' || start[-1] == '\t'))
		start--;
	if (*rest != '\n' || (start != parser->markup->source.data && start[-1] != '\n'))
		return;
	*literal = (size_t)(start - parser->at);
	*end = rest + 1;
}

/* Finds the braces that close a tag; NULL where another tag begins before. */
static const char *find_closed(const char *text)
{
	const char *closed = strstr(text, CLOSED), *inner = strstr(text, OPENED);

	if (closed == NULL || (inner != NULL && inner < closed))
		return NULL;
	/* The first brace of "{host}}}" belongs to the sentence. */
	while (closed[strlen(CLOSED)] == '}')
		closed++;
	return closed;
}

static int read_tag(struct parser *parser, const char *opened)
{
	struct tag tag = {.text = opened + strlen(OPENED)};
	const char *closed = find_closed(tag.text), *end;
	size_t literal = (size_t)(opened - parser->at);
	int status;

	count_lines(parser, opened);
	if (closed == NULL)
		return refuse(parser, parser->line, "{{ without }}");
	end = closed + strlen(CLOSED);
	if (strchr("#^/!_", *tag.text) != NULL)
		tag.mark = *tag.text++;
	tag.length = (size_t)(closed - tag.text);
	trim(&tag);
	if (tag.mark != 0 && tag.mark != '_')
		swallow_line(parser, opened, &literal, &end);
	status = add_literal(parser, parser->at, literal);
	if (status == 0)
		status = add_tag(parser, &tag);
	parser->at = opened;
	count_lines(parser, end);
	parser->at = end;
	return status;
}

static int check_end(const struct parser *parser)
{
	if (parser->depth > 0)
		return refuse(parser, parser->section_lines[parser->depth - 1],
			"this section is not closed");
	if (parser->markup->html && parser->page_line == 0)
		return error_set(parser->error, TOTPGROUP_ECONFIG,
			translate("%s: no {{#page}} ... {{/page}} around what each user gets"),
			parser->name);
	if (parser->markup->html && parser->in_page)
		return refuse(parser, parser->page_line, "this section is not closed");
	return 0;
}

int letter_markup_parse(struct letter_markup *markup, const char *name, struct error *error)
{
	struct parser parser = {
		.markup = markup,
		.name = name,
		.at = markup->source.data != NULL ? markup->source.data : "",
		.line = 1,
		.in_page = !markup->html,
		.error = error,
	};
	const char *opened;
	int status = 0;

	if (strlen(parser.at) != markup->source.length)
		return error_set(
			error, TOTPGROUP_ECONFIG, translate("%s: has a NUL byte"), name);
	while (status == 0 && (opened = strstr(parser.at, OPENED)) != NULL)
		status = read_tag(&parser, opened);
	if (status == 0)
		status = add_literal(&parser, parser.at, strlen(parser.at));
	if (status == 0)
		status = check_end(&parser);
	if (!markup->html)
		markup->page_end = markup->count;
	return status;
}

void letter_markup_free(struct letter_markup *markup)
{
	for (size_t i = 0; i < markup->count; i++)
		free(markup->nodes[i].sentence);
	free(markup->nodes);
	text_free(&markup->source);
	*markup = (struct letter_markup){.source = TEXT_INIT};
}
