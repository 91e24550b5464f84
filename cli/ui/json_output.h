/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* JSON for programs that read the output of this one. */
#ifndef TOTPGROUP_CLI_UI_JSON_OUTPUT_H
#define TOTPGROUP_CLI_UI_JSON_OUTPUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "cli/commands.h"

/* A change that could break programs that read a report increments this. */
#define JSON_REPORT_VERSION 1

/* Puts a value into an object, which owns it from then on. False, and the value is freed,
 * where either of them is NULL or memory is out. */
bool json_put(struct json_object *object, const char *name, struct json_object *value);

/* The same for a string, in which bytes that are not UTF-8 become '?'. NULL becomes null. */
bool json_put_string(struct json_object *object, const char *name, const char *value);

/* The same for a number and for true or false. */
bool json_put_number(struct json_object *object, const char *name, int64_t number);
bool json_put_bool(struct json_object *object, const char *name, bool value);

/* Puts a new array into an object, which owns it. NULL where object is NULL or memory is
 * out. */
struct json_object *json_put_array(struct json_object *object, const char *name);

/* Adds a string to the end of an array, as json_put_string() does. */
bool json_add_string(struct json_object *array, const char *value);

/* Prints to standard output. Reports a failure, and returns false. */
bool json_print(struct json_object *root);

/*
 * The same for a report whose list is too long to be in memory: its version and the beginning
 * of the list are printed, then one item after the other, then the end of the list and the
 * exit status. Each reports a failure, and returns false.
 *
 * An item is printed on a line of its own, and freed in any case; NULL where memory is out.
 * *any begins false, and says whether the list has an item. Many items are written in less time
 * by cli/ui/json_line.h.
 */
bool json_print_begin(const char *list);
bool json_print_item(struct json_object *item, bool *any);
bool json_print_end(bool any, enum exit_status status);

/* Appends a string in which each byte that is not UTF-8 has become '?'. Returns text->status. */
int json_append_repaired(struct text *text, const char *string);

/* Erases all strings of a value, and the text that was printed. The caller calls
 * json_object_put() afterwards. */
void json_wipe(struct json_object *root);

/* The report of one run of a command: its version, its exit status, and a list or members
 * of root. Begins with json_report_begin(), ends with json_report_free(), which erases
 * it. */
struct json_report {
	struct json_object *root;
	struct json_object *list; /* an array in root; NULL where there is none */
	bool failed;		  /* memory ran out, and the report is not complete */
};

/* list is the name of the list, or NULL. */
void json_report_begin(struct json_report *report, const char *list);

/* Adds an object to the list, which owns it. NULL where memory is out: json_put() fails on
 * that, and the caller sets failed. */
struct json_object *json_report_add(struct json_report *report);

/* Prints the report with this exit status. Reports what fails, and returns false: the exit
 * status is STATUS_STORE_ERROR then. */
bool json_report_print(struct json_report *report, enum exit_status status);

void json_report_free(struct json_report *report);

#endif
