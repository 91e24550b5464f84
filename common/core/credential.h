/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The credential text in google-authenticator's format:
 *
 *     BASE32SECRET            first line
 *     " KEY value             option lines, anywhere below
 *     12345678                emergency codes, up to the first foreign line
 *
 * Lines are read and changed in place; every byte that is not changed on
 * purpose stays as it is. totpgroup-secret(5) is the full description.
 */
#ifndef TOTPGROUP_CORE_CREDENTIAL_H
#define TOTPGROUP_CORE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hmac.h"
#include "base/text.h"
#include "totpgroup.h"

/* The largest text that either program reads, in bytes. */
#define CREDENTIAL_TEXT_MAX 65536

/* Bounds of option values: counters on either side, and a counter that
 * leaves room for every sum. */
#define CREDENTIAL_WINDOW_MAX	    100
#define CREDENTIAL_HOTP_COUNTER_MAX (INT64_MAX / 4)

struct totpgroup_credential {
	struct text text;
};

/*
 * Takes length bytes of text as a credential if they can be one at all:
 * between 1 and CREDENTIAL_TEXT_MAX bytes, and no NUL. Unlike
 * totpgroup_credential_parse() it does not look at the secret, because a
 * damaged secret is reported only after the rate limit was applied. Says in
 * error what is wrong; *credential is NULL then.
 */
int credential_load(totpgroup_credential **credential, const char *text, size_t length,
	struct error *error);

/* Where an option's value lies in the text, blanks at its start left out. */
struct credential_option {
	const char *value;
	size_t length;
	unsigned int line; /* counted from 1 */
};

/* The secret, as it stands in the first line. */
struct credential_option credential_secret(const totpgroup_credential *credential);

/* An HMAC handle keyed with the secret of the first line, for the algorithm
 * of the " ALGORITHM line. The caller closes it. TOTPGROUP_EFORMAT where
 * either is damaged. */
int credential_open_hmac(
	const totpgroup_credential *credential, struct hmac **hmac, struct error *error);

/* The same for a secret in base32 that stands in another line. */
int credential_open_hmac_for(const totpgroup_credential *credential,
	const struct credential_option *secret, struct hmac **hmac, struct error *error);

/* A handle for SHA-256 with the secret of any line, whatever the " ALGORITHM line
 * says: for digests that are no codes. TOTPGROUP_EFORMAT where the secret is
 * damaged. */
int credential_open_digest(
	const struct credential_option *secret, struct hmac **hmac, struct error *error);

/* Finds the first line `" KEY` with that exact key. The result points into
 * the text, and holds until it is changed. */
bool credential_find(const totpgroup_credential *credential, const char *key,
	struct credential_option *option);

/* One of several lines with the same key. Begins as CREDENTIAL_LINE_INIT. */
struct credential_line {
	struct credential_option option;
	size_t start; /* where in the text it begins */
	size_t next;  /* and the next one */
};

#define CREDENTIAL_LINE_INIT                                                                   \
	{                                                                                      \
		{NULL, 0, 0}, 0, 0                                                             \
	}

/* Finds the next line `" KEY`; false, with line as it was, behind the last. */
bool credential_next_line(
	const totpgroup_credential *credential, const char *key, struct credential_line *line);

/* Deletes a line that was found, in a text that has not changed since. Returns
 * 0 or TOTPGROUP_EMEMORY. */
int credential_delete_line(
	totpgroup_credential *credential, const struct credential_line *line);

/* Takes the next word, up to a blank, off the front of an option's value;
 * false where there is none left. */
bool credential_next_word(struct credential_option *rest, const char **word, size_t *length);

/* Writes `" KEY value` in place of the first such line and deletes any
 * further ones; where there was none, inserts it below the secret. value may
 * be empty. Returns 0 or TOTPGROUP_EMEMORY. */
int credential_set(totpgroup_credential *credential, const char *key, const char *value);

/* Writes another secret, in base32, over the first line. Returns 0 or
 * TOTPGROUP_EMEMORY. */
int credential_set_secret(
	totpgroup_credential *credential, const char *characters, size_t length);

/* Inserts a whole option line, without its end, below the one that was found, or
 * below the secret where `below` is NULL. Returns 0 or TOTPGROUP_EMEMORY. */
int credential_insert_line(totpgroup_credential *credential,
	const struct credential_line *below, const struct text *content);

/* Deletes every line with that key. Returns 0 or TOTPGROUP_EMEMORY. */
int credential_unset(totpgroup_credential *credential, const char *key);

/* Reads an option that google-authenticator reads without checking: the
 * number that its value starts with; 0 where there is none. */
int64_t credential_lenient_number(const totpgroup_credential *credential, const char *key);

/* How codes are computed and checked, from the option lines. */
struct credential_parameters {
	unsigned int digits;  /* " DIGITS, 6 to 8, else 6 */
	unsigned int period;  /* " STEP_SIZE, 1 to 3600 s, else 30 */
	unsigned int window;  /* " WINDOW_SIZE, 1 to 100 counters, else 3 */
	bool totp;	      /* " TOTP_AUTH, and not HOTP */
	int64_t hotp_counter; /* " HOTP_COUNTER; 0 means TOTP */
};

/* Reads all of them. TOTPGROUP_EFORMAT with the line where one is malformed; of
 * the rest, only totp and hotp_counter are then as the lines say. */
int credential_parameters(const totpgroup_credential *credential,
	struct credential_parameters *parameters, struct error *error);

#endif
