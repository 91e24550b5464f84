/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of both interfaces, and their descriptions in varlink's own language.
 * totp-verifyd(8) describes them for people. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "daemon/varlink.h"

#define ERROR_NO_INTERFACE SERVICE_INTERFACE ".InterfaceNotFound"
#define ERROR_NO_METHOD	   SERVICE_INTERFACE ".MethodNotFound"

#define PARAMETERS_MAX 6

/* No system has longer names of users and hosts. */
#define NAME_MAX_BYTES 255

static const char verify_description[] =
	"# Checks one-time codes without showing the secrets behind them.\n"
	"interface org.totpgroup.Verify\n"
	"\n"
	"# \"refused\" means that the code is wrong or was used before, that the user has no\n"
	"# secret, or that there is no such user.\n"
	"type Result (accepted, refused, limited)\n"
	"\n"
	"# A login whose module asks more than once has a first text and a last one, which\n"
	"# are one attempt. A text is unneeded where the login needs no code, and nothing but\n"
	"# a right code at the end of a password matters.\n"
	"type Turn (only, first, last, unneeded)\n"
	"\n"
	"# Checks a code and marks it as used. retry_after is the number of seconds until the\n"
	"# next attempt can succeed, or 0. reason, method and offset are for root and for the\n"
	"# user alone, device and counter_behind for root. Root alone may say which login it "
	"is: its PAM service, the host that\n"
	"# it comes from, the login session, and the turn; and may leave the code out, which\n"
	"# counts a login that ended without an answer.\n"
	"method Verify(\n"
	"  user: string,\n"
	"  code: ?string,\n"
	"  service: ?string,\n"
	"  rhost: ?string,\n"
	"  session: ?string,\n"
	"  turn: ?Turn\n"
	") -> (\n"
	"  result: Result,\n"
	"  retry_after: int,\n"
	"  reason: ?string,\n"
	"  method: ?string,\n"
	"  offset: ?int,\n"
	"  device: ?string,\n"
	"  counter_behind: ?int\n"
	")\n"
	"\n"
	"# The same for the end of a text in which the code follows a password. code_length "
	"is\n"
	"# how many bytes at the end are the accepted code.\n"
	"method VerifyEnd(\n"
	"  user: string,\n"
	"  end: string,\n"
	"  service: ?string,\n"
	"  rhost: ?string,\n"
	"  session: ?string,\n"
	"  turn: ?Turn\n"
	") -> (\n"
	"  result: Result,\n"
	"  retry_after: int,\n"
	"  code_length: ?int,\n"
	"  reason: ?string,\n"
	"  method: ?string,\n"
	"  offset: ?int,\n"
	"  device: ?string,\n"
	"  counter_behind: ?int\n"
	")\n"
	"\n"
	"# What a login of a user begins with, for root alone. \"ask\" is to be followed by\n"
	"# Verify; its reason, if there is one, is why no code can be right. \"refused\" has "
	"a\n"
	"# reason, \"limited\" a retry_after. \"not_enrolled\" says whether there is still "
	"time\n"
	"# to enroll, without being asked: open, for so many days or, with 0, without end.\n"
	"# enroll is whether such a login may offer a secret. The purpose \"explain\" changes\n"
	"# and logs nothing.\n"
	"method Look(\n"
	"  user: string,\n"
	"  service: ?string,\n"
	"  rhost: ?string,\n"
	"  session: ?string,\n"
	"  purpose: ?(login, explain)\n"
	") -> (\n"
	"  result: (ask, refused, limited, grace, not_enrolled),\n"
	"  reason: ?string,\n"
	"  retry_after: ?int,\n"
	"  roll_out: ?(none, open, over),\n"
	"  days_left: ?int,\n"
	"  enroll: ?bool\n"
	")\n"
	"\n"
	"# Stores the text of a secret file, of which a login has seen the first code, for a\n"
	"# user who has none. For root alone.\n"
	"method Create(user: string, credential: string, service: ?string, rhost: ?string) -> "
	"()\n"
	"\n"
	"# The state of a user's secret. The optional members are there for a user who is\n"
	"# enrolled.\n"
	"method Status(user: string) -> (\n"
	"  enrolled: bool,\n"
	"  state: ?(active, pending, expired),\n"
	"  kind: ?(totp, hotp, emergency),\n"
	"  codes_left: ?int,\n"
	"  limited: ?bool,\n"
	"  retry_after: ?int\n"
	")\n"
	"\n"
	"# Draws a secret for a user, who must not have one: the calling user, or another one "
	"whom\n"
	"# the client may enroll. The connection keeps it until Confirm on the same "
	"connection\n"
	"# receives its first code.\n"
	"method Enroll(user: ?string) -> (\n"
	"  uri: string,\n"
	"  secret: string,\n"
	"  emergency_codes: []string\n"
	")\n"
	"\n"
	"# Stores the secret of that user, and marks the code as used.\n"
	"method Confirm(user: ?string, code: string) -> (result: Result, retry_after: int)\n"
	"\n"
	"# The client may not ask this.\n"
	"error NotPermitted()\n"
	"\n"
	"# No decision is possible now; the log says why.\n"
	"error StoreError()\n"
	"\n"
	"# There are too many calls or connections, or the secret is locked.\n"
	"error Busy()\n"
	"\n"
	"# The user has a secret already.\n"
	"error AlreadyEnrolled()\n"
	"\n"
	"# No secret was drawn on this connection.\n"
	"error NotEnrolling()\n";

static const char service_description[] =
	"# The interface that every varlink service has.\n"
	"interface org.varlink.service\n"
	"\n"
	"method GetInfo() -> (\n"
	"  vendor: string,\n"
	"  product: string,\n"
	"  version: string,\n"
	"  url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound(interface: string)\n"
	"error MethodNotFound(method: string)\n"
	"error MethodNotImplemented(method: string)\n"
	"error InvalidParameter(parameter: string)\n";

/* A row has either a method for workers or a function that replies at once. */
struct method {
	const char *interface;
	const char *name;
	const char *parameters[PARAMETERS_MAX + 1];
	enum call_method method;
	bool behind_password;
	int (*reply)(const char *const *values, struct text *reply);
};

static int reply_info(const char *const *values, struct text *reply)
{
	static const char *const interfaces[] = {SERVICE_INTERFACE, VERIFY_INTERFACE};

	(void)values;
	reply_begin(reply, NULL);
	reply_string(reply, "vendor", "totpgroup");
	reply_string(reply, "product", "totp-verifyd");
	reply_string(reply, "version", PACKAGE_VERSION);
	reply_string(reply, "url", "man:totp-verifyd(8)");
	reply_strings(reply, "interfaces", interfaces, 2);
	return reply_end(reply);
}

static int reply_description(const char *const *values, struct text *reply)
{
	const char *description = NULL;

	if (strcmp(values[0], VERIFY_INTERFACE) == 0)
		description = verify_description;
	else if (strcmp(values[0], SERVICE_INTERFACE) == 0)
		description = service_description;
	else
		return reply_error(reply, ERROR_NO_INTERFACE, "interface", values[0]);
	reply_begin(reply, NULL);
	reply_string(reply, "description", description);
	return reply_end(reply);
}

static const struct method methods[] = {
	{VERIFY_INTERFACE, "Verify",
		{"user", "?code", "?service", "?rhost", "?session", "?turn"}, CALL_VERIFY,
		false, NULL},
	{VERIFY_INTERFACE, "VerifyEnd",
		{"user", "end", "?service", "?rhost", "?session", "?turn"}, CALL_VERIFY, true,
		NULL},
	{VERIFY_INTERFACE, "Look", {"user", "?service", "?rhost", "?session", "?purpose"},
		CALL_LOOK, false, NULL},
	{VERIFY_INTERFACE, "Create", {"user", "credential", "?service", "?rhost"}, CALL_CREATE,
		false, NULL},
	{VERIFY_INTERFACE, "Status", {"user"}, CALL_STATUS, false, NULL},
	{VERIFY_INTERFACE, "Enroll", {"?user"}, CALL_ENROLL, false, NULL},
	{VERIFY_INTERFACE, "Confirm", {"?user", "code"}, CALL_CONFIRM, false, NULL},
	{SERVICE_INTERFACE, "GetInfo", {NULL}, CALL_NONE, false, reply_info},
	{SERVICE_INTERFACE, "GetInterfaceDescription", {"interface"}, CALL_NONE, false,
		reply_description},
	{NULL, NULL, {NULL}, CALL_NONE, false, NULL},
};

/* Where a parameter of a call goes. */
static const struct {
	const char *name;
	size_t offset;
	size_t most; /* bytes */
} parameters[] = {
	{"user", offsetof(struct call, user), NAME_MAX_BYTES},
	{"code", offsetof(struct call, code), REQUEST_MAX},
	{"end", offsetof(struct call, code), REQUEST_MAX},
	{"service", offsetof(struct call, service), NAME_MAX_BYTES},
	{"rhost", offsetof(struct call, rhost), NAME_MAX_BYTES},
	{"session", offsetof(struct call, session), NAME_MAX_BYTES},
	{"turn", offsetof(struct call, turn_word), REQUEST_MAX},
	{"purpose", offsetof(struct call, purpose), REQUEST_MAX},
	{"credential", offsetof(struct call, credential), REQUEST_MAX},
	{.name = NULL},
};

/* Codes may be empty, because people may type nothing. */
static bool take_parameter(struct call *call, const char *name, const char *value)
{
	size_t i = 0;

	while (parameters[i].name != NULL && strcmp(parameters[i].name, name) != 0)
		i++;
	if (parameters[i].name == NULL)
		return false;
	*(const char **)((char *)call + parameters[i].offset) = value;
	return value == NULL || parameters[i].offset == offsetof(struct call, code) ||
	       (*value != '\0' && strlen(value) <= parameters[i].most);
}

static bool take_turn(struct call *call)
{
	static const char *const words[] = {"only", "first", "last", "unneeded"};
	unsigned int turn = CALL_TURN_ONLY;

	if (call->turn_word == NULL)
		return true;
	while (turn <= CALL_TURN_UNNEEDED && strcmp(words[turn], call->turn_word) != 0)
		turn++;
	call->turn = (enum call_turn)turn;
	return turn <= CALL_TURN_UNNEEDED;
}

static bool take_purpose(struct call *call)
{
	if (call->purpose != NULL && strcmp(call->purpose, "login") == 0)
		call->purpose = NULL;
	return call->purpose == NULL || strcmp(call->purpose, CALL_EXPLAIN) == 0;
}

/* The name of a parameter that has an impossible value, or NULL. */
static const char *fill_call(
	const struct method *method, const char *const *values, struct call *call)
{
	for (size_t i = 0; i < PARAMETERS_MAX && method->parameters[i] != NULL; i++) {
		const char *name = method->parameters[i];

		name += *name == '?';
		if (!take_parameter(call, name, values[i]))
			return name;
	}
	if (!take_turn(call))
		return "turn";
	return take_purpose(call) ? NULL : "purpose";
}

/* NULL where there is none; *interface_known says whether the interface exists. */
static const struct method *find_method(const struct request *request, bool *interface_known)
{
	*interface_known = false;
	for (const struct method *method = methods; method->name != NULL; method++) {
		if (strcmp(method->interface, request->interface) != 0)
			continue;
		*interface_known = true;
		if (strcmp(method->name, request->method) == 0)
			return method;
	}
	return NULL;
}

int call_from_request(const struct request *request, struct call *call, struct text *reply)
{
	const char *values[PARAMETERS_MAX] = {NULL};
	const struct method *method;
	const char *wrong;
	bool interface_known;

	*call = (struct call){.method = CALL_NONE};
	method = find_method(request, &interface_known);
	if (method == NULL && interface_known)
		return reply_error(reply, ERROR_NO_METHOD, "method", request->method);
	if (method == NULL)
		return reply_error(reply, ERROR_NO_INTERFACE, "interface", request->interface);
	if (request->unknown != NULL)
		return reply_error(reply, ERROR_INVALID, "parameter", request->unknown);
	if (request->upgrade)
		return reply_error(reply, ERROR_INVALID, "parameter", "upgrade");
	if (!request_take(request, method->parameters, values, &wrong))
		return reply_error(reply, ERROR_INVALID, "parameter", wrong);
	if (method->reply != NULL)
		return method->reply(values, reply);
	wrong = fill_call(method, values, call);
	if (wrong != NULL)
		return reply_error(reply, ERROR_INVALID, "parameter", wrong);
	call->method = method->method;
	call->behind_password = method->behind_password;
	return 0;
}
