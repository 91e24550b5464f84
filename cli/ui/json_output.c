/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/json_output.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "cli/ui/terminal.h"

#define PRINT_FLAGS (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

bool json_put(struct json_object *object, const char *name, struct json_object *value)
{
	if (object != NULL && value != NULL && json_object_object_add(object, name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

int json_append_repaired(struct text *text, const char *string)
{
	while (*string != '\0') {
		size_t length = utf8_length(string);

		text_append(text, length > 0 ? string : "?", length > 0 ? length : 1);
		string += length > 0 ? length : 1;
	}
	return text->status;
}

/* NULL where memory is out. */
static struct json_object *new_string(const char *value)
{
	struct json_object *string = NULL;
	struct text text = TEXT_INIT;

	if (json_append_repaired(&text, value) == 0)
		string = json_object_new_string(text.data != NULL ? text.data : "");
	text_free(&text);
	return string;
}

bool json_put_string(struct json_object *object, const char *name, const char *value)
{
	if (value == NULL)
		return object != NULL && json_object_object_add(object, name, NULL) == 0;
	return json_put(object, name, new_string(value));
}

bool json_put_number(struct json_object *object, const char *name, int64_t number)
{
	return json_put(object, name, json_object_new_int64(number));
}

bool json_put_bool(struct json_object *object, const char *name, bool value)
{
	return json_put(object, name, json_object_new_boolean(value));
}

struct json_object *json_put_array(struct json_object *object, const char *name)
{
	struct json_object *array = json_object_new_array();

	return json_put(object, name, array) ? array : NULL;
}

static struct json_object *add_value(struct json_object *array, struct json_object *value)
{
	if (array != NULL && value != NULL && json_object_array_add(array, value) == 0)
		return value;
	json_object_put(value);
	return NULL;
}

bool json_add_string(struct json_object *array, const char *value)
{
	return add_value(array, new_string(value)) != NULL;
}

/* json-c has no function that erases a string. The pointer is to the object's own memory. */
static void wipe_string(const char *string)
{
	if (string != NULL)
		explicit_bzero((char *)(uintptr_t)string, strlen(string));
}

/* Only strings: of other values json_object_get_string() makes a new text. */
static void wipe_values(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		wipe_string(json_object_get_string(value));
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			wipe_values(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			wipe_values(member);
		}
	}
}

void json_wipe(struct json_object *root)
{
	/* With the flags of json_print(), this is the text that it printed. */
	if (root != NULL)
		wipe_string(json_object_to_json_string_ext(root, PRINT_FLAGS));
	wipe_values(root);
}

bool json_print(struct json_object *root)
{
	const char *text = json_object_to_json_string_ext(root, PRINT_FLAGS);

	if (text == NULL)
		terminal_out_of_memory();
	else if (terminal_emit("%s\n", text))
		return true;
	else
		terminal_output_failed();
	return false;
}

static bool judge_output(bool printed)
{
	if (!printed)
		terminal_output_failed();
	return printed;
}

bool json_print_begin(const char *list)
{
	return judge_output(
		terminal_emit("{\n\"version\": %d,\n\"%s\": [", JSON_REPORT_VERSION, list));
}

bool json_print_item(struct json_object *item, bool *any)
{
	const char *text = json_object_to_json_string_ext(
		item, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	bool printed = false;

	if (item == NULL || text == NULL)
		terminal_out_of_memory();
	else
		printed = judge_output(terminal_emit("%s\n%s", *any ? "," : "", text));
	*any = true;
	json_object_put(item);
	return printed;
}

bool json_print_end(bool any, enum exit_status status)
{
	return judge_output(
		terminal_emit("%s],\n\"status\": %d\n}\n", any ? "\n" : "", (int)status));
}

void json_report_begin(struct json_report *report, const char *list)
{
	*report = (struct json_report){.root = json_object_new_object()};
	report->failed = !json_put_number(report->root, "version", JSON_REPORT_VERSION) ||
			 !json_put_number(report->root, "status", STATUS_DONE);
	if (list != NULL)
		report->list = json_put_array(report->root, list);
}

struct json_object *json_report_add(struct json_report *report)
{
	return add_value(report->list, json_object_new_object());
}

bool json_report_print(struct json_report *report, enum exit_status status)
{
	/* The number takes the position of the one that is there. */
	if (!report->failed && json_put_number(report->root, "status", status))
		return json_print(report->root);
	terminal_out_of_memory();
	return false;
}

void json_report_free(struct json_report *report)
{
	json_wipe(report->root);
	json_object_put(report->root);
	*report = (struct json_report){.root = NULL};
}
