/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/json_line.h"

#include <string.h>

#include "base/json.h"
#include "cli/ui/json_output.h"
#include "totpgroup.h"

/* A comma, unless this is the first of an object or array. */
static void separate(struct text *lines)
{
	if (lines->length > 0 && strchr("{[", lines->data[lines->length - 1]) == NULL)
		text_append(lines, ",", 1);
}

static void append_name(struct text *lines, const char *name)
{
	separate(lines);
	text_append(lines, "\"", 1);
	text_append_string(lines, name);
	text_append(lines, "\":", 2);
}

static void append_value(struct text *lines, const char *value)
{
	const size_t before = lines->length;
	struct text repaired = TEXT_INIT;

	if (json_append(lines, value) != TOTPGROUP_EARGUMENT)
		return;
	text_cut(lines, before);
	lines->status = json_append_repaired(&repaired, value);
	json_append(lines, repaired.data != NULL ? repaired.data : "");
	text_free(&repaired);
}

void json_line_begin(struct text *lines, bool *any)
{
	text_append_string(lines, *any ? ",\n{" : "\n{");
	*any = true;
}

void json_line_end(struct text *lines)
{
	text_append(lines, "}", 1);
}

void json_line_string(struct text *lines, const char *name, const char *value)
{
	append_name(lines, name);
	if (value != NULL)
		append_value(lines, value);
	else
		text_append_string(lines, "null");
}

void json_line_number(struct text *lines, const char *name, int64_t number)
{
	append_name(lines, name);
	text_append_number(lines, number);
}

void json_line_bool(struct text *lines, const char *name, bool value)
{
	append_name(lines, name);
	text_append_string(lines, value ? "true" : "false");
}

void json_line_begin_array(struct text *lines, const char *name)
{
	append_name(lines, name);
	text_append(lines, "[", 1);
}

void json_line_item(struct text *lines, const char *value)
{
	separate(lines);
	append_value(lines, value);
}

void json_line_end_array(struct text *lines)
{
	text_append(lines, "]", 1);
}
