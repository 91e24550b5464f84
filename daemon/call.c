/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/call.h"

#include <string.h>

#include "daemon/interface_text.h"
#include "daemon/reply.h"

#define ERROR_INVALID	   SERVICE_INTERFACE ".InvalidParameter"
#define ERROR_NO_INTERFACE SERVICE_INTERFACE ".InterfaceNotFound"
#define ERROR_NO_METHOD	   SERVICE_INTERFACE ".MethodNotFound"

/* The parameters of any call, at most. */
#define PARAMETERS_MAX 2

struct method {
	const char *interface;
	const char *name;
	const char *parameters[PARAMETERS_MAX + 1];
	enum call_method method; /* CALL_NONE: answer says it */
	int (*answer)(const char *const *values, struct text *answer);
};

static int get_info(const char *const *values, struct text *answer)
{
	static const char *const interfaces[] = {SERVICE_INTERFACE, VERIFY_INTERFACE};
	struct reply reply = reply_begin(answer, NULL);

	(void)values;
	reply_string(&reply, "vendor", "totpgroup");
	reply_string(&reply, "product", "totp-verifyd");
	reply_string(&reply, "version", PACKAGE_VERSION);
	reply_string(&reply, "url", INTERFACE_URL);
	reply_strings(&reply, "interfaces", interfaces, 2);
	return reply_end(&reply);
}

static int get_description(const char *const *values, struct text *answer)
{
	struct reply reply;

	if (strcmp(values[0], SERVICE_INTERFACE) != 0 &&
		strcmp(values[0], VERIFY_INTERFACE) != 0)
		return reply_error(answer, ERROR_NO_INTERFACE, "interface", values[0]);
	reply = reply_begin(answer, NULL);
	reply_string(&reply, "description",
		strcmp(values[0], VERIFY_INTERFACE) == 0 ? interface_text_verify
							 : interface_text_service);
	return reply_end(&reply);
}

static const struct method methods[] = {
	{VERIFY_INTERFACE, "Verify", {"user", "code"}, CALL_VERIFY, NULL},
	{VERIFY_INTERFACE, "Status", {"user"}, CALL_STATUS, NULL},
	{VERIFY_INTERFACE, "Enroll", {NULL}, CALL_ENROLL, NULL},
	{VERIFY_INTERFACE, "Confirm", {"code"}, CALL_CONFIRM, NULL},
	{SERVICE_INTERFACE, "GetInfo", {NULL}, CALL_NONE, get_info},
	{SERVICE_INTERFACE, "GetInterfaceDescription", {"interface"}, CALL_NONE,
		get_description},
	{NULL, NULL, {NULL}, CALL_NONE, NULL},
};

/* Sets the answer where the method is not found. */
static const struct method *find_method(
	const struct request *request, struct text *answer, int *status)
{
	bool interface_known = false;

	for (const struct method *method = methods; method->name != NULL; method++) {
		if (strcmp(method->interface, request->interface) != 0)
			continue;
		interface_known = true;
		if (strcmp(method->name, request->method) == 0)
			return method;
	}
	*status = interface_known
			  ? reply_error(answer, ERROR_NO_METHOD, "method", request->method)
			  : reply_error(answer, ERROR_NO_INTERFACE, "interface",
				    request->interface);
	return NULL;
}

/* A name that is none, or longer than any, is a mistake of the caller's. */
static bool user_is_name(const char *user)
{
	return *user != '\0' && strlen(user) <= CALL_USER_MAX;
}

int call_from_request(const struct request *request, struct call *call, struct text *answer)
{
	const char *values[PARAMETERS_MAX] = {NULL};
	const struct method *method;
	const char *wrong;
	int status = 0;

	*call = (struct call){.method = CALL_NONE};
	method = find_method(request, answer, &status);
	if (method == NULL)
		return status;
	if (request->upgrade)
		return reply_error(answer, ERROR_INVALID, "parameter", "upgrade");
	if (!request_take(request, method->parameters, values, &wrong))
		return reply_error(answer, ERROR_INVALID, "parameter", wrong);
	if (method->answer != NULL)
		return method->answer(values, answer);
	for (size_t i = 0; i < PARAMETERS_MAX && method->parameters[i] != NULL; i++)
		if (strcmp(method->parameters[i], "user") == 0)
			call->user = values[i];
		else
			call->code = values[i];
	if (call->user != NULL && !user_is_name(call->user))
		return reply_error(answer, ERROR_INVALID, "parameter", "user");
	call->method = method->method;
	return 0;
}
