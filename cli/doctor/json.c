/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/json.h"

#include "cli/doctor/print.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"

/* A change that could break a program that reads it makes this greater. */
#define JSON_VERSION 1

static const char *const action_names[] = {
	[MEND_NONE] = "none",
	[MEND_REPLACE] = "replace",
	[MEND_ADD] = "add",
	[MEND_REMOVE] = "remove",
	[MEND_RUN] = "run",
};

static const char *const mend_names[FINDING_MENDS] = {"mend", "alternative"};

static struct json_object *mend_object(const struct mend *given)
{
	struct json_object *mend = json_object_new_object();
	bool done = json_put_string(mend, "action", action_names[given->action]);

	if (given->file != NULL)
		done = done && json_put_string(mend, "file", given->file);
	if (given->line > 0)
		done = done && json_put(mend, "line", json_object_new_int64(given->line));
	if (done && json_put_string(mend, "text", given->text))
		return mend;
	json_object_put(mend);
	return NULL;
}

static struct json_object *finding_object(const struct finding *finding)
{
	struct json_object *object = json_object_new_object();
	bool done = json_put_string(object, "check", finding->check) &&
		    json_put_string(object, "level", finding_level_name(finding->level)) &&
		    json_put_string(object, "what", finding->what != NULL ? finding->what : "");

	if (finding->why != NULL)
		done = done && json_put_string(object, "why", finding->why);
	for (size_t i = 0; i < FINDING_MENDS; i++)
		if (finding->mends[i].text != NULL)
			done = done &&
			       json_put(object, mend_names[i], mend_object(&finding->mends[i]));
	if (done)
		return object;
	json_object_put(object);
	return NULL;
}

static bool put_findings(struct json_object *root, const struct report *report)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array != NULL && i < report->count; i++) {
		struct json_object *object = finding_object(report->findings[i]);

		if (object != NULL && json_object_array_add(array, object) == 0)
			continue;
		json_object_put(object);
		json_object_put(array);
		return false;
	}
	return json_put(root, "findings", array);
}

bool doctor_json_print(const struct report *report, const char *service)
{
	struct json_object *root = json_object_new_object();
	enum exit_status status = report_status(report);
	bool done = json_put(root, "version", json_object_new_int(JSON_VERSION)) &&
		    json_put_string(root, "service", service) &&
		    json_put(root, "status", json_object_new_int((int)status)) &&
		    put_findings(root, report);

	if (done)
		done = json_print(root);
	else
		terminal_out_of_memory();
	json_object_put(root);
	return done;
}
