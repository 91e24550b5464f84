/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "client/enroll_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "base/wipe.h"
#include "client/daemon_message.h"
#include "totpgroup.h"

static const struct {
	const char *name;
	enum enroll_answer answer;
	int code;
	const char *sentence;
} endings[] = {
	{DAEMON_INTERFACE ".NotPermitted", ENROLL_NOT_PERMITTED, TOTPGROUP_EUNSAFE,
		"only root may do that: totp-verifyd lets no user enroll here"},
	{DAEMON_INTERFACE ".AlreadyEnrolled", ENROLL_ALREADY, TOTPGROUP_ECONFLICT,
		"there is a secret already, and only root may replace it"},
	{"org.varlink.service.InvalidParameter", ENROLL_WRONG_CODE, TOTPGROUP_EARGUMENT,
		"that is no code"},
	{DAEMON_INTERFACE ".NotEnrolling", ENROLL_GIVEN_UP, TOTPGROUP_ENOTFOUND,
		"too many wrong codes: nothing was stored; begin anew"},
};

static enum enroll_answer no_sense(const struct enroll_client *enroll, struct error *error)
{
	daemon_reply_makes_no_sense(enroll->link.path, error);
	return ENROLL_FAILED;
}

static enum enroll_answer explain(const struct enroll_client *enroll,
	const struct daemon_reply *reply, struct error *error)
{
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (json_is(&reply->error, endings[i].name)) {
			error_set(error, endings[i].code, "%s", endings[i].sentence);
			return endings[i].answer;
		}
	daemon_reply_explain(reply, enroll->link.path, error);
	return ENROLL_FAILED;
}

/* The reply lies in text. */
static enum enroll_answer call(struct enroll_client *enroll, const struct text *request,
	struct text *text, struct daemon_reply *reply, struct error *error)
{
	if (varlink_call(&enroll->link, request, text, error) != 0)
		return ENROLL_FAILED;
	if (!daemon_reply_read(reply, text))
		return no_sense(enroll, error);
	return reply->error.kind == JSON_ABSENT ? ENROLL_DONE : explain(enroll, reply, error);
}

static bool take_uri(struct enroll_client *enroll, const struct json_value *parameters)
{
	char uri[1024];
	struct json_value value;
	bool taken = json_member(parameters, "uri", &value) &&
		     json_string(&value, uri, sizeof uri) &&
		     text_append_format(&enroll->uri, "%s", uri) == 0;

	WIPE_ARRAY(uri);
	return taken;
}

/* What is going to a terminal. */
static bool take_code(const struct json_value *value, char *code, size_t size)
{
	return json_string(value, code, size) && !ascii_has_control(code, strlen(code));
}

static bool take_codes(struct enroll_client *enroll, const struct json_value *parameters)
{
	struct emergency_codes *codes = &enroll->codes;
	struct json_value array, item = {JSON_ABSENT, NULL, 0};

	if (!json_member(parameters, "emergency_codes", &array) || array.kind != JSON_ARRAY)
		return false;
	while (json_next(&array, &item, &item)) {
		if (codes->count == EMERGENCY_CODES_MAX ||
			!take_code(&item, codes->code[codes->count],
				sizeof codes->code[codes->count]))
			return false;
		codes->count++;
	}
	return true;
}

enum enroll_answer enroll_client_begin(
	struct enroll_client *enroll, const struct verify_client *client, struct error *error)
{
	struct text request = TEXT_INIT, text = TEXT_INIT;
	enum enroll_answer answer = ENROLL_FAILED;
	struct daemon_reply reply;

	if (text_append_format(&request, "{\"method\":\"" DAEMON_INTERFACE ".Enroll\"}") != 0)
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	else if (varlink_connect(&enroll->link, client->path, client->milliseconds, error) == 0)
		answer = call(enroll, &request, &text, &reply, error);
	if (answer == ENROLL_DONE &&
		!(take_uri(enroll, &reply.parameters) && take_codes(enroll, &reply.parameters)))
		answer = no_sense(enroll, error);
	text_free(&request);
	text_free(&text);
	return answer;
}

static int append_confirm(struct text *request, const char *code)
{
	int status = text_append_format(request,
		"{\"method\":\"" DAEMON_INTERFACE ".Confirm\",\"parameters\":{\"code\":");

	if (status == 0)
		status = daemon_append_code(request, code);
	return status == 0 ? text_append_format(request, "}}") : status;
}

static enum enroll_answer judge(const struct enroll_client *enroll,
	const struct daemon_reply *reply, struct error *error)
{
	struct json_value word;

	if (json_member(&reply->parameters, "result", &word)) {
		if (json_is(&word, "accepted"))
			return ENROLL_DONE;
		if (json_is(&word, "refused"))
			return ENROLL_WRONG_CODE;
	}
	return no_sense(enroll, error);
}

enum enroll_answer enroll_client_confirm(
	struct enroll_client *enroll, const char *code, struct error *error)
{
	struct text request = TEXT_INIT, text = TEXT_INIT;
	enum enroll_answer answer = ENROLL_FAILED;
	struct daemon_reply reply;

	if (append_confirm(&request, code) != 0)
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	else if (varlink_renew(&enroll->link, error) == 0)
		answer = call(enroll, &request, &text, &reply, error);
	if (answer == ENROLL_DONE)
		answer = judge(enroll, &reply, error);
	text_free(&request);
	text_free(&text);
	return answer;
}

void enroll_client_end(struct enroll_client *enroll)
{
	varlink_close(&enroll->link);
	text_free(&enroll->uri);
	WIPE_OBJECT(&enroll->codes);
}
