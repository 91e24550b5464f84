/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A first secret from totp-verifyd, for a user who may not write where secrets are.
 * The daemon draws it, keeps it with the connection, and stores it when a code of it
 * comes back. Nothing is stored if the connection ends before.
 */
#ifndef TOTPGROUP_CLIENT_ENROLL_CLIENT_H
#define TOTPGROUP_CLIENT_ENROLL_CLIENT_H

#include "base/error.h"
#include "base/text.h"
#include "client/varlink.h"
#include "client/verify_client.h"
#include "core/emergency_codes.h"

/* The secret on its way. Begins as ENROLL_CLIENT_INIT, ends with enroll_client_end(),
 * which wipes it. */
struct enroll_client {
	struct varlink link;
	struct text uri; /* otpauth://... */
	struct emergency_codes codes;
};

#define ENROLL_CLIENT_INIT                                                                     \
	{                                                                                      \
		.link = VARLINK_INIT, .uri = TEXT_INIT                                         \
	}

/* What came of a call. Anything but ENROLL_DONE and ENROLL_WRONG_CODE is the end, and
 * has its reason in error. */
enum enroll_answer {
	ENROLL_FAILED = 0,
	ENROLL_NOT_PERMITTED, /* users may not, here */
	ENROLL_ALREADY,	      /* there is a secret */
	ENROLL_GIVEN_UP,      /* too many wrong codes: the secret is gone */
	ENROLL_WRONG_CODE,    /* another may be tried */
	ENROLL_DONE = 0x35e8d017,
};

/* Asks for a secret for the user whose process this is. With ENROLL_DONE uri and
 * codes are there. */
enum enroll_answer enroll_client_begin(
	struct enroll_client *enroll, const struct verify_client *client, struct error *error);

/* Gives a code of it. With ENROLL_DONE the secret is stored, and the code spent. */
enum enroll_answer enroll_client_confirm(
	struct enroll_client *enroll, const char *code, struct error *error);

void enroll_client_end(struct enroll_client *enroll);

#endif
