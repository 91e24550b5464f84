/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * JSON (RFC 8259) for short messages that may hold secrets. Values are read where
 * they stand, and anything but strict JSON is refused. The module uses this reader
 * so that no login loads a JSON library, and totp-verifyd because a library's tree
 * would hold a second copy of every code. Programs that write long documents use
 * json-c.
 */
#ifndef TOTPGROUP_BASE_JSON_H
#define TOTPGROUP_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* How deep arrays and objects may be nested: 8 levels in a parameter of a call, and
 * the two around it. */
#define JSON_DEPTH_MAX 10

enum json_kind {
	JSON_ABSENT = 0,
	JSON_NULL,
	JSON_BOOLEAN,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* A value inside a text, which must outlive it. */
struct json_value {
	enum json_kind kind;
	const char *text;
	size_t length;
};

/*
 * Reads a text that is one value. False, with *value JSON_ABSENT, where the text is
 * malformed, nested deeper than JSON_DEPTH_MAX, not UTF-8, or has a NUL in a string,
 * even as an escape.
 */
bool json_read(const char *text, size_t length, struct json_value *value);

/* Finds a member of an object by its name; JSON_ABSENT where there is none. False,
 * and JSON_ABSENT, for another kind of value and for two members of that name. */
bool json_member(const struct json_value *object, const char *name, struct json_value *value);

/* Gives the next member of an object. `before` is the value of the previous member, or
 * JSON_ABSENT at first, and may be the same as value. False at the end, and for
 * another kind of value. */
bool json_next_member(const struct json_value *object, const struct json_value *before,
	struct json_value *name, struct json_value *value);

/* Gives the next item of an array. `before` is the previous item, or JSON_ABSENT at
 * first, and may be the same as item. False at the end, and for another kind of
 * value. */
bool json_next(const struct json_value *array, const struct json_value *before,
	struct json_value *item);

/* Whether the value is that string. */
bool json_is(const struct json_value *value, const char *string);

/* Whether the value is true. */
bool json_is_true(const struct json_value *value);

/*
 * Writes the characters of a string into size bytes, NUL-terminated. False, with
 * buffer empty, for another kind of value and where they do not fit.
 *
 * buffer and size may be the value's own text and length: the characters fit, and no
 * second copy is made. Then the values around it must not be read again, but
 * json_next() and json_next_member() can go on behind it.
 */
bool json_string(const struct json_value *value, char *buffer, size_t size);

/* Reads a number that is written without fraction or exponent, and in that range. */
bool json_integer(
	const struct json_value *value, int64_t minimum, int64_t maximum, int64_t *number);

/* Appends a string in quotes. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EARGUMENT
 * where the string is not UTF-8; a part may have been appended then. */
int json_append(struct text *text, const char *string);

#endif
