/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "client/verify_client.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "base/wipe.h"
#include "client/varlink.h"
#include "core/typed.h"

#define INTERFACE "org.totpgroup.Verify"

static enum verify_answer fail(const struct verify_client *client, const char *what,
	const char *word, struct error *error)
{
	error_set(error, TOTPGROUP_ESYSTEM, "totp-verifyd at %s: %s%.100s", client->path, what,
		word);
	return VERIFY_FAILED;
}

static enum verify_answer no_sense(const struct verify_client *client, struct error *error)
{
	return fail(client, "its answer makes no sense; is it of the same version?", "", error);
}

static enum verify_answer not_permitted(struct error *error)
{
	error_set(error, TOTPGROUP_EUNSAFE,
		"totp-verifyd does not answer uid %u about that user", (unsigned int)geteuid());
	return VERIFY_NOT_PERMITTED;
}

/* No code is longer than TYPED_MAX, or has anything but ASCII in it: such a text is
 * wrong in any form, and is counted. */
static int append_code(struct text *request, const char *code)
{
	struct typed typed;
	int status;

	typed_read(&typed, code, false);
	for (size_t i = 0; i < typed.length; i++)
		if (typed.text[i] < ' ' || typed.text[i] > '~')
			typed.text[i] = '?';
	status = json_append(request, typed.text);
	WIPE_OBJECT(&typed);
	return status;
}

static int append_question(struct text *request, const char *user, const char *code)
{
	int status = text_append_format(
		request, "{\"method\":\"" INTERFACE ".Verify\",\"parameters\":{\"user\":");

	if (status == 0)
		status = json_append(request, user);
	if (status == 0)
		status = text_append_format(request, ",\"code\":");
	if (status == 0)
		status = append_code(request, code);
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

static enum verify_answer explain_error(
	const struct verify_client *client, const struct json_value *name, struct error *error)
{
	char word[100];

	if (json_is(name, INTERFACE ".NotPermitted"))
		return not_permitted(error);
	if (json_is(name, INTERFACE ".StoreError"))
		return fail(client, "it cannot decide; see 'journalctl -u totp-verifyd'", "",
			error);
	if (json_is(name, INTERFACE ".Busy"))
		return fail(client, "it has too much to do; try again", "", error);
	if (!json_string(name, word, sizeof word))
		return no_sense(client, error);
	return fail(client, "it answers with the error ", word, error);
}

/* The error's name, which is JSON_ABSENT without one, and the parameters. */
static bool take_apart(
	const struct text *reply, struct json_value *name, struct json_value *parameters)
{
	struct json_value root, continues;

	return json_read(reply->data != NULL ? reply->data : "", reply->length, &root) &&
	       json_member(&root, "error", name) &&
	       json_member(&root, "parameters", parameters) &&
	       json_member(&root, "continues", &continues) && continues.kind == JSON_ABSENT &&
	       (name->kind != JSON_ABSENT || parameters->kind == JSON_OBJECT);
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
	const struct text *reply, struct totpgroup_result *result, struct error *error)
{
	struct totpgroup_result told = TOTPGROUP_RESULT_INIT;
	struct json_value name, parameters;

	if (!take_apart(reply, &name, &parameters))
		return no_sense(client, error);
	/* What it takes for no user or no code is not a right one. */
	if (json_is(&name, "org.varlink.service.InvalidParameter")) {
		result->reason = TOTPGROUP_REASON_WRONG_CODE;
		return VERIFY_ANSWERED;
	}
	if (name.kind != JSON_ABSENT)
		return explain_error(client, &name, error);
	if (!take_numbers(&parameters, &told) || !take_verdict(&parameters, &told))
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
		if (json_is(&item, INTERFACE))
			return true;
	return false;
}

enum verify_answer verify_client_look(const struct verify_client *client, struct error *error)
{
	struct text request = TEXT_INIT, reply = TEXT_INIT;
	struct json_value name, parameters;
	enum verify_answer answer = VERIFY_FAILED;

	if (text_append_format(&request, "{\"method\":\"org.varlink.service.GetInfo\"}") != 0)
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	else
		answer = call(client, &request, &reply, error);
	if (answer == VERIFY_ANSWERED && !take_apart(&reply, &name, &parameters))
		answer = no_sense(client, error);
	else if (answer == VERIFY_ANSWERED && name.kind != JSON_ABSENT)
		answer = explain_error(client, &name, error);
	else if (answer == VERIFY_ANSWERED && !has_interface(&parameters))
		answer = fail(client, "it is something else than totp-verifyd", "", error);
	text_free(&request);
	text_free(&reply);
	return answer;
}
