/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "client/verify_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "client/daemon_message.h"
#include "client/varlink.h"

static enum verify_answer not_permitted(struct error *error)
{
	error_set(error, TOTPGROUP_EUNSAFE,
		"totp-verifyd does not answer uid %u about that user", (unsigned int)geteuid());
	return VERIFY_NOT_PERMITTED;
}

static int append_question(struct text *request, const char *user, const char *code)
{
	int status = text_append_format(request,
		"{\"method\":\"" DAEMON_INTERFACE ".Verify\",\"parameters\":{\"user\":");

	if (status == 0)
		status = json_append(request, user);
	if (status == 0)
		status = text_append_format(request, ",\"code\":");
	if (status == 0)
		status = daemon_append_code(request, code);
	return status == 0 ? text_append_format(request, "}}") : status;
}

/* One connection for one call. */
static enum verify_answer call(const struct verify_client *client, const struct text *request,
	struct text *reply, struct error *error)
{
	struct varlink link = VARLINK_INIT;
	int status = varlink_connect(&link, client->path, client->milliseconds, error);

	if (status == 0)
		status = varlink_call(&link, request, reply, error);
	varlink_close(&link);
	if (status == TOTPGROUP_ENOTFOUND)
		return VERIFY_NO_SOCKET;
	return status == 0 ? VERIFY_ANSWERED : VERIFY_FAILED;
}

/* What became of an answer that is no verdict. */
static enum verify_answer explain(const struct verify_client *client,
	const struct daemon_reply *reply, struct error *error)
{
	if (json_is(&reply->error, DAEMON_INTERFACE ".NotPermitted"))
		return not_permitted(error);
	daemon_reply_explain(reply, client->path, error);
	return VERIFY_FAILED;
}

static enum verify_answer no_sense(const struct verify_client *client, struct error *error)
{
	daemon_reply_makes_no_sense(client->path, error);
	return VERIFY_FAILED;
}

/* A word that need not be there. */
static bool take_word(
	const struct json_value *parameters, const char *name, struct json_value *word)
{
	if (!json_member(parameters, name, word))
		return false;
	return word->kind == JSON_STRING || word->kind == JSON_NULL ||
	       word->kind == JSON_ABSENT;
}

/* Why it was refused, in the words of the log. */
static enum totpgroup_reason reason_of(const struct json_value *word)
{
	for (int reason = TOTPGROUP_REASON_NONE + 1; reason <= TOTPGROUP_REASON_PENDING_EXPIRED;
		reason++)
		if (json_is(word, totpgroup_reason_name((enum totpgroup_reason)reason)))
			return (enum totpgroup_reason)reason;
	return TOTPGROUP_REASON_WRONG_CODE;
}

static enum totpgroup_method method_of(const struct json_value *word)
{
	for (int method = TOTPGROUP_METHOD_NONE + 1; method <= TOTPGROUP_METHOD_GRACE; method++)
		if (json_is(word, totpgroup_method_name((enum totpgroup_method)method)))
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

/* The verdict. An acceptance for which there is a reason is none. */
static bool take_verdict(const struct json_value *parameters, struct totpgroup_result *result)
{
	struct json_value word, reason, method;

	if (!json_member(parameters, "result", &word) ||
		!take_word(parameters, "reason", &reason) ||
		!take_word(parameters, "method", &method))
		return false;
	if (json_is(&word, "accepted")) {
		result->method = method_of(&method);
		if (reason.kind == JSON_STRING && !json_is(&reason, "none"))
			return false;
		result->verdict = TOTPGROUP_ACCEPTED;
		return true;
	}
	if (json_is(&word, "limited"))
		result->reason = TOTPGROUP_REASON_RATE_LIMITED;
	else
		result->reason = reason_of(&reason);
	return json_is(&word, "limited") || json_is(&word, "refused");
}

static enum verify_answer read_answer(const struct verify_client *client,
	const struct text *text, struct totpgroup_result *result, struct error *error)
{
	struct totpgroup_result told = TOTPGROUP_RESULT_INIT;
	struct daemon_reply reply;

	if (!daemon_reply_read(&reply, text))
		return no_sense(client, error);
	/* What it takes for no user or no code is not a right one. */
	if (json_is(&reply.error, "org.varlink.service.InvalidParameter")) {
		result->reason = TOTPGROUP_REASON_WRONG_CODE;
		return VERIFY_ANSWERED;
	}
	if (reply.error.kind != JSON_ABSENT)
		return explain(client, &reply, error);
	if (!take_numbers(&reply.parameters, &told) || !take_verdict(&reply.parameters, &told))
		return no_sense(client, error);
	*result = told;
	return VERIFY_ANSWERED;
}

enum verify_answer verify_client_ask(const struct verify_client *client, const char *user,
	const char *code, struct totpgroup_result *result, struct error *error)
{
	struct text request = TEXT_INIT, reply = TEXT_INIT;
	enum verify_answer answer = VERIFY_FAILED;
	int status = append_question(&request, user, code);

	*result = (struct totpgroup_result)TOTPGROUP_RESULT_INIT;
	if (status == TOTPGROUP_EARGUMENT)
		error_set(error, status, "the user's name is not UTF-8");
	else if (status != 0)
		error_set(error, status, "out of memory");
	else
		answer = call(client, &request, &reply, error);
	if (answer == VERIFY_ANSWERED)
		answer = read_answer(client, &reply, result, error);
	text_free(&request);
	text_free(&reply);
	return answer;
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

static enum verify_answer read_info(
	const struct verify_client *client, const struct text *text, struct error *error)
{
	struct daemon_reply reply;

	if (!daemon_reply_read(&reply, text))
		return no_sense(client, error);
	if (reply.error.kind != JSON_ABSENT)
		return explain(client, &reply, error);
	if (has_interface(&reply.parameters))
		return VERIFY_ANSWERED;
	daemon_reply_fail(client->path, "it is something else than totp-verifyd", "", error);
	return VERIFY_FAILED;
}

enum verify_answer verify_client_look(const struct verify_client *client, struct error *error)
{
	struct text request = TEXT_INIT, reply = TEXT_INIT;
	enum verify_answer answer = VERIFY_FAILED;

	if (text_append_format(&request, "{\"method\":\"org.varlink.service.GetInfo\"}") != 0)
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	else
		answer = call(client, &request, &reply, error);
	if (answer == VERIFY_ANSWERED)
		answer = read_info(client, &reply, error);
	text_free(&request);
	text_free(&reply);
	return answer;
}
