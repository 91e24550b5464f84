/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One key as every format of import and export knows it. */
#ifndef TOTPGROUP_EXCHANGE_OTP_KEY_H
#define TOTPGROUP_EXCHANGE_OTP_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hmac.h"
#include "base/text.h"
#include "core/credential.h"
#include "core/otp.h"

/* The longest secret, in bytes: far beyond what any HMAC can use. */
#define OTP_KEY_SECRET_MAX 1024

/* What was read but is not in the key, or not as it was: bits of notes. */
enum otp_key_note {
	/* Label and parameter name different issuers; the parameter's is kept. */
	OTP_KEY_ISSUERS_DIFFER = 1 << 0,
	OTP_KEY_PIN_LEFT_OUT = 1 << 1,
	/* Limits, windows, spent codes, learnt skew, and lines of others. */
	OTP_KEY_STATE_LEFT_OUT = 1 << 2,
	/* Hashed, so that they are not to be had. */
	OTP_KEY_EMERGENCY_CODES_LEFT_OUT = 1 << 3,
	/* Further ones of the same user. */
	OTP_KEY_DEVICES_LEFT_OUT = 1 << 4,
};

/* Begins as OTP_KEY_INIT; ends with otp_key_free(). Holds secrets. */
struct otp_key {
	char *name;   /* a user, or the account name of a label; may be NULL */
	char *issuer; /* NULL for none */
	uint8_t *secret;
	size_t secret_length;
	enum hmac_algorithm algorithm;
	unsigned int digits;
	unsigned int period; /* seconds; 30 for HOTP */
	bool hotp;
	int64_t counter; /* HOTP: that of the next code, from 0; TOTP: 0 */
	uint32_t *emergency_codes;
	size_t emergency_code_count;
	/* The last TOTP code that another program accepted; empty if not known. */
	char last_code[OTP_DIGITS_MAX + 1];
	unsigned int notes; /* enum otp_key_note */
	unsigned int line;  /* where it stood, counted from 1; 0 if not known */
};

#define OTP_KEY_INIT                                                                           \
	{                                                                                      \
		.algorithm = HMAC_SHA1, .digits = 6, .period = 30                              \
	}

/* Wipes and frees; the key is OTP_KEY_INIT again. */
void otp_key_free(struct otp_key *key);

/*
 * The setters replace what was there. They return 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT with a message that does not name the line.
 */

/* 1 to OTP_KEY_SECRET_MAX bytes. */
int otp_key_set_secret(
	struct otp_key *key, const uint8_t *bytes, size_t length, struct error *error);

/* Base32 as base32_decode() reads it, and '=' at the end. */
int otp_key_set_base32(
	struct otp_key *key, const char *characters, size_t length, struct error *error);

/* Without control characters; an empty one is none. */
int otp_key_set_name(struct otp_key *key, const char *name, size_t length, struct error *error);
int otp_key_set_issuer(
	struct otp_key *key, const char *issuer, size_t length, struct error *error);

/*
 * Takes a label, `account` or `issuer:account`, apart. colon is the place of
 * the separator in it, or its length where there is none. An issuer that was
 * set before is kept; it may hold colons of its own.
 */
int otp_key_set_label(struct otp_key *key, const char *label, size_t length, size_t colon,
	struct error *error);

/* Eight digits, the first not 0. */
int otp_key_add_emergency_code(
	struct otp_key *key, const char *digits, size_t length, struct error *error);

/* A decimal number in the bounds for digits, periods or counters. */
int otp_key_set_digits(
	struct otp_key *key, const char *number, size_t length, struct error *error);
int otp_key_set_period(
	struct otp_key *key, const char *number, size_t length, struct error *error);
int otp_key_set_counter(
	struct otp_key *key, const char *number, size_t length, struct error *error);

/* SHA1, SHA256 or SHA512, in either case. */
int otp_key_set_algorithm(
	struct otp_key *key, const char *name, size_t length, struct error *error);

#endif
