/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Strict reading of one JSON text, in the memory that it lies in: strings are
 * unescaped over themselves, so that there is never a second copy of a code, and
 * erasing the text erases all of it. A library that builds a tree would leave
 * copies behind, and takes much that RFC 8259 does not allow.
 *
 * Refused beside all that is no JSON: what is no UTF-8, a NUL or half a surrogate
 * pair in a string, and values nested more than JSON_DEPTH_MAX deep.
 */
#ifndef TOTPGROUP_DAEMON_JSON_READER_H
#define TOTPGROUP_DAEMON_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 8

/* Begins as {text, text + length}; text has length bytes, without a NUL. */
struct json_reader {
	char *at;
	char *end;
};

enum json_kind {
	JSON_BAD = 0,
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* What begins at the next byte that is no blank, by that byte alone. */
enum json_kind json_peek(struct json_reader *reader);

/* Goes into an object; JSON_BAD, or false, from any function ends the reading. */
bool json_enter(struct json_reader *reader);

/* Reads the next member's name, unescaped, NUL-terminated and in place. *first is
 * true before the first member, and is set to false. *name is NULL behind the last. */
bool json_next_member(struct json_reader *reader, bool *first, const char **name);

/* Reads a string likewise. */
bool json_read_string(struct json_reader *reader, const char **string);

/* Reads any value; what it was. */
enum json_kind json_skip(struct json_reader *reader);

/* Whether nothing but blanks is left. */
bool json_at_end(struct json_reader *reader);

#endif
