/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Accounts as comma-separated values (RFC 4180) below a header line, which
 * names the columns in any order:
 *
 *     user,secret,algorithm,digits,period,type,counter,issuer,emergency_codes
 *
 * Only user and secret must be there. The secret is base32, the type totp or
 * hotp; emergency codes have blanks between them. An empty value is as good as
 * none.
 */
#ifndef TOTPGROUP_EXCHANGE_CSV_H
#define TOTPGROUP_EXCHANGE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "exchange/otp_key.h"

#define CSV_COLUMNS 9

/* Begins with csv_open(); needs no end. */
struct csv_reader {
	const char *text;
	size_t length;
	size_t at;
	unsigned int line;		   /* that at lies in, counted from 1 */
	unsigned int columns[CSV_COLUMNS]; /* the known column of each field */
	unsigned int column_count;
};

/* Reads the header of a text, which must outlive the reader. Returns 0,
 * TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where a column is unknown, there
 * twice or missing; error names it. */
int csv_open(struct csv_reader *reader, const char *text, size_t length, struct error *error);

/*
 * Reads the next row; blank lines are passed over. key must be
 * OTP_KEY_INIT. *found is false at the end.
 *
 * Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where the row is
 * malformed: error names the line, and the next call goes on behind it.
 */
int csv_next(struct csv_reader *reader, struct otp_key *key, bool *found, struct error *error);

/* Whether a line is a header that has at least the columns that it must. */
bool csv_is_header(const char *line, size_t length);

/* Append the header, and one key. Return 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EARGUMENT for an unknown algorithm; text is unchanged after an
 * error. */
int csv_append_header(struct text *text);
int csv_append(struct text *text, const struct otp_key *key);

#endif
