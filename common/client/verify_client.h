/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Asking totp-verifyd, for programs that may not read the store: the interface
 * org.totpgroup.Verify. Whatever is not a well-formed answer to the question is a
 * failure, and no failure is ever an acceptance.
 */
#ifndef TOTPGROUP_CLIENT_VERIFY_CLIENT_H
#define TOTPGROUP_CLIENT_VERIFY_CLIENT_H

#include <stdint.h>

#include "base/error.h"
#include "totpgroup.h"

/* The daemon's socket, and how long to wait for it: longer than it waits for the
 * lock of a secret. */
#define VERIFY_CLIENT_PATH	   "/run/totpgroup/verify"
#define VERIFY_CLIENT_MILLISECONDS 10000

struct verify_client {
	const char *path;
	int64_t milliseconds; /* for all of one question */
};

/* What came of asking. Anything but VERIFY_ANSWERED has its reason in error. */
enum verify_answer {
	VERIFY_FAILED = 0,
	VERIFY_NO_SOCKET,     /* there is none at that path */
	VERIFY_NOT_PERMITTED, /* the daemon does not answer that to the caller */
	VERIFY_ANSWERED = 0x61c9a35b,
};

/*
 * Asks whether a code is right, which spends it. *result is the daemon's verdict with
 * VERIFY_ANSWERED, and otherwise a refusal. What the daemon keeps from the caller is
 * not in it: a refusal is TOTPGROUP_REASON_WRONG_CODE then, whatever it was, and an
 * acceptance has no method.
 */
enum verify_answer verify_client_ask(const struct verify_client *client, const char *user,
	const char *code, struct totpgroup_result *result, struct error *error);

/* Asks who is there: VERIFY_ANSWERED where it knows the interface. No code is spent. */
enum verify_answer verify_client_look(const struct verify_client *client, struct error *error);

#endif
