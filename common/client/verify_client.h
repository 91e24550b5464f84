/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The client of totp-verifyd, for programs that may not read the store: the interface
 * org.totpgroup.Verify. An answer that is not well-formed is a failure, and a failure is
 * never an acceptance.
 */
#ifndef TOTPGROUP_CLIENT_VERIFY_CLIENT_H
#define TOTPGROUP_CLIENT_VERIFY_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "client/varlink.h"
#include "core/emergency_codes.h"
#include "totpgroup.h"

/* The daemon's socket, and a time to wait for it that is longer than the daemon waits
 * for the lock of a secret. */
#define VERIFY_CLIENT_PATH	   "/run/totpgroup/verify"
#define VERIFY_CLIENT_MILLISECONDS 10000

struct verify_client {
	const char *path;     /* of the socket */
	int64_t milliseconds; /* for connecting and one call */
};

/* The reason of any answer but VERIFY_ANSWERED is in error. */
enum verify_answer {
	VERIFY_FAILED = 0,
	VERIFY_NO_SOCKET,     /* there is none at that path */
	VERIFY_NOT_PERMITTED, /* the daemon does not answer the caller about that user */
	VERIFY_ANSWERED = 0x61c9a35b,
};

/*
 * Asks whether a code is right, which spends it. *result is the daemon's verdict with
 * VERIFY_ANSWERED, and otherwise a refusal. To a caller without privileges the daemon
 * names no reasons and methods: every refusal is TOTPGROUP_REASON_WRONG_CODE then, and
 * an acceptance has no method.
 */
enum verify_answer verify_client_ask(const struct verify_client *client, const char *user,
	const char *code, struct totpgroup_result *result, struct error *error);

/* The same for the end of a text in which the code follows a password: what typed_end()
 * (core/typed.h) gives, so that no more of the password than digits before the code leaves
 * the caller. One call is one attempt, however many digits the user's codes have.
 * *code_length is how many bytes at its end are the code, where it was accepted, else 0. */
enum verify_answer verify_client_ask_end(const struct verify_client *client, const char *user,
	const char *end, struct totpgroup_result *result, size_t *code_length,
	struct error *error);

/* VERIFY_ANSWERED where a daemon with the interface listens. Spends no code. */
enum verify_answer verify_client_look(const struct verify_client *client, struct error *error);

/*
 * A first secret for a user who may not write to the store. The daemon draws it, keeps
 * it with the connection, and stores it when one of its codes comes back. Nothing is
 * stored if the connection ends before. Begins as ENROLL_CLIENT_INIT, ends with
 * enroll_client_end(), which wipes the secret.
 */
struct enroll_client {
	struct varlink link;
	struct text uri; /* otpauth://... */
	struct emergency_codes codes;
};

#define ENROLL_CLIENT_INIT                                                                     \
	{                                                                                      \
		.link = VARLINK_INIT, .uri = TEXT_INIT                                         \
	}

/* Any answer but ENROLL_DONE and ENROLL_WRONG_CODE ends the enrollment, with the reason
 * in error. */
enum enroll_answer {
	ENROLL_FAILED = 0,
	ENROLL_NOT_PERMITTED, /* users may not enroll here */
	ENROLL_ALREADY,	      /* there is a secret */
	ENROLL_GIVEN_UP,      /* after too many wrong codes, without a secret */
	ENROLL_WRONG_CODE,    /* another may be tried */
	ENROLL_DONE = 0x35e8d017,
};

/* Asks for a secret for the user that the process runs as. With ENROLL_DONE uri and
 * codes are filled in. */
enum enroll_answer enroll_client_begin(
	struct enroll_client *enroll, const struct verify_client *client, struct error *error);

/* Sends a code of the secret. With ENROLL_DONE the secret is stored and the code spent. */
enum enroll_answer enroll_client_confirm(
	struct enroll_client *enroll, const char *code, struct error *error);

void enroll_client_end(struct enroll_client *enroll);

#endif
