/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A secret with its parameters, as all formats of import and export have it. */
#ifndef TOTPGROUP_EXCHANGE_OTP_KEY_H
#define TOTPGROUP_EXCHANGE_OTP_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/crypto.h"
#include "base/text.h"
#include "core/credential.h"
#include "core/otp.h"

/* The longest secret, in bytes: far more than any HMAC can use. */
#define OTP_KEY_SECRET_MAX 1024

/* Bits of notes: what a format said that the key does not hold. */
enum otp_key_note {
	/* Label and parameter name different issuers; the key has the parameter's. */
	OTP_KEY_ISSUERS_DIFFER = 1 << 0,
	OTP_KEY_PIN_LEFT_OUT = 1 << 1,
	/* Limits, windows, spent codes, learned skew, and lines of other programs. */
	OTP_KEY_STATE_LEFT_OUT = 1 << 2,
	/* Hashed codes, which cannot be recovered. */
	OTP_KEY_EMERGENCY_CODES_LEFT_OUT = 1 << 3,
	/* Further devices of the same user. */
	OTP_KEY_DEVICES_LEFT_OUT = 1 << 4,
	/* Nothing said which counter is next: it is 0. */
	OTP_KEY_COUNTER_ASSUMED = 1 << 5,
	/* Nothing said how many digits codes have: they are 6. */
	OTP_KEY_DIGITS_ASSUMED = 1 << 6,
	/* A table of tokens did not say the algorithm, the digits or the period: they are the
	 * usual ones. */
	OTP_KEY_KIND_ASSUMED = 1 << 7,
};

/* Begins as OTP_KEY_INIT; ends with otp_key_free(). Holds secrets. */
struct otp_key {
	char *name;   /* a user, or the account name of a label; may be NULL */
	char *issuer; /* may be NULL */
	char *device; /* the name of one of the user's devices; may be NULL */
	uint8_t *secret;
	size_t secret_length;
	enum hmac_algorithm algorithm;
	unsigned int digits;
	unsigned int period; /* seconds; 30 for HOTP */
	bool hotp;
	int64_t counter; /* HOTP: of the next code, from 0; TOTP: 0 */
	uint32_t *emergency_codes;
	size_t emergency_code_count;
	/* The latest TOTP code that another program accepted; empty if not known. */
	char last_code[OTP_DIGITS_MAX + 1];
	unsigned int notes; /* enum otp_key_note */
	unsigned int line;  /* in the input, counted from 1; 0 if not known */
};

#define OTP_KEY_INIT                                                                           \
	{                                                                                      \
		.algorithm = HMAC_SHA1, .digits = 6, .period = 30                              \
	}

/* Wipes and frees; key is OTP_KEY_INIT again. */
void otp_key_free(struct otp_key *key);

/*
 * Each setter replaces the former value. It returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT with a message that does not name the line.
 */
typedef int otp_key_setter(
	struct otp_key *key, const char *value, size_t length, struct error *error);

/* As base32_decode(), with any blanks (utf8_blank_length()) and '=' at the end, but only what
 * base32 can be: a character that it does not have, or a length that no bytes give, means
 * that the secret was not copied right. */
otp_key_setter otp_key_set_base32;
/* As the first line of a credential is read. */
otp_key_setter otp_key_set_credential_secret;
otp_key_setter otp_key_set_name;   /* no control characters; empty means none */
otp_key_setter otp_key_set_issuer; /* likewise */
otp_key_setter otp_key_set_device; /* as device_name_is_allowed(); empty means none */
otp_key_setter otp_key_set_type;   /* totp or hotp, in either case */
otp_key_setter
	otp_key_set_algorithm;	   /* SHA1, SHA-256, HmacSHA512 and the like, in either case */
otp_key_setter otp_key_set_digits; /* a decimal number, as are the next two */
otp_key_setter otp_key_set_period;
otp_key_setter otp_key_set_counter;

/* Refuses a kind of codes that have letters, by its name `steam`, and sets nothing. */
otp_key_setter otp_key_refuse_letters;

/* Adds one of eight digits, the first of them not 0. */
otp_key_setter otp_key_add_emergency_code;

/* Wipes them. */
void otp_key_drop_emergency_codes(struct otp_key *key);

/* Sets 1 to OTP_KEY_SECRET_MAX bytes. */
int otp_key_set_secret(
	struct otp_key *key, const uint8_t *bytes, size_t length, struct error *error);

/*
 * Sets name and issuer from a label, `account` or `issuer:account`. colon is the
 * offset of the separator, or length where there is none. Keeps an issuer that was
 * set before, which may contain colons.
 */
int otp_key_set_label(struct otp_key *key, const char *label, size_t length, size_t colon,
	struct error *error);

/* Whether two keys have the same secret, and the same kind of codes. */
bool otp_key_same_secret(const struct otp_key *a, const struct otp_key *b);
bool otp_key_same_kind(const struct otp_key *a, const struct otp_key *b);

/*
 * Appends the keys of one user as credential text. Of keys with one secret all is kept: the
 * greatest counter, all that is spent and all emergency codes. Different secrets are devices,
 * with their names, or with others where a name is missing or there already.
 *
 * For all that a key does not say, the text has the defaults of a new credential: each TOTP
 * code is accepted once, and attempts are limited. Where last_code is a code of about the
 * time now, in seconds since 1970, that code and earlier ones are spent.
 *
 * A credential cannot have the HOTP counter 0: it gets 1, and the code of counter 0
 * is lost.
 *
 * Returns 0, TOTPGROUP_EMEMORY, TOTPGROUP_EARGUMENT where there is no secret, a number is out
 * of bounds or the keys cannot be devices of one user (otp_keys_device_count() is 0),
 * TOTPGROUP_ECRYPTO, or TOTPGROUP_EFORMAT where the text would have more emergency codes than
 * fit; nothing is appended after an error.
 */
int otp_keys_to_credential(const struct otp_key *const *keys, size_t count, int64_t now,
	struct text *text, struct error *error);

/* The same for one key. */
int otp_key_to_credential(
	const struct otp_key *key, int64_t now, struct text *text, struct error *error);

/* How many devices the keys of one user are: one for each secret. 0 where they cannot be: with
 * codes of different kinds, codes that change with each use, or too many. */
size_t otp_keys_device_count(const struct otp_key *const *keys, size_t count);

/*
 * Reads length bytes of credential text into a key, which must be OTP_KEY_INIT, and
 * sets its notes. The device is the first one. Lines that a new credential has as well are
 * not noted. TOTPGROUP_EFORMAT, with the line in error, for a damaged credential
 * and for one that accepts neither TOTP nor HOTP codes; TOTPGROUP_EMEMORY;
 * TOTPGROUP_ECRYPTO.
 */
int otp_key_from_credential(
	struct otp_key *key, const char *text, size_t length, struct error *error);

#endif
