/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Keys as comma-separated values (RFC 4180). The first line names the columns, in
 * any order:
 *
 *     user,secret,algorithm,digits,period,type,counter,issuer,emergency_codes,device
 *
 * The user may be called username, user name or login. Where the first line has semicolons
 * and no commas, or tabs and neither, they separate all values (csv_text_separator()).
 *
 * A table that has a column totp or login_totp is one of a vault of passwords, as KeePassXC and
 * Bitwarden write it. Of its columns only that one, username or login_username, and title or
 * name are read. The first is a URI or a secret; a row without it is skipped. The others are
 * what a URI does not say: the account and the issuer.
 *
 * Only user and secret are required. The secret is base32, the type totp or hotp;
 * emergency codes are separated by blanks; several rows of a user are devices. An empty
 * value counts as a missing one.
 */
#ifndef TOTPGROUP_EXCHANGE_CSV_H
#define TOTPGROUP_EXCHANGE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "exchange/csv_text.h"
#include "exchange/otp_key.h"

#define CSV_COLUMNS 10

/* The most columns of a table. */
#define CSV_COLUMNS_MAX 32

/* Begins with csv_open(); owns nothing. */
struct csv_reader {
	struct csv_text text;
	bool vault;			       /* a table of passwords */
	unsigned int columns[CSV_COLUMNS_MAX]; /* for each field, its column */
	unsigned int column_count;
};

/* Reads the first line of a text, which must outlive the reader. Returns 0,
 * TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where a column is unknown, repeated or
 * missing; error names it. */
int csv_open(struct csv_reader *reader, const char *text, size_t length, struct error *error);

/*
 * Reads the next row, skipping blank lines. key must be OTP_KEY_INIT. *found is
 * false at the end.
 *
 * Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where the row is malformed:
 * error names the line, and the next call reads the next row.
 */
int csv_next(struct csv_reader *reader, struct otp_key *key, bool *found, struct error *error);

/* Whether a line is a valid first line. */
bool csv_is_header(const char *line, size_t length);

/* Append the first line, or one key. Return 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EARGUMENT for an unknown algorithm; nothing is appended after an
 * error. */
int csv_append_header(struct text *text);
int csv_append(struct text *text, const struct otp_key *key);

#endif
