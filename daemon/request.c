/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "request.h"

#include <string.h>

#include "json_reader.h"

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

static bool read_flag(struct json_reader *reader, bool *flag)
{
	enum json_kind kind = json_skip(reader);

	*flag = kind == JSON_TRUE;
	return kind == JSON_TRUE || kind == JSON_FALSE || kind == JSON_NULL;
}

/* Splits at the last dot: an interface's name has dots in it. */
static bool read_method(struct json_reader *reader, struct request *request)
{
	const char *name;
	char *dot;

	if (!json_read_string(reader, &name))
		return false;
	dot = strrchr(name, '.');
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

static bool read_parameter(
	struct json_reader *reader, struct request *request, const char *name)
{
	const char *value = NULL;
	bool good = json_peek(reader) == JSON_STRING ? json_read_string(reader, &value)
						     : json_skip(reader) != JSON_BAD;

	if (request->count == REQUEST_PARAMETERS_MAX || find(request, name) != NULL)
		request->surplus = name;
	else
		request->parameters[request->count++] = (struct request_parameter){name, value};
	return good;
}

static bool read_parameters(struct json_reader *reader, struct request *request)
{
	bool first = true;
	const char *name;

	if (json_peek(reader) == JSON_NULL)
		return json_skip(reader) == JSON_NULL;
	if (!json_enter(reader))
		return false;
	while (json_next_member(reader, &first, &name)) {
		if (name == NULL)
			return true;
		if (!read_parameter(reader, request, name))
			return false;
	}
	return false;
}

static bool read_member(
	struct json_reader *reader, struct request *request, enum member member, bool *more)
{
	switch (member) {
	case MEMBER_METHOD:
		return read_method(reader, request);
	case MEMBER_PARAMETERS:
		return read_parameters(reader, request);
	case MEMBER_ONEWAY:
		return read_flag(reader, &request->oneway);
	case MEMBER_MORE:
		return read_flag(reader, more);
	case MEMBER_UPGRADE:
		return read_flag(reader, &request->upgrade);
	case MEMBERS:
		break;
	}
	return false;
}

static bool read_members(struct json_reader *reader, struct request *request)
{
	bool seen[MEMBERS] = {false};
	bool first = true, more = false;
	const char *name;

	while (json_next_member(reader, &first, &name)) {
		unsigned int member = 0;

		if (name == NULL)
			return request->method != NULL && !(more && request->oneway);
		while (member < MEMBERS && strcmp(name, member_names[member]) != 0)
			member++;
		if (member == MEMBERS || seen[member] ||
			!read_member(reader, request, (enum member)member, &more))
			return false;
		seen[member] = true;
	}
	return false;
}

bool request_read(struct request *request, char *frame, size_t length)
{
	struct json_reader reader = {frame, frame + length};

	*request = (struct request){.method = NULL};
	return json_enter(&reader) && read_members(&reader, request) && json_at_end(&reader);
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
