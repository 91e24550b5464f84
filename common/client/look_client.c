/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What totp-verifyd does for root's logins beside judging codes. */
#include "config.h"

#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "client/daemon_reply.h"

#define NAME_MAX_BYTES 255

/* A name that a stranger chose must not make the call malformed or too long. */
static bool is_name(const char *name)
{
	size_t length = name != NULL ? strlen(name) : 0, at = 0;

	while (at < length && utf8_length(name + at) > 0)
		at += utf8_length(name + at);
	return length > 0 && length <= NAME_MAX_BYTES && at == length &&
	       !ascii_has_control(name, length);
}

static void append_name(struct text *request, const char *key, const char *name)
{
	if (!is_name(name))
		return;
	(void)text_append_format(request, ",\"%s\":", key);
	(void)json_append(request, name);
}

void daemon_append_login(struct text *request, const struct verify_login *login)
{
	static const char *const turns[] = {NULL, "first", "last", "unneeded"};

	if (login == NULL)
		return;
	append_name(request, "service", login->service);
	append_name(request, "rhost", login->rhost);
	append_name(request, "session", login->session);
	append_name(request, "turn", turns[login->turn]);
}

/* Begins a call about a user; the parameters are left open. Returns 0, or an error. */
static int begin_request(
	struct text *request, const char *method, const char *user, struct error *error)
{
	int status;

	(void)text_append_format(request,
		"{\"method\":\"" DAEMON_INTERFACE ".%s\",\"parameters\":{\"user\":", method);
	status = json_append(request, user);
	if (status == TOTPGROUP_EARGUMENT)
		return error_set(error, status, "the user's name is not UTF-8");
	return status != 0 ? error_set(error, status, "out of memory") : 0;
}

static bool take_string(
	const struct json_value *parameters, const char *name, struct json_value *string)
{
	return json_member(parameters, name, string) && string->kind == JSON_STRING;
}

static bool take_flag(const struct json_value *parameters, const char *name, bool *flag)
{
	struct json_value value;

	if (!json_member(parameters, name, &value) || value.kind != JSON_BOOLEAN)
		return false;
	*flag = json_is_true(&value);
	return true;
}

static bool take_number(const struct json_value *parameters, const char *name, int64_t *number)
{
	struct json_value value;

	return json_member(parameters, name, &value) &&
	       json_integer(&value, 0, INT64_MAX, number);
}

static bool take_not_enrolled(const struct json_value *parameters, struct verify_look *look)
{
	struct json_value roll_out;

	if (!take_string(parameters, "roll_out", &roll_out) ||
		!take_flag(parameters, "enroll", &look->enroll))
		return false;
	look->is_over = json_is(&roll_out, "over");
	look->passes = json_is(&roll_out, "open") &&
		       take_number(parameters, "days_left", &look->days_left);
	return look->passes || look->is_over || json_is(&roll_out, "none");
}

/* A reason is there for each refusal, and may be there where a code is asked for. */
static bool take_reason(const struct json_value *parameters, struct verify_look *look)
{
	struct json_value reason;

	if (!json_member(parameters, "reason", &reason))
		return false;
	if (reason.kind == JSON_ABSENT)
		return look->kind == VERIFY_LOOK_ASK;
	look->reason = daemon_reason(&reason);
	return reason.kind == JSON_STRING;
}

static bool take_look(const struct json_value *parameters, struct verify_look *look)
{
	struct json_value result;

	if (!take_string(parameters, "result", &result))
		return false;
	if (json_is(&result, "not_enrolled")) {
		look->kind = VERIFY_LOOK_NOT_ENROLLED;
		return take_not_enrolled(parameters, look);
	}
	if (json_is(&result, "limited")) {
		look->kind = VERIFY_LOOK_LIMITED;
		return take_number(parameters, "retry_after", &look->retry_after);
	}
	if (json_is(&result, "grace")) {
		look->kind = VERIFY_LOOK_GRACE;
		return true;
	}
	look->kind = json_is(&result, "ask") ? VERIFY_LOOK_ASK : VERIFY_LOOK_REFUSED;
	return (look->kind == VERIFY_LOOK_ASK || json_is(&result, "refused")) &&
	       take_reason(parameters, look);
}

/* A daemon that was started before the last upgrade does not know the method. */
static enum verify_answer answer_error(const struct verify_client *client,
	const struct daemon_reply *reply, struct error *error)
{
	if (!json_is(&reply->error, "org.varlink.service.MethodNotFound"))
		return daemon_answer_error(client, reply, error);
	daemon_fail(client->path,
		"it is older than this program; 'systemctl restart totp-verifyd'", "", error);
	return VERIFY_FAILED;
}

enum verify_answer verify_client_examine(const struct verify_client *client, const char *user,
	const struct verify_login *login, bool explains, struct verify_look *look,
	struct error *error)
{
	struct text request = TEXT_INIT;
	struct daemon_reply reply = {.text = TEXT_INIT};
	enum verify_answer answer = VERIFY_FAILED;

	*look = (struct verify_look){.kind = VERIFY_LOOK_REFUSED};
	if (begin_request(&request, "Look", user, error) == 0) {
		daemon_append_login(&request, login);
		if (explains)
			append_name(&request, "purpose", "explain");
		if (text_append_string(&request, "}}") != 0)
			error_set(error, TOTPGROUP_EMEMORY, "out of memory");
		else
			answer = daemon_call_once(client, &request, &reply, error);
	}
	if (answer == VERIFY_ANSWERED &&
		json_is(&reply.error, "org.varlink.service.InvalidParameter")) {
		/* A name that the daemon does not even look up. */
		look->kind = VERIFY_LOOK_ASK;
		look->reason = TOTPGROUP_REASON_NOT_ENROLLED;
	} else if (answer == VERIFY_ANSWERED && reply.error.kind != JSON_ABSENT) {
		answer = answer_error(client, &reply, error);
	} else if (answer == VERIFY_ANSWERED && !take_look(&reply.parameters, look)) {
		*look = (struct verify_look){.kind = VERIFY_LOOK_REFUSED};
		daemon_fail_malformed(client->path, error);
		answer = VERIFY_FAILED;
	}
	text_free(&request);
	text_free(&reply.text);
	return answer;
}

static int judge_created(const struct verify_client *client, enum verify_answer answer,
	const struct daemon_reply *reply, struct error *error)
{
	if (answer == VERIFY_ANSWERED && reply->error.kind == JSON_ABSENT)
		return 0;
	if (answer != VERIFY_ANSWERED)
		return error->code;
	if (json_is(&reply->error, DAEMON_INTERFACE ".AlreadyEnrolled"))
		return error_set(error, TOTPGROUP_ECONFLICT, "the user has a secret already");
	(void)answer_error(client, reply, error);
	return error->code;
}

int verify_client_create(const struct verify_client *client, const char *user,
	const struct verify_login *login, const struct text *credential, struct error *error)
{
	struct text request = TEXT_INIT;
	struct daemon_reply reply = {.text = TEXT_INIT};
	enum verify_answer answer = VERIFY_FAILED;
	int status = begin_request(&request, "Create", user, error);

	if (status == 0) {
		(void)text_append_string(&request, ",\"credential\":");
		(void)json_append(&request, credential->data);
		daemon_append_login(&request, login);
		if (text_append_string(&request, "}}") != 0)
			status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	}
	if (status == 0) {
		answer = daemon_call_once(client, &request, &reply, error);
		status = judge_created(client, answer, &reply, error);
	}
	text_free(&request);
	text_free(&reply.text);
	return status;
}
