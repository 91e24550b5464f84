/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The users file of pam_oath and liboath. Blanks or tabs between the columns
 *
 *     TYPE USER PIN SECRET [COUNTER [CODE TIME]]
 *
 * where TYPE is HOTP, HOTP/E, HOTP/T30 or HOTP/T60, alone or with /6, /7 or /8
 * for the digits (HOTP only behind /E), SECRET is hexadecimal, and CODE is the
 * last one accepted.
 */
#ifndef TOTPGROUP_EXCHANGE_USERS_FILE_H
#define TOTPGROUP_EXCHANGE_USERS_FILE_H

#include <stdbool.h>

#include "base/lines.h"
#include "exchange/otp_key.h"

/* The longest secret that liboath takes, in bytes. */
#define USERS_FILE_SECRET_MAX 32

/*
 * Reads the next row; lines that are blank or begin with '#' are passed over.
 * key must be OTP_KEY_INIT. *found is false at the end.
 *
 * Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where the row is
 * malformed: error names the line, and the next call goes on behind it.
 */
int users_file_next(struct lines *lines, struct otp_key *key, bool *found, struct error *error);

/* Whether a line looks like a row, good or bad. */
bool users_file_is_row(const char *line, size_t length);

/*
 * Appends the key as a row. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT with what such a file cannot hold: another algorithm,
 * another period, a longer secret, a name with blanks. text is unchanged after
 * an error.
 */
int users_file_append(struct text *text, const struct otp_key *key, struct error *error);

#endif
