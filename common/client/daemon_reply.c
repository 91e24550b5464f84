/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "client/daemon_reply.h"

#include <stdbool.h>
#include <unistd.h>

/* detail is put after the problem. */
int daemon_fail(const char *path, const char *problem, const char *detail, struct error *error)
{
	return error_set(error, TOTPGROUP_ESYSTEM, "totp-verifyd at %s: %s%.100s", path,
		problem, detail);
}

int daemon_fail_malformed(const char *path, struct error *error)
{
	return daemon_fail(
		path, "its answer makes no sense; is it of the same version?", "", error);
}

/* An error that the daemon answered with. */
int daemon_fail_by_reply(
	const struct daemon_reply *reply, const char *path, struct error *error)
{
	char name[100];

	if (json_is(&reply->error, DAEMON_INTERFACE ".StoreError"))
		return daemon_fail(
			path, "it cannot decide; see 'journalctl -u totp-verifyd'", "", error);
	if (json_is(&reply->error, DAEMON_INTERFACE ".Busy"))
		return daemon_fail(path, "it has too much to do; try again", "", error);
	if (json_string(&reply->error, name, sizeof name))
		return daemon_fail(path, "it answers with the error ", name, error);
	return daemon_fail_malformed(path, error);
}

static bool parse_reply(struct daemon_reply *reply)
{
	const struct text *text = &reply->text;
	struct json_value root, continues;

	return json_read(text->data != NULL ? text->data : "", text->length, &root) &&
	       json_member(&root, "error", &reply->error) &&
	       json_member(&root, "parameters", &reply->parameters) &&
	       json_member(&root, "continues", &continues) && continues.kind == JSON_ABSENT &&
	       (reply->error.kind != JSON_ABSENT || reply->parameters.kind == JSON_OBJECT);
}

/* Returns 0 with a reply, which may be an error of the daemon's. */
int daemon_call(struct varlink *link, const struct text *request, struct daemon_reply *reply,
	struct error *error)
{
	int status = varlink_call(link, request, &reply->text, error);

	if (status != 0)
		return status;
	return parse_reply(reply) ? 0 : daemon_fail_malformed(link->path, error);
}

/* A connection for one call. The daemon's errors are answers of the caller's to judge. */
enum verify_answer daemon_call_once(const struct verify_client *client,
	const struct text *request, struct daemon_reply *reply, struct error *error)
{
	struct varlink link = VARLINK_INIT;
	int status = varlink_connect(&link, client->path, client->milliseconds, error);

	if (status == 0)
		status = daemon_call(&link, request, reply, error);
	varlink_close(&link);
	if (status == TOTPGROUP_ENOTFOUND)
		return VERIFY_NO_SOCKET;
	return status == 0 ? VERIFY_ANSWERED : VERIFY_FAILED;
}

/* The answer for a reply that has no verdict. */
enum verify_answer daemon_answer_error(const struct verify_client *client,
	const struct daemon_reply *reply, struct error *error)
{
	if (json_is(&reply->error, DAEMON_INTERFACE ".NotPermitted")) {
		error_set(error, TOTPGROUP_EUNSAFE,
			"totp-verifyd does not answer uid %u about that user",
			(unsigned int)geteuid());
		return VERIFY_NOT_PERMITTED;
	}
	daemon_fail_by_reply(reply, client->path, error);
	return VERIFY_FAILED;
}

/* A reason by its name in the log. */
enum totpgroup_reason daemon_reason(const struct json_value *name)
{
	for (int reason = TOTPGROUP_REASON_NONE + 1; reason <= TOTPGROUP_REASON_DENIED_BY_SSHD;
		reason++)
		if (json_is(name, totpgroup_reason_name((enum totpgroup_reason)reason)))
			return (enum totpgroup_reason)reason;
	return TOTPGROUP_REASON_WRONG_CODE;
}
