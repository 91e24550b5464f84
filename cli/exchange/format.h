/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The formats of import and export: their names, and telling them apart. */
#ifndef TOTPGROUP_CLI_EXCHANGE_FORMAT_H
#define TOTPGROUP_CLI_EXCHANGE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

enum transfer_format {
	FORMAT_UNKNOWN = 0,
	FORMAT_GOOGLE_AUTHENTICATOR, /* one credential file */
	FORMAT_USERS_FILE,	     /* of pam_oath */
	FORMAT_URI,		     /* otpauth://, one on a line */
	FORMAT_MIGRATION,	     /* otpauth-migration://, one on a line */
	FORMAT_CSV,
};

const char *transfer_format_name(enum transfer_format format);

/* The names, in the order of the enum. */
#define TRANSFER_FORMAT_WORDS "google-authenticator|users-file|uri|migration|csv"

/* What a text looks like; FORMAT_UNKNOWN where it looks like nothing known. */
enum transfer_format transfer_format_guess(const char *text, size_t length);

#endif
