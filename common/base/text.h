/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A growing buffer of bytes for text that may be secret: memory that it gives
 * up is erased first. */
#ifndef TOTPGROUP_BASE_TEXT_H
#define TOTPGROUP_BASE_TEXT_H

#include <stddef.h>

/* Begins as TEXT_INIT. data is NUL-terminated one byte after length, or NULL
 * while nothing was ever put in. */
struct text {
	char *data;
	size_t length;
	size_t capacity;
	/* The first error of an append, or 0. All later appends do nothing and return
	 * it, so that a caller appends several pieces and looks once, at the end. */
	int status;
};

#define TEXT_INIT                                                                              \
	{                                                                                      \
		NULL, 0, 0, 0                                                                  \
	}

/*
 * Replaces the removed bytes at offset by length bytes of data, which must
 * not lie inside the text. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EARGUMENT where offset and removed reach over the end; the text
 * is unchanged then.
 */
int text_splice(
	struct text *text, size_t offset, size_t removed, const char *data, size_t length);

/* Appends length bytes, a string or a formatted string. Returns text->status. */
int text_append(struct text *text, const char *data, size_t length);
int text_append_string(struct text *text, const char *string);
int text_append_format(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Erases and frees what the text holds; it is TEXT_INIT again. */
void text_free(struct text *text);

#endif
