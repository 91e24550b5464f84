/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/wrap.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

struct character {
	size_t bytes;
	size_t columns;
	wchar_t code;
};

/* Code points, because the compiler may read wide strings in another encoding than the C
 * library: marks that begin no line, and those that end none. */
static const wchar_t no_beginning[] = {'!', '%', ')', ',', '.', ':', ';', '?', ']', '}', '\'',
	'"',
	/* closing quotes, the ellipsis, marks and brackets of Chinese and Japanese */
	0x2019, 0x201d, 0x2026, 0x3001, 0x3002, 0x3009, 0x300b, 0x300d, 0x300f, 0x3011, 0x3015,
	/* the mark of repetition, small letters of Japanese, the long vowel, the middle dot */
	0x3005, 0x3041, 0x3043, 0x3045, 0x3047, 0x3049, 0x3063, 0x3083, 0x3085, 0x3087, 0x308e,
	0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30c3, 0x30e3, 0x30e5, 0x30e7, 0x30ee, 0x30f5,
	0x30f6, 0x30fb, 0x30fc,
	/* marks of full width */
	0xff01, 0xff05, 0xff09, 0xff0c, 0xff0e, 0xff1a, 0xff1b, 0xff1f, 0xff3d, 0xff5d, 0};
static const wchar_t no_end[] = {'(', '[', '{', '\'', '"', 0x2018, 0x201c, 0x3008, 0x300a,
	0x300c, 0x300e, 0x3010, 0x3014, 0xff08, 0xff3b, 0xff5b, 0};

static struct character next_character(const char *text, size_t length)
{
	mbstate_t state = {0};
	wchar_t code = 0;
	size_t bytes;
	int width;

	/* The same in all character sets of a locale, and most of what is measured. */
	if (*text >= ' ' && *text <= '~')
		return (struct character){.bytes = 1, .columns = 1, .code = (wchar_t)*text};
	bytes = mbrtowc(&code, text, length, &state);
	width = bytes > 0 && bytes <= length ? wcwidth(code) : -1;
	if (width < 0)
		return (struct character){.bytes = 1, .columns = 1, .code = L'?'};
	return (struct character){bytes, (size_t)width, code};
}

size_t words_width_of(const char *words, size_t length)
{
	size_t sum = 0;

	for (size_t at = 0; at < length;) {
		struct character character = next_character(words + at, length - at);

		at += character.bytes;
		sum += character.columns;
	}
	return sum;
}

size_t words_width(const char *words)
{
	return words_width_of(words, strlen(words));
}

static bool is_digit(wchar_t code)
{
	return code >= L'0' && code <= L'9';
}

/* Whether a line may end between two characters that are no blanks. A number stays with the
 * letter behind it, which may be its unit. */
static bool may_end_between(const struct character *before, const struct character *behind)
{
	return (before->columns == 2 || behind->columns == 2) && behind->columns > 0 &&
	       !is_digit(before->code) && wcschr(no_beginning, behind->code) == NULL &&
	       wcschr(no_end, before->code) == NULL;
}

/* Chooses where a line ends: behind a word or behind a number, one of which is not 0. A number stays
 * with the word behind it, which may be its unit, unless the line becomes too short by that. */
static size_t choose_end(size_t behind_word, size_t behind_number, size_t width)
{
	if (behind_word > 0 && (behind_word >= behind_number || behind_word >= width / 2))
		return behind_word;
	return behind_number;
}

/* The bytes of the next line: all, or those before a place where it may end. */
static size_t piece_length(const char *words, size_t length, size_t width)
{
	size_t behind_word = 0, behind_number = 0, sum = 0, at = 0;
	struct character before = {.code = L' '};

	while (at < length) {
		struct character next = next_character(words + at, length - at);
		bool blank = next.code == L' ';

		if (blank && is_digit(before.code))
			behind_number = at;
		else if (before.code != L' ' && (blank || may_end_between(&before, &next)))
			behind_word = at;
		sum += next.columns;
		if (sum > width && !blank && (behind_word > 0 || behind_number > 0))
			return choose_end(behind_word, behind_number, width);
		at += next.bytes;
		before = next;
	}
	return at;
}

void wrapped_line_append(
	struct text *text, const char *words, size_t length, size_t column, size_t width)
{
	for (;;) {
		size_t piece = piece_length(words, length, width - column), blanks;

		text_append(text, words, piece);
		words += piece;
		length -= piece;
		blanks = strspn(words, " ");
		if (blanks >= length)
			break;
		words += blanks;
		length -= blanks;
		text_append_format(text, "\n%*s", (int)column, "");
	}
	text_append(text, words, length);
}

int wrapped_text_append(struct text *text, const char *words, size_t column, size_t width)
{
	wrapped_line_append(text, words, strlen(words), column, width);
	return text_append_string(text, "\n");
}

int fitted_text_append(struct text *text, const char *words, size_t width)
{
	while (*words != '\0') {
		size_t length = strcspn(words, "\n");
		size_t column = strspn(words, " ");

		if (column >= length || column > width / 2)
			column = 0;
		text_append(text, words, column);
		wrapped_line_append(text, words + column, length - column, column, width);
		words += length;
		if (*words == '\n')
			text_append(text, words++, 1);
	}
	return text->status;
}
