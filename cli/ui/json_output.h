/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* JSON for programs that read what this one prints. */
#ifndef TOTPGROUP_CLI_UI_JSON_OUTPUT_H
#define TOTPGROUP_CLI_UI_JSON_OUTPUT_H

#include <json-c/json.h>
#include <stdbool.h>

/* Puts a value, which it takes over, into an object; false, and the value is gone,
 * where either is NULL or memory is out. */
bool json_put(struct json_object *object, const char *name, struct json_object *value);

/* The same for a string, of which bytes that are not UTF-8 become '?'. NULL is
 * null. */
bool json_put_string(struct json_object *object, const char *name, const char *value);

/* The same at the end of an array. */
bool json_add_string(struct json_object *array, const char *value);

/* Prints to standard output; false, having said so, where that fails. */
bool json_print(struct json_object *root);

/* Erases all strings of a value, and the text that it was printed from: its end is
 * the last reference's json_object_put() afterwards. */
void json_wipe(struct json_object *root);

#endif
