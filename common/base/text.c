/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "totpgroup.h"

#define CAPACITY_MIN 64
#define NUMBER_SIZE  20 /* of INT64_MIN */

/* memcpy() does not allow NULL, not even for a length of 0. */
static void copy(char *to, const char *from, size_t length)
{
	if (length != 0)
		memcpy(to, from, length);
}

/* Doubles, so that the cost of many small appends stays linear. */
static size_t next_capacity(size_t capacity, size_t needed)
{
	if (capacity < CAPACITY_MIN)
		capacity = CAPACITY_MIN;
	while (capacity < needed) {
		if (capacity > SIZE_MAX / 2)
			return needed;
		capacity *= 2;
	}
	return capacity;
}

static void release(struct text *text)
{
	if (text->is_borrowed)
		explicit_bzero(text->data, text->capacity);
	else
		wipe_free(text->data, text->capacity);
}

/* Does not use realloc(), which would leave the old bytes behind in memory that
 * nobody wipes. */
static int splice_into_new(
	struct text *text, size_t offset, size_t removed, const char *data, size_t length)
{
	size_t tail = text->length - offset - removed;
	size_t new_length = offset + length + tail;
	size_t capacity = next_capacity(text->capacity, new_length + 1);
	char *memory = malloc(capacity);

	if (memory == NULL)
		return TOTPGROUP_EMEMORY;
	copy(memory, text->data, offset);
	copy(memory + offset, data, length);
	if (tail != 0)
		memcpy(memory + offset + length, text->data + offset + removed, tail);
	memory[new_length] = '\0';
	release(text);
	*text = (struct text){memory, new_length, capacity, text->status, text->changes, false};
	return 0;
}

static void splice_in_place(
	struct text *text, size_t offset, size_t removed, const char *data, size_t length)
{
	size_t tail = text->length - offset - removed;
	size_t new_length = offset + length + tail;

	memmove(text->data + offset + length, text->data + offset + removed, tail);
	copy(text->data + offset, data, length);
	if (new_length < text->length)
		explicit_bzero(text->data + new_length, text->length - new_length);
	text->data[new_length] = '\0';
	text->length = new_length;
}

int text_splice(
	struct text *text, size_t offset, size_t removed, const char *data, size_t length)
{
	size_t kept;

	if (offset > text->length || removed > text->length - offset)
		return TOTPGROUP_EARGUMENT;
	kept = text->length - removed;
	if (length >= SIZE_MAX - kept)
		return TOTPGROUP_EMEMORY;
	text->changes++;
	if (kept + length >= text->capacity)
		return splice_into_new(text, offset, removed, data, length);
	splice_in_place(text, offset, removed, data, length);
	return 0;
}

int text_append(struct text *text, const char *data, size_t length)
{
	/* Most appends fit, and are short. */
	if (text->status == 0 && length != 0 && length < text->capacity - text->length) {
		memcpy(text->data + text->length, data, length);
		text->length += length;
		text->data[text->length] = '\0';
		text->changes++;
	} else if (text->status == 0)
		text->status = text_splice(text, text->length, 0, data, length);
	return text->status;
}

int text_append_string(struct text *text, const char *string)
{
	return text_append(text, string, strlen(string));
}

/* What printf() would write for "%" PRId64, which takes ten times as long. */
int text_append_number(struct text *text, int64_t number)
{
	char digits[NUMBER_SIZE];
	size_t start = sizeof digits;
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		digits[--start] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		digits[--start] = '-';
	return text_append(text, digits + start, sizeof digits - start);
}

/* Formats into memory of its own, because an argument may be the text's own data,
 * which an append can move. Short results need no allocation. */
int text_append_format(struct text *text, const char *format, ...)
{
	char brief[128];
	char *formatted = brief;
	size_t size = sizeof brief;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(brief, sizeof brief, format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof brief) {
		size = (size_t)length + 1;
		formatted = malloc(size);
		if (formatted != NULL) {
			va_start(arguments, format);
			length = vsnprintf(formatted, size, format, arguments);
			va_end(arguments);
		}
	}
	if (formatted != NULL && length >= 0 && (size_t)length < size)
		(void)text_append(text, formatted, (size_t)length);
	else if (text->status == 0)
		text->status = formatted == NULL ? TOTPGROUP_EMEMORY : TOTPGROUP_EARGUMENT;
	if (formatted != brief)
		wipe_free(formatted, size);
	WIPE_ARRAY(brief);
	return text->status;
}

void text_cut(struct text *text, size_t length)
{
	if (length < text->length)
		(void)text_splice(text, length, text->length - length, NULL, 0);
}

void text_free(struct text *text)
{
	release(text);
	*text = (struct text)TEXT_INIT;
}
