/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A growing buffer for text that may be secret: memory is wiped before it is
 * released. */
#ifndef TOTPGROUP_BASE_TEXT_H
#define TOTPGROUP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as TEXT_INIT; ends with text_free(). data has a NUL behind its length bytes,
 * and is NULL until something is put in. */
struct text {
	char *data;
	size_t length;
	size_t capacity;
	/* 0, or the error of the first append that failed. All later appends do nothing
	 * and return it, so that a caller appends several pieces and checks once. */
	int status;
	unsigned int changes; /* how often it was changed, so that a reader can tell */
	bool is_borrowed;     /* data is the caller's, of TEXT_IN() */
};

#define TEXT_INIT                                                                              \
	{                                                                                      \
		NULL, 0, 0, 0, 0, false                                                        \
	}

/* Begins in an array of the caller's, which outlives it, and moves to memory of its own where
 * that is too small. The array holds a NUL at its start. */
#define TEXT_IN(array)                                                                         \
	{                                                                                      \
		(array), 0, sizeof(array), 0, 0, true                                          \
	}

/*
 * Replaces `removed` bytes at offset by length bytes of data, which must not lie
 * inside the text. Returns 0, or TOTPGROUP_EMEMORY or, where offset + removed is
 * behind the end, TOTPGROUP_EARGUMENT; the text is unchanged then.
 */
int text_splice(
	struct text *text, size_t offset, size_t removed, const char *data, size_t length);

/* Appends length bytes, a string, a decimal number or a formatted string. Returns text->status. */
int text_append(struct text *text, const char *data, size_t length);
int text_append_string(struct text *text, const char *string);
int text_append_number(struct text *text, int64_t number);
int text_append_format(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Wipes and removes all bytes from length on. Does nothing to a shorter text. */
void text_cut(struct text *text, size_t length);

/* Wipes the memory, and frees it where it is the text's own; text is TEXT_INIT again. */
void text_free(struct text *text);

#endif
