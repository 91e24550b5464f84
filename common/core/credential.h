/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The credential text in google-authenticator's format:
 *
 *     BASE32SECRET            first line
 *     " KEY value             option lines, anywhere below
 *     12345678                emergency codes, up to the first foreign line
 *
 * Lines are read and changed in place; all other bytes stay as they are.
 * totpgroup-secret(5) is the full description.
 */
#ifndef TOTPGROUP_CORE_CREDENTIAL_H
#define TOTPGROUP_CORE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/crypto.h"
#include "base/lines.h"
#include "base/text.h"
#include "totpgroup.h"

/* The largest text that this program and google-authenticator read, in bytes. */
#define CREDENTIAL_TEXT_MAX 65536

/* Bounds of option values. A sum of a few counters does not overflow. */
#define CREDENTIAL_WINDOW_MAX	    100
#define CREDENTIAL_HOTP_COUNTER_MAX (INT64_MAX / 4)

/* How many HMAC handles a credential keeps: one for each of its devices (device.h). */
#define CREDENTIAL_KEYS_MAX 8

struct credential_cache;

/*
 * The text, and what was read from it, which no caller looks at. Reading keeps that up to
 * date, so that two threads must not even read the same credential at a time. After fork()
 * each process has its own.
 */
struct totpgroup_credential {
	struct text text;
	struct credential_cache *cache;
};

/*
 * Makes a credential of 1 to CREDENTIAL_TEXT_MAX bytes without NUL; otherwise returns
 * TOTPGROUP_EFORMAT, and *credential is NULL. Unlike totpgroup_credential_parse() it
 * does not read the secret, because a damaged secret is reported only after the rate
 * limit was applied. TOTPGROUP_EMEMORY.
 */
int credential_load(totpgroup_credential **credential, const char *text, size_t length,
	struct error *error);

/* The value of an option, inside the text, without blanks at its start. */
struct credential_option {
	const char *value;
	size_t length;
	unsigned int line; /* counted from 1 */
};

/* The secret, as written in the first line. */
struct credential_option credential_secret(const totpgroup_credential *credential);

/* The algorithm of the " ALGORITHM line, or SHA-1. TOTPGROUP_EFORMAT. */
int credential_algorithm(const totpgroup_credential *credential, enum hmac_algorithm *algorithm,
	struct error *error);

/* Whether the first line is a base32 secret and the algorithm is known: 0 or
 * TOTPGROUP_EFORMAT, TOTPGROUP_EMEMORY. */
int credential_check_secret(const totpgroup_credential *credential, struct error *error);

/*
 * Gives an HMAC handle with a base32 secret of the text and the algorithm of the credential.
 * The handle belongs to the credential, which keeps it for the next call with the same slot,
 * secret and algorithm, and wipes it with itself. slot is less than CREDENTIAL_KEYS_MAX; 0 is
 * for the secret of the first line. A call with another secret closes the handle of the slot.
 * TOTPGROUP_EFORMAT where the secret or the algorithm is damaged, TOTPGROUP_EMEMORY,
 * TOTPGROUP_ECRYPTO; *hmac is NULL then.
 */
int credential_hmac(const totpgroup_credential *credential, size_t slot,
	const struct credential_option *secret, struct hmac **hmac, struct error *error);

/* The same for the secret of the first line, with slot 0. */
int credential_first_hmac(
	const totpgroup_credential *credential, struct hmac **hmac, struct error *error);

/* Opens a handle that the caller closes; for SHA-256 where credential is NULL, which gives
 * digests that are no codes. Errors as above. */
int credential_open_hmac_for(const totpgroup_credential *credential,
	const struct credential_option *secret, struct hmac **hmac, struct error *error);

/* Finds the first line `" KEY` with exactly that key. The result is valid until the
 * text is changed. */
bool credential_find(const totpgroup_credential *credential, const char *key,
	struct credential_option *option);

/* One of several lines with the same key. Begins as CREDENTIAL_LINE_INIT. */
struct credential_line {
	struct credential_option option;
	size_t start; /* offset in the text */
	size_t next;  /* offset of the next line */
};

#define CREDENTIAL_LINE_INIT                                                                   \
	{                                                                                      \
		{NULL, 0, 0}, 0, 0                                                             \
	}

/* Finds the next line `" KEY`. False behind the last one; line is unchanged then. */
bool credential_next_line(
	const totpgroup_credential *credential, const char *key, struct credential_line *line);

/* Takes the next word, up to a blank, off the front of a value; false where no word is
 * left. */
bool credential_next_word(struct credential_option *rest, struct word *word);

/* The same for a number from minimum to maximum; false for any other word, too. */
bool credential_next_number(
	struct credential_option *rest, int64_t minimum, int64_t maximum, int64_t *number);

/* Reads the number that an option's value starts with, as google-authenticator does
 * for options that it does not check; 0 where there is none. */
int64_t credential_lenient_number(const totpgroup_credential *credential, const char *key);

/*
 * All functions below change the text, and return 0 or TOTPGROUP_EMEMORY.
 */

/* Writes `" KEY value` over the first such line and deletes the others; where there is
 * no such line, inserts it below the secret. value may be empty. */
int credential_set(totpgroup_credential *credential, const char *key, const char *value);

/* The same with a number as the value. */
int credential_set_number(totpgroup_credential *credential, const char *key, int64_t number);

/* Deletes every line with that key. */
int credential_unset(totpgroup_credential *credential, const char *key);

/* Writes another base32 secret over the first line. */
int credential_set_secret(
	totpgroup_credential *credential, const char *characters, size_t length);

/* Inserts a line below another one, or below the secret where `below` is NULL. content
 * has no line end. */
int credential_insert_line(totpgroup_credential *credential,
	const struct credential_line *below, const struct text *content);

/* Deletes a line that was found since the text was changed. */
int credential_delete_line(
	totpgroup_credential *credential, const struct credential_line *line);

/* How codes are computed and checked. */
struct credential_parameters {
	unsigned int digits;  /* " DIGITS, 6 to 8; default 6 */
	unsigned int period;  /* " STEP_SIZE, 1 to 3600 s; default 30 */
	unsigned int window;  /* " WINDOW_SIZE, 1 to 100 counters; default 3 */
	bool totp;	      /* " TOTP_AUTH, and no HOTP counter */
	int64_t hotp_counter; /* " HOTP_COUNTER; 0 for none */
};

/* Reads the parameters. TOTPGROUP_EFORMAT with the line where one is malformed; totp
 * and hotp_counter are set even then. */
int credential_parameters(const totpgroup_credential *credential,
	struct credential_parameters *parameters, struct error *error);

#endif
