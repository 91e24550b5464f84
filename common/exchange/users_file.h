/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The users file of pam_oath and liboath, with blanks or tabs between the columns:
 *
 *     TYPE USER PIN SECRET [COUNTER [CODE TIME]]
 *
 * TYPE is HOTP, HOTP/E, HOTP/T30 or HOTP/T60, and all but HOTP may be followed by /6,
 * /7 or /8, the number of digits. Without it pam_oath has an option for all users: the
 * digits are those of the last code, or 6 with a note where there is none. SECRET is
 * hexadecimal. CODE is the last code that was accepted.
 */
#ifndef TOTPGROUP_EXCHANGE_USERS_FILE_H
#define TOTPGROUP_EXCHANGE_USERS_FILE_H

#include <stdbool.h>

#include "base/lines.h"
#include "exchange/otp_key.h"

/* The longest secret that liboath takes, in bytes. */
#define USERS_FILE_SECRET_MAX 32

/*
 * Reads the next row, skipping lines that are blank or begin with '#'. key must be
 * OTP_KEY_INIT. *found is false at the end.
 *
 * Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where the row is malformed:
 * error names the line, and the next call reads the next row.
 */
int users_file_next(struct lines *lines, struct otp_key *key, bool *found, struct error *error);

/* Whether a line begins like a row. */
bool users_file_is_row(const char *line, size_t length);

/*
 * Appends the key as a row. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT for a
 * key that such a file cannot hold: another algorithm or period, a longer secret, a
 * name with blanks. Nothing is appended after an error.
 */
int users_file_append(struct text *text, const struct otp_key *key, struct error *error);

#endif
