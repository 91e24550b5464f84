/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Tables of hardware tokens, as vendors deliver them, with commas, semicolons, tabs or blanks
 * between the values. Lines that begin with '#' are left out. The shapes are:
 *
 *     SERIAL, SECRET [, TYPE [, DIGITS [, PERIOD [, ALGORITHM]]]]
 *     a first line with the names of columns, in any order
 *     SERIAL,,0,SECRET,,TIME,                  YubiKeys with OATH-HOTP
 *     OATH-HOTP,TIME,SLOT,SERIAL,,SECRET,...   the same, as their older programs log it
 *
 * Columns are serial, secret, type, digits, period, counter, algorithm and user, or other names
 * that vendors have for them; further ones are not read. SECRET is hexadecimal, or else base32.
 */
#ifndef TOTPGROUP_EXCHANGE_TOKEN_CSV_H
#define TOTPGROUP_EXCHANGE_TOKEN_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "exchange/csv_text.h"
#include "exchange/otp_key.h"

#define TOKEN_CSV_COLUMNS_MAX 32

/* What holds where a row does not say it. Numbers are 0, and names NULL, where nobody said it. */
struct token_defaults {
	const char *type;      /* as otp_key_set_type() takes it */
	const char *algorithm; /* as otp_key_set_algorithm() takes it */
	unsigned int digits;
	unsigned int period; /* seconds */
};

/* Begins with token_csv_open(); owns nothing. */
struct token_csv {
	struct csv_text text;
	struct token_defaults defaults;
	unsigned int columns[TOKEN_CSV_COLUMNS_MAX]; /* what each is */
	unsigned int column_count;		     /* 0: there are no names of columns */
};

/* Whether a text looks like such a table. */
bool token_csv_guess(const char *text, size_t length);

/* Opens a text, which must outlive the reader, as defaults must. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT where the first line has columns, and not those that are needed. */
int token_csv_open(struct token_csv *csv, const char *text, size_t length,
	const struct token_defaults *defaults, struct error *error);

/*
 * Reads the next token into a key that must be OTP_KEY_INIT, and appends its serial; *found is
 * false at the end. The key has a name where a column has the user. Where neither the row nor the
 * defaults say all, the key has the note OTP_KEY_KIND_ASSUMED.
 *
 * Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where the row is not usable: error names the
 * line, serial is set if it could be read, and the next call reads the next row.
 */
int token_csv_next(struct token_csv *csv, struct otp_key *key, struct text *serial, bool *found,
	struct error *error);

/* Sets the secret from hexadecimal digits, or else from base32. */
otp_key_setter otp_key_set_hex_or_base32;

#endif
