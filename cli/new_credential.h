/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A credential in the making: random numbers, then answers, then text. */
#ifndef TOTPGROUP_CLI_NEW_CREDENTIAL_H
#define TOTPGROUP_CLI_NEW_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base32.h"
#include "base/error.h"
#include "base/text.h"
#include "enroll_options.h"

/* The length that RFC 4226 recommends, and what every app takes. */
#define NEW_CREDENTIAL_KEY_BYTES 20

/* What every app takes for granted. */
#define NEW_CREDENTIAL_DIGITS 6
#define NEW_CREDENTIAL_PERIOD 30

/* Holds secrets: ends with WIPE_OBJECT(). 0 means that there is no such line. */
struct new_credential {
	uint8_t key[NEW_CREDENTIAL_KEY_BYTES];
	char secret[BASE32_LENGTH(NEW_CREDENTIAL_KEY_BYTES) + 1];
	uint32_t emergency_codes[ENROLL_EMERGENCY_CODES_MAX];
	unsigned int emergency_code_count;
	bool time_based;
	bool disallow_reuse;
	int64_t spent_step; /* of the code that confirmed it */
	int step_size;
	int window_size;
	int rate_limit;
	int rate_time;
};

/* Draws the key and that many different emergency codes. Returns 0 or a
 * TOTPGROUP_E... with a message. */
int new_credential_draw(
	struct new_credential *credential, unsigned int emergency_codes, struct error *error);

/* Seconds for each code, where codes change with time. */
unsigned int new_credential_period(const struct new_credential *credential);

/* Appends the credential in google-authenticator's format. Returns 0 or
 * TOTPGROUP_EMEMORY. */
int new_credential_append(const struct new_credential *credential, struct text *text);

#endif
