/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the clients of totp-verifyd share: one call, and what an error of the daemon's is to the
 * caller. */
#ifndef TOTPGROUP_CLIENT_DAEMON_REPLY_H
#define TOTPGROUP_CLIENT_DAEMON_REPLY_H

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "client/varlink.h"
#include "client/verify_client.h"

#define DAEMON_INTERFACE "org.totpgroup.Verify"

/* The values point into the text. */
struct daemon_reply {
	struct text text;
	struct json_value error;      /* its name; JSON_ABSENT where there is none */
	struct json_value parameters; /* an object where there is no error */
};

/* The errors below return TOTPGROUP_ESYSTEM. detail is put after the problem. */
int daemon_fail(const char *path, const char *problem, const char *detail, struct error *error);
int daemon_fail_malformed(const char *path, struct error *error);
int daemon_fail_by_reply(
	const struct daemon_reply *reply, const char *path, struct error *error);

/* Returns 0 with a reply, which may be an error of the daemon's, or an error of varlink_call().
 * The caller ends reply->text with text_free(). */
int daemon_call(struct varlink *link, const struct text *request, struct daemon_reply *reply,
	struct error *error);

/* A connection for one call. The daemon's errors are answers of the caller's to judge. */
enum verify_answer daemon_call_once(const struct verify_client *client,
	const struct text *request, struct daemon_reply *reply, struct error *error);

/* The answer for a reply that is an error; never VERIFY_ANSWERED. */
enum verify_answer daemon_answer_error(const struct verify_client *client,
	const struct daemon_reply *reply, struct error *error);

/* A reason by its name in the log; TOTPGROUP_REASON_WRONG_CODE for any other name. */
enum totpgroup_reason daemon_reason(const struct json_value *name);

/* Adds what is said about the login to the parameters of a call, which are not the first.
 * What no name is, is left out. */
void daemon_append_login(struct text *request, const struct verify_login *login);

#endif
