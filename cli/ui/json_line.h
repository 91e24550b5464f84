/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Objects of a long list as text, each on a line of its own, without a tree of values: a list of
 * a hundred thousand users is written in the time in which their files are read.
 *
 * The functions append to a text, and a failure stays in its status. Names are plain ASCII
 * without quotes.
 */
#ifndef TOTPGROUP_CLI_UI_JSON_LINE_H
#define TOTPGROUP_CLI_UI_JSON_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* *any begins false, and says whether the list has an object. */
void json_line_begin(struct text *lines, bool *any);
void json_line_end(struct text *lines);

/* A member. NULL becomes null, and in a string each byte that is not UTF-8 becomes '?'. */
void json_line_string(struct text *lines, const char *name, const char *value);
void json_line_number(struct text *lines, const char *name, int64_t number);
void json_line_bool(struct text *lines, const char *name, bool value);

/* A member that is an array of strings. */
void json_line_begin_array(struct text *lines, const char *name);
void json_line_item(struct text *lines, const char *value);
void json_line_end_array(struct text *lines);

#endif
