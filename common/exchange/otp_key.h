/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One account as every format of import and export knows it. */
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
#define OTP_ACCOUNT_SECRET_MAX 1024

/* What was read but is not in the account, or not as it was: bits of notes. */
enum otp_account_note {
	/* Label and parameter name different issuers; the parameter's is kept. */
	OTP_ACCOUNT_ISSUERS_DIFFER = 1 << 0,
	OTP_ACCOUNT_PIN_LEFT_OUT = 1 << 1,
	/* Limits, windows, spent codes, learnt skew, and lines of others. */
	OTP_ACCOUNT_STATE_LEFT_OUT = 1 << 2,
	/* Hashed, so that they are not to be had. */
	OTP_ACCOUNT_EMERGENCY_CODES_LEFT_OUT = 1 << 3,
	/* Further ones of the same user. */
	OTP_ACCOUNT_DEVICES_LEFT_OUT = 1 << 4,
};

/* Begins as OTP_ACCOUNT_INIT; ends with otp_account_free(). Holds secrets. */
struct otp_account {
	char *name;   /* a user, or the account in a label; NULL where there is none */
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
	unsigned int notes; /* enum otp_account_note */
	unsigned int line;  /* where it stood, counted from 1; 0 if not known */
};

#define OTP_ACCOUNT_INIT                                                                       \
	{                                                                                      \
		.algorithm = HMAC_SHA1, .digits = 6, .period = 30                              \
	}

/* Wipes and frees; the account is OTP_ACCOUNT_INIT again. */
void otp_account_free(struct otp_account *account);

/*
 * The setters replace what was there. They return 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT with a message that does not name the line.
 */

/* 1 to OTP_ACCOUNT_SECRET_MAX bytes. */
int otp_account_set_secret(
	struct otp_account *account, const uint8_t *bytes, size_t length, struct error *error);

/* Base32 as base32_decode() reads it, and '=' at the end. */
int otp_account_set_base32(struct otp_account *account, const char *characters, size_t length,
	struct error *error);

/* Without control characters; an empty one is none. */
int otp_account_set_name(
	struct otp_account *account, const char *name, size_t length, struct error *error);
int otp_account_set_issuer(
	struct otp_account *account, const char *issuer, size_t length, struct error *error);

/*
 * Takes a label, `account` or `issuer:account`, apart. colon is the place of
 * the separator in it, or its length where there is none. An issuer that was
 * set before is kept; it may hold colons of its own.
 */
int otp_account_set_label(struct otp_account *account, const char *label, size_t length,
	size_t colon, struct error *error);

/* Eight digits, the first not 0. */
int otp_account_add_emergency_code(
	struct otp_account *account, const char *digits, size_t length, struct error *error);

/* A decimal number in the bounds for digits, periods or counters. */
int otp_account_set_digits(
	struct otp_account *account, const char *number, size_t length, struct error *error);
int otp_account_set_period(
	struct otp_account *account, const char *number, size_t length, struct error *error);
int otp_account_set_counter(
	struct otp_account *account, const char *number, size_t length, struct error *error);

/* SHA1, SHA256 or SHA512, in either case. */
int otp_account_set_algorithm(
	struct otp_account *account, const char *name, size_t length, struct error *error);

#endif
