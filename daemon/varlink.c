/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/varlink.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"

/* The members of a call that varlink knows. */
enum member {
	MEMBER_METHOD,
	MEMBER_PARAMETERS,
	MEMBER_ONEWAY,
	MEMBER_MORE,
	MEMBER_UPGRADE,
	MEMBERS
};

static const char *const member_names[MEMBERS] = {
	"method", "parameters", "oneway", "more", "upgrade"};

/* Decodes a string in place, so that there is no second copy of a code. NULL where the
 * value is not a string. */
static char *decode_string(char *frame, const struct json_value *value)
{
	char *string;

	if (value->kind != JSON_STRING)
		return NULL;
	string = frame + (value->text - frame);
	return json_string(value, string, value->length) ? string : NULL;
}

static unsigned int find_member(const struct json_value *name)
{
	unsigned int member = 0;

	while (member < MEMBERS && !json_is(name, member_names[member]))
		member++;
	return member;
}

/* False where a member is repeated. The first one that varlink does not know is remembered. */
static bool find_members(char *frame, const struct json_value *call,
	struct json_value members[MEMBERS], struct request *request)
{
	struct json_value name, value = {JSON_ABSENT, NULL, 0};

	if (call->kind != JSON_OBJECT)
		return false;
	while (json_next_member(call, &value, &name, &value)) {
		unsigned int member = find_member(&name);

		if (member < MEMBERS && members[member].kind != JSON_ABSENT)
			return false;
		if (member < MEMBERS)
			members[member] = value;
		else if (request->unknown == NULL) {
			request->unknown = decode_string(frame, &name);
			if (request->unknown == NULL)
				return false;
		}
	}
	return true;
}

static bool read_flag(const struct json_value *value, bool *flag)
{
	*flag = json_is_true(value);
	return value->kind == JSON_BOOLEAN || value->kind == JSON_NULL ||
	       value->kind == JSON_ABSENT;
}

/* Splits at the last dot, because the name of an interface has dots, too. */
static bool read_method(char *frame, const struct json_value *value, struct request *request)
{
	char *name = decode_string(frame, value), *dot;

	dot = name != NULL ? strrchr(name, '.') : NULL;
	if (dot == NULL || dot == name || dot[1] == '\0')
		return false;
	*dot = '\0';
	request->interface = name;
	request->method = dot + 1;
	return true;
}

static const struct request_parameter *find_parameter(
	const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->count; i++)
		if (strcmp(request->parameters[i].name, name) == 0)
			return &request->parameters[i];
	return NULL;
}

static bool read_parameters(
	char *frame, const struct json_value *parameters, struct request *request)
{
	struct json_value key, value = {JSON_ABSENT, NULL, 0};

	while (json_next_member(parameters, &value, &key, &value)) {
		const char *name = decode_string(frame, &key);

		if (request->count == REQUEST_PARAMETERS_MAX ||
			find_parameter(request, name) != NULL)
			request->surplus = name;
		else
			request->parameters[request->count++] =
				(struct request_parameter){name, decode_string(frame, &value)};
	}
	return parameters->kind == JSON_OBJECT || parameters->kind == JSON_NULL ||
	       parameters->kind == JSON_ABSENT;
}

bool request_read(struct request *request, char *frame, size_t length)
{
	struct json_value call, members[MEMBERS] = {{JSON_ABSENT, NULL, 0}};
	bool more;

	*request = (struct request){.method = NULL};
	return json_read(frame, length, &call) &&
	       find_members(frame, &call, members, request) &&
	       read_method(frame, &members[MEMBER_METHOD], request) &&
	       read_parameters(frame, &members[MEMBER_PARAMETERS], request) &&
	       read_flag(&members[MEMBER_ONEWAY], &request->oneway) &&
	       read_flag(&members[MEMBER_MORE], &more) &&
	       read_flag(&members[MEMBER_UPGRADE], &request->upgrade) &&
	       !(more && request->oneway);
}

/* The name of a parameter in a list where that of an optional one begins with '?'. */
static const char *bare_name(const char *name)
{
	return *name == '?' ? name + 1 : name;
}

bool request_take(const struct request *request, const char *const *names, const char **values,
	const char **wrong)
{
	*wrong = request->surplus;
	for (size_t i = 0; *wrong == NULL && i < request->count; i++) {
		size_t n = 0;

		while (names[n] != NULL &&
			strcmp(bare_name(names[n]), request->parameters[i].name) != 0)
			n++;
		if (names[n] == NULL)
			*wrong = request->parameters[i].name;
	}
	for (size_t n = 0; *wrong == NULL && names[n] != NULL; n++) {
		const char *name = bare_name(names[n]);
		const struct request_parameter *parameter = find_parameter(request, name);
		bool may_be_missing = name != names[n];

		values[n] = parameter != NULL ? parameter->value : NULL;
		if (values[n] == NULL && (parameter != NULL || !may_be_missing))
			*wrong = name;
	}
	return *wrong == NULL;
}

/* A parameter that follows another begins with a comma. */
static void append_name(struct text *reply, const char *name)
{
	if (reply->length > 0 && reply->data[reply->length - 1] != '{')
		(void)text_append_string(reply, ",");
	(void)json_append(reply, name);
	(void)text_append_string(reply, ":");
}

static void append_string(struct text *reply, const char *string)
{
	int status = json_append(reply, string);

	/* That a string is not UTF-8 is not yet known to the text. */
	if (reply->status == 0)
		reply->status = status;
}

void reply_begin(struct text *reply, const char *error_name)
{
	(void)text_append_string(reply, "{");
	if (error_name != NULL)
		(void)text_append_format(reply, "\"error\":\"%s\",", error_name);
	(void)text_append_string(reply, "\"parameters\":{");
}

void reply_string(struct text *reply, const char *name, const char *value)
{
	if (value == NULL)
		return;
	append_name(reply, name);
	append_string(reply, value);
}

void reply_number(struct text *reply, const char *name, int64_t value)
{
	append_name(reply, name);
	(void)text_append_format(reply, "%" PRId64, value);
}

void reply_flag(struct text *reply, const char *name, bool value)
{
	append_name(reply, name);
	(void)text_append_string(reply, value ? "true" : "false");
}

void reply_strings(
	struct text *reply, const char *name, const char *const *values, size_t count)
{
	append_name(reply, name);
	(void)text_append_string(reply, "[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			(void)text_append_string(reply, ",");
		append_string(reply, values[i]);
	}
	(void)text_append_string(reply, "]");
}

int reply_end(struct text *reply)
{
	int status = text_append(reply, "}}", sizeof "}}");

	if (status != 0)
		text_free(reply);
	return status;
}

int reply_error(struct text *reply, const char *error_name, const char *name, const char *value)
{
	reply_begin(reply, error_name);
	reply_string(reply, name, value);
	return reply_end(reply);
}
