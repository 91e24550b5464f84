/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A credential in the making: random numbers, then answers, then text. */
#ifndef TOTPGROUP_CORE_NEW_CREDENTIAL_H
#define TOTPGROUP_CORE_NEW_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base32.h"
#include "base/error.h"
#include "base/hmac.h"
#include "base/text.h"
#include "core/emergency_codes.h"

/* As long as the algorithm's digest, which is what RFC 4226 and RFC 6238 have;
 * some apps take no longer one for SHA-1. */
#define NEW_CREDENTIAL_KEY_MAX HMAC_DIGEST_MAX

/* What every app takes for granted. */
#define NEW_CREDENTIAL_DIGITS 6
#define NEW_CREDENTIAL_PERIOD 30

/* What a new credential has unless somebody chooses otherwise. */
#define NEW_CREDENTIAL_EMERGENCY_CODES 5
#define NEW_CREDENTIAL_RATE_LIMIT      3
#define NEW_CREDENTIAL_RATE_TIME       30

/* The longest period that google-authenticator takes, in seconds. */
#define NEW_CREDENTIAL_COMMON_PERIOD_MAX 60

/* Holds secrets: ends with WIPE_OBJECT(). 0 or NULL means that there is no such
 * line. */
struct new_credential {
	uint8_t key[NEW_CREDENTIAL_KEY_MAX];
	size_t key_length;
	char secret[BASE32_LENGTH(NEW_CREDENTIAL_KEY_MAX) + 1];
	struct emergency_codes emergency_codes;
	enum hmac_algorithm algorithm;
	unsigned int digits;
	bool time_based;
	bool disallow_reuse;
	int64_t spent_step; /* of the code that confirmed it */
	int step_size;	    /* 0 for the default one */
	int window_size;
	int rate_limit;
	int rate_time;
	const char *device;    /* what the device is called */
	int64_t pending_until; /* a first code has to be good before; core/pending.h */
};

/* A credential without a key whose every line is the default one. */
#define NEW_CREDENTIAL_DEFAULT                                                                 \
	{                                                                                      \
		.algorithm = HMAC_SHA1, .digits = NEW_CREDENTIAL_DIGITS, .time_based = true,   \
		.disallow_reuse = true, .rate_limit = NEW_CREDENTIAL_RATE_LIMIT,               \
		.rate_time = NEW_CREDENTIAL_RATE_TIME                                          \
	}

/* Sets what kind of codes it has. seconds is the period, 0 for the default one. */
void new_credential_choose_kind(struct new_credential *credential,
	enum hmac_algorithm algorithm, unsigned int digits, int seconds);

/* Draws the key, of the length that suits the algorithm. Returns 0 or a
 * TOTPGROUP_E... with a message. */
int new_credential_draw(struct new_credential *credential, struct error *error);

/* Whether google-authenticator would not accept the codes. */
bool new_credential_is_ours(const struct new_credential *credential);

/* Seconds for each code, where codes change with time. */
unsigned int new_credential_period(const struct new_credential *credential);

/* Appends the credential in google-authenticator's format, with lines of our
 * own where something is not the default. Returns 0 or a TOTPGROUP_E... with a
 * message. */
int new_credential_append(
	const struct new_credential *credential, struct text *text, struct error *error);

#endif
