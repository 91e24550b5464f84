/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/json_output.h"

#include <errno.h>
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

/* What is no UTF-8 becomes '?'. NULL where memory is out. */
static struct json_object *new_string(const char *value)
{
	struct json_object *string = NULL;
	struct text text = TEXT_INIT;
	bool done = true;

	while (*value != '\0' && done) {
		size_t length = utf8_length(value);

		done = text_append(&text, length > 0 ? value : "?", length > 0 ? length : 1) ==
		       0;
		value += length > 0 ? length : 1;
	}
	if (done)
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

bool json_add_string(struct json_object *array, const char *value)
{
	struct json_object *string = new_string(value);

	if (array != NULL && string != NULL && json_object_array_add(array, string) == 0)
		return true;
	json_object_put(string);
	return false;
}

/* The library has no way to do this; what it points to is memory of the object's own. */
static void wipe_string(const char *string)
{
	if (string != NULL)
		explicit_bzero((char *)(uintptr_t)string, strlen(string));
}

/* Not json_object_get_string(): of what is no string that writes a text anew. */
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
	/* The same flags: the text that is there already is given its place. */
	if (root != NULL)
		wipe_string(json_object_to_json_string_ext(root, PRINT_FLAGS));
	wipe_values(root);
}

bool json_print(struct json_object *root)
{
	const char *text = json_object_to_json_string_ext(root, PRINT_FLAGS);

	if (text == NULL) {
		terminal_out_of_memory();
		return false;
	}
	if (terminal_say("%s\n", text))
		return true;
	terminal_complain("cannot write to standard output: %s", strerror(errno));
	return false;
}
