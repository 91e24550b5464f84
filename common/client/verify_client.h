/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The client of totp-verifyd, for programs that may not read the store: the interface
 * org.totpgroup.Verify. An answer that is not well-formed is a failure, and a failure is
 * never an acceptance.
 */
#ifndef TOTPGROUP_CLIENT_VERIFY_CLIENT_H
#define TOTPGROUP_CLIENT_VERIFY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "client/varlink.h"
#include "core/device.h"
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

/* Which text of its login a code is; as totp-verifyd(8) has it. */
enum verify_turn {
	VERIFY_TURN_UNSAID = 0, /* the only one */
	VERIFY_TURN_FIRST,
	VERIFY_TURN_LAST,
	VERIFY_TURN_UNNEEDED,
};

/* What root is told for the log beside a verdict, as struct decision has it. Begins zeroed. */
struct verify_told {
	char device[DEVICE_NAME_SIZE];
	int64_t counter_behind;
};

/* What root says about the login; the daemon permits it to nobody else. NULL is not sent,
 * and neither is what is longer than 255 bytes or has control characters. Not owned. */
struct verify_login {
	const char *service; /* of PAM */
	const char *rhost;   /* whom a grace period is counted for */
	const char *session; /* host/login_session.h */
	enum verify_turn turn;
	struct verify_told *told; /* out; NULL where nobody wants it */
};

/*
 * Asks whether a code is right, which spends it. *result is the daemon's verdict with
 * VERIFY_ANSWERED, and otherwise a refusal. To a caller without privileges the daemon
 * names no reasons and methods: every refusal is TOTPGROUP_REASON_WRONG_CODE then, and
 * an acceptance has no method.
 * login may be NULL. code may be NULL for root, whose login ended without an answer then.
 */
enum verify_answer verify_client_ask(const struct verify_client *client, const char *user,
	const char *code, const struct verify_login *login, struct totpgroup_result *result,
	struct error *error);

/* The same for the end of a text in which the code follows a password: what typed_end()
 * (core/typed.h) gives, so that no more of the password than digits before the code leaves
 * the caller. One call is one attempt, however many digits the user's codes have.
 * *code_length is how many bytes at its end are the code, where it was accepted, else 0. */
enum verify_answer verify_client_ask_end(const struct verify_client *client, const char *user,
	const char *end, const struct verify_login *login, struct totpgroup_result *result,
	size_t *code_length, struct error *error);

/* VERIFY_ANSWERED where a daemon with the interface listens. Spends no code. */
enum verify_answer verify_client_look(const struct verify_client *client, struct error *error);

/*
 * look_client.c: what the daemon says before anybody is asked, to root alone.
 */
enum verify_look_kind {
	VERIFY_LOOK_REFUSED = 0, /* for the reason */
	VERIFY_LOOK_ASK,	 /* a reason other than none says that no code can be right */
	VERIFY_LOOK_LIMITED,	 /* retry_after */
	VERIFY_LOOK_GRACE = 0x2f90c7d3,
	VERIFY_LOOK_NOT_ENROLLED = 0x5b13e86a,
};

struct verify_look {
	enum verify_look_kind kind;
	enum totpgroup_reason reason;
	int64_t retry_after; /* seconds */
	/* Of a user without a secret: */
	bool passes;	   /* is let in without a code */
	int64_t days_left; /* with passes; 0: no end */
	bool is_over;	   /* there was time to enroll */
	bool enroll;	   /* the login may offer a secret */
};

/* With VERIFY_ANSWERED *look is complete, and otherwise zeroed. explains asks for no login:
 * nothing is noted or logged. */
enum verify_answer verify_client_examine(const struct verify_client *client, const char *user,
	const struct verify_login *login, bool explains, struct verify_look *look,
	struct error *error);

/* Stores the text of a secret file for a user who has none. Returns 0 when it is stored,
 * TOTPGROUP_ECONFLICT where there is one, TOTPGROUP_ESYSTEM where it may have been stored
 * or not, TOTPGROUP_EMEMORY. */
int verify_client_create(const struct verify_client *client, const char *user,
	const struct verify_login *login, const struct text *credential, struct error *error);

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
