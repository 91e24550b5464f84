/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/request.h"

#include <string.h>

#include "base/json.h"

/* The members that a call may have. */
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

/* Over itself in the frame, so that there is no second copy of a code. NULL where it is
 * no string. */
static char *unescape(char *frame, const struct json_value *value)
{
	char *place;

	if (value->kind != JSON_STRING)
		return NULL;
	place = frame + (value->text - frame);
	return json_string(value, place, value->length) ? place : NULL;
}

/* Finds them; false where one is unknown, or there twice. */
static bool find_members(const struct json_value *call, struct json_value members[MEMBERS])
{
	struct json_value name, value = {JSON_ABSENT, NULL, 0};

	if (call->kind != JSON_OBJECT)
		return false;
	while (json_next_member(call, &value, &name, &value)) {
		unsigned int member = 0;

		while (member < MEMBERS && !json_is(&name, member_names[member]))
			member++;
		if (member == MEMBERS || members[member].kind != JSON_ABSENT)
			return false;
		members[member] = value;
	}
	return true;
}

static bool read_flag(const struct json_value *value, bool *flag)
{
	*flag = json_is_true(value);
	return value->kind == JSON_BOOLEAN || value->kind == JSON_NULL ||
	       value->kind == JSON_ABSENT;
}

/* Splits at the last dot: an interface's name has dots in it. */
static bool read_method(char *frame, const struct json_value *value, struct request *request)
{
	char *name = unescape(frame, value), *dot;

	dot = name != NULL ? strrchr(name, '.') : NULL;
	if (dot == NULL || dot == name || dot[1] == '\0')
		return false;
	*dot = '\0';
	request->interface = name;
	request->method = dot + 1;
	return true;
}

static const struct request_parameter *find(const struct request *request, const char *name)
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
		const char *name = unescape(frame, &key);

		if (request->count == REQUEST_PARAMETERS_MAX || find(request, name) != NULL)
			request->surplus = name;
		else
			request->parameters[request->count++] =
				(struct request_parameter){name, unescape(frame, &value)};
	}
	return parameters->kind == JSON_OBJECT || parameters->kind == JSON_NULL ||
	       parameters->kind == JSON_ABSENT;
}

bool request_read(struct request *request, char *frame, size_t length)
{
	struct json_value call, members[MEMBERS] = {{JSON_ABSENT, NULL, 0}};
	bool more;

	*request = (struct request){.method = NULL};
	return json_read(frame, length, &call) && find_members(&call, members) &&
	       read_method(frame, &members[MEMBER_METHOD], request) &&
	       read_parameters(frame, &members[MEMBER_PARAMETERS], request) &&
	       read_flag(&members[MEMBER_ONEWAY], &request->oneway) &&
	       read_flag(&members[MEMBER_MORE], &more) &&
	       read_flag(&members[MEMBER_UPGRADE], &request->upgrade) &&
	       !(more && request->oneway);
}

bool request_take(const struct request *request, const char *const *names, const char **values,
	const char **wrong)
{
	*wrong = request->surplus;
	for (size_t i = 0; *wrong == NULL && i < request->count; i++) {
		size_t n = 0;

		while (names[n] != NULL && strcmp(names[n], request->parameters[i].name) != 0)
			n++;
		if (names[n] == NULL)
			*wrong = request->parameters[i].name;
	}
	for (size_t n = 0; *wrong == NULL && names[n] != NULL; n++) {
		const struct request_parameter *parameter = find(request, names[n]);

		values[n] = parameter != NULL ? parameter->value : NULL;
		if (values[n] == NULL)
			*wrong = names[n];
	}
	return *wrong == NULL;
}
