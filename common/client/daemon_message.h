/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What all calls to totp-verifyd have in common, and its answers taken apart. */
#ifndef TOTPGROUP_CLIENT_DAEMON_MESSAGE_H
#define TOTPGROUP_CLIENT_DAEMON_MESSAGE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#define DAEMON_INTERFACE "org.totpgroup.Verify"

/*
 * Appends what was typed, in quotes, without its blanks. A text that is in no form a
 * code, for what is longer than TYPED_MAX or no ASCII, stays one that is wrong.
 * Returns 0 or TOTPGROUP_EMEMORY.
 */
int daemon_append_code(struct text *request, const char *code);

/* Lies in the text that it was read from. */
struct daemon_reply {
	struct json_value error;      /* its name; JSON_ABSENT where there is none */
	struct json_value parameters; /* an object where there is no error */
};

/* False where it is no reply at all. */
bool daemon_reply_read(struct daemon_reply *reply, const struct text *text);

/* Records an error in the daemon's name, of the socket at path. word is what comes
 * behind the sentence, or empty. */
void daemon_reply_fail(
	const char *path, const char *what, const char *word, struct error *error);

/* The same for a reply that is not as it should be. */
void daemon_reply_makes_no_sense(const char *path, struct error *error);

/* The same for an error that the daemon has answered with. */
void daemon_reply_explain(
	const struct daemon_reply *reply, const char *path, struct error *error);

#endif
