/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/manage/status_json.h"

#include <stdbool.h>

#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "exchange/otp_key.h"

/* A change that could break a program that reads it makes this greater. */
#define JSON_VERSION 1

static bool put_number(struct json_object *object, const char *name, int64_t number)
{
	return json_put(object, name, json_object_new_int64(number));
}

/* A time, or null for 0. */
static bool put_time(struct json_object *object, const char *name, int64_t time)
{
	return time > 0 ? put_number(object, name, time) : json_put_string(object, name, NULL);
}

static const char *kind_name(enum summary_kind kind)
{
	return kind == SUMMARY_TOTP ? "totp" : kind == SUMMARY_HOTP ? "hotp" : "emergency";
}

static bool put_times(struct json_object *object, const struct user_status *user)
{
	const char *from;
	int64_t latest = user_status_last_used(user, &from);

	return put_time(object, "last_used", latest) &&
	       json_put_string(object, "last_used_from", from) &&
	       put_time(object, "last_login", user->summary.used.login) &&
	       put_time(object, "last_code", user->summary.used.code) &&
	       put_time(object, "last_attempt", user->summary.used.attempt);
}

static bool put_devices(struct json_object *object, const struct credential_summary *summary)
{
	struct json_object *array = json_object_new_array();
	bool done = array != NULL;

	for (size_t i = 0; done && i < summary->device_count; i++)
		done = json_add_string(array, summary->devices[i]);
	if (done)
		return json_put(object, "devices", array);
	json_object_put(array);
	return false;
}

static bool put_summary(struct json_object *object, const struct user_status *user)
{
	const struct credential_summary *summary = &user->summary;
	bool totp = summary->kind == SUMMARY_TOTP;

	return json_put_string(object, "kind", kind_name(summary->kind)) &&
	       json_put_string(object, "algorithm", hmac_algorithm_name(summary->algorithm)) &&
	       put_number(object, "digits", summary->digits) &&
	       put_time(object, "period", totp ? summary->period : 0) &&
	       put_time(object, "pending_until",
		       summary->pending.pending ? summary->pending.until : 0) &&
	       put_number(object, "plain_codes_left", summary->plain_codes) &&
	       put_number(object, "hashed_codes_left", summary->hashed_codes) &&
	       json_put(object, "limited", json_object_new_boolean(summary->limited)) &&
	       put_time(object, "retry_after", summary->limited ? summary->retry_after : 0) &&
	       json_put_string(
		       object, "label", summary->label[0] != '\0' ? summary->label : NULL) &&
	       put_devices(object, summary) && put_times(object, user);
}

static bool put_user(struct json_object *object, const struct user_status *user)
{
	bool enrolled = user_state_exit_status(user->state) == STATUS_DONE;

	return json_put_string(object, "user", user->name) &&
	       json_put_string(object, "state", user_state_name(user->state)) &&
	       json_put(object, "enrolled", json_object_new_boolean(enrolled)) &&
	       json_put_string(object, "file", user->path) &&
	       json_put_string(object, "message",
		       enrolled || user->state == USER_STATE_NOT_ENROLLED
			       ? NULL
			       : user->error.message) &&
	       (!enrolled || put_summary(object, user));
}

static bool put_users(struct json_object *root, const struct user_status *users, size_t count)
{
	struct json_object *array = json_object_new_array();
	bool done = array != NULL;

	for (size_t i = 0; done && i < count; i++) {
		struct json_object *object = json_object_new_object();

		done = put_user(object, &users[i]) && json_object_array_add(array, object) == 0;
		if (!done)
			json_object_put(object);
	}
	if (done)
		return json_put(root, "users", array);
	json_object_put(array);
	return false;
}

enum exit_status status_json_print(
	const struct user_status *users, size_t count, enum exit_status exit_status)
{
	struct json_object *root = json_object_new_object();
	enum exit_status status = STATUS_STORE_ERROR;

	if (!put_number(root, "version", JSON_VERSION) ||
		!put_number(root, "status", (int64_t)exit_status) ||
		!put_users(root, users, count))
		terminal_out_of_memory();
	else if (json_print(root))
		status = STATUS_DONE;
	json_object_put(root);
	return status;
}
