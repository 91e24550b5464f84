/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * JSON (RFC 8259) for short messages that may hold secrets: nothing is copied
 * unless it is asked for, and what is not exactly as the standard has it is
 * refused. The module uses it, which is not to bring a JSON library into every
 * login, and totp-verifyd, where a library's tree would be a second copy of every
 * code; programs that make long documents use json-c.
 */
#ifndef TOTPGROUP_BASE_JSON_H
#define TOTPGROUP_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Arrays and objects inside each other: 8 in a parameter of a call, and the two that
 * are around it. */
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

/* A value where it stands in a text, which has to outlive it. */
struct json_value {
	enum json_kind kind;
	const char *text;
	size_t length;
};

/*
 * Reads a text that is one value and nothing else. False where it is malformed,
 * nested deeper than JSON_DEPTH_MAX, not UTF-8, or has a NUL in a string, be it
 * written as an escape. *value is JSON_ABSENT then.
 */
bool json_read(const char *text, size_t length, struct json_value *value);

/* The member of an object with that name; JSON_ABSENT where it has none. False,
 * and JSON_ABSENT, where it is no object or has two of that name. */
bool json_member(const struct json_value *object, const char *name, struct json_value *value);

/* The next member of an object, named or not, for whoever is to know them all: before
 * is the value of the one before it, or JSON_ABSENT for the first. False at the end,
 * and where it is no object. before and value may be the same. */
bool json_next_member(const struct json_value *object, const struct json_value *before,
	struct json_value *name, struct json_value *value);

/* The next item of an array: before is the one before it, or JSON_ABSENT for the
 * first. False at the end, and where it is no array. before and item may be the
 * same. */
bool json_next(const struct json_value *array, const struct json_value *before,
	struct json_value *item);

/* Whether it is a string, and that one. */
bool json_is(const struct json_value *value, const char *string);

/* Whether it is true. */
bool json_is_true(const struct json_value *value);

/*
 * A string's characters into size bytes, NUL-terminated. False where it is no
 * string or does not fit; buffer is empty then.
 *
 * buffer may be the place in the text where the value itself stands, and size its
 * length: it fits, and there is no second copy of it. What the text has around it
 * must not be read again then, but json_next() and json_next_member() go on behind
 * it.
 */
bool json_string(const struct json_value *value, char *buffer, size_t size);

/* A whole number, written as such, in that range. */
bool json_integer(
	const struct json_value *value, int64_t minimum, int64_t maximum, int64_t *number);

/* Appends a string in quotes. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EARGUMENT
 * where it is not UTF-8; the text may have grown then. */
int json_append(struct text *text, const char *string);

#endif
