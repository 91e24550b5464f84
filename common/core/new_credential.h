/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A credential that is being made: random numbers and answers become text. */
#ifndef TOTPGROUP_CORE_NEW_CREDENTIAL_H
#define TOTPGROUP_CORE_NEW_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base32.h"
#include "base/error.h"
#include "base/crypto.h"
#include "base/text.h"
#include "core/emergency_codes.h"

/* Keys have the length of the algorithm's digest, as in RFC 4226 and RFC 6238. Some apps
 * accept no longer one for SHA-1. */
#define NEW_CREDENTIAL_KEY_MAX HMAC_DIGEST_MAX

/* The parameters that every app supports. */
#define NEW_CREDENTIAL_DIGITS 6
#define NEW_CREDENTIAL_PERIOD 30

/* Defaults of a new credential. */
#define NEW_CREDENTIAL_EMERGENCY_CODES 5
#define NEW_CREDENTIAL_RATE_LIMIT      3
#define NEW_CREDENTIAL_RATE_TIME       30

/* The longest period of google-authenticator, in seconds. */
#define NEW_CREDENTIAL_COMMON_PERIOD_MAX 60

/* Holds secrets: ends with WIPE_OBJECT(). For 0 or NULL there is no line. */
struct new_credential {
	uint8_t key[NEW_CREDENTIAL_KEY_MAX];
	size_t key_length;
	char secret[BASE32_LENGTH(NEW_CREDENTIAL_KEY_MAX) + 1];
	struct emergency_codes emergency_codes;
	enum hmac_algorithm algorithm;
	unsigned int digits;
	bool time_based;
	bool disallow_reuse;
	int64_t spent_step; /* of the code that confirmed the credential */
	int step_size;	    /* in seconds; 0 for the default */
	int window_size;
	int rate_limit;
	int rate_time;
	const char *device;    /* the name of the device */
	int64_t pending_until; /* when a first code must have been accepted; core/pending.h */
};

/* The defaults, without a key. */
#define NEW_CREDENTIAL_DEFAULT                                                                 \
	{                                                                                      \
		.algorithm = HMAC_SHA1, .digits = NEW_CREDENTIAL_DIGITS, .time_based = true,   \
		.disallow_reuse = true, .rate_limit = NEW_CREDENTIAL_RATE_LIMIT,               \
		.rate_time = NEW_CREDENTIAL_RATE_TIME                                          \
	}

/* Sets the parameters of the codes. seconds is the period, 0 for the default. */
void new_credential_choose_kind(struct new_credential *credential,
	enum hmac_algorithm algorithm, unsigned int digits, int seconds);

/* Draws the key. Returns 0 or a TOTPGROUP_E... with a message. */
int new_credential_draw(struct new_credential *credential, struct error *error);

/* Whether google-authenticator does not support the parameters. */
bool new_credential_is_ours(const struct new_credential *credential);

/* The period of TOTP codes, in seconds. */
unsigned int new_credential_period(const struct new_credential *credential);

/* Appends the text of the credential. Returns 0 or a TOTPGROUP_E... with a message. */
int new_credential_append(
	const struct new_credential *credential, struct text *text, struct error *error);

#endif
