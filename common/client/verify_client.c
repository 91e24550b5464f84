/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/verify_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/wipe.h"
#include "client/daemon_reply.h"
#include "core/typed.h"

/* A user or a code that the daemon does not even look up. */
#define INVALID_PARAMETER "org.varlink.service.InvalidParameter"

/* Bytes that no code has become '?', because JSON takes no others than UTF-8. The code
 * stays a wrong one. */
static void append_code(struct text *request, const char *code)
{
	struct typed typed;

	typed_read(&typed, code, false);
	for (size_t i = 0; i < typed.length; i++)
		if (typed.text[i] < ' ' || typed.text[i] > '~')
			typed.text[i] = '?';
	(void)json_append(request, typed.text);
	WIPE_OBJECT(&typed);
}

/* A string that may be missing. */
static bool take_optional_string(
	const struct json_value *parameters, const char *name, struct json_value *string)
{
	if (!json_member(parameters, name, string))
		return false;
	return string->kind == JSON_STRING || string->kind == JSON_NULL ||
	       string->kind == JSON_ABSENT;
}

static enum totpgroup_method method_of(const struct json_value *name)
{
	for (int method = TOTPGROUP_METHOD_NONE + 1; method <= TOTPGROUP_METHOD_GRACE; method++)
		if (json_is(name, totpgroup_method_name((enum totpgroup_method)method)))
			return (enum totpgroup_method)method;
	return TOTPGROUP_METHOD_NONE;
}

static bool take_numbers(const struct json_value *parameters, struct totpgroup_result *result)
{
	struct json_value retry_after, offset;

	if (!json_member(parameters, "retry_after", &retry_after) ||
		!json_integer(&retry_after, 0, INT64_MAX, &result->retry_after) ||
		!json_member(parameters, "offset", &offset))
		return false;
	if (offset.kind == JSON_ABSENT || offset.kind == JSON_NULL)
		return true;
	result->offset_known = true;
	return json_integer(&offset, INT64_MIN, INT64_MAX, &result->offset);
}

/* An acceptance with a reason for a refusal is malformed. */
static bool take_verdict(const struct json_value *parameters, struct totpgroup_result *result)
{
	struct json_value verdict, reason, method;

	if (!json_member(parameters, "result", &verdict) ||
		!take_optional_string(parameters, "reason", &reason) ||
		!take_optional_string(parameters, "method", &method))
		return false;
	if (json_is(&verdict, "accepted")) {
		result->method = method_of(&method);
		if (reason.kind == JSON_STRING && !json_is(&reason, "none"))
			return false;
		result->verdict = TOTPGROUP_ACCEPTED;
		return true;
	}
	if (json_is(&verdict, "limited"))
		result->reason = TOTPGROUP_REASON_RATE_LIMITED;
	else
		result->reason = daemon_reason(&reason);
	return json_is(&verdict, "limited") || json_is(&verdict, "refused");
}

static enum verify_answer take_result(const struct verify_client *client,
	const struct daemon_reply *reply, struct totpgroup_result *result, struct error *error)
{
	struct totpgroup_result told = TOTPGROUP_RESULT_INIT;

	if (json_is(&reply->error, INVALID_PARAMETER)) {
		result->reason = TOTPGROUP_REASON_WRONG_CODE;
		return VERIFY_ANSWERED;
	}
	if (reply->error.kind != JSON_ABSENT)
		return daemon_answer_error(client, reply, error);
	if (!take_numbers(&reply->parameters, &told) ||
		!take_verdict(&reply->parameters, &told)) {
		daemon_fail_malformed(client->path, error);
		return VERIFY_FAILED;
	}
	*result = told;
	return VERIFY_ANSWERED;
}

/* What is malformed is left out: it is for the log alone. */
static void take_told(const struct json_value *parameters, struct verify_told *told)
{
	struct json_value device, behind;

	if (!json_member(parameters, "device", &device) ||
		!json_string(&device, told->device, sizeof told->device))
		*told->device = '\0';
	if (!json_member(parameters, "counter_behind", &behind) ||
		!json_integer(&behind, 0, INT64_MAX, &told->counter_behind))
		told->counter_behind = 0;
}

/* How much of the text is the code; an acceptance has to say it. */
static bool take_code_length(const struct daemon_reply *reply, size_t length,
	const struct totpgroup_result *result, size_t *code_length)
{
	struct json_value value;
	int64_t number;

	if (result->verdict != TOTPGROUP_ACCEPTED)
		return true;
	if (!json_member(&reply->parameters, "code_length", &value) ||
		!json_integer(&value, 1, (int64_t)length, &number))
		return false;
	*code_length = (size_t)number;
	return true;
}

/* Asks about one text. With code_length, which may be NULL, the text is an end. */
static enum verify_answer ask(const struct verify_client *client, const char *user,
	const char *typed, const struct verify_login *login, struct totpgroup_result *result,
	size_t *code_length, struct error *error)
{
	const char *method = code_length != NULL ? "VerifyEnd" : "Verify";
	struct text request = TEXT_INIT;
	struct daemon_reply reply = {.text = TEXT_INIT};
	enum verify_answer answer = VERIFY_FAILED;
	int status;

	*result = (struct totpgroup_result)TOTPGROUP_RESULT_INIT;
	(void)text_append_format(&request,
		"{\"method\":\"" DAEMON_INTERFACE ".%s\",\"parameters\":{\"user\":", method);
	status = json_append(&request, user);
	if (typed != NULL) {
		text_append_string(&request, code_length != NULL ? ",\"end\":" : ",\"code\":");
		append_code(&request, typed);
	}
	daemon_append_login(&request, login);
	text_append_string(&request, "}}");
	if (status == TOTPGROUP_EARGUMENT)
		error_set(error, status, "the user's name is not UTF-8");
	else if (request.status != 0)
		error_set(error, request.status, "out of memory");
	else
		answer = daemon_call_once(client, &request, &reply, error);
	if (answer == VERIFY_ANSWERED)
		answer = take_result(client, &reply, result, error);
	if (answer == VERIFY_ANSWERED && login != NULL && login->told != NULL)
		take_told(&reply.parameters, login->told);
	if (answer == VERIFY_ANSWERED && code_length != NULL &&
		!take_code_length(&reply, strlen(typed), result, code_length)) {
		*result = (struct totpgroup_result)TOTPGROUP_RESULT_INIT;
		daemon_fail_malformed(client->path, error);
		answer = VERIFY_FAILED;
	}
	text_free(&request);
	text_free(&reply.text);
	return answer;
}

enum verify_answer verify_client_ask(const struct verify_client *client, const char *user,
	const char *code, const struct verify_login *login, struct totpgroup_result *result,
	struct error *error)
{
	return ask(client, user, code, login, result, NULL, error);
}

enum verify_answer verify_client_ask_end(const struct verify_client *client, const char *user,
	const char *end, const struct verify_login *login, struct totpgroup_result *result,
	size_t *code_length, struct error *error)
{
	*code_length = 0;
	return ask(client, user, end, login, result, code_length, error);
}

static bool has_interface(const struct json_value *parameters)
{
	struct json_value interfaces, item = {JSON_ABSENT, NULL, 0};

	if (!json_member(parameters, "interfaces", &interfaces))
		return false;
	while (json_next(&interfaces, &item, &item))
		if (json_is(&item, DAEMON_INTERFACE))
			return true;
	return false;
}

enum verify_answer verify_client_look(const struct verify_client *client, struct error *error)
{
	struct text request = TEXT_INIT;
	struct daemon_reply reply = {.text = TEXT_INIT};
	enum verify_answer answer = VERIFY_FAILED;

	if (text_append_string(&request, "{\"method\":\"org.varlink.service.GetInfo\"}") != 0)
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	else
		answer = daemon_call_once(client, &request, &reply, error);
	if (answer == VERIFY_ANSWERED && reply.error.kind != JSON_ABSENT) {
		answer = daemon_answer_error(client, &reply, error);
	} else if (answer == VERIFY_ANSWERED && !has_interface(&reply.parameters)) {
		daemon_fail(client->path, "it is something else than totp-verifyd", "", error);
		answer = VERIFY_FAILED;
	}
	text_free(&request);
	text_free(&reply.text);
	return answer;
}

/* The answers to a code or to a wish for a secret that are errors in the protocol. */
static enum enroll_answer answer_enroll_error(const struct enroll_client *enroll,
	const struct daemon_reply *reply, struct error *error)
{
	static const struct {
		const char *name;
		enum enroll_answer answer;
		int code;
		const char *sentence;
	} answers[] = {
		{DAEMON_INTERFACE ".NotPermitted", ENROLL_NOT_PERMITTED, TOTPGROUP_EUNSAFE,
			"only root may do that: totp-verifyd lets no user enroll here"},
		{DAEMON_INTERFACE ".AlreadyEnrolled", ENROLL_ALREADY, TOTPGROUP_ECONFLICT,
			"there is a secret already, and only root may replace it"},
		{INVALID_PARAMETER, ENROLL_WRONG_CODE, TOTPGROUP_EARGUMENT, "that is no code"},
		{DAEMON_INTERFACE ".NotEnrolling", ENROLL_GIVEN_UP, TOTPGROUP_ENOTFOUND,
			"too many wrong codes: nothing was stored; begin anew"},
	};

	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		if (json_is(&reply->error, answers[i].name)) {
			error_set(error, answers[i].code, "%s", answers[i].sentence);
			return answers[i].answer;
		}
	daemon_fail_by_reply(reply, enroll->link.path, error);
	return ENROLL_FAILED;
}

static enum enroll_answer call_enrolling(struct enroll_client *enroll,
	const struct text *request, struct daemon_reply *reply, struct error *error)
{
	if (daemon_call(&enroll->link, request, reply, error) != 0)
		return ENROLL_FAILED;
	return reply->error.kind == JSON_ABSENT ? ENROLL_DONE
						: answer_enroll_error(enroll, reply, error);
}

/* A URI and emergency codes go to a terminal: they are ASCII without blanks and controls. */
static bool is_printable(const char *string)
{
	for (; *string != '\0'; string++)
		if (*string <= ' ' || *string > '~')
			return false;
	return true;
}

static bool take_uri(struct enroll_client *enroll, const struct json_value *parameters)
{
	char uri[1024];
	struct json_value value;
	bool taken = json_member(parameters, "uri", &value) &&
		     json_string(&value, uri, sizeof uri) &&
		     strncmp(uri, "otpauth://", strlen("otpauth://")) == 0 &&
		     is_printable(uri) && text_append_string(&enroll->uri, uri) == 0;

	WIPE_ARRAY(uri);
	return taken;
}

static bool take_emergency_codes(
	struct enroll_client *enroll, const struct json_value *parameters)
{
	struct emergency_codes *codes = &enroll->codes;
	struct json_value array, item = {JSON_ABSENT, NULL, 0};

	if (!json_member(parameters, "emergency_codes", &array) || array.kind != JSON_ARRAY)
		return false;
	while (json_next(&array, &item, &item)) {
		char *code =
			codes->count < EMERGENCY_CODES_MAX ? codes->code[codes->count] : NULL;

		if (code == NULL || !json_string(&item, code, sizeof codes->code[0]) ||
			!is_printable(code))
			return false;
		codes->count++;
	}
	return true;
}

enum enroll_answer enroll_client_begin(
	struct enroll_client *enroll, const struct verify_client *client, struct error *error)
{
	struct text request = TEXT_INIT;
	struct daemon_reply reply = {.text = TEXT_INIT};
	enum enroll_answer answer = ENROLL_FAILED;

	if (text_append_string(&request, "{\"method\":\"" DAEMON_INTERFACE ".Enroll\"}") != 0)
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	else if (varlink_connect(&enroll->link, client->path, client->milliseconds, error) == 0)
		answer = call_enrolling(enroll, &request, &reply, error);
	if (answer == ENROLL_DONE &&
		(!take_uri(enroll, &reply.parameters) ||
			!take_emergency_codes(enroll, &reply.parameters))) {
		daemon_fail_malformed(client->path, error);
		answer = ENROLL_FAILED;
	}
	text_free(&request);
	text_free(&reply.text);
	return answer;
}

static enum enroll_answer take_confirmation(const struct enroll_client *enroll,
	const struct daemon_reply *reply, struct error *error)
{
	struct json_value result;

	if (json_member(&reply->parameters, "result", &result)) {
		if (json_is(&result, "accepted"))
			return ENROLL_DONE;
		if (json_is(&result, "refused"))
			return ENROLL_WRONG_CODE;
	}
	daemon_fail_malformed(enroll->link.path, error);
	return ENROLL_FAILED;
}

enum enroll_answer enroll_client_confirm(
	struct enroll_client *enroll, const char *code, struct error *error)
{
	struct text request = TEXT_INIT;
	struct daemon_reply reply = {.text = TEXT_INIT};
	enum enroll_answer answer = ENROLL_FAILED;

	text_append_string(&request,
		"{\"method\":\"" DAEMON_INTERFACE ".Confirm\",\"parameters\":{\"code\":");
	append_code(&request, code);
	if (text_append_string(&request, "}}") != 0)
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	else if (varlink_reset_deadline(&enroll->link, error) == 0)
		answer = call_enrolling(enroll, &request, &reply, error);
	if (answer == ENROLL_DONE)
		answer = take_confirmation(enroll, &reply, error);
	text_free(&request);
	text_free(&reply.text);
	return answer;
}

void enroll_client_end(struct enroll_client *enroll)
{
	varlink_close(&enroll->link);
	text_free(&enroll->uri);
	WIPE_OBJECT(&enroll->codes);
}
